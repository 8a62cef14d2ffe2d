"""A word of padding a row, never used, makes the tile's columns 32 times faster.

It shifts each row by one bank against the row above, so that a column runs through all banks. Any odd length of
a row does that, and no even one: an odd number has no divisor in common with 32.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Sort the lanes' words into 32 sets, by bank. What does a set do with a word that two lanes ask for?",
    "Down a column the words are i * (width + p) for i = 0 ... 31. When are their remainders by 32 all different?",
    "A block reads a tile into shared memory, waits, and writes it turned over. The same thread need not write "
    "what it has read; let threadIdx.x count along a row both times.",
    "On the way out the block's place changes as well: tile (x, y) of A is tile (y, x) of out. The row length and "
    "the guards change with it.",
)

BANKS = 32

kernels = Kernels(__file__)


def conflict_degree(word_addr: np.ndarray, active: np.ndarray | None = None) -> int:
    """Most different words that any one bank is asked for by the active lanes; 0 without any."""
    # wrong: words = word_addr.tolist()  # lanes that take no part ask for nothing
    # wrong: words = set(word_addr.tolist())  # lanes that take no part ask for nothing
    # wrong: words = (word_addr if active is None else word_addr[active]).tolist()  # a word that several lanes ask for is served once
    # wrong: words = set((word_addr if active is None else word_addr * active).tolist())  # a lane that takes no part does not ask for word 0 instead
    # wrong: words = set((word_addr // 4 if active is None else word_addr[active] // 4).tolist())  # these are numbers of words, no longer of bytes
    # wrong: words = {word % BANKS for word in (word_addr if active is None else word_addr[active]).tolist()}  # two words of one bank are two
    words = set((word_addr if active is None else word_addr[active]).tolist())
    # wrong: banks = [word // BANKS for word in words]  # neighbouring words are in neighbouring banks
    banks = [word % BANKS for word in words]
    # wrong: return max(map(banks.count, banks))  # there may be no active lane
    # wrong: return max(map(banks.count, banks), default=1)  # no lane, no pass
    # wrong: return max(map(banks.count, banks), default=0) - 1  # count the passes, and the first is one
    # wrong: return len(banks) - len(set(banks)) + 1 if banks else 0  # banks work side by side: the slowest one counts
    # wrong: return len(set(banks))  # many banks are good; how long does the busiest take?
    return max(map(banks.count, banks), default=0)


def pad_for(width: int) -> int:
    """Fewest unused words behind each row of `width` that free columns of 32 rows from conflicts."""
    # wrong: return 1  # an odd width needs no padding, and one word would spoil it
    # wrong: return width % 2  # it is the even widths that share a factor with 32
    # wrong: return int(width % BANKS == 0)  # width 16 has conflicts, too, and so has 2
    # wrong: return -width % BANKS  # a multiple of 32 is the worst of all
    return 1 - width % 2
