"""Between neighbouring levels lies about the same share of a normal sample, so the sixteen codes are used about equally often:
that is what "information-theoretically optimal" means in the paper. It is not the least squared error, and the scale
is a block's largest entry rather than a standard deviation, but of weights in blocks of 64 it beats sixteen even steps.
"""

from statistics import NormalDist

import numpy as np

HINTS = (
    "np.linspace makes equal steps, ends included. One end is left out: at p = 0.5 the quantile is 0, which is a level "
    "already.",
    "The level nearest to a number changes at the midpoints between neighbours: 16 levels have 15 of them, and the code is how "
    "many of them lie below. np.searchsorted counts; a table of all distances and an argmin do as well.",
    "Fill the last block up with zeros, make rows of the blocks, divide each by its absmax (by 1 where that is 0), and go back "
    "to one row of n numbers before you pack.",
    "Every second code, moved up by four bits, and the ones between make the bytes. To read them, split each byte into two "
    "numbers side by side before you flatten.",
)


def nf4_codebook() -> np.ndarray:
    """The 16 levels (16,), float64, ascending from -1 to 1."""
    # wrong: return np.linspace(-1, 1, 16)  # even steps are for even data: weights are normal, and zero has to be a level
    # wrong: return np.append(np.linspace(-1, 0, 8), np.linspace(0, 1, 9)[1:])  # zero is there, but the steps are even: the levels are quantiles
    # wrong: o = 1 - 1 / 32  # the statement's o is another one, between 1 - 1/30 and 1 - 1/32
    # wrong: o = 0.99  # the outermost quantile is given
    o = 0.9677083
    Q = NormalDist().inv_cdf
    # wrong: positive = [Q(p) for p in np.linspace(o, 0.5, 8)]  # this has 0 at its end and seven levels above it: eight are asked for
    # wrong: positive = [Q(p) for p in np.linspace(o, 0.5, 10)[:-1]]  # this is one level too many: nine points, less the last
    # wrong: positive = [Q(p) for p in np.linspace(1 - 1e-9, 0.5, 9)[:-1]]  # the quantile of 1 is infinite: the points begin at o
    # wrong: positive = [Q(p) for p in np.linspace(o, 0.5, 9)[1:]]  # it is the last point that is left out, where the quantile is 0
    # wrong: positive = np.linspace(Q(o), 0, 9)[:-1].tolist()  # it is the points p that go in equal steps, not their quantiles
    # wrong: positive = [NormalDist().pdf(p) for p in np.linspace(o, 0.5, 9)[:-1]]  # a quantile is the inverse of the distribution function, not the density
    positive = [Q(p) for p in np.linspace(o, 0.5, 9)[:-1]]
    # wrong: negative = [-Q(p) for p in np.linspace(o, 0.5, 9)[:-1]]  # with eight on both sides and a zero there are seventeen
    # wrong: negative = [-z for z in positive[:-1]]  # the seven have steps of their own: seven points from o down
    # wrong: negative = [Q(p) for p in np.linspace(o, 0.5, 8)[:-1]]  # these are the ones below zero: the sign is missing
    negative = [-Q(p) for p in np.linspace(o, 0.5, 8)[:-1]]
    # wrong: levels = np.array([*positive, 0.0, *negative])  # the levels are in ascending order
    # wrong: levels = -np.sort([*positive, 0.0, *negative])[::-1]  # the side with eight levels is the positive one
    # wrong: levels = np.sort([*positive, 0.0, *negative]).astype(np.float32)  # the levels are float64
    levels = np.sort([*positive, 0.0, *negative])
    # wrong: return levels  # the largest level is 1: divide
    # wrong: return levels / levels.std()  # it is the largest level that becomes 1
    # wrong: return levels / np.abs(levels).sum()  # it is the largest level that becomes 1
    return levels / levels.max()


