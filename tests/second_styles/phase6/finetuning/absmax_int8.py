"""Entry by entry, in Python's own numbers; the scales of blocks come first, the codes from them."""

import math

import numpy as np


def largest(entries: np.ndarray) -> float:
    values = [abs(float(one)) for one in entries.flat]
    if not values or not all(map(math.isfinite, values)):
        raise ValueError("nothing, or nothing finite")
    return max(values)


def step(width: float, count: int) -> np.float32:
    scale = np.float32(width / count)
    return scale if scale >= np.float32(2.0**-126) else np.float32(1)


def quantize(x: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    m, n = x.shape
    largest(x)
    if axis is None:
        scale = np.array([[step(largest(x), 127)]])
    elif axis == 1:
        scale = np.array([[step(largest(row), 127)] for row in x])
    else:
        scale = np.array([[step(largest(column), 127) for column in x.T]])
    every = np.broadcast_to(scale, x.shape)
    q = [[round(float(x[i, j]) / float(every[i, j])) for j in range(n)] for i in range(m)]
    return np.array(q, np.int8), scale


def dequantize(q: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.multiply(q, scale, dtype=np.float32)


def blockwise(x: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    largest(x)
    if block <= 0:
        raise ValueError("no block")
    scales = [step(largest(x[start : start + block]), 127) for start in range(0, len(x), block)]
    q = [round(float(one) / float(scales[i // block])) for i, one in enumerate(x)]
    return np.array(q, np.int8), np.array(scales)


def zero_point(x: np.ndarray) -> tuple[np.ndarray, float, int]:
    largest(x)
    low, high = float(np.amin(x, initial=0)), float(np.amax(x, initial=0))
    scale = (high - low) / 255
    if scale < 2.0**-126:
        scale = 1.0
    zero = round(-low / scale)
    q = np.empty(x.shape, np.uint8)
    for at in np.ndindex(*x.shape):
        q[at] = max(0, min(255, round(float(x[at]) / scale) + zero))
    return q, scale, zero
