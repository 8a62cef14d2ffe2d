from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.cuda import Report, assert_clean, assert_spread, run_kernel, unset
from katas.phase5.cuda.coalescing import efficiency, kernels, pattern, sectors

KATA = Kata(
    difficulty=2,
    minutes=35,
    needs=("phase5/cuda/grid_stride_loop",),
    forbids_cpp={
        "memcpy": "copy by assigning elements: memcpy moves single bytes",
        "memmove": "copy by assigning elements: memmove moves single bytes",
    },
)

LANES = np.arange(32)
EDGES = [(1, 1), (31, 7), (33, 17), (5, 40), (70, 9)]
WHOLE = [(32, 8), (64, 24), (40, 64), (7, 16), (96, 40)]  # cols is a multiple of 8

# Thread i loads what lies at[i] bytes behind x, or nothing where that is negative.
KERNELS = "".join(
    f"""
__global__ void load_{kind}(int n, const long long* at, const {kind}* x, {kind}* y) {{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && at[i] >= 0) y[i] = x[at[i] / sizeof({kind})];
}}
"""
    for kind in ("char", "short", "float", "double")
)
KINDS = {1: ("char", np.int8), 2: ("short", np.int16), 4: ("float", np.float32), 8: ("double", np.float64)}


def by_bytes(addresses: np.ndarray, itemsize: int, active: np.ndarray) -> tuple[int, int]:
    """(sectors, bytes asked for), one byte at a time."""
    touched, wanted = set(), set()
    for thread, address in enumerate(addresses.tolist()):
        for byte in range(address, address + itemsize):
            if active[thread]:
                wanted.add((thread // 32, byte))
                touched.add((thread // 32, byte // 32))
    return len(touched), len(wanted)


def moved(report: Report, buffer: str) -> int:
    """Sectors that the emulator has counted."""
    counted = report.buffers[buffer]
    return (counted.bytes_read + counted.bytes_written) // 32


def launch(kernel: str, rows: int, cols: int, extra: int = 0) -> tuple[Report, np.ndarray, np.ndarray]:
    src, dst = np.random.randn(rows, cols).astype(np.float32), unset((rows, cols))
    grid = (-(-rows // 32) + extra, -(-cols // 8) + extra)
    return kernels.launch(kernel, grid, (32, 8), (rows, cols, src, dst)), src, dst


def test_floats_side_by_side_fill_their_sectors() -> None:
    assert sectors(4 * LANES, 4) == 4
    assert sectors(4 * np.arange(96) + 32 * 7, 4) == 12
    assert sectors(8 * LANES, 8) == 8
    assert sectors(LANES, 1) == 1


def test_the_order_of_the_lanes_does_not_matter() -> None:
    assert sectors(np.random.permutation(4 * LANES), 4) == 4


def test_lanes_that_ask_for_the_same_share_a_sector() -> None:
    assert sectors(np.full(32, 4000), 4) == 1
    assert sectors(np.full(96, 4000), 4) == 3


def test_starting_between_two_sectors_costs_one_more() -> None:
    assert sectors(4 * LANES + 4, 4) == 5


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 8, 9, 100])
def test_a_stride_costs_until_every_lane_has_its_own_sector(stride: int) -> None:
    assert sectors(4 * stride * LANES, 4) == min(32, 4 * stride)


@pytest.mark.parametrize(
    ("address", "itemsize", "expected"), [(28, 4, 1), (30, 4, 2), (31, 1, 1), (25, 8, 2)]
)
def test_an_item_may_lie_in_two_sectors(address: int, itemsize: int, expected: int) -> None:
    assert sectors(np.array([address]), itemsize) == expected


@pytest.mark.parametrize("n", [1, 31, 32, 33, 100])
@pytest.mark.parametrize("itemsize", [1, 2, 4, 7, 12, 16])
def test_sectors_and_bytes_are_those_counted_one_by_one(n: int, itemsize: int) -> None:
    for reach in (40, 600, 20_000):
        addresses = np.random.randint(0, reach, n)
        for share in (1.0, 0.5, 0.05):
            active = np.random.rand(n) < share
            touched, wanted = by_bytes(addresses, itemsize, active)
            assert sectors(addresses, itemsize, active) == touched
            assert_close(efficiency(addresses, itemsize, active), wanted / (32 * touched) if touched else 1.0)
        everyone = np.full(n, True)
        assert sectors(addresses, itemsize) == by_bytes(addresses, itemsize, everyone)[0]
        assert efficiency(addresses, itemsize) == efficiency(addresses, itemsize, everyone)


@pytest.mark.gxx
@pytest.mark.parametrize("itemsize", KINDS)
def test_a_kernel_moves_as_many_sectors(itemsize: int, tmp_path: Path) -> None:
    kind, dtype = KINDS[itemsize]
    n = 32 * 12 + 5
    at = itemsize * np.concatenate([np.random.randint(0, reach, n // 3 + 1) for reach in (9, 90, 900)])[:n]
    active = np.random.rand(n) < 0.8
    expected = sectors(at, itemsize, active)
    source = tmp_path / "loads.cu"
    source.write_text(KERNELS)
    args = (n, np.where(active, at, -1), np.zeros(900, dtype), unset(n, dtype))
    report = run_kernel(source, f"load_{kind}", 4, 128, args)
    assert_clean(report)
    assert moved(report, "x") == expected


@pytest.mark.parametrize("idle", [0, 9, 31])
def test_a_lane_that_takes_no_part_asks_for_nothing(idle: int) -> None:
    active = np.full(32, True)
    active[idle] = False
    assert sectors(100 * LANES, 4, active) == sectors(100 * LANES[:31], 4) == 31


def test_idle_lanes_keep_their_place_in_the_warp() -> None:
    active = np.arange(64) % 32 < 16
    assert sectors(np.zeros(64, int), 4, active) == 2


def test_efficiency_is_the_share_of_bytes_that_were_wanted() -> None:
    assert_close(efficiency(4 * LANES, 4), 1.0)
    assert_close(efficiency(4 * LANES + 4, 4), 4 / 5)
    assert_close(efficiency(32 * LANES, 4), 1 / 8)
    assert_close(efficiency(32 * LANES, 8), 1 / 4)


def test_what_all_lanes_ask_for_is_wanted_once() -> None:
    assert_close(efficiency(np.full(32, 64), 4), 4 / 32)
    assert_close(efficiency(np.full(96, 64), 4), 4 / 32)
    assert_close(efficiency(2 * LANES, 4), 66 / 96)


def test_a_warp_that_moves_more_weighs_more() -> None:
    assert_close(efficiency(np.concatenate([4 * LANES, 32 * LANES]), 4), 256 / (36 * 32))


@pytest.mark.parametrize("width", [32, 33, 1000, 10**9])
def test_a_block_reads_rows_or_columns(width: int) -> None:
    rows = [4 * (y * width + x) for y in range(8) for x in range(32)]
    cols = [4 * (x * width + y) for y in range(8) for x in range(32)]
    assert_close(pattern("row", width), np.array(rows, np.int64))
    assert_close(pattern("col", width), np.array(cols, np.int64))


def test_a_column_moves_eight_times_what_rows_do() -> None:
    assert sectors(pattern("row", 64), 4) == 8 * 4
    assert sectors(pattern("col", 64), 4) == 8 * 32
    assert_close(efficiency(pattern("row", 64), 4), 1.0)
    assert_close(efficiency(pattern("col", 64), 4), 1 / 8)


@pytest.mark.parametrize("cols", [9, 16, 33, 64])
def test_the_slow_copy_moves_what_its_pattern_says(cols: int) -> None:
    """One block, which is the first eight columns."""
    expected = sectors(pattern("col", cols), 4)
    src, dst = np.random.randn(32, cols).astype(np.float32), np.zeros((32, cols), np.float32)
    report = kernels.launch("copy_slow", 1, (32, 8), (32, cols, src, dst))
    assert moved(report, "src") == moved(report, "dst") == expected
    assert_close(dst[:, :8], src[:, :8])
    assert not dst[:, 8:].any()


@pytest.mark.parametrize("kind", ["", "rows", "column"])
def test_another_pattern_is_refused(kind: str) -> None:
    with pytest.raises(ValueError):
        pattern(kind, 64)


@pytest.mark.parametrize(("rows", "cols"), [*WHOLE, *EDGES])
@pytest.mark.parametrize("extra", [0, 1])
def test_the_fast_copy_copies_every_element_once(rows: int, cols: int, extra: int) -> None:
    report, src, dst = launch("copy_fast", rows, cols, extra)
    assert_close(dst, src)
    written = report.buffers["dst"]
    assert (written.stores, written.most_writes) == (rows * cols, 1)


@pytest.mark.parametrize(("rows", "cols"), WHOLE)
def test_the_fast_copy_moves_at_most_a_sixth(rows: int, cols: int) -> None:
    fast, _, _ = launch("copy_fast", rows, cols)
    slow, _, _ = launch("copy_slow", rows, cols)
    for buffer in ("src", "dst"):
        assert 6 * moved(fast, buffer) <= moved(slow, buffer), f"of {buffer}, {rows} x {cols}"


def test_the_blocks_share_the_work() -> None:
    report, _, _ = launch("copy_fast", 64, 96)
    assert_spread(report)


def test_addresses_are_exact() -> None:
    assert sectors(2**62 + 32 * LANES + 31, 1) == 32
    assert sectors(2**62 + 32 * LANES + 31, 2) == 33
    assert type(sectors(LANES, 4)) is int


def test_who_asks_for_nothing_moves_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert sectors(none, 4) == sectors(LANES, 4, np.full(32, False)) == 0
    assert efficiency(none, 4) == efficiency(LANES, 4, np.full(32, False)) == 1.0


@pytest.mark.parametrize("function", [sectors, efficiency])
def test_strides_do_not_matter_and_inputs_stay(function: Callable[..., object]) -> None:
    addresses, active = np.random.randint(0, 500, 45), np.random.rand(45) < 0.6
    expected = function(addresses.copy(), 4, active.copy())
    for (_, same), (_, mask) in zip(layouts(addresses), layouts(active), strict=True):
        with assert_unchanged(same, mask):
            assert_close(function(same, 4, mask), expected)


@pytest.mark.gpu
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (70, 9), (3001, 2050)])
def test_a_gpu_agrees(rows: int, cols: int) -> None:
    src = torch.randn(rows, cols, device="cuda")
    dst = torch.full_like(src, torch.nan)
    kernels.launch_on_gpu("copy_fast", (-(-rows // 32), -(-cols // 8)), (32, 8), (rows, cols, src, dst))
    assert torch.equal(dst, src)
