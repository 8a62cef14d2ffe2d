"""Ancestral sampling

Begin with noise, ask the network what in it is noise, take a little of that away, add a little fresh noise,
and do so T times: this loop has made every picture of the first diffusion models. Here the best there can be
takes the place of the network, for data whose law is known: what is wrong with the samples is wrong with the
loop.

For t = 1 ... T, with eps and the data x_0 independent and alpha_bar_t = (1 - beta_1) ... (1 - beta_t),

    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps              eps ~ N(0, I)

`betas` (T,) holds beta_t at index t - 1, 0 < beta_t < 1.

`optimal_eps`: E[eps | x_t], what a perfect network says, when each entry of x_0 is drawn from N(m, s2) on its
own. s2 is at least 0; for s2 = 0 all data are m.

`ddpm_step` goes from x_t to x_{t-1}. What eps_hat says about x_t settles what it says about x_0 (solve the
equation above). With this guess in the place of x_0, the mean of x_{t-1} is that of its posterior given x_t
and x_0; and sigma_t z comes on top, where sigma_t^2 is

    var = "small"    the variance of that posterior
    var = "large"    beta_t for t > 1; for t = 1 nothing, as in "small"

So at t = 1 there is no noise, whatever z. `posterior_coefs(t, betas)`, imported below, gives (c0, ct,
variance) of this posterior, whose mean is c0 x_0 + ct x_t. xt, eps_hat and z have one shape, any.

`sample` starts from x_T ~ N(0, I) of the given shape and returns x_0. It asks eps_model(x_t, t) once for each
t = T ... 1, with the whole array x_t and t an int. All noise comes from rng, and each entry of each step gets
its own.

`moment_recursion` returns mean and variance of a number that `sample` makes with `optimal_eps` as its model,
exactly and without drawing any: each step is linear in x_t, so the two follow from those before it.

A t outside 1 ... T is a ValueError in `optimal_eps` and `ddpm_step`, and so is any other var, wherever it is
asked for. Arrays are float64, and so are the results. Inputs are not changed.

Ho et al. 2020, algorithm 2 and section 3.2; Bao et al. 2022 (which variance is best).
"""

from collections.abc import Callable

import numpy as np

from solutions.phase6.diffusion.posterior import posterior_coefs


def optimal_eps(xt: np.ndarray, t: int, betas: np.ndarray, m: float, s2: float) -> np.ndarray:
    """E[eps | x_t] entry by entry, for data N(m, s2), in the shape of xt."""
    raise NotImplementedError


def ddpm_step(
    xt: np.ndarray, t: int, eps_hat: np.ndarray, betas: np.ndarray, z: np.ndarray, var: str = "small"
) -> np.ndarray:
    """x_{t-1}, in the shape of xt, with the standard normal noise z; var is "small" or "large"."""
    raise NotImplementedError


def sample(
    eps_model: Callable[[np.ndarray, int], np.ndarray],
    shape: tuple[int, ...],
    betas: np.ndarray,
    rng: np.random.Generator,
    var: str = "small",
) -> np.ndarray:
    """x_0 of the given shape, by T steps from standard normal noise."""
    raise NotImplementedError


def moment_recursion(betas: np.ndarray, m: float, s2: float, var: str) -> tuple[float, float]:
    """Mean and variance of each number that `sample` returns when eps_model is `optimal_eps` for N(m, s2)."""
    raise NotImplementedError
