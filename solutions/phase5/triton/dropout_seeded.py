"""The backward pass is the forward pass: with its mask given, dropout multiplies each element by a number, and so does its
gradient. The mask costs arithmetic twice and memory never, a good trade wherever a kernel waits for its memory anyway.
Flash attention drops its probabilities in the same way: a mask of (heads, queries, keys) could not be stored at all.
"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl

HINTS = (
    "Offsets and mask are those of vector_add. Which of the numbers that a program knows is the same for an element whatever "
    "the size of a block?",
    "tl.rand takes the seed and a whole block of indices, and returns as many floats. A comparison makes the mask of it; zero "
    "times infinity is nan, so choose with tl.where instead of multiplying.",
    "Write y = f(x) * x for one element, where f is 0 or 1 / (1 - p). What is dy/dx, and which function computes just that?",
)


@triton.jit
def _dropout(x_ptr, out_ptr, n, p, seed, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    # wrong: x = tl.load(x_ptr + at).to(tl.float32)  # in the last block some lanes lie beyond the end of x: they must not load
    # wrong: x = tl.load(x_ptr + at, mask=at < n - 1).to(tl.float32)  # the element numbered n - 1 exists, too
    x = tl.load(x_ptr + at, mask=at < n).to(tl.float32)
    # wrong: keep = tl.rand(seed, tl.arange(0, BLOCK)) >= p  # an index within the block gives all blocks the same mask
    # wrong: keep = tl.rand(seed + tl.program_id(0), tl.arange(0, BLOCK)) >= p  # neighbouring seeds then share their masks, shifted by a block
    # wrong: keep = tl.rand(seed + tl.program_id(0), at) >= p  # the number depends on the seed and the index only
    # wrong: keep = tl.rand(seed, tl.program_id(0)) >= p  # each element decides for itself, not each block
    # wrong: keep = tl.rand(at, seed) >= p  # seed and index are exchanged
    # wrong: keep = tl.rand(0, at) >= p  # every seed would give the same mask
    # wrong: keep = tl.rand(seed, at) < p  # p is the chance to be dropped, not to be kept
    # wrong: keep = tl.rand(seed, at) > p  # a number equal to p is kept: else p = 0 could drop an element
    # wrong: keep = tl.randn(seed, at) >= p  # these are normal, not uniform on [0, 1)
    keep = tl.rand(seed, at) >= p
    # wrong: y = tl.where(keep, x, 0.0)  # what is kept makes up for what is not
    # wrong: y = tl.where(keep, x / p, 0.0)  # the share of kept elements is 1 - p
    # wrong: y = tl.where(keep, x * (1 - p), 0.0)  # scaling keeps the mean: divide by the share that is kept
    # wrong: y = keep * x / (1 - p)  # zero times infinity is nan, and at p = 1 all are divided by 0
    # wrong: y = tl.where(keep, x / (1 - p), x)  # a dropped element is 0
    y = tl.where(keep, x / (1 - p), 0.0)
    # wrong: tl.store(out_ptr + at, y)  # lanes beyond the end would write into memory that belongs to someone else
    # wrong: tl.store(out_ptr + at, y, mask=(at < n) & keep)  # dropped elements are zeros that have to be stored
    tl.store(out_ptr + at, y, mask=at < n)


def dropout(x: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """x / (1 - p) where tl.rand(seed, index) >= p, else 0; ValueError for p outside [0, 1] and for gaps."""
    # wrong: pass  # a p outside [0, 1] is a ValueError
    # wrong: if p < 0 or p > 1:  # nan compares false with everything, and is no probability
    #            raise ValueError(f"p = {p} is no probability")
    # wrong: if not 0 < p < 1:  # both ends are probabilities
    #            raise ValueError(f"p = {p} is no probability")
    if not 0 <= p <= 1:
        raise ValueError(f"p = {p} is no probability")
    # wrong: pass  # a view with other strides is a ValueError: the kernel walks through memory and ignores strides
    if not x.is_contiguous():
        raise ValueError("the tensor has to be contiguous")
    # wrong: out = torch.empty(x.shape, device=x.device)  # the result has the dtype of x
    # wrong: out = x  # the result has memory of its own
    out = torch.empty_like(x)
    # wrong: grid = (x.numel() // 1024,)  # the last block is rarely full: round up
    # wrong: grid = (x.numel() // 1024 + 1,)  # where n is a multiple of 1024 this starts a program that has nothing to do
    grid = (triton.cdiv(x.numel(), 1024),)
    # wrong: _dropout[grid](x, out, x.shape[0], p, seed, BLOCK=1024)  # n is the number of all elements, along every axis
    # wrong: _dropout[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), p, seed, BLOCK=256)  # a program handles 1024 elements
    # wrong: _dropout[grid](x, out, x.numel(), 1 - p, seed, BLOCK=1024)  # p is the chance to be dropped, not to be kept
    _dropout[grid](x, out, x.numel(), p, seed, BLOCK=1024)
    return out


def dropout_bwd(dy: torch.Tensor, p: float, seed: int) -> torch.Tensor:
    """The gradient by x of dropout(x, p, seed), from the gradient dy by its result; ValueError likewise."""
    # wrong: return dropout(dy, p, seed + 1)  # the mask has to be that of the forward pass
    # wrong: return dropout(dy, 1 - p, seed)  # p means the same in both directions
    # wrong: return dropout(dropout(dy, p, seed), p, seed)  # the scale counts once
    # wrong: return dropout(torch.ones_like(dy), p, seed) * dy  # zero times infinity is nan, and torch does the kernel's work
    return dropout(dy, p, seed)
