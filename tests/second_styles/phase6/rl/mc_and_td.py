"""Lists of returns from the start, TD as a weighted mean, the fixed point as LSTD over one-hot features."""

import math

import numpy as np

Episode = list[tuple[int, float, int, bool]]


def _discounted(rewards: list[float], gamma: float) -> float:
    if gamma > 1 or gamma < 0:
        raise ValueError("gamma")
    return math.fsum(r * gamma**k for k, r in enumerate(rewards))


def mc_first_visit(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    _discounted([], gamma)
    found: list[list[float]] = [[] for _ in range(S)]
    for episode in episodes:
        seen = set()
        for t, step in enumerate(episode):
            if step[0] not in seen:
                seen.add(step[0])
                found[step[0]].append(_discounted([r for _, r, _, _ in episode[t:]], gamma))
    return np.array([sum(one) / len(one) if one else np.nan for one in found])


def td0(episodes: list[Episode], S: int, gamma: float, alpha: float, v0: np.ndarray) -> np.ndarray:
    _discounted([], gamma)
    if alpha <= 0 or alpha > 1:
        raise ValueError("alpha")
    v = v0.tolist()
    for step in [step for episode in episodes for step in episode]:
        target = step[1]
        if not step[3]:
            target += gamma * v[step[2]]
        v[step[0]] = (1 - alpha) * v[step[0]] + alpha * target
    return np.array(v)


def n_step_return(rewards: list[float], values: list[float], t: int, n: int, gamma: float) -> float:
    if n < 1 or t not in range(len(rewards)) or len(values) - len(rewards) != 1:
        raise ValueError("t, n or values")
    G = _discounted(rewards[t : t + n], gamma)
    if t + n < len(rewards):
        G += gamma**n * values[t + n]
    return G


def batch_td_fixed_point(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    _discounted([], gamma)
    steps = [step for episode in episodes for step in episode]
    names = sorted({s for s, _, _, _ in steps})
    v = np.full(S, np.nan)
    if not steps:
        return v
    features = np.array([[float(s == name) for name in names] for s, _, _, _ in steps])
    after = np.array([[float(s == name and not done) for name in names] for _, _, s, done in steps])
    rewards = np.array([r for _, r, _, _ in steps])
    v[names] = np.linalg.lstsq(features.T @ (features - gamma * after), features.T @ rewards, rcond=None)[0]
    return v
