"""Four steps, each a hundredth of the one before: what is left for the atomics costs nothing.

The same block_reduced serves sum and maximum, for all it needs to know is how two become one and what changes
nothing. Softmax will hand it pairs.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Write the warp's step and the block's step as device functions first; both kernels end with them.",
    "The block's step uses the warp's twice: on the threads' values, then on those that the warps have left.",
    "How many floats lie between x and the next multiple of 16 bytes? (size_t)x / 4 numbers the floats of memory.",
    "The tail has at most three elements, the head too: threads 0, 1 and 2 of the grid can add them as they go.",
    "For the maximum write down how two become one when one of them is nan; comparisons with nan are false.",
)

kernels = Kernels(__file__)
