"""The parametric fit: Huber loss in log space

Here all runs speak at once, whatever their budgets: five numbers are fitted to every N, D and loss that was
ever paid for. It is the third of Hoffmann's approaches, and the one that went wrong in print: the optimizer
had stopped before it converged, since the objective was scaled too small, and the field was told to train
on several times more tokens a parameter than the same runs really support.

The law is L(N, D) = E + A / N^alpha + B / D^beta. With A = e^a, B = e^b and E = e^e all three stay
positive, and the prediction for a run, in logs, is a log-sum-exp of three terms:

    theta = (a, b, e, alpha, beta)
    r_i   = log(e^(a - alpha log N_i) + e^(b - beta log D_i) + e^e) - log loss_i
    objective(theta) = sum over i of huber(r_i)

    huber(r) = r^2 / 2                      where |r| <= delta
               delta (|r| - delta / 2)      elsewhere

so a run that failed pulls with a force of delta, however bad it is. It is a sum, not a mean. Logs are
natural.

`huber` works entry by entry on an array r of any shape. `objective` returns (value, grad): a float and the
gradient (5,) with respect to theta, in its order, derived by hand. It must survive terms of any size: a or
b may be 2000 or -2000, and nothing overflows or gives nan.

`fit` returns a dict with the keys "E", "A", "B", "alpha" and "beta", floats, of the theta with the lowest
objective (delta = 1e-3) that descents from the given starting points lead to. inits is a list of at least
one theta; some may be useless, as where both power laws are too small to matter and no gradient tells of
them. The optimizer is yours to write (BFGS or Gauss-Newton take a few dozen lines), or torch.optim.LBFGS
with the gradient of `objective`; mere gradient descent will not arrive, for a and alpha nearly make up for
one another. Do stop late: near the minimum the value is 1e-4 or less and on clean data zero, so an absolute
tolerance of 1e-9 on its change is far too coarse. The tests ask for alpha and beta to within 1e-3 of the
minimum's, and for E, A and B to within 3%; a fit of 60 runs from 8 starts may take several seconds.

N, D and loss are float64 arrays (n,) of positive numbers, N up to 1e13 and D up to 1e15. theta is any
sequence of five floats. Inputs are not changed.

Hoffmann et al. 2022, section 3.3, equations 2 and 3, and appendix D.3; Besiroglu et al. 2024.
"""

from collections.abc import Sequence

import numpy as np


def huber(r: np.ndarray, delta: float = 1e-3) -> np.ndarray:
    """The Huber loss of each entry of r."""
    raise NotImplementedError


def objective(
    theta: Sequence[float] | np.ndarray, N: np.ndarray, D: np.ndarray, loss: np.ndarray, delta: float = 1e-3
) -> tuple[float, np.ndarray]:
    """Sum of the Huber losses of the log residuals, and its gradient (5,)."""
    raise NotImplementedError


def fit(
    N: np.ndarray, D: np.ndarray, loss: np.ndarray, inits: list[tuple[float, float, float, float, float]]
) -> dict[str, float]:
    """E, A, B, alpha and beta with the lowest objective that a descent from any of inits reaches."""
    raise NotImplementedError
