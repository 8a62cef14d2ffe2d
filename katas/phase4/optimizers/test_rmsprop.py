import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adagrad import adagrad as torch_adagrad  # the steps inside torch.optim's classes,
from torch.optim.rmsprop import rmsprop as torch_rmsprop  # whose first use takes a second of imports

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.steps import (
    SHAPES,
    Arrays,
    Path,
    Step,
    assert_keeps_float32,
    assert_keeps_no_views,
    assert_nothing_without_parameters,
    assert_refuses_unequal_lengths,
    assert_repeatable,
    assert_separate_parameters,
    assert_separate_runs,
    assert_takes_any_layout,
    draw,
    moves,
    walk,
)
from katas.phase4.optimizers.rmsprop import adagrad, rmsprop

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/optimizers/sgd_momentum",),
    forbids={
        "torch": "squares, running averages and a root are all it takes",
        "jax": "squares, running averages and a root are all it takes",
        "optax": "write the recurrences down",
    },
)

CASES = [
    (adagrad, {}),
    (adagrad, {"eps": 0.3}),
    (adagrad, {"eps": 1e-3}),
    (rmsprop, {}),
    (rmsprop, {"alpha": 0.9}),
    (rmsprop, {"alpha": 0.3, "eps": 0.2}),
    (rmsprop, {"alpha": 0.0, "eps": 1e-2}),
    (rmsprop, {"centered": True}),
    (rmsprop, {"alpha": 0.8, "centered": True}),
    (rmsprop, {"alpha": 0.4, "eps": 0.2, "centered": True}),
]
every_case = pytest.mark.parametrize(("step", "options"), CASES)


def by_torch(step: Step, params: Arrays, grads: Path, rates: Sequence[float], **options: Any) -> Path:
    tensors = [torch.tensor(p) for p in params]
    squares, means = ([torch.zeros_like(t) for t in tensors] for _ in range(2))
    counts = [torch.tensor(0.0) for _ in tensors]
    path = []
    for g, lr in zip(grads, rates, strict=True):
        slopes = [torch.tensor(one) for one in g]
        common: Any = {"lr": lr, "weight_decay": 0.0, "maximize": False, "foreach": False}
        if step is adagrad:
            options = {"eps": 1e-10, **options}
            torch_adagrad(
                tensors,
                slopes,
                squares,
                counts,
                lr_decay=0.0,
                has_sparse_grad=False,
                differentiable=False,
                has_complex=False,
                **common,
                **options,
            )
        else:
            options = {"alpha": 0.99, "eps": 1e-8, "centered": False, **options}
            torch_rmsprop(tensors, slopes, squares, means, [], counts, momentum=0.0, **common, **options)
        path.append([t.numpy().copy() for t in tensors])
    return path


# What they are for ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "options"), [(adagrad, {}), (rmsprop, {}), (rmsprop, {"centered": True})])
@pytest.mark.parametrize("factor", [1000.0, 1e-3])
def test_the_scale_of_the_gradients_cancels(step: Step, options: dict[str, Any], factor: float) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(6)]
    steps = moves(step, grads, eps=0.0, **options)
    scaled = moves(step, [factor * g for g in grads], eps=0.0, **options)
    assert_close(scaled, steps, rtol=1e-8)


@every_case
def test_every_step_goes_against_its_gradient(step: Step, options: dict[str, Any]) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(8)]
    assert_close(np.sign(moves(step, grads, **options)), -np.sign(grads))


# AdaGrad -------------------------------------------------------------------------------------------------


def test_under_steady_gradients_adagrad_slows_down_as_one_over_root_k() -> None:
    g, k = np.array([3.0, -0.02, 700.0]), np.arange(1, 31)
    steps = moves(adagrad, [g] * 30, lr=0.1, eps=0.0)
    assert_close(steps, -0.1 * np.outer(1 / np.sqrt(k), np.sign(g)))


def test_adagrad_remembers_every_gradient_alike() -> None:
    """In whatever order they came, the next step is the same."""
    grads, last = [np.random.normal(size=4) for _ in range(5)], np.random.normal(size=4)
    step = moves(adagrad, [*grads, last])[-1]
    assert_close(step, -last / np.sqrt(np.sum(np.square([*grads, last]), axis=0)), rtol=1e-8)
    assert_close(moves(adagrad, [*grads[::-1], last])[-1], step)


# RMSProp -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9, 0.99])
def test_the_first_step_of_rmsprop_is_too_long(alpha: float) -> None:
    """Its average holds a share 1 - alpha of the first square and nothing else."""
    g = np.array([3.0, -0.02, 700.0])
    [step] = moves(rmsprop, [g], lr=0.1, alpha=alpha, eps=0.0)
    assert_close(step, -0.1 * np.sign(g) / np.sqrt(1 - alpha))


@pytest.mark.parametrize("alpha", [0.5, 0.9])
def test_under_steady_gradients_rmsprop_settles_at_the_learning_rate(alpha: float) -> None:
    g = np.array([3.0, -0.02])
    assert_close(moves(rmsprop, [g] * 400, lr=0.1, alpha=alpha, eps=0.0)[-1], -0.1 * np.sign(g))


