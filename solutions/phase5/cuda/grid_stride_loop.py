"""The launch no longer depends on n: it can be as large as the GPU, and the loop does the rest.

The formula for the counts is that of dealing out cards: full rounds for all, and the first n % T threads get
one more. No thread ever has two elements more than another, whatever the launch.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Start from map_guard: the first element of a thread is the same. What does its `if` have to become?",
    "One trip of all threads covers as many elements as there are threads in the whole grid.",
    "The condition of the loop is the guard; it is checked before every trip, and so also before the last.",
    "In work_per_thread think of dealing out cards: how many full rounds are there, and who gets the rest?",
)

kernels = Kernels(__file__)


def work_per_thread(n: int, grid: int, block: int) -> np.ndarray:
    """Elements of each thread of a grid-stride loop over n elements, int64 (grid * block,)."""
    # wrong: threads = block  # one trip goes over all blocks
    # wrong: threads = grid  # each block has `block` threads
    threads = grid * block
    # wrong: return np.full(threads, n // threads)  # the elements after the last full trip belong to someone
    # wrong: return np.full(threads, -(-n // threads))  # in the last trip not every thread has an element
    # wrong: return n // threads + (np.arange(threads) <= n % threads)  # n % threads elements remain, so the last to get one is n % threads - 1
    # wrong: return n // threads + (np.arange(threads) >= threads - n % threads)  # the last trip begins at thread 0 again
    # wrong: return np.clip(n - np.arange(threads) * -(-n // threads), 0, -(-n // threads))  # that is a piece in a row for each thread
    # wrong: return n // threads + (np.arange(threads) % block < n % block)  # threads are numbered through all blocks
    # wrong: return np.array([n // threads + (t < n % threads) for t in range(threads)], np.int32)  # counts are int64
    # wrong: return (n - np.arange(threads)) // threads + 1  # count the elements t, t + T, ... below n: thread t has none at n itself
    return n // threads + (np.arange(threads) < n % threads)
