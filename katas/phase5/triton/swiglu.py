"""SwiGLU, forward and backward in a kernel each

The feed-forward layer of most language models multiplies one projection, up, by the SiLU of another, gate.
In separate operations of torch this moves the widest activations of the model many times, and autograd keeps
intermediate results as large as they are; a kernel moves each number once, and its backward pass computes
again what is cheap to compute and dear to store.

    silu(g) = g * sigmoid(g),  sigmoid(g) = 1 / (1 + exp(-g))
    out = silu(gate) * up

`SwiGLU` is a `torch.autograd.Function`: `SwiGLU.apply(gate, up)` calls `forward`, and torch calls `backward`
when it differentiates. `forward` returns out and hands gate and up to `ctx.save_for_backward`, these two (or
their contiguous copies) and nothing else: no sigmoid is stored. What else is kept in ctx is no tensor.
`backward` gets the gradient of a loss with respect to out, of its shape and dtype, and returns the gradients
with respect to gate and up, in this order, both from one kernel that loads gate, up and the gradient.

gate and up have the same shape (..., d), at least one element, and the same dtype: float32, float16 or
bfloat16. Results have that shape and dtype. All arithmetic is done in float32, whatever the dtype: a number
is converted when it is loaded, and rounded once, when it is stored. Gates of any size are harmless: where
the gate is -200, out is 0, and where it is 200, out is 200 * up, never nan; the gradients are finite, too.

gate, up and the gradient that arrives may have any strides: two halves of one projection, or a gradient that
is a single number expanded. `Tensor.contiguous` is allowed for these; it copies only where memory has gaps.
Each pass launches one kernel. On contiguous tensors every number is loaded once and stored once, and torch
computes nothing, though it may allocate. No input is changed, and no result shares memory with an input.

Write the kernels above the class.

Shazeer 2020; Hsu et al. 2024 (Liger Kernel).
"""

# pyright: reportIncompatibleMethodOverride=false

from typing import Any

import torch
import triton
import triton.language as tl


class SwiGLU(torch.autograd.Function):
    """silu(gate) * up, differentiable in both."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """silu(gate) * up, in their shape and dtype, by one kernel; saves gate and up."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients with respect to gate and up, by one kernel; `grad` is that with respect to the result."""
        raise NotImplementedError
