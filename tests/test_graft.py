from typing import Any

from aire_katas.dev.graft import graft

STUB = '''"""A title"""

import math


class Point:
    """A point."""

    def __init__(self, x: float) -> None:
        self.x = x

    def norm(self) -> float:
        """Its length."""
        raise NotImplementedError


def area(point: Point) -> float:
    """Of the circle through it."""
    raise NotImplementedError
'''
SOLUTION = '''"""What to see"""

import math
from functools import partial

HINTS = ("a", "b")
TWO = 2


class Point:
    """A point."""

    def __init__(self, x: float) -> None:
        self.x = x

    def norm(self) -> float:
        """Its length."""
        return self._abs()

    def _abs(self) -> float:
        return abs(self.x)


def _square(point: Point) -> float:
    return pow(point.norm(), TWO)


def area(point: Point) -> float:
    """Of the circle through it."""
    square = partial(_square, point)
    return math.pi * square()
'''


def test_the_grafted_stub_runs() -> None:
    module: dict[str, Any] = {}
    exec(graft(STUB, SOLUTION), module)
    assert module["Point"](-3.0).norm() == 3
    assert round(module["area"](module["Point"](2.0)), 3) == 12.566
    assert module["__doc__"] == "A title"
    assert "HINTS" not in module


def test_the_stub_keeps_its_own_signatures() -> None:
    grafted = graft(STUB.replace("point: Point", "point: 'Point', scale: float = 1.0"), SOLUTION)
    assert "def area(point: 'Point', scale: float=1.0)" in grafted


def test_what_the_stub_ships_complete_is_not_replaced() -> None:
    module: dict[str, Any] = {}
    exec(graft(STUB.replace("self.x = x", "self.x = 10 * x"), SOLUTION), module)
    assert module["Point"](1.0).norm() == 10
