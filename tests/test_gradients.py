"""Backward passes by hand: right ones pass, every kind of wrong one is told what it is."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas.checks.arrays import assert_unchanged
from aire_katas.checks.gradients import (
    SKIP,
    assert_autograd,
    assert_gradients,
    finite_difference,
    random_upstream,
)

Array = np.ndarray
NAMES = ("x", "w", "b")
ROOT = Path(__file__).parents[1]


def linear(x: Array, w: Array, b: Array) -> Array:
    """(n, d), (d, d), (d,) -> (n, d)"""
    return x @ w + b


def linear_backward(x: Array, w: Array, dy: Array) -> tuple[Array, Array, Array]:
    return dy @ w.T, x.T @ dy, dy.sum(0)


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


X, W, B, DY = numbers(5, 3), numbers(3, 3, seed=1), numbers(3, seed=2), numbers(5, 3, seed=3)
INPUTS = (X, W, B)
GRADS = linear_backward(X, W, DY)


def failure(grads: Any, library: str = "numpy") -> str:
    """What is said of gradients of `linear`."""
    inputs, upstream = INPUTS, DY
    if library == "torch":
        inputs, upstream = tuple(map(torch.tensor, INPUTS)), torch.tensor(DY)
        grads = tuple(torch.tensor(one) if isinstance(one, Array) else one for one in grads)
    with pytest.raises(AssertionError) as error:
        assert_gradients(linear, inputs, grads, upstream=upstream, names=NAMES)
    return str(error.value)


# Right ones ---------------------------------------------------------------------------------------------


def test_right_gradients_pass() -> None:
    assert_gradients(linear, INPUTS, GRADS, upstream=DY)
    assert_gradients(linear, INPUTS, list(GRADS), upstream=DY, names=NAMES)


def test_right_gradients_pass_in_torch() -> None:
    x, w, b = (torch.tensor(one, requires_grad=True) for one in INPUTS)
    dy = torch.tensor(DY)
    assert_gradients(linear, (x, w, b), torch.autograd.grad(x @ w + b, (x, w, b), dy), upstream=dy)


@pytest.mark.parametrize(
    ("f", "derivative"),
    [
        (np.exp, np.exp),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
        (np.sin, np.cos),
        (lambda x: x**3, lambda x: 3 * x**2),
        (lambda x: 1e6 * np.sin(x / 100), lambda x: 1e4 * np.cos(x / 100)),
        (lambda x: 1e-6 * np.sin(x), lambda x: 1e-6 * np.cos(x)),
    ],
)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_curvature_and_scale_do_no_harm(
    f: Callable[[Array], Array], derivative: Callable[[Array], Array], scale: float
) -> None:
    x, dy = scale * numbers(7), numbers(7, seed=1)
    assert_gradients(f, (x,), (dy * derivative(x),), upstream=dy)


def test_a_loss_needs_no_upstream() -> None:
    assert_gradients(lambda x: (x**2).sum(), (X,), (2 * X,))
    assert_gradients(lambda x: float((x**2).sum()), (X,), (2 * X,))
    assert_gradients(lambda x: (x**2).sum(), (torch.tensor(X),), (2 * torch.tensor(X),))
    assert_gradients(lambda x: x**2, (0.5,), (1.0,))


def test_an_empty_input_has_an_empty_gradient() -> None:
    assert_gradients(lambda x: x.sum(), (np.ones((0, 3)),), (np.ones((0, 3)),))


# Wrong ones ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("dx", "looks"),
    [
        (2 * GRADS[0], "like 2 x the expected value, in every entry"),
        (GRADS[0] / 8**0.5, "like 1/sqrt(8) x the expected value, in every entry"),
        (-GRADS[0], "like the expected value with its sign flipped"),
        (GRADS[0] + 1, "like the expected value plus 1, in every entry"),
        (0 * GRADS[0], "empty: every entry is zero"),
        (GRADS[0][::-1].copy(), "reversed along axis 0"),
        (np.where(np.arange(5)[:, None] == 4, GRADS[0], DY), "right in its last row only"),
        (GRADS[0] * (np.arange(5)[:, None] > 0), "right but for its first row"),
    ],
)
def test_a_typical_slip_is_told(dx: Array, looks: str, library: str) -> None:
    said = failure((dx, *GRADS[1:]), library)
    assert said.startswith("gradient of x is not close to what was expected (shape (5, 3), dtype float64)")
    assert said.endswith(f"\n  it looks {looks}")


def test_a_transposed_gradient_is_told() -> None:
    assert failure((GRADS[0], GRADS[1].T, GRADS[2])).endswith("it looks transposed: swap the last two axes")
    assert failure((GRADS[0].T, *GRADS[1:])) == (
        "gradient of x has shape (3, 5), expected (5, 3)\n  it looks transposed: swap the last two axes"
    )


def test_one_entry_that_is_off_by_a_thousandth_is_shown_with_both_values() -> None:
    w = np.array([[1.0, 2.0], [-3.0, 4.0]])
    dw = w.copy()
    dw[1, 0] = -3.003
    with pytest.raises(AssertionError) as error:
        assert_gradients(lambda w: (w**2).sum() / 2, (w,), (dw,), names=["w"])
    lines = str(error.value).splitlines()
    assert lines[1].startswith("  worst at [1, 0]: got -3.003, expected -")
    assert float(lines[1].rpartition(" ")[2]) == pytest.approx(-3, abs=1e-8)
    assert lines[2].startswith("  off in 1 of 4 entries; tolerance rtol=1e-05")


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize("column", range(3))
def test_every_single_entry_is_judged(row: int, column: int) -> None:
    dx = GRADS[0].copy()
    dx[row, column] += 1e-3
    assert f"worst at [{row}, {column}]" in failure((dx, *GRADS[1:]))


@pytest.mark.parametrize("position", range(3))
def test_every_input_is_judged_by_its_name(position: int) -> None:
    grads = [*GRADS]
    grads[position] = 2 * grads[position]
    assert failure(grads).startswith(f"gradient of {NAMES[position]} is not close")


def test_inputs_without_names_are_numbered() -> None:
    with pytest.raises(AssertionError, match=r"^gradient of input 1 is not close"):
        assert_gradients(linear, INPUTS, (GRADS[0], -GRADS[1], GRADS[2]), upstream=DY)


@pytest.mark.parametrize(
    ("db", "said"),
    [
        (None, "gradient of b is None: is a return missing?"),
        (DY.sum(0, keepdims=True), "gradient of b has shape (1, 3), expected (3,)"),
        (DY, "gradient of b has shape (5, 3), expected (3,)"),
        ([1.0, 2.0, 3.0], "gradient of b has type list, expected a numpy array"),
        (DY.sum(0).astype(np.float32), "gradient of b has dtype float32, expected float64; its values are"),
    ],
)
def test_a_gradient_of_the_wrong_kind_is_told(db: Any, said: str) -> None:
    assert failure((*GRADS[:2], db)).startswith(said)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_single_nan_or_infinity_fails(bad: float) -> None:
    db = GRADS[2].copy()
    db[1] = bad
    assert f"worst at [1]: got {bad}, expected" in failure((*GRADS[:2], db))


@pytest.mark.parametrize(
    ("grads", "got"), [(GRADS[:2], "2 of them"), (None, "a NoneType"), (DY, "a ndarray"), ((), "0 of them")]
)
def test_there_is_one_gradient_for_each_input(grads: Any, got: str) -> None:
    assert failure(grads) == f"expected a tuple or list of gradients, of x, w, b; got {got}"


def test_a_gradient_that_is_zero_everywhere_can_still_be_missed() -> None:
    def softmax(x: Array, shift: Array) -> Array:
        y = np.exp(x + shift - (x + shift).max(-1, keepdims=True))
        return y / y.sum(-1, keepdims=True)

    y, shift = softmax(X, np.zeros(1)), np.array([40.0])
    dx = y * (DY - (y * DY).sum(-1, keepdims=True))
    assert_gradients(softmax, (X, shift), (dx, np.zeros(1)), upstream=DY)
    with pytest.raises(AssertionError, match="gradient of input 1"):
        assert_gradients(softmax, (X, shift), (dx, np.array([1e-7])), upstream=DY)
    with pytest.raises(AssertionError, match="gradient of input 0"):
        assert_gradients(lambda x: 3.0, (X,), (1e-7 * X,))


def test_a_forward_pass_that_is_not_finite_is_told() -> None:
    with pytest.raises(
        AssertionError, match=r"^the forward pass gives nan or inf next to .*, when x varies$"
    ):
        assert_gradients(lambda x: (x / 0 * 0).sum(), (torch.tensor([1.0]),), (torch.zeros(1),), names=["x"])


def test_a_forward_pass_that_loses_precision_is_told() -> None:
    with pytest.raises(AssertionError, match="of float64 inputs has dtype float32, expected float64"):
        assert_gradients(lambda x: x.astype(np.float32).sum(), (X,), (np.ones_like(X),))


def test_a_forward_pass_without_a_return_is_told() -> None:
    with pytest.raises(AssertionError, match=r"^the forward pass returns None: is a return missing\?$"):
        assert_gradients(lambda x: None, (X,), (X,))
    with pytest.raises(AssertionError, match="returns None"):
        random_upstream(lambda x: None, (X,), np.random.default_rng(0))


# The test author's faults -------------------------------------------------------------------------------


def test_checks_that_could_not_fail_are_refused() -> None:
    with pytest.raises(ValueError, match="every gradient is SKIP"):
        assert_gradients(np.sum, (X,), (SKIP,))
    with pytest.raises(ValueError, match="zeros would pass"):
        assert_gradients(lambda x: (x**2).sum(), (X,), (2 * X,), atol=100)
    with pytest.raises(ValueError, match=r"shape \(5, 3\): give an upstream, such as random_upstream"):
        assert_gradients(linear, INPUTS, GRADS)
    with pytest.raises(ValueError, match="no input is a float tensor"):
        assert_autograd(lambda n: n, (torch.arange(3), X), rng=np.random.default_rng(0))


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"upstream has shape \(3,\), the result of the forward pass \(5, 3\)"
    ):
        assert_gradients(linear, INPUTS, GRADS, upstream=DY[0])
    with pytest.raises(
        ValueError, match=r"upstream has shape \(3,\), the result of the forward pass \(5, 3\)"
    ):
        finite_difference(linear, INPUTS, DY[0])
    with pytest.raises(ValueError, match="2 names for 3 inputs"):
        assert_gradients(linear, INPUTS, GRADS, upstream=DY, names=("x", "w"))
    bare: Any = X
    with pytest.raises(ValueError, match=r"inputs is a ndarray: write \(x,\) for a single one"):
        assert_gradients(np.sum, bare, np.ones_like(X))


# Inputs that are not judged -----------------------------------------------------------------------------


def test_integers_flags_and_none_are_handed_through() -> None:
    def look_up(table: Array, ids: Array, scale: float, mask: Array | None, double: bool) -> Array:
        assert ids.dtype == np.int64
        assert (type(scale), mask, double) == (float, None, True)
        return scale * table[ids] * (2 if double else 1)

    ids, dy = np.array([2, 0, 2]), numbers(3, 3, seed=4)
    dtable = np.zeros((4, 3))
    np.add.at(dtable, ids, 3.0 * dy)
    inputs = (numbers(4, 3), ids, 1.5, None, True)
    assert_gradients(look_up, inputs, (dtable, SKIP, SKIP, SKIP, SKIP), upstream=dy)
    with pytest.raises(ValueError, match=r"^input 1 is of type int64: only floats have gradients$"):
        assert_gradients(look_up, inputs, (dtable, ids, SKIP, SKIP, SKIP), upstream=dy)
    with pytest.raises(ValueError, match=r"^input 3 is of type NoneType: only floats have gradients$"):
        finite_difference(look_up, inputs, dy, argument=3)


def test_inputs_that_the_forward_pass_spoils_are_copied() -> None:
    def spoiling(x: Any, n: Any) -> Any:
        x *= n
        n += 1
        return x * x

    n = np.array([2, 3])
    x, dy = numbers(2), numbers(2, seed=1)
    with assert_unchanged(x, n, dy):
        assert_gradients(spoiling, (x, n), (2 * n**2 * x * dy, SKIP), upstream=dy)
    tensors = tuple(map(torch.tensor, (x, n, dy)))
    with assert_unchanged(*tensors):
        assert_gradients(spoiling, tensors[:2], (torch.tensor(2 * n**2 * x * dy), SKIP), upstream=tensors[2])
        assert_autograd(lambda x, n: x * 2 + 0 * n.add_(1), tensors[:2], rng=np.random.default_rng(0))
        random_upstream(spoiling, tensors[:2], np.random.default_rng(0))


def test_torch_is_not_imported() -> None:
    code = "import sys, aire_katas.checks.gradients; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ).returncode == 0
