"""The marginal field is one step of attention: the query x looks at the data by their distance, and is told to walk to
their weighted mean. It is the exact answer for a finite data set, so a network that learned it to the last bit would
give back its training data and nothing else: what a trained model makes that is new comes from what it could not fit.

A velocity holds the score, the expected noise and the expected datum; each is affine in the others. Flow matching with
the straight path is diffusion with another schedule, another target and another weight in the loss.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

HINTS = (
    "x0 and x1 are held fixed, so u is a sum of their coefficients' derivatives. A time (B,) needs as many axes of size "
    "1 at its end as x0 has axes after the first; numpy would line it up with the last axis.",
    "conditional_field: solve the path for x0, given that it is at x at time t, and put that into u. Much cancels.",
    "marginal_field: the weights are a softmax over the data of minus the squared distance from x to t data_i, over twice "
    "the variance. Subtract each row's largest exponent first. The average of the conditional fields needs the mean datum only.",
    "velocity_to_score: u = E[x1] - E[x0] and x = (1 - t) E[x0] + t E[x1], all given xt = x. Eliminate E[x1].",
)


def ot_path(
    x0: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """(xt, u) on the straight path from noise x0 to data x1 (B, ...), at time t, a number or (B,)."""
    # wrong: pass  # numpy lines t (B,) up with the last axis: each row needs its own time
    t = _over_rows(t, x0)
    # wrong: return (1 - (1 - smin) * t) * x1 + t * x0, x0 - (1 - smin) * x1  # here time runs from noise at 0 to data at 1
    # wrong: return (1 - (1 - smin) * t) * x0 + t * x1, x0 - x1  # the velocity leads from the noise to the datum, not back
    # wrong: return (1 - (1 - smin) * t) * x0 + t * x1, x1 - x0  # smin slows the fading of the noise, and the velocity knows it
    # wrong: return (1 - t) * x0 + t * x1, x1 - (1 - smin) * x0  # the noise that is left at the end has width smin
    # wrong: return (1 - t) * x0 + t * x1 + smin * x0, x1 - x0  # the width smin is reached at the end: at t = 0 the path is at x0 itself
    # wrong: return (1 - (1 - smin) * t) * x0 + t * x1, (1 - (1 - smin) * t) * (x1 - x0)  # u is a derivative in t: nothing of t is left in it
    return (1 - (1 - smin) * t) * x0 + t * x1, x1 - (1 - smin) * x0


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
    # wrong: pass  # numpy lines t (B,) up with the last axis: each row needs its own time
    t = _over_rows(t, x0)
    # wrong: return alpha(t) * x0 + sigma(t) * x1, dalpha(t) * x0 + dsigma(t) * x1  # alpha belongs to the datum, sigma to the noise
    # wrong: return alpha(t) * x1 + sigma(t) * x0, dalpha(t) * x1 - dsigma(t) * x0  # dsigma is negative by itself where the noise fades
    # wrong: return alpha(t) * x1 + sigma(t) * x0, x1 - x0  # only the straight path has this velocity
    # wrong: return alpha(t) * x1 + sigma(t) * x0, dalpha(t) * x1  # the noise fades along the path: that is motion, too
    return alpha(t) * x1 + sigma(t) * x0, dalpha(t) * x1 + dsigma(t) * x0


def conditional_field(x: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0) -> np.ndarray:
    """Velocity (B, ...) at x of the straight path to x1 that is at x at time t, a number or (B,)."""
    # wrong: pass  # numpy lines t (B,) up with the last axis: each row needs its own time
    t = _over_rows(t, x)
    # wrong: return x1 - (1 - smin) * x  # x is where the path is now, not the noise that it started from
    # wrong: return (x1 - x) / (1 - t) if np.all(t < 1) else x1 - x  # this is right for smin = 0 only
    # wrong: return (x1 - (1 - smin) * x) / t  # what is left of the way is walked in the time that is left, not in the time that has passed
    # wrong: return (x - x1) / (1 - (1 - smin) * t)  # the field points to the datum
    # wrong: return (x1 - x) / (1 - (1 - smin) * t)  # with a width, the path at x does not end in x1 itself
    return (x1 - (1 - smin) * x) / (1 - (1 - smin) * t)


def marginal_field(x: np.ndarray, t: float, data: np.ndarray) -> np.ndarray:
    """E[u | xt = x] (n, d) at x (n, d), 0 <= t < 1, where x1 is a row of data (m, d) and smin is 0."""
    # wrong: pass  # at t = 1 every path has arrived, and nothing is left to divide by: refuse it
    # wrong: if not 0 <= t <= 1:  # at t = 1 every path has arrived, and nothing is left to divide by: refuse it
    #            raise ValueError(f"t = {t} lies outside [0, 1)")
    # wrong: if not 0 < t < 1:  # t = 0 is allowed: all data are equally likely there
    #            raise ValueError(f"t = {t} lies outside [0, 1)")
    # wrong: if t >= 1:  # there is no time before 0
    #            raise ValueError(f"t = {t} lies outside [0, 1)")
    if not 0 <= t < 1:
        raise ValueError(f"t = {t} lies outside [0, 1)")
    # wrong: exponents = -((x[:, None] - data) ** 2).sum(2) / (2 * (1 - t) ** 2)  # at time t the path to a datum is around t times the datum
    # wrong: exponents = -((x[:, None] - t * data) ** 2).sum(2) / (2 * (1 - t))  # 1 - t is the standard deviation, not the variance
    # wrong: exponents = -((x[:, None] - t * data) ** 2).sum(2) / (1 - t) ** 2  # the exponent of a Gaussian has a factor of 1/2
    # wrong: exponents = -((x[:, None] - t * data) ** 2).sum(2) / 2  # the noise has shrunk by the factor 1 - t
    # wrong: exponents = -np.sqrt(((x[:, None] - t * data) ** 2).sum(2)) / (2 * (1 - t) ** 2)  # the distance is squared
    # wrong: exponents = -((x[:, None] - t * data) ** 2).sum(2) / (2 * t**2 + 1e-300)  # the noise that is left is 1 - t wide
    # wrong: exponents = np.zeros((len(x), len(data)))  # not all paths are equally likely to be at x
    exponents = -((x[:, None] - t * data) ** 2).sum(2) / (2 * (1 - t) ** 2)  # (n, m)
    # wrong: weights = np.exp(exponents)  # far from all data these are all 0: subtract the largest exponent of each row
    # wrong: weights = np.exp(exponents - exponents.max())  # each point has its own largest exponent
    weights = np.exp(exponents - exponents.max(1, keepdims=True))
    # wrong: pass  # posterior probabilities sum to 1
    # wrong: weights /= weights.sum(0)  # the weights of the data sum to 1 at each point, not the other way round
    weights /= weights.sum(1, keepdims=True)
    # wrong: return (data.mean(0) - x) / (1 - t)  # data near the point's path count more
    # wrong: return (data[weights.argmax(1)] - x) / (1 - t)  # all data have a say, not only the most likely one
    # wrong: return weights @ data - x  # the velocity is the way to go over the time that is left
    # wrong: return weights @ data - x / (1 - t)  # the whole way is divided by the time that is left
    return (weights @ data - x) / (1 - t)


def velocity_to_score(u: np.ndarray, x: np.ndarray, t: float | np.ndarray) -> np.ndarray:
    """Score of p_t at x (B, ...), from the marginal velocity u there; smin is 0, t a number or (B,)."""
    # wrong: pass  # numpy lines t (B,) up with the last axis: each row needs its own time
    t = _over_rows(t, x)
    # wrong: return (x - t * u) / (1 - t)  # this is minus the score
    # wrong: return t * u - x  # this is minus the expected noise, which is still to be divided by its scale
    # wrong: return (t * u - x) / (1 - t) ** 2  # the expected noise is divided by the standard deviation, once
    # wrong: return ((1 - t) * u - x) / t  # the noise is the end at t = 0
    # wrong: return -(x + (1 - t) * u) / (1 - t)  # x + (1 - t) u is the expected datum: the score comes from the noise
    return (t * u - x) / (1 - t)


def _over_rows(t: float | np.ndarray, x: np.ndarray) -> np.ndarray:
    """t in a shape that broadcasts along the first axis of x."""
    return np.reshape(t, (-1, *[1] * (x.ndim - 1)))
