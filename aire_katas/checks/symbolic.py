"""Comparing sympy expressions and matrices at random rational points

`simplify` and `equals` may take minutes or stay undecided. Instead both sides are computed to 200 digits at a dozen
random points: different formulas agree to 40 digits at all of them only on purpose.

The work is bounded. An expression has at most NODES nodes and DEPTH levels; each distinct part is computed once a
point, by one call of mpmath; a part above 10^100 is given up, so towers of powers stop there; functions other than
the elementary ones take arguments up to 1000, and those whose cost has no bound (hyper, polylog, Integral, Sum, Limit)
are refused; at most TRIES draws are made for each point wanted.
"""

import functools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import mpmath
import numpy as np
import sympy
from mpmath.libmp import NoConvergence
from sympy.core.function import AppliedUndef, Derivative, Subs
from sympy.logic.boolalg import BooleanFunction

from aire_katas.checks import likeness

NODES, DEPTH, DRAWS, TRIES = 20_000, 150, 10_000, 20
DIGITS, AGREEMENT = 200, mpmath.mpf("1e-40")
LARGE, NIL = mpmath.mpf("1e100"), mpmath.mpf("1e-60")
ELEMENTARY = frozenset(
    "Add Mul Pow exp log sin cos tan cot sec csc sinc asin acos atan acot asec acsc atan2 sinh cosh tanh coth sech "
    "csch asinh acosh atanh acoth asech acsch Abs sign re im conjugate arg floor ceiling frac Mod Max Min Heaviside "
    "KroneckerDelta Piecewise".split()
)
SPECIAL = frozenset(
    "erf erfc erfi erfinv gamma loggamma polygamma factorial factorial2 binomial beta harmonic lowergamma uppergamma "
    "zeta LambertW Ei besselj bessely besseli besselk RisingFactorial FallingFactorial".split()
)
LOGIC = (sympy.Rel, BooleanFunction)
CONSTANTS = (
    sympy.Number,
    sympy.NumberSymbol,
    sympy.logic.boolalg.BooleanAtom,
    type(sympy.I),
    type(sympy.zoo),
)
RECOGNISERS = (likeness.sign_flipped, likeness.transposed, likeness.constant_factor, likeness.constant_offset)
Point = dict[sympy.Symbol, Any]
Values = list[Any]  # mpmath numbers; None where undefined


def assert_equivalent(
    actual: Any,
    expected: Any,
    *,
    symbols: Iterable[sympy.Symbol] | None = None,
    points: int = 12,
    domain: Any = sympy.true,
    name: str = "result",
) -> None:
    """`actual` is the same function of its symbols as `expected`, however it is written.

    Takes sympy expressions, matrices (entry by entry), Python numbers, and lists or tuples of these. Equal structure
    passes at once; else both are compared at `points` random points that obey the symbols' assumptions and `domain`,
    a condition such as `(x > 0) & (x + y < 1)`: rationals with numerator and denominator below 20, drawn from a
    fixed seed; complex ones only for symbols declared complex or imaginary. They agree where the difference is below
    1e-40 of the larger, or below 1e-60.

    - A point where either side is undefined (a pole, nan, above 1e100) is skipped; so is one where `expected` is not
      real, unless it contains I or a complex symbol. An `actual` that is complex where `expected` is real is wrong,
      and so is one that alone is undefined at a third of the points or more.
    - `symbols` are those that `actual` may contain; None allows all.
    - Undefined functions `f(...)` and their derivatives, to order 6, are compared with one smooth positive function
      in place of each f, with fixed random coefficients. Other derivatives must be worked out.

    Raises AssertionError with the point, both values there and what the difference looks like (sign flipped, off by
    a factor ...), and ValueError, the test author's fault, for an expected value that cannot be computed and for
    assumptions and domains that leave too few points.
    """
    __tracebackhide__ = True
    if isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            got = f"{type(actual).__name__}" + (
                f" of {len(actual)}" if isinstance(actual, list | tuple) else ""
            )
            raise AssertionError(f"{name} is a {got}, expected a tuple or list of {len(expected)}")
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            assert_equivalent(one, other, symbols=symbols, points=points, domain=domain, name=f"{name}[{i}]")
        return
    if points < 3:
        raise ValueError(f"{points} points prove nothing: take 3 or more")
    wanted, theirs = _entries(expected, "the expected value", ValueError)
    shape, ours = _entries(actual, name, AssertionError)
    if shape != wanted:
        raise AssertionError(f"{name} is {_kind(shape)}, expected {_kind(wanted)}{_turned(shape, wanted)}")
    _check_symbols(ours, theirs, None if symbols is None else set(symbols), name)
    if all(a == e or a - e == 0 for a, e in zip(ours, theirs, strict=True)):
        return
    domain = sympy.sympify(domain)
    with mpmath.workdps(DIGITS):
        _compare(ours, theirs, domain, points, shape, name)


