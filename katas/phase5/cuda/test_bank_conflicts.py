from math import gcd
from pathlib import Path

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.cuda import (
    Report,
    assert_clean,
    assert_coalesced,
    assert_no_bank_conflicts,
    assert_spread,
    run_kernel,
    unset,
)
from katas.phase5.cuda.bank_conflicts import conflict_degree, kernels, pad_for

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase5/cuda/shared_stencil",),
    forbids_cpp={
        "memcpy": "move element by element: memcpy moves single bytes",
        "memmove": "move element by element: memmove moves single bytes",
    },
)

LANES = np.arange(32)
WORDS = 4096
WHOLE = [(32, 32), (64, 32), (32, 96), (40, 72), (8, 16)]  # multiples of 8
RAGGED = [(1, 1), (17, 33), (40, 5), (1, 70), (33, 1)]

# Every block fills its shared memory, then asks for the words of one pattern; -1 is a lane that does not.
KERNEL = """
__global__ void ask(int words, const int* word, float* y) {
    __shared__ float memory[4096];
    for (int i = threadIdx.x; i < words; i += 32) memory[i] = i;
    __syncthreads();
    int i = blockIdx.x * 32 + threadIdx.x;
    if (word[i] >= 0)
        y[i] = memory[word[i]];  // the request
}
"""
REQUEST = next(i for i, line in enumerate(KERNEL.splitlines(), 1) if "the request" in line)


def table(word_addr: np.ndarray, active: np.ndarray) -> int:
    """The longest row of a table that has one row a bank."""
    rows: list[list[int]] = [[] for _ in range(32)]
    for lane in range(32):
        word = int(word_addr[lane])
        if active[lane] and word not in rows[word % 32]:
            rows[word % 32].append(word)
    return max(len(row) for row in rows)


def asked(folder: Path, patterns: np.ndarray) -> Report:
    """The report of a kernel whose blocks ask for one pattern each."""
    source = folder / "ask.cu"
    source.write_text(KERNEL)
    count = len(patterns)
    report = run_kernel(source, "ask", count, 32, (WORDS, patterns.astype(np.int32), unset(patterns.shape)))
    assert_clean(report)
    return report


