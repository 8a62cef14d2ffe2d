"""The linear layer, forward and backward

Nearly all the arithmetic of training happens in this layer: it makes the queries, keys and values, it is both
halves of an MLP, and it scores the vocabulary. Its backward pass is two more matrix products, which is why a
training step costs three forward passes; and whoever gets its shapes right by habit will find the rest of
backpropagation familiar.

    y = x W + b        that is, y[..., j] = sum over i of x[..., i] W[i, j], plus b[j]

Shapes: x (..., d_in), W (d_in, d_out) and b (d_out,) give y (..., d_out), where ... is any number of batch
axes. There may be none: then x is one vector (d_in,). The same W and b serve all positions of the batch. b is
None for a layer without bias.

Some number L, the loss, depends on y. Given dy, the gradient of L with respect to y, `linear_backward`
returns

    dx, dW, db         the gradients of L with respect to x, W and b

each in the shape of what it belongs to; db is None where b was. Nothing is averaged: if L is a mean over the
batch, then dy holds its 1/n already.

`cache` is yours to design: it carries whatever the backward pass needs, and nothing else connects the two
functions. A model calls the forward pass of many layers before the first backward pass, and may go backward
from the same cache more than once.

A batch axis may have size 0: then no example has a say in dW and db, and they are zeros. d_in and d_out are
at least 1. x, W, b and dy share one float dtype, which the results keep. Inputs are not changed.

Shapes that do not fit are a ValueError: an x whose last axis is not d_in, a b that is not (d_out,), and a dy
that has not the shape of y. Not all of them stop numpy, which would rather broadcast.

Prince 2023, section 7.4; Johnson, Backpropagation for a Linear Layer, notes to Stanford's CS231n, 2017.
"""

from typing import Any

import numpy as np


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None) -> tuple[np.ndarray, Any]:
    """y = x W + b (..., d_out) of x (..., d_in), W (d_in, d_out), b (d_out,) or None; and the cache."""
    raise NotImplementedError


def linear_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """dx (..., d_in), dW (d_in, d_out) and db (d_out,) or None, from dy (..., d_out)."""
    raise NotImplementedError
