"""The step through the guess of x_0 and the posterior; the moments multiplied out"""

from collections.abc import Callable

import numpy as np

from solutions.phase6.diffusion.parametrisations import convert
from solutions.phase6.diffusion.posterior import bayes_condition, posterior_coefs


def _left(t: int, betas: np.ndarray) -> float:
    if t not in range(1, len(betas) + 1):
        raise ValueError("no such time")
    return float(np.exp(np.log1p(-betas[:t]).sum()))


def _variance(t: int, betas: np.ndarray, var: str) -> float:
    return {"small": posterior_coefs(t, betas)[2], "large": float(betas[t - 1]) * (t > 1)}[var]


def optimal_eps(xt: np.ndarray, t: int, betas: np.ndarray, m: float, s2: float) -> np.ndarray:
    left = _left(t, betas)
    x0, _ = bayes_condition(m, s2, left**0.5, 1 - left, xt)
    return convert(x0, "x0", "eps", xt, left)


def ddpm_step(
    xt: np.ndarray, t: int, eps_hat: np.ndarray, betas: np.ndarray, z: np.ndarray, var: str = "small"
) -> np.ndarray:
    left = _left(t, betas)
    if var != "small" and var != "large":
        raise ValueError("no such variance")
    c0, ct, _ = posterior_coefs(t, betas)
    mean = c0 * convert(eps_hat, "eps", "x0", xt, left) + ct * xt
    return mean + z * _variance(t, betas, var) ** 0.5 if t > 1 else mean


def sample(
    eps_model: Callable[[np.ndarray, int], np.ndarray],
    shape: tuple[int, ...],
    betas: np.ndarray,
    rng: np.random.Generator,
    var: str = "small",
) -> np.ndarray:
    noises = rng.normal(size=(len(betas), *shape))  # drawn all at once; the first is the start
    x = noises[0]
    for t in reversed(range(1, len(betas) + 1)):
        z = noises[len(betas) - t + 1] if t > 1 else 0 * x
        x = ddpm_step(x, t, eps_model(x, t), betas, z, var)
    return x


def moment_recursion(betas: np.ndarray, m: float, s2: float, var: str) -> tuple[float, float]:
    if var not in {"small", "large"}:
        raise ValueError("no such variance")
    mean, variance = 0.0, 1.0
    for t in range(len(betas), 0, -1):
        left, beta = _left(t, betas), float(betas[t - 1])
        total = left * s2 + 1 - left
        k = (1 - beta / total) / (1 - beta) ** 0.5
        mean = k * mean + beta * left**0.5 * m / total / (1 - beta) ** 0.5
        variance = k**2 * variance + _variance(t, betas, var)
    return mean, variance
