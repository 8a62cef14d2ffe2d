"""VP and VE SDEs, forward and reverse

Let the steps of the diffusion become ever smaller and more numerous, and a stochastic differential equation
is left: dx = f dt + g dw, with w Brownian motion. Noise schedules become functions, DDPM and its relatives
two lines in a table, and samplers numerical methods, to be exchanged at will.

Time runs from 0 (data) to 1 (noise). There are two kinds:

    "vp"    dx = -b(t) x / 2 dt + sqrt(b(t)) dw             with b(t) = bmin + t (bmax - bmin)
    "ve"    dx = g(t) dw        with g(t)^2 = d/dt of smin^2 (smax / smin)^(2t)

Given x at time 0, x at time t is Gaussian around mean_coef * x with the standard deviation std, in every
entry independently. `vp_marginal` and `ve_marginal` return (mean_coef, std), each in the shape of t, which is
a number or an array of times from 0 to 1:

    vp      mean_coef = exp(-B / 2),  std^2 = 1 - mean_coef^2,  B the integral of b from 0 to t
    ve      mean_coef = 1,  std^2 = smin^2 ((smax / smin)^(2t) - 1)

std is exactly 0 at t = 0, and accurate to 1e-10 of itself for t as small as 1e-12, where a number near 1
minus 1 has lost its digits. Here bmin, bmax and smin are above 0, and smax is above smin.

`drift_diffusion(kind, x, t)` returns f at x, an array in the shape of x, and the float g, for one time t and
with the numbers that are the defaults of the marginals. Another kind is a ValueError.

`euler_maruyama` simulates in n equal steps from time t0 to t1. f_g is a function of (x, t) that returns
(f, g) as above. Forward, t0 < t1, it follows dx = f dt + g dw. Backward, t1 < t0, it follows the reverse-time
SDE

    dx = (f - g^2 score(x, t)) dt + g dw

with a negative dt; score(x, t) is the gradient of the log density of x at time t, in the shape of x, and its
paths have at every time the same law as the forward ones (Anderson). During a step f, g and the score keep
the values from its start. Over a step w changes by a normal number with mean 0 and the length of the step for
its *variance*: a new one for each entry of x and each step, drawn from rng, so that two generators in the
same state give the same result. It returns x at t1, in the shape of x.

A backward run without a score is a ValueError, as is a forward one with a score, and an n below 1. t0 and t1
differ. Arrays are float64, x of any shape. Inputs are not changed.

Song et al. 2021, equations 6, 9 and 11 and appendix C (which leaves out the -1 in ve); Anderson 1982.
"""

from collections.abc import Callable

import numpy as np


def vp_marginal(
    t: float | np.ndarray, bmin: float = 0.1, bmax: float = 20.0
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """(mean_coef, std) of x at time t given x at time 0, variance preserving."""
    raise NotImplementedError


def ve_marginal(
    t: float | np.ndarray, smin: float = 0.01, smax: float = 50.0
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """(mean_coef, std) of x at time t given x at time 0, variance exploding."""
    raise NotImplementedError


def drift_diffusion(kind: str, x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
    """(f, g) of the SDE of this kind, "vp" or "ve", at x and at one time t."""
    raise NotImplementedError


def euler_maruyama(
    f_g: Callable[[np.ndarray, float], tuple[np.ndarray, float]],
    x: np.ndarray,
    t0: float,
    t1: float,
    n: int,
    rng: np.random.Generator,
    score: Callable[[np.ndarray, float], np.ndarray] | None = None,
) -> np.ndarray:
    """x at time t1, from x at t0, in n equal steps; backward in time along the reverse SDE of the score."""
    raise NotImplementedError
