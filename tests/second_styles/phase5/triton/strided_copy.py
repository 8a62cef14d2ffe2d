"""Tiles of 16, columns on the first axis of the grid, one kernel for both: a column has stride 0 along n"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl


@triton.jit
def _add_or_copy(
    a, b, out, M, N, a_m, a_n, b_m, b_n, out_m, out_n, TABLE: tl.constexpr, T: tl.constexpr
):  # fmt: skip
    i = tl.program_id(1).to(tl.int64) * T + tl.arange(0, T)[:, None]
    j = tl.program_id(0).to(tl.int64) * T + tl.arange(0, T)[None, :]
    if TABLE:
        value = tl.load(a + i * a_m, i < M, other=0) + tl.load(b + j * b_n, j < N, other=0)
    else:
        value = tl.load(a + (i * a_m + j * a_n), (i < M) & (j < N), other=0)
    tl.store(out + (i * out_m + j * out_n), value, (i < M) & (j < N))


def launch(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor, table: bool) -> None:
    M, N = out.shape
    strides = (*a.stride(), *b.stride(), *out.stride())
    _add_or_copy[(triton.cdiv(N, 16), triton.cdiv(M, 16))](a, b, out, M, N, *strides, TABLE=table, T=16)


def copy2d(src: torch.Tensor, dst: torch.Tensor) -> None:
    launch(src, src, dst, False)


def outer_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = torch.empty((len(x), len(y)), dtype=x.dtype, device=x.device)
    launch(x[:, None].expand_as(out), y[None, :].expand_as(out), out, True)
    return out
