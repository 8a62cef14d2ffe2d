"""What a wrong array looks like: the right one transposed, or twice as large, or in another order ...

Each recogniser takes (actual, expected, close) with finite, non-empty arrays, of equal shapes but for
`other_shape`, and returns words that complete "it looks ...", or "". The first that recognises something
wins, so the order goes from specific to vague. A false claim costs its reader an hour: in doubt, say nothing.
"""

import itertools
from collections.abc import Callable, Iterable

import numpy as np

Close = Callable[[np.ndarray, np.ndarray], bool]
Recogniser = Callable[[np.ndarray, np.ndarray, Close], str]
MANY = 10_000  # rows; beyond, comparing them one by one takes longer than a reader waits
WHOLE = (("{}", 1.0), ("1/{}", -1.0))  # (how a factor is written, the power of it that is a whole number)
ROOTS = (("sqrt({})", 2.0), ("1/sqrt({})", -2.0))


def likeness(actual: np.ndarray, expected: np.ndarray, close: Close) -> str:
    """Words for how `actual` relates to `expected`; "" where nothing is recognised."""
    if actual.shape != expected.shape:
        recognisers: tuple[Recogniser, ...] = (other_shape,)
    elif actual.dtype == bool or expected.dtype == bool:
        recognisers = (inverted, transposed)
    else:
        wide = np.result_type(actual, expected, float)  # -a wraps around in an unsigned dtype
        actual, expected = actual.astype(wide), expected.astype(wide)
        recognisers = (
            all_zero,
            sign_flipped,
            transposed,
            constant_factor,
            constant_offset,
            unnormalised,
            other_axis_normalised,
            permuted,
            some_rows,
        )
    with np.errstate(all="ignore"):
        return next(filter(None, (recognise(actual, expected, close) for recognise in recognisers)), "")


