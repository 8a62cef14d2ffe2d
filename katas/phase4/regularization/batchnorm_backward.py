"""Batch norm, backward by hand

In most layers an example minds its own business. Here the mean and the variance are made of all of them, so a
gradient that comes in at one row goes out at every row. Follow the three ways by which an entry of x reaches
the loss, and you have understood the chain rule on a graph; layer norm, RMS norm and softmax go the same way.

For each column of x (n, d)

    mean = sum of x / n
    var  = sum of (x - mean)^2 / n
    xhat = (x - mean) / sqrt(var + eps)
    y    = gamma xhat + beta

with gamma and beta (d,). This is batch norm in training; there are no running statistics here.

Some number L, the loss, depends on y. Given dy, the gradient of L with respect to y, `bn_backward` returns

    dx, dgamma, dbeta    the gradients of L with respect to x, gamma and beta

each in the shape of what it belongs to. mean and var are functions of x, and dx takes that into account.
Nothing is averaged beyond what the formulas say: if L is a mean over the batch, then dy holds its 1/n
already. Go back step by step or find the closed form, which fits in a line: both are right.

`cache` is yours to design: it carries whatever the backward pass needs, and nothing else connects the two
functions. A model calls the forward pass of many layers before the first backward pass, and may go backward
from the same cache more than once. What becomes of y in the meantime is not your concern: do not count on it.

n is at least 2 and d at least 1. x, gamma, beta and dy share one dtype, float64 or float32, which the results
keep; none of them is changed. gamma may be 0 or negative; a column may be constant. A column of a float64 x
may sit at 1e6 with a spread of 1, where the mean of x^2 minus mean^2 has lost most of its digits: six
digits of every result are asked for.

Shapes that do not fit are a ValueError: a gamma or a beta that is not (d,), and a dy that has not the shape
of y. numpy would broadcast some of them.

Ioffe & Szegedy 2015, section 3; assignment 2 of Stanford's CS231n, 2017.
"""

from typing import Any

import numpy as np


def bn_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, Any]:
    """y (n, d) of x (n, d), gamma (d,) and beta (d,); and the cache."""
    raise NotImplementedError


def bn_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx (n, d), dgamma (d,) and dbeta (d,), from dy (n, d)."""
    raise NotImplementedError
