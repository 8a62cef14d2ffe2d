"""A vector of probabilities for each draw; all three targets are computed, and one is used"""

from typing import Protocol

import numpy as np


class World(Protocol):
    states: int
    actions: int

    def reset(self) -> int: ...

    def step(self, action: int) -> tuple[int, float, bool]: ...


def chances(row: np.ndarray, eps: float) -> np.ndarray:
    if eps < 0 or eps > 1:
        raise ValueError("no probability")
    best = row >= max(row)
    return np.where(best, (1 - eps) / best.sum(), 0.0) + eps / row.size


def sarsa_target(r: float, q_next: np.ndarray, a_next: int, gamma: float, done: bool) -> float:
    return r + gamma * (not done) * q_next[a_next]


def q_target(r: float, q_next: np.ndarray, gamma: float, done: bool) -> float:
    return r + gamma * (not done) * sorted(q_next)[-1]


def expected_sarsa_target(r: float, q_next: np.ndarray, gamma: float, done: bool, eps: float) -> float:
    return r + gamma * (not done) * float(np.dot(chances(q_next, eps), q_next))


def learn(
    env: World, algo: str, episodes: int, alpha: float, gamma: float, eps: float, rng: np.random.Generator
) -> np.ndarray:
    if algo not in {"sarsa", "q_learning", "expected_sarsa"} or not 0 <= eps <= 1:
        raise ValueError("cannot learn like this")
    table: list[list[float]] = [[0.0] * env.actions for _ in range(env.states)]

    def pick(s: int) -> int:
        row = np.array(table[s])
        return int(np.searchsorted(np.cumsum(chances(row, eps))[:-1], rng.random(), side="right"))

    for _ in range(episodes):
        s, a, done = env.reset(), -1, False
        while not done:
            if a < 0:
                a = pick(s)
            following, r, done = env.step(a)
            row = np.array(table[following])
            after = pick(following) if algo == "sarsa" and not done else -1
            targets = {
                "sarsa": sarsa_target(r, row, after, gamma, done),
                "q_learning": q_target(r, row, gamma, done),
                "expected_sarsa": expected_sarsa_target(r, row, gamma, done, eps),
            }
            table[s][a] = (1 - alpha) * table[s][a] + alpha * targets[algo]
            s, a = following, after
    return np.array(table)
