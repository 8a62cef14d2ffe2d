"""What a kernel computes in bfloat16 is what torch computes, also for values at the edges."""

import pytest
import torch

from aire_katas.checks.triton import run

# pyright: reportArgumentType=false, reportCallIssue=false
import triton  # isort: skip
import triton.language as tl  # isort: skip

SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    torch.inf,
    -torch.inf,
    torch.nan,
    3.3895e38,
    1e-40,
    1.17549435e-38,
    1.00390625,
    65504,
]
N = 256


@triton.jit
def _binary(a_ptr, b_ptr, out_ptr, N: tl.constexpr, OP: tl.constexpr):
    at = tl.arange(0, N)
    a, b = tl.load(a_ptr + at), tl.load(b_ptr + at)
    if OP == "+":
        out = a + b
    elif OP == "-":
        out = a - b
    elif OP == "*":
        out = a * b
    elif OP == "/":
        out = a / b
    elif OP == "maximum":
        out = tl.maximum(a, b)
    elif OP == "where":
        out = tl.where(a > b, a, -b)
    elif OP == "scaled":
        out = a * 0.3 + 1.5
    else:
        out = tl.fma(a, b, a)
    tl.store(out_ptr + at, out)


@triton.jit
def _cast(x_ptr, out_ptr, N: tl.constexpr):
    at = tl.arange(0, N)
    tl.store(out_ptr + at, tl.load(x_ptr + at).to(out_ptr.dtype.element_ty))


@triton.jit
def _dot(a_ptr, b_ptr, out_ptr, N: tl.constexpr):
    i, j = tl.arange(0, N)[:, None], tl.arange(0, N)[None, :]
    tl.store(out_ptr + i * N + j, tl.dot(tl.load(a_ptr + i * N + j), tl.load(b_ptr + i * N + j)))


@triton.jit
def _product(a, b):
    return a * b


@triton.jit
def _later(a, b):
    return b


@triton.jit
def _recurrence(a1, b1, a2, b2):
    return a1 * a2, b1 * a2 + b2


@triton.jit
def _along_rows(x_ptr, out_ptr, M: tl.constexpr, N: tl.constexpr, OP: tl.constexpr):
    i, j = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + i * N + j)
    if OP == "sum":
        out = tl.sum(x, 1)
    elif OP == "max":
        out = tl.max(x, 1)
    elif OP == "min":
        out = tl.min(x, 1)
    elif OP == "argmax":
        out = tl.argmax(x, 1)
    else:
        out = tl.reduce(x, 1, _product)
    tl.store(out_ptr + tl.arange(0, M), out)


@triton.jit
def _scan(x_ptr, out_ptr, M: tl.constexpr, N: tl.constexpr, OP: tl.constexpr):
    i, j = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :]
    x = tl.load(x_ptr + i * N + j)
    if OP == "cumsum":
        out = tl.cumsum(x, 1)
    elif OP == "reversed":
        out = tl.cumsum(x, 1, reverse=True)
    elif OP == "cumprod":
        out = tl.associative_scan(x, 1, _product)
    elif OP == "later":
        out = tl.associative_scan(x, 1, _later)
    else:
        _, out = tl.associative_scan((x, x), 1, _recurrence)
    tl.store(out_ptr + i * N + j, out)


@triton.jit
def _add_atomically(x_ptr, out_ptr, N: tl.constexpr):
    tl.atomic_add(out_ptr + tl.arange(0, N) % 2, tl.load(x_ptr + tl.arange(0, N)))


def values() -> torch.Tensor:
    """Random values of every size, and the special ones."""
    some = torch.randn(N - len(SPECIAL)) * torch.logspace(-30, 30, N - len(SPECIAL))
    return torch.cat([torch.tensor(SPECIAL), some])[torch.randperm(N)]


