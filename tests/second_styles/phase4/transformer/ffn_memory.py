"""Pairs by a loop, the gain in the values instead of the keys, and the edit as a projection."""

import numpy as np


def interference(keys: np.ndarray) -> float:
    largest = -1.0
    for i in range(len(keys)):
        for j in range(i):
            largest = max(largest, float(np.sum(keys[i] * keys[j])))
    return largest


def store(keys: np.ndarray, values: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if keys.shape[0] != values.shape[0]:
        raise ValueError("a value for each key")
    if not margin > 0 or 1 - margin < interference(keys):
        raise ValueError("facts would disturb one another")
    threshold = np.asarray(margin - 1, keys.dtype)
    return np.array(keys.T), np.repeat(threshold, len(keys)), (values / margin).astype(values.dtype)


def edit(W2: np.ndarray, act: np.ndarray, new_value: np.ndarray) -> np.ndarray:
    n, dv = W2.shape
    if act.shape != (n,) or new_value.shape != (dv,):
        raise ValueError("shapes")
    length = np.linalg.norm(act)
    if length == 0:
        raise ValueError("nothing is read out")
    u = act / length
    others = np.eye(n, dtype=W2.dtype) - np.outer(u, u)  # what act does not read out stays
    return others @ W2 + np.outer(u, new_value / length)
