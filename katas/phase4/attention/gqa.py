"""Grouped-query and multi-query attention

A model that writes text reads the keys and values of every token so far for every token it adds. That memory,
not arithmetic, sets the price of a long conversation. So let several query heads share one head of keys and
values: with Hq query heads and Hkv key-value heads, each of the latter serves a group of Hq / Hkv neighbours,

    query head h uses key-value head h // (Hq / Hkv),

so that for Hq = 4 and Hkv = 2 heads 0 and 1 share the first, 2 and 3 the second. Hkv = Hq is multi-head
attention, Hkv = 1 is multi-query attention. If Hkv does not divide Hq, that is a ValueError, in `gqa` and
`mean_pool_kv` alike.

`gqa` is otherwise `sdpa`, one attention a query head, scaled by 1/sqrt(dh). With `causal` position t sees the
positions up to t, without it all. The result has the dtype of q. `sdpa` and the causal mask are at hand.

A trained multi-head model becomes a grouped one by a little more training from a good start: each shared head
begins as the mean of the heads that it replaces. `mean_pool_kv` does so for Wk or Wv, used as y = x W^T and
with rows h*dh to (h+1)*dh - 1 for head h. The mean is over the heads of a group, entry by entry.

`kv_bytes` says what the cache of one sequence costs: K and V of all T positions, layers and key-value heads,
`bytes_per` bytes a number.

Shazeer 2019 (multi-query); Ainslie et al. 2023 (grouped-query).
"""

import torch

from solutions.phase4.attention.masks import causal as causal_mask  # for your gqa
from solutions.phase4.attention.sdpa import sdpa


def gqa(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
    """Attend from q (B, Hq, T, dh) to k and v (B, Hkv, T, dh); returns (B, Hq, T, dh)."""
    raise NotImplementedError


def mean_pool_kv(W: torch.Tensor, Hq: int, Hkv: int) -> torch.Tensor:
    """W (Hq * dh, D) of Hq heads -> (Hkv * dh, D): each group's mean; the dtype is kept."""
    raise NotImplementedError


def kv_bytes(T: int, layers: int, Hkv: int, dh: int, bytes_per: int = 2) -> int:
    """Bytes of the keys and values of T positions in all layers."""
    raise NotImplementedError
