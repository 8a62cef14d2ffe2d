"""RMSNorm, forward and backward, with a gradient that crosses programs

Two norms stand in every layer of a Transformer, and all they do is move memory. Each row of the input is
a program's own, and so is its gradient; the gradient of the weight is a sum over all rows, which no program
has alone. Partial sums and a second kernel make it the same to the last bit in every run, as atomics do not.

For each row x_i of x, seen as (M, N),

    rstd_i = 1 / sqrt(sum_j x_ij^2 / N + eps)
    y_ij   = x_ij * rstd_i * w_j

and from dy, the gradient of a loss with respect to y, follow dx and dw, those with respect to x and w.

`RMSNorm` is a `torch.autograd.Function`: `RMSNorm.apply(x, w, eps)` calls `forward`, and torch calls
`backward` when it differentiates. x has shape (..., N), with any axes in front or none, and M is their
product; w has shape (N,). Both have the same dtype, float32, float16 or bfloat16, which y, dx and dw have,
too. All sizes are at least 1, and N is at most 8192. eps is a Python float, 0 or above. All arithmetic, sums
included, is done in float32: a number is converted when it is loaded, and rounded once, when y, dx or dw is
stored. A row of zeros gives zeros, and finite gradients where eps is above 0.

- `forward` launches one kernel with M programs: a program holds a row in a block of
  `triton.next_power_of_2(N)` lanes and loads each of its numbers once. It hands x, w (or contiguous copies)
  and rstd, float32 of shape (M,), to `ctx.save_for_backward`, in this order, and nothing else.
- `backward` launches two kernels, and neither uses atomics. The first has P = min(M, W) programs, which
  share the rows among them; W is 32 on a CPU, and on a GPU the number of its multiprocessors,
  `torch.cuda.get_device_properties(x.device).multi_processor_count`. A program loads w once, its rows of x
  and of dy and their rstd once, stores dx, and writes its share of dw, summed over its rows, to a row of a
  scratch matrix (P, N) of float32. The second loads that matrix once and sums it over P into dw, with any
  grid. `backward` returns dx, dw and None, since eps has no gradient. A second call gives the same bits.

x, w and dy may have any strides, and dy may be one number expanded. `Tensor.contiguous` is allowed for these,
and so is changing the shape; torch computes nothing else, though it may allocate. No input is changed.

Write the kernels above the class.

Zhang and Sennrich 2019; Hsu et al. 2024 (Liger Kernel); Stanford CS336, assignment 2, 2025.
"""

# pyright: reportIncompatibleMethodOverride=false

from typing import Any

import torch
import triton
import triton.language as tl


class RMSNorm(torch.autograd.Function):
    """x * rstd * w along the last axis, differentiable in x and w."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor, eps: float) -> torch.Tensor:
        """y (..., N) in the dtype of x (..., N) and w (N,), by one kernel; saves x, w and rstd (M,)."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        """dx (..., N), dw (N,) and None, by two kernels; `grad` is dy."""
        raise NotImplementedError
