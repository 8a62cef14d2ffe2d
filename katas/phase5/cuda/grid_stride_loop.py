"""Grid-stride loops

A thread for each element ties the size of the launch to the size of the array. It need not be so: let every
thread take one element, then step over the whole grid to its next, until there are none. Such a kernel is
right for any launch, a single thread (to debug it) or exactly as many blocks as the GPU can hold at once,
each working until all is done: the persistent kernels of fast matmuls and attention are built on this loop.

The threads of all T = gridDim * blockDim are numbered through the blocks, as in map_guard: thread 0 of
block 1 follows the last of block 0. Thread t does the elements

    t, t + T, t + 2 T, ...        as long as they are less than n

In each trip round the loop, neighbouring threads then use neighbouring addresses, as a GPU's memory likes it
(the next kata, coalescing, counts what that is worth). A piece of n/T elements in a row for each thread, as
one would cut the work for the cores of a CPU, has neighbouring threads far apart.

Write one kernel, in `grid_stride_loop.cu` beside this file. Arrays are float32; grid and block have one
dimension.

    scale_shift    out[i] = a * x[i] + b, 0 <= i < n. `out` is written, every element once, and what stands in
                   it beforehand is not to be read. There may be fewer threads than elements, or more; n may
                   be 0, and n + T is less than 2**31.

And one function here, which says how many elements each thread gets:

    work_per_thread(n, grid, block)    int64 of shape (grid * block,): entry t is the number of elements of
                                       thread t, in a launch of `grid` blocks of `block` threads. n >= 0,
                                       grid >= 1, block >= 1. n may be as large as 10**15: do not go through
                                       the elements.

The kernel runs on your CPU, in any order of threads and blocks, and every access is checked, also which
thread came for which element. docs/kernel-lab.md tells how.

Harris 2013, CUDA Pro Tip: Write Flexible Kernels with Grid-Stride Loops (NVIDIA technical blog).
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of grid_stride_loop.cu


def work_per_thread(n: int, grid: int, block: int) -> np.ndarray:
    """Elements of each thread of a grid-stride loop over n elements, int64 (grid * block,)."""
    raise NotImplementedError
