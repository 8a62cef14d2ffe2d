"""Multi-head self-attention

One attention has one average to give: a query that cares for the verb and for the nearest comma gets a blend
of both. H heads ask H questions at once, each in its own slice of the features, at the cost of one:

    Q, K, V = x Wq^T, x Wk^T, x Wv^T     each (B, T, D), split into H heads of width dh = D / H
    O_h     = sdpa(Q_h, K_h, V_h)        one attention a head, scaled by 1/sqrt(dh)
    result  = [O_1 ... O_H] Wo^T         heads side by side, mixed by Wo

Weights are (D, D) and used as `nn.Linear` uses them, y = x W^T, so that head h owns the rows h*dh to
(h+1)*dh - 1 of Wq, Wk and Wv, and the same columns of Wo.

`split_heads` turns (B, T, D) into (B, H, T, dh), where head h holds the features h*dh to (h+1)*dh - 1 of
every position; if H does not divide D, that is a ValueError, in `mha` as well. `merge_heads` undoes it. Both
take tensors of any memory layout.

With `causal` a position sees itself and those before it, otherwise it sees all. There are no biases and no
dropout. The result has the dtype of x.

`sdpa` and the masks are at hand, imported below. Replace them by your own if you like.

Vaswani et al. 2017, section 3.2.2.
"""

import torch

from solutions.phase4.attention.masks import causal as causal_mask  # for your mha
from solutions.phase4.attention.sdpa import sdpa


def split_heads(x: torch.Tensor, H: int) -> torch.Tensor:
    """(B, T, D) -> (B, H, T, D / H); ValueError where H does not divide D."""
    raise NotImplementedError


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """(B, H, T, dh) -> (B, T, H * dh): the inverse of split_heads."""
    raise NotImplementedError


def mha(
    x: torch.Tensor,
    Wq: torch.Tensor,
    Wk: torch.Tensor,
    Wv: torch.Tensor,
    Wo: torch.Tensor,
    H: int,
    causal: bool,
) -> torch.Tensor:
    """Self-attention of x (B, T, D) with H heads; weights (D, D); returns (B, T, D)."""
    raise NotImplementedError