# Reading ------------------------------------------------------------------------------------------------------


def _entries(value: Any, label: str, fault: type[Exception]) -> tuple[tuple[int, ...], list[sympy.Expr]]:
    """Shape (() for an expression) and entries, none of them too large, or nan."""
    __tracebackhide__ = True
    if value is None:
        raise fault(f"{label} is None: is a return missing?")
    if isinstance(value, sympy.MatrixExpr) and all(size.is_Integer for size in value.shape):
        value = value.as_explicit()
    if isinstance(value, sympy.MatrixBase):
        shape, entries = value.shape, list(value)
    else:
        try:
            shape, entries = (), [sympy.sympify(value, strict=True)]
        except sympy.SympifyError:
            entries = [value]
    for one in entries:
        if not isinstance(one, sympy.Expr):
            hint = ": give the expression itself, not its text" if isinstance(value, str) else ""
            raise fault(f"{label} is a {type(value).__name__}, expected a sympy expression or matrix{hint}")
    nodes = _parts_first(entries, label, fault)
    if sympy.nan in nodes:
        raise fault(f"{label} contains nan")
    return shape, entries


def _parts_first(entries: Sequence[sympy.Basic], label: str, fault: type[Exception]) -> list[sympy.Basic]:
    """Every distinct node, each after its parts; a fault where there are too many.

    Iterative and aware of shared parts: a short program can build an expression with 2^60 nodes.
    """
    __tracebackhide__ = True
    sizes: dict[sympy.Basic, tuple[int, int]] = {}  # nodes, levels
    stack = list(entries)
    while stack:
        node = stack[-1]
        parts = _parts(node)
        if missing := [part for part in parts if part not in sizes]:
            stack.extend(missing)
            continue
        stack.pop()
        below = [sizes[part] for part in parts]
        size = 1 + sum(nodes for nodes, _ in below), 1 + max((levels for _, levels in below), default=0)
        if size[0] > NODES or size[1] > DEPTH:
            raise fault(f"{label} is too large to compare: more than {NODES:,} nodes or {DEPTH} levels")
        sizes[node] = size
    return list(sizes)


def _parts(node: sympy.Basic) -> Sequence[sympy.Basic]:
    if isinstance(node, sympy.Piecewise):  # value, condition, value, condition ...
        return [part for pair in node.args for part in pair.args]
    return node.args


def _check_symbols(
    ours: Sequence[sympy.Expr], theirs: Sequence[sympy.Expr], allowed: set[sympy.Symbol] | None, name: str
) -> None:
    __tracebackhide__ = True
    used, known = _symbols(ours), _symbols(theirs)
    if allowed is not None and (strays := known - allowed):
        raise ValueError(f"the expected value contains {_listed(strays)}, which symbols= does not allow")
    for stray in sorted(used - (known if allowed is None else allowed), key=str):
        if str(stray) in map(str, allowed or known):
            raise AssertionError(
                f"{name} contains a symbol {stray} with other assumptions than the kata's {stray}: "
                "use the symbol that is passed in"
            )
        if allowed is not None:
            raise AssertionError(f"{name} contains the symbol {stray}; allowed are {_listed(allowed)}")


def _symbols(expressions: Iterable[sympy.Basic]) -> set[sympy.Symbol]:
    return set().union(*(one.free_symbols for one in expressions))


# Computing ----------------------------------------------------------------------------------------------------


def _compile(entries: Sequence[sympy.Expr], label: str, fault: type[Exception]) -> Callable[[Point], Values]:
    """The function that computes all entries at a point, each distinct part once."""
    __tracebackhide__ = True
    entries = [_concrete(one, label, fault) for one in entries]
    steps = []
    for node in _parts_first(entries, label, fault):
        kind, parts = type(node).__name__, _parts(node)
        if isinstance(node, sympy.Symbol):
            continue
        if not (kind in ELEMENTARY | SPECIAL or isinstance(node, LOGIC if parts else CONSTANTS)):
            raise fault(
                f"{label} contains {_shown(node)} ({kind}), which this check cannot compute: work it out"
            )
        steps.append((node, parts, _operation(node.func if parts else node, len(parts)), kind in SPECIAL))

    def compute(point: Point) -> Values:
        values: dict[sympy.Basic, Any] = dict(point)
        for node, parts, operation, special in steps:
            values[node] = _apply(operation, [values[part] for part in parts], special)
        return [values[one] for one in entries]

    return compute


