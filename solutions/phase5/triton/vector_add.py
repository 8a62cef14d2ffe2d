"""Three lines hold the whole model: an index from the program's number, a mask for what lies beyond the end, and a load
that keeps to it. Nothing says which program runs first or how many run at once, so nothing may depend on it. A vector
sum does one addition for twelve bytes moved (in float32): its speed is that of the memory, and no arithmetic will help.
"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl

HINTS = (
    "Think of one program: it knows its number p and the size of a block. Which elements are its own? tl.arange counts "
    "from 0 within the block.",
    "Adding an array of numbers to a pointer gives an array of pointers, and tl.load takes these together with a mask of "
    "the same shape: which of the numbers are below n?",
    "The grid is a tuple, here of one number. Every element needs a program, also where n is no multiple of block: round up.",
)


@triton.jit
def _add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    # wrong: at = tl.program_id(0) * n + tl.arange(0, BLOCK)  # a program begins where the one before it ends: a block further, not n
    # wrong: at = tl.program_id(0) + tl.arange(0, BLOCK)  # neighbouring programs would overlap in all elements but one
    # wrong: at = tl.arange(0, BLOCK)  # every program does the first block: the program's number has to move it
    # wrong: at = tl.num_programs(0) * BLOCK + tl.arange(0, BLOCK)  # that is how many programs there are; ask which one this is
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    # wrong: mask = at <= n  # the last element has number n - 1
    # wrong: mask = at < n - 1  # the element numbered n - 1 exists, too
    # wrong: mask = tl.arange(0, BLOCK) < n  # the mask is about the elements' numbers in the whole vector, not in the block
    mask = at < n
    # wrong: x = tl.load(x_ptr + at)  # in the last block some lanes lie beyond the end of x: they must not load
    # wrong: x = tl.load(x_ptr + at * BLOCK, mask=mask)  # pointers count elements: the number of the element is the offset
    x = tl.load(x_ptr + at, mask=mask)
    # wrong: y = tl.load(y_ptr + at)  # in the last block some lanes lie beyond the end of y: they must not load
    # wrong: y = tl.load(x_ptr + at, mask=mask)  # this adds x to itself
    y = tl.load(y_ptr + at, mask=mask)
    # wrong: tl.store(out_ptr + at, x + y)  # lanes beyond the end would write into memory that belongs to someone else
    # wrong: tl.store(x_ptr + at, x + y, mask=mask)  # the result has memory of its own, and x stays as it was
    # wrong: tl.store(out_ptr + at, x + y.to(tl.float16), mask=mask)  # the sum is made in the dtype of x and y
    tl.store(out_ptr + at, x + y, mask=mask)


def add(x: torch.Tensor, y: torch.Tensor, block: int = 256) -> torch.Tensor:
    """x + y by a kernel with ceil(n / block) programs; ValueError where shapes differ or memory has gaps."""
    # wrong: pass  # tensors of different shapes are a ValueError: this kernel does not broadcast
    # wrong: if x.numel() != y.numel():  # as many elements are not enough: (2, 3) and (3, 2) have different shapes
    #            raise ValueError(f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}")
    if x.shape != y.shape:
        raise ValueError(f"x has shape {tuple(x.shape)} and y {tuple(y.shape)}")
    # wrong: pass  # a view with other strides is a ValueError: the kernel walks through memory and ignores strides
    # wrong: if not x.is_contiguous():  # y may have gaps, too
    #            raise ValueError("x and y have to be contiguous")
    if not (x.is_contiguous() and y.is_contiguous()):
        raise ValueError("x and y have to be contiguous")
    # wrong: out = torch.empty(x.shape)  # the result has the dtype of x and y
    # wrong: out = x  # the result has memory of its own, and x stays as it was
    out = torch.empty_like(x)
    # wrong: _add[(max(1, triton.cdiv(x.numel(), block)),)](x, y, out, x.numel(), BLOCK=block)  # where there are no elements there is nothing to launch
    if x.numel():
        # wrong: grid = (x.numel() // block,)  # this leaves out the last block where it is not full: round up
        # wrong: grid = (x.numel() // block + 1,)  # where n is a multiple of block this starts a program that has nothing to do
        # wrong: grid = (x.numel(),)  # a program does a whole block: as many programs as blocks are enough
        # wrong: grid = (1,)  # one program does one block, and here are several
        grid = (triton.cdiv(x.numel(), block),)
        # wrong: _add[grid](x, y, out, x.numel(), BLOCK=256)  # the caller chooses the size of a block
        # wrong: _add[grid](x, y, out, x.shape[0], BLOCK=block)  # n is the number of all elements, along every axis
        _add[grid](x, y, out, x.numel(), BLOCK=block)
    return out
