"""The posterior of x_{t-1} given x_t and x_0

A diffusion model generates backward, and nobody knows the way back: how x_{t-1} is distributed, given x_t,
depends on all the data there is. But once x_0 is known as well, the way back is a Gaussian with three
coefficients. This is what the model is trained to imitate, and what every DDPM sampler steps with.

The forward process is a Markov chain of Gaussian steps: for t = 1 ... T

    x_t = sqrt(1 - beta_t) x_{t-1} + sqrt(beta_t) eps_t                  eps_t ~ N(0, 1), independent
    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps              the same law, in one leap
    alpha_bar_t = (1 - beta_1) ... (1 - beta_t)                          alpha_bar_0 = 1

`betas` (T,), float64, holds beta_t at index t - 1. All are above 0; the last may be 1, the others are below.

`bayes_condition` is what the rest is made of: x is N(prior_mean, prior_var), and y = a x + noise is seen,
the noise N(0, noise_var) and independent of x. Given y, x is Gaussian again; return its mean and variance.
The variances are at least 0, and a^2 prior_var + noise_var is above 0. So prior_var may be 0 (x is known,
whatever y says), or noise_var (y = a x exactly); and a is any number, 0 and negative ones included. The five
arguments are numbers, arrays of one shape, or sympy expressions: use arithmetic alone, and all will do.

`posterior_coefs` returns the three numbers (c0, ct, var) of

    x_{t-1} given x_t and x_0  is  N(c0 x_0 + ct x_t, var)

and `posterior_generic` those of x_s given x_t and x_0, for any s with 0 <= s < t. A sampler that skips steps
needs these; with s = t - 1 they are the former. Whoever knows x_0 knows all there is to know of x_0: s = 0
gives (1, 0, 0), and so does t = 1 in `posterior_coefs`. From s to t the sum of the noises is again one noise:

    x_t = sqrt(r) x_s + sqrt(1 - r) eps        with r = alpha_bar_t / alpha_bar_s

A t outside 1 ... T is a ValueError, and so is an s outside 0 ... t - 1. Inputs are not changed.

Ho et al. 2020, equations 6 and 7 (derive them first, then look); Prince 2023, section 18.2.
"""

from typing import Any

import numpy as np


def bayes_condition(prior_mean: Any, prior_var: Any, a: Any, noise_var: Any, y: Any) -> tuple[Any, Any]:
    """Mean and variance of x ~ N(prior_mean, prior_var) given y = a x + N(0, noise_var)."""
    raise NotImplementedError


def posterior_coefs(t: int, betas: np.ndarray) -> tuple[float, float, float]:
    """(c0, ct, var) of x_{t-1} given x_0 and x_t, 1 <= t <= T."""
    raise NotImplementedError


def posterior_generic(s: int, t: int, betas: np.ndarray) -> tuple[float, float, float]:
    """(c0, ct, var) of x_s given x_0 and x_t, 0 <= s < t <= T."""
    raise NotImplementedError
