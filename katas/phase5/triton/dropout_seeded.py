"""Dropout from a seed: a mask that is never stored

Dropout needs the same mask twice, forward and backward, and a stored mask is one more tensor per layer that
waits in memory for the backward pass. A counter-based generator computes the random number of any element
from a seed and the element's index: the mask is drawn again when it is needed, and memory holds the seed.

`dropout(x, p, seed)` drops each element of x with probability p, and scales those it keeps. Elements are
numbered i = 0 ... n - 1 in row-major order, whatever the shape of x. Number i is kept where
tl.rand(seed, i) >= p, a float32 in [0, 1) that depends on nothing but seed and i, and becomes x[i] / (1 - p).
A dropped element becomes 0, also where x is infinite or nan. So at p = 0 the result equals x, and at p = 1 it
is all zeros.

`dropout_bwd(dy, p, seed)` is its backward pass: given the gradient dy of a loss by dropout(x, p, seed), of
the shape of x, it returns the gradient by x, that is 0 where x was dropped (also where dy is infinite or nan)
and dy[i] / (1 - p) where it was kept. It needs neither x nor a mask, and there is nowhere to keep one.

Both take a contiguous tensor of any shape with at least one element, in float32, float16 or bfloat16, and
return a new tensor of the same shape and dtype. They compute in float32 and round once, when they store. seed
is an int, 0 <= seed < 2**31. A ValueError is raised unless 0 <= p <= 1 (nan is neither), and where the tensor
is not contiguous.

For 0 < p < 1 each call launches one kernel, in which a program handles 1024 elements: there are
ceil(n / 1024) programs, and each element is loaded and stored once. Memory comes from torch, random numbers
and arithmetic do not.

Srivastava et al. 2014; Salmon et al. 2011 (Philox, the generator behind tl.rand); Triton's tutorial 04.
"""

import torch
import triton
import triton.language as tl


def dropout(x: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """x / (1 - p) where tl.rand(seed, index) >= p, else 0; ValueError for p outside [0, 1] and for gaps."""
    raise NotImplementedError


def dropout_bwd(dy: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """The gradient by x of dropout(x, p, seed), from the gradient dy by its result; ValueError likewise."""
    raise NotImplementedError
