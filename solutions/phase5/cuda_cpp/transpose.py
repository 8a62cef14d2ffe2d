"""Read along rows, wait, write along rows: the tile is where the turning happens.

Try it with rows of 32 floats in the tile: the results are the same, and `aire-katas profile` shows one line
with 32-way conflicts. One float of padding, never used, is all that lies between.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "A block reads its tile as it lies, row by row, into shared memory. Only after the barrier is it turned.",
    "The turned tile belongs elsewhere: what was block column bx and block row by is now row bx and column by.",
    "Compute the place in `out` afresh, so that threadIdx.x counts along a row of `out`; what is read with "
    "swapped indices is the tile.",
    "Eight rows of threads go over 32 rows of the tile in four steps, and each step has its guard.",
)

kernels = Kernels(__file__)
