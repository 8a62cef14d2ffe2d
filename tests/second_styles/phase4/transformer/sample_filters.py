"""Plain Python loops over ids; draws by the Gumbel trick."""

import math

import numpy as np


def apply_temperature(logits: np.ndarray, tau: float) -> np.ndarray:
    if tau < 0:
        raise ValueError("negative temperature")
    if tau > 0:
        return np.divide(logits, np.asarray(tau, logits.dtype))
    out = [-math.inf] * len(logits)
    out[max(range(len(logits)), key=lambda i: (logits[i], -i))] = 0.0
    return np.array(out, logits.dtype)


def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    if k <= 0:
        raise ValueError("nothing to keep")
    return _only(logits, set(_ranked(logits)[:k]))


def top_p(logits: np.ndarray, mass: float) -> np.ndarray:
    if mass <= 0 or mass > 1:
        raise ValueError("no such mass")
    if mass == 1:
        return np.array(logits)
    best = max(float(x) for x in logits)
    total = math.fsum(math.exp(float(x) - best) for x in logits)
    kept: set[int] = set()
    held = 0.0
    for i in _ranked(logits):
        kept.add(i)
        held += math.exp(float(logits[i]) - best) / total
        if held >= mass:
            break
    return _only(logits, kept)


def min_p(logits: np.ndarray, share: float) -> np.ndarray:
    if not 0 <= share <= 1:
        raise ValueError("no such share")
    bar = float(max(logits)) + (math.log(share) if share > 0 else -math.inf)
    return _only(logits, {i for i, x in enumerate(logits) if x >= bar})


def sample(logits: np.ndarray, rng: np.random.Generator) -> int:
    return int(np.argmax(logits + rng.gumbel(size=len(logits))))


def _ranked(logits: np.ndarray) -> list[int]:
    return sorted(range(len(logits)), key=lambda i: -logits[i])


def _only(logits: np.ndarray, ids: set[int]) -> np.ndarray:
    return np.array([x if i in ids else -math.inf for i, x in enumerate(logits)], logits.dtype)