def launch(rows: int, cols: int, extra: int = 0) -> tuple[Report, np.ndarray, np.ndarray]:
    a, out = np.random.randn(rows, cols).astype(np.float32), unset((cols, rows))
    grid = (-(-cols // 32) + extra, -(-rows // 32) + extra)
    return kernels.launch("transpose", grid, (32, 8), (rows, cols, a, out)), a, out


def test_words_side_by_side_have_banks_of_their_own() -> None:
    assert conflict_degree(LANES) == 1
    assert conflict_degree(LANES + 1234) == 1
    assert conflict_degree(np.random.permutation(32)) == 1


def test_a_word_that_all_lanes_ask_for_is_served_once() -> None:
    assert conflict_degree(np.full(32, 77)) == 1
    assert conflict_degree(LANES // 4) == 1
    assert conflict_degree(LANES % 2 * 32) == 2


@pytest.mark.parametrize("stride", [*range(34), 48, 64, 96, 100])
def test_a_stride_conflicts_as_much_as_it_has_in_common_with_32(stride: int) -> None:
    assert conflict_degree(stride * LANES + 5) == (gcd(stride, 32) if stride else 1)


def test_the_busiest_bank_decides() -> None:
    words = LANES.copy()
    words[[3, 9, 20]] += 32 * np.array([0, 1, 2])
    assert conflict_degree(words) == 1
    words[[10, 11]] = 9 + 32 * np.array([5, 9])
    assert conflict_degree(words) == 3


@pytest.mark.parametrize("reach", [2, 40, 200, 5000, 10**9])
def test_the_degree_is_the_longest_row_of_a_table_of_banks(reach: int) -> None:
    for share in (1.0, 0.6, 0.1):
        for scale in (1, 4, 16, 32):
            words, active = scale * np.random.randint(0, reach, 32), np.random.rand(32) < share
            assert conflict_degree(words, active) == table(words, active)
            assert conflict_degree(words) == table(words, np.full(32, True))


@pytest.mark.gxx
def test_a_kernel_takes_as_many_passes(tmp_path: Path) -> None:
    patterns = np.concatenate(
        [scale * np.random.randint(0, WORDS // scale, (8, 32)) for scale in (1, 2, 8, 32)]
        + [np.random.randint(0, reach, (4, 32)) for reach in (3, 50)]
    )
    active = np.random.rand(*patterns.shape) < 0.8
    active[:, 0] = True
    degrees = [conflict_degree(*one) for one in zip(patterns, active, strict=True)]
    read = asked(tmp_path, np.where(active, patterns, -1)).at(REQUEST, space="shared")
    assert (read.passes, read.worst) == (sum(degrees), max(degrees))


@pytest.mark.gxx
@pytest.mark.parametrize("width", [16, 21, 32])
def test_a_padded_column_takes_one_pass(width: int, tmp_path: Path) -> None:
    pad = pad_for(width)
    columns = np.arange(width)[:, None] + (width + pad) * LANES
    assert_no_bank_conflicts(asked(tmp_path, columns), line=REQUEST)


def test_lanes_that_take_no_part_ask_for_nothing() -> None:
    assert conflict_degree(32 * LANES, LANES < 5) == 5
    assert conflict_degree(32 * LANES + 32, LANES % 2 == 0) == 16
    assert conflict_degree(np.where(LANES == 7, 7, 32 * LANES), LANES == 7) == 1
    assert conflict_degree(32 * LANES, np.full(32, False)) == 0


def test_padding_is_the_least_that_helps() -> None:
    for width in range(1, 129):
        free = (p for p in range(33) if len(set((LANES * (width + p) % 32).tolist())) == 32)
        assert pad_for(width) == next(free), f"for rows of {width} words"


@pytest.mark.parametrize(("rows", "cols"), [*WHOLE, *RAGGED])
@pytest.mark.parametrize("extra", [0, 1])
def test_every_element_changes_row_and_column(rows: int, cols: int, extra: int) -> None:
    report, a, out = launch(rows, cols, extra)
    assert_close(out, a.T)
    written = report.buffers["out"]
    assert (written.stores, written.most_writes) == (rows * cols, 1)
    assert report.buffers["A"].loads == rows * cols


@pytest.mark.parametrize(("rows", "cols"), WHOLE)
def test_reads_and_writes_are_both_coalesced(rows: int, cols: int) -> None:
    report, _, _ = launch(rows, cols)
    assert_coalesced(report, at_most=1.0)


@pytest.mark.parametrize(("rows", "cols"), [*WHOLE, (17, 33)])
def test_no_access_to_the_tile_goes_over_the_banks_twice(rows: int, cols: int) -> None:
    report, _, _ = launch(rows, cols)
    assert_no_bank_conflicts(report)


def test_each_block_has_a_tile_of_its_own() -> None:
    report, _, _ = launch(64, 96)
    assert_spread(report)


def test_each_element_goes_through_shared_memory() -> None:
    report, _, _ = launch(64, 96)
    for kind in ("read", "write"):
        assert report.total(space="shared", kind=kind).lanes >= 64 * 96


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.uint64])
def test_numbers_of_words_are_any_integers(dtype: type) -> None:
    degree = conflict_degree((LANES * 7 % 3 * 32 + LANES).astype(dtype))
    assert type(degree) is int
    assert degree == 1
    assert conflict_degree((LANES % 8 * 32).astype(dtype)) == 8


def test_strides_do_not_matter_and_inputs_stay() -> None:
    words, active = np.random.randint(0, 200, 32), np.random.rand(32) < 0.6
    expected = conflict_degree(words.copy(), active.copy())
    for (_, same), (_, mask) in zip(layouts(words), layouts(active), strict=True):
        with assert_unchanged(same, mask):
            assert conflict_degree(same, mask) == expected


@pytest.mark.gpu
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (33, 70), (3001, 2050)])
def test_a_gpu_agrees(rows: int, cols: int) -> None:
    a = torch.randn(rows, cols, device="cuda")
    out = torch.full((cols, rows), torch.nan, device="cuda")
    kernels.launch_on_gpu("transpose", (-(-cols // 32), -(-rows // 32)), (32, 8), (rows, cols, a, out))
    assert torch.equal(out, a.T)
