from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase5.cuda.occupancy import SM, blocks_per_sm, bytes_in_flight, occupancy, warps_needed, waves

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase5/cuda/warp_divergence",),
    forbids={
        "torch": "the limits are given: dividing integers is all it takes",
        "cupy": "the limits are given: dividing integers is all it takes",
        "numba": "the limits are given: dividing integers is all it takes",
    },
)

A100 = SM(2048, 32, 64, 65536, 256, 164 * 1024, 128, 1024)
H100 = SM(2048, 32, 64, 65536, 256, 228 * 1024, 128, 1024)
KB = 1024


def filled(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> tuple[int, str]:
    """(blocks, what stops the next one): blocks are put on the SM one by one, warp by warp."""
    lanes = warps = registers = 0
    while lanes < threads:
        lanes, warps = lanes + sm.warp, warps + 1
        allotted = 0
        while allotted < regs_per_thread * sm.warp:
            allotted += sm.reg_unit
        registers += allotted
    shared = 0
    while shared < smem_per_block + sm.smem_reserved:
        shared += sm.smem_unit
    blocks = 0
    while True:
        after = blocks + 1
        short = [
            name
            for name, is_short in (
                ("threads", after * lanes > sm.max_threads or after * warps > sm.max_warps),
                ("blocks", after > sm.max_blocks),
                ("regs", after * registers > sm.regs),
                ("smem", after * shared > sm.smem),
            )
            if is_short
        ]
        if short:
            return blocks, short[0]
        blocks = after


def drawn() -> tuple[SM, tuple[int, int, int]]:
    """A small SM, and a block that is about as large as a part of it."""
    draw = np.random.randint
    warp = int(draw(1, 9))
    sm = SM(
        max_threads=int(warp * draw(1, 40) + draw(0, warp)),
        max_blocks=int(draw(1, 12)),
        max_warps=int(draw(1, 40)),
        regs=int(draw(1, 4000)),
        reg_unit=int(draw(1, 40)),
        smem=int(draw(0, 400)),
        smem_unit=int(draw(1, 20)),
        smem_reserved=int(draw(0, 2) * draw(0, 15)),
        warp=warp,
    )
    return sm, (int(draw(1, 8 * warp)), int(draw(1, 40)), int(draw(0, 2) * draw(0, 120)))


def test_few_registers_and_no_shared_memory_fill_an_sm() -> None:
    assert blocks_per_sm(A100, 256, 24, 0) == (8, "threads")
    assert_close(occupancy(A100, 256, 24, 0), 1.0)


@pytest.mark.parametrize(
    ("sm", "block", "blocks", "limiter", "share"),
    [
        (A100, (512, 32, 0), 4, "threads", 1.0),  # 32 registers for 2048 threads are 65536: a tie with regs
        (A100, (256, 33, 0), 6, "regs", 0.75),  # 33 * 32 is rounded up to 1280, a block takes 10240
        (H100, (1024, 64, 0), 1, "regs", 0.5),  # 64 registers for 1024 threads are all there are
        (H100, (384, 168, 200 * KB), 1, "regs", 0.1875),  # as in FlashAttention-3: smem allows one, too
        (A100, (32, 16, 0), 32, "blocks", 0.5),  # one warp a block: 64 would fit
        (A100, (128, 64, 48 * KB), 3, "smem", 0.1875),  # 49 KB in 164
        (H100, (128, 64, 48 * KB), 4, "smem", 0.25),  # 49 KB in 228
    ],
)
def test_blocks_worked_by_hand(
    sm: SM, block: tuple[int, int, int], blocks: int, limiter: str, share: float
) -> None:
    assert blocks_per_sm(sm, *block) == (blocks, limiter)
    assert_close(occupancy(sm, *block), share)


def test_one_register_more_costs_a_quarter_of_the_warps() -> None:
    assert_close(occupancy(H100, 256, 32, 0), 1.0)
    assert_close(occupancy(H100, 256, 33, 0), 0.75)


def test_a_block_of_33_threads_is_two_warps() -> None:
    assert blocks_per_sm(A100, 33, 16, 0) == blocks_per_sm(A100, 64, 16, 0) == (32, "threads")
    assert_close(occupancy(A100, 33, 16, 0), 1.0)
    assert_close(occupancy(A100, 32, 16, 0), 0.5)


@pytest.mark.parametrize(("sm", "most"), [(A100, 163), (H100, 227)])
def test_a_block_can_have_all_shared_memory_but_the_reserved(sm: SM, most: int) -> None:
    """163 and 227 KB are the published maxima of a block."""
    assert blocks_per_sm(sm, 128, 32, most * KB) == (1, "smem")
    with pytest.raises(ValueError):
        blocks_per_sm(sm, 128, 32, most * KB + 1)


def test_agrees_with_blocks_added_one_by_one() -> None:
    fits = 0
    for _ in range(2000):
        sm, block = drawn()
        blocks, limiter = filled(sm, *block)
        if blocks:
            fits += 1
            assert blocks_per_sm(sm, *block) == (blocks, limiter)
            continue
        with pytest.raises(ValueError, match=f"{limiter}$"):
            blocks_per_sm(sm, *block)
    assert 500 < fits < 1800  # measured: 1368 on average, a standard deviation of 17


def test_occupancy_counts_warps_not_threads() -> None:
    for _ in range(500):
        sm, block = drawn()
        blocks, _ = filled(sm, *block)
        if blocks:
            warps = len(range(0, block[0], sm.warp))
            assert_close(occupancy(sm, *block), blocks * warps / sm.max_warps)
            continue
        with pytest.raises(ValueError):
            occupancy(sm, *block)


@given(st.integers(1, 1024), st.integers(1, 64), st.integers(0, 160 * KB), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_a_larger_block_never_fits_more_often(threads: int, regs: int, smem: int, more: int) -> None:
    block = (threads, regs, smem)
    blocks, _ = blocks_per_sm(A100, *block)
    for larger in ((max(1, threads // more), regs, smem), (threads, max(1, regs - more), smem)):
        assert blocks_per_sm(A100, *larger)[0] >= blocks
    assert blocks_per_sm(A100, threads, regs, smem // more)[0] >= blocks
    assert blocks_per_sm(H100, *block)[0] >= blocks


@pytest.mark.parametrize(
    ("block", "tied"),
    [
        ((64, 32, 7 * KB), ("threads", "blocks", "regs", "smem")),
        ((32, 64, 7 * KB), ("blocks", "regs", "smem")),
        ((32, 32, 7 * KB), ("blocks", "smem")),
        ((128, 64, 31 * KB), ("regs", "smem")),
        ((64, 16, 7 * KB), ("threads", "blocks", "smem")),
    ],
)
def test_of_limits_that_are_alike_the_first_is_named(
    block: tuple[int, int, int], tied: tuple[str, ...]
) -> None:
    sm = replace(A100, smem=256 * KB)
    blocks = 32 if "blocks" in tied else 8
    assert blocks_per_sm(sm, *block) == (blocks, tied[0])


@pytest.mark.parametrize(
    ("sm", "block", "limiter"),
    [
        (A100, (4096, 16, 0), "threads"),
        (replace(A100, max_warps=7), (256, 16, 0), "threads"),
        (replace(A100, max_threads=255), (225, 16, 0), "threads"),
        (A100, (1024, 65, 0), "regs"),
        (A100, (1024, 65, 164 * KB), "regs"),
        (H100, (32, 16, 227 * KB + 1), "smem"),
        (A100, (4096, 255, 999 * KB), "threads"),
    ],
)
def test_a_block_that_does_not_fit_raises_and_names_the_limiter(
    sm: SM, block: tuple[int, int, int], limiter: str
) -> None:
    for function in (blocks_per_sm, occupancy):
        with pytest.raises(ValueError, match=f"{limiter}$"):
            function(sm, *block)


def test_no_shared_memory_is_no_limit() -> None:
    for sm in (replace(A100, smem_reserved=0), replace(A100, smem=0, smem_reserved=0)):
        assert blocks_per_sm(sm, 64, 32, 0) == (32, "threads")
        assert_close(occupancy(sm, 64, 32, 0), 1.0)


def test_the_reserved_kilobyte_is_taken_even_so() -> None:
    assert blocks_per_sm(replace(A100, smem=5 * KB), 64, 32, 0) == (5, "smem")
    with pytest.raises(ValueError, match=r"smem$"):
        blocks_per_sm(replace(A100, smem=0), 64, 32, 0)


def test_a_grid_that_fills_all_room_runs_in_one_wave() -> None:
    count, tail = waves(108, 108 * 8, 8)
    assert count == 1
    assert_close(tail, 1.0)


def test_one_block_too_many_takes_a_wave_of_its_own() -> None:
    count, tail = waves(108, 108 * 8 + 1, 8)
    assert count == 2
    assert_close(tail, 1 / (108 * 8))


def test_waves_agree_with_blocks_handed_out_one_by_one() -> None:
    for _ in range(200):
        sm_count, per_sm, blocks = (int(high) for high in np.random.randint(1, (9, 5, 120)))
        count = in_wave = 0
        for _ in range(blocks):
            if in_wave == sm_count * per_sm or not count:
                count, in_wave = count + 1, 0
            in_wave += 1
        got, tail = waves(sm_count, blocks, per_sm)
        assert got == count
        assert_close(tail, in_wave / (sm_count * per_sm))


def test_a_huge_grid_is_counted_exactly() -> None:
    full = 132 * 16
    count, tail = waves(132, full * 10**15 + 1, 16)
    assert type(count) is int
    assert count == 10**15 + 1
    assert_close(tail, 1 / full)


def test_an_h100_needs_two_megabytes_under_way() -> None:
    assert_close(bytes_in_flight(3.35e12, 600e-9), 2.01e6)


def test_bytes_in_flight_grow_with_bandwidth_and_with_latency() -> None:
    """A pipe in steps of a nanosecond: what enters leaves after the latency; the rest is in flight."""
    for per_step, steps in ((5, 3), (40, 600), (1, 1)):
        entered = left = 0
        for step in range(2 * steps):
            entered += per_step
            left += per_step if step >= steps else 0
        assert_close(bytes_in_flight(per_step * 1e9, steps * 1e-9), float(entered - left))


def test_single_floats_cannot_saturate_an_h100_but_float4_can() -> None:
    """2.01e6 bytes over 132 SMs are 15227 bytes each; a warp waits for 128 or 512 of them."""
    assert warps_needed(132, 3.35e12, 600e-9, 4) == 119 > H100.max_warps
    assert warps_needed(132, 3.35e12, 600e-9, 8) == 60
    assert warps_needed(132, 3.35e12, 600e-9, 16) == 30


def test_warps_are_as_few_as_carry_the_bytes() -> None:
    for _ in range(300):
        sm_count, bytes_per_thread, warp = (int(high) for high in np.random.randint(1, (9, 17, 40)))
        bandwidth, latency = float(np.random.randint(1, 2**20)), 2.0 ** -int(np.random.randint(0, 12))
        least = Fraction(bandwidth) * Fraction(latency)  # exact, as the product of these floats is
        count = warps_needed(sm_count, bandwidth, latency, bytes_per_thread, warp)
        assert type(count) is int
        assert count * sm_count * warp * bytes_per_thread >= least
        assert (count - 1) * sm_count * warp * bytes_per_thread < least


def test_a_warp_that_is_just_enough_is_enough() -> None:
    assert warps_needed(4, 2.0**20, 2.0**-4, 16) == 32  # 65536 bytes, a warp has 512 of them
    assert warps_needed(4, 2.0**20 + 1, 2.0**-4, 16) == 33
    assert warps_needed(1, 1.0, 0.5, 16) == 1
