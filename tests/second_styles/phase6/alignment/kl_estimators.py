"""A series near zero, moments outcome by outcome, and the expected gradients in closed form."""

import numpy as np

from solutions.phase4.mlp.stable_softmax_ce import log_softmax


def k1(logr: np.ndarray) -> np.ndarray:
    return np.negative(logr)


def k2(logr: np.ndarray) -> np.ndarray:
    return np.square(logr) / 2


def k3(logr: np.ndarray) -> np.ndarray:
    small = np.abs(logr) < 1e-2
    x = np.where(small, logr, 0)
    series = x**2 / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6))))
    return np.where(small, series, np.exp(logr) - 1 - logr).astype(logr.dtype)


def exact_moments(q: np.ndarray, p: np.ndarray, which: str) -> tuple[float, float]:
    if q.shape != p.shape or which not in {"k1", "k2", "k3"}:
        raise ValueError("shapes or name")
    first = second = 0.0
    for a, b in zip(q.tolist(), p.tolist(), strict=True):
        if a > 0:
            logr = np.array([np.log(b) - np.log(a)])
            (k,) = {"k1": k1, "k2": k2, "k3": k3}[which](logr).tolist()
            first, second = first + a * k, second + a * k * k
    return first, max(second - first * first, 0.0)


def grad_of_expected_estimator(theta: np.ndarray, p: np.ndarray, which: str) -> np.ndarray:
    if theta.shape != p.shape:
        raise ValueError("shapes")
    if which == "k1":
        return np.zeros_like(theta)
    if which == "k2":
        return true_kl_grad(theta, p)
    if which == "k3":
        return np.exp(log_softmax(theta)) - p
    raise ValueError("name")


def true_kl_grad(theta: np.ndarray, p: np.ndarray) -> np.ndarray:
    if theta.shape != p.shape:
        raise ValueError("shapes")
    log_q = log_softmax(theta)
    q = np.exp(log_q)
    jacobian = np.diag(q) - np.outer(q, q)
    return jacobian @ (log_q - np.log(p))
