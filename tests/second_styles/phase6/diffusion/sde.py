"""The marginals by np.expm1 in other words, the reverse SDE in a time s = t0 - t that runs forward"""

from collections.abc import Callable

import numpy as np

Times = float | np.ndarray


def vp_marginal(t: Times, bmin: float = 0.1, bmax: float = 20.0) -> tuple[Times, Times]:
    end = bmin + np.multiply(t, bmax - bmin)
    area = (bmin + end) / 2 * t  # of a trapezoid
    return np.exp(-area) ** 0.5, np.sqrt(2 * np.exp(-area / 2) * np.sinh(area / 2))


def ve_marginal(t: Times, smin: float = 0.01, smax: float = 50.0) -> tuple[Times, Times]:
    power = np.multiply(t, np.log(smax) - np.log(smin))
    return np.ones(np.shape(t)), smin * np.sqrt(np.expm1(power) * (np.exp(power) + 1))


def drift_diffusion(kind: str, x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
    if kind not in ("vp", "ve"):
        raise ValueError(kind)
    if kind == "ve":
        return 0.0 * x, 0.01 * 5000.0**t * (2 * float(np.log(5000.0))) ** 0.5
    rate = 0.1 * (1 - t) + 20.0 * t
    return x * (-rate / 2), rate**0.5


def euler_maruyama(
    f_g: Callable[[np.ndarray, float], tuple[np.ndarray, float]],
    x: np.ndarray,
    t0: float,
    t1: float,
    n: int,
    rng: np.random.Generator,
    score: Callable[[np.ndarray, float], np.ndarray] | None = None,
) -> np.ndarray:
    if n <= 0:
        raise ValueError("no step")
    if t1 > t0 and score is not None:
        raise ValueError("forward, the score has no use")
    if t1 < t0 and score is None:
        raise ValueError("backward, the score is needed")
    length = abs(t1 - t0) / n
    draws = rng.normal(0.0, np.sqrt(length), size=(n, *x.shape))
    place = np.array(x)
    for t, dw in zip(np.linspace(t0, t1, n, endpoint=False), draws, strict=True):
        f, g = f_g(place, float(t))
        drift = f if score is None else g * g * score(place, float(t)) - f
        place = place + length * drift + g * dw
    return place
