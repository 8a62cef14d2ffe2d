"""Hat functions by loops: f is called with floats, and units look both ways from the middle knot."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np


def evaluate(params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    units = list(zip(params["w1"], params["b1"], params["w2"], strict=True))
    values = [sum(out * max(0.0, one * w + b) for w, b, out in units) + params["b2"] for one in x]
    return np.array(values, dtype=float)


def relu_network_for(f: Callable[[Any], Any], a: float, b: float, n: int) -> dict[str, Any]:
    if n < 1:
        raise ValueError("no pieces")
    if not a < b:
        raise ValueError("no interval")
    knots = [a + (b - a) * i / n for i in range(n)] + [float(b)]
    heights = [float(f(knot)) for knot in knots]
    rise = [after - before for before, after in itertools.pairwise(heights)]
    scale = n / (b - a)  # every unit rises by 1 from one knot to the next
    start = n // 2
    units = [(scale, -scale * knots[start], rise[start])]
    for i in range(start + 1, n):
        units.append((scale, -scale * knots[i], rise[i] - rise[i - 1]))
    before = rise[max(start - 1, 0)]
    units.append((-scale, scale * knots[start], -before))
    for i in range(start - 1, 0, -1):
        units.append((-scale, scale * knots[i], rise[i] - rise[i - 1]))
    w1, b1, w2 = np.array(units).T
    return {"w1": w1, "b1": b1, "w2": w2, "b2": heights[start]}


def width_needed(lipschitz: float, length: float, eps: float) -> int:
    if eps <= 0:
        raise ValueError("no error that small")
    n = 1
    while Fraction(lipschitz) * Fraction(length) > 2 * n * Fraction(eps):
        n += 1
    return n
