"""Lists of rewards, one draw from the whole distribution over arms, and ties settled by sorting."""

import math

import numpy as np


class EpsGreedy:
    def __init__(self, k: int, eps: float, rng: np.random.Generator, step: float | None = None) -> None:
        if k < 1 or eps < 0 or eps > 1 or (step is not None and (step <= 0 or step > 1)):
            raise ValueError("k, eps or step")
        self.k, self.eps, self.rng, self.step = k, eps, rng, step
        self.rewards: list[list[float]] = [[] for _ in range(k)]

    @property
    def q(self) -> np.ndarray:
        if self.step is None:
            return np.array([sum(one) / len(one) if one else 0.0 for one in self.rewards])
        return np.array([nonstationary_weights(self.step, len(one)) @ [0.0, *one] for one in self.rewards])

    def act(self) -> int:
        q = self.q
        best = q >= q.max()
        p = self.eps / self.k + (1 - self.eps) * best / best.sum()
        return int(np.searchsorted(np.cumsum(p / p.sum())[:-1], self.rng.random(), side="right"))

    def update(self, a: int, r: float) -> None:
        self.rewards[a].append(r)


class UCB1:
    def __init__(self, k: int, c: float = 2.0) -> None:
        if k < 1 or c < 0:
            raise ValueError("k or c")
        self.c, self.sums, self.counts = c, [0.0] * k, [0] * k

    @property
    def q(self) -> np.ndarray:
        return np.array([s / max(n, 1) for s, n in zip(self.sums, self.counts, strict=True)])

    def act(self) -> int:
        def bound(a: int) -> float:
            if not self.counts[a]:
                return math.inf
            log_t = math.log(sum(self.counts))
            return self.sums[a] / self.counts[a] + math.sqrt(self.c * log_t / self.counts[a])

        return min(range(len(self.counts)), key=lambda a: (-bound(a), a))

    def update(self, a: int, r: float) -> None:
        self.counts[a] += 1
        self.sums[a] += r


def nonstationary_weights(alpha: float, n: int) -> np.ndarray:
    if n < 0 or alpha <= 0 or alpha > 1:
        raise ValueError("alpha or n")
    weights = [1.0]
    for _ in range(n):
        weights = [(1 - alpha) * w for w in weights] + [alpha]
    return np.array(weights)
