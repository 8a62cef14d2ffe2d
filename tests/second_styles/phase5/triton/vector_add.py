"""Other parameters in another order, a device function, 64-bit numbers, a grid that asks for BLOCK."""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl


@triton.jit
def _mine(BLOCK: tl.constexpr):
    return tl.program_id(axis=0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)


@triton.jit
def _plus(out, left, right, count, BLOCK: tl.constexpr):
    numbers = _mine(BLOCK)
    exists = numbers < count
    total = tl.load(left + numbers, mask=exists, other=0)
    total += tl.load(right + numbers, mask=exists, other=0)
    tl.store(out + numbers, total, mask=exists)


def add(x: torch.Tensor, y: torch.Tensor, block: int = 256) -> torch.Tensor:
    if x.shape != y.shape or not all(one.is_contiguous() for one in (x, y)):
        raise ValueError("two contiguous tensors of one shape are expected")
    n = x.numel()
    flat = torch.empty(n, dtype=x.dtype, device=x.device)
    if n > 0:
        _plus[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](flat, x, y, n, BLOCK=block)
    return flat.view(x.shape)
