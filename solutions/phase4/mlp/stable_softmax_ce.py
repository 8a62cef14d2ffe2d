"""The gradient is `softmax - onehot`, divided by the number of positions: the most used formula of deep learning. Fused
kernels compute loss and gradient in one pass over the logits, because for a vocabulary of 100,000 the logits
are the largest tensor of the whole model.
"""

import numpy as np

HINTS = (
    "log sum exp(x) = m + log sum exp(x - m) for any m. Which m keeps every exponent at or below 0? One for each row.",
    "keepdims=True lets the maximum be subtracted whatever the axis. If the maximum is -inf, the difference would be "
    "-inf - -inf = nan: subtract 0 there instead.",
    "For the loss, flatten all leading axes, keep the positions that count, and pick one log-probability from each row "
    "with two index arrays.",
    "The derivative of -log_softmax(x)_t with respect to x is softmax(x) minus a one-hot row at t. The loss is a mean, so "
    "divide by the number of positions that count.",
)


def logsumexp(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """log of the sum of exp(x) along `axis`, which is dropped from the shape."""
    # wrong: return np.log(np.exp(x).sum(axis))  # exp overflows: subtract the maximum first
    # wrong: top = x.max()  # one maximum for the whole array lets the other rows underflow to -inf
    top = x.max(axis, keepdims=True)
    # wrong: pass  # -inf - -inf is nan: a row without any finite logit needs care
    top = np.where(np.isfinite(top), top, 0)
    # wrong: return np.log(np.exp(x - top).sum(axis, keepdims=True)) + top  # the axis is dropped from the shape
    # wrong: return np.log(np.exp(x - top).sum(axis))  # the maximum that was subtracted has to be added again
    with np.errstate(divide="ignore"):  # log(0) = -inf is the right answer for an empty row
        return np.log(np.exp(x - top).sum(axis)) + top.squeeze(axis)


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """x minus its logsumexp along `axis`; same shape and dtype as x."""
    # wrong: return x - logsumexp(x)[..., None]  # the axis argument is not used
    # wrong: top = np.exp(x - x.max(axis, keepdims=True))  # log of a softmax that underflowed is -inf
    #        return np.log(top / top.sum(axis, keepdims=True))
    # wrong: return (x - np.expand_dims(logsumexp(x, axis), axis)).astype(np.float64)  # float32 goes in, float64 comes out
    return x - np.expand_dims(logsumexp(x, axis), axis)


def cross_entropy(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> float:
    """Mean over the counted positions of -log_softmax(logits)[target]; logits (..., C), targets (...)."""
    rows, kept, _ = _flat(logits, targets, ignore_index)
    # wrong: picked = log_softmax(rows, axis=0)[np.arange(len(kept)), kept]  # classes are on the last axis
    picked = log_softmax(rows)[np.arange(len(kept)), kept]
    # wrong: return float(-picked.sum() / targets.size)  # the mean is over the positions that count, not over all
    # wrong: return float(-picked.sum())  # a mean over positions, not a sum
    # wrong: return float(picked.mean())  # the loss is minus the log-probability
    # wrong: return float(-picked.mean() / rows.shape[-1])  # the mean is over positions, not over classes as well
    return float(-picked.mean())


def cross_entropy_grad(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> np.ndarray:
    """Gradient of `cross_entropy` with respect to the logits (..., C): zero rows at ignored positions."""
    rows, kept, counts = _flat(logits, targets, ignore_index)
    probabilities = np.exp(log_softmax(rows))
    # wrong: pass  # the one-hot row of the target is missing
    probabilities[np.arange(len(kept)), kept] -= 1
    # wrong: grad = np.exp(log_softmax(logits))  # ignored positions have no part in the loss: their gradient is 0
    grad = np.zeros_like(logits)
    # wrong: grad[counts] = probabilities  # the loss is a mean: divide by the number of positions that count
    # wrong: grad[counts] = probabilities / counts.size  # divide by the positions that count, not by all of them
    grad[counts] = probabilities / len(kept)
    return grad


def _flat(
    logits: np.ndarray, targets: np.ndarray, ignore_index: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits (n, C) and targets (n,) of the positions that count, and the mask (...) that says which do."""
    counts = targets != ignore_index
    kept = targets[counts]
    # wrong: if not counts.any():  # a target outside [0, C) that is not ignored has to raise
    #            raise ValueError("no position counts, or a target is outside [0, C)")
    # wrong: if ((kept < 0) | (kept >= logits.shape[-1])).any():  # the mean of no position at all is nan: raise instead
    #            raise ValueError("no position counts, or a target is outside [0, C)")
    # wrong: if not counts.any() or (kept >= logits.shape[-1]).any():  # numpy takes index -1 as the last class
    #            raise ValueError("no position counts, or a target is outside [0, C)")
    if not counts.any() or ((kept < 0) | (kept >= logits.shape[-1])).any():
        raise ValueError("no position counts, or a target is outside [0, C)")
    return logits[counts], kept, counts
