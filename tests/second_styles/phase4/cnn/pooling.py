"""One window after the other, in loops."""

from collections.abc import Iterator

import numpy as np


def places(n: int, k: int, stride: int) -> range:
    if k > n:
        raise ValueError("the window does not fit")
    return range(0, n - k + 1, stride)


def windows(x_shape: tuple[int, ...], k: int, stride: int) -> Iterator[tuple[int, int, int, int]]:
    """Row and column in the output, then in the image."""
    for r, top in enumerate(places(x_shape[2], k, stride)):
        for s, left in enumerate(places(x_shape[3], k, stride)):
            yield r, s, top, left


def output(x_shape: tuple[int, ...], k: int, stride: int) -> tuple[int, ...]:
    return (*x_shape[:2], len(places(x_shape[2], k, stride)), len(places(x_shape[3], k, stride)))


def maxpool(x: np.ndarray, k: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    shape = output(x.shape, k, stride)
    y, argmax = np.zeros(shape, x.dtype), np.zeros(shape, np.int64)
    for r, s, top, left in windows(x.shape, k, stride):
        for n, c in np.ndindex(x.shape[:2]):
            best = top, left
            for h in range(top, top + k):
                for w in range(left, left + k):
                    if x[n, c, h, w] > x[n, c, best[0], best[1]]:
                        best = h, w
            y[n, c, r, s] = x[n, c, best[0], best[1]]
            argmax[n, c, r, s] = best[0] * x.shape[3] + best[1]
    return y, argmax


def maxpool_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple[int, int, int, int]) -> np.ndarray:
    if dy.shape != argmax.shape:
        raise ValueError("dy does not fit")
    dx = np.zeros(x_shape, dy.dtype)
    for n, c, r, s in np.ndindex(dy.shape):
        h, w = divmod(argmax[n, c, r, s], x_shape[3])
        dx[n, c, h, w] += dy[n, c, r, s]
    return dx


def avgpool(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    y = np.zeros(output(x.shape, k, stride), x.dtype)
    for r, s, top, left in windows(x.shape, k, stride):
        y[:, :, r, s] = x[:, :, top : top + k, left : left + k].sum((2, 3)) / k**2
    return y


def avgpool_backward(dy: np.ndarray, x_shape: tuple[int, int, int, int], k: int, stride: int) -> np.ndarray:
    if dy.shape != output(x_shape, k, stride):
        raise ValueError("dy does not fit")
    dx = np.zeros(x_shape, dy.dtype)
    for r, s, top, left in windows(x_shape, k, stride):
        dx[:, :, top : top + k, left : left + k] += dy[:, :, r : r + 1, s : s + 1] / k**2
    return dx
