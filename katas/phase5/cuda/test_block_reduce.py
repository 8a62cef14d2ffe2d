from math import fsum

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import Report, assert_coalesced, assert_no_bank_conflicts, assert_spread, unset
from katas.phase5.cuda.block_reduce import kernels

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase5/cuda/bank_conflicts",),
    forbids_cpp={
        "atomicAdd": "fold the values of a block in a tree, and the partials in a second launch",
        "atomicMax": "fold the values of a block in a tree, and the partials in a second launch",
        "atomicCAS": "fold the values of a block in a tree, and the partials in a second launch",
        "atomicExch": "no thread waits for another's lock: fold in a tree, with barriers between the rounds",
        "__shfl_sync": "shuffles are the next kata: exchange the values through shared memory",
        "__shfl_up_sync": "shuffles are the next kata: exchange the values through shared memory",
        "__shfl_down_sync": "shuffles are the next kata: exchange the values through shared memory",
        "__shfl_xor_sync": "shuffles are the next kata: exchange the values through shared memory",
        "cooperative_groups": "groups of lanes shuffle: wait for the block with __syncthreads",
        "cudaMemcpy": "the second launch goes over the partials on the device",
        "cub": "write the tree",
        "thrust": "write the tree",
    },
)

BLOCK = 64
ROUNDS = (6, 7)  # barriers that a block passes: before each round, and one after the last is no fault


def draw(n: int) -> np.ndarray:
    return np.random.randn(n).astype(np.float32)


def reduced(x: np.ndarray, grid: int, seed: int | None = None) -> tuple[np.ndarray, np.ndarray, Report]:
    """partial_max, partial_sum, what the launch has shown."""
    maxima, sums = unset(grid), unset(grid)
    report = kernels.launch("reduce_max_sum", grid, BLOCK, (x.size, x, maxima, sums), seed=seed)
    return maxima, sums, report


def reduced_all(x: np.ndarray, blocks: int, seed: int | None = None) -> tuple[np.ndarray, Report]:
    result = unset(2)
    args = (x.size, x, blocks, unset(blocks), unset(blocks), result)
    return result, kernels.call("reduce_all", args, seed=seed)


def assert_max_and_sum(x: np.ndarray, most: float, total: float) -> None:
    """Of the elements of x, by going over them."""
    values = [float(one) for one in x]
    assert most == max(values, default=-np.inf)
    bound = len(values) * 2.0**-24 * fsum(map(abs, values))
    assert abs(float(total) - fsum(values)) <= bound


