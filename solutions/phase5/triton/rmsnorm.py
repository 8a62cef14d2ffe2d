"""dx is what arrives, scaled, less its part along the row: the length of a row is fixed, so moving along it changes
nothing. For dw each program keeps a row of sums in registers and writes it once; P rows are few, so that the second
kernel costs next to nothing. The order of every sum is fixed by P, and so are its bits.
"""

# pyright: reportIncompatibleMethodOverride=false
# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

from typing import Any

import torch
import triton
import triton.language as tl

HINTS = (
    "The forward kernel is fused_softmax with another reduction: 0 is what a sum of squares ignores, and its mean divides "
    "by N, not by the size of the block.",
    "With xhat = x * rstd and g = dy * w, derive dx for one row. rstd depends on each x of the row: this brings in the mean "
    "of g * xhat.",
    "A program of the first backward kernel walks along rows p, p + P, p + 2P ... and keeps a block of N sums of dy * xhat "
    "while it walks.",
    "The second kernel is a sum over the rows of the scratch matrix: a block of columns for each program, and a loop over P.",
)


@triton.jit
def _forward(x_ptr, w_ptr, y_ptr, rstd_ptr, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, BLOCK)
    mask = at < N
    # wrong: x = tl.load(x_ptr + row * N + at, mask=mask, other=0.0)  # squares of half precision overflow at 256: convert what you load
    # wrong: x = tl.load(x_ptr + row * N + at, mask=mask).to(tl.float32)  # what a masked lane holds is undefined unless `other` says so
    # wrong: x = tl.load(x_ptr + row * N + at, mask=mask, other=1.0).to(tl.float32)  # lanes beyond the row must add nothing to the sum
    # wrong: x = tl.load(x_ptr + row * BLOCK + at, mask=mask, other=0.0).to(tl.float32)  # rows are N apart; the block is only as wide as Triton asks
    # wrong: x = tl.load(x_ptr + row * N + at, mask=at <= N, other=0.0).to(tl.float32)  # the row has N entries, the last is N - 1
    x = tl.load(x_ptr + row * N + at, mask=mask, other=0.0).to(tl.float32)
    # wrong: w = tl.load(w_ptr + row * N + at, mask=mask).to(tl.float32)  # all rows share the weight
    w = tl.load(w_ptr + at, mask=mask).to(tl.float32)
    # wrong: rstd = 1 / (tl.sqrt(tl.sum(x * x, 0) / N) + eps)  # eps is added to the mean square, under the root
    # wrong: rstd = 1 / tl.sqrt(tl.sum(x * x, 0) / BLOCK + eps)  # the mean is over N numbers, not over the lanes of the block
    # wrong: rstd = 1 / tl.sqrt(tl.sum(x * x, 0) + eps)  # the mean square is wanted, not the sum
    # wrong: rstd = 1 / (tl.sum(tl.abs(x), 0) / N + eps)  # that is the mean of |x|: square, mean, root
    # wrong: rstd = 1 / (tl.sum(x * x, 0) / N + eps)  # the root is missing
    # wrong: rstd = 1 / tl.sqrt(tl.sum(x * x, 0) / N - (tl.sum(x, 0) / N) * (tl.sum(x, 0) / N) + eps)  # RMSNorm subtracts no mean: that is layer norm
    # wrong: rstd = 1 / tl.sqrt(tl.sum(x * x, 0) / N)  # without eps a row of zeros is nan
    rstd = 1 / tl.sqrt(tl.sum(x * x, 0) / N + eps)
    # wrong: tl.store(rstd_ptr + row, 1 / rstd)  # this keeps the root mean square, and rstd is its inverse
    tl.store(rstd_ptr + row, rstd)
    # wrong: tl.store(y_ptr + row * N + at, (x * rstd).to(y_ptr.dtype.element_ty) * w, mask=mask)  # rounding before the product with w is a rounding too many
    # wrong: tl.store(y_ptr + row * N + at, x * rstd, mask=mask)  # the weight is missing
    # wrong: tl.store(y_ptr + row * N + at, x * rstd * (1 + w), mask=mask)  # the weight is a plain factor here
    # wrong: tl.store(y_ptr + row * N + at, x * rstd * w)  # lanes beyond the row would write into the next one
    tl.store(y_ptr + row * N + at, x * rstd * w, mask=mask)


