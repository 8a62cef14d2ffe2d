"""Softmax of every row, in one kernel

Softmax by torch's separate operations reads a matrix three times and writes it twice: maximum, subtraction,
exponential, sum, division. All of these are cheap, and the memory is not. A kernel that keeps the row where
it computes reads every number once and writes every number once; so will every norm and loss you fuse.

`softmax(x)` returns exp(x[i, j] - m_i) / sum_k exp(x[i, k] - m_i) with m_i the largest of row i, for x (M,
N) in float32, float16 or bfloat16; the result has the shape and dtype of x. Columns are neighbours in
memory, rows may be any distance apart (x.stride(0) >= N): the first N columns of a wider matrix will do. M
and N are at least 1, and the result is contiguous.

All arithmetic is done in float32, whatever the dtype of x: convert what you load, and convert what you
store.

Up to N = 4096 one program holds a whole row in a block of `triton.next_power_of_2(N)` lanes, and every
element of x is loaded once. Above that the block has 1024 lanes and a program walks along its row twice.
The first walk keeps the largest number so far, m, and s, the sum of exp(x - m); where a block brings a
larger maximum m', the old sum counts as s * exp(m - m'). The second walk loads again, and stores. Each call
launches one kernel with M programs, one for a row; torch computes nothing, but may allocate.

Entries of -inf have probability 0, also where a whole block of them comes first. A row of nothing but -inf
is nan throughout, as in torch. There are no nan and no +inf.

Milakov and Gimelshein 2018 (the online sum); Triton's tutorial 02.
"""

import torch
import triton
import triton.language as tl


def softmax(x: torch.Tensor) -> torch.Tensor:
    """Softmax along the rows of x (M, N), in its dtype, computed in float32."""
    raise NotImplementedError
