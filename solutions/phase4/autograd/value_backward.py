"""Two parts that know nothing of each other: local slopes, one line an operation, and a walk that is the same for every
graph. PyTorch is built so, with vector-Jacobian products in the place of slopes. The gradients of one walk live
in a dict of their own, and are added to .grad at the end of it; that is how a second backward cannot pick up what
the first has left.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter

from solutions.phase4.autograd.topo_order import topo_order

HINTS = (
    "The slopes first: for each operation, hold all parents but one still and differentiate with respect to that one. For "
    "exp and tanh the slope is short in terms of the result.",
    "A Value may pass its gradient on to its parents only when everything computed from it has passed on its own. Which order "
    "guarantees that, and from which end?",
    "Do not use .grad to carry the gradients of this walk: it may hold something from an earlier one. Collect them in a dict "
    "whose keys are Values, starting with 1.0 for the root, and add to .grad once for each Value.",
)


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
        gradients = defaultdict[Value, float](float, {self: 1.0})
        # wrong: self.grad = 1.0  # .grad may hold something already: that would be passed on, and counted twice
        #        for value in reversed(topo_order(self, attrgetter("parents"))):
        #            for parent, slope in zip(value.parents, value.slopes, strict=True):
        #                parent.grad += value.grad * slope
        # wrong: order = topo_order(self, attrgetter("parents"))  # backward adds to the gradients that are there: setting them to zero is for zero_grad
        #        zero_grad(order)
        #        self.grad = 1.0
        #        for value in reversed(order):
        #            for parent, slope in zip(value.parents, value.slopes, strict=True):
        #                parent.grad += value.grad * slope
        # wrong: def visit(value: Value, gradient: float) -> None:  # this walks every path by itself: too many, and too deep for recursion
        #            value.grad += gradient
        #            for parent, slope in zip(value.parents, value.slopes, strict=True):
        #                visit(parent, gradient * slope)
        #
        #        visit(self, 1.0)
        # wrong: order = [self]  # breadth first, a Value can have its turn before all that was computed from it
        #        for value in order:
        #            order += [parent for parent in dict.fromkeys(value.parents) if parent not in order]
        #        for value in order:
        #            value.grad += gradients[value]
        #            for parent, slope in zip(value.parents, value.slopes, strict=True):
        #                gradients[parent] += gradients[value] * slope
        # wrong: for value in topo_order(self, attrgetter("parents")):  # gradients flow from the root to the inputs: walk from that end
        #            value.grad += gradients[value]
        #            for parent, slope in zip(value.parents, value.slopes, strict=True):
        #                gradients[parent] += gradients[value] * slope
        for value in reversed(topo_order(self, attrgetter("parents"))):
            # wrong: value.grad = gradients[value]  # backward adds to what .grad holds already
            # wrong: value.grad += gradients[value] if not value.parents else 0.0  # every Value on the way has a gradient, not the inputs alone
            # wrong: value.grad += gradients[value] if value is not self else 0.0  # the root has a gradient, too: 1
            value.grad += gradients[value]
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                # wrong: gradients[parent] = gradients[value] * slope  # a Value that is used twice gets a gradient from each use: add
                # wrong: gradients[parent] += slope  # the chain rule multiplies the slope by the gradient that arrives
                gradients[parent] += gradients[value] * slope

    def __add__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data + other.data, (self, other), "+")
        # wrong: result.slopes = (self.data, other.data)  # a sum moves exactly as far as each of its terms
        result.slopes = (1.0, 1.0)
        return result

    def __mul__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data * other.data, (self, other), "*")
        # wrong: result.slopes = (self.data, other.data)  # the slope with respect to a factor is the other factor
        result.slopes = (other.data, self.data)
        return result

    def __truediv__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        result = Value(self.data / other.data, (self, other), "/")
        # wrong: result.slopes = (1 / other.data, 0.0)  # the denominator is no constant: it has a slope as well
        # wrong: result.slopes = (1 / other.data, self.data / other.data**2)  # a larger denominator makes the quotient smaller: mind the sign
        # wrong: result.slopes = (1 / other.data, -1 / other.data**2)  # the slope of the denominator has the numerator in it
        result.slopes = (1 / other.data, -result.data / other.data)
        return result

    def __pow__(self, exponent: float) -> "Value":
        result = Value(self.data**exponent, (self,), f"**{exponent}")
        # wrong: result.slopes = (exponent * self.data**exponent,)  # the exponent goes down by one in the derivative
        # wrong: result.slopes = (self.data ** (exponent - 1) if exponent else 0.0,)  # the exponent comes down as a factor
        # wrong: result.slopes = (exponent * self.data ** (exponent - 1),)  # at 0 and exponent 0 this is 0 times 1/0: the slope is 0 there
        # wrong: result.slopes = (exponent * result.data / self.data,)  # this divides by zero at 0, where x ** 2 has the slope 0
        result.slopes = (exponent * self.data ** (exponent - 1) if exponent else 0.0,)
        return result

    def exp(self) -> "Value":
        """e to the power of self."""
        result = Value(math.exp(self.data), (self,), "exp")
        # wrong: result.slopes = (self.data * result.data,)  # this is no power rule: exp is its own derivative
        result.slopes = (result.data,)
        return result

    def log(self) -> "Value":
        """Natural logarithm; ValueError unless self is positive."""
        result = Value(math.log(self.data), (self,), "log")
        # wrong: result.slopes = (1 / result.data,)  # the slope of log x is one over x, not one over log x
        result.slopes = (1 / self.data,)
        return result

    def tanh(self) -> "Value":
        """Hyperbolic tangent."""
        result = Value(math.tanh(self.data), (self,), "tanh")
        # wrong: result.slopes = (1 - self.data**2,)  # the slope is 1 - tanh(x)**2: the square of the result, not of x
        # wrong: result.slopes = (1 - result.data,)  # the tanh is squared in its derivative
        result.slopes = (1 - result.data**2,)
        return result

    def relu(self) -> "Value":
        """The larger of self and 0."""
        result = Value(max(self.data, 0.0), (self,), "relu")
        # wrong: result.slopes = (float(self.data >= 0),)  # at 0 the slope is 0 by convention
        # wrong: result.slopes = (result.data,)  # the slope is 1 where the input is positive, however large it is
        # wrong: result.slopes = (1.0,)  # where relu cuts off, nothing moves: the slope is 0
        result.slopes = (float(self.data > 0),)
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
    for value in values:
        # wrong: value.data = 0.0  # the gradient is set to zero, not the value itself
        # wrong: for one in topo_order(value, attrgetter("parents")):  # only the Values that are given are set to zero, not what they came from
        #            one.grad = 0.0
        value.grad = 0.0


def _wrap(value: Value | float) -> Value:
    return value if isinstance(value, Value) else Value(value)
