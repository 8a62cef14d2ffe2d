"""Index, guard, launch: the first three lines of every kernel, and the last that are the same in all.

Try the kernel without its guard: the results are right, and yet it has written into what belongs to another.
On a GPU nobody would have told you.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Count the threads that come before yours: those of whole blocks, then those of your own block.",
    "A thread knows blockIdx, blockDim and threadIdx. Two of them multiplied say where its block begins.",
    "Blocks are the elements divided by the threads, rounded up; (n + t - 1) // t rounds up without floats.",
    "In two dimensions do it twice, in x for the column and in y for the row, and guard each by its own end.",
)

LARGEST_BLOCK = 1024

kernels = Kernels(__file__)


def launch_1d(n: int, threads: int) -> tuple[int, int]:
    """(blocks, threads of a block) with a thread for each of n elements; ValueError for an illegal block."""
    # wrong: if threads > LARGEST_BLOCK:  # a block without threads is illegal, too
    #            raise ValueError(f"a block has 1 to {LARGEST_BLOCK} threads, not {threads}")
    # wrong: if not 1 <= threads < LARGEST_BLOCK:  # 1024 threads are allowed
    #            raise ValueError(f"a block has 1 to {LARGEST_BLOCK} threads, not {threads}")
    if not 1 <= threads <= LARGEST_BLOCK:
        raise ValueError(f"a block has 1 to {LARGEST_BLOCK} threads, not {threads}")
    # wrong: return max(1, n // threads), threads  # the elements after the last full block need a block
    # wrong: return n // threads + 1, threads  # where n is a multiple, that is a block too many
    # wrong: return -(-n // threads), threads  # a launch of no block is an error
    return max(1, -(-n // threads)), threads


def launch_2d(rows: int, cols: int, threads: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """((blocks in x, in y), threads) with a thread for each element; ValueError for an illegal block."""
    tx, ty = threads
    # wrong: launch_1d(1, max(tx, ty))  # the limit holds for the block: its threads are tx * ty
    launch_1d(1, tx * ty)
    # wrong: return (launch_1d(rows, tx)[0], launch_1d(cols, ty)[0]), threads  # x counts the columns
    return (launch_1d(cols, tx)[0], launch_1d(rows, ty)[0]), threads
