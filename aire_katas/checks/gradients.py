"""Judging a backward pass: every entry of a gradient against central differences of the forward pass

torch is used where the inputs are its tensors, never imported from here.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from aire_katas.checks.arrays import assert_close, dtype_name, is_tensor, to_numpy

STEP = 1e-6
ROUNDING = 1e-15  # of a result of size 1: a few units in the last place, which 1 / STEP then magnifies
CUT_OFF = "the result is cut off from {}: was .item(), .detach(), .numpy() or torch.tensor(...) used?"


SKIP: Any = type("Skip", (), {})()


def assert_gradients(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    grads: Any,
    *,
    upstream: Any = None,
    names: Sequence[str] | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> None:
    """`grads` holds, for each of `inputs`, the gradient of `sum(f(*inputs) * upstream)`.

    It has the shape and dtype of the input; every entry is within atol + rtol * (|d| + the largest |d|) of
    the central difference d. The inputs are float64 arrays or tensors; SKIP in the place of a gradient stands
    for an input that is not judged. `upstream` has the shape of f(*inputs); None where that is one number.

    Raises AssertionError with the input's name (from `names`), the worst entry and what the difference looks
    like; ValueError, the test author's fault, where no gradient could fail.
    """
    __tracebackhide__ = True
    names = _names(inputs, names)
    if not isinstance(grads, list | tuple) or len(grads) != len(names):
        got = f"{len(grads)} of them" if isinstance(grads, list | tuple) else f"a {type(grads).__name__}"
        raise AssertionError(f"expected a tuple or list of gradients, of {', '.join(names)}; got {got}")
    if all(grad is SKIP for grad in grads):
        raise ValueError("every gradient is SKIP: nothing could fail")
    noise = _noise(_result(f, _copies(inputs)), upstream)
    for i, (name, grad) in enumerate(zip(names, grads, strict=True)):
        if grad is not SKIP:
            slopes = _slopes(f, inputs, upstream, i, noise, name)
            _assert_gradient(grad, slopes, inputs[i], max(atol, noise), rtol, name)


def assert_autograd(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    rng: np.random.Generator,
    names: Sequence[str] | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> None:
    """torch differentiates `f`, and rightly, with respect to each of `inputs` that is a float tensor.

    Judges what autograd makes of `sum(f(*inputs) * R)`, R random, in float64, as assert_gradients does.
    Raises AssertionError also for a result that is cut off from an input, unless f rightly ignores that.
    """
    __tracebackhide__ = True
    names, values, leaves = _names(inputs, names), _copies(inputs), _copies(inputs)
    judged = [i for i, value in enumerate(values) if is_tensor(value) and _is_float(value)]
    if not judged:
        raise ValueError("no input is a float tensor: nothing could fail")
    for i in judged:
        leaves[i].requires_grad_()
    result = _result(f, leaves)
    if not getattr(result, "requires_grad", False):
        raise AssertionError(CUT_OFF.format("its inputs"))
    upstream = _normal_like(result, rng)
    noise = _noise(result, upstream)
    differentiated = [leaves[i] for i in judged]
    grads = sys.modules["torch"].autograd.grad(result, differentiated, upstream, allow_unused=True)
    for i, grad in zip(judged, grads, strict=True):
        slopes = _slopes(f, values, upstream, i, noise, names[i])
        if grad is not None:
            _assert_gradient(grad, slopes, values[i], max(atol, noise), rtol, names[i])
        elif slopes.any():
            raise AssertionError(CUT_OFF.format(names[i]))


def finite_difference(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    upstream: Any = None,
    *,
    argument: int = 0,
    eps: float = STEP,
) -> Any:
    """Central differences of `sum(f(*inputs) * upstream)` in every entry x of `inputs[argument]`.

    float64, in the shape and the library of the input; the step is eps * max(1, |x|). f returns a number, an
    array or a tensor; `upstream` None stands for ones. Each call of f gets fresh copies, float arrays and
    tensors in float64, so neither low precision nor a change in place does harm.
    """
    values = _copies(inputs)
    if isinstance(values[argument], float):
        values[argument] = np.array(values[argument])
    if not _is_float(values[argument]):
        kind = dtype_name(values[argument]) or type(values[argument]).__name__
        raise ValueError(f"input {argument} is of type {kind}: only floats have gradients")
    x = to_numpy(values[argument])

    def result(index: tuple[int, ...], entry: float) -> np.ndarray:
        moved = _copies(values)
        moved[argument][index] = entry
        return np.array(to_numpy(f(*moved)))  # a copy: f may return the same buffer every time

    slopes = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        entry = float(x[index])
        step = eps * max(1.0, abs(entry))
        above, below = entry + step, entry - step
        rise = result(index, above) - result(index, below)
        slopes[index] = np.sum(rise * _weight(upstream, rise.shape)) / (above - below)
    return values[argument].new_tensor(slopes) if is_tensor(values[argument]) else slopes


def random_upstream(f: Callable[..., Any], inputs: Sequence[Any], rng: np.random.Generator) -> Any:
    """Normal numbers in the shape of f(*inputs), an array or a tensor as that is, a tensor in its dtype."""
    return _normal_like(_result(f, _copies(inputs, widen=False)), rng)


# Inside -------------------------------------------------------------------------------------------------


def _names(inputs: Sequence[Any], names: Sequence[str] | None) -> Sequence[str]:
    if not isinstance(inputs, list | tuple):
        raise ValueError(f"inputs is a {type(inputs).__name__}: write (x,) for a single one")
    if names is not None and len(names) != len(inputs):
        raise ValueError(f"{len(names)} names for {len(inputs)} inputs")
    return names or [f"input {i}" for i in range(len(inputs))]


def _copies(inputs: Sequence[Any], *, widen: bool = True) -> list[Any]:
    """Arrays and tensors copied, floats to float64 if `widen`; whatever else handed through."""

    def copy(value: Any) -> Any:
        if is_tensor(value):
            value = value.detach().clone()
            return value.double() if widen and _is_float(value) else value
        if isinstance(value, np.ndarray):
            return value.astype(np.float64 if widen and _is_float(value) else value.dtype)
        return value

    return [copy(value) for value in inputs]


def _is_float(value: Any) -> bool:
    if is_tensor(value):
        return value.is_floating_point()
    return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.floating)


def _result(f: Callable[..., Any], values: Sequence[Any]) -> Any:
    __tracebackhide__ = True
    if (result := f(*values)) is None:
        raise AssertionError("the forward pass returns None: is a return missing?")
    return result


def _normal_like(result: Any, rng: np.random.Generator) -> Any:
    normal = rng.normal(size=np.shape(result))
    return result.detach().new_tensor(normal) if is_tensor(result) else normal


def _weight(upstream: Any, shape: tuple[int, ...]) -> np.ndarray:
    weight = np.ones(shape) if upstream is None else to_numpy(upstream)
    if weight.shape != shape:
        raise ValueError(f"upstream has shape {weight.shape}, the result of the forward pass {shape}")
    return weight


def _noise(result: Any, upstream: Any) -> float:
    """Below this a central difference is rounding; refuses a forward pass that cannot be judged."""
    __tracebackhide__ = True
    if (dtype := dtype_name(result)) not in (None, "float64"):
        raise AssertionError(f"the forward pass of float64 inputs has dtype {dtype}, expected float64")
    y = to_numpy(result)
    if upstream is None and y.size != 1:
        raise ValueError(f"the result has shape {y.shape}: give an upstream, such as random_upstream(...)")
    # At least 10: a small result may be the difference of larger numbers.
    return ROUNDING / STEP * max(10.0, float(np.linalg.norm(y * _weight(upstream, y.shape))))


def _slopes(
    f: Callable[..., Any], inputs: Sequence[Any], upstream: Any, argument: int, noise: float, name: str
) -> Any:
    """Central differences; zeros where they are nothing but noise."""
    __tracebackhide__ = True
    slopes = finite_difference(f, inputs, upstream, argument=argument)
    sizes = np.abs(to_numpy(slopes))
    if not np.isfinite(sizes).all():
        raise AssertionError(f"the forward pass gives nan or inf next to the inputs, when {name} varies")
    return slopes if sizes.max(initial=0.0) > noise else 0.0 * slopes


def _assert_gradient(grad: Any, slopes: Any, like: Any, atol: float, rtol: float, name: str) -> None:
    __tracebackhide__ = True
    largest = np.abs(to_numpy(slopes)).max(initial=0.0)
    dtype = None if isinstance(like, float) else like
    assert_close(grad, slopes, rtol=rtol, atol=atol + rtol * largest, dtype=dtype, name=f"gradient of {name}")
