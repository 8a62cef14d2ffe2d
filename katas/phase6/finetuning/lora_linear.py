"""A LoRA layer

A large model is adapted to a task by a change of its weights that has surprisingly few degrees of freedom.
So freeze a layer's weights W and learn a change of low rank beside them: r (in + out) numbers instead of
in * out, no optimizer state for the rest, and after training the change can be added into W for nothing.

    y = x W^T + bias + (alpha / r) (drop(x) A^T) B^T

Shapes: W (out, in), A (r, in), B (out, r), bias (out,) or None; x (..., in) gives y (..., out), where ... is
any number of batch axes, none included.

`LoRALinear(W, r, alpha, generator, bias, dropout_p)` sets up

    layer.W, layer.bias    what was given, frozen: they get no gradients, not even where the tensors given
                           require them. They may share memory with these
    layer.A                an nn.Parameter of independent normal numbers, mean 0, standard deviation
                           1/sqrt(in), drawn from `generator` alone
    layer.B                an nn.Parameter of zeros: the layer begins as the one it adapts

A and B have the dtype of W and are the only parameters that require gradients. All four (three where bias is
None) are in layer.state_dict() under these names, so that they are saved and moved with the model. An r below
1 or above min(in, out) is a ValueError.

`drop` is inverted dropout: in training mode (layer.training) each entry of x is zeroed with probability
dropout_p, independently of all others, and what is left is divided by 1 - dropout_p; outside it drop(x) = x.
It acts on the path through A and B alone. F.dropout, with torch's own random numbers, will do.
0 <= dropout_p < 1 need not be checked.

`forward(x)` never builds a matrix of the size of W: the change stays in its two thin factors. Gradients flow
to A, B and x.

`merge()` returns W + (alpha / r) B A (out, in), a tensor of its own: W, A and B stay as they are.
`merged_forward(x)` is y = x merge()^T + bias, without dropout in any mode. Whether gradients flow through
these two is left open. Nothing that comes in is changed.

Hu et al. 2021, section 4.1.
"""

import torch
import torch.nn.functional as F
from torch import nn


class LoRALinear(nn.Module):
    """The linear layer x W^T + bias, frozen, and a trainable change of W of rank r."""

    W: torch.Tensor
    bias: torch.Tensor | None
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
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y (..., out) of x (..., in)."""
        raise NotImplementedError

    def merge(self) -> torch.Tensor:
        """The weights of one layer that does the same: W + (alpha / r) B A, (out, in)."""
        raise NotImplementedError

    def merged_forward(self, x: torch.Tensor) -> torch.Tensor:
        """y (..., out) of x (..., in) by the merged weights."""
        raise NotImplementedError
