import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.cuda import assert_coalesced, assert_no_bank_conflicts, assert_spread, unset
from aire_katas.checks.cuda.report import Report
from katas.phase5.cuda.tiled_matmul import arithmetic_intensity, global_reads, kernels

KATA = Kata(
    difficulty=3,
    minutes=45,
    needs=("phase5/cuda/bank_conflicts",),
    forbids_cpp={
        "atomicAdd": "a thread adds up its own element of C, in a register",
        "hgemm": "write the loops",
        "wmma": "write the loops; tensor cores come later",
    },
)

TILE = 16
KERNEL = {"float32": "matmul<float>", "float16": "matmul<__half>"}
SHAPES = [(1, 1, 1), (16, 16, 16), (17, 9, 33), (32, 3, 1), (5, 40, 20)]  # M, N, K
every_type = pytest.mark.parametrize("name", ["float32", "float16"])


def draw(rows: int, cols: int, name: str = "float32") -> np.ndarray:
    return np.random.randn(rows, cols).astype(name)


def multiply(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Report]:
    """What matmul writes, and the report."""
    (m, k), n = a.shape, b.shape[1]
    c = unset((m, n))
    kernel = KERNEL[str(a.dtype)]
    report = kernels.launch(kernel, (-(-n // TILE), -(-m // TILE)), (TILE, TILE), (m, n, k, a, b, c))
    return np.asarray(c), report


def assert_product(c: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Within the bound of sums of float32 in any order; one of float16 is off by thousands of times that."""
    __tracebackhide__ = True
    a, b = a.astype(np.float64), b.astype(np.float64)
    unit = a.shape[1] * 2.0**-24
    off = np.abs(c - a @ b) / (unit / (1 - unit) * (np.abs(a) @ np.abs(b)))
    worst = np.unravel_index(np.nanargmax(off), off.shape) if not np.isnan(off).all() else ()
    assert (off <= 1).all(), f"C{[int(i) for i in worst]} is off by {off[worst]:.3g} times what is allowed"


def tile_reads(m: int, n: int, k: int, tile: int) -> tuple[int, int]:
    """Elements of A and of B in the tiles of all blocks and steps, by going through them."""
    reads_a = reads_b = 0
    for row in range(0, m, tile):
        for col in range(0, n, tile):
            for step in range(0, k, tile):
                height, width, depth = (min(tile, end) for end in (m - row, n - col, k - step))
                reads_a += height * depth
                reads_b += depth * width
    return reads_a, reads_b


def test_a_single_tile_is_read_once() -> None:
    a, b = draw(16, 16), draw(16, 16)
    c, report = multiply(a, b)
    assert_product(c, a, b)
    assert report.buffers["A"].loads == report.buffers["B"].loads == 256


def test_the_sum_goes_on_from_tile_to_tile() -> None:
    a, b = draw(16, 64), draw(64, 16)
    c, _ = multiply(a, b)
    assert_product(c, a, b)


def test_each_block_has_its_own_tile_of_the_product() -> None:
    a = np.eye(48, 16, k=-32, dtype=np.float32)  # B comes to stand in the rows from 32 on
    b = draw(16, 32)
    c, _ = multiply(a, b)
    assert_close(c[32:], b)
    assert not c[:32].any()


@every_type
@pytest.mark.parametrize(("m", "n", "k"), SHAPES)
def test_matrices_of_any_size_are_multiplied(m: int, n: int, k: int, name: str) -> None:
    a, b = draw(m, k, name), draw(k, n, name)
    with assert_unchanged(a, b):
        c, report = multiply(a, b)
    assert_product(c, a, b)
    assert (report.buffers["C"].stores, report.buffers["C"].most_writes) == (m * n, 1)


def test_halves_are_multiplied_and_added_as_floats() -> None:
    """1/64 and 1/64**2 cannot be added to 33 and 2049 in float16."""
    a = np.array([[32, 1, 2**-6, 2**-6]], np.float16)
    b = np.array([[64, 1], [1, 32], [2**-6, 2**-6], [2**-6, 1]], np.float16)
    c, _ = multiply(a, b)
    assert_close(c, np.array([[2049 + 2**-11, 64 + 2**-6 + 2**-12]], np.float32), rtol=2**-23, atol=0)


def test_a_number_that_is_not_one_stays_in_its_row_and_column() -> None:
    a, b = draw(20, 18), draw(18, 20)
    a[17, 3] = b[5, 18] = np.nan
    c, _ = multiply(a, b)
    assert np.isnan(c[17]).all()
    assert np.isnan(c[:, 18]).all()
    assert_product(np.delete(c[:17], 18, 1), a[:17], np.delete(b, 18, 1))


@every_type
@pytest.mark.parametrize(("m", "n", "k"), [*SHAPES, (32, 32, 32)])
def test_a_block_reads_each_element_of_its_tiles_once(m: int, n: int, k: int, name: str) -> None:
    _, report = multiply(draw(m, k, name), draw(k, n, name))
    assert (report.buffers["A"].loads, report.buffers["B"].loads) == tile_reads(m, n, k, TILE)


def test_no_step_goes_beyond_k() -> None:
    """A step of zeros changes no sum: it is seen where every product needs two numbers of the tiles."""
    _, report = multiply(draw(16, 48), draw(48, 32))
    assert report.total(space="shared", kind="read").lanes <= 2 * 16 * 48 * 32


def test_the_blocks_share_the_tiles_of_the_product() -> None:
    _, report = multiply(draw(48, 40), draw(40, 64))
    assert_spread(report)


@every_type
def test_neighbouring_threads_use_neighbouring_addresses(name: str) -> None:
    _, report = multiply(draw(16, 32, name), draw(32, 48, name))
    assert_coalesced(report)


def test_the_banks_of_shared_memory_are_not_fought_over() -> None:
    """The tiles as they come: 1 pass; one turned round: 2 with a column more, 16 without."""
    _, report = multiply(draw(16, 32), draw(32, 32))
    assert_no_bank_conflicts(report, at_most=2)


@pytest.mark.parametrize(("m", "n", "k"), [*SHAPES, (100, 40, 70), (8, 24, 16)])
@pytest.mark.parametrize("tile", [1, 7, 8, 16, 128])
def test_the_reads_are_those_of_all_tiles(m: int, n: int, k: int, tile: int) -> None:
    reads = global_reads(m, n, k, tile)
    assert isinstance(reads, int)
    assert reads == sum(tile_reads(m, n, k, tile))


def test_tiles_are_used_as_often_as_they_are_wide() -> None:
    naive = global_reads(256, 512, 1024, 1)
    assert naive == 2 * 256 * 512 * 1024
    assert [naive // global_reads(256, 512, 1024, tile) for tile in (2, 16, 128)] == [2, 16, 128]


@pytest.mark.parametrize(("m", "n", "k"), [*SHAPES, (100, 40, 70)])
@pytest.mark.parametrize(("tile", "itemsize"), [(1, 4), (16, 4), (16, 2), (7, 1), (8, 8)])
def test_intensity_is_work_over_traffic(m: int, n: int, k: int, tile: int, itemsize: int) -> None:
    work = sum(2 for _ in range(m * n * k))
    traffic = itemsize * sum(tile_reads(m, n, k, tile)) + 4 * m * n
    assert_close(arithmetic_intensity(m, n, k, tile, itemsize), work / traffic)


@pytest.mark.parametrize(("tile", "itemsize"), [(16, 4), (32, 4), (128, 2)])
def test_large_matrices_come_near_the_tile_over_the_bytes_of_an_element(tile: int, itemsize: int) -> None:
    """Without the writes of C it would be that; with them it is less, here by 1 in 256 at the most."""
    assert_close(arithmetic_intensity(2**13, 2**13, 2**15, tile, itemsize), tile / itemsize, rtol=1 / 200)


@pytest.mark.gpu
@every_type
@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (17, 9, 33), (1000, 1030, 517)])
def test_a_gpu_agrees(m: int, n: int, k: int, name: str) -> None:
    a = torch.randn(m, k, device="cuda").to(getattr(torch, name))
    b = torch.randn(k, n, device="cuda").to(a.dtype)
    c = torch.full((m, n), torch.nan, device="cuda")
    grid = (-(-n // TILE), -(-m // TILE))
    kernels.launch_on_gpu(KERNEL[name], grid, (TILE, TILE), (m, n, k, a, b, c))
    assert_product(c.cpu().numpy(), a.cpu().numpy(), b.cpu().numpy())
