"""A lane that reads is all there is: who reads from whom is the algorithm.

Xor gives all lanes the result in five rounds, down gives it to the first, up makes the scan; and any operation
that is associative will do, also steps of a recurrence, where the order matters.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

HINTS = (
    "A shuffle is indexing: work out for all 32 lanes whose value each reads, then index v once.",
    "The segment of a lane begins at the lane's number with the low bits taken away.",
    "Halve the distance in each round: 16, 8, 4, 2, 1. With xor both partners of a pair get the result.",
    "In the scan the distance doubles, and a lane takes what comes from below only if there is a lane so far "
    "below. What comes from below is the earlier step.",
    "The lanes below lane l are the l lowest bits: (1 << l) - 1. A population count tells how many are set.",
)

kernels = Kernels(__file__)
LANES = np.arange(32)


def shfl(v: np.ndarray, src: int, width: int = 32) -> np.ndarray:
    """What each lane gets from lane src % width of its segment; v is (32, ...)."""
    # wrong: return v[np.full(32, src % 32)]  # each segment has a lane src of its own
    # wrong: return v[LANES // width * width + min(src, width - 1)]  # src is taken modulo width
    return v[LANES // width * width + src % width]


def shfl_up(v: np.ndarray, d: int, width: int = 32) -> np.ndarray:
    """What each lane gets from the lane d below it in its segment, else its own."""
    # wrong: return v[(LANES - d) % 32]  # the lowest lanes keep their own: nothing wraps around
    # wrong: return v[np.where(LANES >= d, LANES - d, LANES) % 32]  # the segment ends at its first lane
    # wrong: return v[np.where(LANES % width > d, LANES - d, LANES)]  # lane d of the segment has its first just d below
    # wrong: return v[np.maximum(LANES - d, LANES // width * width)]  # a lane without one so far below keeps its own
    return v[np.where(LANES % width >= d, LANES - d, LANES)]


def shfl_down(v: np.ndarray, d: int, width: int = 32) -> np.ndarray:
    """What each lane gets from the lane d above it in its segment, else its own."""
    # wrong: return v[(LANES + d) % 32]  # the highest lanes keep their own: nothing wraps around
    # wrong: return v[np.where(LANES + d < 32, LANES + d, LANES)]  # the segment ends at its last lane
    # wrong: return v[np.where(LANES % width + d <= width, LANES + d, LANES) % 32]  # the last lane is width - 1
    return v[np.where(LANES % width + d < width, LANES + d, LANES)]


def shfl_xor(v: np.ndarray, m: int) -> np.ndarray:
    """What each lane gets from the lane whose number differs in the bits of m."""
    # wrong: return v[(LANES + m) % 32]  # xor flips bits, it does not add
    # wrong: return v[LANES | m]  # a bit that is set is cleared
    return v[LANES ^ m]
