from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_spread, run_kernel, unset
from katas.phase5.cuda.warp_shuffle import kernels, shfl, shfl_down, shfl_up, shfl_xor

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase5/cuda/block_reduce",),
    forbids={"numpy.roll": "index with the number of the lane that each lane reads from"},
    forbids_cpp={
        "__shared__": "pass values between lanes by shuffles",
        "atomicAdd": "pass values between lanes by shuffles",
        "atomicMax": "pass values between lanes by shuffles",
        "__reduce_max_sync": "build the reduction from shuffles",
        "__reduce_add_sync": "build the reduction from shuffles",
        "cub": "build it from shuffles",
        "cooperative_groups": "build it from shuffles",
    },
)

WIDTHS = [1, 2, 4, 8, 16, 32]
SIZES = [1, 31, 32, 33, 100]
every_width = pytest.mark.parametrize("width", WIDTHS)
every_size = pytest.mark.parametrize("n", SIZES)
SHUFFLES = ("__shfl_sync", "__shfl_up_sync", "__shfl_down_sync", "__shfl_xor_sync")
EMULATED = """\
__global__ void shuffled(int kind, int by, int width, const float* v, float* out) {
    float value = v[threadIdx.x], got = 0;
    if (kind == 0) got = __shfl_sync(0xffffffff, value, by, width);
    if (kind == 1) got = __shfl_up_sync(0xffffffff, value, by, width);
    if (kind == 2) got = __shfl_down_sync(0xffffffff, value, by, width);
    if (kind == 3) got = __shfl_xor_sync(0xffffffff, value, by);
    out[threadIdx.x] = got;
}
"""


def draw(*shape: int) -> np.ndarray:
    return np.random.randn(*shape).astype(np.float32)


