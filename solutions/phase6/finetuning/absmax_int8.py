"""The error is uniform noise of variance scale^2 / 12, as long as the steps are small: eight bits of a normal sample of 64
cost a ten-thousandth of its variance. A single number a thousand times larger sends all its neighbours to zero, so
what helps is a scale for few of them: per row, per block. Blocks of 64 with 32-bit scales cost half a bit a number.
"""

import numpy as np

HINTS = (
    "np.abs(x).max(axis, keepdims=True) gives scales of all three shapes, and those broadcast against x.",
    "A division by zero lurks where all entries are zero, and in float32 it comes earlier: divide, round to float32, and only "
    "then ask whether what came out is a normal number.",
    "The last block may be short. Zeros at its end do not change its largest entry, so fill up, make rows of the blocks, use "
    "what you have, and cut off the filling.",
    "For the zero point check what your formulas give when all entries are positive, or all negative: one of lo and hi is 0 "
    "then, and zp is 0 or 255.",
)

TINY = np.finfo(np.float32).tiny  # 2^-126


def _checked(x: np.ndarray) -> np.ndarray:
    # wrong: if x.size == 0:  # nan and infinities have no code: a ValueError
    #            raise ValueError("nothing to quantize")
    # wrong: if x.size == 0 or np.isnan(x).any():  # an infinity makes all the others zero: a ValueError
    #            raise ValueError("nothing to quantize, or not finite")
    # wrong: if not np.isfinite(x).all():  # without entries there is no largest one: a ValueError that says so
    #            raise ValueError("not finite")
    #        if x.size == 0:
    #            return np.zeros((1, 1), x.dtype)
    if x.size == 0 or not np.isfinite(x).all():
        raise ValueError("x needs at least one entry, and finite ones only")
    return x


def _scale(steps: np.ndarray) -> np.ndarray:
    """Steps in float32, and 1 where that is no normal number."""
    # wrong: scale = steps  # scales are float32
    scale = np.asarray(steps, np.float32)
    # wrong: return scale  # zeros divided by a scale of zero are nan
    # wrong: return np.where(scale == 0, np.float32(1), scale)  # a subnormal scale has hardly a digit left, and codes beyond 127 wrap around
    # wrong: return np.where(scale < TINY, TINY, scale)  # where the numbers count as zeros the scale is 1
    # wrong: return np.where(scale < 1e-12, np.float32(1), scale)  # small numbers are numbers: only below 2^-126 do they count as zeros
    # wrong: return scale + np.float32(1e-8)  # an epsilon keeps the largest entry from its code 127
    return np.where(scale < TINY, np.float32(1), scale)


