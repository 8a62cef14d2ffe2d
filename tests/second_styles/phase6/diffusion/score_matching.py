"""Shares by logaddexp, losses by np.vdot and row by row, the best line from its two normal equations"""

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]


def gmm_score(x: np.ndarray, means: np.ndarray, var: float, weights: np.ndarray) -> np.ndarray:
    if not var > 0:
        raise ValueError(f"no variance of {var}")
    squares = np.stack([np.einsum("nd,nd->n", x - mean, x - mean) for mean in means])  # (k, n)
    logs = np.log(weights)[:, None] - squares / (2 * var)
    shares = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
    return (shares.T @ means - x) / var


def esm_loss(score: Field, target: Field, x: np.ndarray) -> float:
    gap = score(x) - target(x)
    return float(np.vdot(gap, gap)) / (2 * len(x))


def ism_loss(score: Field, jac_trace: Field, x: np.ndarray) -> float:
    s = score(x)
    return float(np.vdot(s, s)) / (2 * len(x)) + float(np.mean(jac_trace(x)))


def dsm_loss(score: Field, x0: np.ndarray, eps: np.ndarray, sigma: float) -> float:
    if not sigma > 0:
        raise ValueError(f"no noise of width {sigma}")
    total = 0.0
    for datum, noise in zip(x0, eps, strict=True):
        gap = score((datum + sigma * noise)[None])[0] + noise / sigma
        total += float(gap @ gap) / 2
    return total / len(x0)


def fit_linear_dsm(x0: np.ndarray, sigma: float) -> tuple[float, float]:
    if not sigma > 0:
        raise ValueError(f"no noise of width {sigma}")
    # E[x^2] a + E[x] b = -E[x eps] / sigma = -1 and E[x] a + b = 0, at x = x0 + sigma eps.
    middle = x0.sum() / len(x0)
    matrix = np.array([[((x0 - middle) ** 2).sum() / len(x0) + sigma**2, 0.0], [middle, 1.0]])
    a, b = np.linalg.solve(matrix, [-1.0, 0.0])
    return float(a), float(b)
