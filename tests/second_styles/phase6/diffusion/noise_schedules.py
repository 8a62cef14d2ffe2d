"""Logarithms, expm1 and sines, one step at a time"""

import itertools
import math

import numpy as np


def linear_betas(T: int, b1: float = 1e-4, bT: float = 0.02) -> np.ndarray:
    if T <= 0:
        raise ValueError("no steps")
    return np.array([b1 if i == 0 else b1 * (T - 1 - i) / (T - 1) + bT * i / (T - 1) for i in range(T)])


def cosine_betas(T: int, s: float = 0.008, max_beta: float = 0.999) -> np.ndarray:
    if T <= 0:
        raise ValueError("no steps")
    angle = [(i / T + s) / (1 + s) * math.pi / 2 for i in range(T + 1)]
    falls = [math.sin(b - a) * math.sin(b + a) / math.cos(a) ** 2 for a, b in itertools.pairwise(angle)]
    return np.clip(falls, None, max_beta)


def _log_alpha_bar(betas: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log1p(-betas).cumsum()


def alpha_bar(betas: np.ndarray) -> np.ndarray:
    return np.exp(_log_alpha_bar(betas))


def snr(betas: np.ndarray) -> np.ndarray:
    logs = _log_alpha_bar(betas)
    return np.exp(logs) / -np.expm1(logs)


def rescale_zero_terminal(betas: np.ndarray) -> np.ndarray:
    if betas.shape == (1,):
        raise ValueError("a single step")
    roots = np.exp(_log_alpha_bar(betas) / 2)
    moved = roots[0] * (1 - (roots[0] - roots) / (roots[0] - roots[-1]))
    ratios = [moved[0], *(moved[i] / moved[i - 1] for i in range(1, len(moved)))]
    return np.array([(1 - ratio) * (1 + ratio) for ratio in ratios])
