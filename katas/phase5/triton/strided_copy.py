"""Copy by strides: two-dimensional pointers and 64-bit offsets

A tensor is memory and strides: element (i, j) lies i * stride(0) + j * stride(1) elements behind the first.
A kernel that takes strides as parameters reads a transposed matrix, every second column or one row repeated
a thousand times without a copy being made first. It is also where the most expensive bug in kernels lives:
an offset computed in 32 bits wraps around at 2**31, and a large tensor is silently read from elsewhere.

`copy2d(src, dst)` writes src to dst and returns None. Both have the same shape (M, N), the same dtype, and
any strides: transposed, every second column of a wider matrix, and in src also expanded, stride 0. Nothing
but the M * N elements of dst may be written, nothing but those of src read: the memory between them belongs
to someone else. Offsets may be beyond 2**31 - 1 elements, though M and N are small: Triton passes a Python
int below 2**31 as int32, and the product of two int32 is an int32. Every tensor has at least one element.

`outer_add(x, y)` returns the (M, N) table of all x[i] + y[j] for x (M,) and y (N,), of any stride each and
the same dtype, which the table has, too. x varies along the rows' axis: entry (i, j) is x[i] + y[j].

Both work in tiles: a grid of two axes, a program for a tile of 16 x 16 or 32 x 32 elements, pointers and
mask of shape (rows, columns) made by broadcasting a column of row numbers against a row of column numbers.
Each launches one kernel. copy2d loads and stores every element once; in outer_add each tile loads its part of
x and of y.

Write the kernels above the functions. Memory comes from `torch.empty`; torch computes and copies nothing.

Triton-Puzzles 3 and 4 (Rush 2024); Tillet, Kung and Cox 2019.
"""

import torch
import triton
import triton.language as tl


def copy2d(src: torch.Tensor, dst: torch.Tensor) -> None:
    """Write src (M, N) to dst (M, N), of any strides each."""
    raise NotImplementedError


def outer_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The table x[i] + y[j], (M, N); x (M,) and y (N,) of any strides."""
    raise NotImplementedError
