"""One factor for all: clipping changes how far the step goes and never where to. Clipping each array by its own norm, or each
entry by its own size, turns the step, and a turned gradient is the gradient of some other loss.

Adam divides by the size of the gradients anyway, so a clipped spike mostly matters for what it would leave in
the averages.
"""

from collections.abc import Sequence

import numpy as np

Grads = Sequence[np.ndarray | None]

HINTS = (
    "Add up squares over all arrays and take one root at the end. In which dtype are the squares computed?",
    "Three cases give the gradients back as they are: short enough, infinite, not a number. Which single comparison "
    "tells all of them from the one that is left?",
    "A factor that is a Python float keeps the dtype of an array it multiplies; a numpy float64 does not.",
)


def global_norm(grads: Grads) -> float:
    """The Euclidean length of all entries of all arrays together, summed in float64."""
    # wrong: return float(sum(np.sqrt((g.astype(np.float64) ** 2).sum()) for g in grads if g is not None))  # squares add up, norms do not: one root, at the end
    # wrong: return float(np.sqrt(sum(np.float64((g**2).sum()) for g in grads if g is not None)))  # the squares have to be computed in float64 already
    # wrong: return float(np.sqrt(sum((g**2).sum(dtype=np.float64) for g in grads if g is not None)))  # the squares themselves overflow: widen before the square
    # wrong: return float(sum((g.astype(np.float64) ** 2).sum() for g in grads if g is not None))  # the root is missing
    # wrong: return float(max((np.abs(g).max(initial=0) for g in grads if g is not None), default=0.0))  # this is the largest entry; the norm is the length of all
    # wrong: return float(sum(np.abs(g.astype(np.float64)).sum() for g in grads if g is not None))  # this is the sum of sizes; the length has squares in it
    # wrong: return float(np.sqrt(np.mean([(g.astype(np.float64) ** 2).sum() for g in grads if g is not None] or [0])))  # the arrays add up, nothing is averaged
    # wrong: return float(np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in grads if g is not None and g.ndim > 0)))  # a single number is a parameter, too
    return float(np.sqrt(sum((g.astype(np.float64) ** 2).sum() for g in grads if g is not None)))


def clip(grads: Grads, max_norm: float) -> tuple[list[np.ndarray | None], float]:
    """The gradients, shortened to max_norm where they are longer, and their norm before that."""
    # wrong: pass  # a max_norm that is not above 0 is a ValueError
    # wrong: if max_norm < 0:  # 0 would stop the training: it is refused, too
    #            raise ValueError(f"max_norm = {max_norm}")
    # wrong: if max_norm <= 0:  # nan is not above 0 either, and no comparison with it is true
    #            raise ValueError(f"max_norm = {max_norm}")
    if not max_norm > 0:
        raise ValueError(f"max_norm = {max_norm} is not above 0")
    norm = global_norm(grads)
    # wrong: if norm == 0:  # short gradients stay as they are: clipping never makes one longer
    #            return list(grads), norm
    # wrong: if norm <= max_norm:  # an infinite norm, or nan, leaves no direction to keep: the gradients stay as they are
    #            return list(grads), norm
    # wrong: if not np.isfinite(norm):  # short gradients stay as they are: clipping never makes one longer
    #            return list(grads), norm
    # wrong: if not max_norm < norm < np.inf:  # None keeps its place: what comes back belongs to the same parameters
    #            return [g for g in grads if g is not None], norm
    # wrong: if not max_norm < norm < np.inf:  # the norm that is returned is the one before clipping, whatever it is
    #            return list(grads), min(norm, max_norm)
    # wrong: if norm <= max_norm:  # gradients that are not finite come back as they were, for the loop to see
    #            return list(grads), norm
    #        if not np.isfinite(norm):
    #            return [None if g is None else np.zeros_like(g) for g in grads], norm
    if not max_norm < norm < np.inf:
        return list(grads), norm
    # wrong: scale = max_norm / (norm + 1e-6)  # torch has an eps here; this kata does not: the new norm is exactly max_norm
    # wrong: scale = max_norm  # divide by the norm, too
    # wrong: scale = max_norm / norm**2  # the norm once, not its square
    # wrong: scale = (max_norm / norm) ** 0.5  # the norm is proportional to the factor itself
    # wrong: scale = np.float64(max_norm / norm)  # a numpy float64 makes float64 of a float32: keep the dtype
    scale = max_norm / norm
    # wrong: return [g if g is None else g * min(1.0, max_norm / global_norm([g])) for g in grads], norm  # each array by its own norm turns the step: one factor for all
    # wrong: return [g if g is None else np.clip(g, -max_norm, max_norm) for g in grads], norm  # clipping each entry turns the step: one factor for all
    # wrong: return [g * scale for g in grads if g is not None], norm  # None keeps its place: what comes back belongs to the same parameters
    # wrong: return [g if g is None else g * scale for g in grads], norm * scale  # the norm that is returned is the one before clipping
    # wrong: return [g if g is None else np.multiply(g, scale, out=g) for g in grads], norm  # the gradients belong to the caller: return new arrays
    # wrong: return [np.zeros(()) if g is None else g * scale for g in grads], norm  # None stays None
    return [None if g is None else g * scale for g in grads], norm