@functools.lru_cache(maxsize=2000)
def _operation(head: Any, arity: int) -> Callable[..., Any]:
    """What mpmath computes for a constant, or for a class of nodes with so many parts."""
    if head is sympy.Piecewise:
        return _first_true
    parts = sympy.symbols(f"a:{arity}", cls=sympy.Dummy)
    return sympy.lambdify(parts, head(*parts) if arity else head, "mpmath")


def _first_true(*parts: Any) -> Any:
    for value, condition in zip(parts[::2], parts[1::2], strict=True):
        if condition is not False:
            return value if condition else None
    return None


def _apply(operation: Callable[..., Any], values: Values, special: bool) -> Any:
    """A number, a bool, or None where undefined."""
    if operation is not _first_true and any(v is None or (special and abs(v) > 1000) for v in values):
        return None
    try:
        value = operation(*values)
    except (ArithmeticError, TypeError, ValueError, NoConvergence):
        return None
    if value is None or isinstance(value, bool):
        return value
    value = +mpmath.mpmathify(value)  # mpmath.pi becomes a number
    return value if mpmath.isfinite(value) and abs(value) <= LARGE else None


def _concrete(expression: sympy.Expr, label: str, fault: type[Exception]) -> sympy.Expr:
    """With a formula in place of each undefined function, and the derivatives of that taken."""
    __tracebackhide__ = True
    if not expression.has(AppliedUndef):
        return expression
    for one in expression.atoms(Derivative):
        if sum(count for _, count in one.variable_count) > 6:
            raise fault(f"{label} contains {_shown(one)}: derivatives are compared to order 6")
    formula = expression.replace(lambda node: isinstance(node, AppliedUndef), _stand_in)
    return formula.replace(lambda node: isinstance(node, Derivative | Subs), lambda node: node.doit())


def _stand_in(applied: sympy.Expr) -> sympy.Expr:
    """2 + exp(b + c.x) + sin(b' + c'.x) for f(x), with coefficients that the name of f determines."""
    rng = random.Random(type(applied).__name__)

    def affine() -> sympy.Expr:
        return sympy.Add(_rational(rng), *(_rational(rng, 1) / 7 * part for part in applied.args))

    return 2 + sympy.exp(affine()) + sympy.sin(affine())


# Drawing ------------------------------------------------------------------------------------------------------


def _draws(symbols: Sequence[sympy.Symbol], domain: sympy.Basic) -> Iterator[dict[sympy.Symbol, sympy.Expr]]:
    """Points in the domain."""
    rng = random.Random(0)
    for _ in range(DRAWS):
        at = {symbol: _draw(symbol, rng) for symbol in symbols}
        inside = domain.subs(at)
        if inside not in (sympy.true, sympy.false):
            raise ValueError(f"domain {domain} is no condition on {_listed(symbols)}")
        if inside:
            yield at


def _draw(symbol: sympy.Symbol, rng: random.Random) -> sympy.Expr:
    for _ in range(DRAWS):
        value = sympy.Integer(rng.randint(-19, 19)) if symbol.is_integer else _rational(rng)
        if _is_complex(symbol):
            value = (0 if symbol.is_imaginary else value) + sympy.I * _rational(rng)
        if all(getattr(value, f"is_{fact}") is truth for fact, truth in symbol.assumptions0.items()):
            return value
    raise ValueError(f"no number below 20 was found that obeys the assumptions of the symbol {symbol}")


def _rational(rng: random.Random, least: int = -19) -> sympy.Expr:
    return sympy.Rational(rng.randint(least, 19), rng.randint(1, 19))


def _is_complex(symbol: sympy.Symbol) -> bool:
    return bool(symbol.is_complex and not symbol.is_real)


def _number(value: sympy.Expr) -> Any:
    real, imaginary = (mpmath.mpf(part.p) / part.q for part in value.as_real_imag())
    return mpmath.mpc(real, imaginary) if imaginary else real


# Comparing ----------------------------------------------------------------------------------------------------


