"""The NF4 codebook

Four bits leave sixteen levels, and where to put them is all the art there is. Trained weights are nearly
normal, so NormalFloat puts the levels at quantiles of the normal distribution: dense around zero, where most
weights are, and sparse at the ends. It is what QLoRA keeps its frozen 65 billion parameters in, on a single
GPU.

`nf4_codebook()` returns the 16 levels, float64, in ascending order. With Q(p) the quantile function of the
standard normal distribution and o = 0.9677083 they are

    positive    Q(p) at the first 8 of 9 points p that go from o to 0.5 in equal steps
    zero        0, exactly: padding and pruned weights stay what they are
    negative    -Q(p) at the first 7 of 8 points p that go from o to 0.5 in equal steps

all divided by the largest of them, so that they go from -1 to 1. statistics.NormalDist knows Q. Compute them
to float64 precision: the table in the paper was made in float32 and agrees to about 1e-7 only.

`quantize_nf4(w, block)` takes w (n,), whose first `block` entries share a scale, then the next; the last
block may be shorter. For each block

    absmax = the largest |w| of the block, in float32
    code = the number, 0 to 15, of the level nearest to w / absmax; of two equally near ones the lower

with w / absmax and the distances in float64. A block whose absmax is 0 has codes 7, that of the level 0. Two
codes share a byte, whatever the blocks: byte k holds the code of w[2 k] in its high four bits, that of w[2 k
+ 1] in its low ones; for odd n the last low ones are 7. It returns the bytes, uint8 (ceil(n / 2),), and the
absmax, float32 (ceil(n / block),).

`dequantize_nf4(codes, absmax, n, block)` returns level * absmax, float32 (n,).

w is float32 or float64, |w| up to 1e38. ValueError: a w without entries, one that holds nan or an infinity, a
block below 1, codes or absmax of another length than n and block say. Inputs are not changed.

Dettmers et al. 2023 (QLoRA), section 3 and appendix E.
"""

from statistics import NormalDist

import numpy as np


def nf4_codebook() -> np.ndarray:
    """The 16 levels (16,), float64, ascending from -1 to 1."""
    raise NotImplementedError


def quantize_nf4(w: np.ndarray, block: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Packed codes uint8 (ceil(n / 2),) and absmax float32 (ceil(n / block),) of w (n,)."""
    raise NotImplementedError


def dequantize_nf4(codes: np.ndarray, absmax: np.ndarray, n: int, block: int = 64) -> np.ndarray:
    """w (n,), float32, as far as four bits can tell."""
    raise NotImplementedError
