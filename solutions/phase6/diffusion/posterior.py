"""Precisions add, and the mean is where the precisions balance: all of diffusion's "tractable posteriors" are this one line.
Written with a gain, as engineers do in a Kalman filter, it never divides by a variance, and so survives variances of 0.

Look at t = 500 of 1000: c0 is below 0.01. A single step back hardly depends on x_0, which is why a blurry guess of x_0 is
good enough for it, and why one may choose beta_t in place of the true variance there. Near t = 1 neither holds.
"""

from typing import Any

import numpy as np

HINTS = (
    "For bayes_condition add the two exponents, prior and likelihood: a quadratic in x. Its second derivative is the precision, "
    "the point where its slope is 0 is the mean.",
    "To keep prior_var = 0 allowed, write the answer as a correction: the mean moves by a gain times (y - a prior_mean), and the "
    "gain is the covariance of x and y over the variance of y. The same gain shrinks the variance.",
    "Given x_0, the prior of x_s is its law by one leap from x_0, and x_t is what is seen of x_s. Which of the statement's "
    "quantities are then prior_mean, prior_var, a and noise_var?",
    "A table of alpha_bar with alpha_bar_0 = 1 in front is indexed by time itself, and makes t = 1 and s = 0 no special cases.",
)


def bayes_condition(prior_mean: Any, prior_var: Any, a: Any, noise_var: Any, y: Any) -> tuple[Any, Any]:
    """Mean and variance of x ~ N(prior_mean, prior_var) given y = a x + N(0, noise_var)."""
    # wrong: gain = prior_var / (prior_var + noise_var)  # the measurement is of a x: the factor a belongs in both
    # wrong: gain = prior_var / (a**2 * prior_var + noise_var)  # the covariance of x and y has the factor a
    # wrong: gain = prior_var * a / (a * prior_var + noise_var)  # the variance of a x has the square of a
    # wrong: gain = noise_var * a / (a**2 * prior_var + noise_var)  # the more noise, the less y has to say
    # wrong: gain = prior_var**0.5 * a / (a**2 * prior_var + noise_var) ** 0.5  # these are variances: no roots
    gain = prior_var * a / (a**2 * prior_var + noise_var)  # Cov(x, y) / Var(y)
    # wrong: return 1 / (1 / prior_var + a**2 / noise_var) * (prior_mean / prior_var + a * y / noise_var), 1 / (1 / prior_var + a**2 / noise_var)  # right but for variances of 0, which are allowed: do not divide by them
    # wrong: return prior_mean + gain * (y - prior_mean), (1 - gain * a) * prior_var  # what was expected of y is a times the prior mean
    # wrong: return gain * y, (1 - gain * a) * prior_var  # the prior mean has its say, too
    # wrong: return prior_mean + gain * (y - a * prior_mean), (1 - gain) * prior_var  # the share of the variance that goes is gain times a
    # wrong: return prior_mean + gain * (y - a * prior_mean), (1 - gain * a) ** 2 * prior_var  # this leaves out the noise that came with y
    # wrong: return prior_mean + gain * (y - a * prior_mean), ((1 - gain * a) * prior_var) ** 0.5  # a variance is asked for, not its root
    # wrong: return prior_mean + gain * (y - a * prior_mean), 1 / ((1 - gain * a) * prior_var)  # a variance is asked for, not a precision
    # wrong: return prior_mean + gain * (y - a * prior_mean), prior_var  # whoever sees y knows more than before
    return prior_mean + gain * (y - a * prior_mean), (1 - gain * a) * prior_var


