"""Planted bugs: each is found, in its line, whatever the order of blocks and lanes; and nothing else is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aire_katas.checks.cuda import run_kernel, unset

pytestmark = pytest.mark.gxx

KERNELS = Path(__file__).parent / "kernels"
Args = Callable[[], tuple[Any, ...]]


def floats(size: int, out: int = 0, n: int | None = None) -> Args:
    """x random, y unset, n."""
    return lambda: (np.random.rand(size).astype(np.float32), unset(out or size), size if n is None else n)


def given_output(size: int) -> Args:
    return lambda: (np.random.rand(size).astype(np.float32), np.zeros(size, np.float32), size)


def bins(size: int) -> Args:
    return lambda: (np.random.randint(0, 8, size).astype(np.int32), np.zeros(8, np.int32), size)


def tile(size: int) -> Args:
    return lambda: (np.random.rand(size).astype(np.float16), unset(256), size)


def matrix(rows: int, cols: int, size: int) -> Args:
    return lambda: (np.random.rand(size).astype(np.float32), unset(size), rows, cols)


CASES: dict[str, tuple[str, Any, Any, Args, dict[str, Any]]] = {
    "no_guard": ("bounds", 4, 32, floats(100), {}),
    "guard_one_too_far": ("bounds", 4, 32, floats(100), {}),
    "swapped_x_and_y": ("bounds", (1, 1), (16, 16), matrix(3, 10, 30), {}),
    "grid_stride_loses_its_guard": ("bounds", 2, 32, floats(100), {}),
    "negative_index": ("bounds", 1, 32, floats(32), {}),
    "halo_off_by_one": ("bounds", 2, 32, floats(64), {}),
    "dynamic_shared_too_small": ("bounds", 1, 32, floats(32), {"shared": 100}),
    "null_pointer": ("bounds", 1, 32, lambda: (None, None, 8), {}),
    "offset_overflows": ("bounds", 2, 32, matrix(1 << 16, 1 << 16, 4), {}),
    "misaligned_float4": ("bounds", 1, 4, floats(32), {}),
    "writes_its_constant": ("bounds", 1, 32, floats(32), {}),
    "divides_by_zero": ("bounds", 1, 32, floats(32), {}),
    "first_barrier_missing": ("order", 1, 64, floats(64), {}),
    "second_barrier_missing": ("order", 1, 64, floats(256), {}),
    "race_between_warps": ("order", 1, 64, floats(64), {}),
    "race_within_a_warp": ("order", 1, 32, floats(32), {}),
    "tree_without_barriers": ("order", 1, 128, floats(128), {}),
    "race_between_blocks": ("order", 4, 32, floats(128), {}),
    "reads_another_block": ("order", 4, 32, floats(128, out=192), {}),
    "histogram_without_atomics": ("order", 4, 32, bins(128), {}),
    "adds_to_one_sum": ("order", 1, 64, floats(64), {}),
    "scan_in_place": ("order", 1, 64, floats(64), {}),
    "unset_tail": ("order", 1, 64, floats(50), {}),
    "bins_never_zeroed": ("order", 1, 32, bins(32), {}),
    "adds_to_an_unset_output": ("order", 1, 32, floats(32), {}),
    "atomic_beside_a_plain_write": ("order", 1, 64, floats(64), {}),
    "reader_becomes_the_writer": ("order", 1, 32, floats(32), {}),
    "shared_memory_of_the_block_before": ("order", 8, 32, floats(256), {}),
    "reads_while_others_add": ("order", 1, 32, floats(32), {}),
    "copies_too_much": ("copies", 1, 32, floats(32), {}),
    "clears_too_much": ("copies", 1, 32, floats(32), {}),
    "clears_its_neighbours_part": ("copies", 1, 32, floats(32), {}),
    "copies_before_the_barrier": ("copies", 1, 64, floats(64), {}),
    "copies_what_nobody_wrote": ("copies", 1, 32, floats(32), {}),
    "row_beyond_the_last": ("copies", 1, 32, floats(159), {}),
    "rows_in_a_race": ("copies", 1, 32, floats(160), {}),
    "barrier_in_a_branch": ("waits", 1, 64, floats(64), {}),
    "barrier_in_the_guard": ("waits", 1, 64, floats(50), {}),
    "early_return": ("waits", 1, 64, floats(50), {}),
    "unequal_barriers": ("waits", 1, 64, floats(64), {}),
    "shuffle_in_a_branch": ("waits", 1, 32, floats(32), {}),
    "shuffle_after_return": ("waits", 1, 32, floats(20), {}),
    "mask_without_the_caller": ("waits", 1, 32, floats(32), {}),
    "mask_without_the_source": ("waits", 1, 32, floats(32), {}),
    "reduction_without_half_of_the_warp": ("waits", 1, 32, floats(32), {}),
    "different_reductions": ("waits", 1, 32, floats(32), {}),
    "group_barrier_in_a_branch": ("groups", 1, 64, floats(64), {}),
    "tile_without_a_lane": ("groups", 1, 32, floats(32), {}),
    "tiles_that_are_too_small_to_synchronise": ("groups", 1, 32, floats(32), {}),
    "reduction_of_a_tile_in_a_branch": ("groups", 1, 32, floats(32), {}),
    "halves_synchronise_apart": ("order", 1, 32, floats(32), {}),
    "tile_beyond_the_end": ("wmma", 1, 32, tile(256), {}),
    "tile_in_half_a_warp": ("wmma", 1, 32, tile(256), {}),
    "tile_by_too_few": ("wmma", 1, 24, tile(256), {}),
    "tile_that_is_not_aligned": ("wmma", 1, 32, tile(512), {}),
    "tile_stored_by_two_warps": ("wmma", 1, 64, tile(256), {}),
    "never_ends": ("waits", 1, 32, floats(32), {"seconds": 0.3}),
    "waits_for_a_flag_nobody_sets": ("waits", 1, 32, given_output(32), {"seconds": 0.3}),
    "too_many_local_variables": ("waits", 1, 32, floats(32), {}),
}


def planted(file: Path, kernel: str) -> set[tuple[str, int]]:
    """(kind, line) of every comment `fault:` between this kernel's first line and the next kernel's."""
    found, inside = set(), False
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if "__global__" in line:
            inside = f" {kernel}(" in line
        if inside and (marked := re.search(r"// fault: (.*)", line)):
            found |= {(kind, number) for kind in marked[1].split(", ")}
    return found


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("kernel", CASES)
def test_a_planted_bug_is_found_in_its_line(kernel: str, seed: int) -> None:
    name, grid, block, args, options = CASES[kernel]
    file = KERNELS / f"wrong_{name}.cu"
    report = run_kernel(file, kernel, grid, block, args(), seed=seed, **options)
    found = {(one.kind, one.line) for one in report.findings}
    assert found, "nothing was found"
    assert found <= planted(file, kernel), [str(one) for one in report.findings]
    assert all(one.kernel == kernel and one.file == file.name for one in report.findings)


def test_every_planted_bug_is_tried() -> None:
    text = "".join(file.read_text() for file in KERNELS.glob("wrong_*.cu"))
    assert set(re.findall(r"__global__ void (\w+)\(", text)) == set(CASES)
