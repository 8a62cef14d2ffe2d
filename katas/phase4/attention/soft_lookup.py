"""A differentiable key-value store

A dict returns the one value whose key equals the query, and no gradient passes through "equals". Attention is
a dict that learns: the dot product says how well each key fits, and the answer is a mixture of all values.
Every head of a transformer does this at every position; only the name of beta changes, to 1/sqrt(dk).

    s_i = k_i . q                                   how well key i fits the query
    w_i = exp(beta s_i) / sum_j exp(beta s_j)       how much of value i is read
    out = sum_i w_i v_i

Shapes: q (d,), K (n, d) with one key a row, V (n, dv) with one value a row, n >= 1; out (dv,), w (n,). The
three arrays share one float dtype, which out and w keep, and are not changed. beta >= 0 sharpens: 0 weighs
all values alike, and as beta grows the lookup turns into `hard_lookup`, which reads the value of the largest
s_i alone. (Of several that tie it takes the first, where the soft lookup reads them all alike.) w stays right
where beta s_i is as large as 1e6 in size and exp(beta s_i) overflows or vanishes.

How large must beta be? Let the margin be the largest s_i minus the second largest. Among all stores of n keys
with this margin, the winner's weight is smallest where all losers tie. `beta_for_accuracy` returns the
smallest beta >= 0 for which even that worst store gives the winner a weight of at least 1 - eps; it knows the
store by n and the margin only, so for most stores it asks for more than they need. One key alone needs no
beta: 0.0. A margin of zero is a ValueError, whatever eps. So is an eps that is not strictly between 0 and 1,
whatever the store.

Vaswani et al. 2017, section 3.2; Ramsauer et al. 2021; Prince 2023, section 12.2.
"""

import numpy as np


def soft_lookup(
    q: np.ndarray, K: np.ndarray, V: np.ndarray, beta: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """(out, w): the mixture of the values (dv,), and the weights (n,) it was mixed with."""
    raise NotImplementedError


def hard_lookup(q: np.ndarray, K: np.ndarray, V: np.ndarray) -> np.ndarray:
    """The value (dv,) whose key has the largest dot product with q; the first one on ties."""
    raise NotImplementedError


def beta_for_accuracy(q: np.ndarray, K: np.ndarray, eps: float) -> float:
    """The smallest beta >= 0, a Python float, that the margin proves enough for a weight of 1 - eps."""
    raise NotImplementedError
