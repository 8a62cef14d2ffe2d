import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import Report, assert_coalesced, assert_owner
from katas.phase5.cuda.histogram import kernels

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase5/cuda/block_reduce",),
    forbids_cpp={"cub": "count in shared memory yourself", "thrust": "count in shared memory yourself"},
)

both = pytest.mark.parametrize("kernel", ["hist_naive", "hist_private"])
AROUND = [-(2**31), -100, -1, 2**31 - 1]  # ids that count nowhere, whatever the bins


def draw(n: int, bins: int) -> np.ndarray:
    return np.random.randint(0, bins, n).astype(np.int32)


def counted(kernel: str, ids: np.ndarray, bins: int, grid: int, block: int) -> Report:
    """Launches on counts that are not zero, and compares with numpy."""
    counts = np.random.randint(-50, 50, bins).astype(np.int32)
    kept, before = ids.copy(), counts.copy()
    report = kernels.launch(kernel, grid, block, (ids.size, bins, ids, counts))
    valid = ids[(ids >= 0) & (ids < bins)]
    assert_close(counts - before, np.bincount(valid, minlength=bins).astype(np.int32))
    assert_close(ids, kept)
    return report


@both
@pytest.mark.parametrize("bins", [1, 10, 64])
def test_every_id_is_counted(kernel: str, bins: int) -> None:
    counted(kernel, draw(500, bins), bins, grid=2, block=64)


@both
def test_all_ids_may_be_the_same(kernel: str) -> None:
    counted(kernel, np.full(300, 7, np.int32), 8, grid=3, block=32)


@both
@pytest.mark.parametrize("bins", [1, 5, 64])
def test_ids_outside_of_the_bins_count_nowhere(kernel: str, bins: int) -> None:
    ids = np.random.permutation([*AROUND, bins, bins + 1, *range(bins), *AROUND]).astype(np.int32)
    counted(kernel, ids, bins, grid=2, block=32)


@both
@pytest.mark.parametrize(("grid", "block"), [(1, 1), (3, 10), (1, 96), (5, 32), (2, 33)])
@pytest.mark.parametrize("n", [0, 1, 200])
def test_any_launch_will_do(kernel: str, n: int, grid: int, block: int) -> None:
    report = counted(kernel, draw(n, 40), 40, grid, block)
    if n:
        assert report.buffers["ids"].loads == n


@both
def test_neighbours_read_neighbours(kernel: str) -> None:
    ids = draw(512, 16)
    report = counted(kernel, ids, 16, grid=2, block=64)
    assert report.buffers["ids"].bytes_read == ids.nbytes
    assert_coalesced(report)


def test_the_naive_kernel_makes_an_atomic_for_each_id() -> None:
    ids = np.concatenate([draw(300, 20), np.full(30, -1, np.int32), np.full(20, 20, np.int32)])
    report = counted("hist_naive", ids, 20, grid=2, block=64)
    assert report.buffers["counts"].atomics == 300


@pytest.mark.parametrize(("bins", "grid", "block"), [(20, 2, 64), (64, 3, 16), (5, 1, 32)])
def test_private_counters_are_added_once_for_each_bin_and_block(bins: int, grid: int, block: int) -> None:
    report = counted("hist_private", draw(800, bins), bins, grid, block)
    counts = report.buffers["counts"]
    assert 0 < counts.atomics <= bins * grid
    assert counts.stores == 0


def test_the_counting_is_done_in_shared_memory() -> None:
    report = counted("hist_private", draw(600, 32), 32, grid=2, block=64)
    assert report.total(space="shared", kind="atomic").lanes >= 600


@both
@pytest.mark.parametrize("last", [5, 37, 64, 100])
def test_every_block_has_ids_of_its_own(kernel: str, last: int) -> None:
    """`ids` is one too short, and the fault says which thread came to read it."""
    args = last + 1, 10, draw(last, 10), np.zeros(10, np.int32)
    block, thread = divmod(last % 96, 32)
    assert_owner(lambda: kernels.launch(kernel, 3, 32, args), last, "ids", thread=thread, block=block)


def test_all_threads_count() -> None:
    for kernel in ("hist_naive", "hist_private"):
        report = counted(kernel, draw(512, 16), 16, grid=2, block=64)
        reads = report.total(space="global", kind="read")
        assert (reads.requests, reads.active) == (512 // 32, 1.0)


@pytest.mark.gpu
@both
@pytest.mark.parametrize("bins", [1, 64])
@pytest.mark.parametrize("n", [0, 1000, 2**24 + 3])
def test_a_gpu_agrees(n: int, bins: int, kernel: str) -> None:
    ids = torch.randint(-2, bins + 2, (n,), dtype=torch.int32, device="cuda")
    counts = torch.full((bins,), 5, dtype=torch.int32, device="cuda")
    kernels.launch_on_gpu(kernel, 264, 256, (n, bins, ids, counts))
    valid = ids[(ids >= 0) & (ids < bins)]
    assert torch.equal(counts.long() - 5, torch.bincount(valid, minlength=bins))