@pytest.mark.parametrize("alpha", [0.5, 0.9])
def test_rmsprop_forgets_a_large_gradient(alpha: float) -> None:
    """n steps later a square counts with (1 - alpha) alpha^n."""
    steps = moves(rmsprop, [np.array(100.0), *[np.array(1.0)] * 20], alpha=alpha)
    n = np.arange(1, 21)
    v = (1 - alpha) * alpha**n * 100.0**2 + (1 - alpha**n)
    assert_close(steps[1:], -1 / np.sqrt(v), rtol=1e-7)


def test_centered_rmsprop_measures_how_much_the_gradient_varies() -> None:
    """Alternating m + s and m - s have the variance s^2, whatever m is."""
    spread = np.array([2.0, 0.1, 1.0])
    grads = [np.array([5.0, 0.3, -4.0]) + (-1) ** n * spread for n in range(6000)]
    steps = moves(rmsprop, grads, alpha=0.998, centered=True)
    assert_close(steps[-2:], -np.stack(grads[-2:]) / spread, rtol=0.01)


def test_centered_rmsprop_has_the_variance_under_the_root() -> None:
    """The weighted mean of (g - m)^2, m the weighted mean of g; what is left of the start counts as zeros."""
    alpha, grads = 0.7, np.random.normal(size=(6, 4)) + 2
    steps = moves(rmsprop, list(grads), alpha=alpha, eps=0.1, centered=True)
    for n in range(6):
        seen = np.vstack([np.zeros(4), grads[: n + 1]])
        weights = np.array([alpha ** (n + 1), *((1 - alpha) * alpha**age for age in range(n, -1, -1))])
        mean = weights @ seen
        variance = weights @ (seen - mean) ** 2
        assert_close(steps[n], -grads[n] / (np.sqrt(variance) + 0.1), name=f"step {n + 1}")


# Both ----------------------------------------------------------------------------------------------------


@every_case
def test_agrees_with_torch(step: Step, options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    assert_close(walk(step, params, grads, rates, **options), by_torch(step, params, grads, rates, **options))


@every_case
def test_a_gradient_of_zero_moves_nothing(step: Step, options: dict[str, Any]) -> None:
    params, zeros = draw(), [np.zeros(shape) for shape in SHAPES]
    grads, rates = [zeros, draw(), zeros, draw()], [0.1] * 4
    path = walk(step, params, grads, rates, **options)
    assert_close(path[0], params, name="parameters after gradients of 0 at the start")
    assert_close(path, by_torch(step, params, grads, rates, **options))


@pytest.mark.parametrize("step", [adagrad, rmsprop])
def test_eps_is_added_to_the_root(step: Step) -> None:
    """With gradients as small as eps the step is half of what it would be."""
    options = {"alpha": 0.0} if step is rmsprop else {}
    g = np.array([1e-5, -1e-5])
    assert_close(moves(step, [g], eps=1e-5, **options), np.array([[-0.5, 0.5]]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_makes_no_nan_of_a_steady_gradient(dtype: type) -> None:
    g = np.random.normal(size=200).astype(dtype)
    path = walk(rmsprop, [0 * g], [[g]] * 80, [1e-3] * 80, alpha=0.5, centered=True)
    steps = np.diff(np.stack([p for [p] in path]), axis=0)
    assert np.isfinite(steps).all(), "where v - a^2 should be 0, a parameter became nan or infinite"
    assert (steps * g <= 0).all(), "a step went up the gradient"


@every_case
def test_each_parameter_is_on_its_own(step: Step, options: dict[str, Any]) -> None:
    assert_separate_parameters(step, partial(by_torch, step), **options)


@every_case
def test_runs_side_by_side_do_not_disturb_each_other(step: Step, options: dict[str, Any]) -> None:
    assert_separate_runs(step, partial(by_torch, step), **options)


@every_case
def test_a_step_changes_nothing_and_can_be_taken_again(step: Step, options: dict[str, Any]) -> None:
    assert_repeatable(step, **options)


@every_case
def test_the_loop_may_overwrite_its_arrays_after_the_step(step: Step, options: dict[str, Any]) -> None:
    assert_keeps_no_views(step, partial(by_torch, step), **options)


@every_case
def test_without_parameters_nothing_happens(step: Step, options: dict[str, Any]) -> None:
    assert_nothing_without_parameters(step, **options)


@every_case
def test_float32_stays_float32(step: Step, options: dict[str, Any]) -> None:
    assert_keeps_float32(step, partial(by_torch, step), **options)


@every_case
def test_any_memory_layout_will_do(step: Step, options: dict[str, Any]) -> None:
    assert_takes_any_layout(step, partial(by_torch, step), **options)


@pytest.mark.parametrize("step", [adagrad, rmsprop])
def test_lists_of_different_lengths_raise(step: Step) -> None:
    assert_refuses_unequal_lengths(step)
