"""A relu is a knee: each unit bends the line at one place, by as much as its w2. So n pieces cost about n units, and the
error falls with n or, where f is smooth, with n squared. That is approximation in one dimension, where a grid is
cheap: in d dimensions the same idea takes n^d points, and outside [a, b] the network knows nothing. Depth, and
training that puts the knees where the data bend, are what makes networks better than this table of values.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

HINTS = (
    "Walk along the graph from a to b. relu(x - c) does nothing up to c and has slope 1 from there on: what has to be "
    "switched on at a knot so that the line takes its new slope?",
    "Units once switched on stay on. At knot i the units so far add up to the slope of the piece before; the new unit "
    "contributes what is lacking.",
    "At the first knot nothing is on yet, so the first unit brings the whole first slope, and b2 the height. To the left of "
    "a such units are all silent: one that looks to the left, and is silent to the right of a, draws the line on.",
    "For width_needed solve the inequality for n and round so that it still holds. When L is 0 one piece is enough.",
)


def evaluate(params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """net at each entry of x (k,), as an array (k,)."""
    # wrong: hidden = np.outer(x, params["w1"]) + params["b1"]  # without the relu the network is one straight line
    # wrong: hidden = np.maximum(np.outer(x, params["w1"]), 0) + params["b1"]  # the bias is added before the relu: it says where the knee is
    # wrong: hidden = np.maximum(np.outer(x + params["b1"].sum(), params["w1"]), 0)  # every unit has a bias of its own
    hidden = np.maximum(np.outer(x, params["w1"]) + params["b1"], 0)  # (k, m)
    # wrong: return hidden @ params["w2"]  # b2 lifts the whole function
    # wrong: return np.maximum(hidden @ params["w2"] + params["b2"], 0)  # the output has no relu: functions may be negative
    # wrong: return hidden.sum(1) * params["w2"].sum() + params["b2"]  # each unit has its own weight
    return hidden @ params["w2"] + params["b2"]


def relu_network_for(f: Callable[[Any], Any], a: float, b: float, n: int) -> dict[str, Any]:
    """The network of at most n + 1 units that interpolates f at n + 1 equally spaced knots of [a, b]."""
    # wrong: if n < 1:  # an interval that is empty or the wrong way round is a ValueError
    #            raise ValueError(f"no {n} pieces")
    # wrong: if n < 1 or a > b:  # an a equal to b leaves no interval either
    #            raise ValueError(f"no {n} pieces in [{a}, {b}]")
    # wrong: if a >= b:  # at least one piece is needed
    #            raise ValueError(f"nothing lies in [{a}, {b}]")
    # wrong: if n < 2 or a >= b:  # one piece, a straight line, is allowed
    #            raise ValueError(f"no {n} pieces in [{a}, {b}]")
    if n < 1 or a >= b:
        raise ValueError(f"no {n} pieces in [{a}, {b}]")
    # wrong: knots = np.linspace(a, b, max(n, 2))  # n pieces have n + 1 ends
    # wrong: knots = np.linspace(a, b, n + 2)  # n pieces have n + 1 ends
    # wrong: knots = np.linspace(a, b, n + 1, endpoint=False)  # the last knot is b
    # wrong: knots = (a + b) / 2 - (b - a) / 2 * np.cos(np.pi * np.arange(n + 1) / n)  # the knots are equally spaced
    knots = np.linspace(a, b, n + 1)
    y = f(knots)
    # wrong: slopes = np.diff(y)  # a slope is a rise over a run: divide by the distance of the knots
    # wrong: slopes = np.gradient(y, knots)[:n]  # the slope of a piece comes from its two ends
    slopes = np.diff(y) / np.diff(knots)  # (n,)
    # wrong: changes = slopes  # units stay on: each adds the change of slope, not the slope
    # wrong: changes = np.cumsum(slopes)  # the units add up by themselves: each brings the change alone
    # wrong: changes = np.diff(slopes, prepend=slopes[0])  # before the first knot nothing is on: the first piece is forgotten
    # wrong: changes = -np.diff(slopes, prepend=0.0)  # a change is the new slope minus the old one
    # wrong: changes = np.diff(slopes, append=0.0)  # the change at a knot is that from the piece before to the piece behind it
    changes = np.diff(slopes, prepend=0.0)  # at the knots 0 ... n - 1
    # wrong: w1 = np.ones(n + 1)  # a unit that looks to the left has a negative weight
    w1 = np.append(np.ones(n), -1.0)
    # wrong: b1 = np.append(knots[:-1], a)  # relu(x - c) has the bias -c
    # wrong: b1 = np.append(-knots[1:], a)  # a piece is switched on where it begins, not where it ends
    # wrong: b1 = np.append(-knots[:-1], -a)  # relu(c - x) has the bias c
    # wrong: b1 = np.append(-np.arange(n) / n, a)  # the knees belong at the knots
    b1 = np.append(-knots[:-1], a)
    # wrong: w2 = np.append(changes, slopes[0])  # on the way to the left along the first piece the sign turns
    # wrong: w2 = np.append(changes, 0.0)  # below a the network goes on along its first piece instead of staying level
    # wrong: w2 = np.append(changes, -slopes[-1])  # below a it is the first piece that goes on
    w2 = np.append(changes, -slopes[0])
    # wrong: b2 = float(f(0.0))  # all units are silent at a, not at 0
    # wrong: b2 = float(y.mean())  # all units are silent at a: there b2 alone has to give f
    # wrong: b2 = float(y[-1])  # all units are silent at a, not at b
    # wrong: b2 = 0.0  # all units are silent at a, and f(a) need not be 0
    b2 = float(y[0])
    return {"w1": w1, "b1": b1, "w2": w2, "b2": b2}


def width_needed(lipschitz: float, length: float, eps: float) -> int:
    """The smallest n >= 1 with lipschitz * length / (2 n) <= eps."""
    # wrong: if eps < 0:  # an error of 0 would take infinitely many units
    #            raise ValueError(f"cannot promise an error of {eps}")
    # wrong: pass  # an eps that is not above 0 is a ValueError
    if eps <= 0:
        raise ValueError(f"cannot promise an error of {eps}")
    # wrong: return max(1, math.floor(lipschitz * length / (2 * eps)))  # rounded down, the bound is missed
    # wrong: return max(1, round(lipschitz * length / (2 * eps)))  # rounded down, the bound may be missed
    # wrong: return math.floor(lipschitz * length / (2 * eps)) + 1  # where the bound is met exactly, one fewer will do
    # wrong: return math.ceil(lipschitz * length / (2 * eps))  # at least one piece is needed
    # wrong: return max(1, math.ceil(lipschitz * length / eps))  # the bound is half as large: L h / 2
    # wrong: return max(1, math.ceil(lipschitz / (2 * eps)))  # a longer interval needs more pieces
    return max(1, math.ceil(lipschitz * length / (2 * eps)))