@triton.jit
def _backward(dy_ptr, x_ptr, w_ptr, rstd_ptr, dx_ptr, parts_ptr, M, N, P, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    mask = at < N
    w = tl.load(w_ptr + at, mask=mask, other=0.0).to(tl.float32)
    part = tl.zeros((BLOCK,), tl.float32)
    # wrong: first = 0  # each program begins at a row of its own
    first = tl.program_id(0)
    for row in range(first, M, P):
        start = tl.cast(row, tl.int64) * N
        dy = tl.load(dy_ptr + start + at, mask=mask, other=0.0).to(tl.float32)
        x = tl.load(x_ptr + start + at, mask=mask, other=0.0).to(tl.float32)
        rstd = tl.load(rstd_ptr + row)
        # wrong: xhat = x  # the gradient of the weight sees the normalised row
        xhat = x * rstd
        # wrong: g = dy  # the weight is a factor of y, and so of this gradient
        g = dy * w
        # wrong: dx = rstd * g  # rstd depends on x, too: the part along the row is missing
        # wrong: dx = rstd * (g - xhat * tl.sum(g * xhat, 0))  # the mean over the row is subtracted, not the sum
        # wrong: dx = rstd * (g - xhat * tl.sum(g * xhat, 0) / BLOCK)  # the mean is over N numbers, not over the lanes of the block
        # wrong: dx = rstd * (g + xhat * tl.sum(g * xhat, 0) / N)  # the part along the row is taken away
        # wrong: dx = rstd * (g - xhat * tl.sum(dy * xhat, 0) / N)  # the weight belongs to both terms
        # wrong: dx = g - xhat * tl.sum(g * xhat, 0) / N  # a longer row changes less: a factor rstd
        # wrong: dx = rstd * (g - x * tl.sum(g * xhat, 0) / N)  # the part along the normalised row is taken away
        # wrong: dx = rstd * (g - tl.sum(g, 0) / N - xhat * tl.sum(g * xhat, 0) / N)  # no mean was subtracted: that is layer norm
        dx = rstd * (g - xhat * tl.sum(g * xhat, 0) / N)
        # wrong: tl.store(dx_ptr + start + at, dx)  # lanes beyond the row would write into the next one
        tl.store(dx_ptr + start + at, dx, mask=mask)
        # wrong: part = dy * xhat  # earlier rows of this program belong to the sum
        # wrong: part += g * xhat  # y is linear in w: w itself is no factor of its gradient
        # wrong: part += dy  # that is the gradient of a bias
        part += dy * xhat
    # wrong: tl.store(parts_ptr + at, part, mask=mask)  # every program would write over the sums of the others
    # wrong: tl.atomic_add(parts_ptr + at, part, mask=mask)  # atomics add in any order: each program has a row of its own
    tl.store(parts_ptr + tl.program_id(0) * N + at, part, mask=mask)


@triton.jit
def _sum(parts_ptr, dw_ptr, N, P, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = at < N
    total = tl.zeros((BLOCK,), tl.float32)
    # wrong: for p in range(1, P):  # programs are counted from 0
    #            total += tl.load(parts_ptr + p * N + at, mask=mask, other=0.0)
    for p in range(P):
        total += tl.load(parts_ptr + p * N + at, mask=mask, other=0.0)
    # wrong: tl.store(dw_ptr + at, total / P, mask=mask)  # the gradient is the sum, not the mean
    tl.store(dw_ptr + at, total, mask=mask)


class RMSNorm(torch.autograd.Function):
    """x * rstd * w along the last axis, differentiable in x and w."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor, eps: float) -> torch.Tensor:
        """y (..., N) in the dtype of x (..., N) and w (N,), by one kernel; saves x, w and rstd (M,)."""
        # wrong: w = w.contiguous()  # x may have gaps between its rows, or its axes exchanged
        # wrong: x = x.contiguous()  # w may have gaps: it may be a column of a matrix
        x, w = x.contiguous(), w.contiguous()
        M, N = x.numel() // len(w), len(w)
        # wrong: y = x  # x is needed again, and belongs to the caller: the result has memory of its own
        y = torch.empty_like(x)
        # wrong: rstd = torch.empty(M, dtype=x.dtype, device=x.device)  # rstd is kept in float32: it scales the whole row again
        rstd = torch.empty(M, dtype=torch.float32, device=x.device)
        _forward[(M,)](x, w, y, rstd, N, eps, BLOCK=triton.next_power_of_2(N))
        # wrong: ctx.save_for_backward(y, w, rstd)  # backward needs x; y has been rounded
        # wrong: ctx.save_for_backward(x, w, rstd, y)  # y is not needed: x, w and rstd tell everything
        ctx.save_for_backward(x, w, rstd)
        return y

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        """dx (..., N), dw (N,) and None, by two kernels; `grad` is dy."""
        x, w, rstd = ctx.saved_tensors
        # wrong: dy = grad  # the gradient of a sum is one number expanded: there is no memory to walk through
        dy = grad.contiguous()
        M, N = len(rstd), len(w)
        workers = torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 32
        # wrong: P = M  # a row of sums for every row of x is as much memory as x: share the rows among fewer programs
        # wrong: P = 1  # one program uses one of a hundred processors
        # wrong: P = workers  # where there are fewer rows, fewer programs will do
        P = min(M, workers)
        dx, dw = torch.empty_like(x), torch.empty_like(w)
        # wrong: parts = torch.empty(P, N, dtype=x.dtype, device=x.device)  # sums are kept in float32
        # wrong: parts = torch.empty(1, N, dtype=torch.float32, device=x.device)  # each program has a row of sums of its own
        parts = torch.empty(P, N, dtype=torch.float32, device=x.device)
        _backward[(P,)](dy, x, w, rstd, dx, parts, M, N, P, BLOCK=triton.next_power_of_2(N))
        # wrong: return dx, parts.sum(0).to(w.dtype), None  # the second sum is a kernel's work, too
        # wrong: return dx, parts[0].to(w.dtype), None  # that is the share of one program
        # wrong: _sum[(triton.cdiv(N, 128),)](parts, dw, N, 1, BLOCK=128)  # that is the share of one program
        _sum[(triton.cdiv(N, 128),)](parts, dw, N, P, BLOCK=128)
        return dx, dw, None
