from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.cuda import assert_clean, run_kernel, unset
from katas.phase5.cuda.warp_divergence import best_order, loop_cycles, simd_efficiency, warp_cycles

KATA = Kata(difficulty=2, minutes=25)

CASES = [(1, 32), (5, 1), (7, 2), (31, 32), (32, 32), (33, 32), (100, 32), (24, 8), (45, 64)]  # n, warp
every_size = pytest.mark.parametrize(("n", "warp"), CASES)

# The branch stores to one of three arrays and the loop once a trip, so their requests can be counted.
KERNELS = """
__global__ void branch(int n, const int* path, int* a, int* b, int* c) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        if (path[i] == 0)
            a[i] = i;
        else if (path[i] == 1)
            b[i] = i + 1;
        else
            c[i] = i + 2;
    }
}

__global__ void loop(int n, const int* trips, int* y) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        for (int k = 0; k < trips[i]; k++)
            y[k * n + i] = k;
}
"""


def line_of(text: str) -> int:
    return next(i for i, line in enumerate(KERNELS.splitlines(), 1) if text in line)


def lockstep(programs: list[list[str]], warp: int) -> tuple[int, int]:
    """(issues, lanes at work) of warps that issue one instruction a cycle, one that some lane waits for.

    A program is what a thread has to do, each instruction a name; only lanes that wait for the name that is
    issued do it, the others are switched off.
    """
    issues = at_work = 0
    for start in range(0, len(programs), warp):
        lanes = [list(program) for program in programs[start : start + warp]]
        while waiting := {lane[0] for lane in lanes if lane}:
            name = min(waiting)
            active = [lane for lane in lanes if lane and lane[0] == name]
            for lane in active:
                del lane[0]
            issues += 1
            at_work += len(active)
    return issues, at_work


def test_a_warp_whose_lanes_agree_pays_for_one_path() -> None:
    assert warp_cycles(np.zeros(32, int), {0: 40, 1: 8}) == 40
    assert warp_cycles(np.ones(32, int), {0: 40, 1: 8}) == 8


@pytest.mark.parametrize("astray", [0, 17, 31])
def test_one_lane_that_goes_astray_costs_as_much_as_all(astray: int) -> None:
    path = np.zeros(32, int)
    path[astray] = 1
    assert warp_cycles(path, {0: 40, 1: 8}) == warp_cycles(1 - path, {0: 40, 1: 8}) == 48


def test_a_branch_within_warps_costs_twice_a_branch_between_them() -> None:
    tid, cost = np.arange(256), {0: 10, 1: 10}
    assert warp_cycles(tid // 32 % 2, cost) == 8 * 10
    assert warp_cycles(tid % 2, cost) == 2 * 8 * 10


def test_paths_of_other_warps_cost_a_warp_nothing() -> None:
    path = np.repeat([4, 5, 6, 7], 32)
    assert warp_cycles(path, {4: 1, 5: 20, 6: 300, 7: 4000}) == 4321
    assert warp_cycles(path, {4: 1, 5: 20, 6: 300, 7: 4000}, warp=64) == 4321
    assert warp_cycles(path, {4: 1, 5: 20, 6: 300, 7: 4000}, warp=16) == 2 * 4321


def test_thirty_two_paths_run_one_after_another() -> None:
    costs = np.random.randint(1, 100, 32).tolist()
    assert warp_cycles(np.random.permutation(32), dict(enumerate(costs))) == sum(costs)


@every_size
def test_a_branch_costs_what_lock_step_takes(n: int, warp: int) -> None:
    ids = [-3, 0, 2, 9]
    for _ in range(5):
        cost = {one: int(np.random.randint(0, 6)) for one in ids}
        path = np.random.choice(ids, n, p=np.random.dirichlet(np.ones(4)))
        programs = [[f"{p} {cycle}" for cycle in range(cost[p])] for p in path.tolist()]
        assert warp_cycles(path, cost, warp) == lockstep(programs, warp)[0]


def test_a_warp_repeats_the_body_until_its_last_lane_is_done() -> None:
    trips = np.zeros(64, int)
    trips[40] = 9
    trips[41] = 7
    assert loop_cycles(trips, 5) == 9 * 5
    trips[3] = 2
    assert loop_cycles(trips, 5) == (9 + 2) * 5


@every_size
def test_a_loop_costs_what_lock_step_takes(n: int, warp: int) -> None:
    for high in (2, 5, 20):
        trips = np.random.randint(0, high, n)
        issues, _ = lockstep([["body"] * t for t in trips.tolist()], warp)
        assert loop_cycles(trips, 1, warp) == issues
        assert loop_cycles(trips, 7, warp) == 7 * issues
        assert loop_cycles(trips, 0, warp) == 0


def test_one_lane_at_work_is_a_thirty_second() -> None:
    trips = np.zeros(32, int)
    trips[5] = 3
    assert_close(simd_efficiency(trips), 1 / 32)
    assert_close(simd_efficiency(trips + 1), (3 + 32) / (4 * 32))


@every_size
def test_efficiency_is_what_lock_step_keeps_busy(n: int, warp: int) -> None:
    for high in (2, 5, 20):
        trips = np.random.randint(0, high, n)
        trips[np.random.randint(n)] += 1
        issues, at_work = lockstep([["body"] * t for t in trips.tolist()], warp)
        assert_close(simd_efficiency(trips, warp), at_work / (issues * warp))


def test_the_slots_of_absent_lanes_are_issued_too() -> None:
    assert_close(simd_efficiency(np.full(8, 6)), 8 / 32)
    assert_close(simd_efficiency(np.full(40, 6)), 40 / 64)
    assert_close(simd_efficiency(np.full(64, 6)), 1.0)


def test_a_warp_with_more_trips_weighs_more() -> None:
    trips = np.array([1, 1, 9, 0])  # one warp keeps both lanes busy once, the other one of two for nine trips
    assert_close(simd_efficiency(trips, warp=2), 11 / 20)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_no_order_is_cheaper_for_any_width(n: int) -> None:
    """All n! orders, also where the last warp is not full."""
    trips = np.random.randint(0, 6, n)
    perm = best_order(trips)
    assert sorted(perm.tolist()) == list(range(n))
    for warp in range(1, n + 1):
        costs = [
            sum(max(order[i : i + warp]) for i in range(0, n, warp)) for order in permutations(trips.tolist())
        ]
        chosen = trips[perm].tolist()
        assert sum(max(chosen[i : i + warp]) for i in range(0, n, warp)) == min(costs)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8, np.uint8, np.uint64])
