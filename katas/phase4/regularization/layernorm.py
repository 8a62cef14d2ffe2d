"""Layer norm, forward and backward

Why do transformers use this norm and not batch norm? A token is normalised by its own d features alone. So it
comes out the same in any batch, at any length and in training as in use: nothing has to be remembered, and
one sequence cannot leak into another. Two to a block stand in every GPT, and their backward pass is the first
kernel that people write by hand, since mean and variance depend on every feature.

For each vector along the last axis of x (..., d)

    mean = sum of x / d
    var  = sum of (x - mean)^2 / d
    xhat = (x - mean) / sqrt(var + eps)
    y    = gamma xhat + beta

with gamma and beta (d,), one entry for each feature. The axes in front, the ..., are any number of batch
axes. There may be none: then x is one vector (d,).

Some number L, the loss, depends on y. Given dy, the gradient of L with respect to y, `ln_backward` returns

    dx, dgamma, dbeta    the gradients of L with respect to x, gamma and beta

each in the shape of what it belongs to. mean and var are functions of x, and dx takes that into account.
gamma and beta serve every vector of the batch. Nothing is averaged beyond what the formulas say: if L is a
mean over the batch, then dy holds its 1/n already.

`cache` is yours to design: it carries whatever the backward pass needs, and nothing else connects the two
functions. A model calls the forward pass of many layers before the first backward pass, and may go backward
from the same cache more than once. What becomes of y in the meantime is not your concern: do not count on it.

A change to one vector leaves the y and the dx of the others as they were, to the last bit. A batch axis may
have size 0: then dgamma and dbeta are zeros. d is at least 1; where it is 1, y is beta.

x, gamma, beta and dy share one dtype, float64 or float32, which the results keep; none of them is changed.
gamma may be 0 or negative; a vector may be constant. A float64 x may sit at 1e6 with a spread of 1, where the
mean of x^2 minus mean^2 has lost most of its digits: six digits of every result are asked for.

Shapes that do not fit are a ValueError: a gamma or a beta that is not (d,), and a dy that has not the shape
of y. numpy would broadcast some of them.

Ba, Kiros & Hinton 2016, Layer Normalization; Karpathy, llm.c, doc/layernorm, 2024.
"""

from typing import Any

import numpy as np


def ln_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, Any]:
    """y (..., d) of x (..., d), gamma (d,) and beta (d,); and the cache."""
    raise NotImplementedError


def ln_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx (..., d), dgamma (d,) and dbeta (d,), from dy (..., d)."""
    raise NotImplementedError
