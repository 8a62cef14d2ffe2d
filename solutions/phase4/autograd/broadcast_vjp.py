"""Broadcasting copies, and the gradient of a copy is a sum; a sum reads many entries, and its gradient is a copy. Each is
the other's transpose, so that `unbroadcast` and `sum_vjp` undo each other's shapes. With these four functions, and
an elementwise rule for each activation, a tensor autograd of your own is a dozen lines away.
"""

import numpy as np

HINTS = (
    "Think of one entry of the small array: broadcasting wrote copies of it to several places, and the loss feels every copy. "
    "So its gradient is a sum, over the axes in front that were added and over the axes that were stretched.",
    "Two steps: first sum away the axes that `shape` lacks (they are the leading ones), then sum the axes where `shape` has a 1, "
    "and keep those axes. numpy's sum takes a tuple of axes, and the empty tuple sums nothing.",
    "For a * b and for a @ b write the gradient as if nothing were broadcast, as in the linear layer, and hand it to "
    "unbroadcast. The transpose of a stack of matrices swaps the last two axes only.",
    "A sum loses the axes it ran along. Put them back with size 1 (np.expand_dims takes negative axes and tuples), unless "
    "keepdims kept them or all of them are gone; then broadcast, and copy.",
)


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """g summed over all axes that broadcasting from `shape` has added or stretched; of that shape."""
    # wrong: pass  # axes that broadcasting added in front have to be summed away, too
    # wrong: g = g.sum(tuple(range(len(shape), g.ndim)))  # shapes are aligned at their last axis: what is added stands in front
    # wrong: g = g.mean(tuple(range(g.ndim - len(shape))))  # every copy adds its gradient: a sum, not a mean
    g = g.sum(tuple(range(g.ndim - len(shape))))
    # wrong: return g.reshape(shape)  # axes of size 1 were stretched: sum over them
    # wrong: stretched = tuple(i for i, n in enumerate(g.shape) if n == 1)  # it is `shape` that tells which axes were stretched
    # wrong: stretched = tuple(i for i, n in enumerate(shape) if n == 1 < g.shape[i])  # stretching to size 0 is stretching, too
    stretched = tuple(i for i, n in enumerate(shape) if n == 1)
    # wrong: return g.sum(stretched)  # an axis of size 1 belongs to the shape: keep it
    # wrong: return g.sum(stretched, keepdims=True).squeeze()  # squeeze removes axes of size 1 that belong to the shape
    # wrong: return g.mean(stretched, keepdims=True)  # every copy adds its gradient: a sum, not a mean
    # wrong: return g.max(stretched, keepdims=True, initial=0)  # every copy adds its gradient: a sum, not the largest
    return g.sum(stretched, keepdims=True)


def mul_vjp(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(da, db) of y = a * b, from g of the shape of y."""
    # wrong: return g * b, g * a  # these have the shape of y: each gradient has the shape of its input
    # wrong: return unbroadcast(g * a, a.shape), unbroadcast(g * b, b.shape)  # the slope of a * b along a is b
    # wrong: return unbroadcast(g, a.shape) * b, unbroadcast(g, b.shape) * a  # multiply first: b differs along the axes that are summed
    return unbroadcast(g * b, a.shape), unbroadcast(g * a, b.shape)


def matmul_vjp(g: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(da, db) of y = a @ b, from g (..., n, m), a (..., n, k) and b (..., k, m)."""
    # wrong: da = g @ b.T  # .T reverses all axes: a stack of matrices is transposed in its last two
    # wrong: da = g @ b.swapaxes(0, 1)  # the matrices stand in the last two axes
    # wrong: da = g @ b  # (n, m) times (k, m) does not fit: on the way back b is transposed
    da = g @ b.swapaxes(-1, -2)  # (..., n, k)
    # wrong: db = g.swapaxes(-1, -2) @ a  # this is (m, k), the transpose of db
    # wrong: db = a.T @ g  # .T reverses all axes: a stack of matrices is transposed in its last two
    db = a.swapaxes(-1, -2) @ g  # (..., k, m)
    # wrong: return da, db  # the batch axes were broadcast: sum over them
    # wrong: return unbroadcast(da, a.shape), db  # the batch axes of b may have been broadcast as well as those of a
    return unbroadcast(da, a.shape), unbroadcast(db, b.shape)


def sum_vjp(
    g: np.ndarray, x_shape: tuple[int, ...], axis: int | tuple[int, ...] | None, keepdims: bool
) -> np.ndarray:
    """Gradient of x, of shape x_shape, where y = x.sum(axis, keepdims=keepdims), from g of the shape of y."""
    # wrong: pass  # without keepdims the axes that were summed are gone from g: put them back before you broadcast
    # wrong: if axis is not None:  # with keepdims the axes are there already
    #            g = np.expand_dims(g, axis)
    # wrong: if axis is not None and not keepdims:  # no i equals a negative axis: it counts from the end
    #            axes = (axis,) if isinstance(axis, int) else axis
    #            g = g.reshape([1 if i in axes else n for i, n in enumerate(x_shape)])
    # wrong: if isinstance(axis, int) and not keepdims:  # axis may be a tuple
    #            g = np.expand_dims(g, axis)
    if axis is not None and not keepdims:  # after a sum over all axes g has none, and fits any shape
        g = np.expand_dims(g, axis)
    # wrong: return np.broadcast_to(g, x_shape)  # this is a read-only view of g, in which one number stands for many
    # wrong: return g * np.ones(x_shape)  # np.ones is float64, and so is its product with a float32
    # wrong: return np.broadcast_to(g, x_shape) / max(np.prod(x_shape) // max(g.size, 1), 1)  # that is the gradient of a mean
    return np.broadcast_to(g, x_shape).copy()
