"""Tiled matrix multiplication

Nearly all the work of a model is matrix products, and a GPU does far more multiplications in the time of a
read than the naive kernel offers it: there every thread reads a row of A and a column of B for itself, two
reads for every multiplication and addition. Tiles change that: what a block reads once, all its threads use.

C = A B with A of shape (M, K), B (K, N) and C (M, N), all stored row after row. The block at (blockIdx.x,
blockIdx.y) computes a tile of C, TILE columns wide and TILE rows high: the columns from TILE * blockIdx.x on,
the rows from TILE * blockIdx.y on. To this end it goes along K in steps of TILE. In each, its threads fetch
a tile of A and a tile of B into shared memory, and each thread adds what the two give to its element of C.

Write one kernel, in `tiled_matmul.cu` beside this file, a template in the type T of A and B. It is used with
T = float and T = __half (16 bits; `cuda_fp16.h` is included; __half2float(h) is its value).

    matmul    C = A B for any M, N, K >= 1. A and B hold T, C float32. A block has TILE = 16 by TILE threads,
              and there are just as many blocks as tiles: ceil(N / TILE) in x, ceil(M / TILE) in y. M K, K N
              and M N are less than 2**31. C is written, every element once, and never read.

What is judged beside the order of things (which thread waits for which, nothing out of bounds):

- Sums are of float32, also of products of halves, in any order: an element of C is off by at most
  gamma * (|A| |B|)[i, j], gamma = K u / (1 - K u), u = 2**-24. Zeros beyond the edges of A and B do no harm.
- The reads of A and B: a block reads each element of its tiles once, one at a time, and nothing beyond the
  edges.
- Neighbouring threads use neighbouring addresses of global memory. Where M, N and K are multiples of TILE no
  access takes more 32-byte sectors than hold what it asks for, times 1.25.
- Shared memory has 32 banks, of four bytes each. No access takes more than two passes over them.

And two functions here, for tiles of T by T elements and blocks as above, that say what it is worth:

    global_reads(M, N, K, T)                          reads of A and B together, an int
    arithmetic_intensity(M, N, K, T, itemsize)        floating-point operations per byte. There are 2 M N K of
                                                      them, a multiplication and an addition each; the bytes
                                                      are those of the reads of A and B, `itemsize` for each,
                                                      and 4 for each element of C, written once.

M, N, K, T and itemsize are ints >= 1. The kernel runs on your CPU, in any order of threads and blocks, and
every access is checked; docs/kernel-lab.md tells how.

Hwu, Kirk and El Hajj 2022, Programming Massively Parallel Processors, ch. 5; Rush 2022, GPU Puzzles 14.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of tiled_matmul.cu


def global_reads(M: int, N: int, K: int, T: int) -> int:
    """Reads of A (M, K) and of B (K, N) together, by all blocks of T by T threads."""
    raise NotImplementedError


def arithmetic_intensity(M: int, N: int, K: int, T: int, itemsize: int) -> float:
    """2 M N K over the bytes read of A and B, `itemsize` an element, and written of C, 4 an element."""
    raise NotImplementedError
