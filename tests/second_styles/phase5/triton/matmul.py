"""Loads that wrap around at the edge, K walked backwards, pointers made anew in every step, two flags."""

# pyright: reportArgumentType=false, reportCallIssue=false, reportGeneralTypeIssues=false

import math

import torch
import triton
import triton.language as tl


def group_order(pid: int, num_m: int, num_n: int, group: int) -> tuple[int, int]:
    band = pid // num_n // group
    above = band * group
    height = group if above + group <= num_m else num_m - above
    column = (pid - above * num_n) // height
    return pid - above * num_n - column * height + above, column


in_kernels = triton.jit(group_order)


def configurations() -> list[triton.Config]:
    made = []
    for BLOCK_M, BLOCK_N, warps in ((32, 128, 4), (128, 32, 4), (128, 64, 4), (64, 256, 8), (128, 128, 8)):
        blocks = {"BLOCK_M": BLOCK_M, "BLOCK_N": BLOCK_N, "BLOCK_K": 64, "GROUP": 3}
        made.append(triton.Config(blocks, num_warps=warps, num_stages=3))
    return made


@triton.autotune(configurations(), key=["rows", "columns", "length"])
@triton.heuristics({"WHOLE": lambda given: given["length"] % given["BLOCK_K"] == 0})
@triton.jit
def multiply(
    out,
    left,
    right,
    rows,
    columns,
    length,
    down,
    along,
    down_right,
    along_right,
    RELU: tl.constexpr,
    GELU: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP: tl.constexpr,
    WHOLE: tl.constexpr,
):
    i, j = in_kernels(tl.program_id(0), tl.cdiv(rows, BLOCK_M), tl.cdiv(columns, BLOCK_N), GROUP)
    row = i * BLOCK_M + tl.arange(0, BLOCK_M)
    column = j * BLOCK_N + tl.arange(0, BLOCK_N)
    left_rows = left + (row % rows).to(tl.int64)[None, :] * down
    right_columns = right + (column % columns).to(tl.int64)[:, None] * along_right
    turned = tl.zeros((BLOCK_N, BLOCK_M), tl.float32)
    steps = tl.cdiv(length, BLOCK_K)
    for step in range(steps):
        k = (steps - 1 - step) * BLOCK_K + tl.arange(0, BLOCK_K)
        if WHOLE:
            x = tl.load(left_rows + k[:, None] * along)
            y = tl.load(right_columns + k[None, :] * down_right)
        else:
            x = tl.load(left_rows + k[:, None] * along, mask=k[:, None] < length, other=0)
            y = tl.load(right_columns + k[None, :] * down_right, mask=k[None, :] < length, other=0)
        turned += tl.dot(y, x, input_precision="ieee")
    result = tl.trans(turned)
    if RELU:
        result = tl.where(result > 0, result, 0.0)
    if GELU:
        result = result * (0.5 + 0.5 * tl.erf(result / SQRT_TWO))
    targets = out + row.to(tl.int64)[:, None] * columns + column[None, :]
    inside = (row[:, None] < rows) & (column[None, :] < columns)
    tl.store(targets, result.to(out.dtype.element_ty), mask=inside)


SQRT_TWO = tl.constexpr(math.sqrt(2))


def matmul(a: torch.Tensor, b: torch.Tensor, activation: str | None = None) -> torch.Tensor:
    out = torch.empty((len(a), b.shape[1]), dtype=b.dtype, device=b.device)

    def tiles(given):
        return [triton.cdiv(out.shape[0], given["BLOCK_M"]) * triton.cdiv(out.shape[1], given["BLOCK_N"])]

    sizes = (*out.shape, a.shape[1])
    multiply[tiles](out, a, b, *sizes, *a.stride(), *b.stride(), activation == "relu", activation == "gelu")
    return out
