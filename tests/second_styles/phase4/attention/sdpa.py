"""Einsum, and the softmax written out: weights of exactly 0 by multiplication with the mask."""

import math

import torch


def sdpa(
    Q: torch.Tensor,
    K: torch.Tensor,
    V: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    scores = torch.einsum("...id,...jd->...ij", Q, K) * (
        1 / math.sqrt(Q.size(-1)) if scale is None else scale
    )
    allowed = torch.ones_like(scores, dtype=torch.bool) if mask is None else mask
    scores = torch.where(allowed, scores, torch.finfo(scores.dtype).min)
    weights = torch.exp(scores - scores.detach().amax(-1, keepdim=True)) * allowed
    total = weights.sum(-1, keepdim=True)
    return torch.einsum("...ij,...jd->...id", weights / torch.where(total > 0, total, 1), V)
