"""The reverse SDE is the forward one with one more term, and that term is the only thing a diffusion model learns. DDPM's
sampler is nearly Euler-Maruyama on it; with half of g^2 score and no noise, the same laws are those of an ODE, which DDIM
follows. VP and VE are one process in two units: divide x of the VP process by its mean_coef, and its noise explodes.
"""

from collections.abc import Callable

import numpy as np

HINTS = (
    "b is a straight line, so its integral is a parabola. For the small std: np.expm1 is exp minus 1 without the loss; "
    "(smax / smin)^(2t) is an exp as well.",
    "g of the VE process: differentiate smin^2 (smax / smin)^(2t) in t. The exponential comes back, with the derivative of its "
    "exponent as a factor. Then take the root.",
    "One loop serves both directions when dt = (t1 - t0) / n keeps its sign in the drift, and the noise, which has no direction, "
    "is scaled by the root of its size.",
)


def vp_marginal(
    t: float | np.ndarray, bmin: float = 0.1, bmax: float = 20.0
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """(mean_coef, std) of x at time t given x at time 0, variance preserving."""
    # wrong: B = bmin * t + (bmax - bmin) * t**2  # the integral of t is t^2 / 2
    # wrong: B = bmin * t + bmax * t**2 / 2  # b rises by bmax - bmin, not by bmax
    # wrong: B = (bmin + (bmax - bmin) * t) * t  # b has grown since time 0: integrate it
    # wrong: B = bmin + (bmax - bmin) * t  # B is the integral of b, not b
    B = bmin * t + (bmax - bmin) * t**2 / 2
    # wrong: return np.exp(-B), np.sqrt(-np.expm1(-B))  # the drift is half of b
    # wrong: return np.exp(-B / 2), -np.expm1(-B)  # std is the root of the variance
    # wrong: return np.exp(-B / 2), np.sqrt(1 - np.exp(-B))  # for small t, 1 minus a number near 1 has few right digits
    # wrong: return np.exp(-B / 2), np.sqrt(-np.expm1(-B / 2))  # mean_coef is squared in the variance
    # wrong: return np.exp(-B / 2), -np.expm1(-B / 2)  # it is the squares of the two that add up to 1
    # wrong: return np.exp(B / 2), np.sqrt(np.expm1(B))  # the signal fades
    return np.exp(-B / 2), np.sqrt(-np.expm1(-B))


def ve_marginal(
    t: float | np.ndarray, smin: float = 0.01, smax: float = 50.0
) -> tuple[float | np.ndarray, float | np.ndarray]:
    """(mean_coef, std) of x at time t given x at time 0, variance exploding."""
    # wrong: std = smin * np.sqrt((smax / smin) ** (2 * np.asarray(t)))  # no noise has been added at time 0: the -1 is missing
    # wrong: std = smin * np.sqrt((smax / smin) ** (2 * np.asarray(t)) - 1)  # for small t, a number near 1 minus 1 has few right digits
    # wrong: std = smin**2 * np.expm1(2 * t * np.log(smax / smin))  # std is the root of the variance
    # wrong: std = smin * np.sqrt(np.expm1(t * np.log(smax / smin)))  # the variance grows with the square of (smax / smin)^t
    # wrong: std = smin * np.expm1(t * np.log(smax / smin))  # variances add up, not standard deviations
    # wrong: std = smax * np.sqrt(np.expm1(2 * t * np.log(smax / smin)))  # the noise grows from smin
    std = smin * np.sqrt(np.expm1(2 * t * np.log(smax / smin)))
    # wrong: return 1.0, std  # mean_coef has the shape of t, too
    # wrong: return 0 * std, std  # there is no drift, so the mean stays: the coefficient is 1
    return np.ones_like(std), std


def drift_diffusion(kind: str, x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
    """(f, g) of the SDE of this kind, "vp" or "ve", at x and at one time t."""
    if kind == "vp":
        # wrong: b = 0.1 + t * 20.0  # b rises by bmax - bmin, up to bmax
        # wrong: b = 0.1 * t + 19.9 * t**2 / 2  # the SDE has b itself, not its integral
        b = 0.1 + t * 19.9
        # wrong: return b * x / 2, float(np.sqrt(b))  # the drift pulls to 0
        # wrong: return -b * x, float(np.sqrt(b))  # the drift has a factor of 1/2, or the variance is not preserved
        # wrong: return -b * x / 2, float(b)  # b is the square of g
        # wrong: return -b / 2, float(np.sqrt(b))  # the drift is proportional to x
        return -b * x / 2, float(np.sqrt(b))
    if kind == "ve":
        growth = np.log(50.0 / 0.01)
        # wrong: return np.zeros_like(x), float(0.01 * np.exp(t * growth))  # g^2 is a derivative: the factor from the exponent is missing
        # wrong: return np.zeros_like(x), float(0.01 * np.exp(t * growth) * np.sqrt(growth))  # the exponent has a 2, and so has its derivative
        # wrong: return np.zeros_like(x), float(1e-4 * np.exp(2 * t * growth) * 2 * growth)  # this is g^2
        # wrong: return np.zeros_like(x), float(0.01 * np.sqrt(np.expm1(2 * t * growth)))  # this is the noise since time 0, not its rate
        # wrong: return x, float(0.01 * np.exp(t * growth) * np.sqrt(2 * growth))  # there is no drift
        return np.zeros_like(x), float(0.01 * np.exp(t * growth) * np.sqrt(2 * growth))
    # wrong: return np.zeros_like(x), 0.0  # an unknown kind is a ValueError
    # wrong: return drift_diffusion("vp", x, t)  # an unknown kind is a ValueError, not the usual one
    raise ValueError(f"no SDE is called {kind!r}")


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
    # wrong: pass  # what makes no sense is refused
    # wrong: if (t1 > t0) != (score is None):  # there is at least one step
    #            raise ValueError(f"from {t0} to {t1} in {n} steps, with the score {score}")
    # wrong: if n < 1:  # backward without a score leads nowhere, and forward there is no use for one
    #            raise ValueError(f"from {t0} to {t1} in {n} steps, with the score {score}")
    # wrong: if t1 < t0 and score is None or n < 1:  # forward there is no use for a score: refuse it
    #            raise ValueError(f"from {t0} to {t1} in {n} steps, with the score {score}")
    # wrong: if score is not None and t1 > t0 or n < 1:  # backward without a score leads nowhere
    #            raise ValueError(f"from {t0} to {t1} in {n} steps, with the score {score}")
    if (t1 < t0) == (score is None) or n < 1:
        raise ValueError(f"from {t0} to {t1} in {n} steps, with the score {score}")
    # wrong: dt = abs(t1 - t0) / n  # backward, dt is negative: the drift is walked the other way
    # wrong: dt = (t0 - t1) / n  # dt leads from t0 to t1
    # wrong: dt = (t1 - t0) / (n + 1)  # n steps lead all the way
    dt = (t1 - t0) / n
    for k in range(n):
        # wrong: t = t0 + (k + 1) * dt  # f, g and the score keep the values from the start of the step
        # wrong: t = t0 - k * dt  # dt has its sign already
        # wrong: t = t0  # time goes on from step to step
        t = t0 + k * dt
        f, g = f_g(x, t)
        if score is not None:
            # wrong: f = f + g**2 * score(x, t)  # with a negative dt, the score is subtracted: it is a step uphill
            # wrong: f = f - g * score(x, t)  # g is squared
            # wrong: f = f - g**2 * score(x, t) / 2  # half of it belongs to the probability flow, which has no noise
            # wrong: f = -g**2 * score(x, t)  # the drift is walked back as well
            # wrong: f = -f + g**2 * score(x, t)  # dt is negative already: the sign is turned twice
            # wrong: f = f - g**2 * score(x, t + dt)  # the score is that of the time at the start of the step
            f = f - g**2 * score(x, t)
        # wrong: z = rng.standard_normal()  # every entry has noise of its own
        # wrong: z = rng.standard_normal(x.shape[-1:])  # every entry has noise of its own
        # wrong: z = np.random.standard_normal(x.shape)  # all randomness comes from rng
        # wrong: z = np.random.default_rng(0).standard_normal(x.shape)  # every step has noise of its own
        # wrong: z = rng.random(x.shape)  # Brownian motion has normal increments
        # wrong: z = rng.choice([-1.0, 1.0], x.shape)  # a coin has the right mean and variance, but the increments are normal
        z = rng.standard_normal(x.shape)
        # wrong: x = x + f * dt  # the noise is missing: this is an ODE
        # wrong: x = x + f * dt + g * z  # over a short step w changes little
        # wrong: x = x + f * dt + g * abs(dt) * z  # the variance of the noise is the length of the step, so its std is the root
        # wrong: x = x + f * dt + g**2 * np.sqrt(abs(dt)) * z  # the noise is g dw
        # wrong: x = x + f * dt + np.sqrt(g) * np.sqrt(abs(dt)) * z  # the noise is g dw
        # wrong: x += f * dt + g * np.sqrt(abs(dt)) * z  # x belongs to the caller, who may need it again
        # wrong: x = x + f + g * np.sqrt(abs(dt)) * z  # the drift acts for the length of the step
        # wrong: x = f * dt + g * np.sqrt(abs(dt)) * z  # a step starts where the last one ended
        x = x + f * dt + g * np.sqrt(abs(dt)) * z
    return x
