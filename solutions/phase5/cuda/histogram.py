"""Clear, wait, count, wait, add: from an atomic for each id to one for each bin and block.

The atomics in shared memory still make lanes of a warp wait for one another where their ids are equal. Where a
few ids are frequent, as words are, one goes further and counts for each warp, or gathers equal ids first.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Both kernels have the same loop over the ids. They differ in where they count.",
    "A block's counters have to be cleared by its own threads, however few, before any of them counts.",
    "Three phases with a barrier between each two; the first and the last go over the bins, from threadIdx.x "
    "in steps of blockDim.x.",
)

kernels = Kernels(__file__)
