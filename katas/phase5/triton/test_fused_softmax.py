import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    assert_as_accurate,
    assert_kernels_only,
    assert_single_launch,
    assert_traffic,
    run,
)
from katas.phase5.triton.fused_softmax import softmax

KATA = Kata(
    difficulty=2,
    minutes=40,
    needs=("phase5/triton/strided_copy",),
    forbids={
        "torch.softmax": "compute maximum, exponentials and sum in the kernel",
        "torch.nn.functional.softmax": "compute maximum, exponentials and sum in the kernel",
        "torch.Tensor.softmax": "compute maximum, exponentials and sum in the kernel",
        "torch.Tensor.contiguous": "let the kernel read the row stride as it is",
        "triton.language.softmax": "that is the kata: build it from tl.max, tl.exp and tl.sum",
    },
)
SHORT = [1, 7, 64, 100]
LONG = 4097
INF = float("inf")


def draw(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (3 * torch.randn(shape)).to(DEVICE, dtype)


def assert_softmax(x: torch.Tensor) -> None:
    """For float32: small probabilities are as right as large ones."""
    __tracebackhide__ = True
    exact = torch.softmax(x.double(), 1)
    assert_close(run(softmax, x).result, exact, rtol=2e-5, atol=1e-35, dtype=torch.float32)


def assert_as_good_as_torch(x: torch.Tensor) -> None:
    """For low precision: in 120 draws the error was at most 0.92 of what is usual, and 2 is allowed."""
    __tracebackhide__ = True
    assert_as_accurate(run(softmax, x).result, torch.softmax(x, 1), torch.softmax(x.double(), 1))


@pytest.mark.parametrize("N", SHORT)
def test_a_row_is_exponentials_over_their_sum(N: int) -> None:
    assert_softmax(draw(3, N))


@pytest.mark.parametrize("N", [*SHORT, LONG])
def test_every_row_sums_to_one(N: int) -> None:
    total = run(softmax, draw(2, N)).result.double().sum(1)
    assert_close(total, torch.ones_like(total), rtol=1e-5)


@pytest.mark.parametrize("shift", [-200.0, 200.0])
@pytest.mark.parametrize("N", [5, LONG])
def test_what_is_added_to_a_whole_row_does_not_matter(N: int, shift: float) -> None:
    x = draw(2, N).round()  # so that the shift is exact
    assert_close(run(softmax, x + shift).result, run(softmax, x).result, rtol=1e-6)


def test_a_long_row_is_no_different() -> None:
    assert_softmax(draw(2, LONG))


def test_a_maximum_may_come_late_or_early_in_a_long_row() -> None:
    x = torch.linspace(-40, 40, LONG, device=DEVICE)
    assert_softmax(torch.stack([x, x.flip(0)]))


@pytest.mark.parametrize("N", [100, 4096, LONG])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_low_precision_is_computed_in_float32(dtype: torch.dtype, N: int) -> None:
    assert_as_good_as_torch(draw(2, N, dtype=dtype))


def test_large_numbers_in_half_precision_do_not_overflow() -> None:
    x = torch.tensor([[6e4, -6e4, 0.0], [-6e4, -6e4, -6e4]], dtype=torch.float16, device=DEVICE)
    assert_as_good_as_torch(x)


def test_each_row_has_a_maximum_of_its_own() -> None:
    assert_softmax(draw(3, 20) + torch.tensor([[0.0], [300.0], [-300.0]], device=DEVICE))


@pytest.mark.parametrize("N", [9, LONG])
def test_minus_infinity_has_probability_zero(N: int) -> None:
    x = draw(3, N)
    x[0, ::2] = -INF
    x[1, 1:] = -INF
    x[2, : N - 2] = -INF  # whole blocks of it come first
    assert_softmax(x)


@pytest.mark.parametrize("N", [3, LONG])
def test_a_row_of_minus_infinity_is_nan(N: int) -> None:
    x = draw(2, N)
    x[0] = -INF
    out = run(softmax, x).result
    assert out[0].isnan().all()
    assert_close(out[1], torch.softmax(x[1], 0))


@pytest.mark.parametrize("N", [20, LONG])
def test_rows_may_be_far_apart(N: int) -> None:
    wide = draw(3, N + 13)
    with assert_unchanged(wide):
        out = run(softmax, wide[:, :N]).result
    assert_close(out, torch.softmax(wide[:, :N], 1))
    assert out.is_contiguous()


@pytest.mark.parametrize("N", [100, 4096])
def test_a_short_row_is_loaded_once_and_stored_once(N: int) -> None:
    report = run(softmax, draw(3, N))
    assert_single_launch(report)
    assert_traffic(report, at_most=1.0, minimum=2 * 3 * N * 4)


def test_a_long_row_is_loaded_twice_and_stored_once() -> None:
    report = run(softmax, draw(2, LONG))
    assert_single_launch(report)
    assert_traffic(report, at_most=1.5, minimum=2 * 2 * LONG * 4)


def test_each_row_has_a_program_and_torch_computes_nothing() -> None:
    report = run(softmax, draw(5, 33))
    assert_single_launch(report, programs=5)
    assert_kernels_only(report)


@pytest.mark.perf
def test_it_keeps_up_with_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    M, N = 8192, 4096
    assert_fast(
        softmax,
        lambda x: torch.softmax(x, 1),
        lambda: (torch.randn(M, N, device=DEVICE),),
        against="torch.softmax",
        work=Work(read=4 * M * N, written=4 * M * N),
        ratio=0.9,
        fraction=0.7,
    )
