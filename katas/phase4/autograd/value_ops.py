"""MicroGrad I: a value that remembers

Before gradients can flow backwards, the forward pass has to leave a trail. A `Value` holds one float and the
Values it was computed from:

    a, b = Value(2.0), Value(-3.0)
    c = a * b + a
    c.data         # -4.0
    c.parents      # (the Value of a * b, a)

Operators: `+ - * /` between Values, with an int or float on either side, unary `-`, and `**` with an int or
float exponent; a Value as exponent is a TypeError (return NotImplemented from an operator method and Python
raises it). Methods: `exp()`, `log()`, `tanh()`, `relu()`; the log of a number that is not positive is a
ValueError, tanh of any float is right to the last digits, relu(x) is max(x, 0).

A result's parents are its operands, left to right, where a number is first wrapped in a new Value: `2 - a`
comes from Value(2) and a. `a ** 3` has the parent a alone, for the exponent is a constant; `exp()` and the
other methods have one parent too. `-`, `/` and the negative may be put together from other operators, for
example a - b as a + (-b): then the parents are those of the last step. What counts is that everything a
result was computed from is reachable through parents.

Making an expression changes none of its operands. Two Values are equal only if they are the same object, so
that they can be members of a set. `repr` shows the data. `op` names the operation, for people to read: "" for
an input.

Karpathy, micrograd, 2020; minitorch, module 1.
"""


class Value:
    """A float, its gradient (0.0 until it is computed), the Values it came from and the operation."""

    def __init__(self, data: float, parents: tuple["Value", ...] = (), op: str = "") -> None:
        self.data = float(data)
        self.grad = 0.0
        self.parents = parents
        self.op = op

    def __repr__(self) -> str:
        raise NotImplementedError

    def __add__(self, other: "Value | float") -> "Value":
        raise NotImplementedError

    def __radd__(self, other: float) -> "Value":
        raise NotImplementedError

    def __sub__(self, other: "Value | float") -> "Value":
        raise NotImplementedError

    def __rsub__(self, other: float) -> "Value":
        """other - self."""
        raise NotImplementedError

    def __mul__(self, other: "Value | float") -> "Value":
        raise NotImplementedError

    def __rmul__(self, other: float) -> "Value":
        raise NotImplementedError

    def __truediv__(self, other: "Value | float") -> "Value":
        raise NotImplementedError

    def __rtruediv__(self, other: float) -> "Value":
        """other / self."""
        raise NotImplementedError

    def __neg__(self) -> "Value":
        raise NotImplementedError

    def __pow__(self, exponent: float) -> "Value":
        """self ** exponent for an int or float; TypeError for anything else."""
        raise NotImplementedError

    def exp(self) -> "Value":
        """e to the power of self."""
        raise NotImplementedError

    def log(self) -> "Value":
        """Natural logarithm; ValueError unless self is positive."""
        raise NotImplementedError

    def tanh(self) -> "Value":
        """Hyperbolic tangent, without overflow for any float."""
        raise NotImplementedError

    def relu(self) -> "Value":
        """The larger of self and 0."""
        raise NotImplementedError
