"""Tiles of several rows, a consecutive share of them for each program, a table summed at once."""

# pyright: reportArgumentType=false, reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false

from typing import Any

import torch
import triton
import triton.language as tl


@triton.jit
def _norm(x_ptr, w_ptr, y_ptr, rstd_ptr, N, eps, BLOCK: tl.constexpr):
    x_ptr += tl.program_id(0) * N
    y_ptr += tl.program_id(0) * N
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < N, other=0).to(tl.float32)
    rstd = tl.rsqrt(tl.sum(x * x) * (1 / N) + eps)
    tl.store(rstd_ptr + tl.program_id(0), rstd)
    w = tl.load(w_ptr + at, mask=at < N, other=0).to(tl.float32)
    tl.store(y_ptr + at, (w * rstd * x).to(y_ptr.dtype.element_ty), mask=at < N)


@triton.jit
def _share(
    x_ptr, w_ptr, rstd_ptr, dy_ptr, dx_ptr, table_ptr, M, N, SHARE, TILE: tl.constexpr, BLOCK: tl.constexpr
):
    at = tl.arange(0, BLOCK)[None, :]
    w = tl.load(w_ptr + at, mask=at < N, other=0).to(tl.float32)
    total = tl.zeros((1, BLOCK), tl.float32)
    first = tl.program_id(0) * SHARE
    last = tl.minimum(first + SHARE, M)
    for start in range(first, last, TILE):
        row = start + tl.arange(0, TILE)[:, None]
        inside = (row < last) & (at < N)
        x = tl.load(x_ptr + row * N + at, mask=inside, other=0).to(tl.float32)
        dy = tl.load(dy_ptr + row * N + at, mask=inside, other=0).to(tl.float32)
        rstd = tl.load(rstd_ptr + row, mask=row < last, other=0)
        along = tl.sum(x * dy * w, 1)[:, None] / N
        tl.store(dx_ptr + row * N + at, w * dy * rstd - along * x * rstd * rstd * rstd, mask=inside)
        total += tl.sum(dy * x * rstd, 0)[None, :]
    tl.store(table_ptr + tl.program_id(0) * N + at, total, mask=at < N)


@triton.jit
def _collect(dw_ptr, table_ptr, N, P, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    p = tl.arange(0, ROWS)[:, None]
    at = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    table = tl.load(table_ptr + p * N + at[None, :], mask=(p < P) & (at < N)[None, :], other=0)
    tl.store(dw_ptr + at, tl.sum(table, 0), mask=at < N)


class RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor, eps: float) -> torch.Tensor:
        ctx.width = x.shape[-1]
        x = x.contiguous()
        w = w.contiguous()
        rows = x.reshape(-1, ctx.width)
        y = torch.empty(x.shape, dtype=x.dtype, device=x.device)
        rstd = torch.empty(len(rows), device=x.device)
        _norm[(len(rows),)](rows, w, y, rstd, ctx.width, eps, triton.next_power_of_2(ctx.width))
        ctx.save_for_backward(x, w, rstd)
        return y

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        x, w, rstd = ctx.saved_tensors
        M, N = len(rstd), ctx.width
        P = min(M, torch.cuda.get_device_properties(x.device).multi_processor_count if x.is_cuda else 32)
        dx, dw = torch.empty_like(x), torch.empty_like(w)
        table = torch.empty((P, N), device=x.device)
        block = triton.next_power_of_2(N)
        _share[(P,)](x, w, rstd, grad.contiguous(), dx, table, M, N, triton.cdiv(M, P), TILE=4, BLOCK=block)
        _collect[(triton.cdiv(N, 64),)](dw, table, N, P, ROWS=32, COLUMNS=64)
        return dx, dw, None
