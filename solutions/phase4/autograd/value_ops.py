"""Operator overloading turns plain arithmetic into a graph without the author of the arithmetic noticing: PyTorch's
define-by-run is the same trick on tensors. What is missing is a local derivative at each node: that is the
next kata.
"""

import math

HINTS = (
    "Every operator ends in the same way: Value(the number, (the operands), the sign). A helper that wraps a number in a "
    "Value, and leaves a Value alone, keeps each of them to two lines.",
    "For `2 - a` Python first asks the int, which declines, and then calls a.__rsub__(2): self is the right operand there. "
    "Wrap the 2 and subtract the other way round.",
    "math.tanh is right for every float, exp(2x) is not. Do not define __eq__: Python's default compares by identity and "
    "keeps the class hashable.",
)


class Value:
    """A float, its gradient (0.0 until it is computed), the Values it came from and the operation."""

    # wrong: def __eq__(self, other: object) -> bool:  # equality by value removes the hash: no Value could be in a set
    #            return isinstance(other, Value) and self.data == other.data
    #
    #        def __init__(self, data: float, parents: tuple["Value", ...] = (), op: str = "") -> None:
    #            self.data, self.grad, self.parents, self.op = float(data), 0.0, parents, op
    def __init__(self, data: float, parents: tuple["Value", ...] = (), op: str = "") -> None:
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.op = op

    def __repr__(self) -> str:
        # wrong: return f"Value(grad={self.grad})"  # repr shows the data
        return f"Value(data={self.data})"

    def __add__(self, other: "Value | float") -> "Value":
        # wrong: other = other if isinstance(other, Value) else Value(0.0)  # the number itself has to be wrapped
        other = _wrap(other)
        # wrong: return Value(self.data + other.data, (self,), "+")  # both operands are parents
        # wrong: return Value(self.data + other.data, (other, self), "+")  # parents stand in the order of the operands
        return Value(self.data + other.data, (self, other), "+")

    def __radd__(self, other: float) -> "Value":
        return _wrap(other) + self

    def __sub__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        # wrong: return Value(other.data - self.data, (self, other), "-")  # this is the difference the wrong way round
        return Value(self.data - other.data, (self, other), "-")

    def __rsub__(self, other: float) -> "Value":
        """other - self."""
        # wrong: return self - other  # 2 - v calls v.__rsub__(2): self is the right operand
        return _wrap(other) - self

    def __mul__(self, other: "Value | float") -> "Value":
        # wrong: if not isinstance(other, Value):  # a number has to become a Value, else the graph loses a parent
        #            return Value(self.data * other, (self,), "*")
        other = _wrap(other)
        # wrong: self.data *= other.data  # an operator makes a new Value and leaves its operands alone
        #        return self
        return Value(self.data * other.data, (self, other), "*")

    def __rmul__(self, other: float) -> "Value":
        return _wrap(other) * self

    def __truediv__(self, other: "Value | float") -> "Value":
        other = _wrap(other)
        # wrong: return Value(self.data // other.data, (self, other), "/")  # true division, not floor division
        return Value(self.data / other.data, (self, other), "/")

    def __rtruediv__(self, other: float) -> "Value":
        """other / self."""
        # wrong: return self / other  # 2 / v calls v.__rtruediv__(2): self is the denominator
        return _wrap(other) / self

    def __neg__(self) -> "Value":
        # wrong: self.data = -self.data  # -v must leave v as it is: return a new Value
        #        return self
        return Value(-self.data, (self,), "neg")

    def __pow__(self, exponent: float) -> "Value":
        """self ** exponent for an int or float; TypeError for anything else."""
        # wrong: exponent = exponent.data if isinstance(exponent, Value) else exponent  # a Value as exponent is a TypeError
        if not isinstance(exponent, int | float):
            return NotImplemented
        # wrong: return Value(self.data**exponent, (self, Value(exponent)), "**")  # the exponent is a constant, no parent
        return Value(self.data**exponent, (self,), f"**{exponent}")

    def exp(self) -> "Value":
        """e to the power of self."""
        return Value(math.exp(self.data), (self,), "exp")

    def log(self) -> "Value":
        """Natural logarithm; ValueError unless self is positive."""
        # wrong: return Value(math.log(abs(self.data)), (self,), "log")  # a negative number has no real logarithm: raise
        # wrong: return Value(math.log10(self.data), (self,), "log")  # the natural logarithm is asked for
        return Value(math.log(self.data), (self,), "log")

    def tanh(self) -> "Value":
        """Hyperbolic tangent, without overflow for any float."""
        # wrong: e = math.exp(2 * self.data)  # exp(2x) overflows from x = 355 on, where tanh is just 1
        #        return Value((e - 1) / (e + 1), (self,), "tanh")
        return Value(math.tanh(self.data), (self,), "tanh")

    def relu(self) -> "Value":
        """The larger of self and 0."""
        # wrong: return Value(abs(self.data), (self,), "relu")  # negative numbers become 0
        return Value(max(self.data, 0.0), (self,), "relu")


def _wrap(value: Value | float) -> Value:
    return value if isinstance(value, Value) else Value(value)
