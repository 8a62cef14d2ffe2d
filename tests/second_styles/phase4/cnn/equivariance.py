"""Rolled rows, the average over the group, the transform by its matrix, and every shift tried."""

from collections.abc import Callable

import numpy as np


def circulant(w: np.ndarray, n: int) -> np.ndarray:
    if len(w) > n:
        raise ValueError("the kernel does not fit")
    row = np.concatenate([w, np.zeros(n - len(w))])
    return np.stack([np.roll(row, i) for i in range(n)])


def project_to_equivariant(M: np.ndarray) -> np.ndarray:
    return np.mean([np.roll(M, (s, s), (0, 1)) for s in range(len(M))], axis=0)


def eigen_by_fft(w: np.ndarray, n: int) -> np.ndarray:
    if len(w) > n:
        raise ValueError("the kernel does not fit")
    return np.exp(2j * np.pi * np.outer(np.arange(n), np.arange(len(w))) / n) @ w


def is_equivariant(
    f: Callable[[np.ndarray], np.ndarray], n: int, rng: np.random.Generator, tol: float = 1e-9
) -> bool:
    worst = 0.0
    for x in rng.standard_normal((20, n)):
        y = f(x)
        worst = max(worst, *(np.abs(f(np.roll(x, s)) - np.roll(y, s)).max() for s in range(n)))
    return worst <= tol
