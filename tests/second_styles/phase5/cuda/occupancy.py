"""A search for the most blocks that fit, and the first resource that one more would exceed"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class SM:
    max_threads: int
    max_blocks: int
    max_warps: int
    regs: int
    reg_unit: int
    smem: int
    smem_unit: int
    smem_reserved: int = 0
    warp: int = 32


def _exceeded(sm: SM, blocks: int, threads: int, regs_per_thread: int, smem_per_block: int) -> list[str]:
    warps = blocks * len(range(0, threads, sm.warp))
    units = math.ceil(regs_per_thread * sm.warp / sm.reg_unit)
    shared = blocks * len(range(0, smem_per_block + sm.smem_reserved, sm.smem_unit)) * sm.smem_unit
    too_many = {
        "threads": warps > sm.max_warps or warps * sm.warp > sm.max_threads,
        "blocks": blocks > sm.max_blocks,
        "regs": warps * units * sm.reg_unit > sm.regs,
        "smem": shared > sm.smem,
    }
    return [name for name, is_so in too_many.items() if is_so]


def blocks_per_sm(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> tuple[int, str]:
    blocks = 0
    while not (short := _exceeded(sm, blocks + 1, threads, regs_per_thread, smem_per_block)):
        blocks += 1
    if blocks == 0:
        raise ValueError(f"0 blocks, limited by {short[0]}")
    return blocks, short[0]


def occupancy(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> float:
    blocks, _ = blocks_per_sm(sm, threads, regs_per_thread, smem_per_block)
    return blocks * math.ceil(threads / sm.warp) / sm.max_warps


def waves(sm_count: int, blocks: int, per_sm: int) -> tuple[int, float]:
    full, rest = divmod(blocks, sm_count * per_sm)
    return (full + 1, rest / (sm_count * per_sm)) if rest else (full, 1.0)


def bytes_in_flight(bandwidth_Bps: float, latency_s: float) -> float:
    return latency_s * bandwidth_Bps


def warps_needed(
    sm_count: int, bandwidth_Bps: float, latency_s: float, bytes_per_thread: int, warp: int = 32
) -> int:
    of_an_sm = bandwidth_Bps * latency_s / sm_count
    full, rest = divmod(of_an_sm, warp * bytes_per_thread)
    return int(full) + (rest > 0)
