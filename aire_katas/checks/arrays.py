"""Comparing arrays and tensors, with failures that teach; and inputs that trip careless code

torch is used where the test has imported it, never imported from here.
"""

import copy
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from numbers import Number
from typing import Any

import numpy as np

from aire_katas.checks.likeness import likeness

# Default relative tolerance by precision: many roundings in the wider types, a few in the narrow ones.
PRECISION = {
    "float64": 1e-10,
    "complex128": 1e-10,
    "float32": 1e-5,
    "complex64": 1e-5,
    "float16": 4e-3,
    "bfloat16": 3e-2,
}
SAME = "the dtype of expected"


def assert_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    dtype: Any = SAME,
    name: str = "result",
) -> None:
    """Every entry of `actual` is within `atol + rtol * |expected|`; shapes and dtypes agree; no nan.

    Takes numbers, numpy arrays, torch tensors, and lists or tuples of these. rtol defaults to what the
    narrowest of their dtypes can hold, atol to rtol times the largest |expected|. `dtype` is what `actual`
    must have: by default that of an expected array; None for "any". Integers and booleans compare exactly.

    Raises AssertionError with the worst entry and what the difference looks like (transposed, off by a factor
    ...), and ValueError, the test author's fault, for an expected nan or a tolerance that zeros would
    satisfy.
    """
    __tracebackhide__ = True
    if isinstance(expected, list | tuple) and not all(isinstance(one, Number) for one in expected):
        _same_length(actual, expected, name)
        for i, (one, other) in enumerate(zip(actual, expected, strict=True)):
            assert_close(one, other, rtol=rtol, atol=atol, dtype=dtype, name=f"{name}[{i}]")
        return
    _same_kind(actual, expected, name)
    a, e = to_numpy(actual), to_numpy(expected)
    wanted = dtype_name(expected) if dtype is SAME else None if dtype is None else dtype_name(dtype)
    has = dtype_name(actual)
    tolerance = _tolerances(e, (has, wanted, dtype_name(expected)), rtol, atol)
    if a.shape != e.shape:
        problem = f"{name} has shape {a.shape}, expected {e.shape}"
        raise AssertionError(_with_likeness(problem, a, e, tolerance))
    wrong = _wrong_entries(a, e, *tolerance)
    if wrong.any():
        raise AssertionError(_with_likeness(_worst(a, e, wrong, tolerance, name, has), a, e, tolerance))
    if wanted is not None and has is not None and has != wanted:
        raise AssertionError(f"{name} has dtype {has}, expected {wanted}; its values are right")


def assert_unchanged(*inputs: Any) -> AbstractContextManager[None]:
    """Within, the inputs (arrays, tensors, lists or dicts of them) keep their values bit for bit."""
    return _Unchanged(inputs)


def to_numpy(value: Any) -> np.ndarray:
    """The values as a numpy array; bfloat16 and float8, which numpy lacks, as float64."""
    if isinstance(value, list | tuple):
        return np.asarray([to_numpy(one) for one in value])
    if not is_tensor(value):
        return np.asarray(value)
    value = value.detach().cpu().resolve_conj().resolve_neg()
    lacking = value.is_floating_point() and not hasattr(np, str(dtype_name(value)))
    return (value.double() if lacking else value).numpy()


