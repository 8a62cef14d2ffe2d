import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.sgd import (
    sgd as torch_sgd,
)  # the step inside torch.optim.SGD, whose import takes a second less

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.steps import (
    SHAPES,
    Arrays,
    Path,
    assert_keeps_float32,
    assert_keeps_no_views,
    assert_nothing_without_parameters,
    assert_refuses_unequal_lengths,
    assert_repeatable,
    assert_separate_parameters,
    assert_separate_runs,
    assert_takes_any_layout,
    draw,
    walk,
)
from katas.phase4.optimizers.sgd_momentum import sgd, velocity_limit

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={
        "torch": "numpy's products and sums are all it takes",
        "jax": "numpy's products and sums are all it takes",
        "optax": "write the recurrence down",
    },
)

OPTIONS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.5},
    {"momentum": 0.9, "dampening": 0.3},
    {"momentum": 0.6, "dampening": 0.9},
    {"dampening": 0.5},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.4, "nesterov": True},
]
every_option = pytest.mark.parametrize("options", OPTIONS)


def by_torch(
    params: Arrays,
    grads: Path,
    rates: Sequence[float],
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> Path:
    tensors = [torch.tensor(p) for p in params]
    velocities: list[torch.Tensor | None] = [None for _ in params]
    path = []
    for g, lr in zip(grads, rates, strict=True):
        torch_sgd(
            tensors,
            [torch.tensor(one) for one in g],
            velocities,
            foreach=False,
            weight_decay=0.0,
            momentum=momentum,
            lr=lr,
            dampening=dampening,
            nesterov=nesterov,
            maximize=False,
        )
        path.append([t.numpy().copy() for t in tensors])
    return path


@pytest.mark.parametrize("dampening", [0.0, 0.7])
def test_without_momentum_every_step_goes_down_its_gradient(dampening: float) -> None:
    params, grads = draw(), [draw() for _ in range(4)]
    path = walk(sgd, params, grads, [0.1] * 4, dampening=dampening)
    for step in range(4):
        gone = [0.1 * sum(g[i] for g in grads[: step + 1]) for i in range(len(SHAPES))]
        assert_close(path[step], [p - d for p, d in zip(params, gone, strict=True)], name=f"step {step + 1}")


@pytest.mark.parametrize("dampening", [0.0, 0.7])
@pytest.mark.parametrize("momentum", [0.5, 0.9])
def test_the_first_step_with_momentum_is_a_plain_one(momentum: float, dampening: float) -> None:
    params, grads = draw(), draw()
    new, _ = sgd(params, grads, {}, 0.3, momentum, dampening)
    assert_close(new, [p - 0.3 * g for p, g in zip(params, grads, strict=True)])


def test_a_single_push_fades_away_geometrically() -> None:
    lr, mu = 0.1, 0.8
    grads = [[np.array([5.0, -2.0])], *([np.zeros(2)] for _ in range(20))]
    path = np.stack([p for [p] in walk(sgd, [np.zeros(2)], grads, [lr] * 21, momentum=mu)])
    steps = np.diff(path, axis=0, prepend=0)
    assert_close(steps, -lr * np.outer(mu ** np.arange(21), [5.0, -2.0]), name="steps")


def test_on_a_parabola_the_heavy_ball_keeps_a_share_of_its_last_step() -> None:
    """f(x) = k x^2 / 2 has the gradient k x: x_next = x - lr k x + mu (x - x_before)."""
    k, lr, mu = np.array([0.5, 3.0, 10.0]), 0.1, 0.7
    x = before = np.array([1.0, -2.0, 0.5])
    params, state = [x], {}
    for _ in range(25):
        params, state = sgd(params, [k * params[0]], state, lr, mu)
        x, before = x - lr * k * x + mu * (x - before), x
        assert_close(params, [x])


def test_nesterov_takes_the_gradient_where_the_velocity_leads() -> None:
    """In Sutskever's form the ball is at x and asks for the gradient at x + mu u: that point is our p."""
    k, lr, mu = np.array([0.5, 3.0, 10.0]), 0.1, 0.7
    x, u = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    params, state = [x], {}
    for _ in range(25):
        params, state = sgd(params, [k * params[0]], state, lr, mu, nesterov=True)
        u = mu * u - lr * k * (x + mu * u)
        x = x + u
        assert_close(params, [x + mu * u])


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("mu", [0.3, 0.9])
def test_steady_gradients_make_longer_steps(mu: float, nesterov: bool) -> None:
    g, lr = np.array([2.0, -0.5]), 0.01
    *_, [before], [after] = walk(sgd, [np.zeros(2)], [[g]] * 400, [lr] * 400, momentum=mu, nesterov=nesterov)
    assert_close(before - after, lr * g / (1 - mu), rtol=1e-9, name="step")


@pytest.mark.parametrize("g", [1.0, -3.0, 0.25, 0.0])
@pytest.mark.parametrize("mu", [0.0, 0.2, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("lr", [1.0, 0.03])
def test_the_limit_is_what_two_thousand_steps_come_to(g: float, mu: float, lr: float) -> None:
    v = 0.0
    for _ in range(2000):
        v = mu * v + g
    assert_close(velocity_limit(g, mu, lr), lr * v)


def test_a_new_learning_rate_acts_at_once() -> None:
    grads, rates = [draw([(4,)]) for _ in range(6)], [0.1, 0.4, 0.0, 0.01, 1.0, 0.2]
    *_, [after_two], [after_three], _, _, _ = walk(sgd, draw([(4,)]), grads, rates, momentum=0.9)
    assert_close(after_three, after_two, name="parameters after a step of rate 0")
    params = draw([(4,)])
    steps = [
        np.diff([p for [p] in walk(sgd, params, grads, r, momentum=0.9)], axis=0) for r in (rates, [1.0] * 6)
    ]
    assert_close(steps[0], np.reshape(rates[1:], (5, 1)) * steps[1], name="steps")


@every_option
def test_agrees_with_torch(options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    assert_close(walk(sgd, params, grads, rates, **options), by_torch(params, grads, rates, **options))


@every_option
def test_a_gradient_of_zero_is_a_gradient(options: dict[str, Any]) -> None:
    """Also at the first step: the second one is no first step then."""
    params = draw()
    grads = [[0 * p for p in params], draw(), [0 * p for p in params], draw()]
    rates = [0.1] * 4
    assert_close(walk(sgd, params, grads, rates, **options), by_torch(params, grads, rates, **options))


@every_option
def test_each_parameter_is_on_its_own(options: dict[str, Any]) -> None:
    assert_separate_parameters(sgd, by_torch, **options)


@every_option
def test_runs_side_by_side_do_not_disturb_each_other(options: dict[str, Any]) -> None:
    assert_separate_runs(sgd, by_torch, **options)


@every_option
def test_a_step_changes_nothing_and_can_be_taken_again(options: dict[str, Any]) -> None:
    assert_repeatable(sgd, **options)


@every_option
def test_the_loop_may_overwrite_its_arrays_after_the_step(options: dict[str, Any]) -> None:
    assert_keeps_no_views(sgd, by_torch, **options)


@every_option
def test_without_parameters_nothing_happens(options: dict[str, Any]) -> None:
    assert_nothing_without_parameters(sgd, **options)


@every_option
def test_float32_stays_float32(options: dict[str, Any]) -> None:
    assert_keeps_float32(sgd, by_torch, **options)


@every_option
def test_any_memory_layout_will_do(options: dict[str, Any]) -> None:
    assert_takes_any_layout(sgd, by_torch, **options)


@pytest.mark.parametrize(
    ("momentum", "dampening"), [(0.0, 0.0), (0.0, 0.5), (-0.5, 0.0), (0.9, 0.5), (0.9, 1e-3), (-0.9, 0.5)]
)
def test_nesterov_without_momentum_or_with_dampening_raises(momentum: float, dampening: float) -> None:
    params, grads = draw(), draw()
    with pytest.raises(ValueError):
        sgd(params, grads, {}, 0.1, momentum, dampening, nesterov=True)


def test_lists_of_different_lengths_raise() -> None:
    assert_refuses_unequal_lengths(sgd)
