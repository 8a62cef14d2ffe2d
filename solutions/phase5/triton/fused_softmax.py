"""One read and one write: the row stays in registers between them. The long rows show the trick that flash attention is
made of, a sum that is corrected when a larger maximum turns up. What fills the lanes beyond the row is chosen for the
operation that follows: -inf is what a maximum ignores, and its exponential is what a sum ignores.
"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl

HINTS = (
    "A program's number is its row. Lanes beyond the row must change neither the maximum nor the sum: which value does "
    "neither, and which parameter of tl.load puts it there?",
    "For long rows keep two numbers while walking: the largest so far, and the sum measured from it. When the first changes, "
    "the second has to be measured from the new one.",
    "As long as all that was seen is -inf, the difference of two maxima is -inf minus -inf. Subtract 0 then: every "
    "exponential is 0, and so is the sum.",
)


@triton.jit
def _short_rows(x_ptr, out_ptr, stride, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    # wrong: x = tl.load(x_ptr + row * stride + at, mask=at < N, other=0.0).to(tl.float32)  # zeros beyond the row count in the sum, and in the maximum of negative numbers
    # wrong: x = tl.load(x_ptr + row * N + at, mask=at < N, other=-float("inf")).to(tl.float32)  # rows are stride elements apart, which may be more than N
    # wrong: x = tl.load(x_ptr + row * stride + at, mask=at < N).to(tl.float32)  # what a masked lane holds is undefined unless `other` says so
    # wrong: x = tl.load(x_ptr + row * stride + at, mask=at <= N, other=-float("inf")).to(tl.float32)  # the row has N entries, the last is N - 1
    x = tl.load(x_ptr + row * stride + at, mask=at < N, other=-float("inf")).to(tl.float32)
    # wrong: e = tl.exp(x)  # without the maximum subtracted the exponential overflows
    # wrong: e = tl.exp(x - tl.max(tl.where(at < N, x, 0.0), 0))  # a row of large negative numbers has a negative maximum: zeros must not take part
    # wrong: e = tl.exp(x - tl.min(x, 0))  # subtract the largest, so that no exponential is above 1
    # wrong: e = tl.exp2(x - tl.max(x, 0))  # this is a softmax with base 2
    # wrong: e = tl.exp(x - tl.max(x, 0)).to(tl.bfloat16).to(tl.float32)  # all arithmetic stays in float32 until the store
    e = tl.exp(x - tl.max(x, 0))
    # wrong: tl.store(out_ptr + row * stride + at, e / tl.sum(e, 0), mask=at < N)  # the result is contiguous: its rows are N apart
    # wrong: tl.store(out_ptr + row * N + at, e / tl.sum(e, 0))  # lanes beyond the row would write into the next one
    # wrong: tl.store(out_ptr + row * N + at, e, mask=at < N)  # the division by the sum is missing
    # wrong: tl.store(out_ptr + row * N + at, e / N, mask=at < N)  # divide by the sum of the exponentials, not by their number
    tl.store(out_ptr + row * N + at, e / tl.sum(e, 0), mask=at < N)


@triton.jit
def _long_rows(x_ptr, out_ptr, stride, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    m, s = -float("inf"), 0.0
    for start in range(0, N, BLOCK):
        at = start + tl.arange(0, BLOCK)
        # wrong: x = tl.load(x_ptr + row * stride + at, mask=at < N, other=0.0).to(tl.float32)  # zeros beyond the row count in the sum
        x = tl.load(x_ptr + row * stride + at, mask=at < N, other=-float("inf")).to(tl.float32)
        # wrong: larger = tl.max(x, 0)  # the largest so far may lie in an earlier block
        larger = tl.maximum(m, tl.max(x, 0))
        # wrong: base = larger  # while all that was seen is -inf, -inf minus -inf is nan
        base = tl.where(larger == -float("inf"), 0.0, larger)
        # wrong: s = s + tl.sum(tl.exp(x - base), 0)  # the old sum was measured from the old maximum: rescale it
        # wrong: s = s * tl.exp(base - m) + tl.sum(tl.exp(x - base), 0)  # the old sum shrinks when the maximum grows
        # wrong: s = tl.sum(tl.exp(x - base), 0)  # earlier blocks belong to the sum
        s = s * tl.exp(m - base) + tl.sum(tl.exp(x - base), 0)
        m = larger
    for start in range(0, N, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row * stride + at, mask=at < N, other=-float("inf")).to(tl.float32)
        # wrong: tl.store(out_ptr + row * N + at, tl.exp(x - tl.max(x, 0)) / s, mask=at < N)  # all blocks are measured from the maximum of the row
        tl.store(out_ptr + row * N + at, tl.exp(x - m) / s, mask=at < N)


def softmax(x: torch.Tensor) -> torch.Tensor:
    """Softmax along the rows of x (M, N), in its dtype, computed in float32."""
    M, N = x.shape
    # wrong: out = torch.empty(M, N, device=x.device)  # the result has the dtype of x
    # wrong: out = x  # the result has memory of its own
    out = torch.empty(M, N, dtype=x.dtype, device=x.device)
    if N <= 4096:
        # wrong: _long_rows[(M,)](x, out, x.stride(0), N, BLOCK=1024)  # a row of up to 4096 entries stays in registers and is loaded once
        # wrong: _short_rows[(1,)](x, out, x.stride(0), N, BLOCK=triton.next_power_of_2(N))  # every row needs a program
        # wrong: _short_rows[(M,)](x, out, N, N, BLOCK=triton.next_power_of_2(N))  # rows of a view are further apart than N
        _short_rows[(M,)](x, out, x.stride(0), N, BLOCK=triton.next_power_of_2(N))
    else:
        _long_rows[(M,)](x, out, x.stride(0), N, BLOCK=1024)
    return out
