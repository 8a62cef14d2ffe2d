"""Universal approximation by construction

That networks can approximate any continuous function is often quoted as if it were magic. On an interval you
can write the weights down, without any training, and count what accuracy costs in hidden units; with that in
mind you will not ask a network to be smooth for free, nor trust one beyond the data it has seen.

A network with one hidden layer of m units maps a number x to

    net(x) = relu(x * w1 + b1) @ w2 + b2          w1, b1, w2 (m,), and b2 a number

`params` is a dict with the keys "w1", "b1", "w2", three float64 arrays of the same length m, and "b2", a
float. `evaluate(params, x)` returns net at every entry of x (k,), an array (k,); k may be 0.

`relu_network_for(f, a, b, n)` returns the params of a network that joins n + 1 points of f by straight lines.
The points stand over the knots x_i = a + i (b - a) / n for i = 0 ... n, so that

    net(x_i) = f(x_i)                                    at every knot
    net is the straight line through its two ends        on each of the n pieces between neighbours
    net goes on along its first piece                    for all x below a
    net goes on along its last piece                     for all x above b

It has at most n + 1 hidden units; how many of these it uses, and in which order, is up to you. The function f
takes a float, or an array of them and then answers with an array of the same shape: ask it as you like. It is
known between a and b alone. An n below 1 is a ValueError, and so is an a that is not below b.

If f changes by at most L |x - y| between x and y (it is Lipschitz with constant L), then this network is
nowhere on [a, b] off by more than L h / 2, where h = (b - a) / n. `width_needed(lipschitz, length, eps)`
returns the smallest n, an int of at least 1, with which the bound is no more than eps, that is,
L * length / (2 n) <= eps with length = b - a. An eps that is not above 0 is a ValueError; that L is at least
0 and length above 0 needs no check.

Cybenko 1989; Hornik 1991; Prince 2023, section 3.2.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def evaluate(params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """net at each entry of x (k,), as an array (k,)."""
    raise NotImplementedError


def relu_network_for(f: Callable[[Any], Any], a: float, b: float, n: int) -> dict[str, Any]:
    """The network of at most n + 1 units that interpolates f at n + 1 equally spaced knots of [a, b]."""
    raise NotImplementedError


def width_needed(lipschitz: float, length: float, eps: float) -> int:
    """The smallest n >= 1 with lipschitz * length / (2 n) <= eps."""
    raise NotImplementedError
