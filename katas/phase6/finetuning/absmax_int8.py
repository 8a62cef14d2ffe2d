"""Absmax int8 quantization

Weights are trained in 16 or 32 bits and used well in 8: a quarter of the memory, and a step of decoding,
which waits for memory, gets faster by as much. The simplest quantizer measures everything in steps of its
largest entry over 127. Its weakness is plain to see: one outlier makes the steps wide for all, so the art is
in how many numbers share a scale.

    scale = absmax / 127           rounded to float32; absmax is the largest |x| of those that share the scale
    q = round(x / scale)           int8, from -127 to 127; -128 is never used
    x is then about q * scale      off by no more than scale / 2

All rounding here is to the nearest whole number and half to even, as np.round does. Where absmax / 127 is
below 2^-126, the smallest normal float32, the numbers count as zeros: their scale is 1, their codes are 0.

`quantize(x, axis)` takes x (m, n). axis is the one that shares a scale: 1 for one scale a row, shape (m, 1);
0 for one scale a column, (1, n); None for one scale for all, (1, 1). It returns q (m, n) and the scales.

`dequantize(q, scale)` is q * scale in float32; scale is of any shape that broadcasts to that of q.

`blockwise(x, block)` takes x (n,), whose first `block` entries share a scale, then the next; the last block
may be shorter. It returns q (n,) and the scales (ceil(n / block),).

`zero_point(x)` takes an x of any shape and uses all 256 codes, for numbers that lie mostly on one side of
zero. With lo = min(smallest entry, 0) and hi = max(largest entry, 0), so that 0 is always in the range,

    scale = (hi - lo) / 255
    zp = round(-lo / scale)        the code of 0: a whole number from 0 to 255
    q = round(x / scale) + zp      uint8; what falls outside 0 ... 255 by rounding is moved to the edge
    x is then about (q - zp) * scale, and 0 is exactly 0

It returns q in the shape of x, scale as a float, zp as an int. Where scale would be below 2^-126, scale is 1,
and zp and q are 0.

x is float32 or float64 with |x| up to 1e38, and has at least the axes named. ValueError: an x without
entries, one that holds nan or an infinity, a block below 1. Inputs are not changed.

Dettmers et al. 2022 (LLM.int8()), section 2; Jacob et al. 2018 for the zero point.
"""

import numpy as np


def quantize(x: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Codes int8 (m, n) and scales float32, (m, 1), (1, n) or (1, 1), of x (m, n)."""
    raise NotImplementedError


def dequantize(q: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """q * scale, float32, in the shape of q."""
    raise NotImplementedError


def blockwise(x: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes int8 (n,) and scales float32 (ceil(n / block),) of x (n,)."""
    raise NotImplementedError


def zero_point(x: np.ndarray) -> tuple[np.ndarray, float, int]:
    """Codes uint8 in the shape of x, the scale, and the code of zero."""
    raise NotImplementedError
