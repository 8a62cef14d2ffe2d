"""A tile of T by T cuts the reads by a factor of T: every element fetched is used T times.

Intensity is about T / itemsize for large matrices: 4 with T = 16 and float32, and an H100 wants some
hundred before its tensor cores are the limit. So real kernels have tiles of 128 by 128, in two levels: shared
memory for the block, registers for the thread. That is sgemm_shared.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "What one thread computes is a dot product. Cut it in pieces of TILE: what of A and B do all threads need for a piece?",
    "In a step there are as many threads as elements in a tile, so each fetches one of A and one of B. Let x run along the rows.",
    "At the edges the threads keep working, with zeros in the places of what is not there. Only the reads and the store are guarded.",
    "Two waits in each step: for the tile to be full, and, before it is overwritten, for all to be done with it.",
)

kernels = Kernels(__file__)


def global_reads(M: int, N: int, K: int, T: int) -> int:
    """Reads of A (M, K) and of B (K, N) together, by all blocks of T by T threads."""
    # wrong: return 2 * M * N * K  # that is without tiles: every thread reads for itself
    # wrong: return M * K + K * N  # every tile column of C reads all of A again
    # wrong: return (M * K * N + K * N * M) // T  # tiles at the edge are not full, but they read, too
    # wrong: return M * K * (N // T) + K * N * (M // T)  # tiles at the edge count
    # wrong: return M * K * -(-M // T) + K * N * -(-N // T)  # a row of A is read by the blocks along a row of C: as many as N has tiles
    # wrong: return 2 * -(-M // T) * -(-N // T) * -(-K // T) * T * T  # beyond the edges nothing is read
    # wrong: return M * K * -(-N // T)  # A and B together
    return M * K * -(-N // T) + K * N * -(-M // T)


def arithmetic_intensity(M: int, N: int, K: int, T: int, itemsize: int) -> float:
    """2 M N K over the bytes read of A and B, `itemsize` an element, and written of C, 4 an element."""
    # wrong: bytes_moved = itemsize * global_reads(M, N, K, T)  # C is written
    # wrong: bytes_moved = itemsize * (global_reads(M, N, K, T) + M * N)  # C is of float32, whatever A and B are
    # wrong: bytes_moved = itemsize * global_reads(M, N, K, T) + 2 * 4 * M * N  # C is written, not read
    # wrong: bytes_moved = itemsize * (M * K + K * N) + 4 * M * N  # the tiles are read again and again
    # wrong: bytes_moved = global_reads(M, N, K, T) + M * N  # that counts elements: how many bytes has each?
    bytes_moved = itemsize * global_reads(M, N, K, T) + 4 * M * N
    # wrong: return M * N * K / bytes_moved  # a multiplication and an addition are two operations
    # wrong: return 2 * M * N * K // bytes_moved  # not rounded down
    # wrong: return bytes_moved / (2 * M * N * K)  # operations per byte, not bytes per operation
    return 2 * M * N * K / bytes_moved
