"""The sigmoid by exp of -|g|, two blocks a program, both gradients in one allocation."""

# pyright: reportArgumentType=false, reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false

from typing import Any

import torch
import triton
import triton.language as tl


@triton.jit
def _sigmoid(g):
    small = tl.exp(-tl.abs(g))
    return tl.where(g >= 0, 1.0, small) / (1.0 + small)


@triton.jit
def _gated(out, gate, up, count, BLOCK: tl.constexpr, ROUNDS: tl.constexpr):
    for i in tl.static_range(ROUNDS):
        numbers = (tl.program_id(0) * ROUNDS + i) * BLOCK + tl.arange(0, BLOCK)
        exists = numbers < count
        g = tl.load(gate + numbers, mask=exists, other=0).to(tl.float32)
        u = tl.load(up + numbers, mask=exists, other=0).to(tl.float32)
        tl.store(out + numbers, (u * g * _sigmoid(g)).to(out.dtype.element_ty), mask=exists)


@triton.jit
def _slopes(to_gate, to_up, gate, up, grad, count, BLOCK: tl.constexpr):
    numbers = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    exists = numbers < count
    g = tl.load(gate + numbers, mask=exists, other=0).to(tl.float32)
    u = tl.load(up + numbers, mask=exists, other=0).to(tl.float32)
    d = tl.load(grad + numbers, mask=exists, other=0).to(tl.float32)
    s = _sigmoid(g)
    silu = g * s
    tl.store(to_up + numbers, silu * d, mask=exists)
    tl.store(to_gate + numbers, (silu * _sigmoid(-g) + s) * u * d, mask=exists)


class SwiGLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        ctx.count = gate.numel()
        out = torch.empty(gate.shape, dtype=gate.dtype, device=gate.device)
        _gated[(triton.cdiv(ctx.count, 512),)](out, gate.contiguous(), up.contiguous(), ctx.count, 256, 2)
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gate, up = (one.contiguous() for one in ctx.saved_tensors)
        both = torch.empty((2, *grad.shape), dtype=grad.dtype, device=grad.device)
        grid = (triton.cdiv(ctx.count, 2048),)
        _slopes[grid](both[0], both[1], gate, up, grad.contiguous(), ctx.count, BLOCK=2048)
        return both[0], both[1]
