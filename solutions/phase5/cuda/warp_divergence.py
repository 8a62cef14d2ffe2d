"""A branch is free as long as whole warps agree, and a loop costs what its longest lane costs. That is all that sorting
a ragged batch by length is about, and why a kernel has one warp, or one block, for a row rather than one thread.

Sums of sorted trips by every `warp`-th item are the least there is: a warp's longest lane cannot be shorter than the
best that is left. Ascending order pays for it in the last warp, whose absent lanes then wait for the longest item.

The compiler runs a short branch as predicated instructions, which cost the same: both sides are issued, with lanes
switched off. Since Volta each lane has a program counter of its own, so lanes on both sides may wait for one another;
what a warp issues at a time is still one instruction, for those lanes that are there.
"""

import numpy as np

HINTS = (
    "Cut the threads into warps first and ask one warp at a time: which different paths has it, what is its largest "
    "number of trips?",
    "Efficiency: above the bar are all trips of all lanes. Below it is what was issued: each warp's trips are those of its "
    "slowest lane, times `warp` slots, full or not.",
    "The longest item is somebody's, so its warp lasts that long anyway. Which items may share that warp for free? Go on with "
    "what is left, and see who ends in the warp that is not full.",
    "A stable sort keeps equals in order, but reversed it turns them round as well; an unsigned number has no negative. "
    "Python's sorted takes a key, and its ints do not overflow.",
)


def warp_cycles(path: np.ndarray, cost: dict[int, int], warp: int = 32) -> int:
    """Cycles of a branch in which thread i takes path[i], summed over the warps; KeyError without a cost."""
    # wrong: return sum(cost[p] for p in path.tolist()) // warp  # a path costs a warp the same for one lane as for all
    # wrong: return sum(cost[p] for p in path.tolist())  # lanes on the same path share its instructions
    # wrong: return sum(cost[p] for p in set(path.tolist()))  # each warp pays for its own paths
    # wrong: return sum(cost[p] for p in set(path.tolist())) * -(-len(path) // warp)  # a warp pays for its own paths only
    # wrong: return sum(max(cost[p] for p in lanes) for lanes in _warps(path, warp))  # paths run one after another, not at once
    # wrong: return sum(sum(cost.values()) for _ in _warps(path, warp))  # a path that no lane takes is jumped over
    # wrong: return sum(cost.get(p, 0) for lanes in _warps(path, warp) for p in set(lanes))  # a path without a cost is refused
    # wrong: return sum(cost[p] for lanes in _warps(path[: len(path) // warp * warp], warp) for p in set(lanes))  # the last warp works, too, with the lanes it has
    # wrong: return sum(cost[p] for lanes in _warps(path, 32) for p in set(lanes))  # the warp may have another width
    return sum(cost[p] for lanes in _warps(path, warp) for p in set(lanes))


def loop_cycles(trips: np.ndarray, body: int, warp: int = 32) -> int:
    """Cycles of a loop in which thread i makes trips[i] trips of `body` cycles, summed over the warps."""
    # wrong: return body * int(trips.sum())  # the lanes of a warp make their trips together
    # wrong: return body * int(trips.max(initial=0)) * -(-len(trips) // warp)  # a warp waits for its own slowest lane, not for another's
    # wrong: return body * int(trips.max(initial=0))  # every warp issues its own trips
    # wrong: return body * int(np.ceil(trips.sum() / warp))  # a warp waits for its slowest lane, the mean does not help
    # wrong: return body * sum(min(lanes) for lanes in _warps(trips, warp))  # the slowest lane must finish, too
    # wrong: return sum(max(lanes) for lanes in _warps(trips, warp))  # each trip costs `body` cycles
    # wrong: return body * sum(max(lanes) for lanes in _warps(trips[: len(trips) // warp * warp], warp))  # the last warp works, too
    # wrong: return body * sum(len(set(lanes)) for lanes in _warps(trips, warp))  # different numbers of trips are no different paths: lanes share the trips they have in common
    return body * sum(max(lanes) for lanes in _warps(trips, warp))


def best_order(trips: np.ndarray) -> np.ndarray:
    """perm (n,) for which trips[perm] costs least, whatever the warp's width; of equals the lower first."""
    # wrong: return np.argsort(trips, kind="stable")  # ascending puts the longest item where lanes are absent
    # wrong: return np.argsort(trips, kind="stable")[::-1]  # turning the order round turns round equals, too
    # wrong: return np.argsort(-trips, kind="stable")  # an unsigned number has no negative
    # wrong: return np.argsort(-trips.astype(np.int64))  # this sort does not keep equals in order
    # wrong: return np.sort(trips)[::-1].astype(np.int64)  # these are the trips: the numbers of the items are asked for
    # wrong: return np.argsort(np.argsort(-trips.astype(np.int64), kind="stable"))  # perm says which item a thread gets, not which thread an item
    return np.argsort(-trips.astype(np.int64), kind="stable")


def simd_efficiency(trips: np.ndarray, warp: int = 32) -> float:
    """Lane slots with work over lane slots issued, in a loop of trips[i] trips for thread i."""
    # wrong: issued = sum(len(lanes) * max(lanes) for lanes in _warps(trips, warp))  # absent lanes of the last warp have slots, too
    # wrong: issued = len(trips) * int(trips.max(initial=0))  # a warp stops when its own slowest lane is done
    # wrong: issued = sum(max(lanes) for lanes in _warps(trips, warp))  # each time there are `warp` slots
    issued = warp * loop_cycles(trips, 1, warp)
    # wrong: return int(trips.sum()) / issued if issued else 0.0  # where nothing was issued, nothing was wasted
    # wrong: return int(trips.sum()) / issued  # there may be no work at all
    # wrong: return issued / int(trips.sum()) if issued else 1.0  # it is the share of slots that did work
    # wrong: return np.count_nonzero(trips) / (warp * -(-len(trips) // warp)) if issued else 1.0  # a lane that is done early waits: count trips, not lanes
    # wrong: return float(np.mean([sum(lanes) / (warp * max(lanes) or 1) for lanes in _warps(trips, warp)])) if issued else 1.0  # a warp with more trips issues more slots: it weighs more
    return int(trips.sum()) / issued if issued else 1.0


def _warps(values: np.ndarray, warp: int) -> list[list[int]]:
    """What the lanes of each warp have, as Python's ints."""
    return [values[i : i + warp].tolist() for i in range(0, len(values), warp)]
