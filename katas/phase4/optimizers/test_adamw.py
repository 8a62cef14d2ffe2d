import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adam import adam as torch_adam  # the steps inside torch.optim's classes,
from torch.optim.adamw import adamw as torch_adamw  # whose first use takes a second of imports

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.steps import (
    Arrays,
    Path,
    Step,
    assert_keeps_float32,
    assert_keeps_no_views,
    assert_nothing_without_parameters,
    assert_refuses_unequal_lengths,
    assert_repeatable,
    assert_separate_runs,
    assert_takes_any_layout,
    draw,
    track,
    walk,
)
from katas.phase4.optimizers.adamw import adam, adam_l2, adamw, decay_mask

KATA = Kata(
    difficulty=3,
    minutes=20,
    needs=("phase4/optimizers/adam",),
    forbids={
        "torch": "`adam` is there already: a product or a sum before it is all it takes",
        "jax": "`adam` is there already: a product or a sum before it is all it takes",
        "optax": "`adam` is there already: a product or a sum before it is all it takes",
    },
)

MASK = [True, False, True, False, False]
OPTIONS = [
    {},
    {"weight_decay": 2.0, "decay_mask": MASK},
    {"weight_decay": 0.5, "decay_mask": [not on for on in MASK], "eps": 0.3},
    {"betas": (0.5, 0.8), "weight_decay": 1.0},
    {"betas": (0.95, 0.6), "weight_decay": 0.0, "decay_mask": MASK},
]
both = pytest.mark.parametrize("step", [adamw, adam_l2])
every_option = pytest.mark.parametrize("options", OPTIONS)


def by_torch(
    step: Step,
    params: Arrays,
    grads: Path,
    rates: Sequence[float],
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
    weight_decay: float = 0.1,
    decay_mask: list[bool] | None = None,
) -> Path:
    """A call of its own for each parameter: that is how torch is told what decays."""
    oracle: Any = torch_adamw if step is adamw else torch_adam
    tensors = [torch.tensor(p) for p in params]
    means, squares = ([torch.zeros_like(t) for t in tensors] for _ in range(2))
    counts = [torch.tensor(0.0) for _ in tensors]
    mask = [True for _ in params] if decay_mask is None else decay_mask
    path = []
    for g, lr in zip(grads, rates, strict=True):
        for i in range(len(params)):
            oracle(
                [tensors[i]],
                [torch.tensor(g[i])],
                [means[i]],
                [squares[i]],
                [],
                [counts[i]],
                foreach=False,
                amsgrad=False,
                beta1=betas[0],
                beta2=betas[1],
                lr=lr,
                weight_decay=weight_decay * mask[i],
                eps=eps,
                maximize=False,
            )
        path.append([t.numpy().copy() for t in tensors])
    return path


# What decays ---------------------------------------------------------------------------------------------


def test_matrices_decay_and_vectors_do_not() -> None:
    """A small language model: embedding, norm, projection, bias, temperature."""
    shapes = [(1000, 64), (64,), (64, 192), (192,), ()]
    assert decay_mask(shapes) == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("shape", "decays"),
    [
        ((), False),
        ((1,), False),
        ((10_000,), False),
        ((0,), False),
        ((1, 1), True),
        ((5, 1), True),
        ((1, 5), True),
        ((0, 3), True),
        ((16, 3, 3, 3), True),
        ((2, 3, 4), True),
    ],
)
def test_the_number_of_axes_decides(shape: tuple[int, ...], decays: bool) -> None:
    assert decay_mask([shape]) == [decays]


def test_without_shapes_the_mask_is_empty() -> None:
    assert decay_mask([]) == []
    assert decay_mask([(2, 2)]) == [True]


# AdamW ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight_decay", [0.1, 1.0, 0.01])
def test_without_gradients_adamw_shrinks_geometrically(weight_decay: float) -> None:
    start, lr, t = np.array([3.0, -0.02, 500.0]), 0.2, np.arange(1, 31)
    path = track(adamw, start, [np.zeros(3)] * 30, lr, weight_decay=weight_decay)
    assert_close(path, np.outer((1 - lr * weight_decay) ** t, start))


def test_the_decay_follows_the_learning_rate() -> None:
    start, rates = np.array([3.0, -0.02]), [0.0, 0.5, 0.01, 0.1]
    path = walk(adamw, [start], [[np.zeros(2)]] * 4, rates, weight_decay=0.3)
    for p, factor in zip(path, np.cumprod([1 - lr * 0.3 for lr in rates]), strict=True):
        assert_close(p, [factor * start])


def test_it_is_the_weight_before_the_step_that_decays() -> None:
    p, g, lr, wd = np.array([3.0, -2.0, 0.5]), np.array([4.0, 9.0, -1.0]), 0.1, 0.4
    [new] = track(adamw, p, [g], lr, weight_decay=wd, eps=0.0)
    assert_close(new, p - lr * wd * p - lr * np.sign(g))


def test_runs_with_the_same_gradients_approach_each_other_geometrically() -> None:
    """The averages see g and nothing else, so both runs make the same steps beside the decay."""
    one, other = np.random.normal(size=(2, 3, 4))
    grads, lr, wd = list(np.random.normal(size=(20, 3, 4))), 0.1, 0.5
    gap = track(adamw, one, grads, lr, weight_decay=wd) - track(adamw, other, grads, lr, weight_decay=wd)
    assert_close(gap, np.multiply.outer((1 - lr * wd) ** np.arange(1, 21), one - other))


