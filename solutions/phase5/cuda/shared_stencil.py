"""From 2 R + 1 reads of every element to little more than one: the halo is all that is read twice.

The larger the block, the smaller the halo's share; in two dimensions, and in attention and matrix products,
that share is what decides on the size of a tile. And the order is always this: all threads load, all wait,
all compute. The guard stands around the loads and around the store, never around the barrier.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "How many elements does a block need, and where does its tile begin? Number the places of the tile from 0.",
    "There are more places than threads: thread t fills place t, then t + TPB, as in a grid-stride loop.",
    "A place beyond an end of x still has to be filled. Then all wait, those without an element as well.",
    "In global_loads ask of a block which is the first and which the last element that it can reach and that exists.",
)

kernels = Kernels(__file__)


def global_loads(n: int, R: int, tpb: int) -> int:
    """Reads of x by all blocks, each reading what it needs of the n elements once."""
    # wrong: return n * (2 * R + 1)  # that is without sharing: every sum reads for itself
    # wrong: return n + 2 * R * -(-n // tpb)  # beyond the ends of x there is nothing to read
    # wrong: return n + 2 * R * (-(-n // tpb) - 1)  # a last block that is short has a short halo to give
    # wrong: return n  # the halo of a block is read by its neighbours, too
    # wrong: return sum(min(b + tpb + R, n) - max(b - R, 0) for b in range(0, n // tpb * tpb, tpb))  # the last block may have fewer elements, and reads them
    # wrong: return sum(min(b + tpb + R, n + R) - max(b - R, 0) for b in range(0, n, tpb))  # to the right of x there is nothing, either
    # wrong: return sum(min(b + tpb + R, n) - (b - R) for b in range(0, n, tpb))  # to the left of x there is nothing
    # wrong: return sum(min(b + tpb, n) - max(b - R, 0) for b in range(0, n, tpb))  # there is a halo on either side
    return sum(min(b + tpb + R, n) - max(b - R, 0) for b in range(0, n, tpb))
