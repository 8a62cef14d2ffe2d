"""SGEMM 1: naive, then coalesced

Nearly all the arithmetic of a Transformer is matrix products, so the matmul is the kernel to know. This is
the first rung of a ladder: the same few lines, written so that one of two things runs along the lanes of a
warp, and one of them is several times as fast.

Write two functions in `sgemm_coalesced.cu`, beside this file, each with a kernel of your own above it. Both
are `extern "C"`, of the host, take pointers to the device's memory, and return cudaGetLastError():

    C <- alpha A B + beta C          A is M x K, B is K x N, C is M x N, float32, each stored row after row:
                                     A[i][k] is at i * K + k. M, N, K >= 1.

A thread computes one element of C: it goes along a row of A and a column of B, and sums in float32; double
is not allowed, for a GPU made for models has few units for it. Where beta is 0, C may hold anything, nan too,
and is not read: 0 * nan is nan, and BLAS says that C need not be set. A and B stay as they were.

    sgemm_naive        Any way that is right. It is what you measure the next against.
    sgemm_coalesced    The 32 lanes of a warp take 32 neighbouring columns of the same row of C. Then all of
                       them read the same number of A, which costs one sector of 32 bytes, and neighbours of B
                       and C, which cost four. Lanes that take 32 rows of a column read numbers of A that are
                       K apart, and each of them costs a sector of its own. The tests count the sectors.

Use no shared memory yet; that is the next rung. `aire-katas profile sgemm_coalesced` shows what each line
costs.

Lawson et al. 1979 and Dongarra et al. 1990 (BLAS); Boehm 2022, How to Optimize a CUDA Matmul Kernel for
cuBLAS-like Performance, kernels 1 and 2.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of sgemm_coalesced.cu