def other_shape(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.ndim >= 2 and close(a.swapaxes(-1, -2), e):
        return "transposed: swap the last two axes"
    for axes in itertools.permutations(range(a.ndim)) if a.ndim <= 5 else ():
        if close(a.transpose(axes), e):
            return f"right but for the order of the axes: expected axis i is your axis {axes}[i]"
    if a.size == e.size and close(a.reshape(e.shape), e):
        return "right but for its shape: the same numbers in the same order"
    return ""


def inverted(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    both = a.dtype == e.dtype == bool
    return "inverted: True where False is expected and the other way round" if both and close(~a, e) else ""


def all_zero(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "empty: every entry is zero" if not a.any() and a.size > 1 else ""


def sign_flipped(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "like the expected value with its sign flipped" if close(-a, e) else ""


def transposed(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "transposed: swap the last two axes" if a.ndim >= 2 and close(a.swapaxes(-1, -2), e) else ""


def constant_factor(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    factor = complex(np.vdot(e, a) / np.vdot(e, e))
    if abs(factor) < 1e-12 or not _mended(a / factor, a, e, close):
        return ""
    single = np.unique(e[e != 0]).size == 1
    words = _named(factor, WHOLE if single else WHOLE + ROOTS, lambda f: close(a / f, e))
    if single and (not words or (e == np.round(e)).all()):
        return ""  # two numbers always have a ratio, and two whole ones often a whole ratio
    if abs(factor - 1) < 1e-5:  # nothing but "1" in six digits
        words = f"(1 {'+' if factor.real > 1 else '-'} {abs(factor - 1):.2g})"
    return f"like {words or _digits(factor)} x the expected value{', in every entry' * (e.size > 1)}"


def constant_offset(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    offset = complex((a - e).mean())
    if np.unique(e).size == 1 or not _mended(a - offset, a, e, close):
        return ""
    sign, size = ("minus", -offset) if offset.real < 0 else ("plus", offset)
    return f"like the expected value {sign} {_digits(size)}, in every entry"


def unnormalised(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    for axis in _axes(e):
        sums = a.sum(axis, keepdims=True)
        if _sums_to_one(e, axis, close) and not _sums_to_one(a, axis, close) and close(a / sums, e):
            return f"right but not normalised: along axis {axis} the entries should sum to 1"
    return ""


def other_axis_normalised(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    wanted = [axis for axis in _axes(e) if _sums_to_one(e, axis, close)]
    got = [axis for axis in _axes(e) if _sums_to_one(a, axis, close)]
    if len(wanted) == 1 and got and wanted[0] not in got:
        return f"normalised along axis {got[0]}; expected along axis {wanted[0]}"
    return ""


def permuted(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    for axis in _axes(e):
        if _mended(np.flip(a, axis), a, e, close):
            return f"reversed along axis {axis}"
        if e.ndim > 1 and _reordered(_rows(a, axis), _rows(e, axis), close):
            return f"right but for the order along axis {axis}"
    if _reordered(a.reshape(-1, 1), e.reshape(-1, 1), close):
        return "permuted: the right numbers in other places"
    return ""


def some_rows(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.ndim == 0 or len(a) < 3:
        return ""
    worst = np.abs(a - e).max()

    def right(rows: slice) -> bool:
        """Far closer than the others, so that a loose tolerance does not make rows right by chance."""
        return close(a[rows], e[rows]) and bool(np.abs(a[rows] - e[rows]).max() <= 1e-3 * worst)

    row = "row" if a.ndim > 1 else "entry"
    if right(slice(1, None)):
        return f"right but for its first {row}"
    if right(slice(-1)):
        return f"right but for its last {row}"
    first, last = right(slice(1)), right(slice(-1, None))
    if first == last or len(a) > MANY or any(close(a[i : i + 1], e[i : i + 1]) for i in range(1, len(a) - 1)):
        return ""
    return f"right in its {'first' if first else 'last'} {row} only"


def _axes(x: np.ndarray) -> range:
    """Last axis first: that is where softmax mostly works."""
    return range(x.ndim - 1, -1, -1)


def _rows(x: np.ndarray, axis: int) -> np.ndarray:
    """The slices along `axis`, (how many, entries in each)."""
    return np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)


def _sums_to_one(x: np.ndarray, axis: int, close: Close) -> bool:
    return x.shape[axis] > 1 and close(x.sum(axis), np.ones(x.sum(axis).shape))


def _mended(fixed: np.ndarray, a: np.ndarray, e: np.ndarray, close: Close) -> bool:
    """Fixing explains the difference, and does not just pull a near miss inside the tolerance."""
    return close(fixed, e) and bool(np.abs(fixed - e).max() <= 0.03 * np.abs(a - e).max())


def _reordered(a: np.ndarray, e: np.ndarray, close: Close) -> bool:
    """The same rows in another order; at least half of them far enough apart for that to mean something."""
    fixed, order = np.empty_like(a), np.lexsort(e.T[::-1])
    fixed[order] = a[np.lexsort(a.T[::-1])]
    if len(e) > MANY or not _mended(fixed, a, e, close):
        return False
    return 2 * sum(close(x[None], y[None]) for x, y in itertools.pairwise(e[order])) < len(e)


def _named(factor: complex, forms: Iterable[tuple[str, float]], fits: Callable[[float], bool]) -> str:
    """2, -1/3, sqrt(8) or 1/sqrt(8) where it is one of these and that fits; "" otherwise."""
    sign = -1 if factor.real < 0 else 1
    for form, power in forms if abs(factor.imag) <= 1e-9 * abs(factor) else ():
        number = abs(factor) ** power
        whole = round(number) if 1.5 < number < 5000 else 0
        if whole and abs(number - whole) < 0.02 and fits(sign * whole ** (1 / power)):
            return "-" * (sign < 0) + form.format(whole)
    return ""


def _digits(value: complex) -> str:
    if abs(value.imag) > 1e-9 * abs(value):
        return f"({value:.6g})"
    return f"{value.real:.6g}"
