"""Sums over pairs of actions, variance as mean square less squared mean, squared lengths written out."""

import math

import numpy as np


def _policy(h: np.ndarray) -> list[float]:
    top = float(max(h))
    weights = [math.exp(float(x) - top) for x in h]
    return [w / sum(weights) for w in weights]


def _same_shape(h: np.ndarray, r: np.ndarray) -> int:
    if np.shape(h) != np.shape(r):
        raise ValueError("shapes")
    return len(h)


def expected_grad(h: np.ndarray, r: np.ndarray) -> np.ndarray:
    k, pi = _same_shape(h, r), _policy(h)
    return np.array([math.fsum(pi[i] * pi[b] * (r[i] - r[b]) for b in range(k)) for i in range(k)])


def sample_grad(h: np.ndarray, a: int, reward: float, baseline: float) -> np.ndarray:
    if a not in range(len(h)):
        raise ValueError("action")
    g = (baseline - reward) * np.array(_policy(h))
    g[a] += reward - baseline
    return g


def grad_moments(h: np.ndarray, r: np.ndarray, baseline: float) -> tuple[np.ndarray, float]:
    k, pi = _same_shape(h, r), _policy(h)
    rows = [sample_grad(h, a, r[a], baseline) for a in range(k)]
    mean = sum(p * row for p, row in zip(pi, rows, strict=True))
    square = sum(p * row**2 for p, row in zip(pi, rows, strict=True))
    return np.asarray(mean), float(np.sum(square - np.asarray(mean) ** 2))


def optimal_baseline(h: np.ndarray, r: np.ndarray) -> float:
    k, pi = _same_shape(h, r), _policy(h)
    if k == 1:
        return float(r[0])
    weight = [p * ((1 - p) ** 2 + sum(q * q for b, q in enumerate(pi) if b != a)) for a, p in enumerate(pi)]
    return float(sum(w * x for w, x in zip(weight, r, strict=True)) / sum(weight))
