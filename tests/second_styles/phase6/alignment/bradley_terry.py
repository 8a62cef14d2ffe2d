"""Votes one by one, a sigmoid in two pieces, Newton with a step that is halved where it overshoots."""

import math

import numpy as np


def win_prob(ri: float | np.ndarray, rj: float | np.ndarray) -> float | np.ndarray:
    def sigmoid(x: float) -> float:
        if x >= 0:
            return 1 / (1 + math.exp(-x))
        return math.exp(x) / (1 + math.exp(x))

    return np.vectorize(sigmoid, otypes=[float])(np.subtract(ri, rj))


def nll(r: np.ndarray, wins: np.ndarray) -> float:
    check(wins, len(r) if r.ndim == 1 else -1)
    total = 0.0
    for i, j in zip(*wins.nonzero(), strict=True):
        behind = float(r[j] - r[i])
        total += int(wins[i, j]) * (max(behind, 0.0) + math.log1p(math.exp(-abs(behind))))
    return total


def nll_grad(r: np.ndarray, wins: np.ndarray) -> np.ndarray:
    check(wins, len(r) if r.ndim == 1 else -1)
    grad = np.zeros(len(r))
    for i, j in zip(*wins.nonzero(), strict=True):
        surprise = wins[i, j] * win_prob(r[j], r[i])
        grad[i] -= surprise
        grad[j] += surprise
    return grad


def fit(wins: np.ndarray, iters: int = 500) -> np.ndarray:
    n = len(wins)
    check(wins, n)
    if not all(len(beaten_from(start, table)) == n for start in (0,) for table in (wins, wins.T)):
        raise ValueError("some items cannot be reached")
    r = np.zeros(n)
    for _ in range(iters):
        chances = win_prob(r[:, None], r)
        weights = (wins + wins.T) * chances * (1 - chances)
        hessian = np.diag(weights.sum(1)) - weights
        step = np.linalg.lstsq(hessian, nll_grad(r, wins), rcond=None)[0]
        if np.abs(step).max() < 1e-13:
            break
        while nll(r - step, wins) > nll(r, wins) + 1e-9:
            step = step / 2
        r = r - step
    return r - r.mean()


def beaten_from(start: int, wins: np.ndarray) -> set[int]:
    seen, frontier = {start}, [start]
    while frontier:
        for other in wins[frontier.pop()].nonzero()[0].tolist():
            if other not in seen:
                seen.add(other)
                frontier.append(other)
    return seen


def check(wins: np.ndarray, n: int) -> None:
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or len(wins) != n:
        raise ValueError("shapes")
    if wins.min() < 0:
        raise ValueError("negative counts")
