"""Two matrix products and a softmax are the whole of it: FlashAttention computes this very function, block by block,
without ever holding S. The care goes into the mask: a row without a key is nan for a moment, and the second
masked_fill hides it in the values while the first one, whose gradient is zero wherever it fills, hides it in
the gradient.
"""

import math

import torch

HINTS = (
    "Write it without the mask first: one matrix product, one softmax along the last axis, one more matrix product. "
    "For the transpose of the last two axes only, whatever comes before, torch has `.mT`.",
    "The scale comes from the width of Q and K (their last axis), not from that of V and not from the number of keys.",
    "Mask the scores, not the weights: a score of -inf becomes a weight of exactly 0, and the rest still sums to 1.",
    "For a query without any key, set the weights to 0 where the mask is False. Mind the gradient: adding -inf to the scores "
    "lets a nan through that filling them with -inf does not.",
)


def sdpa(
    Q: torch.Tensor,
    K: torch.Tensor,
    V: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    """Attend from Q (..., Tq, dk) to K (..., Tk, dk), V (..., Tk, dv); returns (..., Tq, dv)."""
    if scale is None:
        # wrong: scale = 1 / Q.shape[-1]  # the scale is 1/sqrt(dk): divide by the root of the width, not by the width
        # wrong: scale = V.shape[-1] ** -0.5  # the scale comes from the width of the keys, not from that of the values
        # wrong: scale = Q.shape[-1] ** 0.5  # the scores are divided by sqrt(dk), not multiplied by it
        # wrong: scale = K.shape[-2] ** -0.5  # this is the number of keys; the scale comes from their width
        scale = 1 / math.sqrt(Q.shape[-1])
    S = scale * Q @ K.mT  # (..., Tq, Tk)
    if mask is None:
        # wrong: return S.softmax(-2) @ V  # each query distributes its attention over the keys: the last axis of S
        return S.softmax(-1) @ V
    # wrong: S = S.masked_fill(mask, -torch.inf)  # True means "may attend": this mask is inverted
    # wrong: return S.masked_fill(~mask, -1e9).softmax(-1) @ V  # -1e9 is finite: a query without keys gets the mean of all values
    # wrong: return S.masked_fill(~mask, -torch.inf).softmax(-1) @ V  # softmax of a row of -inf is nan, not zero
    # wrong: bias = torch.zeros_like(S).masked_fill(~mask, -torch.inf)  # a nan that is hidden afterwards stays in the gradient
    #        return (S + bias).softmax(-1).nan_to_num(0) @ V
    S = S.masked_fill(~mask, -torch.inf)
    # wrong: P = (scale * Q @ K.mT).softmax(-1)  # masking after the softmax leaves weights that sum to less than 1
    P = S.softmax(-1)
    # wrong: return P.nan_to_num(1 / K.shape[-2]) @ V  # a query without keys must get zeros, not the mean of all values
    return P.masked_fill(~mask, 0) @ V
