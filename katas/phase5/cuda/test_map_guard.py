import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_coalesced, unset
from katas.phase5.cuda.map_guard import kernels, launch_1d, launch_2d

KATA = Kata(difficulty=1, minutes=20)

SHAPES = [(1, 1), (3, 5), (17, 16), (1, 40), (40, 1)]


def draw(*shape: int) -> np.ndarray:
    return np.random.randn(*shape).astype(np.float32)


def test_one_block_does_as_many_elements_as_it_has_threads() -> None:
    x, y, out = draw(32), draw(32), unset(32)
    kernels.launch("axpy", 1, 32, (32, 2.5, x, y, out))
    assert_close(out, np.float32(2.5) * x + y)


def test_every_block_does_elements_of_its_own() -> None:
    x, y, out = draw(96), draw(96), unset(96)
    report = kernels.launch("axpy", 3, 32, (96, -1.5, x, y, out))
    assert_close(out, np.float32(-1.5) * x + y)
    assert report.buffers["out"].most_writes == 1


@pytest.mark.parametrize("n", [1, 31, 33, 100])
@pytest.mark.parametrize("extra", [0, 3])
def test_a_thread_without_an_element_touches_nothing(n: int, extra: int) -> None:
    x, y, out = draw(n), draw(n), unset(n)
    report = kernels.launch("axpy", -(-n // 32) + extra, 32, (n, 0.5, x, y, out))
    assert_close(out, np.float32(0.5) * x + y)
    assert report.buffers["x"].loads == report.buffers["y"].loads == report.buffers["out"].stores == n


def test_a_grid_that_is_too_small_leaves_the_rest_alone() -> None:
    x, y, out = draw(100), draw(100), np.full(100, 7.0, np.float32)
    kernels.launch("axpy", 2, 16, (100, 3.0, x, y, out))
    assert_close(out[:32], 3 * x[:32] + y[:32])
    assert_close(out[32:], np.full(68, 7.0, np.float32))


def test_blocks_follow_one_another() -> None:
    x, y, out = draw(30), draw(30), np.full(30, 7.0, np.float32)
    kernels.launch("axpy", 3, 7, (30, 1.0, x, y, out))
    assert_close(out[:21], x[:21] + y[:21])
    assert_close(out[21:], np.full(9, 7.0, np.float32))


def test_neighbours_in_a_block_do_neighbouring_elements() -> None:
    report = kernels.launch("axpy", 4, 64, (256, 1.0, draw(256), draw(256), unset(256)))
    assert_coalesced(report)


@pytest.mark.parametrize(("rows", "cols"), SHAPES)
@pytest.mark.parametrize("extra", [0, 1])
def test_every_element_of_a_matrix_has_a_thread(rows: int, cols: int, extra: int) -> None:
    a, b, out = draw(rows, cols), draw(rows, cols), unset((rows, cols))
    grid = (-(-cols // 8) + extra, -(-rows // 4) + extra)
    report = kernels.launch("add2d", grid, (8, 4), (rows, cols, a, b, out))
    assert_close(out, a + b)
    assert report.buffers["out"].stores == rows * cols
    assert report.buffers["out"].most_writes == 1


def test_x_counts_the_columns_and_y_the_rows() -> None:
    a, b, out = draw(6, 9), draw(6, 9), np.full((6, 9), 7.0, np.float32)
    kernels.launch("add2d", (2, 1), (4, 2), (6, 9, a, b, out))
    assert_close(out[:2, :8], (a + b)[:2, :8])
    assert_close(out[2:], np.full((4, 9), 7.0, np.float32))
    assert_close(out[:, 8], np.full(6, 7.0, np.float32))


@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 1000])
@pytest.mark.parametrize("threads", [1, 7, 32, 1024])
def test_blocks_are_as_few_as_hold_all_elements(n: int, threads: int) -> None:
    blocks, per_block = launch_1d(n, threads)
    assert per_block == threads
    assert blocks == next(count for count in range(1, n + 2) if count * threads >= n)


@pytest.mark.parametrize(("rows", "cols"), [*SHAPES, (0, 5), (0, 0), (1000, 3)])
@pytest.mark.parametrize("threads", [(1, 1), (32, 8), (5, 16), (1024, 1), (1, 1024)])
def test_each_dimension_has_its_own_blocks(rows: int, cols: int, threads: tuple[int, int]) -> None:
    (in_x, in_y), per_block = launch_2d(rows, cols, threads)
    assert per_block == threads
    assert (in_x, threads[0]) == launch_1d(cols, threads[0])
    assert (in_y, threads[1]) == launch_1d(rows, threads[1])


@pytest.mark.parametrize(("n", "threads"), [(70, 32), (64, 32), (5, 7)])
def test_the_launch_fits_the_kernel(n: int, threads: int) -> None:
    x, y, out = draw(n), draw(n), unset(n)
    kernels.launch("axpy", *launch_1d(n, threads), (n, 2.0, x, y, out))
    assert_close(out, 2 * x + y)


@pytest.mark.parametrize("threads", [0, -32, 1025, 4096])
def test_a_block_has_1_to_1024_threads(threads: int) -> None:
    with pytest.raises(ValueError):
        launch_1d(100, threads)


@pytest.mark.parametrize("threads", [(0, 8), (8, 0), (33, 32), (1025, 1), (-4, -4)])
def test_so_has_a_block_of_two_dimensions(threads: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        launch_2d(10, 10, threads)


@pytest.mark.gpu
@pytest.mark.parametrize("n", [1, 1000, 2**24 + 5])
def test_a_gpu_agrees(n: int) -> None:
    x, y = torch.randn(2, n, device="cuda")
    out = torch.full((n,), torch.nan, device="cuda")
    kernels.launch_on_gpu("axpy", *launch_1d(n, 256), (n, 2.5, x, y, out))
    assert_close(out, 2.5 * x + y)


@pytest.mark.gpu
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (40, 1), (3001, 2050)])
def test_a_gpu_agrees_on_matrices(rows: int, cols: int) -> None:
    a, b = torch.randn(2, rows, cols, device="cuda")
    out = torch.full((rows, cols), torch.nan, device="cuda")
    kernels.launch_on_gpu("add2d", *launch_2d(rows, cols, (32, 8)), (rows, cols, a, b, out))
    assert torch.equal(out, a + b)
