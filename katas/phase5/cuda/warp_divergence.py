"""SIMT cost of a branch

A GPU does not run threads, it runs warps: 32 threads, the lanes, that share one stream of instructions. Where
lanes of a warp want different things, the warp does one thing after the other with the rest of its lanes
switched off. Padding, ragged batches and routed tokens all meet this, and it may cost 32 times the work.

Take this branch, in a kernel where thread i has element i:

    if (x[i] < 0)        a();        // path 0
    else if (i % 4 == 0) b();        // path 1
    else                 c();        // path 2

Thread i takes one of three ways; path[i] says which. Say that the cycles that a warp needs for a(), b() and
c() are cost = {0: 40, 1: 8, 2: 6}. A warp with lanes on paths 0 and 2 runs a() for some of its lanes, then
c() for the others, and only then do all go on together: 46 cycles, whether one lane is on path 0 or thirty.
A path that no lane of the warp takes is jumped over and costs nothing. And so with a loop:

    for (int k = begin[i]; k < end[i]; k++)        // trips[i] = end[i] - begin[i]
        sum += weight[k] * x[column[k]];           // the body

A warp repeats the body, `body` cycles each time, until its last lane has finished; lanes that were done
earlier wait.

Warps are formed by number: threads 0 to warp - 1 are the first warp, the next `warp` threads the second, and
so on. The last one may have fewer than `warp` threads: its absent lanes take no path and no trips, but their
slots are there, and stay empty. What a warp costs does not depend on other warps, and a kernel's cycles here
are the sum over its warps.

    warp_cycles(path, cost)      cycles of the branch, all warps. Path ids are any ints, as the keys of cost
                                 are; a cost is an int >= 0, and ids in cost that no thread takes do not
                                 matter. A thread's path that is not in cost is a KeyError.
    loop_cycles(trips, body)     cycles of the loop, all warps. body is an int >= 0.
    best_order(trips)            you may choose which thread gets which item: thread j does item perm[j].
                                 The perm for which loop_cycles(trips[perm], body, warp) is as small as any
                                 order can make it, for every width of the warp at once (there is one). Of
                                 items with the same trips the one with the lower number comes first.
    simd_efficiency(trips)       the share of the issued lane slots that did work in the loop. A warp issues
                                 `warp` slots each time it runs the body, absent lanes included; a slot did
                                 work where its lane still had a trip to make. 1.0 where none was issued.

path and trips have shape (n,), any n >= 0 (no threads are no warps), and any integer dtype, unsigned and
8 bits wide among them; trips are >= 0. warp is an int >= 1. Cycles are exact Python ints, perm is an int64
array (n,), the efficiency a Python float. Inputs are not changed.

Hwu, Kirk and El Hajj 2022, Programming Massively Parallel Processors, ch. 4.5.
"""

import numpy as np


def warp_cycles(path: np.ndarray, cost: dict[int, int], warp: int = 32) -> int:
    """Cycles of a branch in which thread i takes path[i], summed over the warps; KeyError without a cost."""
    raise NotImplementedError


def loop_cycles(trips: np.ndarray, body: int, warp: int = 32) -> int:
    """Cycles of a loop in which thread i makes trips[i] trips of `body` cycles, summed over the warps."""
    raise NotImplementedError


def best_order(trips: np.ndarray) -> np.ndarray:
    """perm (n,) for which trips[perm] costs least, whatever the warp's width; of equals the lower first."""
    raise NotImplementedError


def simd_efficiency(trips: np.ndarray, warp: int = 32) -> float:
    """Lane slots with work over lane slots issued, in a loop of trips[i] trips for thread i."""
    raise NotImplementedError
