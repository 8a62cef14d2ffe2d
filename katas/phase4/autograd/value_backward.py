"""MicroGrad II: backward

A `Value` knows what it was computed from. Once it also knows how much each of these moves it, a single walk
from the end of an expression to its inputs gives the derivative of the end with respect to everything on the
way. That is reverse mode, and the reason why the gradient of a loss costs no more than a few forward passes,
for ten parameters as for ten billion.

The class below is that of value_ops with its forward pass written out. Two things are missing,
and `zero_grad`, which puts the gradients of the Values it is given back to 0.0.

The slopes. Where an operation raises NotImplementedError, set `result.slopes`: the derivative of the result
with respect to each of its parents, as floats, in the order of the parents. By convention relu has slope 0 at
0, and the slope of x ** 0 is 0 everywhere, at 0 too. (A power of 0 has exponent 0 or at least 1, and a power
of a negative number a whole exponent.)

Backward. `root.backward()` adds d root / d v to `v.grad` for every Value v that root was computed from; the
root is one of them, with derivative 1. By the chain rule

    d root / d v  =  sum of  (d root / d c) * (slope of c with respect to v)

over every c that has v as a parent, once for each time that v is its parent: c = v + v counts twice.

It adds: whatever stands in a grad beforehand stays in the sum, but has no other effect. So a second
root.backward() doubles every grad, and one backward from each of two roots gives the gradient of their sum,
also where the roots share a part of the graph. (Micrograd passes the old gradients on, and gets this wrong.)
Values that root does not depend on keep their grad, and no data changes.

The graph may be 20,000 operations deep, and with 40 diamonds on top of each other there are 2**40 paths
through it: each Value is dealt with once.

The tests look at data and grad only: closures in the place of slopes are fine, too.

Karpathy, micrograd, 2020; Baydin et al. 2018, section 3.2.
"""

import math
from collections.abc import Iterable

from solutions.phase4.autograd.topo_order import topo_order  # for your backward


class Value:
    """A float, its gradient, the Values it came from and its derivative with respect to each of them."""

    def __init__(self, data: float, parents: tuple["Value", ...] = (), op: str = "") -> None:
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.op = op
        self.slopes: tuple[float, ...] = ()

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"

    def backward(self) -> None:
        """Add d self / d v to v.grad for every Value v that self was computed from, self included."""
        raise NotImplementedError

    def __add__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data + other.data, (self, other), "+")
        raise NotImplementedError
        return result

    def __mul__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data * other.data, (self, other), "*")
        raise NotImplementedError
        return result

    def __truediv__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data / other.data, (self, other), "/")
        raise NotImplementedError
        return result

    def __pow__(self, exponent: float) -> "Value":
        result = Value(self.data**exponent, (self,), f"**{exponent}")
        raise NotImplementedError
        return result

    def exp(self) -> "Value":
        """e to the power of self."""
        result = Value(math.exp(self.data), (self,), "exp")
        raise NotImplementedError
        return result

    def log(self) -> "Value":
        """Natural logarithm; ValueError unless self is positive."""
        result = Value(math.log(self.data), (self,), "log")
        raise NotImplementedError
        return result

    def tanh(self) -> "Value":
        """Hyperbolic tangent."""
        result = Value(math.tanh(self.data), (self,), "tanh")
        raise NotImplementedError
        return result

    def relu(self) -> "Value":
        """The larger of self and 0."""
        result = Value(max(self.data, 0.0), (self,), "relu")
        raise NotImplementedError
        return result

    # The rest is put together from these.

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: "Value | float") -> "Value":
        return self + -_wrap(other)

    def __radd__(self, other: float) -> "Value":
        return _wrap(other) + self

    def __rsub__(self, other: float) -> "Value":
        return _wrap(other) - self

    def __rmul__(self, other: float) -> "Value":
        return _wrap(other) * self

    def __rtruediv__(self, other: float) -> "Value":
        return _wrap(other) / self


def zero_grad(values: Iterable[Value]) -> None:
    """Set the grad of each of these Values, and of no others, to 0.0."""
    raise NotImplementedError


def _wrap(value: Value | float) -> Value:
    return value if isinstance(value, Value) else Value(value)
