"""One launch in progress: each access of each program is judged before it happens"""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import triton

from aire_katas.checks.triton.region import FIRST_SLOT, SLOT_BITS, Region
from aire_katas.checks.triton.report import Fault, Launch, Place
from aire_katas.checks.triton.shadow import Conflict, Shadow
from aire_katas.checks.triton.source import caller
from aire_katas.checks.triton.watch import Watch

VERBS = {"load": "loads", "store": "stores", "update": "atomically updates"}


class Running:
    """One launch in progress."""

    current: "Running | None" = None

    def __init__(self, watch: Watch, launch: Launch) -> None:
        self.watch, self.launch, self.report = watch, launch, watch.report
        self.regions: dict[int, Region] = {}
        self.shadows: dict[int, tuple[Shadow, np.ndarray | None]] = {}  # by slot; numbers in it, if others
        self.program, self.number = (0, 0, 0), 0
        self.name = ""  # of the parameter that is being passed

    def place(self, argument: Any) -> int:
        """The address that the kernel gets for a tensor."""
        tensor = argument.base if isinstance(argument, triton.runtime.jit.TensorWrapper) else argument
        if tensor.device.type != "cpu":
            raise ValueError(
                f"{self.name} lies on {tensor.device}, and kernels are interpreted here: "
                "use tensors on the CPU, or set TRITON_INTERPRET=0 to compile"
            )
        slot = FIRST_SLOT + len(self.regions)
        self.regions[slot] = Region(tensor, self.name, slot)
        return self.regions[slot].base

    def shadow(self, slot: int) -> tuple[Shadow, np.ndarray | None]:
        """Arguments that share memory share a shadow."""
        if slot not in self.shadows:
            region = self.regions[slot]
            low, high = region.span()
            group = {s: r for s, r in self.regions.items() if r.span()[0] < high and low < r.span()[1]} or {
                slot: region
            }
            if len({one.layout() for one in group.values()}) == 1:
                shadow = Shadow(region.count)
                self.shadows.update(dict.fromkeys(group, (shadow, None)))
            else:
                table = np.unique(np.concatenate([one.addresses() for one in self.regions.values()]))
                shadow = Shadow(len(table))
                for s, one in self.regions.items():
                    self.shadows[s] = shadow, np.searchsorted(table, one.addresses())
        return self.shadows[slot]

    def admit(
        self, kind: str, pointers: np.ndarray, mask: np.ndarray, size: int, values: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Judge an access of `size` bytes a lane: the real addresses, and the lanes that may go on."""
        flat = np.ascontiguousarray(pointers).reshape(-1)
        lanes = np.flatnonzero(np.broadcast_to(mask, pointers.shape))
        slots = flat[lanes] >> np.uint64(SLOT_BITS)
        real, allowed = flat.copy(), np.zeros(flat.shape, bool)
        for slot in np.unique(slots).tolist():
            here = lanes[slots == slot]
            if slot not in self.regions:
                address = f"address {int(flat[here[0]]):#x}"
                self.fault(
                    "out of bounds", f"{VERBS[kind]} {address}, which belongs to no tensor of this launch"
                )
                continue
            region = self.regions[slot]
            offsets = (flat[here] - np.uint64(region.base)).view(np.int64)
            inside = self._inside(kind, slot, region, offsets, size, None if values is None else values[here])
            real[here] = (offsets + region.real).view(np.uint64)
            allowed[here] = inside
        return real.reshape(pointers.shape), allowed.reshape(pointers.shape)

    def _inside(
        self, kind: str, slot: int, region: Region, offsets: np.ndarray, size: int, values: np.ndarray | None
    ) -> np.ndarray:
        parts = offsets[:, None] + np.arange(0, size, region.itemsize)
        if size < region.itemsize:
            parts -= parts % region.itemsize
        numbers = region.locate(parts)
        inside = np.asarray((numbers >= 0).all(1))
        if not inside.all():
            lane = int(inside.argmin())
            outside = f"{len(inside) - int(inside.sum())} of {len(inside)} lanes lie outside {region.name}"
            self.fault(
                "out of bounds",
                f"{VERBS[kind]} {region.index(offsets[lane])}: {outside}, which has {region.description()}",
            )
        elements, starts = numbers[inside].reshape(-1), parts[inside].reshape(-1)
        if not len(elements):
            return inside
        shadow, translation = self.shadow(slot)
        shadowed = elements if translation is None else translation[elements]
        conflict = getattr(shadow, kind)(shadowed, self.number)
        if conflict is not None:
            self._race(kind, region, int(starts[conflict.lane]), conflict)
        winners = shadow.winners(shadowed)
        distinct = int((winners == np.arange(len(winners))).sum())
        if values is not None and distinct < len(winners) and size == region.itemsize:
            self._lost(region, values[inside], winners, starts)
        self._count(kind, region, elements, starts, distinct)
        return inside

    def _count(
        self, kind: str, region: Region, elements: np.ndarray, starts: np.ndarray, distinct: int
    ) -> None:
        if region.layout() not in self.watch.touched:
            nowhere = np.zeros(region.count, bool)
            self.watch.touched[region.layout()] = region, nowhere, nowhere.copy()
        _, loaded, stored = self.watch.touched[region.layout()]
        fresh = self.watch.allocations.find(region.tensor)
        moved, launch = distinct * region.itemsize, self.launch
        if kind != "store":
            if fresh is not None and (lacking := fresh.lacks(region.real + starts)).any():
                at = region.index(starts[lacking.argmax()])
                self.fault("unwritten", f"{VERBS[kind]} {at}, which nothing has written before")
            loaded[elements] = True
        if kind != "load":
            stored[elements] = True
            if fresh is not None:
                fresh.write(region.real + starts)
        if kind == "load":
            launch.loads[region.name] += distinct
            launch.loaded += moved
        elif kind == "store":
            launch.stores[region.name] += distinct
            launch.stored += moved
        else:
            launch.atomics += 2 * moved

    def _race(self, kind: str, region: Region, offset: int, conflict: Conflict) -> None:
        nx, ny, _ = self.launch.grid
        other = conflict.other - 1
        who = (other % nx, other // nx % ny, other // (nx * ny))
        self.fault(
            "race",
            f"{VERBS[kind]} {region.index(offset)}, which program {who} has {conflict.did} in the same launch"
            "; programs run in any order, many at once",
        )

    def _lost(self, region: Region, values: np.ndarray, winners: np.ndarray, starts: np.ndarray) -> None:
        """Lanes of one store that disagree about an element."""
        raw = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
        wrong = (raw != raw[winners]).any(1)
        if wrong.any():
            at = region.index(int(starts[wrong.argmax()]))
            self.fault(
                "race", f"two lanes of one store give different values to {at}; which one stays is chance"
            )

    def fault(self, kind: str, text: str) -> None:
        self.report.add(Fault(kind, self.launch.kernel, Place(*caller()), self.program, text))

    def programs(self) -> Iterator[tuple[int, int, int]]:
        """All program ids, shuffled; `number` counts them from 1 in the order of their ids."""
        nx, ny, nz = self.launch.grid
        order = list(itertools.product(range(nx), range(ny), range(nz)))
        self.watch.random.shuffle(order)
        for x, y, z in order:
            self.program, self.number = (x, y, z), 1 + x + nx * (y + ny * z)
            yield self.program
