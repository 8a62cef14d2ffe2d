"""SGEMM 2: tiles in shared memory

The coalesced matmul asks the memory for every number of B once for every row of C. A block of threads can do
better together: it fetches a tile of A and a tile of B into shared memory, and every number fetched is then
used 32 times. All that is fast in deep learning, flash attention too, is built on this move.

Write `sgemm_shared` in `sgemm_shared.cu`, beside this file, with a kernel of your own above it. As in
sgemm_coalesced it is `extern "C"`, of the host, takes pointers to the device's memory, and returns
cudaGetLastError():

    C <- alpha A B + beta C          A is M x K, B is K x N, C is M x N, float32, each stored row after row.
                                     M, N, K >= 1, multiples of nothing. Where beta is 0, C may hold
                                     anything, nan too, and is not read. double is not allowed.

A block computes a tile of 32 x 32 elements of C. It goes along K in steps of 32: fetch 32 x 32 numbers of A
and of B; wait until all of them are there; multiply; wait until all threads are done with them; go on. What
sticks out over the edges of A or B is not read. It must not take part in the sums either, and shared memory
holds nan until it is written. Every thread of the block comes to every barrier.

What the tests count:

    each element of A is read ceil(N / 32) times, once by each tile of C in its row, and each of B
    ceil(M / 32) times;
    reads of A and B, and the writes of C, are coalesced;
    no request to shared memory has bank conflicts. Lanes that read the same word share it, and 32 neighbours
    lie in 32 banks, but a column of a tile of 32 x 32 lies in one.

Boehm 2022, How to Optimize a CUDA Matmul Kernel, kernel 3; Hwu, Kirk and El Hajj 2022, ch. 5; Lam, Rothberg
and Wolf 1991 (blocking).
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of sgemm_shared.cu