def blocks(n: int) -> int:
    """Of 64 threads."""
    return -(-n // 64)


def warps(x: np.ndarray) -> list[np.ndarray]:
    return [x[start : start + 32] for start in range(0, x.size, 32)]


def shuffles(tmp_path: Path, kernel: str, args: tuple[Any, ...]) -> float:
    """How many a lane makes, counted in a copy of the file: two warps, so 64 lanes."""
    kernels.launch(kernel, 1, 64, args)
    count = "".join(f"#define {name}(...) (atomicAdd(&calls, 1), {name}(__VA_ARGS__))\n" for name in SHUFFLES)
    file = tmp_path / "warp_shuffle.cu"
    text = kernels.path.read_text(encoding="utf-8")
    file.write_text(f"__device__ int calls;\n{count}#line 1\n{text}", encoding="utf-8")
    return run_kernel(file, kernel, 1, 64, args).buffers["calls"].atomics / 64


# What the instructions do -------------------------------------------------------------------------------


@every_width
@pytest.mark.parametrize("by", [0, 1, 3, 5, 16, 31, 40])
def test_lanes_look_into_their_segment(by: int, width: int) -> None:
    v = draw(32)
    kept = v.copy()
    start = [lane // width * width for lane in range(32)]
    up = [lane - by if lane - by >= start[lane] else lane for lane in range(32)]
    down = [lane + by if lane + by < start[lane] + width else lane for lane in range(32)]
    assert_close(shfl(v, by, width), np.array([v[first + by % width] for first in start]))
    assert_close(shfl_up(v, by, width), np.array([v[lane] for lane in up]))
    assert_close(shfl_down(v, by, width), np.array([v[lane] for lane in down]))
    assert_close(v, kept)


@pytest.mark.parametrize("m", [0, 1, 2, 7, 16, 31])
def test_xor_pairs_the_lanes(m: int) -> None:
    v = draw(32)
    assert_close(shfl_xor(v, m), np.array([v[lane ^ m] for lane in range(32)]))
    assert_close(shfl_xor(shfl_xor(v, m), m), v)


@every_width
def test_the_instructions_do_as_they_are_said_to(tmp_path: Path, width: int) -> None:
    file = tmp_path / "shuffled.cu"
    file.write_text(EMULATED)
    v, by = draw(32), int(np.random.randint(0, 32))
    said = [shfl(v, by, width), shfl_up(v, by, width), shfl_down(v, by, width), shfl_xor(v, by)]
    for kind, expected in enumerate(said):
        out = unset(32)
        run_kernel(file, "shuffled", 1, 32, (kind, by, width, v, out), judge=False)
        assert_close(np.array(out), expected)


def test_a_lane_may_hold_more_than_a_number() -> None:
    v = np.random.randint(0, 99, (32, 2, 3))
    assert_close(shfl(v, 5, 8), v[np.repeat([5, 13, 21, 29], 8)])
    assert_close(shfl_up(v, 1), v[[0, *range(31)]])
    assert_close(shfl_down(v, 1), v[[*range(1, 32), 31]])
    assert_close(shfl_xor(v, 31), v[::-1].copy())


# What they are good for ---------------------------------------------------------------------------------


@every_size
def test_every_lane_has_the_largest_of_its_warp(n: int) -> None:
    x, out = draw(n) - 9, unset(n)
    report = kernels.launch("warp_max", blocks(n), 64, (n, x, out))
    assert_close(np.array(out), np.concatenate([np.full(w.size, w.max()) for w in warps(x)]))
    assert report.buffers["x"].loads == n


def test_a_warp_of_minus_infinity_has_no_larger() -> None:
    x, out = np.full(40, -np.inf, np.float32), unset(40)
    x[5] = -3
    kernels.launch("warp_max", 1, 64, (40, x, out))
    assert (out[:32] == -3).all()
    assert (out[32:] == -np.inf).all()


@every_size
def test_a_recurrence_is_a_scan(n: int) -> None:
    a, b, h = draw(n), draw(n), unset(n)
    report = kernels.launch("warp_recurrence", blocks(n), 64, (n, a, b, h))
    expected, before = np.zeros(n), 0.0
    for i in range(n):
        before = float(a[i]) * (before if i % 32 else 0.0) + float(b[i])
        expected[i] = before
    assert_close(np.array(h), expected.astype(np.float32), rtol=1e-4, atol=1e-4)
    assert report.buffers["a"].loads == report.buffers["b"].loads == n


@every_width
@every_size
def test_each_segment_has_its_sum(n: int, width: int) -> None:
    x, out = draw(n), unset(-(-n // width))
    report = kernels.launch("segment_sum", blocks(n), 64, (n, width, x, out))
    expected = np.add.reduceat(x.astype(np.float64), np.arange(0, n, width))
    assert_close(np.array(out), expected.astype(np.float32), rtol=1e-5, atol=1e-5)
    assert report.buffers["x"].loads == n
    assert report.buffers["out"].most_writes == 1


@every_size
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_ballot_ranks_its_voters(n: int, share: float) -> None:
    keep = np.random.rand(n) < share
    rank, ballots = unset(n, np.int32), unset(-(-n // 32), np.uint32)
    report = kernels.launch("ballot_rank", blocks(n), 64, (n, keep, rank, ballots))
    votes = [sum(int(one) << lane for lane, one in enumerate(warp)) for warp in warps(keep)]
    assert_close(np.array(ballots), np.array(votes, np.uint32))
    ranks = [np.cumsum(warp) - warp for warp in warps(keep)]
    assert_close(np.array(rank), np.concatenate(ranks).astype(np.int32))
    assert report.buffers["keep"].loads == n


def test_the_warps_of_all_blocks_work() -> None:
    x, keep = draw(640), draw(640) > 0
    assert_spread(kernels.launch("warp_max", 10, 64, (640, x, unset(640))))
    assert_spread(kernels.launch("warp_recurrence", 10, 64, (640, x, x, unset(640))))
    assert_spread(kernels.launch("segment_sum", 10, 64, (640, 8, x, unset(80))))
    votes = unset(640, np.int32), unset(20, np.uint32)
    assert_spread(kernels.launch("ballot_rank", 10, 64, (640, keep, *votes)))


@pytest.mark.parametrize("threads", [32, 96])
def test_blocks_may_have_any_number_of_warps(threads: int) -> None:
    n, x, a = 100, draw(100), draw(100)
    calls = {
        "warp_max": lambda: (n, x, unset(n)),
        "warp_recurrence": lambda: (n, a, x, unset(n)),
        "segment_sum": lambda: (n, 8, x, unset(13)),
        "ballot_rank": lambda: (n, x > 0, unset(n, np.int32), unset(4, np.uint32)),
    }
    for kernel, args in calls.items():
        expected, got = args(), args()
        kernels.launch(kernel, blocks(n), 64, expected)
        kernels.launch(kernel, -(-n // threads), threads, got)
        for one, other in zip(got[-2:], expected[-2:], strict=True):
            assert_close(np.array(one), np.array(other), name=kernel)


@pytest.mark.parametrize(("kernel", "most"), [("warp_max", 5), ("segment_sum", 5), ("warp_recurrence", 10)])
def test_five_rounds_are_enough(kernel: str, most: int, tmp_path: Path) -> None:
    args = {
        "warp_max": (64, draw(64), unset(64)),
        "segment_sum": (64, 32, draw(64), unset(2)),
        "warp_recurrence": (64, draw(64), draw(64), unset(64)),
    }
    assert 0 < shuffles(tmp_path, kernel, args[kernel]) <= most


# On a GPU -----------------------------------------------------------------------------------------------


def in_warps(x: torch.Tensor, fill: float) -> torch.Tensor:
    """(warps, 32), the last one filled up."""
    return torch.nn.functional.pad(x, (0, -x.numel() % 32), value=fill).reshape(-1, 32)


@pytest.mark.gpu
@pytest.mark.parametrize("n", [31, 100, 2**20 + 5])
def test_a_gpu_agrees_on_maxima_and_recurrences(n: int) -> None:
    a, b = torch.randn(2, n, device="cuda")
    out, h = torch.full((2, n), torch.nan, device="cuda")
    kernels.launch_on_gpu("warp_max", blocks(n), 64, (n, a, out))
    assert torch.equal(out, in_warps(a, -torch.inf).amax(1).repeat_interleave(32)[:n])
    a = a.clamp(-1, 1)
    kernels.launch_on_gpu("warp_recurrence", blocks(n), 64, (n, a, b, h))
    steps, state = [], torch.zeros(-(-n // 32), dtype=torch.float64, device="cuda")
    for decay, add in zip(in_warps(a, 0).T, in_warps(b, 0).T, strict=True):
        steps.append(state := decay * state + add)
    assert_close(h.double(), torch.stack(steps, 1).flatten()[:n], rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@every_width
def test_a_gpu_agrees_on_segments(width: int) -> None:
    n = 2**20 + 32
    x, out = torch.randn(n, device="cuda"), torch.full((n // width,), torch.nan, device="cuda")
    kernels.launch_on_gpu("segment_sum", blocks(n), 64, (n, width, x, out))
    assert_close(out.double(), x.double().reshape(-1, width).sum(1), rtol=1e-5, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("n", [1, 100, 2**20 + 5])
def test_a_gpu_agrees_on_votes(n: int) -> None:
    keep = torch.rand(n, device="cuda") < 0.4
    rank = torch.full((n,), -1, dtype=torch.int32, device="cuda")
    ballots = torch.full((-(-n // 32),), -1, dtype=torch.int32, device="cuda")
    kernels.launch_on_gpu("ballot_rank", blocks(n), 64, (n, keep, rank, ballots))
    flags = in_warps(keep.long(), 0)
    assert torch.equal(rank.long(), (flags.cumsum(1) - flags).flatten()[:n])
    assert torch.equal(ballots.long() % 2**32, (flags << torch.arange(32, device="cuda")).sum(1))
