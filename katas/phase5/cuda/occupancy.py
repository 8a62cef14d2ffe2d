"""Occupancy calculator and Little's law

A load from a GPU's memory takes some 600 ns. A streaming multiprocessor (SM) hides that wait by running other
warps meanwhile, if it has any: how many it can hold is decided by your block size, your registers and your
shared memory. One register more for each thread may cost a quarter of the warps.

An SM takes whole blocks as long as there is room for one more. What a block takes up:

    threads   whole warps: a block of 33 threads is two warps, and has the slots of 64 threads. The SM holds
              max_threads threads and max_warps warps, and both count as "threads"
    blocks    one of max_blocks
    regs      for each of its warps regs_per_thread * warp registers, rounded up to a multiple of reg_unit;
              the SM has `regs`
    smem      its own bytes and the smem_reserved that the system takes for each block, together rounded up
              to a multiple of smem_unit; the SM has `smem`. A block that takes up 0 bytes is not limited by
              smem, even where the SM has none

The limiter is the resource that allows the fewest blocks; where several allow as few it is the first of
"threads", "blocks", "regs", "smem". As published for compute capability 8.0 (A100) and 9.0 (H100):

          max_threads max_blocks max_warps  regs  reg_unit     smem   smem_unit smem_reserved warp
    8.0      2048         32        64      65536    256    164 * 1024   128        1024       32
    9.0      2048         32        64      65536    256    228 * 1024   128        1024       32

Not modelled: that a block has at most 1024 threads and a thread 255 registers, and that the register file is
in four parts, which sometimes costs up to three warps more.

    blocks_per_sm    (blocks, limiter). Where not even one block fits, a ValueError whose message ends with
                     the limiter, which is found by the same rule.
    occupancy        warps on the SM over max_warps; a ValueError as above.
    waves            a grid of `blocks` blocks, each running as long as the others, on sm_count SMs that hold
                     per_sm blocks each. It runs in waves: as many blocks as there is room for, and only when
                     they are done the next. Returns (waves, tail): their number, a started one counts, and
                     the share of the last wave's room that is filled, 0 < tail <= 1. All are ints >= 1, of
                     any size, and the number of waves is exact.

Little's law says how much is enough: what is under way is the rate times the time that each takes.

    bytes_in_flight  bytes that must be on their way at any moment for memory to deliver bandwidth_Bps bytes a
                     second when each takes latency_s seconds.
    warps_needed     fewest whole warps on each of sm_count SMs for that, with every lane of a warp waiting
                     for bytes_per_thread bytes: 4 for a float, 16 for a float4 or for four loads at a time.
                     It may be more than an SM can hold.

threads and regs_per_thread are ints >= 1, smem_per_block is an int >= 0 in bytes. The fields of an SM are
ints >= 1, smem and smem_reserved >= 0, and need not be multiples of one another: max_threads may hold fewer
whole warps than max_warps, or more. Floats are positive and finite.

NVIDIA 2024, CUDA C++ Programming Guide, technical specifications per compute capability, and the toolkit's
own calculator, cuda_occupancy.h; Volkov 2010, Better Performance at Lower Occupancy; Hwu, Kirk and El Hajj
2022, ch. 4.7.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class SM:
    """What one streaming multiprocessor has; complete as it is."""

    max_threads: int
    max_blocks: int
    max_warps: int
    regs: int
    reg_unit: int
    smem: int
    smem_unit: int
    smem_reserved: int = 0
    warp: int = 32


def blocks_per_sm(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> tuple[int, str]:
    """(blocks that fit, the limiter); ValueError ending with the limiter where none fits."""
    raise NotImplementedError


def occupancy(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> float:
    """The share of the SM's warps that are taken; ValueError where no block fits."""
    raise NotImplementedError


def waves(sm_count: int, blocks: int, per_sm: int) -> tuple[int, float]:
    """(number of waves, share of the last one's room that is filled)."""
    raise NotImplementedError


def bytes_in_flight(bandwidth_Bps: float, latency_s: float) -> float:
    """Bytes under way at any moment at this bandwidth and latency."""
    raise NotImplementedError


def warps_needed(
    sm_count: int, bandwidth_Bps: float, latency_s: float, bytes_per_thread: int, warp: int = 32
) -> int:
    """Fewest warps on each SM that keep as many bytes under way."""
    raise NotImplementedError