def is_tensor(value: Any) -> bool:
    """Whether it is a torch tensor, without importing torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def dtype_name(value: Any) -> str | None:
    """float32 for an array, tensor or dtype; None for what has no dtype, such as a Python number."""
    if value is None or isinstance(value, list | tuple):
        return None
    if isinstance(value, Number) and not isinstance(value, np.generic):
        return None
    text = str(getattr(value, "dtype", value)).removeprefix("torch.")
    return text if not isinstance(value, type) else np.dtype(value).name


# Inputs -------------------------------------------------------------------------------------------------


def layouts(array: Any) -> Iterator[tuple[str, Any]]:
    """(name, the same values in another memory layout): strided, transposed, offset, reversed, read-only.

    Code that ignores strides or writes to its input gives itself away.
    """
    if array.ndim == 0:
        yield "plain", array
        return
    wide = _empty_like(array, (*array.shape[:-1], 2 * array.shape[-1]))
    wide[..., ::2] = array
    wide[..., 1::2] = 7
    yield "every second entry of a wider array", wide[..., ::2]
    if array.ndim > 1:
        axes = tuple(range(array.ndim))[::-1]
        turned = (
            array.permute(axes).contiguous().permute(axes) if is_tensor(array) else np.asfortranarray(array)
        )
        yield "transposed in memory", turned
    longer = _empty_like(array, (array.shape[0] + 1, *array.shape[1:]))
    longer[1:] = array
    longer[0] = 7
    yield "the tail of a longer array", longer[1:]
    if not is_tensor(array):
        yield "reversed in memory", np.ascontiguousarray(array[::-1])[::-1]
        frozen = array.copy()
        frozen.flags.writeable = False
        yield "read-only", frozen


def float_dtypes(library: Any) -> tuple[Any, ...]:
    """Every float dtype of numpy or torch (give the module), widest first."""
    narrow = (library.bfloat16,) if hasattr(library, "bfloat16") else ()
    return (library.float64, library.float32, library.float16, *narrow)


def awkward_shapes(shape: Sequence[int], *, empty: bool = True) -> Iterator[tuple[int, ...]]:
    """The shape, then with each axis in turn of size 1, then all of size 1, then the first of size 0."""
    shape = tuple(shape)
    singles = [(*shape[:axis], 1, *shape[axis + 1 :]) for axis in range(len(shape))]
    nothing = [(0, *shape[1:])] if empty and shape else []
    yield from dict.fromkeys([shape, *singles, (1,) * len(shape), *nothing])


def magnitudes(array: Any, scales: Sequence[float] = (1e-4, 1.0, 1e4)) -> Iterator[tuple[float, Any]]:
    """(scale, array * scale): where a naive exponential or a fixed epsilon goes wrong."""
    return ((scale, array * scale) for scale in scales)


# Inside -------------------------------------------------------------------------------------------------


class _Unchanged:
    """A class, since a failure in a generator's context ends its traceback in contextlib."""

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.inputs = inputs

    def __enter__(self) -> None:
        self.before = [_snapshot(one) for one in self.inputs]

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        __tracebackhide__ = True
        changed = [_snapshot(one) != old for one, old in zip(self.inputs, self.before, strict=True)]
        if kind is None and any(changed):
            at = changed.index(True)
            raise AssertionError(f"input {at} was changed in place: compute into a new array instead")


def _same_length(actual: Any, expected: Sequence[Any], name: str) -> None:
    __tracebackhide__ = True
    if not isinstance(actual, list | tuple):
        raise AssertionError(
            f"{name} has type {_type_name(actual)}, expected a tuple or list of {len(expected)}"
        )
    if len(actual) != len(expected):
        raise AssertionError(f"{name} has {len(actual)} parts, expected {len(expected)}")


def _same_kind(actual: Any, expected: Any, name: str) -> None:
    __tracebackhide__ = True
    if actual is None:
        raise AssertionError(f"{name} is None: is a return missing?")
    got = f"{name} has type {_type_name(actual)}"
    if is_tensor(expected) and not is_tensor(actual):
        raise AssertionError(f"{got}, expected a torch.Tensor")
    if isinstance(expected, np.ndarray) and not isinstance(actual, np.ndarray | np.generic | Number):
        raise AssertionError(f"{got}, expected a numpy array")
    try:
        kind = to_numpy(actual).dtype.kind
    except ValueError:  # lists of different lengths
        kind = ""
    if kind not in tuple("biufc"):
        raise AssertionError(f"{got}, expected {'equally long rows of ' * (not kind)}numbers")


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def _tolerances(
    expected: np.ndarray, dtypes: Sequence[str | None], rtol: float | None, atol: float | None
) -> tuple[float, float]:
    """(rtol, atol) in force; ValueError where nothing could fail."""
    if not np.issubdtype(expected.dtype, np.inexact) and rtol is None and atol is None:
        rtol = max((PRECISION.get(str(dtype), 0.0) for dtype in dtypes), default=0.0)
    elif rtol is None:
        rtol = max(PRECISION.get(str(dtype), PRECISION["float64"]) for dtype in dtypes)
    if np.isnan(expected).any():
        raise ValueError("the expected value holds nan: nothing could pass")
    size = np.abs(expected[np.isfinite(expected)]).astype(float)
    scale = size.max() if size.size and size.max() > 0 else 1.0
    atol = float(rtol * scale) if atol is None else atol
    nonzero = size[size > 0]
    if nonzero.size and (nonzero <= atol + rtol * nonzero).all():
        raise ValueError(
            f"zeros would pass: tolerances rtol={rtol:g}, atol={atol:g} swallow the expected values"
        )
    return rtol, atol


