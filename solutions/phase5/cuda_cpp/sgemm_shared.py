"""Fetch, wait, multiply, wait: global memory is asked a 32nd of what it was asked before.

What is slow now is shared memory: two reads for each multiplication. The next rung keeps a small tile of C in
the registers of each thread, so that a number read from shared memory is used several times as well.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "A block has 32 x 32 threads, and a tile 32 x 32 numbers: each thread fetches one of A and one of B.",
    "The thread that fetches A[i][..] and B[..][j] counts along K with threadIdx.x in A, with threadIdx.y in B.",
    "Outside of A or B put 0: it adds nothing, and every thread can then do the same, barriers included.",
    "Two barriers a step: one before the tiles are used, one before they are overwritten.",
)

kernels = Kernels(__file__)
