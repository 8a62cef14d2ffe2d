"""Value iteration judged by the residual of v; policies as lists, evaluated by sweeps."""

import math

import numpy as np

from solutions.phase6.rl.policy_evaluation import evaluate_iterative, q_from_v


def _log_sum(row: list[float], alpha: float) -> float:
    top = max(row)
    return top + alpha * math.log(math.fsum(math.exp((x - top) / alpha) for x in row))


def _first(row: list[float]) -> int:
    return next(a for a, x in enumerate(row) if x > max(row) - 1e-9)


def value_iteration(P: np.ndarray, R: np.ndarray, gamma: float, tol: float) -> tuple[np.ndarray, np.ndarray]:
    if not tol > 0:
        raise ValueError("tol")
    v = R.max(1)
    q = q_from_v(P, R, v, gamma)
    while max(abs(q.max(1) - v)) > tol * (1 - gamma):  # then v itself is near enough, without another sweep
        v = q.max(1)
        q = q_from_v(P, R, v, gamma)
    return v, np.array([_first(row) for row in q.tolist()])


def policy_iteration(P: np.ndarray, R: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray, int]:
    policy = [0] * len(R)
    for count in range(R.shape[1] ** len(R)):
        table = np.zeros_like(R)
        for s, a in enumerate(policy):
            table[s, a] = 1.0
        v, _ = evaluate_iterative(P, R, table, gamma, 1e-13) if gamma < 0.99 else _solved(P, R, policy, gamma)
        q = q_from_v(P, R, v, gamma).tolist()
        better = [s for s, a in enumerate(policy) if q[s][a] < max(q[s]) - 1e-9]
        if not better:
            return np.array(policy), v, count
        for s in better:
            policy[s] = _first(q[s])
    raise AssertionError("unreachable")


def _solved(P: np.ndarray, R: np.ndarray, policy: list[int], gamma: float) -> tuple[np.ndarray, int]:
    rows = range(len(R))
    return np.linalg.solve(np.eye(len(R)) - gamma * P[rows, policy], R[rows, policy]), 0


def soft_value_iteration(
    P: np.ndarray, R: np.ndarray, gamma: float, alpha: float, tol: float
) -> tuple[np.ndarray, np.ndarray]:
    if not (alpha > 0 and tol > 0):
        raise ValueError("alpha or tol")
    v = np.zeros(len(R))
    distance = math.inf
    while distance > tol:
        q = q_from_v(P, R, v, gamma).tolist()
        new = np.array([_log_sum(row, alpha) for row in q])
        distance, v = float(np.abs(new - v).max()) / (1 - gamma), new
    rows = q_from_v(P, R, v, gamma).tolist()
    return v, np.array([[math.exp((x - _log_sum(row, alpha)) / alpha) for x in row] for row in rows])
