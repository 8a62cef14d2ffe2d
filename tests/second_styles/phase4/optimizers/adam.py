"""Parameter by parameter, with one tuple of averages each, and the corrections folded into the step size."""

import math
from typing import Any

import numpy as np


def bias(beta: float, t: int) -> float:
    return math.fsum((1 - beta) * beta**age for age in range(t))


def adam(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    t = state.get("t", 0) + 1
    root = math.sqrt(1 - beta2**t)
    rate = lr * root / (1 - beta1**t)
    new_params: list[np.ndarray] = []
    after: dict[str, Any] = {"t": t}
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        m, v = state.get(str(i), (np.zeros_like(p), np.zeros_like(p)))
        m = m + (1 - beta1) * (g - m)
        v = v + (1 - beta2) * (np.square(g) - v)
        after[str(i)] = m, v
        new_params.append(p - rate * m / (np.sqrt(v) + eps * root))
    return new_params, after
