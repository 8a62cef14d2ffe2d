"""Shared memory with a halo

Global memory is far away. Each multiprocessor has a small memory of its own as well, the shared memory, which
the threads of a block see in common: what one has fetched, all may use. Load once, wait for one another, use
many times: every fast kernel of matrix products, convolutions and attention is made so.

Here it is a convolution with a short filter, as the layers of a Mamba or a speech model have them. With
2 R + 1 weights, and zeros beyond both ends of x,

    out[i] = sum over j = 0 ... 2 R of  w[j] * x[i + j - R],        x[k] = 0 for k < 0 and for k >= n

(the filter is not flipped: deep learning calls this a convolution, mathematics a cross-correlation). Threads
that fetch what they need from global memory read each x[i] 2 R + 1 times, yet neighbours need nearly the
same. So let the block keep its piece of x, the tile, in shared memory, with R elements more on each side,
the halo: they are the neighbour block's, but the sums at the edge need them.

Write one kernel, in `shared_stencil.cu` beside this file. Arrays are float32.

    conv1d    out[i] for 0 <= i < n. x and out have n elements, w has 2 R + 1, 0 <= R <= MAX_R = 4; n may be
              smaller than the filter, or 0. Blocks have TPB = 64 threads, block b does the elements
              b * TPB ... b * TPB + TPB - 1, as far as there are any, and the grid has as many blocks as that
              takes, or more. `out` is written, every element once, and never read.

What is judged beside the values:

- The reads of x, on a grid of just enough blocks. A block reads each element of x that lies within its reach
  (its own elements and R on either side) once, one float at a time. Beyond the ends of x nothing is read.
- Neighbouring threads read neighbouring elements, of the halo as well: of memory's sectors, 32 bytes each,
  at most 1.6 times as many are fetched as x fills.
- A thread that uses what another has put into shared memory must have waited for it at a barrier,
  `__syncthreads()`, and every thread of the block has to come to every barrier.

w may be read as often as you like. Each time a block begins, shared memory holds garbage.

And one function here, the reads of x that the rule above allows:

    global_loads(n, R, tpb)    reads of x, an int, by all ceil(n / tpb) blocks of tpb threads; for any n >= 0,
                               R >= 0 and tpb >= 1. R may be larger than tpb, and than n.

The kernel runs on your CPU, in any order of threads and blocks, and every access is checked;
docs/kernel-lab.md tells how.

Hwu, Kirk and El Hajj 2022, Programming Massively Parallel Processors, ch. 7; Rush 2022, GPU Puzzles 11.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of shared_stencil.cu


def global_loads(n: int, R: int, tpb: int) -> int:
    """Reads of x by all blocks, each reading what it needs of the n elements once."""
    raise NotImplementedError
