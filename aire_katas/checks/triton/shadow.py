"""Who touched an element during a launch: what shows two programs at one address

On a GPU the programs of a launch run in any order, many at once. So an element that one program stores must
not be loaded, stored or added to by another, whatever the order in which the interpreter happens to run
them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Conflict:
    """Two programs at one element; `lane` is the position among the elements that were asked about."""

    lane: int
    other: int  # number of the program that came first
    did: str  # what it did: "stored" ...


class Shadow:
    """For each element the programs (from 1; 0 is none) that stored, loaded and atomically updated it."""

    def __init__(self, count: int) -> None:
        self.storer = np.zeros(count, np.int32)
        self.loaders = _Pair(count)
        self.updaters = _Pair(count)
        self.stamp = np.zeros(count, np.int32)

    def load(self, elements: np.ndarray, program: int) -> Conflict | None:
        found = self._stored(elements, program) or self.updaters.conflict(
            elements, program, "atomically updated"
        )
        self.loaders.add(elements, program)
        return found

    def store(self, elements: np.ndarray, program: int) -> Conflict | None:
        found = (
            self._stored(elements, program)
            or self.updaters.conflict(elements, program, "atomically updated")
            or self.loaders.conflict(elements, program, "loaded")
        )
        self.storer[elements] = program
        return found

    def update(self, elements: np.ndarray, program: int) -> Conflict | None:
        found = self._stored(elements, program) or self.loaders.conflict(elements, program, "loaded")
        self.updaters.add(elements, program)
        return found

    def winners(self, elements: np.ndarray) -> np.ndarray:
        """For each lane the lane that has the last word on its element: itself, unless elements repeat."""
        lanes = np.arange(len(elements), dtype=np.int32)
        self.stamp[elements] = lanes
        return self.stamp[elements]

    def _stored(self, elements: np.ndarray, program: int) -> Conflict | None:
        storer = self.storer[elements]
        return _first((storer != 0) & (storer != program), storer, "stored")


class _Pair:
    """Per element the first program of a kind and one other: enough to name a stranger."""

    def __init__(self, count: int) -> None:
        self.first = np.zeros(count, np.int32)
        self.second = np.zeros(count, np.int32)

    def add(self, elements: np.ndarray, program: int) -> None:
        first = self.first[elements]
        self.first[elements] = np.where(first == 0, program, first)
        self.second[elements] = np.where((first != 0) & (first != program), program, self.second[elements])

    def conflict(self, elements: np.ndarray, program: int, did: str) -> Conflict | None:
        first, second = self.first[elements], self.second[elements]
        other = np.where((first != 0) & (first != program), first, second)
        return _first((other != 0) & (other != program), other, did)


def _first(wrong: np.ndarray, others: np.ndarray, did: str) -> Conflict | None:
    if not wrong.any():
        return None
    lane = int(wrong.argmax())
    return Conflict(lane, int(others[lane]), did)
