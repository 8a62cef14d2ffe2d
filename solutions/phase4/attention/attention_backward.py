"""Softmax's backward pass subtracts from every dP_ij the row's mean of dP, weighted by P; and sum_j P_ij dP_ij =
sum_j P_ij dO_i . V_j = dO_i . O_i. Forming D needs dO and O alone, so FlashAttention computes it before the first tile,
and then recomputes P tile by tile instead of keeping it.

Count the matrix products: two forward, four backward, and five if P has to be recomputed.
"""

from typing import Any

import numpy as np

HINTS = (
    "Walk back from O: it is a product of P and V, so dV and dP come as in the linear layer. Then dS from dP, then dQ and dK "
    "from dS, again as in the linear layer, and the factor 1/sqrt(d) that turned Q K^T into S.",
    "In one row the softmax has the Jacobian dP_j/dS_k = P_j (1[j = k] - P_k). Multiply it with the row dP: all rows need is "
    "P, dP and one number, which row_delta gives.",
    "The mask needs no line of its own on the way back: where P is 0, the gradient of the score is 0.",
    "On the way forward two things can go wrong in a row without keys: -inf - -inf, and 0/0. Any finite number will do as its "
    "maximum; and in every other row the exponentials sum to 1 or more.",
)


def attn_forward(
    Q: np.ndarray, K: np.ndarray, V: np.ndarray, mask: np.ndarray | None = None
) -> tuple[np.ndarray, Any]:
    """O (Tq, dv) of Q (Tq, d), K (Tk, d), V (Tk, dv) and mask (Tq, Tk) or None; and the cache."""
    # wrong: scale = 1 / np.sqrt(Q.shape[1])  # numpy's float64 scalar turns float32 into float64: a Python float does not
    # wrong: scale = 1 / Q.shape[1]  # the scores are divided by sqrt(d), not by d
    # wrong: scale = V.shape[1] ** -0.5  # the scale comes from the width of queries and keys
    # wrong: scale = 1.0  # the scores are divided by sqrt(d)
    scale = Q.shape[1] ** -0.5
    S = scale * Q @ K.T  # (Tq, Tk)
    if mask is not None:
        # wrong: S = np.where(mask, -np.inf, S)  # True means "may attend": this mask is inverted
        # wrong: S = np.where(mask, S, -1e9)  # -1e9 is a finite score: a query without keys then averages all values
        # wrong: S = np.where(mask, S, 0)  # a score of 0 is a score like others: what is masked has -inf
        # wrong: S = S * mask  # a score of 0 is a score like others: what is masked has -inf
        S = np.where(mask, S, -np.inf)
    # wrong: top = S.max(1, keepdims=True)  # in a row without keys this is -inf, and -inf - -inf is nan
    # wrong: top = S.max()  # one maximum for all rows lets a row of smaller scores underflow to 0/0
    # wrong: top = np.nan_to_num(S, neginf=0.0).max(1, keepdims=True)  # the 0 of a masked key may be far above the scores of the others
    top = S.max(1, keepdims=True, initial=np.finfo(S.dtype).min)  # finite, even in a row without keys
    # wrong: E = np.exp(S)  # scores in the thousands overflow: subtract the maximum of each row
    # wrong: E = np.exp(S + top)  # the maximum is subtracted, so that no exponent is above 0
    E = np.exp(S - top)
    # wrong: P = E / E.sum(1, keepdims=True)  # a query without keys has a sum of 0: nan
    # wrong: P = E / (E.sum(1, keepdims=True) + 1e-6)  # a small number in the denominator spoils all other rows a little
    # wrong: P = E / E.sum(0, keepdims=True).clip(min=1)  # each query distributes its attention over the keys: along rows
    # wrong: P = E / E.shape[1]  # the weights of a row sum to 1: divide by the sum of the row
    P = E / E.sum(1, keepdims=True).clip(min=1)  # where there is a key, the sum is at least 1
    O = P @ V
    return O, (Q, K, V, P, O, scale)


def row_delta(dO: np.ndarray, O: np.ndarray) -> np.ndarray:
    """D (Tq,): the sum of dO * O over each row, from dO and O (Tq, dv)."""
    # wrong: return (dO * O).sum(0)  # one number for each query: sum over the columns
    # wrong: return (dO * O).mean(1)  # a sum, not a mean
    # wrong: return (dO * O).sum(1, keepdims=True)  # its shape is (Tq,)
    # wrong: return (dO @ O.T).sum(1)  # this mixes queries: multiply entry by entry
    return (dO * O).sum(1)


def attn_backward(dO: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dQ (Tq, d), dK (Tk, d) and dV (Tk, dv), from dO (Tq, dv)."""
    Q, K, V, P, O, scale = cache
    # wrong: dV = P @ dO  # a key collects from its column of P: transpose
    # wrong: dV = P.T @ (dO * O)  # the slope of O = P V along V is P, and nothing else
    dV = P.T @ dO  # (Tk, dv)
    # wrong: dP = dO @ V  # the gradient of P (Tq, Tk) pairs each row of dO with each row of V: transpose
    dP = dO @ V.T  # (Tq, Tk)
    # wrong: dS = P * dP  # the weights of a row sum to 1: if one grows the others shrink, and that is D
    # wrong: dS = dP - row_delta(dO, O)[:, None]  # the factor P of the softmax is missing
    # wrong: dS = P * (1 - P) * dP  # this is the diagonal of the Jacobian only: scores change all weights of their row
    # wrong: dS = P * (dP - dP.mean(1, keepdims=True))  # it is the mean weighted by P that is subtracted
    # wrong: dS = P * (dP - (P * dP).sum(0))  # the softmax runs along the keys, and so does its Jacobian
    # wrong: dS = P * (dP + row_delta(dO, O)[:, None])  # D is subtracted
    # wrong: dS = P * (dP - P * row_delta(dO, O)[:, None])  # D is the weighted sum already: one factor P, in front
    dS = P * (dP - row_delta(dO, O)[:, None])
    # wrong: return dS @ K, scale * dS.T @ Q, dV  # S is scaled, so dQ has the factor 1/sqrt(d), too
    # wrong: return scale * dS @ K, dS.T @ Q, dV  # S is scaled, so dK has the factor 1/sqrt(d), too
    # wrong: return scale**2 * dS @ K, scale**2 * dS.T @ Q, dV  # 1/sqrt(d) counts once: it stands once in S
    # wrong: return scale * dS @ K, scale * dS @ Q, dV  # a key collects from its column of dS: transpose
    # wrong: return scale * dS.T @ Q, scale * dS @ K, dV  # the gradient of Q is made of keys, that of K of queries
    # wrong: return scale * dS @ K, scale * dS.T @ Q, scale * dV  # the values are not scaled
    return scale * dS @ K, scale * dS.T @ Q, dV
