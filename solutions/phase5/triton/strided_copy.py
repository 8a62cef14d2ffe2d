"""Row numbers in a column, column numbers in a row, and broadcasting makes the table of offsets: so does every kernel on
matrices. Which axis a program walks first decides how well its loads coalesce, not what it computes. The casts to
int64 cost next to nothing, and a kernel without them works until the day a tensor passes 2**31 elements.
"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl

HINTS = (
    "Take the tile's row numbers as a vector and its column numbers as another. Where do [:, None] and [None, :] belong so "
    "that the sum of two offsets is a table?",
    "An element is copied where its row and its column both exist. src and dst have two strides each: the kernel needs four.",
    "Row numbers start as int32. Widen them before they meet a stride, since a product is too late: .to(tl.int64) does it.",
)


@triton.jit
def _copy(src_ptr, dst_ptr, M, N, src_m, src_n, dst_m, dst_n, BLOCK: tl.constexpr):
    # wrong: m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)  # an int32 row number times an int32 stride wraps around at 2**31
    # wrong: m = (tl.program_id(0) + tl.arange(0, BLOCK)).to(tl.int64)  # a tile begins where the one before it ends: a block further
    m = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)
    # wrong: n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # column strides can be just as large as row strides
    # wrong: n = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)  # the second axis of the grid counts the tiles of columns
    n = (tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)
    # wrong: inside = (m < M)[:, None] | (n < N)[None, :]  # an element exists where its row and its column do, not one of them
    # wrong: inside = (m < M)[:, None] & (m < M)[None, :]  # columns have a limit of their own
    # wrong: inside = (m < N)[:, None] & (n < M)[None, :]  # the limits of rows and columns are exchanged
    # wrong: inside = (m < M)[:, None] & (n <= N)[None, :]  # the last column has number N - 1
    inside = (m < M)[:, None] & (n < N)[None, :]
    # wrong: x = tl.load(src_ptr + m[:, None] * src_m + n[None, :], mask=inside)  # neighbouring columns need not be neighbours in memory
    # wrong: x = tl.load(src_ptr + m[:, None] * N + n[None, :], mask=inside)  # rows of a view are further apart than N elements
    # wrong: x = tl.load(src_ptr + m[None, :] * src_m + n[:, None] * src_n, mask=inside)  # rows run down the tile: the axes of the broadcast are exchanged
    # wrong: x = tl.load(src_ptr + m[:, None] * src_n + n[None, :] * src_m, mask=inside)  # each axis has its own stride: these are exchanged
    # wrong: x = tl.load(src_ptr + (m[:, None] * src_m + n[None, :] * src_n).to(tl.int32), mask=inside)  # the offset itself can pass 2**31
    x = tl.load(src_ptr + m[:, None] * src_m + n[None, :] * src_n, mask=inside)
    # wrong: tl.store(dst_ptr + m[:, None] * src_m + n[None, :] * src_n, x, mask=inside)  # dst has strides of its own
    # wrong: tl.store(dst_ptr + m[:, None] * dst_m + n[None, :], x, mask=inside)  # neighbouring columns of dst need not be neighbours in memory
    # wrong: tl.store(dst_ptr + m[:, None] * dst_m + n[None, :] * dst_n, x)  # elements beyond the edge must not be written
    tl.store(dst_ptr + m[:, None] * dst_m + n[None, :] * dst_n, x, mask=inside)


@triton.jit
def _outer_add(x_ptr, y_ptr, out_ptr, M, N, x_m, y_n, BLOCK: tl.constexpr):
    m = (tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)
    n = (tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)).to(tl.int64)
    # wrong: x = tl.load(x_ptr + m, mask=m < M)  # x may be a column of a matrix, with a stride
    # wrong: x = tl.load(x_ptr + m * x_m, mask=m < N)  # x has M elements
    x = tl.load(x_ptr + m * x_m, mask=m < M)
    # wrong: y = tl.load(y_ptr + n, mask=n < N)  # y may be a column of a matrix, with a stride
    # wrong: y = tl.load(y_ptr + n * y_n)  # beyond the end of y there is nothing to load
    y = tl.load(y_ptr + n * y_n, mask=n < N)
    inside = (m < M)[:, None] & (n < N)[None, :]
    # wrong: tl.store(out_ptr + m[:, None] * M + n[None, :], x[:, None] + y[None, :], mask=inside)  # a row of the table has N entries
    # wrong: tl.store(out_ptr + m[:, None] * N + n[None, :], x[None, :] + y[:, None], mask=inside)  # x goes down the rows and y along them
    # wrong: tl.store(out_ptr + m[:, None] * N + n[None, :], x[:, None] * y[None, :], mask=inside)  # this multiplies
    tl.store(out_ptr + m[:, None] * N + n[None, :], x[:, None] + y[None, :], mask=inside)


def copy2d(src: torch.Tensor, dst: torch.Tensor) -> None:
    """Write src (M, N) to dst (M, N), of any strides each."""
    M, N = src.shape
    # wrong: grid = (M // 32, N // 32)  # the last tiles are rarely full: round up
    # wrong: grid = (triton.cdiv(N, 32), triton.cdiv(M, 32))  # the first axis counts tiles of rows
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    # wrong: _copy[grid](src, dst, M, N, *src.stride(), *src.stride(), BLOCK=32)  # dst has strides of its own
    # wrong: _copy[grid](src.contiguous(), dst, M, N, N, 1, *dst.stride(), BLOCK=32)  # a copy made before the copy moves everything twice
    _copy[grid](src, dst, M, N, *src.stride(), *dst.stride(), BLOCK=32)


def outer_add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The table x[i] + y[j], (M, N); x (M,) and y (N,) of any strides."""
    M, N = len(x), len(y)
    # wrong: out = torch.empty(M, N, device=x.device)  # the table has the dtype of x and y
    # wrong: out = torch.empty(N, M, dtype=x.dtype, device=x.device)  # x gives the rows
    out = torch.empty(M, N, dtype=x.dtype, device=x.device)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    _outer_add[grid](x, y, out, M, N, x.stride(0), y.stride(0), BLOCK=32)
    return out
