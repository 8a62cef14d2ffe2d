"""The derivative of silu is s * (1 + g * (1 - s)): a few operations on numbers that have been loaded anyway, where storing
s would cost a write in one pass and a read in the other. Recomputing what is cheap is the trade that flash attention
makes with the whole score matrix.
"""

# pyright: reportIncompatibleMethodOverride=false
# pyright: reportArgumentType=false

from typing import Any

import torch
import triton
import triton.language as tl

HINTS = (
    "Both kernels are vector_add with other arithmetic: a number per lane, a mask for the last block. Shapes do not matter "
    "where memory has no gaps.",
    "d out / d up is silu(gate). For gate, differentiate g * sigmoid(g) as a product; the derivative of sigmoid is s * (1 - s).",
    "exp of a large number is inf. 1 / (1 + inf) is 0, which is right, while inf / (1 + inf) is nan: choose the form of the "
    "sigmoid accordingly.",
    "The gradient of a sum arrives as one number expanded, with strides of 0: a kernel that walks through memory would run "
    "out of it at once.",
)


@triton.jit
def _forward(gate_ptr, up_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    # wrong: mask = at <= n  # the last element has number n - 1
    mask = at < n
    # wrong: g = tl.load(gate_ptr + at, mask=mask)  # maths in half precision rounds at every step: convert what you load
    # wrong: g = tl.load(gate_ptr + at).to(tl.float32)  # in the last block some lanes lie beyond the end: they must not load
    # wrong: g = tl.load(up_ptr + at, mask=mask).to(tl.float32)  # silu is taken of the gate
    g = tl.load(gate_ptr + at, mask=mask).to(tl.float32)
    # wrong: u = tl.load(gate_ptr + at, mask=mask).to(tl.float32)  # the factor is up, not the gate again
    u = tl.load(up_ptr + at, mask=mask).to(tl.float32)
    # wrong: tl.store(out_ptr + at, g / (1 + tl.exp(g)) * u, mask=mask)  # this is g * sigmoid(-g): a sign is lost
    # wrong: tl.store(out_ptr + at, g * tl.exp(g) / (1 + tl.exp(g)) * u, mask=mask)  # for a large gate this is inf / inf
    # wrong: tl.store(out_ptr + at, u / (1 + tl.exp(-g)), mask=mask)  # this is a plain GLU: silu has a factor g more
    # wrong: tl.store(out_ptr + at, g / (1 + tl.exp(-g)), mask=mask)  # the product with up is missing
    # wrong: tl.store(out_ptr + at, (g / (1 + tl.exp(-g))).to(out_ptr.dtype.element_ty) * u, mask=mask)  # silu is rounded before it is multiplied: round once, at the store
    # wrong: tl.store(out_ptr + at, g / (1 + tl.exp(-1.702 * g)) * u, mask=mask)  # that is the approximate GELU
    # wrong: tl.store(out_ptr + at, g / (1 + tl.exp(-g)) * u)  # lanes beyond the end would write into someone else's memory
    tl.store(out_ptr + at, g / (1 + tl.exp(-g)) * u, mask=mask)


@triton.jit
def _backward(grad_ptr, gate_ptr, up_ptr, d_gate_ptr, d_up_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = at < n
    # wrong: d = 1.0  # by the chain rule the gradient that arrives is a factor
    d = tl.load(grad_ptr + at, mask=mask).to(tl.float32)
    # wrong: g = tl.load(gate_ptr + at, mask=mask)  # maths in half precision rounds at every step: convert what you load
    g = tl.load(gate_ptr + at, mask=mask).to(tl.float32)
    u = tl.load(up_ptr + at, mask=mask).to(tl.float32)
    # wrong: s = tl.exp(g) / (1 + tl.exp(g))  # for a large gate this is inf / inf
    s = 1 / (1 + tl.exp(-g))
    # wrong: tl.store(d_gate_ptr + at, d * u * s, mask=mask)  # silu is a product: sigmoid varies with the gate, too
    # wrong: tl.store(d_gate_ptr + at, d * u * s * (1 - s), mask=mask)  # that is the derivative of sigmoid; silu is g times it
    # wrong: tl.store(d_gate_ptr + at, d * u * g * s * (1 - s), mask=mask)  # the product rule has two terms
    # wrong: tl.store(d_gate_ptr + at, d * u * (1 + g * (1 - s)), mask=mask)  # a factor s belongs to both terms
    # wrong: tl.store(d_gate_ptr + at, d * u * s * (1 - g * (1 - s)), mask=mask)  # the second term is added
    # wrong: tl.store(d_gate_ptr + at, d * s * (1 + g * (1 - s)), mask=mask)  # up is a factor of the result, and so of this gradient
    tl.store(d_gate_ptr + at, d * u * s * (1 + g * (1 - s)), mask=mask)
    # wrong: tl.store(d_up_ptr + at, d * s, mask=mask)  # the factor of up is silu, not sigmoid
    # wrong: tl.store(d_up_ptr + at, g * s, mask=mask)  # by the chain rule the gradient that arrives is a factor
    # wrong: tl.store(d_up_ptr + at, d * g * s)  # lanes beyond the end would write into someone else's memory
    tl.store(d_up_ptr + at, d * g * s, mask=mask)


class SwiGLU(torch.autograd.Function):
    """silu(gate) * up, differentiable in both."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """silu(gate) * up, in their shape and dtype, by one kernel; saves gate and up."""
        # wrong: pass  # halves of one projection have gaps between their rows, and the kernel walks through memory
        # wrong: gate = gate.contiguous()  # up may have gaps, too
        gate, up = gate.contiguous(), up.contiguous()
        # wrong: out = torch.empty(gate.shape, device=gate.device)  # the result has the dtype of gate and up
        # wrong: out = gate  # the gate is needed again in the backward pass: the result has memory of its own
        out = torch.empty_like(gate)
        # wrong: grid = (gate.numel() // 1024,)  # this leaves out the last block where it is not full: round up
        # wrong: grid = (triton.cdiv(gate.shape[-1], 1024),)  # the elements of all rows have to be computed
        grid = (triton.cdiv(gate.numel(), 1024),)
        _forward[grid](gate, up, out, gate.numel(), BLOCK=1024)
        # wrong: ctx.save_for_backward(up, gate)  # backward takes them for gate and up, in this order
        # wrong: ctx.save_for_backward(gate, up, torch.sigmoid(gate))  # the sigmoid is computed again, not stored: it is as large as the gate
        # wrong: ctx.save_for_backward(gate, up, out)  # the result is not needed: everything follows from gate and up
        ctx.save_for_backward(gate, up)
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients with respect to gate and up, by one kernel; `grad` is that with respect to the result."""
        gate, up = ctx.saved_tensors
        # wrong: pass  # the gradient of a sum is one number expanded: there is no memory to walk through
        grad = grad.contiguous()
        # wrong: d_gate, d_up = torch.empty_like(gate, dtype=torch.float32), torch.empty_like(up, dtype=torch.float32)  # torch would round them, in an operation of its own
        # wrong: d_gate, d_up = gate, up  # what was saved belongs to the caller: it stays as it was
        d_gate, d_up = torch.empty_like(gate), torch.empty_like(up)
        grid = (triton.cdiv(gate.numel(), 1024),)
        # wrong: _backward[grid](grad, up, gate, d_gate, d_up, gate.numel(), BLOCK=1024)  # gate and up are exchanged
        _backward[grid](grad, gate, up, d_gate, d_up, gate.numel(), BLOCK=1024)
        # wrong: return d_up, d_gate  # gradients come in the order of forward's arguments
        # wrong: return d_gate, torch.zeros_like(d_up)  # up has a gradient, too
        return d_gate, d_up
