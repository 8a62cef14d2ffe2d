"""Vector-Jacobian products under broadcasting

The Jacobian of a product of two 1000 x 1000 matrices has 10^12 entries, and nobody ever forms it. Each
operation of an autograd engine takes g, the gradient of the loss with respect to its result, and hands back
the gradients with respect to its inputs: g times the Jacobian, computed without it. Most shape errors in such
engines come from broadcasting, which uses an entry of an input in many places.

If y is the result, and g a fixed array of the shape of y, the gradients asked for are those of sum(g * y):

    mul_vjp       y = a * b
    matmul_vjp    y = a @ b, with a (..., n, k) and b (..., k, m): two axes at least, batch axes ... broadcast
    sum_vjp       y = x.sum(axis, keepdims=keepdims), with x of shape x_shape

Each gradient has exactly the shape of its input. Shapes broadcast by numpy's rules: they are aligned at the
last axis, axes that are missing in front are added, axes of size 1 are stretched.

`unbroadcast` is what they share. Let an array of the given `shape` be broadcast to the shape of g, and g be
the gradient of what came out. It returns the gradient of the array that went in: at each entry the sum of g
over all places where that entry went. It may return g itself where there is nothing to sum.

In `sum_vjp` axis is an int, which may be negative, a tuple of such ints, or None for all axes. Its result is
an array of its own, not a view of g, so that gradients may be added to it in place.

Any axis may have size 0; a sum of nothing is 0. A numpy scalar counts as an array of shape (), both going in
and coming out. All arrays of a call share one float dtype, which the results keep. Inputs are not changed.
All shapes fit: nothing needs to raise.

Baydin et al. 2018, section 3.2; minitorch, module 2; CMU 10-714, homework 1.
"""

import numpy as np


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """g summed over all axes that broadcasting from `shape` has added or stretched; of that shape."""
    raise NotImplementedError


def mul_vjp(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(da, db) of y = a * b, from g of the shape of y."""
    raise NotImplementedError


def matmul_vjp(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(da, db) of y = a @ b, from g (..., n, m), a (..., n, k) and b (..., k, m)."""
    raise NotImplementedError


def sum_vjp(
    g: np.ndarray, x_shape: tuple[int, ...], axis: int | tuple[int, ...] | None, keepdims: bool
) -> np.ndarray:
    """Gradient of x, of shape x_shape, where y = x.sum(axis, keepdims=keepdims), from g of the shape of y."""
    raise NotImplementedError