def _compare(
    ours: Sequence[sympy.Expr],
    theirs: Sequence[sympy.Expr],
    domain: sympy.Basic,
    points: int,
    shape: tuple[int, ...],
    name: str,
) -> None:
    __tracebackhide__ = True
    compute_theirs = _compile(theirs, "the expected value", ValueError)
    compute_ours = _compile(ours, name, AssertionError)
    symbols = sorted(_symbols([*ours, *theirs, domain]), key=sympy.default_sort_key)
    real = not any(one.has(sympy.I) for one in theirs) and not any(map(_is_complex, symbols))
    wanted = points if symbols else 1
    taken, alone = [], []  # (point, ours, theirs): defined on both sides; undefined on ours alone
    for at in islice(_draws(symbols, domain), TRIES * wanted):
        point = {symbol: _number(value) for symbol, value in at.items()}
        e = compute_theirs(point)
        if any(value is None or (real and not _agree(value, mpmath.re(value))) for value in e):
            continue
        a = compute_ours(point)
        (alone if any(value is None for value in a) else taken).append((at, a, e))
        if wanted in (len(taken), len(alone)):
            break
    wrong = [(k, i) for k, (_, a, e) in enumerate(taken) for i in range(len(e)) if not _agree(a[i], e[i])]
    if wrong:
        raise AssertionError(_difference(ours, theirs, taken, wrong, shape, name))
    if alone and 2 * len(alone) >= len(taken):
        at, a, e = alone[0]
        i = next(i for i, value in enumerate(a) if value is None)
        raise AssertionError(
            f"{name}{_index(i, shape)} is undefined at {_where(at)}, expected {mpmath.nstr(e[i], 12)}\n"
            f"  got {_shown(ours[i])}, expected {_shown(theirs[i])}"
        )
    if len(taken) < wanted:
        raise ValueError(f"only {len(taken)} of {wanted} points are usable: is the domain too narrow?")


def _agree(a: Any, b: Any) -> bool:
    return abs(a - b) <= max(NIL, AGREEMENT * max(abs(a), abs(b)))


def _difference(
    ours: Sequence[sympy.Expr],
    theirs: Sequence[sympy.Expr],
    taken: Sequence[tuple[dict[sympy.Symbol, sympy.Expr], Values, Values]],
    wrong: Sequence[tuple[int, int]],
    shape: tuple[int, ...],
    name: str,
) -> str:
    k, i = wrong[0]
    at, a, e = taken[k]
    digits = 12 if mpmath.nstr(a[i], 12) != mpmath.nstr(e[i], 12) else 45
    lines = [
        f"{name}{_index(i, shape)} is not equivalent to what was expected",
        f"  got {_shown(ours[i])}, expected {_shown(theirs[i])}",
        f"  {_where(at)}: got {mpmath.nstr(a[i], digits)}, expected {mpmath.nstr(e[i], digits)}",
    ]
    if shape:
        lines.append(f"  off in {len({i for _, i in wrong})} of {len(e)} entries")
    a, e = (
        np.array([[complex(value) for value in one[side]] for one in taken]).reshape(len(taken), *shape)
        for side in (1, 2)
    )
    if _near(a, e) and any(one.has(sympy.Float) for one in ours):
        lines.append("  it looks right but for rounding: write exact numbers, Rational(1, 10) for 0.1")
    elif looks := next(filter(None, (recognise(a, e, _near) for recognise in RECOGNISERS)), ""):
        lines.append(f"  it looks {looks if shape else looks.removesuffix(', in every entry')}")
    return "\n".join(lines)


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12)


def _kind(shape: tuple[int, ...]) -> str:
    return f"a {shape[0]}x{shape[1]} matrix" if shape else "an expression"


def _turned(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    return ": is it transposed?" if shape and shape == wanted[::-1] else ""


def _index(i: int, shape: tuple[int, ...]) -> str:
    return f" at [{i // shape[1]}, {i % shape[1]}]" if shape else ""


def _where(at: dict[sympy.Symbol, sympy.Expr]) -> str:
    return "at " + ", ".join(f"{symbol} = {value}" for symbol, value in at.items()) if at else "its value"


def _listed(symbols: Iterable[sympy.Basic]) -> str:
    return ", ".join(sorted(map(str, symbols))) or "none"


def _shown(expression: sympy.Basic) -> str:
    if len(list(islice(sympy.preorder_traversal(expression), 300))) == 300:
        return f"(a long {type(expression).__name__})"
    text = str(expression)
    return text if len(text) <= 100 else f"{text[:97]}..."
