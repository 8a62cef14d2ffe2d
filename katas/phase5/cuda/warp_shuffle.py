"""Warp shuffles

The 32 lanes of a warp run together, and so can look into one another's registers: no shared memory, no
barrier, one instruction. The row maximum of a softmax, the sum of a norm, the place of a token among those
that chose the same expert are all made this way, and it is the inner loop of every fast reduction.

First say what the instructions do. v has shape (32, ...), one entry a lane; each function returns what every
lane has afterwards, in the same shape and dtype, and leaves v as it is. The warp is cut into segments of
`width` lanes, a power of two from 1 to 32, and lanes see their own segment only:

    shfl(v, src, width)       the value of lane src of the segment, counted from its first; src is an int >=
                              0, and taken modulo width
    shfl_up(v, d, width)      the value of the lane d below, d >= 0; a lane that has none in its segment keeps
                              its own
    shfl_down(v, d, width)    the value of the lane d above; a lane that has none in its segment keeps its own
    shfl_xor(v, m)            the value of lane (own number xor m), 0 <= m < 32

Then use them. Write four kernels in `warp_shuffle.cu`, beside this file. Blocks have one dimension and whole
warps; thread i has element i, if i < n, and warp w the elements 32 w to 32 w + 31. Arrays are float32 where
nothing else is said.

    warp_max           out[i] is the largest of x in the warp of element i: every lane gets it. x may hold
                       -inf.
    warp_recurrence    h[i] = a[i] * h[i - 1] + b[i], beginning anew in every warp, with h = 0 before it: the
                       step of a state space model. Two steps one after the other, (a, b) then (a', b'), are
                       one step (a a', a' b + b'), so this is a scan of pairs. Which comes first matters.
    segment_sum        out[i / width] is the sum of x over the segment that i is in; width is as above
    ballot_rank        ballots[w], uint32, has bit number l set if lane l of warp w has a true keep (bool);
                       rank[i], int32, is the number of lanes below that of i which have

No shared memory, no atomics: values move by __shfl_sync, __shfl_up_sync, __shfl_down_sync, __shfl_xor_sync,
votes by __ballot_sync. Five rounds of shuffles are enough for 32 lanes, so a warp may make at most 5 in
warp_max and segment_sum, and 10 in warp_recurrence, whose lanes pass on two numbers. Each input is read once.

Where n is no multiple of 32 the last lanes have no element. They must come to the shuffles all the same,
since all lanes that the mask 0xffffffff names have to, with a value that changes nothing.

NVIDIA 2024, CUDA C++ Programming Guide, Warp Shuffle Functions; Hwu, Kirk and El Hajj 2022, ch. 10 and 11; Gu
and Dao 2023 (the recurrence as a scan).
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of warp_shuffle.cu


def shfl(v: np.ndarray, src: int, width: int = 32) -> np.ndarray:
    """What each lane gets from lane src % width of its segment; v is (32, ...)."""
    raise NotImplementedError


def shfl_up(v: np.ndarray, d: int, width: int = 32) -> np.ndarray:
    """What each lane gets from the lane d below it in its segment, else its own."""
    raise NotImplementedError


def shfl_down(v: np.ndarray, d: int, width: int = 32) -> np.ndarray:
    """What each lane gets from the lane d above it in its segment, else its own."""
    raise NotImplementedError


def shfl_xor(v: np.ndarray, m: int) -> np.ndarray:
    """What each lane gets from the lane whose number differs in the bits of m."""
    raise NotImplementedError
