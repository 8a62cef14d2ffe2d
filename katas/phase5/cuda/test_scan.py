import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import Report, assert_spread, unset
from katas.phase5.cuda.scan import kernels

KATA = Kata(
    difficulty=4,
    minutes=40,
    needs=("phase5/cuda/block_reduce",),
    forbids_cpp={
        "atomicAdd": "let each block write its own total, and scan the totals",
        "cub": "write the scan yourself",
        "thrust": "write the scan yourself",
        "double": "sum in long long",
        "float": "sum in long long",
    },
)

BLOCK = 64
SIZES = [1, 2, 63, 64, 65, 200]


def draw(n: int) -> np.ndarray:
    return np.random.randint(-1000, 1000, n)


def blocks(n: int) -> int:
    return -(-n // BLOCK)


def reports_of_all(n: int) -> list[Report]:
    """What the three functions of the host do with n elements."""
    x, keep, out, count = draw(n), np.random.rand(n) < 0.5, unset(n, np.int64), unset(1, np.int32)
    scans = [kernels.call(function, (n, x, out)) for function in ("inclusive_scan", "exclusive_scan")]
    return [*scans, kernels.call("compact", (n, x, keep, out, count))]


@pytest.mark.parametrize("n", SIZES)
def test_a_block_scans_its_own_elements(n: int) -> None:
    x, out, totals = draw(n), unset(n, np.int64), unset(blocks(n), np.int64)
    before = x.copy()
    kernels.launch("block_scan", blocks(n), BLOCK, (n, x, out, totals))
    pieces = [x[start : start + BLOCK] for start in range(0, n, BLOCK)]
    assert_close(np.array(out), np.concatenate([np.cumsum(piece) for piece in pieces]))
    assert_close(np.array(totals), np.array([piece.sum() for piece in pieces]))
    assert_close(x, before)


def test_a_block_goes_in_rounds() -> None:
    n = 3 * BLOCK
    report = kernels.launch("block_scan", 3, BLOCK, (n, draw(n), unset(n, np.int64), unset(3, np.int64)))
    assert_spread(report)
    assert report.total(space="shared").requests <= 3 * 90
    assert report.buffers["x"].loads == report.buffers["out"].stores == n


@pytest.mark.parametrize("n", SIZES)
def test_what_came_before_a_block_is_added(n: int) -> None:
    offsets, out = draw(blocks(n)), draw(n)
    expected = out + np.repeat([0, *offsets[:-1]], BLOCK)[:n]
    kernels.launch("add_offsets", blocks(n), BLOCK, (n, offsets, out))
    assert_close(out, expected)


def test_each_block_adds_to_its_own_elements() -> None:
    n = 6 * BLOCK
    assert_spread(kernels.launch("add_offsets", 6, BLOCK, (n, draw(6), draw(n))))


@pytest.mark.parametrize("n", [*SIZES, 64 * 64, 64 * 64 + 5])
def test_an_inclusive_scan_ends_with_the_element_itself(n: int) -> None:
    x, out = draw(n), unset(n, np.int64)
    before = x.copy()
    assert kernels.call("inclusive_scan", (n, x, out)).returned == 0
    assert_close(np.array(out), np.cumsum(x))
    assert_close(x, before)


@pytest.mark.parametrize("n", [*SIZES, 64 * 64 + 1])
def test_an_exclusive_scan_ends_before_it(n: int) -> None:
    x, out = draw(n), unset(n, np.int64)
    before = x.copy()
    assert kernels.call("exclusive_scan", (n, x, out)).returned == 0
    assert_close(np.array(out), np.concatenate([[0], np.cumsum(x)[:-1]]))
    assert_close(x, before)


@pytest.mark.parametrize("function", ["inclusive_scan", "exclusive_scan"])
def test_sums_are_exact_where_floats_are_not(function: str) -> None:
    x, out = np.full(300, 2**53 + 1), unset(300, np.int64)
    kernels.call(function, (300, x, out))
    first = 1 if function == "inclusive_scan" else 0
    assert_close(np.array(out), (2**53 + 1) * np.arange(first, first + 300))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n", [1, 65, 500])
def test_what_is_kept_stays_in_order(n: int, share: float) -> None:
    x, keep = draw(n), np.random.rand(n) < share
    out, count = np.full(n, 7_777), unset(1, np.int32)
    before = x.copy(), keep.copy()
    assert kernels.call("compact", (n, x, keep, out, count)).returned == 0
    kept = x[keep]
    assert int(count[0]) == kept.size
    assert_close(out, np.concatenate([kept, np.full(n - kept.size, 7_777)]))
    assert_close(x, before[0])
    assert_close(keep, before[1])


def test_no_thread_needs_an_atomic() -> None:
    for report in reports_of_all(200):
        assert not any(one.atomics for one in report.buffers.values()), report.kernel


@pytest.mark.parametrize("last", [False, True])
def test_the_last_element_counts_if_it_is_kept(last: bool) -> None:
    x, keep = draw(70), np.random.rand(70) < 0.5
    keep[-1] = last
    out, count = np.zeros(70, np.int64), unset(1, np.int32)
    kernels.call("compact", (70, x, keep, out, count))
    assert int(count[0]) == keep.sum()


def test_many_threads_scan_together() -> None:
    """One thread alone makes 2,000 requests, reading and writing each element."""
    for report in reports_of_all(1000):
        for space, most in (("global", 750), ("shared", 1700)):
            requests = report.total(space=space).requests
            assert requests <= most, f"{report.kernel} makes {requests} requests to {space} memory"


def test_all_memory_is_given_back() -> None:
    for report in reports_of_all(200):
        kept = [name for name in report.buffers if "cudaMalloc" in name and not name.endswith("is freed")]
        assert not kept, f"{report.kernel} gives no cudaFree for {', '.join(kept)}"


def test_of_nothing_there_is_nothing() -> None:
    x, out = np.array([5]), np.array([6])
    for function in ("inclusive_scan", "exclusive_scan"):
        report = kernels.call(function, (0, x, out))
        assert report.returned == 0
        assert report.launches == ()
    count = unset(1, np.int32)
    assert kernels.call("compact", (0, x, np.array([True]), out, count)).returned == 0
    assert (int(count[0]), int(out[0])) == (0, 6)


@pytest.mark.gpu
@pytest.mark.parametrize("n", [1, 65, 2**24 + 5])
def test_a_gpu_agrees(n: int) -> None:
    x = torch.randint(-(10**9), 10**9, (n,), device="cuda")
    inclusive, exclusive, kept = torch.full((3, n), -7, device="cuda")
    kernels.call_on_gpu("inclusive_scan", (n, x, inclusive))
    assert torch.equal(inclusive, x.cumsum(0))
    kernels.call_on_gpu("exclusive_scan", (n, x, exclusive))
    assert torch.equal(exclusive, x.cumsum(0) - x)
    keep = torch.rand(n, device="cuda") < 0.3
    count = torch.full((1,), -1, dtype=torch.int32, device="cuda")
    kernels.call_on_gpu("compact", (n, x, keep, kept, count))
    assert int(count) == int(keep.sum())
    assert torch.equal(kept[: int(count)], x[keep])
    assert (kept[int(count) :] == -7).all()
