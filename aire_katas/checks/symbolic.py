"""Comparing sympy expressions and matrices at random rational points

`simplify` and `equals` may take minutes or stay undecided. Instead both sides are computed to 200 digits at
a dozen random points: two formulas agree to 40 digits at all of them when they mean the same. `evaluation`
says how the work is bounded; besides, at most TRIES draws are made for each point that is wanted.
"""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import mpmath
import numpy as np
import sympy

from aire_katas.checks import likeness
from aire_katas.checks.evaluation import DIGITS, Uncomputable, brief, evaluator, parts_first

TRIES, DRAWS = 20, 10_000
AGREEMENT, NIL = mpmath.mpf("1e-40"), mpmath.mpf("1e-60")
RECOGNISERS = (likeness.sign_flipped, likeness.transposed, likeness.constant_factor, likeness.constant_offset)

Shape = tuple[int, ...]  # (rows, columns) of a matrix, () of an expression
Point = dict[Any, Any]  # symbol -> sympy number
Compared = tuple[Point, list[Any], list[Any]]  # with both sides' values there


def assert_equivalent(
    actual: Any,
    expected: Any,
    *,
    symbols: Iterable[Any] | None = None,
    points: int = 12,
    domain: Any = sympy.true,
    name: str = "result",
) -> None:
    """`actual` is the same function of its symbols as `expected`, however it is written.

    Takes sympy expressions, matrices (entry by entry), Python numbers, and lists or tuples of these. Equal
    structure passes at once; else both are compared at `points` distinct random points that obey the symbols'
    assumptions and `domain`, a condition such as `(x > 0) & (x + y < 1)`: rationals with numerator and
    denominator below 20, drawn from a fixed seed; complex ones only for symbols declared complex or
    imaginary. They agree where the difference is below 1e-40 of the larger, or below 1e-60.

    A point where either side is undefined (a pole, nan, above 1e100) is skipped; so is one where `expected`
    is not real, unless it contains I or a complex symbol. An `actual` that is complex where `expected` is
    real is wrong, and so is one that alone is undefined at a third of the points or more.

    `symbols` are those that `actual` may contain; None allows all. Undefined functions `f(...)` and their
    derivatives, to order 6, are compared with one smooth positive function in place of f. Other derivatives
    must be worked out. What differs at isolated points only goes unseen.

    Raises AssertionError with the point, both values there and what the difference looks like (sign
    flipped, off by a factor ...), and ValueError, the test author's fault, for an expected value that
    cannot be computed and for assumptions and a domain that leave too few points.
    """
    __tracebackhide__ = True
    if isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple):
            raise AssertionError(
                f"{name} is a {type(actual).__name__}, expected a tuple or list of {len(expected)}"
            )
        if len(actual) != len(expected):
            raise AssertionError(f"{name} has {len(actual)} parts, expected {len(expected)}")
        allowed = None if symbols is None else list(symbols)
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            assert_equivalent(one, other, symbols=allowed, points=points, domain=domain, name=f"{name}[{i}]")
        return
    if points < 3:
        raise ValueError(f"{points} points prove little: take 3 or more")
    wanted, theirs = _entries(expected, "the expected value", ValueError)
    shape, ours = _entries(actual, name, AssertionError)
    if shape != wanted:
        turned = ": is it transposed?" if shape and shape == wanted[::-1] else ""
        raise AssertionError(f"{name} is {_kind(shape)}, expected {_kind(wanted)}{turned}")
    _check_symbols(_symbols(ours), _symbols(theirs), None if symbols is None else set(symbols), name)
    if ours == theirs:
        return
    with mpmath.workdps(DIGITS):
        _compare(ours, theirs, sympy.sympify(domain), points, shape, name)


# Reading -----------------------------------------------------------------------------------------------


def _entries(value: Any, label: str, fault: type[Exception]) -> tuple[Shape, list[Any]]:
    __tracebackhide__ = True
    if value is None:
        raise fault(f"{label} is None: is a return missing?")
    shape, entries = (), [value]
    with suppress(sympy.SympifyError):
        entries = [sympy.sympify(value, strict=True)]
    if isinstance(value, sympy.MatrixBase):
        shape, entries = value.shape, value.flat()
    if not all(isinstance(one, sympy.Expr) and not one.is_Matrix for one in entries):
        hint = ": give the expression, not its text" if isinstance(value, str) else ""
        raise fault(f"{label} is a {type(value).__name__}, expected a sympy expression or matrix{hint}")
    if sympy.nan in _computed(parts_first, entries, label, fault):
        raise fault(f"{label} contains nan")
    return shape, entries


def _computed(
    compute: Callable[[list[Any]], Any], entries: list[Any], label: str, fault: type[Exception]
) -> Any:
    __tracebackhide__ = True
    try:
        return compute(entries)
    except Uncomputable as reason:
        raise fault(f"{label} {reason}") from None


def _check_symbols(used: set[Any], known: set[Any], allowed: set[Any] | None, name: str) -> None:
    __tracebackhide__ = True
    if allowed is not None and (strays := known - allowed):
        raise ValueError(f"the expected value contains {_listed(strays)}, which symbols= does not allow")
    for stray in sorted(used - (allowed or known), key=str):
        if str(stray) in map(str, allowed or known):
            raise AssertionError(
                f"{name} contains a symbol {stray} that has other assumptions than the kata's {stray}: "
                "use the one that is passed in"
            )
        if allowed is not None:
            raise AssertionError(f"{name} contains the symbol {stray}; allowed: {_listed(allowed)}")


