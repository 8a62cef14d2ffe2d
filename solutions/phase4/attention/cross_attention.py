"""Self-attention is the case ctx = x; nothing else differs but the mask. Since K and V depend on the context alone, a decoder
computes them once for the whole sentence and reuses them at every step: the simplest of all KV caches.
"""

import torch

from solutions.phase4.attention.masks import padding
from solutions.phase4.attention.multi_head import merge_heads, split_heads
from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "Start from multi-head self-attention and ask of each of the three projections which sequence it reads.",
    "Without lengths there is no mask at all. With them, filling is hidden as a key, for every head and every query alike: "
    "what shape does padding give, and what shape do the scores have?",
    "The scores are (B, H, Tq, Tk) and padding gives (B, 1, Tk). Aligned from the right, its batch axis would meet the heads: "
    "one more axis has to go in between.",
)


def cross_attention(
    x: torch.Tensor,
    ctx: torch.Tensor,
    Wq: torch.Tensor,
    Wk: torch.Tensor,
    Wv: torch.Tensor,
    Wo: torch.Tensor,
    H: int,
    ctx_lengths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Attend from x (B, Tq, D) to the first ctx_lengths[b] tokens of ctx (B, Tk, Dc); returns (B, Tq, D)."""
    # wrong: Q = split_heads(ctx @ Wq.mT, H)  # the queries come from x: it is x that asks
    Q = split_heads(x @ Wq.mT, H)  # (B, H, Tq, dh)
    # wrong: K, V = split_heads(ctx @ Wk.mT, H), split_heads(x @ Wv.mT, H)  # the values come from the context, as the keys do
    # wrong: K, V = split_heads(x @ Wk.mT, H), split_heads(ctx @ Wv.mT, H)  # the keys come from the context, as the values do
    # wrong: K, V = split_heads(x @ Wk.mT, H), split_heads(x @ Wv.mT, H)  # this is self-attention: keys and values come from the context
    # wrong: K, V = split_heads(ctx @ Wv.mT, H), split_heads(ctx @ Wk.mT, H)  # keys and values are swapped
    K, V = split_heads(ctx @ Wk.mT, H), split_heads(ctx @ Wv.mT, H)  # (B, H, Tk, dh)
    # wrong: mask = None  # filling behind the context's real tokens must not be seen
    # wrong: mask = None if ctx_lengths is None else padding(ctx_lengths, ctx.shape[1])  # without an axis for the heads, the batch axis of the mask meets that of the heads
    # wrong: mask = None if ctx_lengths is None else padding(ctx_lengths.clamp(min=1), ctx.shape[1])[:, None]  # a context of length 0 has nothing to say, not even its first token
    # wrong: mask = None if ctx_lengths is None else ~padding(ctx_lengths, ctx.shape[1])[:, None]  # True means "may attend": this sees nothing but filling
    # wrong: mask = None if ctx_lengths is None else padding(ctx_lengths, x.shape[1])[:, None].mT  # the lengths are those of the context: they hide keys, not queries
    # wrong: mask = torch.ones(x.shape[1], ctx.shape[1]).tril().bool()  # no mask is causal here: every query sees the whole context
    mask = None if ctx_lengths is None else padding(ctx_lengths, ctx.shape[1])[:, None]  # (B, 1, 1, Tk)
    # wrong: O = sdpa(Q, K, V, mask, scale=ctx.shape[-1] ** -0.5)  # the scale comes from the width of a head, not of the context
    # wrong: O = sdpa(Q, K, V, mask, scale=x.shape[-1] ** -0.5)  # the scale comes from the width of a head, not from D
    # wrong: O = sdpa(Q, K, V if mask is None else V * mask.mT)  # zeros as values still take their share of the weights: mask the scores
    O = sdpa(Q, K, V, mask)
    # wrong: return x + merge_heads(O) @ Wo.mT  # the residual connection is the business of the block around this
    # wrong: return merge_heads(O)  # Wo mixes what the heads have found: it is missing
    # wrong: return merge_heads(O) @ Wo  # Wo is used as nn.Linear does: y = x W^T
    return merge_heads(O) @ Wo.mT
