"""Add two vectors: programs, blocks and masks

A Triton kernel is a function that runs many times at once: each run, a *program*, handles one block of
numbers and asks `tl.program_id` which block is its own. Every kernel you will meet, up to flash attention,
begins with the three lines of this one: which elements are mine, which of them exist, load them.

`add(x, y, block)` returns x + y, computed by a kernel of your own. The elements are numbered 0 ... n - 1 in
the order in which they lie in memory, and program p adds those from p * block to p * block + block - 1. The
grid has just as many programs as there are blocks, ceil(n / block), and is launched once. The last block is
rarely full: a lane beyond the end must neither load nor store, and a mask sees to that.

x and y have the same shape, any, and the same dtype, and the result has both, too. `block` is a power of
two, as Triton asks of every block. Where n is 0 there is nothing to launch: an empty result is returned.

A ValueError is raised where the shapes differ, and where x or y is not contiguous: this kernel counts through
memory and would add the wrong elements of a view with other strides.

Write the kernel above `add`: a function decorated with `@triton.jit`, whose parameters are the tensors (the
kernel gets pointers to their first elements), n, and `BLOCK: tl.constexpr`, which is known when it is
compiled. `kernel[grid](...)` launches it. The result comes from `torch.empty_like`; torch computes nothing.

Without a GPU the kernel runs in Triton's interpreter, and every address it touches is checked.

Tillet, Kung and Cox 2019; Triton's tutorial 01.
"""

import torch
import triton
import triton.language as tl


def add(x: torch.Tensor, y: torch.Tensor, block: int = 256) -> torch.Tensor:
    """x + y by a kernel with ceil(n / block) programs; ValueError where shapes differ or memory has gaps."""
    raise NotImplementedError