def quantize(x: np.ndarray, axis: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Codes int8 (m, n) and scales float32, (m, 1), (1, n) or (1, 1), of x (m, n)."""
    # wrong: absmax = np.abs(_checked(x)).max(axis)  # keep the axis, else the scales do not line up with x
    # wrong: absmax = np.abs(_checked(x)).max(None if axis is None else 1 - axis, keepdims=True)  # axis = 1 is one scale a row: the axis named is the one that shares
    # wrong: absmax = np.abs(_checked(x)).max(keepdims=True)  # axis says who shares a scale
    # wrong: absmax = _checked(x).max(axis, keepdims=True)  # the largest entry in size may be negative
    # wrong: absmax = np.abs(_checked(x)).mean(axis, keepdims=True)  # with the mean as a measure the larger half does not fit in 127 steps
    # wrong: absmax = 3 * x.std(axis, keepdims=True)  # what lies beyond three standard deviations would be cut off or wrap around
    absmax = np.abs(_checked(x)).max(axis, keepdims=True)
    # wrong: scale = _scale(absmax / 128)  # the largest code of an int8 is 127: 128 wraps to -128
    # wrong: scale = _scale(absmax / 255)  # the codes go from -127 to 127
    # wrong: scale = _scale(127 / absmax)  # the scale is the width of a step, not its inverse
    scale = _scale(absmax / 127)
    # wrong: return (x / scale).astype(np.int8), scale  # a cast cuts off: round first
    # wrong: return np.floor(x / scale).astype(np.int8), scale  # this rounds down: the nearest step is asked for
    # wrong: return np.floor(x / scale + 0.5).astype(np.int8), scale  # half goes to the even number, so that halves do not add up to an offset
    # wrong: return np.round(x * scale).astype(np.int8), scale  # the scale is the width of a step: divide by it
    # wrong: return np.round(x / scale), scale  # codes are int8: as floats they save nothing
    # wrong: return np.round(x / scale).astype(np.int16), scale  # codes are int8
    # wrong: return np.round(x / scale).astype(np.int8), scale.astype(x.dtype)  # scales are float32
    return np.round(x / scale).astype(np.int8), scale


def dequantize(q: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """q * scale, float32, in the shape of q."""
    # wrong: return q / scale  # the scale is the width of a step: multiply by it
    # wrong: return q * scale / 127  # the scale holds the 127 already
    # wrong: return (q * scale).astype(np.float64)  # the result is float32
    # wrong: return q * scale.max()  # each code has its own scale
    # wrong: return (q * scale).astype(np.int8)  # what was quantized is no whole number
    return q * scale


def blockwise(x: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes int8 (n,) and scales float32 (ceil(n / block),) of x (n,)."""
    # wrong: pass  # a block without entries is a ValueError
    # wrong: if block < 0:  # a block of 0 entries is a ValueError, too
    #            raise ValueError("block")
    # wrong: if block <= 1:  # a block of a single entry is allowed
    #            raise ValueError("block")
    if block < 1:
        raise ValueError(f"a block of {block} entries")
    n = len(_checked(x))
    # wrong: rows = x[: n // block * block].reshape(-1, block)  # the last block counts, too, if it is short
    # wrong: rows = np.pad(x, (0, -n % block), constant_values=1).reshape(-1, block)  # the filling must not have a say in the scale
    # wrong: rows = np.pad(x, (-n % block, 0)).reshape(-1, block)  # it is the last block that is short, not the first
    # wrong: rows = np.pad(x, (0, block - n % block)).reshape(-1, block)  # where block divides n there is no further block
    # wrong: rows = np.pad(x, (0, -n % block)).reshape(block, -1).T  # neighbours share a scale
    rows = np.pad(x, (0, -n % block)).reshape(-1, block)  # zeros change no absmax
    # wrong: q, scale = quantize(rows, None)  # each block has its own scale
    # wrong: q, scale = quantize(rows, 0)  # a block is a row: it is its entries that share a scale
    q, scale = quantize(rows, 1)
    # wrong: return q.ravel(), scale[:, 0]  # the filling has to go again
    # wrong: return q.ravel()[:n], scale  # one scale a block: the shape is (ceil(n / block),)
    # wrong: return q.ravel()[:n], np.repeat(scale[:, 0], block)[:n]  # one scale a block, not one an entry
    return q.ravel()[:n], scale[:, 0]


def zero_point(x: np.ndarray) -> tuple[np.ndarray, float, int]:
    """Codes uint8 in the shape of x, the scale, and the code of zero."""
    # wrong: lo, hi = _checked(x).min(), x.max()  # the range includes 0, else 0 has no code
    # wrong: lo, hi = -np.abs(_checked(x)).max(), np.abs(x).max()  # this is symmetric: where x has one sign, half of the codes go unused
    lo, hi = min(_checked(x).min(), 0), max(x.max(), 0)
    # wrong: scale = float(_scale((hi - lo) / 256))  # 256 codes have 255 steps between them
    # wrong: scale = float(_scale(hi / 255))  # the range begins at lo
    # wrong: scale = float((hi - lo) / 255)  # where all entries are zero this divides by zero
    scale = float(_scale((hi - lo) / 255))
    # wrong: zp = round(lo / scale)  # lo is negative, the code of zero is not
    # wrong: zp = 128  # the code of zero depends on where the range begins
    # wrong: zp = int(-lo / scale)  # a cast cuts off: round
    # wrong: zp = round(hi / scale)  # the codes count upwards from lo
    # wrong: zp = -lo / scale  # the code of zero is whole, so that zero is exact
    zp = round(-lo / scale)
    # wrong: q = np.round((x - lo) / scale)  # zero does not meet its code exactly: round x / scale, then move by zp
    # wrong: q = np.floor(x / scale) + zp  # the nearest code is asked for
    # wrong: q = np.round(x / scale)  # codes begin at lo: zp is missing
    # wrong: q = np.round(x / scale) - zp  # zp is added to make a code, subtracted to read one
    q = np.round(x / scale) + zp
    # wrong: return q.astype(np.uint8), scale, zp  # two halves rounded up make a code of 256, which wraps to 0
    # wrong: return q.clip(0, 255).astype(np.int8), scale, zp  # codes from 0 to 255 are uint8
    # wrong: return q.clip(0, 255), scale, zp  # codes are uint8
    # wrong: return q.clip(0, 255).astype(np.uint8).ravel(), scale, zp  # q has the shape of x
    return q.clip(0, 255).astype(np.uint8), scale, zp
