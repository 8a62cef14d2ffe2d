"""Reduction with warp shuffles

Registers, warp, block, grid: numbers become one in four steps, each with the fastest means there are. A loss
is reduced so, a gradient's norm, the row maximum of a softmax; and since every number is read once and
nothing else is to be done, such a kernel is as fast as memory, or it is wrong.

Write two functions in `reduce.cu`, beside this file, with kernels and device functions of your own above
them. Both are `extern "C"`, of the host, take pointers to the device's memory, and return cudaGetLastError().

    sum_f32    out[0] = x[0] + ... + x[n - 1], float32; n is a long long, 0 <= n, and the sum of nothing is 0.
               What stands in out[0] beforehand is not part of it, nor read.
    row_max    out[r] = the largest of row r of x, float32 of rows x cols, stored row after row; rows and cols
               are at least 1. A row with a nan has the maximum nan, as in torch; rows may hold -inf, and may
               be nothing but -inf.

The sum, step by step, and what of it is counted:

    registers    Each thread adds up elements of its own, in float32, before it meets any other. Most of x is
                 read as float4, four floats in one load of 16 bytes, which must lie at a multiple of 16. x
                 need not: it may begin at any float. So the first few elements and the last few are read one
                 by one. Each element is read once; where n is 4,096 and more, with n / 4 + 6 loads at
                 most, and a warp's request fetches 100 floats or more on average.
    warp         The 32 lanes become one by shuffles.
    block        Each warp puts its sum into shared memory, and after a barrier one warp adds those up. At
                 most 32 floats of shared memory. A warp that is not there has put nothing.
    grid         One thread of each block adds the block's sum to out[0], which was set to 0 before: at most
                 one atomicAdd for every 1,024 elements begun. From n = 2**20 on there are 64 blocks or more,
                 for one alone would leave nearly all of the GPU idle.

The sum may be off by 1e-5 * sum(|x|). double is not allowed, nor cub and thrust.

Harris 2007, Optimizing Parallel Reduction in CUDA; Luitjens 2014, Faster Parallel Reductions on Kepler
(NVIDIA technical blog); Hwu, Kirk and El Hajj 2022, ch. 10.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of reduce.cu
