"""The heads never meet until Wo: the result is a sum of H terms, one a head, which is why a head can be pruned, or read on its own.
Splitting moves no number in memory, it is a view with other strides; merging has to copy. Most of the time goes
into the four products with weights, 8 B T D^2 operations, until T exceeds about 2 D and the attention itself takes over.
"""

import torch

from solutions.phase4.attention.masks import causal as causal_mask
from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "Splitting takes two steps: cut the last axis D into (H, dh), then bring H in front of T. Merging takes the same two "
    "steps backwards.",
    "A view(B, H, T, dh) has the right shape and the wrong numbers: it deals out positions and features as they come in memory. "
    "Which axis is cut, and which two are swapped?",
    "sdpa takes any number of batch axes: (B, H, T, dh) goes in as it is, and its scale comes out right by itself.",
    "After the swap the memory is no longer in order, so view refuses; reshape and flatten copy where they must.",
)


def split_heads(x: torch.Tensor, H: int) -> torch.Tensor:
    """(B, T, D) -> (B, H, T, D / H); ValueError where H does not divide D."""
    B, T, D = x.shape
    # wrong: H = max(h for h in range(1, H + 1) if D % h == 0)  # do not choose another number of heads: raise
    # wrong: if D < H:  # H has to divide D, not just to be smaller
    #            raise ValueError(f"{H} heads do not divide a width of {D}")
    if D % H:
        raise ValueError(f"{H} heads do not divide a width of {D}")
    # wrong: return x.reshape(B, H, T, D // H)  # the right shape, but positions and features get mixed: only the last axis is cut
    # wrong: return x.reshape(B, T, D // H, H).permute(0, 3, 1, 2)  # this deals features out in turn: a head owns dh neighbours
    # wrong: return x.reshape(B, T, H, D // H)  # the heads come before the positions, as a batch axis
    return x.reshape(B, T, H, D // H).transpose(1, 2)


def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """(B, H, T, dh) -> (B, T, H * dh): the inverse of split_heads."""
    # wrong: return x.reshape(len(x), x.shape[2], -1)  # bring the heads back behind the positions before you join them
    # wrong: return x.permute(0, 2, 3, 1).flatten(2)  # heads stand side by side: a head's features stay neighbours
    # wrong: return x.transpose(1, 2).view(len(x), x.shape[2], -1)  # after a transpose the memory is not in order: view cannot join the axes
    return x.transpose(1, 2).flatten(2)


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
    # wrong: Q, K, V = (split_heads(x @ W, H) for W in (Wq, Wk, Wv))  # weights are used as nn.Linear does: y = x W^T
    # wrong: Q, K, V = (split_heads(x @ Wq.mT, H) for _ in range(3))  # queries, keys and values have weights of their own
    # wrong: K, Q, V = (split_heads(x @ W.mT, H) for W in (Wq, Wk, Wv))  # queries and keys are swapped
    # wrong: Q, K, V = (x @ W.mT for W in (Wq, Wk, Wv))  # this is one head of width D: split into heads first
    Q, K, V = (split_heads(x @ W.mT, H) for W in (Wq, Wk, Wv))  # (B, H, T, dh)
    # wrong: mask = None  # with causal=True no position may look ahead
    # wrong: mask = causal_mask(x.shape[1], x.shape[1])  # with causal=False every position sees all
    # wrong: mask = ~causal_mask(x.shape[1], x.shape[1]) if causal else None  # True means "may attend": this looks only ahead
    mask = causal_mask(x.shape[1], x.shape[1]) if causal else None
    # wrong: O = sdpa(Q, K, V, mask, scale=x.shape[-1] ** -0.5)  # the scale comes from the width of a head, not from D
    # wrong: O = sdpa(Q.transpose(1, 2), K.transpose(1, 2), V.transpose(1, 2)).transpose(1, 2)  # positions attend to positions; here heads attend to heads
    O = sdpa(Q, K, V, mask)
    # wrong: return merge_heads(O)  # Wo mixes what the heads have found: it is missing
    # wrong: return merge_heads(O) @ Wo  # Wo is used as nn.Linear does: y = x W^T
    # wrong: return torch.cat([O[:, h] @ Wo[: O.shape[-1], : O.shape[-1]].mT for h in range(H)], -1)  # Wo mixes heads: it comes after merging
    return merge_heads(O) @ Wo.mT
