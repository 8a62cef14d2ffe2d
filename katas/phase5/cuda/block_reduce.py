"""Tree reduction in a block and across blocks

A loss is a sum over tokens, a softmax needs a maximum and a sum, gradient clipping a norm: many numbers
become one. Threads that add into one place would wait for one another, so a block goes in rounds instead, and
in each of them half of the threads that are left fold in what the other half has.

Write two functions in `block_reduce.cu`, beside this file. x is float32 of shape (n,), n >= 0, without nan,
but there may be -inf (a masked score). The maximum of no elements is -inf and their sum 0. Blocks have
BLOCK = 64 threads, a power of two, in one dimension; n + 64 * blocks is less than 2**31.

    reduce_max_sum    a kernel, launched with any number of blocks of 64 threads. Block b takes the elements
                      that a grid-stride loop gives to its threads (the i with i // 64 % gridDim.x == b) and
                      writes their maximum to partial_max[b] and their sum to partial_sum[b]; so does a block
                      that has no elements. Each element of x is read once.
    reduce_all        a function of the host, with pointers to device memory: puts the maximum of all of x
                      into result[0] and the sum into result[1]. It makes two launches: reduce_max_sum with
                      `blocks` blocks, then one block of 64 threads of a kernel of your own, which goes over
                      the partials (there may be more than 64, blocks >= 1) and ends in the same tree.
                      partial_max and partial_sum are scratch, with room for `blocks` elements each. It copies
                      nothing to the host, and returns cudaGetLastError(), which is 0.

What stands in partial_max, partial_sum and result beforehand is not to be read. The tree is in shared memory,
and it is judged, too:

- 64 elements are log2(64) = 6 rounds, and the maximum and the sum go through them together: a block passes 6
  or 7 barriers (__syncthreads), whatever n is.
- The threads at work in a round are the first ones, 0, 1, 2, ... without gaps: warps whose threads are
  all done then issue nothing.
- No bank conflicts: keep the maxima in one array and the sums in another, since the words of pairs stand two
  apart. No atomics, and no shuffles (they are the next kata).
- The order of additions is fixed: two runs with threads in another order agree to the last bit. The sum may
  differ from the exact one by n * 2**-24 * sum(|x|).

The kernels run on your CPU, in any order of threads and blocks, and every access is checked; a race or a
missing barrier is named with line, block and thread. docs/kernel-lab.md tells how.

Harris 2007, Optimizing Parallel Reduction in CUDA; Hwu, Kirk and El Hajj 2022, Programming Massively Parallel
Processors, ch. 10.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of block_reduce.cu
