"""One buffer, positions first; projections fused; scores of all max_len rows, with what is unseen masked."""

from collections.abc import Callable

import torch


class KVCache:
    def __init__(self, B: int, H: int, max_len: int, dh: int, dtype: torch.dtype) -> None:
        self.length = 0
        self.rows = torch.zeros(max_len, 2, B, H, dh, dtype=dtype)

    def append(self, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        new = torch.stack((k, v)).permute(3, 0, 1, 2, 4)
        room = self.rows[self.length :]
        if len(new) > len(room):
            raise ValueError("full")
        room[: len(new)].copy_(new)
        self.length += len(new)
        K, V = self.rows[: self.length].permute(1, 2, 3, 0, 4)
        return K, V

    def truncate(self, n: int) -> None:
        if n not in range(self.length + 1):
            raise ValueError(f"{n} of {self.length}")
        self.length = n


@torch.no_grad()
def attend(
    x: torch.Tensor,
    W: dict[str, torch.Tensor],
    H: int,
    cache: KVCache,
    rope: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    B, t, D = x.shape
    dh, offset = D // H, cache.length
    fused = torch.cat([W[name] for name in "qkv"])  # (3 D, D)
    q, k, v = torch.nn.functional.linear(x, fused).view(B, t, 3, H, dh).permute(2, 0, 3, 1, 4)
    if rope is not None:
        positions = torch.tensor([offset + i for i in range(t)])
        q, k = rope(torch.cat((q, k)), positions).chunk(2)
    cache.append(k, v)
    scores = torch.einsum("bhid,jbhd->bhij", q, cache.rows[:, 0]) / dh**0.5
    unseen = torch.ones(t, len(cache.rows), dtype=torch.bool).triu(offset + 1)
    scores = scores - scores.masked_fill(unseen, -torch.inf).amax(-1, keepdim=True)
    weights = scores.exp().masked_fill(unseen, 0)
    heads = torch.einsum("bhij,jbhd->bihd", weights / weights.sum(-1, keepdim=True), cache.rows[:, 1])
    return torch.einsum("bihd,ehd->bie", heads, W["o"].view(D, H, dh))
