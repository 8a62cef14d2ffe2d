"""The double sums written out, one action after another; one-hot vectors by np.add.at"""

import itertools
from collections.abc import Sequence

import numpy as np


def returns_to_go(rewards: Sequence[float] | np.ndarray, gamma: float) -> np.ndarray:
    if gamma < 0 or gamma > 1:
        raise ValueError("no discount")
    backward = itertools.accumulate(
        (float(r) for r in reversed(rewards)), lambda following, r: r + gamma * following
    )
    return np.array(list(backward)[::-1], dtype=np.float64)


def probabilities(theta: np.ndarray) -> np.ndarray:
    """1 / sum of exp(theta[b] - theta[a]) over b: no row needs a largest logit."""
    gaps = np.clip(theta[:, None, :] - theta[:, :, None], None, 700)
    return 1 / np.exp(gaps).sum(-1)


def reinforce_grad(
    episode: list[tuple[int, int, float]], theta: np.ndarray, gamma: float, baseline: np.ndarray
) -> np.ndarray:
    G = returns_to_go([step[2] for step in episode], gamma)
    grad = np.zeros_like(theta, dtype=np.float64)
    if len(episode):
        s, a = np.array([step[:2] for step in episode], dtype=int).T
        weight = gamma ** np.arange(len(G)) * (G - baseline[s])
        np.add.at(grad, (s, a), weight)
        np.subtract.at(grad, s, weight[:, None] * probabilities(theta)[s])
    return grad


def exact_grad(P: np.ndarray, R: np.ndarray, theta: np.ndarray, gamma: float, mu0: np.ndarray) -> np.ndarray:
    if gamma < 0 or gamma >= 1:
        raise ValueError("no discount")
    S, A = theta.shape
    pi = probabilities(theta)
    chain = (pi[:, :, None] * P).sum(1)
    reached = np.linalg.inv(np.eye(S) - gamma * chain)  # (S, S): discounted visits to s' from s
    q = R + gamma * P @ (reached @ (pi * R).sum(1))
    grad = np.zeros((S, A))
    for s, a, b in itertools.product(range(S), range(A), range(A)):
        grad[s, b] += (mu0 @ reached)[s] * pi[s, a] * q[s, a] * ((a == b) - pi[s, b])
    return grad
