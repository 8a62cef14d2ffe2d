"""hypot for squares and a root, and new arrays throughout."""

import math
from collections.abc import Sequence

import numpy as np

Grads = Sequence[np.ndarray | None]


def global_norm(grads: Grads) -> float:
    norm = 0.0
    for g in grads:
        for entry in [] if g is None else np.ravel(g).tolist():
            norm = math.hypot(norm, entry)
    return norm


def clip(grads: Grads, max_norm: float) -> tuple[list[np.ndarray | None], float]:
    if math.isnan(max_norm) or max_norm <= 0:
        raise ValueError("max_norm")
    norm = global_norm(grads)
    factor = max_norm / norm if math.isfinite(norm) and norm > max_norm else None
    clipped: list[np.ndarray | None] = []
    for g in grads:
        if g is None or factor is None:
            clipped.append(None if g is None else g.copy())
        else:
            clipped.append((g.astype(np.float64) * factor).astype(g.dtype))
    return clipped, norm
