"""What a wrong array looks like: the right one transposed, doubled, in another order ...

Each recogniser takes (actual, expected, close) with finite, non-empty arrays, and returns words that complete
"it looks ...", or "". The first that recognises something wins, so the order goes from specific to vague.
"""

import itertools
import math
from collections.abc import Callable

import numpy as np

Close = Callable[[np.ndarray, np.ndarray], bool]
Recogniser = Callable[[np.ndarray, np.ndarray, Close], str]


def likeness(actual: np.ndarray, expected: np.ndarray, close: Close) -> str:
    """Words for how `actual` relates to `expected`; "" where nothing is recognised."""
    if actual.dtype == bool or expected.dtype == bool:
        recognisers: tuple[Recogniser, ...] = (inverted, other_shape, transposed)
    else:
        recognisers = (
            other_shape,
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
    if a.shape == e.shape:
        return ""
    if a.ndim >= 2 and close(a.swapaxes(-1, -2), e):
        return "transposed: swap the last two axes"
    for axes in itertools.permutations(range(a.ndim)) if a.ndim <= 5 else ():
        if close(a.transpose(axes), e):
            return f"right but for the order of the axes: expected axis i is your axis {axes}[i]"
    if a.size == e.size and close(a.reshape(e.shape), e):
        return "right but for its shape: the same numbers in the same order"
    return ""


def inverted(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "inverted: True where False is expected and the other way round" if close(~a, e) else ""


def all_zero(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "empty: every entry is zero" if not a.any() else ""


def sign_flipped(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    return "like the expected value with its sign flipped" if close(-a, e) else ""


def transposed(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        return ""
    return "transposed: swap the last two axes" if close(a.swapaxes(-1, -2), e) else ""


def constant_factor(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.shape != e.shape or not e.any():
        return ""
    a, e = a.astype(complex), e.astype(complex)
    factor = np.vdot(e, a) / np.vdot(e, e)
    if abs(factor) < 1e-12 or e.size == 1 or not close(a / factor, e):
        return ""
    return f"like {_factor(factor)} x the expected value, in every entry"


def constant_offset(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.shape != e.shape or e.size == 1:
        return ""
    offset = (a.astype(complex) - e.astype(complex)).mean()
    if not close(a - offset, e):
        return ""
    return f"like the expected value plus {offset.real:.6g}, in every entry"


def unnormalised(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    for axis in _axes(e):
        sums = a.sum(axis, keepdims=True)
        if close(e.sum(axis), np.ones(e.sum(axis).shape)) and (sums != 0).all() and close(a / sums, e):
            return f"right but not normalised: along axis {axis} the entries should sum to 1"
    return ""


def other_axis_normalised(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    def sums_to_one(x: np.ndarray, axis: int) -> bool:
        return x.shape[axis] > 1 and close(x.sum(axis), np.ones(x.sum(axis).shape))

    wanted = [axis for axis in _axes(e) if sums_to_one(e, axis)]
    got = [axis for axis in _axes(e) if sums_to_one(a, axis) and axis not in wanted]
    if len(wanted) == 1 and got and not sums_to_one(a, wanted[0]):
        return f"normalised along axis {got[0]}; expected along axis {wanted[0]}"
    return ""


def permuted(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.shape != e.shape:
        return ""
    for axis in _axes(e):
        if close(np.flip(a, axis), e):
            return f"reversed along axis {axis}"
        if e.ndim > 1 and close(_sorted_rows(a, axis), _sorted_rows(e, axis)):
            return f"right but for the order along axis {axis}"
    return "permuted: the right numbers in other places" if close(_sorted(a), _sorted(e)) else ""


def some_rows(a: np.ndarray, e: np.ndarray, close: Close) -> str:
    if a.shape != e.shape or a.ndim == 0 or len(a) < 3:
        return ""
    right = [close(np.asarray(x), np.asarray(y)) for x, y in zip(a, e, strict=True)]
    row = "row" if a.ndim > 1 else "entry"
    match right:
        case [True, *rest] if not any(rest):
            return f"right in its first {row} only"
        case [*rest, True] if not any(rest):
            return f"right in its last {row} only"
        case [False, *rest] if all(rest):
            return f"right but for its first {row}"
        case [*rest, False] if all(rest):
            return f"right but for its last {row}"
    return ""


def _axes(x: np.ndarray) -> range:
    """Last axis first: that is where softmax mostly works."""
    return range(x.ndim - 1, -1, -1)


def _sorted(x: np.ndarray) -> np.ndarray:
    return np.sort(x, axis=None)


def _sorted_rows(x: np.ndarray, axis: int) -> np.ndarray:
    """The slices along `axis`, in lexicographic order."""
    rows = np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
    return rows[np.lexsort(rows.T[::-1])]


def _factor(value: complex) -> str:
    """2, 1/3, sqrt(8), 1/sqrt(8) where it is one of these; digits otherwise."""
    if abs(value.imag) > 1e-9 * abs(value):
        return f"{value:.6g}"
    real = value.real
    sign, size = ("-" if real < 0 else ""), abs(real)
    for pattern, number in (
        ("{}", size),
        ("1/{}", 1 / size),
        ("sqrt({})", size**2),
        ("1/sqrt({})", size**-2),
    ):
        if number < 1e6 and number > 0.5 and math.isclose(number, round(number), rel_tol=1e-4):
            return sign + pattern.format(round(number))
    return f"{real:.6g}"