def assert_same(actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Bit for bit, but for the sign and the payload of nan."""
    __tracebackhide__ = True
    assert actual.dtype == expected.dtype
    both = torch.stack([actual.double(), expected.double()])
    wrong = (both[0] != both[1]) & ~both.isnan().all(0)
    assert not wrong.any(), f"{actual[wrong][:3]} expected {expected[wrong][:3]}"


def launched(kernel, *inputs: torch.Tensor, out: torch.Tensor, constants: tuple = (N,)) -> torch.Tensor:
    def call() -> torch.Tensor:
        kernel[(1,)](*inputs, out, *constants)
        return out

    return run(call).result


OPERATIONS = {
    "+": torch.add,
    "-": torch.sub,
    "*": torch.mul,
    "/": torch.div,
    "where": lambda a, b: torch.where(a > b, a, 0 - b),
    "scaled": lambda a, b: a * torch.tensor(0.3).bfloat16() + 1.5,
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_arithmetic_is_that_of_torch(operation: str) -> None:
    a, b = values().bfloat16(), values().bfloat16()
    out = launched(_binary, a, b, out=torch.zeros_like(a), constants=(N, operation))
    assert_same(out, OPERATIONS[operation](a, b))


def test_a_fused_multiply_add_rounds_once() -> None:
    a, b = torch.randn(2, N).bfloat16()
    out = launched(_binary, a, b, out=torch.zeros_like(a), constants=(N, "fma"))
    assert_same(out, (a.double() * b.double() + a.double()).float().bfloat16())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64], ids=str)
def test_casts_between_floats_are_those_of_torch(dtype: torch.dtype) -> None:
    x = values().to(dtype)
    assert_same(launched(_cast, x, out=torch.zeros(N, dtype=torch.bfloat16)), x.bfloat16())
    x = values().bfloat16()
    assert_same(launched(_cast, x, out=torch.zeros(N, dtype=dtype)), x.to(dtype))


def test_a_cast_rounds_halves_to_even() -> None:
    halves = torch.arange(N // 2).double() / 256 + 1 + 1 / 512
    x = torch.cat([halves, -halves]).float()
    assert_same(launched(_cast, x, out=torch.zeros(N, dtype=torch.bfloat16)), x.bfloat16())


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64], ids=str)
def test_casts_from_and_to_integers_are_those_of_torch(dtype: torch.dtype) -> None:
    x = torch.randint(-100, 100, (N,)).to(dtype)
    assert_same(launched(_cast, x, out=torch.zeros(N, dtype=torch.bfloat16)), x.bfloat16())
    y = (torch.rand(N) * 200 - 100).bfloat16()
    assert_same(launched(_cast, y, out=torch.zeros(N, dtype=dtype)), y.to(dtype))


def test_a_dot_multiplies_values_and_sums_in_float32() -> None:
    a, b = torch.randn(2, 32, 32).bfloat16()
    out = launched(_dot, a, b, out=torch.zeros(32, 32), constants=(32,))
    assert torch.allclose(out.double(), a.double() @ b.double(), atol=1e-4)


def test_a_dot_with_infinity_and_nan_is_that_of_torch() -> None:
    a, b = torch.randn(2, 16, 16).bfloat16()
    a[0, 0], a[1, 1], b[2, 2] = torch.inf, torch.nan, -torch.inf
    out = launched(_dot, a, b, out=torch.zeros(16, 16), constants=(16,))
    expected = a.float() @ b.float()
    assert torch.equal(out.isnan(), expected.isnan())
    assert torch.equal(out.isinf(), expected.isinf())


@pytest.mark.parametrize("operation", ["max", "min", "argmax"])
def test_extremes_are_those_of_torch(operation: str) -> None:
    x = torch.randn(8, 64).bfloat16()
    expected = getattr(torch, operation)(x, 1)
    expected = expected if operation == "argmax" else expected.values
    out = launched(_along_rows, x, out=torch.zeros(8, dtype=expected.dtype), constants=(8, 64, operation))
    assert_same(out, expected)


def test_a_sum_of_whole_numbers_is_exact() -> None:
    x = torch.randint(-3, 4, (8, 32)).bfloat16()
    out = launched(_along_rows, x, out=torch.zeros(8).bfloat16(), constants=(8, 32, "sum"))
    assert_same(out, x.sum(1))


def test_a_sum_in_bfloat16_rounds_at_every_step() -> None:
    x = torch.tensor([[256.0, 1.0, 1.0, 1.0]]).bfloat16()
    out = launched(_along_rows, x, out=torch.zeros(1).bfloat16(), constants=(1, 4, "sum"))
    assert out.item() == 258.0, "(256 + 1) + (1 + 1): the first sum rounds to 256"


def test_a_reduction_of_ones_own_is_right() -> None:
    x = 2.0 ** torch.randint(-2, 3, (8, 16)).bfloat16()
    out = launched(_along_rows, x, out=torch.zeros(8).bfloat16(), constants=(8, 16, "product"))
    assert_same(out, x.prod(1))


SCANS = {
    "cumsum": lambda x: x.cumsum(1),
    "reversed": lambda x: x.flip(1).cumsum(1).flip(1),
    "later": lambda x: x,
}


@pytest.mark.parametrize("operation", SCANS)
def test_scans_of_whole_numbers_are_exact(operation: str) -> None:
    x = torch.randint(-3, 4, (4, 16)).bfloat16()
    out = launched(_scan, x, out=torch.zeros_like(x), constants=(4, 16, operation))
    assert_same(out, SCANS[operation](x))


def test_a_product_scan_is_that_of_torch() -> None:
    x = 2.0 ** torch.randint(-1, 2, (4, 16)).bfloat16()
    assert_same(launched(_scan, x, out=torch.zeros_like(x), constants=(4, 16, "cumprod")), x.cumprod(1))


def test_a_scan_of_pairs_is_a_linear_recurrence() -> None:
    x = torch.rand(4, 32)
    expected = [x[:, 0]]
    for t in range(1, 32):
        expected.append(expected[-1] * x[:, t] + x[:, t])
    out = launched(_scan, x, out=torch.zeros_like(x), constants=(4, 32, "recurrence"))
    assert torch.allclose(out, torch.stack(expected, 1), rtol=1e-5)


def test_an_atomic_sum_adds_values() -> None:
    x = torch.randint(-3, 4, (16,)).bfloat16()
    out = launched(_add_atomically, x, out=torch.zeros(2).bfloat16(), constants=(16,))
    assert_same(out, torch.stack([x[::2].sum(), x[1::2].sum()]))
