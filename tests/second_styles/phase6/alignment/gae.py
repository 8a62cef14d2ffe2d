"""The lam-return of each environment by itself, from mixing the next value and the next return."""

import numpy as np


def gae(
    rewards: np.ndarray,
    values: np.ndarray,
    last_value: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    final_values: np.ndarray,
    gamma: float,
    lam: float,
) -> tuple[np.ndarray, np.ndarray]:
    T, N = check(rewards)
    for table in (values, terminated, truncated, final_values):
        if table.shape != (T, N):
            raise ValueError("a table is not (T, N)")
    if last_value.shape != (N,):
        raise ValueError("last_value is not (N,)")
    if min(gamma, lam) < 0 or max(gamma, lam) > 1:
        raise ValueError("no discount")
    returns = np.empty((T, N), rewards.dtype)
    for n in range(N):
        for t in range(T - 1, -1, -1):
            if terminated[t, n]:
                ahead = 0.0
            elif truncated[t, n]:
                ahead = final_values[t, n]
            elif t == T - 1:
                ahead = last_value[n]
            else:
                ahead = (1 - lam) * values[t + 1, n] + lam * returns[t + 1, n]
            returns[t, n] = rewards[t, n] + gamma * ahead
    return returns - values, returns


def check(rewards: np.ndarray) -> tuple[int, ...]:
    if rewards.ndim != 2:
        raise ValueError("rewards are not (T, N)")
    return rewards.shape
