"""Conditional flow matching

A flow carries noise to data along a velocity field, and a network that knows the field makes samples by
solving an ODE in a few dozen steps. Nobody can write that field down for images; but pair one noise with one
datum, and the velocity between them is a subtraction. Regress on *that*, and the network learns the field:
this is how Stable Diffusion 3 and its kin are trained.

Mind the clock: t = 0 is noise, t = 1 is data, so x0 ~ N(0, I) is the noise and x1 the datum (diffusion counts
the other way). The straight path, with a width smin >= 0 left at its end, is

    xt = (1 - (1 - smin) t) x0 + t x1

and its velocity u is the derivative of xt in t, with x0 and x1 held fixed.

`ot_path` returns (xt, u). `affine_path` does the same for any path

    xt = alpha(t) x1 + sigma(t) x0

where alpha, sigma and their derivatives dalpha, dsigma are functions that take a number or an array and
return, entry by entry, the same shape.

`conditional_field(x, x1, t, smin)` is the velocity as a function of place: of all straight paths that lead to
x1, whatever their x0, one is at x at time t, and the field has the velocity of that one. t < 1 if smin is 0.

`marginal_field(x, t, data)`: x1 is now any of the m rows of data, each with probability 1/m, and smin = 0.
Many paths cross at x, and what a network can learn there is their average,

    E[u | xt = x] = sum over i of w_i(x) conditional_field(x, data_i, t, 0)

with w_i(x) the posterior probability that the path at x leads to data_i; given x1, xt has the law
N(t x1, (1 - t)^2 I). One t, a number, serves all rows of x. A t outside 0 <= t < 1 is a ValueError. Entries
up to 1e4 in size and t up to 1 - 1e-6 overflow nowhere.

`velocity_to_score(u, x, t)`: for smin = 0, the score of the law p_t of xt at x, given the marginal velocity
u = E[u | xt = x] there, 0 <= t < 1. Two facts are enough: the score is -E[x0 | xt = x] / (1 - t), and x
itself is what xt is on average, given xt = x.

Shapes: x0, x1, x and u are float64 arrays (B, ...) of one shape, with any number of axes after the batch's,
perhaps none. t is a number or an array (B,), one time a row, also where B is the size of another axis. In
`marginal_field` x is (n, d) and data (m, d), m >= 1. Results have the shape of x. Inputs are not changed.

Lipman et al. 2023, equations 8, 9 and 20 to 23; Liu et al. 2023 and Albergo and Vanden-Eijnden 2023 found the
same independently.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def ot_path(
    x0: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(xt, u) on the straight path from noise x0 to data x1 (B, ...), at time t, a number or (B,)."""
    raise NotImplementedError


def affine_path(
    x0: np.ndarray,
    x1: np.ndarray,
    t: float | np.ndarray,
    alpha: Callable[[Any], Any],
    sigma: Callable[[Any], Any],
    dalpha: Callable[[Any], Any],
    dsigma: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    """(xt, u) on the path alpha(t) x1 + sigma(t) x0; x0, x1 (B, ...), t a number or (B,)."""
    raise NotImplementedError


def conditional_field(x: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0) -> np.ndarray:
    """Velocity (B, ...) at x of the straight path to x1 that is at x at time t, a number or (B,)."""
    raise NotImplementedError


def marginal_field(x: np.ndarray, t: float, data: np.ndarray) -> np.ndarray:
    """E[u | xt = x] (n, d) at x (n, d), 0 <= t < 1, where x1 is a row of data (m, d) and smin is 0."""
    raise NotImplementedError


def velocity_to_score(u: np.ndarray, x: np.ndarray, t: float | np.ndarray) -> np.ndarray:
    """Score of p_t at x (B, ...), from the marginal velocity u there; smin is 0, t a number or (B,)."""
    raise NotImplementedError
