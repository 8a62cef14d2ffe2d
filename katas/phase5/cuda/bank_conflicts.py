"""Banks, padding and transposition

Shared memory is as fast as registers until lanes of a warp want different words of the same bank. It consists
of 32 banks, and word number w (4 bytes) lies in bank w % 32. In one pass each bank serves one word, to all
lanes that ask for it; where a bank is asked for several words, the passes come one after another, up to 32.
Every tile of a matmul or attention kernel is laid out with this in mind.

Write two functions here:

    conflict_degree(word_addr, active)    passes that one request of a warp takes: the most different words
                                          that any one bank is asked for, an int. Lane i asks for word number
                                          word_addr[i] >= 0; word_addr holds integers, (32,). `active`, bool
                                          (32,), says which lanes take part, None that all do. 0 if none does.
    pad_for(width)                        rows of `width` >= 1 words are stored one after another, each with p
                                          unused words behind it. The smallest p >= 0 with which 32 lanes that
                                          read one column, lane i in row i, have no conflict (degree 1).

And one kernel in `bank_conflicts.cu` beside this file:

    transpose    out[c, r] = A[r, c]. A is a float32 matrix of `rows` x `cols`, out one of `cols` x `rows`,
                 both stored row after row. Each element of A is read once, each of out written once, and what
                 stands in out beforehand is not to be read. Blocks have 32 x 8 threads, so each thread moves
                 four elements of a tile of 32 x 32; the grid has at least cols / 32 blocks in x and rows / 32
                 in y, both rounded up. Sizes need not be multiples of 32; rows * cols is less than 2**31.

Either the reads or the writes of a naive transpose go down columns of global memory. Take every element
through shared memory instead, so that both are coalesced: a warp reads a piece of a row of A, and a warp
writes a piece of a row of out (where rows and cols are multiples of 8, in no more sectors of 32 bytes than
the lanes' floats fill). What goes down a column is the access to the tile, and no request to shared memory
may take more than one pass.

The kernel runs on your CPU, in any order of threads and blocks; races, barriers that not all threads of a
block reach, sectors and passes are all seen. docs/kernel-lab.md tells how.

Ruetsch and Micikevicius 2009, Optimizing Matrix Transpose in CUDA; Hwu, Kirk and El Hajj 2022, Programming
Massively Parallel Processors, ch. 6.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of bank_conflicts.cu


def conflict_degree(word_addr: np.ndarray, active: np.ndarray | None = None) -> int:
    """Most different words that any one bank is asked for by the active lanes; 0 without any."""
    raise NotImplementedError


def pad_for(width: int) -> int:
    """Fewest unused words behind each row of `width` that free columns of 32 rows from conflicts."""
    raise NotImplementedError