def test_adamw_decays_all_weights_alike_and_adam_l2_hardly_those_with_large_gradients() -> None:
    """Two equal weights, the gradients of one a thousand times as large."""
    grads = [g * np.array([1.0, 1e3]) for g in np.random.normal(size=50)]
    start, options = np.array([5.0, 5.0]), {"weight_decay": 0.5, "eps": 0.0}
    decoupled, coupled = (track(step, start, grads, 0.01, **options) for step in (adamw, adam_l2))
    undecayed = track(adam, start, grads, 0.01, beta2=0.95, eps=0.0)
    assert_close(decoupled[:, 1], decoupled[:, 0], rtol=1e-8)
    small, large = np.abs(coupled - undecayed)[-1]
    assert small > 20 * large


# L2 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight_decay", [1e-3, 0.1, 10.0])
def test_without_gradients_adam_l2_walks_at_the_pace_of_lr_whatever_the_decay(weight_decay: float) -> None:
    start, lr, t = np.array([3.0, -50.0, 1.0]), 1e-3, np.arange(1, 21)
    path = track(adam_l2, start, [np.zeros(3)] * 20, lr, weight_decay=weight_decay, eps=0.0)
    assert_close(start - path, lr * np.outer(t, np.sign(start)), rtol=0.01)
    assert_close(path[0], start - lr * np.sign(start))


def test_adam_l2_is_adam_on_the_penalised_loss() -> None:
    """|p - target|^2 / 2 + wd |p|^2 / 2 has its minimum at target / (1 + wd)."""
    target, wd = np.array([2.0, -1.0, 0.3]), 0.6
    params, state = [np.zeros(3)], {}
    for t in range(600):
        params, state = adam_l2(params, [params[0] - target], state, 0.1 * 0.98**t, weight_decay=wd)
    assert_close(params, [target / (1 + wd)], rtol=1e-2)


# Both ----------------------------------------------------------------------------------------------------


@both
def test_without_decay_both_are_adam(step: Step) -> None:
    params, grads, rates = draw(), [draw() for _ in range(5)], [0.1] * 5
    options = {"betas": (0.7, 0.8), "eps": 1e-3}
    expected = by_torch(step, params, grads, rates, **options, weight_decay=0.0)
    assert_close(walk(step, params, grads, rates, **options, weight_decay=0.0), expected)
    nothing = [False for _ in params]
    masked = walk(step, params, grads, rates, **options, weight_decay=3.0, decay_mask=nothing)
    assert_close(masked, expected, name="result with nothing in the mask")


@both
@every_option
def test_agrees_with_torch(step: Step, options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    expected = by_torch(step, params, grads, rates, **options)
    assert_close(walk(step, params, grads, rates, **options), expected, rtol=1e-9)


@both
@pytest.mark.parametrize("chosen", range(5))
def test_the_mask_chooses_what_decays(step: Step, chosen: int) -> None:
    shapes = [(3, 2), (3,), (), (2, 2), (4,)]
    params, grads, rates = draw(shapes), [draw(shapes) for _ in range(3)], [0.1] * 3
    options: dict[str, Any] = {"weight_decay": 2.0, "decay_mask": [i == chosen for i in range(5)]}
    expected = by_torch(step, params, grads, rates, **options)
    assert_close(walk(step, params, grads, rates, **options), expected, rtol=1e-9)
    unmasked = by_torch(step, params, grads, rates, weight_decay=2.0)
    assert_close(
        walk(step, params, grads, rates, weight_decay=2.0), unmasked, rtol=1e-9, name="without a mask"
    )


@both
@every_option
def test_runs_side_by_side_do_not_disturb_each_other(step: Step, options: dict[str, Any]) -> None:
    assert_separate_runs(step, partial(by_torch, step), **options)


@both
@every_option
def test_a_step_changes_nothing_and_can_be_taken_again(step: Step, options: dict[str, Any]) -> None:
    assert_repeatable(step, **options)


@both
@every_option
def test_the_loop_may_overwrite_its_arrays_after_the_step(step: Step, options: dict[str, Any]) -> None:
    assert_keeps_no_views(step, partial(by_torch, step), **options)


@both
@pytest.mark.parametrize("mask", [None, []])
def test_without_parameters_nothing_happens(step: Step, mask: list[bool] | None) -> None:
    assert_nothing_without_parameters(step, decay_mask=mask)


@both
@every_option
def test_float32_stays_float32(step: Step, options: dict[str, Any]) -> None:
    assert_keeps_float32(step, partial(by_torch, step), **options)


@both
def test_any_memory_layout_will_do(step: Step) -> None:
    assert_takes_any_layout(step, partial(by_torch, step))


@both
@pytest.mark.parametrize("mask", [[], [True], [True] * 4, [False] * 6])
def test_a_mask_of_another_length_raises(step: Step, mask: list[bool]) -> None:
    params, grads = draw(), draw()
    with pytest.raises(ValueError):
        step(params, grads, {}, 0.1, decay_mask=mask)


@both
def test_lists_of_different_lengths_raise(step: Step) -> None:
    assert_refuses_unequal_lengths(step)
