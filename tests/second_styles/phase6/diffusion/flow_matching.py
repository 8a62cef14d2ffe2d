"""The conditional field by way of the noise, the marginal one as an average, one datum at a time"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def ot_path(
    x0: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    fading = 1 - smin

    def along(time: Any) -> Any:
        return 1 - fading * np.asarray(time)

    return affine_path(x0, x1, t, np.asarray, along, np.ones_like, lambda time: np.full_like(time, -fading))


def affine_path(
    x0: np.ndarray,
    x1: np.ndarray,
    t: float | np.ndarray,
    alpha: Callable[[Any], Any],
    sigma: Callable[[Any], Any],
    dalpha: Callable[[Any], Any],
    dsigma: Callable[[Any], Any],
) -> tuple[np.ndarray, np.ndarray]:
    times = np.broadcast_to(np.asarray(t, dtype=float), len(x0))
    pairs = zip(times, x0, x1, strict=True)
    rows = [
        (alpha(one) * datum + sigma(one) * noise, dalpha(one) * datum + dsigma(one) * noise)
        for one, noise, datum in pairs
    ]
    places, velocities = zip(*rows, strict=True)
    return np.array(places), np.array(velocities)


def conditional_field(x: np.ndarray, x1: np.ndarray, t: float | np.ndarray, smin: float = 0.0) -> np.ndarray:
    fading, times = 1 - smin, np.broadcast_to(t, len(x))
    noise = np.array([(x[i] - times[i] * x1[i]) / (1 - fading * times[i]) for i in range(len(x))])
    return x1 - fading * noise


def marginal_field(x: np.ndarray, t: float, data: np.ndarray) -> np.ndarray:
    if t < 0 or t >= 1:
        raise ValueError(f"no velocity at time {t}")
    result = np.empty(x.shape)
    for i, place in enumerate(x):
        noises = [(place - t * datum) / (1 - t) for datum in data]
        energies = [float(noise @ noise) / 2 for noise in noises]
        odds = [math.exp(min(energies) - energy) for energy in energies]
        fields = [datum - noise for datum, noise in zip(data, noises, strict=True)]
        result[i] = np.average(fields, axis=0, weights=odds)
    return result


def velocity_to_score(u: np.ndarray, x: np.ndarray, t: float | np.ndarray) -> np.ndarray:
    left = (1 - np.broadcast_to(t, len(x))).reshape(len(x), *[1] * (x.ndim - 1))
    noise = x - (1 - left) * u
    return -noise / left
