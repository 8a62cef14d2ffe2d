"""Transposition at the speed of a copy

Transposing computes nothing, so it should cost what a copy costs. Done directly it costs several times that:
if the threads of a warp read a row side by side they write a column, and each of the 32 numbers drags a
sector of 32 bytes along. The way out is a tile in shared memory, read along the one side and written along
the other; what is turned is the tile, where turning is cheap.

Write `transpose` in `transpose.cu` beside this file, with a kernel of your own above it.

    transpose    `extern "C"`, a function of the host. `in` is a float32 matrix of rows x cols, stored row
                 after row, `out` one of cols x rows: out[c * rows + r] = in[r * cols + c]. Both are pointers
                 to the device's memory; rows, cols >= 1, neither a multiple of anything. It launches your
                 kernel and returns cudaGetLastError().

Blocks have 32 x 8 threads and a tile of 32 x 32: each thread takes four elements of the tile, TILE / ROWS.
What the tests count:

    every element is read once and written once;
    a warp's 32 lanes use neighbouring addresses, in `in` when they read and in `out` when they write;
    no request to shared memory has bank conflicts: a tile whose rows are 32 floats long has all of a column
    in one bank, and a tile whose rows are one float longer has not (the kata bank_conflicts says why).

The last tiles stick out over the edges. Every thread of a block comes to the barrier, also those that have no
element; and what was an edge on the right is one at the bottom on the other side.

Ruetsch and Micikevicius 2009, Optimizing Matrix Transpose in CUDA; Hwu, Kirk and El Hajj 2022, ch. 6.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of transpose.cu
