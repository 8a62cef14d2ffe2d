"""Kernels for the tests of aire_katas.checks.triton: some with a bug planted, some right"""

from collections.abc import Callable

import torch

from aire_katas.checks.triton import Report, observe

# pyright: reportArgumentType=false, reportCallIssue=false
import triton  # isort: skip
import triton.language as tl  # isort: skip


@triton.jit
def _add(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    y = tl.load(y_ptr + at, mask=at < n)
    tl.store(out_ptr + at, x + y, mask=at < n)


@triton.jit
def _add_unmasked_load(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at)
    y = tl.load(y_ptr + at, mask=at < n)
    tl.store(out_ptr + at, x + y, mask=at < n)


@triton.jit
def _add_unmasked_store(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    y = tl.load(y_ptr + at, mask=at < n)
    tl.store(out_ptr + at, x + y)


def add(x: torch.Tensor, y: torch.Tensor, kernel=_add, grid: int | None = None) -> torch.Tensor:
    out = torch.empty_like(y)
    kernel[(grid or triton.cdiv(y.numel(), 256),)](x, y, out, y.numel(), BLOCK=256)
    return out


def add_unmasked_load(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return add(x, y, _add_unmasked_load)


def add_unmasked_store(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return add(x, y, _add_unmasked_store)


def add_floor_grid(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return add(x, y, grid=y.numel() // 256)


@triton.jit
def _count(x_ptr, counts_ptr, n: tl.constexpr):
    x = tl.load(x_ptr + tl.program_id(0) * n + tl.arange(0, n))
    tl.atomic_add(counts_ptr + x, 1)


def count(x: torch.Tensor, bins: int) -> torch.Tensor:
    counts = torch.zeros(bins, dtype=torch.int32)
    _count[(len(x) // 4,)](x, counts, 4)
    return counts


@triton.jit
def _histogram_without_atomics(x_ptr, counts_ptr, n: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, n))
    tl.store(counts_ptr + x, tl.arange(0, n))


def histogram_without_atomics(x: torch.Tensor, bins: int) -> torch.Tensor:
    counts = torch.zeros(bins, dtype=torch.int32)
    _histogram_without_atomics[(1,)](x, counts, len(x))
    return counts


@triton.jit
def _double_rows(x_ptr, out_ptr, x_stride, N: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, N)
    x = tl.load(x_ptr + row * x_stride + at)
    tl.store(out_ptr + row * N + at, 2 * x)


def double_rows(x: torch.Tensor, stride: int) -> torch.Tensor:
    out = torch.empty(x.shape)
    _double_rows[(x.shape[0],)](x, out, stride, x.shape[1])
    return out


@triton.jit
def _shifted(x_ptr, out_ptr, N: tl.constexpr):
    at = tl.arange(0, N)
    tl.store(out_ptr + at, tl.load(x_ptr + at - 1))


def shifted(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _shifted[(1,)](x, out, len(x))
    return out


@triton.jit
def _far_row(x_ptr, out_ptr, stride):
    row = tl.program_id(0) + 2
    tl.store(out_ptr, tl.load(x_ptr + row * stride))


def far_row(x: torch.Tensor, stride: int) -> torch.Tensor:
    out = torch.empty(1, dtype=x.dtype)
    _far_row[(1,)](x, out, stride)
    return out


@triton.jit
def _sum_without_atomics(x_ptr, total_ptr, BLOCK: tl.constexpr):
    x = tl.load(x_ptr + tl.program_id(0) * BLOCK + tl.arange(0, BLOCK))
    total = tl.load(total_ptr)
    tl.store(total_ptr, total + tl.sum(x))


def sum_without_atomics(x: torch.Tensor) -> torch.Tensor:
    total = torch.zeros(1)
    _sum_without_atomics[(4,)](x, total, len(x) // 4)
    return total


@triton.jit
def _overlapping_blocks(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * (BLOCK // 2) + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(out_ptr + at, x, mask=at < n)


def overlapping_blocks(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _overlapping_blocks[(8,)](x, out, len(x), 64)
    return out


@triton.jit
def _difference_in_place(x_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    following = tl.load(x_ptr + at + 1, mask=at + 1 < n, other=0.0)
    tl.store(x_ptr + at, following)


def difference_in_place(x: torch.Tensor) -> torch.Tensor:
    _difference_in_place[(4,)](x, len(x), len(x) // 4)
    return x


@triton.jit
def _copy_blocks(x_ptr, out_ptr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, tl.load(x_ptr + at))


def copy_blocks(x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    _copy_blocks[(4,)](x, out, len(x) // 4)
    return out


@triton.jit
def _fill_columns(out_ptr, stride, N: tl.constexpr):
    tl.store(out_ptr + tl.program_id(0) * stride + tl.arange(0, N), 1.0)


def fill_first_columns(out: torch.Tensor) -> None:
    _fill_columns[(out.shape[0],)](out, out.stride(0), out.shape[1] // 2)


@triton.jit
def _accumulate(x_ptr, out_ptr, N: tl.constexpr):
    at = tl.arange(0, N)
    old = tl.load(out_ptr + at)
    tl.store(out_ptr + at, old + tl.load(x_ptr + at))


def accumulate_into_empty(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _accumulate[(1,)](x, out, len(x))
    return out


@triton.jit
def _sum_row(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    tl.store(out_ptr, tl.sum(tl.load(x_ptr + at, mask=at < n)))


def sum_row(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty(())
    _sum_row[(1,)](x, out, len(x), triton.next_power_of_2(len(x)))
    return out


@triton.jit
def _raises(x_ptr):
    return 1 // 0


def raises(x: torch.Tensor) -> None:
    _raises[(1,)](x)


def float_grid(x: torch.Tensor) -> None:
    _raises[(2.5,)](x)


# Right kernels ------------------------------------------------------------------------------------------


def right_add(seed: int) -> tuple[Report, torch.Tensor]:
    x, y = torch.randn(2, 1000)
    return observe(add, x, y, seed=seed), x + y


def right_histogram(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randint(0, 5, (64,))
    return observe(count, x, 5, seed=seed), torch.bincount(x, minlength=5).int()


def right_in_place(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randn(256)
    expected = 2 * x
    return observe(_in_place, x, seed=seed), expected


@triton.jit
def _double(x_ptr, out_ptr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, 2 * tl.load(x_ptr + at))


def _in_place(x: torch.Tensor) -> torch.Tensor:
    _double[(4,)](x, x, 64)
    return x


def right_halves_of_one_buffer(seed: int) -> tuple[Report, torch.Tensor]:
    buffer = torch.randn(16, 64)

    def copied() -> torch.Tensor:
        _transpose[(2, 1)](buffer[:, :16], buffer[:, 48:], 16, 16, 64, 1, 1, 64, BM=8, BN=16)
        return buffer[:, 48:]

    return observe(copied, seed=seed), buffer[:, :16].T.clone()


@triton.jit
def _transpose(x_ptr, out_ptr, M, N, xm, xn, om, on, BM: tl.constexpr, BN: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    inside = (m < M)[:, None] & (n < N)[None, :]
    x = tl.load(x_ptr + m[:, None] * xm + n[None, :] * xn, mask=inside, other=0)
    tl.store(out_ptr + m[:, None] * om + n[None, :] * on, x, mask=inside)


def right_transpose(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randn(33, 70)

    def transposed() -> torch.Tensor:
        out = torch.empty(70, 33)
        grid = (triton.cdiv(33, 16), triton.cdiv(70, 16))
        _transpose[grid](x, out, 33, 70, *x.stride(), out.stride(1), out.stride(0), BM=16, BN=16)
        return out

    return observe(transposed, seed=seed), x.T


@triton.jit
def _partial_sums(x_ptr, partial_ptr, n, BLOCK: tl.constexpr):
    pid = tl.program_id(0)
    at = pid * BLOCK + tl.arange(0, BLOCK)
    tl.store(partial_ptr + pid, tl.sum(tl.load(x_ptr + at, mask=at < n, other=0.0)))


def right_two_launches(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randn(1000)

    def total() -> torch.Tensor:
        partial, out = torch.empty(4), torch.empty(1)
        _partial_sums[(4,)](x, partial, 1000, 256)
        _partial_sums[(1,)](partial, out, 4, 4)
        return out

    return observe(total, seed=seed), x.sum()[None]


@triton.jit
def _atomic_sum(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(out_ptr, tl.sum(tl.load(x_ptr + at, mask=at < n, other=0.0)))


def right_atomic_sum(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randn(1000)

    def total() -> torch.Tensor:
        out = torch.zeros(1)
        _atomic_sum[(4,)](x, out, 1000, 256)
        return out

    return observe(total, seed=seed), x.sum()[None]


@triton.jit
def _matmul(a_ptr, b_ptr, c_ptr, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), tl.float32)
    for start in range(0, K, BK):
        k = start + tl.arange(0, BK)
        a = tl.load(a_ptr + m[:, None] * K + k[None, :], mask=(m < M)[:, None] & (k < K)[None, :], other=0)
        b = tl.load(b_ptr + k[:, None] * N + n[None, :], mask=(k < K)[:, None] & (n < N)[None, :], other=0)
        total = tl.dot(a, b, total)
    tl.store(c_ptr + m[:, None] * N + n[None, :], total, mask=(m < M)[:, None] & (n < N)[None, :])


def matmul(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty(M, N, dtype=a.dtype)
    _matmul[(triton.cdiv(M, 32), triton.cdiv(N, 32))](a, b, c, M, N, K, 32, 32, 32)
    return c


def right_matmul(seed: int) -> tuple[Report, torch.Tensor]:
    a, b = torch.randn(33, 70), torch.randn(70, 40)
    return observe(matmul, a, b, seed=seed), a @ b


def right_expanded_input(seed: int) -> tuple[Report, torch.Tensor]:
    x = torch.randn(1, 16).expand(8, 16)
    return observe(double_rows, x, 0, seed=seed), 2 * x


@triton.jit
def _described(desc, out_ptr, BM: tl.constexpr, BN: tl.constexpr):
    x = desc.load([tl.program_id(0) * BM, 0])
    at = (tl.program_id(0) * BM + tl.arange(0, BM))[:, None] * BN + tl.arange(0, BN)[None, :]
    tl.store(out_ptr + at, x)


def right_descriptor(seed: int) -> tuple[Report, torch.Tensor]:
    from triton.tools.tensor_descriptor import TensorDescriptor

    x = torch.randn(16, 32)

    def copied() -> torch.Tensor:
        out = torch.empty_like(x)
        _described[(2,)](TensorDescriptor.from_tensor(x, [8, 32]), out, 8, 32)
        return out

    return observe(copied, seed=seed), x


RIGHT: tuple[Callable[[int], tuple[Report, torch.Tensor]], ...] = tuple(
    value for name, value in globals().copy().items() if name.startswith("right_")
)


@triton.jit
def _arrive(counter_ptr, out_ptr):
    tl.store(out_ptr + tl.program_id(0), tl.atomic_add(counter_ptr, 1))


def arrivals(programs: int) -> torch.Tensor:
    """When each program ran."""
    counter, out = torch.zeros(1, dtype=torch.int32), torch.empty(programs, dtype=torch.int32)
    _arrive[(programs,)](counter, out)
    return out


def matmul_64(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Blocks large enough for a warp group's tensor cores."""
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty(M, N, dtype=a.dtype)
    _matmul[(triton.cdiv(M, 64), triton.cdiv(N, 64))](a, b, c, M, N, K, 64, 64, 64, num_warps=4)
    return c


@triton.jit
def _python_only(x_ptr):
    for start in [0, 2]:
        tl.store(x_ptr + start, 1.0)


def python_only(x: torch.Tensor) -> None:
    _python_only[(1,)](x)


@triton.jit
def _odd_block(x_ptr, N: tl.constexpr):
    at = tl.arange(0, N)
    tl.store(x_ptr + at, 1.0)


def odd_block(x: torch.Tensor) -> None:
    _odd_block[(1,)](x, 3)


def misspelt_option(x: torch.Tensor) -> None:
    _raises[(1,)](x, num_warp=4)
