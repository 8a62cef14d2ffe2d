import math

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_coalesced, assert_spread, unset
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.reduce import kernels

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase5/cuda/warp_shuffle", "phase5/cuda_cpp/saxpy"),
    forbids_cpp={
        "double": "sum in float",
        "cub": "write the steps from thread to grid yourself",
        "thrust": "write the steps from thread to grid yourself",
        "__reduce_add_sync": "write the warp's step with shuffles",
        "__reduce_max_sync": "write the warp's step with shuffles",
        "__reduce_min_sync": "write the warp's step with shuffles",
        "cooperative_groups": "write the warp's step with shuffles",
    },
)


def draw(*shape: int) -> np.ndarray:
    return np.random.randn(*shape).astype(np.float32)


def assert_sum(actual: np.ndarray, x: np.ndarray) -> None:
    __tracebackhide__ = True
    exact, allowed = math.fsum(x.tolist()), 1e-5 * math.fsum(np.abs(x).tolist())
    if not abs(float(actual[0]) - exact) <= allowed:
        raise AssertionError(f"the sum is {float(actual[0]):.8g}, expected {exact:.8g} +- {allowed:.1g}")


# The sum ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 3, 31, 32, 33, 255, 1023, 1025, 5000])
def test_all_elements_are_in_the_sum(n: int) -> None:
    x, out = draw(n) + 1, unset(1)
    before = x.copy()
    report = kernels.call("sum_f32", (x, n, out))
    assert report.returned == 0
    assert_sum(out, x)
    assert_close(x, before)


@pytest.mark.slow  # 262,144 threads
def test_of_a_long_array_many_blocks_go_round() -> None:
    """Of 1,024 blocks with 256 threads: as many elements as they have in one trip, and 5,000 more."""
    n = 1024 * 256 * 4 + 5000
    x, out = draw(n) + 1, unset(1)
    report = kernels.call("sum_f32", (x, n, out))
    assert_sum(out, x)
    assert report.buffers["out"].atomics >= 64
    assert_spread(report)


def test_the_sum_of_nothing_is_0() -> None:
    x, out = draw(4), unset(1)
    assert kernels.call("sum_f32", (x, 0, out)).returned == 0
    assert float(out[0]) == 0


def test_what_stood_there_is_no_part_of_it() -> None:
    for value in (np.nan, 5.0):
        x, out = draw(2000), np.full(1, value, np.float32)
        kernels.call("sum_f32", (x, 2000, out))
        assert_sum(out, x)


@pytest.mark.parametrize("start", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 5, 130, 2049])
def test_x_may_begin_at_any_float(start: int, n: int) -> None:
    x, out = draw(n + start)[start:], unset(1)
    kernels.call("sum_f32", (x, n, out))
    assert_sum(out, x)


@pytest.mark.parametrize(("start", "n"), [(0, 4096), (0, 10_000), (1, 8001), (3, 5003)])
def test_most_of_it_is_read_in_fours(start: int, n: int) -> None:
    x = draw(n + start)[start:]
    report = kernels.call("sum_f32", (x, n, unset(1)))
    reads = report.total(space="global", kind="read")
    assert report.buffers["x"].loads <= n / 4 + 6  # three single floats before the fours, three behind
    assert reads.requests <= n / 100


def test_neighbours_read_neighbours() -> None:
    assert_coalesced(kernels.call("sum_f32", (draw(8192), 8192, unset(1))))


@pytest.mark.parametrize("n", [100, 1024, 10_000])
def test_a_block_makes_one_atomic(n: int) -> None:
    report = kernels.call("sum_f32", (draw(n), n, unset(1)))
    assert report.buffers["out"].atomics <= -(-n // 1024)


def test_threads_meet_in_registers_before_they_meet_in_memory() -> None:
    report = kernels.call("sum_f32", (draw(8192), 8192, unset(1)))
    shared = [one for one in report.buffers.values() if one.space == "shared"]
    assert sum(one.stores for one in shared) <= 8 * 32  # at most 32 floats in each of at most 8 blocks
    assert not any(one.atomics for one in shared)


# The maximum --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 31), (2, 33), (5, 257), (1, 2000), (40, 3)])
def test_each_row_has_its_largest(rows: int, cols: int) -> None:
    x, out = draw(rows, cols), unset(rows)
    before = x.copy()
    report = kernels.call("row_max", (x, rows, cols, out))
    assert report.returned == 0
    assert_close(np.array(out), x.max(1), rtol=0, atol=0)
    assert_close(x, before)
    assert report.total(space="global", kind="read").lanes == rows * cols


def test_all_of_a_row_may_be_negative() -> None:
    x, out = -np.abs(draw(4, 100)) - 5, unset(4)
    kernels.call("row_max", (x, 4, 100, out))
    assert_close(np.array(out), x.max(1), rtol=0, atol=0)


def test_rows_may_hold_minus_infinity() -> None:
    x, out = draw(3, 70), unset(3)
    x[0], x[1, ::2], x[2, 1:] = -np.inf, -np.inf, -np.inf
    kernels.call("row_max", (x, 3, 70, out))
    assert_close(np.array(out), x.max(1), rtol=0, atol=0)


@pytest.mark.parametrize("at", [0, 1, 31, 32, 150, 299])
def test_a_nan_is_not_lost(at: int) -> None:
    x, out = draw(3, 300), unset(3)
    x[1, at] = np.nan
    kernels.call("row_max", (x, 3, 300, out))
    assert np.isnan(out[1])
    assert_close(np.array(out[::2]), x[::2].max(1), rtol=0, atol=0)


def test_the_lanes_of_a_row_work_together() -> None:
    report = kernels.call("row_max", (draw(12, 1024), 12, 1024, unset(12)))
    assert_coalesced(report)
    assert_spread(report)
    assert report.total(space="global", kind="read").active > 0.9


# On a GPU -----------------------------------------------------------------------------------------------


def sum_on_gpu(x: torch.Tensor) -> torch.Tensor:
    out = torch.empty(1, device="cuda")
    kernels.call_on_gpu("sum_f32", (x, x.numel(), out))
    return out


@pytest.mark.gpu
@pytest.mark.parametrize("n", [0, 1, 1000, 2**24 + 3])
def test_a_gpu_agrees(n: int) -> None:
    x = torch.randn(n + 1, device="cuda")[1:]
    allowed = 1e-5 * float(x.double().abs().sum())
    assert abs(float(sum_on_gpu(x)) - float(x.double().sum())) <= allowed
    rows = torch.randn(100, 1025, device="cuda")
    out = torch.empty(100, device="cuda")
    kernels.call_on_gpu("row_max", (rows, 100, 1025, out))
    assert torch.equal(out, rows.amax(1))


@pytest.mark.gpu
def test_on_a_gpu_there_may_be_more_than_two_to_the_31() -> None:
    if torch.cuda.mem_get_info()[0] < 10 << 30:
        pytest.skip("not graded: needs 10 GiB of free memory on the GPU")
    n = 2**31 + 5
    assert abs(float(sum_on_gpu(torch.ones(n, device="cuda"))) - n) <= 1e-5 * n


@pytest.mark.perf
def test_it_is_as_fast_as_memory() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    n = 2**27
    assert_fast(
        sum_on_gpu,
        lambda x: x.sum().reshape(1),
        lambda: (torch.rand(n, device="cuda"),),
        against="torch.sum",
        work=Work(read=4 * n, written=4),
        ratio=0.8,
        fraction=0.75,
    )
