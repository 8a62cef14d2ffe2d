"""Matmul with grouped order and autotuning

Nearly all the arithmetic of a language model is matrix products: a tenth saved here is a tenth of the bill. A
program computes one tile of the result, and two choices decide whether the tensor cores starve: the size of
the tile, which is best measured, and the order of the tiles. Programs that run at the same time should need
the same rows of a and the same columns of b, so that these come from memory once and stay in the cache.

`group_order(pid, num_m, num_n, group)` gives the tile (row, column) of program pid, 0 <= pid < num_m * num_n,
where the result is cut into num_m rows and num_n columns of tiles. The rows are taken in bands of `group`;
the last band has what is left. Programs finish a band before they begin the next one below. Within a band
they go down the first column of its tiles, then down the second, and so on. For 3 x 2 tiles and group = 2:

    pid 0 1 2 3 4 5  ->  (0, 0) (1, 0) (0, 1) (1, 1) (2, 0) (2, 1)

All arguments are at least 1 (pid at least 0), and group may be more than num_m. It is plain Python on
integers, written so that the kernel can use it, too. A kernel calls only what is decorated, and
`triton.jit(group_order)` makes that of it, under another name; //, %, min and max may be used in it.

`matmul(a, b, activation)` returns activation(a @ b), (M, N), for a (M, K) and b (K, N), both in float32,
float16 or bfloat16; the result is contiguous and has their dtype. The activation is None, "relu", which is
max(x, 0), or "gelu", which is x * (1 + erf(x / sqrt(2))) / 2. The products are summed in float32 along all of
K, the activation is taken of this sum in float32, and the result is rounded once, when it is stored. float32
is multiplied in full: tl.dot does that with input_precision="ieee", and would use TF32 by itself.

a and b may have any strides, transposed or with gaps, and are read where they are. Rows of a and columns of b
may be so far apart that their offsets pass 2**31 - 1 elements. All sizes are at least 1, and need not be
multiples of anything. No input is changed.

Each call launches one kernel, decorated with `triton.autotune`, on a grid of one axis: a program for every
tile, in the order of group_order. There are four or more configurations. Each gives BLOCK_M and BLOCK_N, the
sizes of a tile of the result, powers of two from 32 to 256; BLOCK_K, the steps along K, a power of two from
16 to 128; and GROUP, the rows of a band, from 2 to 16. All four are `tl.constexpr` parameters of the kernel.
A new value of M, N or K is measured anew. A program loads its rows of a and its columns of b once. torch
computes nothing, but may allocate. Compiled for an H100 (sm_90), the configuration with the largest tile uses
the tensor cores for bfloat16 and keeps all numbers in registers; a test asks the compiler, without a GPU.

Write the kernel between the functions.

Triton's tutorial 03; Tillet, Kung and Cox 2019.
"""

import torch
import triton
import triton.language as tl


def group_order(pid: int, num_m: int, num_n: int, group: int) -> tuple[int, int]:
    """The tile of program `pid`, (row, column) among num_m x num_n tiles, in bands of `group` rows."""
    raise NotImplementedError


def matmul(a: torch.Tensor, b: torch.Tensor, activation: str | None = None) -> torch.Tensor:
    """activation(a @ b), (M, N), for a (M, K) and b (K, N) of any strides, in their dtype."""
    raise NotImplementedError
