"""Nothing new is computed: the keys and values are repeated, and a kernel that knows of groups never makes the copy, it reads each
of them once for the whole group. LLaMA-2-70B has 64 query heads and 8 of keys and values: its cache takes 320 KiB a token
instead of 2.5 MiB.
"""

import torch

from solutions.phase4.attention.masks import causal as causal_mask
from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "Give each query head a key-value head of its own, so that shapes agree and sdpa does the rest. In which order do the copies stand?",
    "Copies of a head are neighbours: 0 0 1 1, not 0 1 0 1. torch.repeat_interleave does one of these, Tensor.repeat the other.",
    "For the mean, cut the rows into (Hkv, heads of a group, dh) and ask which of these axes goes away.",
    "Per position, layer and head there are dh numbers in K and as many in V.",
)


def gqa(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = True) -> torch.Tensor:
    """Attend from q (B, Hq, T, dh) to k and v (B, Hkv, T, dh); returns (B, Hq, T, dh)."""
    group = _group(q.shape[1], k.shape[1])
    # wrong: k, v = k.repeat(1, group, 1, 1), v.repeat(1, group, 1, 1)  # this gives head h the keys of h % Hkv: a group's heads are neighbours
    # wrong: k, v = k.repeat_interleave(group, dim=1), v.repeat(1, group, 1, 1)  # keys and values have to be shared in the same way
    # wrong: k, v = (one.flip(1).repeat_interleave(group, dim=1) for one in (k, v))  # the groups are in reverse: the first heads share the first keys
    # wrong: k, v = k[:, :1], v[:, :1]  # each group has keys of its own; one head for all is the case Hkv = 1
    # wrong: k, v = (one.mean(1, keepdim=True) for one in (k, v))  # the key-value heads stay apart: each serves its own group
    # wrong: q = q[:, :: group]  # every query head asks; only keys and values are shared
    # wrong: q = q.unflatten(1, (-1, group)).mean(2)  # every query head asks on its own; only keys and values are shared
    k, v = (one.repeat_interleave(group, dim=1) for one in (k, v))  # (B, Hq, T, dh)
    # wrong: mask = None  # with causal=True no position may look ahead
    # wrong: mask = causal_mask(q.shape[2], q.shape[2])  # with causal=False every position sees all
    # wrong: mask = None if causal else causal_mask(q.shape[2], q.shape[2])  # this is the wrong way round
    mask = causal_mask(q.shape[2], q.shape[2]) if causal else None
    # wrong: return sdpa(q, k, v, mask, scale=(q.shape[-1] * group) ** -0.5)  # the scale comes from the width of a head; sharing does not change it
    # wrong: return sdpa(q, k, v, mask, scale=(q.shape[-1] * q.shape[1]) ** -0.5)  # the scale comes from the width of a head, not from that of the model
    # wrong: return sdpa(q, v, k, mask)  # keys and values are swapped
    return sdpa(q, k, v, mask)


def mean_pool_kv(W: torch.Tensor, Hq: int, Hkv: int) -> torch.Tensor:
    """W (Hq * dh, D) of Hq heads -> (Hkv * dh, D): each group's mean; the dtype is kept."""
    # wrong: heads = W.unflatten(0, (_group(Hq, Hkv), Hkv, -1)).transpose(0, 1)  # this pools heads that are Hkv apart: a group's heads are neighbours
    heads = W.unflatten(0, (Hkv, _group(Hq, Hkv), -1))  # (Hkv, heads of a group, dh, D)
    # wrong: return heads.sum(1).flatten(0, 1)  # a mean, not a sum: keys of twice the size make the softmax twice as sharp
    # wrong: return heads[:, 0].flatten(0, 1)  # all heads of a group have a part in it, not just the first
    # wrong: return heads.flatten(1, 2).unflatten(1, (-1, heads.shape[1])).mean(2).flatten(0, 1)  # the mean goes over heads, not over neighbouring rows of a head
    # wrong: return heads.mean(0).flatten(0, 1)[: Hkv * heads.shape[2]]  # the mean is within a group, not across groups
    return heads.mean(1).flatten(0, 1)


def kv_bytes(T: int, layers: int, Hkv: int, dh: int, bytes_per: int = 2) -> int:
    """Bytes of the keys and values of T positions in all layers."""
    # wrong: return T * layers * Hkv * dh * bytes_per  # keys and values: there are two of them
    # wrong: return 2 * T * layers * dh * bytes_per  # every key-value head has keys of its own
    # wrong: return 2 * T * Hkv * dh * bytes_per  # every layer has its own keys and values
    # wrong: return 2 * T * T * layers * Hkv * dh * bytes_per  # the cache grows in proportion to T: scores are not kept
    # wrong: return 2 * T * layers * Hkv * dh * 2  # the size of a number is given
    return 2 * T * layers * Hkv * dh * bytes_per


def _group(Hq: int, Hkv: int) -> int:
    """How many query heads share a key-value head."""
    # wrong: if Hkv > Hq:  # Hkv has to divide Hq, not just to be smaller
    #            raise ValueError(f"{Hkv} key-value heads cannot serve {Hq} query heads evenly")
    if Hq % Hkv:
        raise ValueError(f"{Hkv} key-value heads cannot serve {Hq} query heads evenly")
    return Hq // Hkv
