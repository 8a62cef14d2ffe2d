"""DDIM as a step on x / sqrt(alpha_bar), which moves along the noise-to-signal ratio; posteriors for eta"""

import math
from collections.abc import Callable

import numpy as np

Model = Callable[[np.ndarray, int], np.ndarray]


def ddim_step(
    xt: np.ndarray, eps_hat: np.ndarray, ab_t: float, ab_s: float, eta: float, z: np.ndarray
) -> np.ndarray:
    between = ab_t / ab_s
    sigma2 = eta**2 * (1 - between) * (1 - ab_s) / (1 - ab_t)
    blown_up = xt / math.sqrt(ab_t) - eps_hat * math.sqrt(1 / ab_t - 1)
    return (
        math.sqrt(ab_s) * blown_up + eps_hat * math.sqrt(max(0.0, 1 - ab_s - sigma2)) + z * math.sqrt(sigma2)
    )


def timesteps(T: int, n: int) -> list[int]:
    if n < 1 or n > T:
        raise ValueError("a number of steps that does not fit")
    if n == 1:
        return [T]
    up = [1 + (2 * i * (T - 1) + n - 1) // (2 * (n - 1)) for i in range(n)]  # halves upward
    return sorted(up, reverse=True)


def _ratios(betas: np.ndarray) -> list[float]:
    """sqrt((1 - alpha_bar) / alpha_bar) at times 0 ... T."""
    logs = np.concatenate([[0.0], np.log1p(-betas).cumsum()])
    return [math.sqrt(math.expm1(-one)) for one in logs]


def ddim_sample(
    eps_model: Model, xT: np.ndarray, betas: np.ndarray, n: int, eta: float, rng: np.random.Generator
) -> np.ndarray:
    ratio = _ratios(betas)
    times = timesteps(len(betas), n)
    y = xT * math.sqrt(1 + ratio[times[0]] ** 2)  # x / sqrt(alpha_bar)
    for i, t in enumerate(times):
        s = times[i + 1] if i + 1 < n else 0
        eps = eps_model(y / math.sqrt(1 + ratio[t] ** 2), t)
        if eta == 0:
            y = y + (ratio[s] - ratio[t]) * eps
            continue
        ab_t, ab_s = (1 / (1 + ratio[one] ** 2) for one in (t, s))
        z = rng.normal(size=xT.shape)
        y = ddim_step(y * math.sqrt(ab_t), eps, ab_t, ab_s, eta, z) / math.sqrt(ab_s)
    return y


def ddim_invert(eps_model: Model, x0: np.ndarray, betas: np.ndarray, n: int) -> np.ndarray:
    ratio, s, y = _ratios(betas), 0, x0
    for t in reversed(timesteps(len(betas), n)):
        y = y + (ratio[t] - ratio[s]) * eps_model(y / math.sqrt(1 + ratio[s] ** 2), t)
        s = t
    return y / math.sqrt(1 + ratio[s] ** 2)
