import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.cuda import assert_spread, run_kernel, unset
from aire_katas.checks.cuda.report import Report
from katas.phase5.cuda.shared_stencil import global_loads, kernels

KATA = Kata(difficulty=3, minutes=40, needs=("phase5/cuda/coalescing",))

TPB = 64
SIZES = [1, 5, 63, 64, 65, 150]


def draw(n: int) -> np.ndarray:
    return np.random.randn(n).astype(np.float32)


def convolve(x: np.ndarray, w: np.ndarray, *, extra: int = 0) -> tuple[np.ndarray, Report]:
    """What conv1d writes, on as many blocks as there must be and `extra` more; and the report."""
    out = unset(len(x))
    blocks = max(1, -(-len(x) // TPB)) + extra
    report = kernels.launch("conv1d", blocks, TPB, (len(x), len(w) // 2, x, w, out))
    return np.asarray(out), report


def by_hand(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    n, R = len(x), len(w) // 2
    out = np.zeros(n)
    for i in range(n):
        for j in range(2 * R + 1):
            if 0 <= i + j - R < n:
                out[i] += np.float64(w[j]) * np.float64(x[i + j - R])
    return out.astype(np.float32)


def reach(n: int, R: int, tpb: int) -> list[set[int]]:
    """Of each block the elements of x that its sums use, by going through them."""
    return [
        {k for i in range(b, min(b + tpb, n)) for k in range(i - R, i + R + 1) if 0 <= k < n}
        for b in range(0, n, tpb)
    ]


def test_a_single_weight_scales() -> None:
    x = draw(150)
    out, _ = convolve(x, np.array([-2.5], np.float32))
    assert_close(out, np.float32(-2.5) * x)


@pytest.mark.parametrize("j", range(5))
def test_weight_j_brings_what_lies_j_minus_r_further(j: int) -> None:
    x = draw(100)
    out, _ = convolve(x, np.eye(5, dtype=np.float32)[j])
    assert_close(out, np.pad(x, 2)[j : j + 100])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("R", [0, 1, 4])
def test_the_sums_run_over_the_edges_of_blocks(n: int, R: int) -> None:
    x, w = draw(n), draw(2 * R + 1)
    with assert_unchanged(x, w):
        out, report = convolve(x, w)
    assert_close(out, by_hand(x, w))
    assert report.buffers["out"].stores == n


@pytest.mark.parametrize(("n", "R"), [(150, 3), (64, 2), (9, 4)])
def test_numpy_calls_it_correlate(n: int, R: int) -> None:
    x, w = draw(n), draw(2 * R + 1)
    out, _ = convolve(x, w)
    assert_close(out, np.correlate(x.astype(float), w.astype(float), "same").astype(np.float32))


@pytest.mark.parametrize("n", [1, 40, 65, 192, 194])
@pytest.mark.parametrize("R", [1, 4])
def test_a_block_reads_each_element_in_its_reach_once(n: int, R: int) -> None:
    _, report = convolve(draw(n), draw(2 * R + 1))
    least = sum(map(len, reach(n, R, TPB)))
    reads = report.buffers["x"].loads
    assert reads == least, f"{n} elements, R = {R}: {reads} reads of x, and {least} would do"


def test_the_blocks_share_the_elements() -> None:
    _, report = convolve(draw(6 * TPB), draw(9))
    assert_spread(report)


@pytest.mark.parametrize("R", [1, 4])
def test_neighbouring_threads_read_neighbouring_elements(R: int) -> None:
    """Of four blocks: 1.19 with the halo loaded apart, 1.44 with all in a row, 1.75 where one thread does."""
    _, report = convolve(draw(4 * TPB), draw(2 * R + 1))
    fetched = report.buffers["x"].bytes_read / (4 * 4 * TPB)
    assert fetched <= 1.6, f"{fetched:.2f} times the sectors that hold x are fetched"


def test_the_barrier_is_for_all_threads_of_every_block() -> None:
    """In two orders of the threads, bit by bit the same."""
    x, w = draw(130), draw(9)
    first, second = unset(130), unset(130)
    for seed, out in ((1, first), (2, second)):
        report = kernels.launch("conv1d", 3, TPB, (130, 4, x, w, out), seed=seed)
        assert sum(report.barriers.values()) >= 3
    assert np.asarray(first).tobytes() == np.asarray(second).tobytes()


@pytest.mark.parametrize("n", [0, 3, 64, 70])
def test_blocks_without_an_element_write_nothing(n: int) -> None:
    x, w = draw(n), draw(5)
    out, report = convolve(x, w, extra=2)
    assert report.buffers["out"].stores == n
    assert_close(out, by_hand(x, w))


@pytest.mark.parametrize("n", [0, 1, 5, 31, 32, 33, 100])
@pytest.mark.parametrize("R", [0, 1, 4, 40])
@pytest.mark.parametrize("tpb", [1, 3, 32, 64])
def test_the_reads_are_those_within_reach(n: int, R: int, tpb: int) -> None:
    loads = global_loads(n, R, tpb)
    assert isinstance(loads, int)
    assert loads == sum(map(len, reach(n, R, tpb)))


@pytest.mark.parametrize("n", [64, 100, 6400])
def test_the_reads_are_little_more_than_the_elements(n: int) -> None:
    """Every block but the first and the last has both halos."""
    blocks = -(-n // 64)
    inner = 2 * 4 * (blocks - 1)
    assert global_loads(n, 4, 64) == n + inner
    assert global_loads(n, 0, 64) == n
    assert global_loads(n, 4, n) == n


@pytest.mark.gpu
@pytest.mark.parametrize("R", [0, 1, 4])
@pytest.mark.parametrize("n", [1, 65, 2**22 + 7])
def test_a_gpu_agrees(n: int, R: int) -> None:
    x, w = torch.randn(n, device="cuda"), torch.randn(2 * R + 1, device="cuda")
    out = torch.full_like(x, torch.nan)
    kernels.launch_on_gpu("conv1d", -(-n // TPB), TPB, (n, R, x, w, out))
    padded = torch.nn.functional.pad(x.double(), (R, R))
    exact = sum(w[j] * padded[j : j + n] for j in range(2 * R + 1))
    assert_close(out.double(), exact, rtol=1e-5, atol=1e-5)
