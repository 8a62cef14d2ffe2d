"""Two operators and a power; a - b is a + b * -1, and a / b is a * b**-1. tanh comes from expm1."""

import math
from typing import Union

Operand = Union["Value", float]


class Value:
    def __init__(self, data: float, parents: tuple["Value", ...] = (), op: str = "") -> None:
        self.data, self.grad, self.parents, self.op = float(data), 0.0, parents, op

    def __repr__(self) -> str:
        return f"<{self.op or 'input'} {self.data!r}>"

    def __add__(self, other: Operand) -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        return Value(math.fsum((self.data, other.data)), (self, other), "sum")

    def __mul__(self, other: Operand) -> "Value":
        other = other if isinstance(other, Value) else Value(other)
        return Value(math.prod((self.data, other.data)), (self, other), "product")

    def __pow__(self, exponent: float) -> "Value":
        if isinstance(exponent, Value):
            raise TypeError("the exponent is a number")
        return Value(pow(self.data, exponent), (self,), "power")

    def __neg__(self) -> "Value":
        return self * -1

    def __sub__(self, other: Operand) -> "Value":
        return self + (-other if isinstance(other, Value) else -Value(other))

    def __truediv__(self, other: Operand) -> "Value":
        return self * (other if isinstance(other, Value) else Value(other)) ** -1

    def __radd__(self, other: float) -> "Value":
        return Value(other) + self

    def __rsub__(self, other: float) -> "Value":
        return Value(other) + -self

    def __rmul__(self, other: float) -> "Value":
        return Value(other) * self

    def __rtruediv__(self, other: float) -> "Value":
        return Value(other) * self**-1

    def exp(self) -> "Value":
        return Value(math.e**self.data, (self,), "exp")

    def log(self) -> "Value":
        if self.data <= 0:
            raise ValueError(f"the logarithm of {self.data}")
        return Value(math.log2(self.data) * math.log(2), (self,), "log")

    def tanh(self) -> "Value":
        t = math.expm1(-2 * abs(self.data))  # tanh |x| = -t / (t + 2)
        return Value(math.copysign(t / (t + 2), self.data), (self,), "tanh")

    def relu(self) -> "Value":
        return Value(self.data if self.data > 0 else 0, (self,), "relu")