def share(x: np.ndarray, block: int, grid: int) -> np.ndarray:
    """The elements of a block, which a grid-stride loop gives to its threads."""
    return np.array([x[i] for i in range(x.size) if i // BLOCK % grid == block], np.float32)


def test_64_elements_become_one() -> None:
    x = draw(64)
    maxima, sums, _ = reduced(x, 1)
    assert_max_and_sum(x, maxima[0], sums[0])


def test_every_thread_counts() -> None:
    """In block b the greatest stands at place b."""
    x = np.full((BLOCK, BLOCK), -2, np.float32)
    np.fill_diagonal(x, -1)
    maxima, sums, _ = reduced(x.reshape(-1), BLOCK)
    assert_close(np.asarray(maxima), np.full(BLOCK, -1, np.float32))
    assert_close(np.asarray(sums), np.full(BLOCK, -127, np.float32))


@pytest.mark.parametrize("grid", [1, 4])
@pytest.mark.parametrize("n", [1, 63, 65, 130, 1000])
def test_every_block_reduces_its_own_elements(n: int, grid: int) -> None:
    x = draw(n)
    before = x.copy()
    maxima, sums, report = reduced(x, grid)
    for block in range(grid):
        assert_max_and_sum(share(x, block, grid), maxima[block], sums[block])
    assert_close(x, before)
    assert report.buffers["x"].loads == n, "each element is read once"


def test_a_maximum_may_be_negative() -> None:
    x = -1 - np.abs(draw(200))
    maxima, sums, _ = reduced(x, 2)
    for block in range(2):
        assert_max_and_sum(share(x, block, 2), maxima[block], sums[block])


def test_a_block_without_elements_leaves_neutral_partials() -> None:
    x = draw(65)
    maxima, sums, _ = reduced(x, 4)
    assert_close(maxima[2:], np.full(2, -np.inf, np.float32))
    assert_close(sums[2:], np.zeros(2, np.float32))


def test_no_elements_have_maximum_minus_infinity_and_sum_0() -> None:
    maxima, sums, _ = reduced(draw(0), 1)
    assert (maxima[0], sums[0]) == (-np.inf, 0.0)


def test_neighbouring_threads_read_neighbouring_elements() -> None:
    _, _, report = reduced(draw(1536), 6)
    assert_coalesced(report)
    assert_spread(report)
    assert report.total(space="global", kind="read").requests == 1536 // 32


@pytest.mark.parametrize(("n", "grid"), [(64, 1), (1000, 3), (5, 3)])
def test_64_elements_are_6_rounds(n: int, grid: int) -> None:
    _, _, report = reduced(draw(n), grid)
    assert sum(report.barriers.values()) in [rounds * grid for rounds in ROUNDS]


def test_warps_that_are_done_issue_nothing() -> None:
    """Of the lanes of a warp's request to shared memory, so many take part.

    A tree whose working threads are the first ones has 0.36 to 0.42, whether the threads keep their own
    values in registers or not, and one whose working threads are spread over both warps 0.21 to 0.25.
    """
    _, _, report = reduced(draw(200), 2)
    assert report.total(space="shared").active >= 0.3


def test_no_thread_waits_for_a_bank() -> None:
    _, _, report = reduced(draw(200), 2)
    assert_no_bank_conflicts(report)


def test_the_order_of_the_threads_changes_no_bit() -> None:
    x = draw(1000)
    runs = [reduced(x, 3, seed=seed)[:2] for seed in (1, 2)]
    assert np.array_equal(runs[0], runs[1])


@pytest.mark.parametrize(
    ("n", "blocks"), [(0, 1), (0, 70), (1, 1), (64, 4), (1000, 1), (1000, 4), (5000, 70)]
)
def test_two_launches_reduce_all(n: int, blocks: int) -> None:
    x = draw(n) - 5
    result, report = reduced_all(x, blocks)
    assert_max_and_sum(x, result[0], result[1])
    assert report.returned == 0
    assert report.buffers["x"].loads == n, "each element is read once"


@pytest.mark.parametrize("blocks", [3, 64, 70])
def test_the_partials_are_reduced_by_one_block_in_a_tree(blocks: int) -> None:
    _, report = reduced_all(draw(300), blocks)
    shapes = [(launch.blocks, launch.threads) for launch in report.launches]
    assert shapes == [(blocks, BLOCK), (1, BLOCK)]
    assert report.launches[0].kernel == "reduce_max_sum"
    passed = sum(report.barriers.values())
    assert passed in [rounds * (blocks + 1) for rounds in ROUNDS]
    assert report.buffers["partial_max"].loads == report.buffers["partial_sum"].loads == blocks
    assert report.total(space="shared").active >= 0.3
    assert_coalesced(report)
    assert_no_bank_conflicts(report)


def test_the_result_is_the_same_in_any_order() -> None:
    x = draw(1000)
    assert np.array_equal(reduced_all(x, 5, seed=1)[0], reduced_all(x, 5, seed=2)[0])


def test_all_scores_may_be_masked() -> None:
    x = np.full(70, -np.inf, np.float32)
    result, _ = reduced_all(x, 3)
    assert_close(result, np.full(2, -np.inf, np.float32))


@pytest.mark.gpu
@pytest.mark.parametrize(("n", "blocks"), [(0, 3), (1000, 1), (2**24 + 3, 1000)])
def test_a_gpu_agrees(n: int, blocks: int) -> None:
    x = torch.randn(n, device="cuda") + 1
    partials, result = torch.full((2, blocks), torch.nan, device="cuda"), torch.empty(2, device="cuda")
    kernels.call_on_gpu("reduce_all", (n, x, blocks, *partials, result))
    most, total = result.tolist()
    assert most == float(torch.nn.functional.pad(x, (0, 1), value=-torch.inf).max())
    assert abs(total - float(x.double().sum())) <= 1e-4 * float(x.double().abs().sum())
