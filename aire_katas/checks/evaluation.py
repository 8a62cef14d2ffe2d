"""Values of sympy expressions at a point, to 200 digits and in bounded time

An expression has at most NODES nodes and LEVELS levels. Each distinct part is computed once a point, by one
call of mpmath; a part above 1e100 or nearer to zero than 1e-10000 counts as undefined, which stops towers
of powers; special functions take arguments up to 1000. What may run for ever there (Integral, Sum, Limit,
hyper, polylog ...) is refused.
"""

import builtins
import functools
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import mpmath
import sympy
from mpmath.libmp import NoConvergence
from sympy.core.function import AppliedUndef, Derivative, Subs

NODES, LEVELS, DIGITS = 20_000, 150, 200
HUGE, TINY = mpmath.mpf("1e100"), mpmath.mpf("1e-10000")

# Where sympy defines what mpmath computes at a cost that does not depend on the size of the arguments ...
ELEMENTARY = (
    *(f"sympy.core.{module}" for module in ("add", "mul", "power", "mod", "relational")),
    *(f"sympy.functions.special.{module}" for module in ("delta_functions", "tensor_functions")),
    "sympy.functions.elementary",
    "sympy.logic.boolalg",
)
# ... and what is quick for arguments up to 1000. besseli or uppergamma, say, may hang there.
SPECIAL = frozenset(("erf", "erfc", "erfi", "erfinv", "Ei", "gamma", "loggamma", "polygamma", "beta", "zeta"))
COUNTING = frozenset(
    ("factorial", "factorial2", "binomial", "RisingFactorial", "FallingFactorial", "harmonic")
)


class Uncomputable(Exception):
    """Completes "this expression ..."."""


def evaluator(expressions: Sequence[sympy.Basic]) -> Callable[[Mapping[sympy.Symbol, Any]], list[Any]]:
    """A function from a point to the expressions' values: mpmath numbers, or None where undefined.

    The point maps every symbol to an mpmath number; call it within `mpmath.workdps(DIGITS)`. Undefined
    functions get a formula, and their derivatives to order 6 are taken. Raises Uncomputable for what is not
    supported.
    """
    expressions = [_concrete(one) for one in expressions]
    nodes = parts_first(expressions)
    if unfit := next((node for node in reversed(nodes) if not _is_computable(node)), None):
        raise Uncomputable(f"contains {brief(unfit)}: work it out")
    steps = []
    for node in nodes:
        if not isinstance(node, sympy.Symbol):
            parts = _parts(node)
            operation = _operation(type(node) if parts else node, len(parts))
            steps.append((node, parts, operation, _is_special(node)))

    def values_at(point: Mapping[sympy.Symbol, Any]) -> list[Any]:
        values: dict[sympy.Basic, Any] = {**point}
        for node, parts, operation, special in steps:
            values[node] = _apply(operation, [values[part] for part in parts], special)
        return [values[one] for one in expressions]

    return values_at


def parts_first(expressions: Iterable[sympy.Basic]) -> list[sympy.Basic]:
    """Every distinct node, each after its parts; Uncomputable where there are too many.

    Sees that parts are shared: a short program can build an expression of 2^60 nodes, which sympy would walk.
    """
    sizes: dict[sympy.Basic, tuple[int, int]] = {}  # nodes, levels
    stack = list(expressions)
    while stack:
        parts = _parts(stack[-1])
        if missing := [part for part in parts if part not in sizes]:
            stack.extend(missing)
            continue
        nodes = 1 + sum(sizes[part][0] for part in parts)
        levels = 1 + max((sizes[part][1] for part in parts), default=0)
        if nodes > NODES or levels > LEVELS:
            raise Uncomputable(f"is too large to compare: more than {NODES:,} parts or {LEVELS} levels")
        sizes[stack.pop()] = nodes, levels
    return list(sizes)


def brief(expression: sympy.Basic) -> str:
    """Its text, cut to 100 characters."""
    text = str(expression) if len(parts_first([expression])) < 200 else f"a long {type(expression).__name__}"
    return text if len(text) <= 100 else f"{text[:97]}..."


def _parts(node: sympy.Basic) -> Sequence[sympy.Basic]:
    if isinstance(node, sympy.Piecewise):  # value, condition, value, condition ...
        return [part for pair in node.args for part in pair.args]
    return node.args


def _is_computable(node: sympy.Basic) -> bool:
    return not node.args or type(node).__module__.startswith(ELEMENTARY) or _is_special(node)


def _is_special(node: sympy.Basic) -> bool:
    return type(node).__name__ in SPECIAL | COUNTING


@functools.lru_cache(maxsize=2000)
def _operation(head: Any, arity: int) -> Callable[..., Any]:
    """What mpmath computes for a constant, or for a class of nodes with so many parts."""
    if head is sympy.Piecewise:
        return _first_true
    if not arity and head in (sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        return lambda: None
    parts = sympy.symbols(f"a:{arity}", cls=sympy.Dummy)
    operation = sympy.lambdify(parts, head(*parts) if arity else head, "mpmath")
    if unknown := {*operation.__code__.co_names} - {*operation.__globals__, *dir(builtins)}:
        raise Uncomputable(f"contains {', '.join(sorted(unknown))}: use other functions")
    return operation


def _first_true(*parts: Any) -> Any:
    for value, condition in zip(parts[::2], parts[1::2], strict=True):
        if condition is not False:
            return value if condition else None
    return None


def _apply(operation: Callable[..., Any], values: Sequence[Any], special: bool) -> Any:
    """A number, a bool, or None where undefined. What a Piecewise does not choose may be undefined."""
    if operation is not _first_true and any(v is None or (special and abs(v) > 1000) for v in values):
        return None
    try:
        value = operation(*values)
    except (ArithmeticError, TypeError, ValueError, NotImplementedError, NoConvergence):
        return None
    if value is None or isinstance(value, bool):
        return value
    value = mpmath.mpmathify(value)
    return value if value == 0 or TINY < abs(value) < HUGE else None


def _concrete(expression: Any) -> Any:
    """With a formula for each undefined f(x, y ...), and its derivatives taken.

    exp(sin(a + sin(b + c x) + sin(d + e y) ...)), with coefficients that the name of f determines: smooth and
    positive. Each argument occurs once, so that f(f(... f(x))) stays small.
    """
    if not expression.has(AppliedUndef):
        return expression
    for one in expression.atoms(Derivative):
        order = sympy.Add(*(count for _, count in one.variable_count))
        if not (isinstance(one.expr, AppliedUndef) and all(part.is_Symbol for part in one.expr.args)):
            raise Uncomputable(f"contains {brief(one)}: work it out")
        if not order.is_Integer or order > 6:
            raise Uncomputable(f"contains {brief(one)}: derivatives are compared to order 6")
    formula = expression.replace(lambda node: isinstance(node, AppliedUndef), _stand_in)
    return formula.replace(lambda node: isinstance(node, Derivative | Subs), lambda node: node.doit())


def _stand_in(applied: Any) -> Any:
    rng = random.Random(type(applied).__name__)

    def coefficient() -> Any:
        return sympy.Rational(rng.randint(50, 150), 100)

    waves = [sympy.sin(coefficient() + coefficient() * part) for part in applied.args]
    return sympy.exp(sympy.sin(sympy.Add(coefficient(), *waves)))
