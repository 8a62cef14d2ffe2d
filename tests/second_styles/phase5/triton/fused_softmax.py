"""One kernel for short and long rows, lanes that keep a maximum and a sum each, and base 2 throughout."""

# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

import torch
import triton
import triton.language as tl

LOG2_E = tl.constexpr(1.4426950408889634)


@triton.jit
def _row(x_ptr, N, start, BLOCK: tl.constexpr):
    at = start + tl.arange(0, BLOCK)
    return at, tl.load(x_ptr + at, mask=at < N, other=float("-inf")).to(tl.float32)


@triton.jit
def _fused(out_ptr, x_ptr, out_stride, x_stride, N, BLOCK: tl.constexpr, ONCE: tl.constexpr):
    x_ptr += tl.program_id(0) * x_stride
    out_ptr += tl.program_id(0) * out_stride
    if ONCE:
        at, x = _row(x_ptr, N, 0, BLOCK)
        e = tl.exp2((x - tl.max(x)) * LOG2_E)
        tl.store(out_ptr + at, e * (1 / tl.sum(e)), mask=at < N)
    else:
        most = tl.full((BLOCK,), float("-inf"), tl.float32)
        total = tl.zeros((BLOCK,), tl.float32)
        for start in range(0, N, BLOCK):
            at, x = _row(x_ptr, N, start, BLOCK)
            more = tl.maximum(most, x)
            base = tl.where(more > float("-inf"), more, 0.0)
            total = total * tl.exp2((most - base) * LOG2_E) + tl.exp2((x - base) * LOG2_E)
            most = more
        largest = tl.max(most)
        total = tl.sum(tl.where(most > float("-inf"), total * tl.exp2((most - largest) * LOG2_E), 0.0))
        for start in range(0, N, BLOCK):
            at, x = _row(x_ptr, N, start, BLOCK)
            tl.store(out_ptr + at, tl.exp2((x - largest) * LOG2_E) / total, mask=at < N)


def softmax(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    once = x.shape[1] <= 4096
    block = triton.next_power_of_2(x.shape[1]) if once else 1024
    _fused[(len(x),)](out, x, out.stride(0), x.stride(0), x.shape[1], block, once)
    return out
