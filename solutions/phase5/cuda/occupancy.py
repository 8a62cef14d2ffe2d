"""Limits are steps, so a small change does nothing for a long time and then a lot: on an H100 32 registers a thread
allow all 64 warps, 33 allow 48 with blocks of 256. Look for the limiter before you tune anything else.

Full occupancy is no aim in itself. Little's law asks for bytes in flight, and a thread that has four loads under way
counts for four threads with one. That is why fast kernels have few warps and many registers (Volkov 2010), why float4
pays, and why FlashAttention-3 runs at 19% occupancy: asynchronous copies need no waiting warps at all.

A tail of one block costs a whole wave. With a few waves that is a large share of the time, with fifty it is none.
"""

import math
from dataclasses import dataclass

HINTS = (
    "Ask each resource alone how many blocks it would allow, as if the others were without end; the smallest answer wins.",
    "Rounding up comes at three places: threads to warps, the registers of a warp to reg_unit, bytes and reserve to smem_unit. "
    "Only then multiply by the warps of the block, and divide rounding down.",
    "Keep the four answers in a dict in the order in which ties are settled. min over its keys, by value, finds the first "
    "of the smallest.",
    "A wave has sm_count * per_sm places. The last wave holds what the full ones before it leave over, and never nothing.",
)


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
    # wrong: warps = threads / sm.warp  # a block has whole warps: round up
    # wrong: warps = threads // sm.warp or 1  # the threads after the last full warp need one, too
    # wrong: warps = threads // sm.warp + 1  # where threads are a multiple, that is a warp too many
    # wrong: warps = -(-threads // 32)  # the SM says how wide its warps are
    warps = -(-threads // sm.warp)
    # wrong: regs = threads * _round_up(regs_per_thread, sm.reg_unit)  # the unit is for a warp's registers, not for a thread's
    # wrong: regs = _round_up(warps * sm.warp * regs_per_thread, sm.reg_unit)  # every warp is rounded, not the block
    # wrong: regs = _round_up(threads * regs_per_thread, sm.reg_unit)  # a warp has registers for absent lanes, too, and each is rounded
    # wrong: regs = warps * regs_per_thread * sm.warp  # registers come in units of reg_unit
    # wrong: regs = warps * (regs_per_thread * sm.warp // sm.reg_unit) * sm.reg_unit or 1  # round up: a warp needs all of its registers
    regs = warps * _round_up(regs_per_thread * sm.warp, sm.reg_unit)
    # wrong: smem = smem_per_block + sm.smem_reserved  # shared memory comes in units of smem_unit
    # wrong: smem = _round_up(smem_per_block, sm.smem_unit)  # the system takes its part of every block
    # wrong: smem = _round_up(smem_per_block, sm.smem_unit) + sm.smem_reserved  # both together are rounded
    # wrong: smem = _round_up(smem_per_block and smem_per_block + sm.smem_reserved, sm.smem_unit)  # the reserve is taken even from a block that asks for nothing
    smem = _round_up(smem_per_block + sm.smem_reserved, sm.smem_unit)
    # wrong: by_threads = min(sm.max_threads // threads, sm.max_warps // warps)  # a warp has the slots of all its lanes, absent ones too
    # wrong: by_threads = sm.max_threads // (warps * sm.warp)  # the SM's warps are limited as well
    # wrong: by_threads = sm.max_warps // warps  # the SM's threads are limited as well
    by_threads = min(sm.max_threads // (warps * sm.warp), sm.max_warps // warps)
    # wrong: by_smem = sm.smem // smem  # a block may take no shared memory at all
    # wrong: by_smem = sm.smem // smem if smem else 0  # what needs no shared memory is not limited by it
    # wrong: by_smem = sm.smem // smem if smem and sm.smem else sm.max_blocks  # an SM without shared memory has no room for a block that wants some
    # wrong: by_smem = -(-sm.smem // smem) if smem else sm.max_blocks  # a part of a block does not fit: round down
    by_smem = sm.smem // smem if smem else sm.max_blocks  # in a tie smem comes last, so this never limits
    # wrong: fits = {"blocks": sm.max_blocks, "threads": by_threads, "regs": sm.regs // regs, "smem": by_smem}  # in a tie threads come before blocks
    # wrong: fits = {"threads": by_threads, "blocks": sm.max_blocks, "smem": by_smem, "regs": sm.regs // regs}  # in a tie regs come before smem
    # wrong: fits = {"threads": by_threads, "regs": sm.regs // regs, "blocks": sm.max_blocks, "smem": by_smem}  # in a tie blocks come before regs
    # wrong: fits = {"threads": by_threads, "blocks": sm.max_blocks, "regs": sm.regs // regs}  # shared memory limits, too
    # wrong: fits = {"threads": by_threads, "regs": sm.regs // regs, "smem": by_smem}  # an SM holds only so many blocks
    fits = {"threads": by_threads, "blocks": sm.max_blocks, "regs": sm.regs // regs, "smem": by_smem}
    limiter = min(fits, key=lambda name: fits[name])
    # wrong: pass  # a kernel of which no block fits cannot run: that is an error
    # wrong: if not fits[limiter]:  # the message ends with the limiter, so that one knows what to change
    #            raise ValueError("no block fits")
    if not fits[limiter]:
        raise ValueError(f"no block fits, for want of {limiter}")
    return fits[limiter], limiter


def occupancy(sm: SM, threads: int, regs_per_thread: int, smem_per_block: int) -> float:
    """The share of the SM's warps that are taken; ValueError where no block fits."""
    blocks, _ = blocks_per_sm(sm, threads, regs_per_thread, smem_per_block)
    # wrong: return blocks * threads / sm.max_threads  # warps are counted, whether all of their lanes are there or not
    # wrong: return blocks * -(-threads // sm.warp) * sm.warp / sm.max_threads  # the share is of the SM's warps, which its threads need not fill
    # wrong: return blocks / sm.max_blocks  # blocks have several warps: count those
    # wrong: return blocks * (threads // sm.warp) / sm.max_warps  # the last warp of a block counts, even if it is not full
    return blocks * -(-threads // sm.warp) / sm.max_warps


def waves(sm_count: int, blocks: int, per_sm: int) -> tuple[int, float]:
    """(number of waves, share of the last one's room that is filled)."""
    # wrong: room = sm_count  # an SM holds several blocks at a time
    room = sm_count * per_sm
    # wrong: count = blocks // room + 1  # where all waves are full, that is one too many
    # wrong: count = blocks // room or 1  # the blocks that are left over need a wave, too
    # wrong: count = math.ceil(blocks / room)  # a float has 16 digits: divide whole numbers by whole numbers
    count = -(-blocks // room)
    # wrong: return count, blocks % room / room  # a last wave that is full is 1, not 0
    # wrong: return count, blocks / (count * room)  # that is the mean of all waves: the last alone is asked for
    # wrong: return count, 1 - (blocks - (count - 1) * room) / room  # filled, not empty
    # wrong: return count, min(blocks // room, 1) / 1  # a wave that is not full has a share, too
    return count, (blocks - (count - 1) * room) / room


def bytes_in_flight(bandwidth_Bps: float, latency_s: float) -> float:
    """Bytes under way at any moment at this bandwidth and latency."""
    # wrong: return bandwidth_Bps / latency_s  # the longer each takes, the more must be under way
    # wrong: return 2 * bandwidth_Bps * latency_s  # the latency is there and back already
    # wrong: return bandwidth_Bps * latency_s / 8  # these are bytes, not bits
    return bandwidth_Bps * latency_s


def warps_needed(
    sm_count: int, bandwidth_Bps: float, latency_s: float, bytes_per_thread: int, warp: int = 32
) -> int:
    """Fewest warps on each SM that keep as many bytes under way."""
    # wrong: of_a_warp = bytes_per_thread  # all lanes of a warp wait for bytes
    # wrong: of_a_warp = 32 * bytes_per_thread  # the warp may have another width
    of_a_warp = warp * bytes_per_thread
    # wrong: return math.ceil(bytes_in_flight(bandwidth_Bps, latency_s) / of_a_warp)  # the SMs share the bytes
    # wrong: return int(bytes_in_flight(bandwidth_Bps, latency_s) / (sm_count * of_a_warp))  # a part of a warp is a warp: round up
    # wrong: return round(bytes_in_flight(bandwidth_Bps, latency_s) / (sm_count * of_a_warp))  # a part of a warp is a warp: round up
    # wrong: return int(bytes_in_flight(bandwidth_Bps, latency_s) / (sm_count * of_a_warp)) + 1  # what is just enough is enough
    # wrong: return min(64, math.ceil(bytes_in_flight(bandwidth_Bps, latency_s) / (sm_count * of_a_warp)))  # say what is needed, even if no SM has it
    return math.ceil(bytes_in_flight(bandwidth_Bps, latency_s) / (sm_count * of_a_warp))


def _round_up(number: int, unit: int) -> int:
    return -(-number // unit) * unit
