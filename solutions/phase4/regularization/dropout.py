"""The mean of y is x, and its variance is x^2 p / (1 - p): dropout is noise that grows with the signal. Only the mean is
kept, so whatever reads a variance (batch norm behind dropout, say) sees another one in training than in use. Language
models that see each token once have mostly given dropout up, for there is little to memorise; fine-tuning brings it back.
"""

import numpy as np

HINTS = (
    "An array of uniform numbers on [0, 1), compared with p, is an array of independent decisions. Which side of the "
    "comparison has probability p?",
    "Build the mask with its factor once, in the dtype of x. Then forward and backward are the same product.",
    "Check p before you ask whether this is training; the one value p can take and still not divide by is 1.",
)


def dropout_forward(
    x: np.ndarray, p: float, rng: np.random.Generator, train: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """y and the scaled mask, both in the shape of x; x and None where train is False."""
    # wrong: pass  # a p that is no probability of dropping is a ValueError
    # wrong: if not 0 < p < 1:  # p = 0 is allowed: nothing is dropped
    #            raise ValueError(f"p = {p} lies outside [0, 1)")
    # wrong: if not 0 <= p <= 1:  # p = 1 leaves nothing to scale up: the factor would be infinite
    #            raise ValueError(f"p = {p} lies outside [0, 1)")
    # wrong: if train and not 0 <= p < 1:  # a wrong p is refused outside training, too
    #            raise ValueError(f"p = {p} lies outside [0, 1)")
    if not 0 <= p < 1:
        raise ValueError(f"p = {p} lies outside [0, 1)")
    # wrong: pass  # outside training nothing is dropped
    # wrong: if train:  # it is in training that entries are dropped
    #            return x, None
    # wrong: if not train:  # inverted dropout has made up for p in training: there is nothing left to scale here
    #            return x * (1 - p), None
    # wrong: if not train:  # the factor belongs to the entries that survive training, not to the whole network
    #            return x / (1 - p), None
    # wrong: if not train:  # outside training the mask is None
    #            return x, np.ones_like(x)
    # wrong: if not train:  # nothing may be drawn outside training: an evaluation would change the rest of the run
    #            rng.random(x.shape)
    #            return x, None
    if not train:
        return x, None
    # wrong: kept = rng.random(x.shape) < p  # p is the probability of dropping, not of keeping
    # wrong: kept = np.broadcast_to(rng.random(x.shape[1:]) >= p, x.shape)  # every example needs decisions of its own, not one mask for the batch
    # wrong: kept = np.broadcast_to(rng.random((*x.shape[:-1], 1)) >= p, x.shape)  # this drops whole rows: every entry is decided by itself
    # wrong: kept = np.broadcast_to(rng.random((len(x), *[1] * (x.ndim - 1))) >= p, x.shape)  # this drops whole examples: every entry is decided by itself
    # wrong: kept = rng.permutation(x.size).reshape(x.shape) >= p * x.size  # this always drops the same number: entries are to be independent
    # wrong: kept = np.random.random(x.shape) >= p  # all randomness comes from rng, so that a run can be repeated
    # wrong: kept = np.random.default_rng(0).random(x.shape) >= p  # this mask is the same at every step: part of the network is never trained
    # wrong: kept = rng.random(x.shape) >= 0.5  # p is an argument
    kept = rng.random(x.shape) >= p
    # wrong: mask = kept / (1 - p)  # this mask is float64, and so is its product with a float32
    # wrong: mask = kept.astype(x.dtype)  # what survives has to make up for what is dropped, else y is too small on average
    # wrong: mask = (kept * (1 - p)).astype(x.dtype)  # what survives grows, to make up for what is dropped
    # wrong: mask = (kept / p if p else kept).astype(x.dtype)  # a share of 1 - p survives: that is what to divide by
    # wrong: mask = (kept / np.sqrt(1 - p)).astype(x.dtype)  # this keeps the mean square; it is the mean that has to be kept
    # wrong: mask = (kept * x.size / max(kept.sum(), 1)).astype(x.dtype)  # the factor is 1/(1-p), not one over the share that happened to survive
    mask = (kept / (1 - p)).astype(x.dtype)
    # wrong: return np.multiply(x, mask, out=x), mask  # x belongs to the caller, who may need it again
    # wrong: return x * mask, kept  # the mask that is returned holds the factor, for the backward pass
    # wrong: return x * mask, 1 - mask  # the mask that is returned is the one that was used
    # wrong: return x + mask, mask  # the mask multiplies
    return x * mask, mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """dx, in the shape of dy."""
    # wrong: pass  # outside training the mask is None, and the gradient passes as it is
    # wrong: if mask is None:  # a layer that returned x as it was has a gradient
    #            return np.zeros_like(dy)
    if mask is None:
        return dy
    # wrong: return dy * (mask != 0)  # the forward pass has scaled what it kept, so its gradient is scaled, too
    # wrong: return dy  # what was dropped had no say in the loss: its gradient is 0
    # wrong: return dy * mask * mask  # the mask holds its factor already: multiply once
    # wrong: return dy * mask.max(initial=0)  # what was dropped had no say in the loss: its gradient is 0
    # wrong: return dy * np.random.permutation(mask.ravel()).reshape(mask.shape)  # the entries that are dropped are those of the forward pass
    # wrong: return np.multiply(dy, mask, out=dy)  # dy belongs to the caller, who may need it again
    # wrong: return np.divide(dy, mask, out=np.zeros_like(dy), where=mask != 0)  # the derivative of x * mask is mask, not its inverse
    return dy * mask
