"""Scan the blocks, scan their totals, add what came before: three lines that are true at every size.

The totals are an array like any other, so the function calls itself, and a million elements are four levels.
What the flags' scan gives in compact is where each element goes; there is nothing to search and no race, for
no two are sent to the same place.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Six rounds: after the round with step s, every element holds the sum of 2 s numbers ending with its own.",
    "Read from one buffer, write to the other, wait, change them. Elements that add nothing are copied over.",
    "The block's total is the last of its sums, also where the block is not full, if what is missing counts as 0.",
    "inclusive_scan calls itself on the totals. In place is fine: each thread reads its element before it writes.",
    "Exclusive is inclusive less the element itself. Flags as numbers, scanned exclusively, are places.",
)

kernels = Kernels(__file__)
