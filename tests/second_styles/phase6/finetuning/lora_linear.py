"""Frozen parameters instead of buffers, einsum instead of matmul, and a dropout mask of its own."""

import torch
from torch import nn


class LoRALinear(nn.Module):
    W: nn.Parameter
    bias: nn.Parameter | None
    A: nn.Parameter
    B: nn.Parameter

    def __init__(
        self,
        W: torch.Tensor,
        r: int,
        alpha: float,
        generator: torch.Generator,
        bias: torch.Tensor | None = None,
        dropout_p: float = 0.0,
    ) -> None:
        super().__init__()
        if r not in range(1, min(W.shape) + 1):
            raise ValueError(f"rank {r}")
        self.alpha, self.generator, self.dropout_p = alpha, generator, dropout_p
        self.W = nn.Parameter(W.detach().clone(), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias.detach().clone(), requires_grad=False)
        self.B = nn.Parameter(W.detach().new_zeros(W.shape[0], r))
        self.A = nn.Parameter(W.detach().new_empty(r, W.shape[1]))
        nn.init.normal_(self.A, std=W.shape[1] ** -0.5, generator=generator)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dropped = x
        if self.training and self.dropout_p:
            kept = torch.rand(x.shape, generator=self.generator) >= self.dropout_p
            dropped = x * kept / (1 - self.dropout_p)
        low = torch.einsum("ri,...i->...r", self.A * (self.alpha / len(self.A)), dropped)
        y = torch.einsum("oi,...i->...o", self.W, x) + torch.einsum("or,...r->...o", self.B, low)
        return y if self.bias is None else y + self.bias

    def merge(self) -> torch.Tensor:
        return torch.addmm(self.W, self.B, self.A, alpha=self.alpha / self.A.shape[0]).detach()

    def merged_forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.einsum("oi,...i->...o", self.merge(), x)
        return y if self.bias is None else self.bias + y
