"""Cooperative groups: ranks, exchanges and reductions in blocks, tiles and the lanes that are together."""

from pathlib import Path

import numpy as np
import pytest

from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import CompileError, assert_clean, run_kernel, unset

FILE = Path(__file__).parent / "kernels" / "right_groups.cu"

pytestmark = [pytest.mark.gxx, pytest.mark.parametrize("seed", [0, 1])]


def integers(size: int) -> np.ndarray:
    return np.random.randint(-50, 50, size).astype(np.int32)


@pytest.mark.parametrize("size", [1, 4, 32])
def test_tiles_of_a_warp(size: int, seed: int) -> None:
    n = 2 * 96
    x, y = integers(n), unset((12, n // size, size), np.int32)
    assert_clean(run_kernel(FILE, f"tiles<{size}>", 2, 96, (x, y, n), seed=seed))
    tiles, rank = x.reshape(-1, size), np.arange(size)
    yes = tiles > 0
    expected = [
        (np.arange(n // size) % (96 // size) * 1000 + 96 // size)[:, None],
        tiles[:, :1],
        tiles[:, np.maximum(rank - 1, 0)],
        tiles[:, np.minimum(rank + 1, size - 1)],
        tiles[:, ::-1],
        np.array(yes.any(1) | yes.all(1) << 1)[:, None],
        (yes.astype(np.uint32) << rank.astype(np.uint32)).sum(1, dtype=np.uint32).view(np.int32)[:, None],
        tiles.sum(1)[:, None],
        tiles.min(1)[:, None],
        tiles.max(1)[:, None],
        np.bitwise_xor.reduce(tiles, axis=1)[:, None],
        size * 100 + rank,
    ]
    for i, (row, right) in enumerate(zip(y.view(np.ndarray), expected, strict=True)):
        assert (row == right).all(), i


def test_a_sum_by_groups_with_the_grids_ranks(seed: int) -> None:
    x, y = np.random.rand(1000).astype(np.float32), unset(3)
    assert_clean(run_kernel(FILE, "sums_by_groups", 3, (32, 4), (x, y, 1000), seed=seed))
    rows = np.append(x, np.zeros(3 * 384 - 1000, np.float32)).reshape(-1, 3, 128)
    assert_close(y.view(np.ndarray), rows.sum((0, 2)), rtol=1e-5)


def test_half_a_warp_synchronises_alone(seed: int) -> None:
    x, y = integers(64), unset(64, np.int32)
    assert_clean(run_kernel(FILE, "reverse_in_tiles", 1, 64, (x, y), seed=seed))
    halves = x.reshape(4, 16)[:, ::-1] + np.array([0, 100, 0, 100])[:, None]
    assert (y == halves.ravel()).all()


def test_the_lanes_in_a_branch_share_one_atomic(seed: int) -> None:
    x, y, count = integers(100), unset(100, np.int32), np.zeros(1, np.int32)
    report = run_kernel(FILE, "compact", 2, 64, (x, y, count, 100), seed=seed)
    assert_clean(report)
    assert sorted(y[: count[0]]) == sorted(x[x > 0])
    assert report.buffers["count"].atomics == 4  # one a warp


def test_ranks_count_only_the_lanes_that_are_together(seed: int) -> None:
    x, y = integers(64), unset((4, 64), np.int32)
    assert_clean(run_kernel(FILE, "odd_lanes", 1, 64, (x, y), seed=seed))
    odd = x.reshape(2, 32)[:, 1::2]
    seen = y.view(np.ndarray).reshape(4, 2, 32)[:, :, 1::2]
    assert (seen[0] == odd.max(1, keepdims=True)).all()
    assert (seen[1] == odd[:, [0, *range(15)]]).all()
    assert (seen[2] == odd[:, [*range(1, 16), 15]]).all()
    yes = (odd > 0).any(1) * np.where((odd > 0).all(1), 1, -1)
    assert (seen[3] == yes[:, None]).all()


def test_a_barrier_of_the_grid_does_not_compile(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "learner.cu"
    file.write_text(
        "#include <cooperative_groups.h>\n"
        "__global__ void waits(float* y) {\n    cooperative_groups::this_grid().sync();\n}\n"
    )
    with pytest.raises(CompileError, match=r"^learner.cu:3:\d+: error: .*launch a second kernel"):
        run_kernel(file, "waits", 1, 1, (unset(1),), seed=seed)
