"""In logs throughout, by logaddexp, and the optimal value as the objective of the optimum."""

import numpy as np


def log(p: np.ndarray) -> np.ndarray:
    return np.array([np.log(one) if one > 0 else -np.inf for one in p])


def check(beta: float) -> None:
    if beta <= 0:
        raise ValueError(beta)


def tilted(ref: np.ndarray, r: np.ndarray, beta: float) -> np.ndarray:
    check(beta)
    logits = log(ref) + r / beta
    return np.exp(logits - np.logaddexp.reduce(logits))


def kl(pi: np.ndarray, ref: np.ndarray) -> float:
    pairs = [(p, q) for p, q in zip(pi, ref, strict=True) if p > 0]
    if any(q == 0 for _, q in pairs):
        return np.inf
    return sum(p * (np.log(p) - np.log(q)) for p, q in pairs)


def objective(pi: np.ndarray, ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    check(beta)
    return (pi * r).sum() - beta * kl(pi, ref)


def optimal_value(ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    return objective(tilted(ref, r, beta), ref, r, beta)


def implied_reward(pi: np.ndarray, ref: np.ndarray, beta: float) -> np.ndarray:
    check(beta)
    if set(np.flatnonzero(pi)) != set(np.flatnonzero(ref)):
        raise ValueError("the supports differ")
    reward = beta * np.array([np.log(p) - np.log(q) if q > 0 else 0.0 for p, q in zip(pi, ref, strict=True)])
    mean = np.average(reward, weights=ref)
    return np.array([one - mean if q > 0 else 0.0 for one, q in zip(reward, ref, strict=True)])


def reward_kl_frontier(ref: np.ndarray, r: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kls, rewards = np.empty(len(betas)), np.empty(len(betas))
    for i, beta in enumerate(betas):
        pi = tilted(ref, r, beta)
        kls[i], rewards[i] = kl(pi, ref), (pi * r).sum()
    return kls, rewards
