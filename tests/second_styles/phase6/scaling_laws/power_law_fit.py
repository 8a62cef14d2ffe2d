"""Normal equations by QR, and a golden section for the floor"""

import math
from collections.abc import Sequence

import numpy as np


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    Q, R = np.linalg.qr(np.stack([np.ones_like(x), -np.log(x)], axis=1))
    intercept, k = np.linalg.solve(R, Q.T @ np.log(y))
    return math.exp(intercept), float(k)


def _refuse(x: np.ndarray, y: np.ndarray, least: int) -> None:
    if x.shape != y.shape or any(one <= 0 for one in [*x, *y]) or len(set(x.tolist())) < least:
        raise ValueError("these runs fix no law")


def fit_power(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    _refuse(x, y, 2)
    return _fit(x, y)


def fit_power_floor(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    _refuse(x, y, 3)

    def error(share: float) -> float:
        E = share * float(y.min())
        a, k = _fit(x, y - E)
        return sum((math.log(E + a * s**-k) - math.log(t)) ** 2 for s, t in zip(x, y, strict=True))

    golden = (math.sqrt(5) - 1) / 2
    low, high = 0.0, 1.0
    left, right = high - golden, low + golden
    at_left, at_right = error(left), error(right)
    while high - low > 1e-8:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = error(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = error(right)
    E = (low + high) / 2 * float(y.min())
    return E, *_fit(x, y - E)


def extrapolate(params: Sequence[float], x: np.ndarray) -> np.ndarray:
    if np.any(x <= 0):
        raise ValueError("x is positive")
    E = params[0] if len(params) == 3 else 0.0
    return E + params[-2] * np.exp(-params[-1] * np.log(x))
