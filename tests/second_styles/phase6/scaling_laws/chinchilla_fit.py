"""Gauss-Newton with weights and damping, and a Huber loss without cases"""

from collections.abc import Sequence

import numpy as np


def huber(r: np.ndarray, delta: float = 1e-3) -> np.ndarray:
    inside = np.minimum(np.abs(r), delta)
    return inside * (np.abs(r) - inside / 2)


def _residuals(
    theta: Sequence[float] | np.ndarray, N: np.ndarray, D: np.ndarray, loss: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """r (n,) and its Jacobian (n, 5)."""
    a, b, e, alpha, beta = theta
    n, d = np.log(N), np.log(D)
    terms = [a - alpha * n, b - beta * d, e + 0 * n]
    log_sum = np.logaddexp(np.logaddexp(terms[0], terms[1]), terms[2])
    first, second, third = (np.exp(term - log_sum) for term in terms)
    return log_sum - np.log(loss), np.stack([first, second, third, -first * n, -second * d], axis=1)


def objective(
    theta: Sequence[float] | np.ndarray, N: np.ndarray, D: np.ndarray, loss: np.ndarray, delta: float = 1e-3
) -> tuple[float, np.ndarray]:
    r, J = _residuals(theta, N, D, loss)
    return float(sum(huber(r, delta))), J.T @ np.where(abs(r) < delta, r, delta * np.sign(r))


def fit(
    N: np.ndarray, D: np.ndarray, loss: np.ndarray, inits: list[tuple[float, float, float, float, float]]
) -> dict[str, float]:
    best, lowest = np.array(inits[0]), np.inf
    for init in inits:
        theta, damping = np.array(init, dtype=float), 1e-2
        value, _ = objective(theta, N, D, loss)
        for _ in range(300):
            r, J = _residuals(theta, N, D, loss)
            weights = 1e-3 / np.maximum(abs(r), 1e-3)
            H = J.T @ (weights[:, None] * J)
            step = np.linalg.solve(H + damping * np.diag(H.diagonal() + 1e-12), -J.T @ (weights * r))
            lower, _ = objective(theta + step, N, D, loss)
            if lower < value:
                theta, value, damping = theta + step, lower, damping / 5
            else:
                damping *= 5
            if damping > 1e12:
                break
        if value < lowest:
            best, lowest = theta, value
    a, b, e, alpha, beta = map(float, best)
    return {"alpha": alpha, "beta": beta, "A": np.exp(a), "B": np.exp(b), "E": np.exp(e)}
