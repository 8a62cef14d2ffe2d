"""First kernels: index, guard, launch

A CUDA kernel is a function that many threads run at once. Threads come in blocks, blocks in a grid, and each
thread must find out which element is its own:

    <<<gridDim, blockDim>>>      thread threadIdx.x of block blockIdx.x, with blockDim.x threads in a block

Every kernel you will meet begins so. Since a grid has whole blocks, it nearly always has more threads than
there are elements. A thread without an element must touch nothing: there is no memory behind the array that
belongs to you.

Write two kernels in `map_guard.cu`, beside this file. All arrays are float32; `out` is written, and what
stands in it beforehand is not to be read. A thread computes at most one element, so a grid that is too small
leaves the rest of `out` alone.

    axpy    out[i] = a * x[i] + y[i], 0 <= i < n. Grid and block have one dimension. Thread number i does
            element i, and threads are numbered through all blocks: the first of block 1 follows the last of
            block 0.
    add2d   out = A + B for matrices of `rows` rows and `cols` columns, stored row after row: element (r, c)
            is at r * cols + c. Grid and block have two dimensions: x counts the columns, y the rows.

And two functions here that say how to launch them, with blocks as few as possible:

    launch_1d(n, threads)               -> (blocks, threads)
    launch_2d(rows, cols, (tx, ty))     -> ((blocks in x, blocks in y), (tx, ty))

A launch of no block is an error in CUDA, so where there is nothing to do there is one block, in each
dimension. A ValueError is raised where a block would have fewer than 1 or more than 1024 threads, or fewer
than 1 in a dimension.

The kernels run on your CPU, in any order of threads and blocks, and every access is checked; a faulty one is
named with line, block and thread. docs/kernel-lab.md tells how.

Hwu, Kirk and El Hajj 2022, Programming Massively Parallel Processors, ch. 2-3; Rush 2022, GPU Puzzles 1-6.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of map_guard.cu


def launch_1d(n: int, threads: int) -> tuple[int, int]:
    """(blocks, threads of a block) with a thread for each of n elements; ValueError for an illegal block."""
    raise NotImplementedError


def launch_2d(rows: int, cols: int, threads: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """((blocks in x, in y), threads) with a thread for each element; ValueError for an illegal block."""
    raise NotImplementedError