def quantize_nf4(w: np.ndarray, block: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Packed codes uint8 (ceil(n / 2),) and absmax float32 (ceil(n / block),) of w (n,)."""
    # wrong: if w.size == 0 or not np.isfinite(w).all():  # a block without entries is a ValueError
    #            raise ValueError("nothing to quantize, or not finite")
    #        block = max(block, 1)
    # wrong: if block < 1 or not np.isfinite(w).all():  # a w without entries is a ValueError
    #            raise ValueError("no block, or not finite")
    # wrong: if block < 1 or w.size == 0 or np.isnan(w).any():  # an infinity has no code either
    #            raise ValueError("nothing to quantize, or nan")
    # wrong: if block < 1 or w.size == 0:  # nan and infinities have no code: a ValueError
    #            raise ValueError("nothing to quantize")
    if block < 1 or w.size == 0 or not np.isfinite(w).all():
        raise ValueError(f"{w.shape} entries, all to be finite, in blocks of {block}")
    n, levels = len(w), nf4_codebook()
    # wrong: rows = w[: n // block * block].reshape(-1, block)  # the last block counts, too, if it is short
    # wrong: rows = np.pad(w, (0, -n % block)).reshape(block, -1).T  # neighbours share a scale
    # wrong: rows = w.reshape(1, -1)  # every block has a scale of its own, else one outlier spoils all
    rows = np.pad(w, (0, -n % block)).reshape(-1, block)
    # wrong: absmax = rows.max(1).astype(np.float32)  # the largest entry in size may be negative
    # wrong: absmax = rows.std(1).astype(np.float32)  # the levels end at 1 and -1: what lies beyond a standard deviation would be cut off
    # wrong: absmax = (np.abs(rows).max(1) / 7).astype(np.float32)  # the levels reach 1 already: the scale is absmax itself
    # wrong: absmax = np.abs(rows).max(1)  # absmax is float32
    absmax = np.abs(rows).max(1).astype(np.float32)
    # wrong: scale = absmax  # a block of zeros would be divided by zero
    # wrong: scale = absmax + np.float32(1e-8)  # small weights have blocks of their own: an epsilon moves their codes
    # wrong: scale = np.full_like(absmax, absmax.max())  # every block has a scale of its own
    scale = np.where(absmax > 0, absmax, 1)
    x = (rows / scale[:, None]).ravel()[:n]
    # wrong: nearest = np.searchsorted(levels, x).clip(0, 15)  # this is the next level above: the nearest one changes at the midpoints
    # wrong: nearest = (np.searchsorted(levels, x, side="right") - 1).clip(0, 15)  # this is the next level below: the nearest one changes at the midpoints
    # wrong: nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, x, side="right")  # of two equally near levels the lower one counts
    # wrong: nearest = np.searchsorted(levels[1:] - levels[:-1], x)  # a midpoint is half the sum of two neighbours, not their difference
    # wrong: nearest = np.round(x * 7).astype(int) + 7  # these are even steps: look for the nearest of the levels
    # wrong: nearest = np.round((x + 1) * 7.5).astype(int)  # these are even steps: look for the nearest of the levels
    # wrong: nearest = 15 - np.searchsorted((levels[1:] + levels[:-1]) / 2, x)  # code 0 is the lowest level
    nearest = np.searchsorted((levels[1:] + levels[:-1]) / 2, x)  # (n,)
    # wrong: nearest = np.append(nearest, 0)[: n + n % 2].astype(np.uint8)  # what fills the last byte is the code of zero, 7
    # wrong: nearest = nearest[: n - n % 2].astype(np.uint8)  # the last code counts, too, if n is odd
    # wrong: nearest = np.append(nearest, 7)[: n + n % 2].astype(np.int64)  # the bytes are uint8
    # wrong: nearest = np.append(nearest, [7, 7]).astype(np.uint8)  # no byte is added where n is even
    nearest = np.append(nearest, 7)[: n + n % 2].astype(np.uint8)
    # wrong: return nearest[1::2] << 4 | nearest[::2], absmax  # the first of two codes goes into the high bits
    # wrong: return nearest[: len(nearest) // 2] << 4 | nearest[len(nearest) // 2 :], absmax  # neighbours share a byte, not the two halves
    # wrong: return nearest[::2] << 4 & nearest[1::2], absmax  # bits that are put together are joined by "or"
    # wrong: return nearest[::2] << 3 | nearest[1::2], absmax  # a code has four bits
    # wrong: return nearest, absmax  # two codes share a byte
    return nearest[::2] << 4 | nearest[1::2], absmax


def dequantize_nf4(codes: np.ndarray, absmax: np.ndarray, n: int, block: int = 64) -> np.ndarray:
    """w (n,), float32, as far as four bits can tell."""
    # wrong: pass  # codes or scales for another n are a ValueError
    # wrong: if len(codes) != (n + 1) // 2:  # absmax has to fit as well
    #            raise ValueError("codes")
    # wrong: if len(absmax) != -(-n // block):  # the codes have to fit as well
    #            raise ValueError("absmax")
    # wrong: if len(codes) < (n + 1) // 2 or len(absmax) < -(-n // block):  # too many do not fit n either
    #            raise ValueError("codes or absmax")
    # wrong: if len(codes) != n // 2 or len(absmax) != n // block:  # a last byte and a last block may be half full
    #            raise ValueError("codes or absmax")
    if block < 1 or len(codes) != -(-n // 2) or len(absmax) != -(-n // block):
        raise ValueError(f"{len(codes)} bytes and {len(absmax)} scales for {n} numbers in blocks of {block}")
    # wrong: pair = np.stack((codes & 15, codes >> 4), 1)  # the high four bits come first
    # wrong: pair = np.stack((codes >> 4, codes & 15))  # the two codes of a byte stand side by side
    # wrong: pair = np.stack((codes >> 4, codes & 7), 1)  # four bits are masked by 15
    pair = np.stack((codes >> 4, codes & 15), 1)  # (ceil(n / 2), 2)
    # wrong: level = (pair.ravel()[:n] - 7.0) / 7  # these are even steps: look the levels up
    # wrong: level = np.linspace(-1, 1, 16)[pair.ravel()[:n]]  # these are even steps: look the levels up
    # wrong: level = nf4_codebook()[pair.ravel()]  # the filling has to go again
    level = nf4_codebook()[pair.ravel()[:n]]
    # wrong: return (level * np.tile(absmax, block)[:n]).astype(np.float32)  # a scale serves `block` neighbours
    # wrong: return level.astype(np.float32)  # the scale is missing
    # wrong: return (level * np.repeat(absmax, block)[:n])  # the result is float32
    # wrong: return (level / np.repeat(absmax, block)[:n]).astype(np.float32)  # what was divided by absmax is multiplied by it again
    # wrong: return (level * np.repeat(absmax, 64)[:n]).astype(np.float32)  # block is an argument
    return (level * np.repeat(absmax, block)[:n]).astype(np.float32)
