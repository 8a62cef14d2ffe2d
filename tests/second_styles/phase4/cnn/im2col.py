"""Index arrays for all taps and places at once: one gather there, one scatter that adds on the way back."""

from typing import Any

import numpy as np


def places_of(n: int, k: int, stride: int, pad: int, dilation: int) -> np.ndarray:
    """(k, n'): the entries of the padded axis that each tap sees from each place."""
    starts = np.arange(0, n + 2 * pad - dilation * (k - 1), stride)
    if not len(starts):
        raise ValueError("the kernel does not fit")
    return np.arange(k)[:, None] * dilation + starts


def im2col(x: np.ndarray, kH: int, kW: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> np.ndarray:
    N, C, H, W = x.shape
    rows, columns = places_of(H, kH, stride, pad, dilation), places_of(W, kW, stride, pad, dilation)
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), x.dtype)
    padded[:, :, pad : pad + H, pad : pad + W] = x
    taps = padded[:, :, rows[:, None, :, None], columns[:, None, :]]
    return taps.reshape(N, C * kH * kW, rows.shape[1] * columns.shape[1])


def col2im(
    cols: np.ndarray,
    x_shape: tuple[int, int, int, int],
    kH: int,
    kW: int,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    N, C, H, W = x_shape
    rows, columns = places_of(H, kH, stride, pad, dilation), places_of(W, kW, stride, pad, dilation)
    if cols.shape != (N, C * kH * kW, rows.shape[1] * columns.shape[1]):
        raise ValueError("cols do not fit")
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    taps = cols.reshape(N, C, kH, kW, rows.shape[1], columns.shape[1])
    at: Any = (..., rows[:, None, :, None], columns[:, None, :])
    np.add.at(padded, at, taps)
    return padded[:, :, pad : H + pad, pad : W + pad]


def conv2d_gemm(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    O, C, kH, kW = w.shape
    if x.shape[1] != C or (b is not None and b.shape != (O,)):
        raise ValueError("shapes do not fit")
    cols = im2col(x, kH, kW, stride, pad, dilation)
    y = np.einsum("ok,nkp->nop", w.reshape(O, -1), cols)
    if b is not None:
        y += b[:, None]
    rows, columns = (
        places_of(n, k, stride, pad, dilation) for n, k in zip(x.shape[2:], (kH, kW), strict=True)
    )
    return y.reshape(len(x), O, rows.shape[1], columns.shape[1])
