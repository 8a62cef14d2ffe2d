"""A tree in shared memory: six rounds for 64 values, and the last one standing writes.

Profile it (aire-katas profile): in the tree only every block's first warp reads. Number the threads that work
0, 2, 4, ... instead of 0, 1, 2, ... and the results stay the same, but both warps are busy to the end.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Let each thread first go over its own elements, with the maximum and the sum in two registers, and only "
    "then leave them in shared memory.",
    "A thread that has no elements, and a block that has none, leaves what changes nothing: -inf and 0.",
    "With s = 32, 16, 8, ... thread t < s folds in what thread t + s has. What must be true of thread t + s "
    "before thread t reads?",
    "The barrier stands outside of the branch: all 64 threads come to it in each round. A __device__ function "
    "for the tree serves both launches.",
)

kernels = Kernels(__file__)
