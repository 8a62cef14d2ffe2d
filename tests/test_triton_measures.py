"""Bytes, launches, configurations and accuracy: what a right kernel can still do badly."""

import pytest
import torch

from aire_katas.checks.triton import (
    Report,
    Watch,
    assert_as_accurate,
    assert_kernels_only,
    assert_launches,
    assert_rounded_once,
    assert_single_launch,
    assert_traffic,
    chosen_config,
    observe,
    run,
)
from tests import triton_kernels as kernels

# pyright: reportArgumentType=false, reportCallIssue=false
import triton  # isort: skip
import triton.language as tl  # isort: skip

SEEDS = pytest.mark.parametrize("seed", [1, 2])


@triton.jit
def _softmax(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + tl.program_id(0) * N + at, mask=at < N, other=-float("inf"))
    e = tl.exp(x - tl.max(x))
    tl.store(out_ptr + tl.program_id(0) * N + at, e / tl.sum(e), mask=at < N)


@triton.jit
def _softmax_three_passes(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    row = tl.program_id(0) * N
    largest, total = -float("inf"), 0.0
    for start in range(0, N, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row + at, mask=at < N, other=-float("inf"))
        largest = tl.maximum(largest, tl.max(x))
    for start in range(0, N, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row + at, mask=at < N, other=-float("inf"))
        total += tl.sum(tl.exp(x - largest))
    for start in range(0, N, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + row + at, mask=at < N, other=-float("inf"))
        tl.store(out_ptr + row + at, tl.exp(x - largest) / total, mask=at < N)


def softmax(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _softmax[(x.shape[0],)](x, out, x.shape[1], triton.next_power_of_2(x.shape[1]))
    return out


def softmax_three_passes(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _softmax_three_passes[(x.shape[0],)](x, out, x.shape[1], 32)
    return out


@SEEDS
def test_one_pass_moves_the_minimum(seed: int) -> None:
    x = torch.randn(8, 100)
    report = run(softmax, x, seed=seed)
    assert torch.allclose(report.result, x.softmax(1))
    assert (report.moved, report.minimum) == (2 * 800 * 4, 2 * 800 * 4)
    assert_traffic(report, at_most=1.0)
    assert_single_launch(report, programs=8)
    with pytest.raises(AssertionError, match=r"8 programs were launched \(_softmax\[8, 1, 1\]\), expected 4"):
        assert_single_launch(report, programs=4)


@SEEDS
def test_three_passes_move_twice_the_minimum_and_are_refused(seed: int) -> None:
    report = run(softmax_three_passes, torch.randn(8, 100), seed=seed)
    assert report.moved / report.minimum == 2.0
    with pytest.raises(AssertionError) as error:
        assert_traffic(report, at_most=1.1)
    assert str(error.value).splitlines() == [
        "the kernels moved 12,800 bytes, 2.00 x the 6,400 that have to be moved; expected at most 1.1 x",
        "  _softmax_three_passes[8, 1, 1]: loaded 9,600 bytes, stored 3,200",
        "  what is loaded twice can be kept",
    ]


def test_scratch_is_traffic_and_no_part_of_the_minimum() -> None:
    report, _ = kernels.right_two_launches(0)
    assert report.minimum == (1000 + 1) * 4
    assert report.moved == (1000 + 4 + 4 + 1) * 4
    assert_launches(report, 2)
    with pytest.raises(
        AssertionError, match=r"2 kernel launches \(_partial_sums\[4, 1, 1\], .*\), expected 1"
    ):
        assert_single_launch(report)


def test_lanes_that_share_an_address_load_it_once() -> None:
    @triton.jit
    def shared(x_ptr, out_ptr, N: tl.constexpr):
        at = tl.arange(0, N)
        tl.store(out_ptr + at, tl.load(x_ptr + at // 4))

    def call(x: torch.Tensor) -> torch.Tensor:
        out = torch.empty(64)
        shared[(1,)](x, out, 64)
        return out

    report = run(call, torch.randn(16))
    assert report.launches[0].loads == {"x_ptr": 16}
    assert report.launches[0].stores == {"out_ptr": 64}


def test_atomics_read_and_write() -> None:
    report, _ = kernels.right_atomic_sum(0)
    assert report.launches[0].atomics == 4 * 2 * 4


def test_no_launch_is_no_traffic() -> None:
    with pytest.raises(AssertionError, match="is the kernel launched"):
        assert_traffic(Report(), at_most=1.0)


def test_what_torch_computes_is_named() -> None:
    def cheat(x: torch.Tensor) -> torch.Tensor:
        out = softmax(x)
        return out.view(-1).view(x.shape) * 1.0

    report = run(cheat, torch.randn(4, 16))
    with pytest.raises(
        AssertionError, match=r"test_triton_measures.py:\d+ has torch compute mul on 64 elements"
    ):
        assert_kernels_only(report)
    assert_kernels_only(report, allow=("mul",))
    assert_kernels_only(run(softmax, torch.randn(4, 16)))


def test_a_watch_gathers_several_calls() -> None:
    with Watch(seed=3) as report:
        softmax(torch.randn(2, 8))
        softmax(torch.randn(2, 8))
    assert_launches(report, 2)
    assert report.launches[0].arguments["BLOCK"] == 8
    assert report.launches[0].programs == 2


def test_the_order_of_programs_comes_from_the_seed() -> None:
    def order(seed: int) -> list[int]:
        return run(kernels.arrivals, 16, seed=seed).result.tolist()

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == list(range(16))


# Autotuning ---------------------------------------------------------------------------------------------


@triton.autotune([triton.Config({"BLOCK": 64}), triton.Config({"BLOCK": 128}, num_warps=8)], key=["n"])
@triton.jit
def _tuned(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + at, tl.load(x_ptr + at, mask=at < n), mask=at < n)


def tuned_copy(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    _tuned[lambda meta: (triton.cdiv(x.numel(), meta["BLOCK"]),)](x, out, x.numel())
    return out


def test_the_first_configuration_is_taken_without_timing_any() -> None:
    report = run(tuned_copy, torch.randn(200))
    assert_single_launch(report)
    assert report.launches[0].grid == (4, 1, 1)


def test_a_configuration_can_be_chosen() -> None:
    with chosen_config(_tuned, 1) as config:
        report = run(tuned_copy, torch.randn(200))
    assert report.launches[0].grid == (2, 1, 1)
    assert report.launches[0].arguments["num_warps"] == config.num_warps == 8
    assert run(tuned_copy, torch.randn(200)).launches[0].grid == (4, 1, 1)


def test_choosing_for_a_kernel_that_is_not_autotuned_says_so() -> None:
    with pytest.raises(TypeError, match="'_softmax' is not autotuned"), chosen_config(_softmax, 0):
        pass


# Accuracy -----------------------------------------------------------------------------------------------


@triton.jit
def _row_sums(x_ptr, out_ptr, N, BLOCK: tl.constexpr, ACCUMULATE: tl.constexpr):
    total = tl.zeros((BLOCK,), ACCUMULATE)
    for start in range(0, N, BLOCK):
        total += tl.load(x_ptr + tl.program_id(0) * N + start + tl.arange(0, BLOCK))
    tl.store(out_ptr + tl.program_id(0), tl.sum(total.to(tl.float32)))


def row_sums(x: torch.Tensor, accumulate: tl.dtype) -> torch.Tensor:
    out = torch.empty(x.shape[0], dtype=x.dtype)
    _row_sums[(x.shape[0],)](x, out, x.shape[1], 16, accumulate)
    return out


@SEEDS
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_sum_in_float32_is_as_accurate_as_torch(dtype: torch.dtype, seed: int) -> None:
    x = (torch.rand(4, 1024) + 0.1).to(dtype)
    out = run(row_sums, x, tl.float32, seed=seed).result
    assert_as_accurate(out, x.sum(1), x.double().sum(1))


@SEEDS
def test_a_sum_accumulated_in_bfloat16_is_not(seed: int) -> None:
    x = (torch.rand(4, 8192) + 0.1).bfloat16()
    out = run(row_sums, x, tl.bfloat16, seed=seed).result
    with pytest.raises(AssertionError) as error:
        assert_as_accurate(out, x.sum(1), x.double().sum(1), name="row_sums")
    assert str(error.value).startswith("row_sums is less accurate than torch in bfloat16: ")
    assert str(error.value).endswith("(2 x) is expected; is something summed in low precision?")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_matmul_with_float32_sums_is_as_accurate_as_torch(dtype: torch.dtype) -> None:
    a, b = torch.randn(33, 70).to(dtype), torch.randn(70, 40).to(dtype)
    out = run(kernels.matmul, a, b).result
    assert_as_accurate(out, a @ b, a.double() @ b.double())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_a_second_rounding_is_noticed(dtype: torch.dtype) -> None:
    exact = torch.randn(2000, dtype=torch.float64)
    exact[0] = 30.0
    assert_rounded_once(exact.to(dtype), exact)
    assert_rounded_once(exact.float().to(dtype), exact)
    twice = ((exact / 3).to(dtype).double() * 3).to(dtype)
    with pytest.raises(AssertionError, match="dw is not close"):
        assert_rounded_once(twice, exact, name="dw")


def test_what_float32_leaves_of_a_sum_that_cancels_is_no_second_rounding() -> None:
    exact = torch.tensor([100.0, 1e-3], dtype=torch.float64)
    noisy = exact + torch.tensor([0.0, 1e-4], dtype=torch.float64)
    assert_rounded_once(noisy.half(), exact)
    with pytest.raises(AssertionError, match="result"):
        assert_rounded_once(noisy.half(), exact, noise=1e-7)


def test_numbers_below_the_normal_ones_have_coarser_steps() -> None:
    exact = torch.tensor([1.3e-7, -2.9e-8, 1e-6], dtype=torch.float64)
    assert_rounded_once(exact.half(), exact)
    with pytest.raises(AssertionError, match="result"):
        assert_rounded_once(2 * exact.half(), exact)


def test_rounding_once_is_a_matter_of_low_precision() -> None:
    exact = torch.ones(3, dtype=torch.float64)
    with pytest.raises(AssertionError, match=r"result is torch.float32, expected torch.float16 or"):
        assert_rounded_once(exact.float(), exact)
    with pytest.raises(ValueError, match="compute it in float64"):
        assert_rounded_once(exact.half(), exact.float())


def test_infinity_and_nan_have_to_be_where_they_belong() -> None:
    exact = torch.tensor([1.0, torch.inf, torch.nan], dtype=torch.float64)
    rival = exact.float()
    assert_as_accurate(rival.clone(), rival, exact)
    with pytest.raises(AssertionError, match=r"result\[1\] is 3, expected inf"):
        assert_as_accurate(torch.tensor([1.0, 3.0, torch.nan]), rival, exact)
    with pytest.raises(AssertionError, match=r"result\[0\] is nan, expected 1"):
        assert_as_accurate(torch.tensor([torch.nan, torch.inf, torch.nan]), rival, exact)


def test_another_shape_or_dtype_is_said_plainly() -> None:
    exact = torch.ones(3, dtype=torch.float64)
    with pytest.raises(AssertionError, match=r"result has shape \(2,\), expected \(3,\)"):
        assert_as_accurate(torch.ones(2), torch.ones(3), exact)
    with pytest.raises(AssertionError, match="result has dtype float64, expected float32"):
        assert_as_accurate(exact, exact.float(), exact)
    with pytest.raises(ValueError, match="compute it in float64"):
        assert_as_accurate(exact.float(), exact.float(), exact.float())


def test_compiled_kernels_are_not_graded_by_what_nobody_saw() -> None:
    for check in (assert_single_launch, assert_kernels_only):
        with pytest.raises(pytest.skip.Exception, match="not graded: compiled kernels cannot be watched"):
            check(Report(watched=False))


def test_observe_returns_where_run_raises() -> None:
    assert observe(kernels.add_floor_grid, torch.randn(1000), torch.randn(1000)).faults
