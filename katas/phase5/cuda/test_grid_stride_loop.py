import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_coalesced, assert_owner, unset
from katas.phase5.cuda.grid_stride_loop import kernels, work_per_thread

KATA = Kata(difficulty=2, minutes=20, needs=("phase5/cuda/map_guard",))

SIZES = [0, 1, 1000]
every_grid = pytest.mark.parametrize("grid", [1, 3, 8])
every_block = pytest.mark.parametrize("block", [1, 32, 100])


def draw(n: int) -> np.ndarray:
    return np.random.randn(n).astype(np.float32)


def dealt(n: int, grid: int, block: int) -> np.ndarray:
    """Elements of each thread, by going through the loop of every one."""
    return np.array([len(range(t, n, grid * block)) for t in range(grid * block)], np.int64)


def test_a_thread_goes_on_until_there_are_no_elements() -> None:
    x, out = draw(100), unset(100)
    report = kernels.launch("scale_shift", 1, 32, (100, 2.5, -1.0, x, out))
    assert_close(out, np.float32(2.5) * x - 1)
    assert report.buffers["out"].stores == report.buffers["x"].loads == 100


@every_grid
@every_block
@pytest.mark.parametrize("n", SIZES)
def test_any_launch_does_every_element_once(n: int, grid: int, block: int) -> None:
    x, out = draw(n), unset(n)
    before = x.copy()
    report = kernels.launch("scale_shift", grid, block, (n, -0.5, 3.0, x, out))
    assert_close(out, np.float32(-0.5) * x + 3)
    assert_close(x, before)
    written = report.buffers["out"]
    assert (written.stores, written.fewest_writes, written.most_writes) == (n, min(n, 1), min(n, 1))
    assert report.buffers["x"].loads == n


@pytest.mark.parametrize(("grid", "block", "n"), [(1, 1, 3), (2, 64, 512), (5, 32, 499), (3, 96, 1000)])
def test_neighbours_do_neighbouring_elements_in_every_trip(grid: int, block: int, n: int) -> None:
    report = kernels.launch("scale_shift", grid, block, (n, 1.0, 2.0, draw(n), unset(n)))
    assert_coalesced(report)
    warps = [dealt(n, grid, block)[i : i + 32] for i in range(0, grid * block, 32)]  # each in one block
    trips = sum(int(work.max()) for work in warps)
    for kind in ("read", "write"):
        assert report.total(space="global", kind=kind).requests == trips


@pytest.mark.parametrize(("grid", "block"), [(1, 8), (3, 6)])
@pytest.mark.parametrize("element", [0, 5, 6, 8, 17, 18, 75, 100])
def test_thread_t_steps_over_the_whole_grid(element: int, grid: int, block: int) -> None:
    """`out` is one element too short, and the fault says which thread came to write it."""
    args = element + 1, 1.0, 2.0, draw(element + 1), unset(element)
    in_block, thread = divmod(element % (grid * block), block)
    assert_owner(
        lambda: kernels.launch("scale_shift", grid, block, args),
        element,
        "out",
        thread=thread,
        block=in_block,
    )


@every_grid
@every_block
@pytest.mark.parametrize("n", [*SIZES, 31, 257, 2400])
def test_work_is_what_the_loop_of_each_thread_does(n: int, grid: int, block: int) -> None:
    assert_close(work_per_thread(n, grid, block), dealt(n, grid, block))


@pytest.mark.parametrize("n", [0, 5, 96, 97, 10**15 + 7])
def test_work_is_all_there_is_and_fairly_shared(n: int) -> None:
    work = work_per_thread(n, 3, 32)
    assert (work.shape, work.dtype) == ((96,), np.int64)
    assert sum(work.tolist()) == n
    assert work.max() - work.min() <= 1
    assert_close(np.sort(work)[::-1], work)


def test_a_launch_may_have_far_more_threads_than_elements() -> None:
    work = work_per_thread(3, 500, 1024)
    assert_close(np.flatnonzero(work), np.arange(3))
    assert_close(work[:3], np.ones(3, np.int64))


@pytest.mark.gpu
@pytest.mark.parametrize("n", [0, 1000, 2**24 + 3])
@pytest.mark.parametrize("grid", [1, 132, 10_000])
def test_a_gpu_agrees(n: int, grid: int) -> None:
    x = torch.randn(n, device="cuda")
    out = torch.full((n,), torch.nan, device="cuda")
    kernels.launch_on_gpu("scale_shift", grid, 256, (n, -0.5, 3.0, x, out))
    assert_close(out, -0.5 * x + 3)