def _symbols(expressions: Iterable[Any]) -> set[Any]:
    return set().union(*(one.free_symbols for one in expressions))


# Drawing -----------------------------------------------------------------------------------------------


def _draws(symbols: Sequence[Any], domain: Any) -> Iterator[Point]:
    """Distinct points in the domain."""
    rng, seen = random.Random(0), set()
    for _ in range(DRAWS):
        at = {symbol: _draw(symbol, rng) for symbol in symbols}
        inside = domain.subs(list(at.items()))
        if inside not in (sympy.true, sympy.false):
            raise ValueError(f"domain {domain} is no condition on {_listed(symbols)}")
        if inside and (values := tuple(at.values())) not in seen:
            seen.add(values)
            yield at


def _draw(symbol: Any, rng: random.Random) -> Any:
    def rational() -> Any:
        return sympy.Rational(rng.randint(-19, 19), 1 if symbol.is_integer else rng.randint(1, 19))

    for _ in range(DRAWS):
        value = rational()
        if _is_complex(symbol):
            value += rational() * sympy.I
        if all(getattr(value, f"is_{fact}") is truth for fact, truth in symbol.assumptions0.items()):
            return value
    raise ValueError(f"no rational number below 20 obeys the assumptions of {sympy.srepr(symbol)}")


def _is_complex(symbol: Any) -> bool:
    return bool(symbol.is_complex and not symbol.is_real)


def _number(value: Any) -> Any:
    real, imaginary = (mpmath.mpf(part.p) / part.q for part in value.as_real_imag())
    return mpmath.mpc(real, imaginary) if imaginary else real


# Comparing -----------------------------------------------------------------------------------------------


def _compare(ours: list[Any], theirs: list[Any], domain: Any, points: int, shape: Shape, name: str) -> None:
    __tracebackhide__ = True
    their_values = _computed(evaluator, theirs, "the expected value", ValueError)
    our_values = _computed(evaluator, ours, name, AssertionError)
    symbols = sorted(_symbols([*ours, *theirs, domain]), key=sympy.default_sort_key)
    real = not any(one.has(sympy.I) for one in theirs) and not any(map(_is_complex, symbols))
    wanted = points if symbols else 1
    compared: list[Compared] = []
    alone: list[Compared] = []  # where only ours is undefined
    for at in itertools.islice(_draws(symbols, domain), TRIES * wanted):
        point = {symbol: _number(value) for symbol, value in at.items()}
        e = their_values(point)
        if any(value is None or (real and not _agree(value, mpmath.re(value))) for value in e):
            continue
        a = our_values(point)
        (alone if None in a else compared).append((at, a, e))
        if wanted in (len(compared), len(alone)):
            break
    if any(not _agree(x, y) for _, a, e in compared for x, y in zip(a, e, strict=True)):
        raise AssertionError(_difference(ours, theirs, compared, shape, name))
    if alone and 2 * len(alone) >= len(compared):
        at, a, e = alone[0]
        i = a.index(None)
        raise AssertionError(
            f"{name}{_entry(i, shape)} is undefined{_where(at)}, where {mpmath.nstr(e[i], 12)} is expected\n"
            f"  got {brief(ours[i])}, expected {brief(theirs[i])}"
        )
    if len(compared) < wanted:
        raise ValueError(f"only {len(compared)} of {wanted} points are usable: is the domain too narrow?")


def _agree(a: Any, b: Any) -> bool:
    return abs(a - b) <= max(NIL, AGREEMENT * max(abs(a), abs(b)))


def _difference(
    ours: list[Any], theirs: list[Any], compared: Sequence[Compared], shape: Shape, name: str
) -> str:
    wrong = [(k, i) for k, (_, a, e) in enumerate(compared) for i in range(len(e)) if not _agree(a[i], e[i])]
    k, i = wrong[0]
    at, a, e = compared[k]
    digits = 12 if mpmath.nstr(a[i], 12) != mpmath.nstr(e[i], 12) else 45
    lines = [
        f"{name}{_entry(i, shape)} is not equivalent to what was expected",
        f"  got {brief(ours[i])}, expected {brief(theirs[i])}",
        f"  got {mpmath.nstr(a[i], digits)}, expected {mpmath.nstr(e[i], digits)}{_where(at)}",
    ]
    if shape:
        lines.append(f"  off in {len({i for _, i in wrong})} of {len(e)} entries")
    a, e = (np.array([values[side] for values in compared], dtype=complex) for side in (1, 2))
    a, e = a.reshape(-1, *shape), e.reshape(-1, *shape)  # (points, rows, columns) or (points,)
    if _near(a, e):  # too close for floats to tell what the difference looks like
        inexact = any(one.has(sympy.Float) for one in ours)
        looks = "right but for rounding: write exact numbers, Rational(1, 10) for 0.1" if inexact else ""
    else:
        with np.errstate(all="ignore"):
            looks = next(filter(None, (recognise(a, e, _near) for recognise in RECOGNISERS)), "")
    if looks:
        lines.append(f"  it looks {looks if shape else looks.removesuffix(', in every entry')}")
    return "\n".join(lines)


def _near(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12)


def _kind(shape: Shape) -> str:
    return f"a {shape[0]}x{shape[1]} matrix" if shape else "an expression"


def _entry(i: int, shape: Shape) -> str:
    return f" at [{i // shape[1]}, {i % shape[1]}]" if shape else ""


def _where(at: Point) -> str:
    return " at " + ", ".join(f"{symbol} = {value}" for symbol, value in at.items()) if at else ""


def _listed(symbols: Iterable[Any]) -> str:
    return ", ".join(sorted(map(str, symbols))) or "none"
