"""Scaled dot-product attention

Every query compares itself with every key, and takes the average of the values, weighted by how well their
keys fit:

    S = scale * Q K^T              scores, one row a query, one column a key
    P = softmax of S along keys    each row of P sums to 1
    O = P V

`scale` is 1/sqrt(dk) unless one is given. Without it the scores of random vectors have standard deviation
sqrt(dk), and the softmax of such large numbers picks one key and stops learning.

Shapes: Q (..., Tq, dk), K (..., Tk, dk), V (..., Tk, dv) -> O (..., Tq, dv), where ... is any number of batch
axes, the same in all three. Tq and Tk may differ, and so may dk and dv. The result has the dtype of Q.

A boolean `mask`, broadcastable to (..., Tq, Tk), is True where a query may attend. A key that is masked has
no effect at all, even if its value is as large as 1e30. A query that may attend to no key gets zeros, and all
gradients stay finite: mind that softmax of a row of -inf is nan.

Vaswani et al. 2017, eq. 1. The cost is quadratic: S has Tq x Tk entries.
"""

import torch


def sdpa(
    Q: torch.Tensor,
    K: torch.Tensor,
    V: torch.Tensor,
    mask: torch.Tensor | None = None,
    scale: float | None = None,
) -> torch.Tensor:
    """Attend from Q (..., Tq, dk) to K (..., Tk, dk), V (..., Tk, dv); returns (..., Tq, dv)."""
    raise NotImplementedError
