"""Dictionaries and loops; the stationary law as the left eigenvector of the eigenvalue 1."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np


def fit_bigram(ids: list[int], V: int, alpha: float) -> np.ndarray:
    if alpha < 0 or (ids and (min(ids) < 0 or max(ids) >= V)):
        raise ValueError("ids or alpha")
    pairs, firsts = Counter(pairwise(ids)), Counter(ids[:-1])
    P = np.empty((V, V))
    for i in range(V):
        total = firsts[i] + alpha * V
        for j in range(V):
            P[i, j] = (pairs[i, j] + alpha) / total if total else 1 / V
    return P


def nll(P: np.ndarray, ids: list[int]) -> float:
    if len(ids) < 2:
        raise ValueError("no transition")
    costs = [-math.log(P[i, j]) if P[i, j] else math.inf for i, j in pairwise(ids)]
    return math.fsum(costs) / len(costs)


def stationary(P: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eig(P.T)
    pi = np.real(vectors[:, np.argmin(abs(values - 1))])
    return pi / pi.sum()


def entropy_rate(P: np.ndarray) -> float:
    pi = stationary(P)
    rate = 0.0
    for i, row in enumerate(P):
        for p in row:
            if p:
                rate -= pi[i] * p * math.log(p)
    return rate
