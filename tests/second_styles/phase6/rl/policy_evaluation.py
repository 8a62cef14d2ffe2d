"""Loops over states, and the linear system solved by least squares."""

import numpy as np


def q_from_v(P: np.ndarray, R: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    if gamma < 0 or gamma >= 1 or gamma != gamma:
        raise ValueError("gamma")
    q = np.empty(R.shape)
    for s in range(R.shape[0]):
        for a in range(R.shape[1]):
            q[s, a] = R[s, a] + sum(gamma * P[s, a, t] * v[t] for t in range(len(v)))
    return q


def bellman_residual(v: np.ndarray, P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> float:
    q = q_from_v(P, R, v, gamma)
    return max(abs(float(pi[s] @ q[s] - v[s])) for s in range(len(v)))


def evaluate_exact(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> np.ndarray:
    r = q_from_v(P, R, np.zeros(len(R)), gamma)
    system = np.stack([np.eye(len(R))[s] - gamma * (pi[s] @ P[s]) for s in range(len(R))])
    return np.linalg.lstsq(system, np.array([pi[s] @ r[s] for s in range(len(R))]), rcond=None)[0]


def evaluate_iterative(
    P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float, tol: float
) -> tuple[np.ndarray, int]:
    if not tol > 0:
        raise ValueError("tol")
    v = np.zeros(len(R))
    sweeps = 0
    while True:
        q = q_from_v(P, R, v, gamma)
        new = np.array([sum(pi[s, a] * q[s, a] for a in range(q.shape[1])) for s in range(len(v))])
        sweeps += 1
        if all(abs(new[s] - v[s]) < tol for s in range(len(v))):
            return new, sweeps
        v = new