def posterior_coefs(t: int, betas: np.ndarray) -> tuple[float, float, float]:
    """(c0, ct, var) of x_{t-1} given x_0 and x_t, 1 <= t <= T."""
    # wrong: pass  # a time outside 1 ... T is refused: index -1 would be the last beta
    # wrong: if t > len(betas):  # a time below 1 is refused: index -1 would be the last beta
    #            raise ValueError("too late")
    # wrong: if not 0 <= t <= len(betas):  # nothing comes before time 0
    #            raise ValueError("no such time")
    # wrong: if not 1 <= t < len(betas):  # T itself is a time
    #            raise ValueError("no such time")
    if not 1 <= t <= len(betas):
        raise ValueError(f"time {t} is not in 1 ... {len(betas)}")
    # wrong: left = np.append(1.0, np.cumprod(1 - betas[::-1]))  # the schedule is reversed
    # wrong: left = np.append(np.cumprod(1 - betas), 0.0)  # alpha_bar_t is at index t - 1 of the running product
    # wrong: left = np.append(1.0, 1 - betas)  # alpha_bar is the product of all up to t
    left = np.append(1.0, np.cumprod(1 - betas))  # (T + 1,), indexed by time
    before, after, beta = left[t - 1], left[t], betas[t - 1]
    # wrong: c0 = np.sqrt(after) * beta / (1 - after)  # the prior of x_{t-1} has the root of alpha_bar_{t-1}
    # wrong: c0 = before * beta / (1 - after)  # the factor of x_0 is a root
    # wrong: c0 = np.sqrt(before) * beta / (1 - before) if t > 1 else 1.0  # the denominator is the variance of x_t given x_0
    # wrong: c0 = np.sqrt(before)  # this is the mean before x_t is seen
    c0 = np.sqrt(before) * beta / (1 - after)
    # wrong: ct = (1 - before) / (1 - after)  # the factor by which the step shrinks x_{t-1} is missing
    # wrong: ct = (1 - beta) * (1 - before) / (1 - after)  # the step shrinks x_{t-1} by a root
    # wrong: ct = np.sqrt(before) * (1 - before) / (1 - after)  # the step from t-1 to t shrinks by its own factor alone, not by that of all before
    # wrong: ct = np.sqrt(1 - beta) * (1 - after) / (1 - before) if t > 1 else 0.0  # the ratio is upside down
    ct = np.sqrt(1 - beta) * (1 - before) / (1 - after)
    # wrong: var = beta  # this is the variance of the step forward: given x_0 the way back is more certain
    # wrong: var = beta * (1 - after) / (1 - before) if t > 1 else 0.0  # the ratio is upside down: x_{t-1} has less noise than x_t
    # wrong: var = np.sqrt(beta * (1 - before) / (1 - after))  # the variance is asked for, not its root
    # wrong: var = 1 - before  # this is the variance before x_t is seen
    var = beta * (1 - before) / (1 - after)
    # wrong: return ct, c0, var  # c0, the factor of x_0, comes first
    return c0, ct, var


def posterior_generic(s: int, t: int, betas: np.ndarray) -> tuple[float, float, float]:
    """(c0, ct, var) of x_s given x_0 and x_t, 0 <= s < t <= T."""
    # wrong: pass  # times that do not exist are refused, and so is an s that is not before t
    # wrong: if not 0 <= s <= t <= len(betas):  # s lies before t
    #            raise ValueError("no such times")
    # wrong: if not 1 <= s < t <= len(betas):  # s = 0 is allowed: the data themselves
    #            raise ValueError("no such times")
    # wrong: if not s < t <= len(betas):  # a negative s is refused
    #            raise ValueError("no such times")
    # wrong: if not 0 <= s < t:  # a t above T is refused
    #            raise ValueError("no such times")
    if not 0 <= s < t <= len(betas):
        raise ValueError(f"times {s}, {t} are not in order within 0 ... {len(betas)}")
    # wrong: left = np.append(1.0, np.cumprod(1 - betas[::-1]))  # the schedule is reversed
    left = np.append(1.0, np.cumprod(1 - betas))
    # wrong: step = 1 - betas[t - 1]  # between s and t there may be many steps
    # wrong: step = left[s] / left[t] if left[t] else 1.0  # less signal is left later: the ratio is upside down
    # wrong: step = left[t]  # what happened before s is not part of the way from s to t
    step = left[t] / left[s]  # what a signal at s keeps until t
    # wrong: c0 = np.sqrt(left[t]) * (1 - step) / (1 - left[t])  # the prior of x_s has the root of alpha_bar_s
    # wrong: c0 = np.sqrt(left[s]) * betas[t - 1] / (1 - left[t])  # between s and t there may be many steps: their noise is 1 - r
    c0 = np.sqrt(left[s]) * (1 - step) / (1 - left[t])
    # wrong: ct = step * (1 - left[s]) / (1 - left[t])  # the way from s to t shrinks by a root
    # wrong: ct = np.sqrt(left[t]) * (1 - left[s]) / (1 - left[t])  # the way from s to t shrinks by what happened since s alone
    ct = np.sqrt(step) * (1 - left[s]) / (1 - left[t])
    # wrong: var = 1 - step  # this is the noise of the way forward
    # wrong: var = betas[t - 1] * (1 - left[s]) / (1 - left[t])  # between s and t there may be many steps: their noise is 1 - r
    # wrong: var = (1 - step) * (1 - left[t - 1]) / (1 - left[t])  # the prior of x_s has the noise of time s
    var = (1 - step) * (1 - left[s]) / (1 - left[t])
    # wrong: return ct, c0, var  # c0, the factor of x_0, comes first
    return c0, ct, var
