import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import (
    assert_coalesced,
    assert_no_bank_conflicts,
    assert_spread,
    assert_traffic,
    unset,
)
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.transpose import kernels

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase5/cuda/bank_conflicts", "phase5/cuda_cpp/saxpy"),
    forbids_cpp={
        "cublasSgeam": "turn the matrix through a tile in shared memory yourself",
        "cublas_v2": "turn the matrix through a tile in shared memory yourself",
        "thrust": "turn the matrix through a tile in shared memory yourself",
        "cub": "turn the matrix through a tile in shared memory yourself",
    },
)


def draw(rows: int, cols: int) -> np.ndarray:
    return np.random.randn(rows, cols).astype(np.float32)


@pytest.mark.parametrize(("rows", "cols"), [(32, 32), (64, 32), (32, 96), (64, 64)])
def test_whole_tiles_are_turned_and_change_places(rows: int, cols: int) -> None:
    a, out = draw(rows, cols), unset((cols, rows))
    assert kernels.call("transpose", (a, out, rows, cols)).returned == 0
    assert_close(out, a.T, rtol=0, atol=0)


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (31, 33), (33, 31), (5, 200), (200, 5), (1, 40), (70, 1)])
def test_tiles_stick_out_over_the_edges(rows: int, cols: int) -> None:
    a, out = draw(rows, cols), unset((cols, rows))
    before = a.copy()
    report = kernels.call("transpose", (a, out, rows, cols))
    assert_close(out, a.T, rtol=0, atol=0)
    assert_close(a, before, rtol=0, atol=0)
    assert report.total(space="global", kind="read").lanes == rows * cols
    assert report.total(space="global", kind="write").lanes == rows * cols


def test_turned_twice_it_is_the_same() -> None:
    a, turned, back = draw(40, 65), unset((65, 40)), unset((40, 65))
    kernels.call("transpose", (a, turned, 40, 65))
    kernels.call("transpose", (np.array(turned), back, 65, 40))
    assert_close(back, a, rtol=0, atol=0)


@pytest.mark.parametrize(("rows", "cols"), [(64, 96), (33, 40)])
def test_both_sides_are_coalesced(rows: int, cols: int) -> None:
    report = kernels.call("transpose", (draw(rows, cols), unset((cols, rows)), rows, cols))
    assert_coalesced(report, at_most=1.6 if rows % 8 else 1.0)  # odd rows begin between sectors


def test_a_column_of_the_tile_lies_in_all_banks() -> None:
    report = kernels.call("transpose", (draw(64, 32), unset((32, 64)), 64, 32))
    assert_no_bank_conflicts(report)


def test_it_moves_what_a_copy_moves() -> None:
    report = kernels.call("transpose", (draw(64, 96), unset((96, 64)), 64, 96))
    assert_traffic(report, at_most=1.0, minimum=2 * 64 * 96 * 4)


def test_all_lanes_work_on_whole_tiles() -> None:
    report = kernels.call("transpose", (draw(64, 64), unset((64, 64)), 64, 64))
    for kind in ("read", "write"):
        total = report.total(space="global", kind=kind)
        assert (total.requests, total.active) == (64 * 64 // 32, 1.0)


def test_each_tile_has_a_block() -> None:
    report = kernels.call("transpose", (draw(70, 60), unset((60, 70)), 70, 60))
    assert_spread(report)
    [launch] = report.launches
    assert launch.block == (32, 8, 1)
    assert launch.blocks >= 3 * 2


def turned_on_gpu(a: torch.Tensor) -> torch.Tensor:
    rows, cols = a.shape
    out = torch.empty(cols, rows, device="cuda")
    kernels.call_on_gpu("transpose", (a, out, rows, cols))
    return out


@pytest.mark.gpu
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (31, 33), (4097, 8191)])
def test_a_gpu_agrees(rows: int, cols: int) -> None:
    a = torch.randn(rows, cols, device="cuda")
    assert_close(turned_on_gpu(a), a.T.contiguous(), rtol=0, atol=0)


@pytest.mark.perf
def test_it_keeps_up_with_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    n = 8192
    assert_fast(
        turned_on_gpu,
        lambda a: a.T.contiguous(),
        lambda: (torch.randn(n, n, device="cuda"),),
        against="a.T.contiguous()",
        work=Work(read=4 * n * n, written=4 * n * n),
        ratio=1.0,
        fraction=0.6,
    )
