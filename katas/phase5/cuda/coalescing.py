"""Count the memory transactions

A GPU's global memory is not read in floats but in sectors: 32 bytes that begin at a multiple of 32. What the
lanes of a warp ask for in one instruction is gathered first, and every sector that any of them touches moves
once, whole. So the same copy may move 4 sectors for a warp, or 32; most kernels of a model wait for memory,
and this number is their speed.

Write three functions here. A load is given by `addresses`, int64 (n,), the byte address (>= 0) of what
thread i loads, and `itemsize` in bytes, from 1 to 16: thread i asks for the bytes addresses[i] to
addresses[i] + itemsize - 1. Addresses need not be multiples of itemsize, and one item may lie in two sectors.
Threads 0 to 31 are the first warp, the next 32 the second, and so on; the last may have fewer. `active`, bool
(n,), says which threads take part, None that all do; the others ask for nothing but keep their place.

    sectors(addresses, itemsize, active)       sectors that each warp touches, summed over the warps (what one
                                               warp has touched is counted again for the next), an int
    efficiency(addresses, itemsize, active)    bytes asked for over bytes moved, in all. A byte that several
                                               lanes of one warp ask for counts once in that warp; moved are
                                               32 bytes a sector. 1.0 where nobody asks for anything.
    pattern(kind, width)                       int64 (256,): the byte address that each thread of a block of
                                               32 x 8 reads in a float32 matrix A with `width` columns, stored
                                               row after row from address 0. Thread t has x = t % 32 and
                                               y = t // 32, and reads A[y, x] if kind is "row", A[x, y] if it
                                               is "col" (row first); any other kind is a ValueError.

And one kernel in `coalescing.cu` beside this file, where you find `copy_slow`. It copies a float32 matrix of
`rows` rows and `cols` columns, stored row after row, with x counting the rows, so that a warp goes down a
column. Leave it as it is, see what your functions say of it, and write

    copy_fast    dst = src, launched exactly as copy_slow is: blocks of 32 x 8 threads, and a grid with at
                 least rows / 32 blocks in x and cols / 8 in y, both rounded up. Which thread copies which
                 element is up to you, but each is written once, and the blocks share the work. Where cols is
                 a multiple of 8, at most a sixth of the sectors that copy_slow moves, in reads and writes
                 alike. rows * cols and the number of threads are less than 2**31.

The kernels run on your CPU, which counts the sectors of every access; docs/kernel-lab.md tells how, and
`aire-katas profile coalescing` shows them beside your lines.

NVIDIA 2024, CUDA C++ Best Practices Guide, Coalesced Access to Global Memory; Hwu, Kirk and El Hajj 2022,
Programming Massively Parallel Processors, 6.1.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of coalescing.cu


def sectors(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> int:
    """Sectors of 32 bytes that the warps touch, each warp counted for itself."""
    raise NotImplementedError


def efficiency(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> float:
    """Share of the bytes moved that a lane of the warp has asked for; 1.0 where nothing is moved."""
    raise NotImplementedError


def pattern(kind: str, width: int) -> np.ndarray:
    """Byte addresses that a block of 32 x 8 reads, by "row" or by "col"; ValueError for another kind."""
    raise NotImplementedError
