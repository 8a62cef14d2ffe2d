"""Attention backward, by hand

Attention spends two thirds of its training time going backward, and FlashAttention's backward pass is this
kata cut into tiles. It is the chain rule through two matrix products and a softmax, and one identity makes it
affordable: the softmax needs a single number per query, D below, and that can be had without the weights.

    S = Q K^T / sqrt(d)        scores, one row a query, one column a key
    P = softmax of S along keys
    O = P V

`attn_forward` computes O, for one head of one sequence: Q (Tq, d), K (Tk, d), V (Tk, dv) -> O (Tq, dv). Tq
and Tk may differ, and so may d and dv; all are at least 1. A boolean `mask` (Tq, Tk) is True where a query
may attend. A masked key has no effect, even if it is as large as 1e15 or its value as large as 1e30; a query
that may attend to no key gets zeros. Scores may be in the thousands.

`attn_backward` takes dO, the gradient of a loss L with respect to O, and returns dQ, dK, dV, the gradients of
L with respect to Q, K and V, in their shapes. Where the mask is False nothing flows: a query without keys has
a zero row in dQ and no say in dK and dV; a key that no query may attend to has zero rows in dK and dV.

`row_delta` computes, for dO and O (Tq, dv), one number for each query:

    D_i = sum over c of dO_ic O_ic

Show on paper that this equals the sum over the keys j of P_ij dP_ij, where dP is the gradient of L with
respect to P. That is what the backward pass of a softmax has to know of a whole row.

`cache` is yours to design: it carries whatever the backward pass needs, and nothing else connects the two
functions. It may be used more than once. Q, K, V and dO share one float dtype, which all results keep. No
call may warn or give nan. Inputs are not changed.

Dao et al. 2022 (FlashAttention), appendix B; Vaswani et al. 2017, eq. 1.
"""

from typing import Any

import numpy as np


def attn_forward(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, Any]:
    """O (Tq, dv) of Q (Tq, d), K (Tk, d), V (Tk, dv) and mask (Tq, Tk) or None; and the cache."""
    raise NotImplementedError


def row_delta(dO: np.ndarray, O: np.ndarray) -> np.ndarray:
    """D (Tq,): the sum of dO * O over each row, from dO and O (Tq, dv)."""
    raise NotImplementedError


def attn_backward(dO: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dQ (Tq, d), dK (Tk, d) and dV (Tk, dv), from dO (Tq, dv)."""
    raise NotImplementedError