def test_a_lone_last_lane_has_the_least_to_do(dtype: type) -> None:
    """trips 8, 7 | 3, 2 | 0: with warps of two any other order costs more than 8 + 3 + 0."""
    perm = best_order(np.array([2, 8, 0, 3, 7], dtype))
    assert_close(perm, np.array([1, 4, 3, 0, 2]), dtype=np.int64)


@pytest.mark.parametrize("n", [50, 1000])
def test_items_with_the_same_trips_stay_in_order(n: int) -> None:
    trips = np.random.randint(0, 4, n)
    chosen = [(-trips[item], item) for item in best_order(trips).tolist()]
    assert chosen == sorted(chosen)
    assert len(set(chosen)) == n


@pytest.mark.gxx
def test_a_kernel_issues_a_request_for_every_path_of_every_warp(tmp_path: Path) -> None:
    n = 32 * 7 + 5
    path = np.repeat(np.arange(8) % 3, 32)[:n].astype(np.int32)  # whole warps on one path
    path[40:90] = np.random.randint(0, 3, 50)  # and some that are not
    expected = warp_cycles(path, {0: 1, 1: 1, 2: 1})
    source = tmp_path / "divergence.cu"
    source.write_text(KERNELS)
    a, b, c = (unset(n, np.int32) for _ in range(3))
    report = run_kernel(source, "branch", 4, 64, (n, path, a, b, c))
    assert_clean(report)
    assert report.total(space="global", kind="write").requests == expected


@pytest.mark.gxx
def test_a_kernel_repeats_its_loop_as_often_as_the_slowest_lane(tmp_path: Path) -> None:
    n = 32 * 3 + 5
    trips = np.random.randint(0, 6, n).astype(np.int32)
    expected = loop_cycles(trips, 1), simd_efficiency(trips)
    source = tmp_path / "divergence.cu"
    source.write_text(KERNELS)
    report = run_kernel(source, "loop", 2, 64, (n, trips, np.zeros(6 * n, np.int32)))
    assert_clean(report)
    body = report.at(line_of("y[k * n + i] = k"), kind="write")
    assert (body.requests, body.active) == (expected[0], pytest.approx(expected[1]))


def test_a_path_without_a_cost_is_refused() -> None:
    with pytest.raises(KeyError):
        warp_cycles(np.array([0, 1, 0]), {0: 3})


def test_costs_of_paths_that_nobody_takes_do_not_matter() -> None:
    assert warp_cycles(np.array([2, 2]), {0: 100, 2: 3, 7: 10**6}) == 3


def test_no_threads_cost_nothing() -> None:
    none = np.zeros(0, int)
    assert warp_cycles(none, {0: 3}) == 0
    assert loop_cycles(none, 3) == 0
    assert simd_efficiency(none) == 1.0
    assert_close(best_order(none), none, dtype=np.int64)


def test_no_trips_waste_nothing() -> None:
    assert loop_cycles(np.zeros(40, int), 3) == 0
    assert simd_efficiency(np.zeros(40, int)) == 1.0


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_narrow_numbers_do_not_overflow(dtype: type) -> None:
    trips = np.full(32 * 50, 120, dtype)
    cycles = loop_cycles(trips, 10**16)
    assert type(cycles) is int
    assert cycles == 50 * 120 * 10**16
    assert_close(simd_efficiency(trips, warp=1600), 1.0)
    cycles = warp_cycles(trips, {120: 10**18 + 1}, warp=4)
    assert type(cycles) is int
    assert cycles == 400 * (10**18 + 1)


@pytest.mark.parametrize(
    "function",
    [
        lambda one: warp_cycles(one, {0: 3, 1: 4, 2: 9}, 4),
        lambda one: loop_cycles(one, 3, 4),
        best_order,
        simd_efficiency,
    ],
)
def test_strides_do_not_matter_and_inputs_stay(function: Callable[[np.ndarray], object]) -> None:
    values = np.random.randint(0, 3, 21)
    expected = function(values.copy())
    for _, same in layouts(values):
        with assert_unchanged(same):
            assert_close(function(same), expected)