def _wrong_entries(a: np.ndarray, e: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Boolean mask of the entries that are off; shapes agree."""
    whole = all(np.issubdtype(x.dtype, np.integer) for x in (a, e)) and rtol == atol == 0
    if a.dtype == bool or e.dtype == bool or whole:  # a float64 cannot tell 2**53 + 1 from 2**53
        return np.asarray(a != e)
    with np.errstate(all="ignore"):
        wide = np.complex128 if np.iscomplexobj(a) or np.iscomplexobj(e) else np.float64
        a, e = a.astype(wide), e.astype(wide)
        finite = np.isfinite(e)
        near = np.abs(a - e) <= atol + rtol * np.abs(e)
    return np.asarray(~np.where(finite, near, a == e))


def _worst(
    a: np.ndarray,
    e: np.ndarray,
    wrong: np.ndarray,
    tolerance: tuple[float, float],
    name: str,
    dtype: str | None,
) -> str:
    rtol, atol = tolerance
    with np.errstate(all="ignore"):
        excess = np.abs(np.subtract(a, e, dtype=complex)) / (atol + rtol * np.abs(e) + 1e-300)
    excess = np.where(wrong, np.nan_to_num(excess, nan=np.inf, posinf=np.inf), -1.0)
    worst = np.unravel_index(int(np.argmax(excess)), a.shape)
    at = f" at [{', '.join(map(str, worst))}]" if a.ndim else ""
    kind = f"shape {a.shape}, dtype {dtype}" if dtype else f"shape {a.shape}"
    lines = [
        f"{name} is not close to what was expected ({kind})",
        f"  worst{at}: got {_shown(a[worst])}, expected {_shown(e[worst])}",
        f"  off in {int(wrong.sum())} of {a.size} entries; tolerance rtol={rtol:g}, atol={atol:g}",
    ]
    if np.issubdtype(a.dtype, np.inexact) and (count := int(np.isnan(a).sum())):
        lines.append(f"  {count} of {a.size} entries are nan")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, float | np.floating) else str(value)


def _with_likeness(problem: str, a: np.ndarray, e: np.ndarray, tolerance: tuple[float, float]) -> str:
    """The problem, and what the difference looks like where that can be told."""
    rtol, atol = tolerance

    def close(x: np.ndarray, y: np.ndarray) -> bool:
        return x.shape == y.shape and not _wrong_entries(x, y, rtol, atol).any()

    looks = (
        likeness(a, e, close) if a.size and e.size and np.isfinite(a).all() and np.isfinite(e).all() else ""
    )
    return f"{problem}\n  it looks {looks}" if looks else problem


def _empty_like(array: Any, shape: tuple[int, ...]) -> Any:
    return array.new_empty(shape) if is_tensor(array) else np.empty(shape, array.dtype)


def _snapshot(value: Any) -> Any:
    """Something that compares equal just when the values are bitwise the same."""
    if is_tensor(value):
        torch = sys.modules["torch"]
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        return (str(value.dtype), tuple(value.shape), plain.flatten().view(torch.uint8).numpy().tobytes())
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, list | tuple):
        return [_snapshot(one) for one in value]
    if isinstance(value, dict):
        return {key: _snapshot(one) for key, one in value.items()}
    return copy.deepcopy(value)
