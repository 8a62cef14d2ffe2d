"""logsumexp as a chain of logaddexp, two numbers at a time; loss and gradient position by position."""

import functools
import math
from collections.abc import Iterator

import numpy as np


def logsumexp(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return functools.reduce(_logaddexp, np.moveaxis(x, axis, 0))


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    classes = np.moveaxis(x, axis, 0)
    return np.moveaxis(classes - logsumexp(classes, 0), 0, axis)


def cross_entropy(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> float:
    costs = [float(logsumexp(row) - row[t]) for _, row, t in _counted(logits, targets, ignore_index)]
    if not costs:
        raise ValueError("no position counts")
    return math.fsum(costs) / len(costs)


def cross_entropy_grad(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> np.ndarray:
    grad, count = np.zeros_like(logits), 0
    for position, row, target in _counted(logits, targets, ignore_index):
        onehot = np.arange(len(row)) == target
        grad[position] = np.exp(row - logsumexp(row)) - onehot
        count += 1
    if not count:
        raise ValueError("no position counts")
    return grad / count


def _logaddexp(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log(exp(a) + exp(b)), entry by entry."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    gap = np.subtract(low, high, where=high > low, out=np.zeros_like(high))  # 0 also between two -inf
    return high + np.log1p(np.exp(gap))


def _counted(
    logits: np.ndarray, targets: np.ndarray, ignore_index: int
) -> Iterator[tuple[tuple[int, ...], np.ndarray, int]]:
    """(position, logits, target) wherever the target counts."""
    for position in np.ndindex(targets.shape):
        target = int(targets[position])
        if target == ignore_index:
            continue
        if target not in range(logits.shape[-1]):
            raise ValueError(f"target {target}")
        yield position, logits[position], target
