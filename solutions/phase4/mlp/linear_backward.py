"""The shapes leave hardly a choice: x^T dy is the only product of x and dy that has the shape of W. What is summed
away is what was shared: the batch shares W and b, so their gradients add up over the batch, while every x has its own.

Count the work: one matrix product forward, two backward, each of 2 n d_in d_out operations. That is the 6 in "a
training step costs 6 operations a parameter and token".
"""

from typing import Any

import numpy as np

HINTS = (
    "Begin with the sum in the statement and one entry: which entries of y does x[..., i] reach, and by which factor? "
    "And W[i, j]? The gradient is the sum over all that it reaches of dy times the factor.",
    "Each gradient is a product in which only one way of putting the matrices fits the shapes. An axis that is not in the "
    "shape of the result has to be summed over.",
    "dW and db do not care how the batch is laid out. Either x and dy first become matrices with one row a position, whether "
    "there are four batch axes or none; or np.tensordot and .sum are told which axes to sum over, perhaps an empty tuple of them.",
)


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, Any]:
    """y = x W + b (..., d_out) of x (..., d_in), W (d_in, d_out), b (d_out,) or None; and the cache."""
    # wrong: y = x @ W.T  # here W is (d_in, d_out): it is used as it stands
    # wrong: y = np.atleast_2d(x) @ W  # a single vector x (d_in,) gives a single vector y (d_out,)
    y = x @ W  # raises ValueError itself where d_in differs
    if b is None:
        return y, (x, W, False)
    # wrong: pass  # a b of another shape than (d_out,) would be broadcast: refuse it
    # wrong: if b.shape[-1] != W.shape[1]:  # a b with a batch axis has the right last axis and is refused all the same
    #            raise ValueError(f"b has shape {b.shape}, W {W.shape}")
    # wrong: if b.shape not in ((1,), W.shape[1:]):  # one number for all outputs is no bias of this layer
    #            raise ValueError(f"b has shape {b.shape}, W {W.shape}")
    if b.shape != W.shape[1:]:
        raise ValueError(f"b has shape {b.shape}, W {W.shape}")
    # wrong: return y, (x, W, True)  # the bias is missing from y
    # wrong: return y + b, (np.zeros_like(x), W, True)  # the backward pass needs the x of the forward pass
    return y + b, (x, W, True)


def linear_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """dx (..., d_in), dW (d_in, d_out) and db (d_out,) or None, from dy (..., d_out)."""
    x, W, has_bias = cache
    # wrong: pass  # a dy with other batch axes than x may have as many numbers, and then nobody notices
    # wrong: if dy.size != x.size // W.shape[0] * W.shape[1]:  # as many numbers as y is not enough: compare the shapes
    #            raise ValueError(f"dy has shape {dy.shape}")
    # wrong: if dy.shape[-1] != W.shape[1]:  # the batch axes of dy have to be those of x, too
    #            raise ValueError(f"dy has shape {dy.shape}")
    if dy.shape != (*x.shape[:-1], W.shape[1]):
        raise ValueError(f"dy has shape {dy.shape}, x {x.shape}, W {W.shape}")
    # wrong: dx = dy @ W  # (..., d_out) times (d_in, d_out) does not fit: on the way back the layer is transposed
    # wrong: dx = dy.reshape(-1, W.shape[1]) @ W.T  # dx has the batch axes of x, all of them
    # wrong: dx = dy @ W.T / (dy.size / W.shape[1])  # nothing is averaged: dy holds the 1/n of a mean already
    dx = dy @ W.T  # (..., d_in)
    batch = tuple(range(x.ndim - 1))  # the axes that share W and b
    # wrong: dW = np.tensordot(dy, x, (batch, batch))  # this is the transpose of dW: W is (d_in, d_out)
    # wrong: dW = np.tensordot(x, dy, (batch, batch)) / max(x.size // len(W), 1)  # the examples add up: dy holds the 1/n of a mean already
    # wrong: dW = x.T @ dy  # .T reverses all axes, so this is right for one batch axis only
    # wrong: dW = np.atleast_2d(x).swapaxes(-1, -2) @ np.atleast_2d(dy)  # one W serves all batch axes: sum over all of them
    # wrong: dW = np.outer(x, dy)  # this is right for a single vector; a batch sums one outer product per position
    dW = np.tensordot(x, dy, (batch, batch))
    # wrong: return dx, dW, dy.sum(batch)  # a layer without a bias has no gradient of one: None
    if not has_bias:
        return dx, dW, None
    # wrong: return dx, dW, dy.sum(0)  # b serves every position: sum over all batch axes, not over the first alone
    # wrong: return dx, dW, dy  # b is shared by the batch: its gradient has the shape (d_out,)
    # wrong: return dx, dW, dy.mean(batch)  # the examples add up: nothing is averaged here
    # wrong: return dx, dW, dy.sum(-1)  # sum over the batch, keep the outputs
    return dx, dW, dy.sum(batch)
