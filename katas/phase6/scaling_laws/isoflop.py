"""IsoFLOP profiles

How should a budget of C FLOPs be split between size and data? Do not guess the form of the loss: pick a few
small budgets, train models of several sizes N at each, all with D = C / (6 N) tokens, and plot loss against
log N. Every budget gives a valley, its bottom is the best size for that budget, and the bottoms lie on a
line in log-log that can be followed to the budget that matters. This is the second of Hoffmann's three
approaches and the one that laboratories run before a large model.

`parabola_min` finds the bottom of one valley from m runs. With u = log N, take the parabola

    p + q u + s u^2

that fits the losses best in least squares and return (N_opt, loss_opt): the N of its lowest point, and the
height of the parabola there. The lowest point may lie outside the sizes that were run. Where the parabola
has no bottom, that is, where

    s (max u - min u)^2  <=  1e-6 max |loss|

(it is concave, or straight up to rounding or noise), a ValueError is due; and so it is for fewer than three
different N, for an N that is not positive, and for N and loss of different lengths.

`isoflop_fit` takes a dict from each budget C to its pair (N, loss) and returns (a, G) of the power law

    N_opt = G C^a

fitted to the bottoms by least squares in log N_opt, over the budgets (natural logs; log N_opt has the
errors, C is known). Budgets may have different numbers of runs and count alike. Fewer than two budgets are
a ValueError. You may use `fit_power` of an earlier kata, which fits y = a x^(-k) and returns (a, k).

`predict` follows the law to another budget and returns (N, D), with D such that C = 6 N D.

N and loss are float64 arrays (m,), in any order; an N may repeat, and it may be as large as 1e13. C is a
positive float of up to 1e27. All results are floats. Inputs are not changed.

Hoffmann et al. 2022, section 3.2; Stanford CS336, assignment 3, 2025.
"""

import numpy as np

from solutions.phase6.scaling_laws.power_law_fit import fit_power


def parabola_min(N: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """(N_opt, loss_opt) at the bottom of the parabola through loss (m,) against log N (m,)."""
    raise NotImplementedError


def isoflop_fit(runs: dict[float, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """(a, G) of N_opt = G C^a, from {C: (N, loss)}."""
    raise NotImplementedError


def predict(a: float, G: float, C: float) -> tuple[float, float]:
    """(N, D) at the budget C."""
    raise NotImplementedError
