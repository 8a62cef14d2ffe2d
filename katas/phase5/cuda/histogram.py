"""Histograms: atomics and privatisation

How many tokens does each expert of a mixture get, how often does each word occur, how are the values of a
weight spread? Many threads add into few counters, and two that add at once must not lose a count. An atomic
sees to that by letting them wait for one another, which no test of values ever shows: a histogram may be
right and many times as slow as it could be. Counting for each block alone, in shared memory, and adding up at
the end is what makes it fast: privatisation.

Write two kernels in `histogram.cu`, beside this file. Both add to counts (bins,), int32, the number of ids
(n,), int32, that equal each bin:

    counts[b] += number of i < n with ids[i] == b            0 <= b < bins, 1 <= bins <= MOST_BINS = 64

What stands in counts beforehand stays in the sum. An id that is negative, or bins and more, counts nowhere
(padding is often marked by -1 or -100). Grid and block have one dimension and any size: blocks may have fewer
threads than there are bins, and the grid fewer threads than there are ids, so go over them by a grid-stride
loop: in a grid of T threads, number t reads the ids t, t + T, ..., each once, and so neighbouring lanes read
neighbours. n may be 0, and n + T is less than 2**31.

    hist_naive      one atomicAdd to counts in global memory for every id that counts
    hist_private    every block has counters of its own in shared memory, which nobody clears for it; it
                    counts there, by atomics, and at the end adds each of its counters to counts: at most one
                    atomic to global memory for each bin and block

`counts[b]++` without an atomic reads, adds and writes back what may be old by then. The tests report it as a
race, also where the result happens to be right.

`aire-katas profile histogram` shows how many lanes wait for one another in each line.

Hwu, Kirk and El Hajj 2022, Programming Massively Parallel Processors, ch. 9.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of histogram.cu
