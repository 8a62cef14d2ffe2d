import copy
import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adam import (
    adam as torch_adam,
)  # the step inside torch.optim.Adam, whose import takes a second less

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.steps import (
    SHAPES,
    Arrays,
    Path,
    assert_keeps_float32,
    assert_keeps_no_views,
    assert_refuses_unequal_lengths,
    assert_repeatable,
    assert_resumes,
    assert_separate_parameters,
    assert_separate_runs,
    assert_takes_any_layout,
    draw,
    moves,
    walk,
)
from katas.phase4.optimizers.adam import adam, bias

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/optimizers/rmsprop",),
    forbids={
        "torch": "two running averages and a root are all it takes",
        "jax": "two running averages and a root are all it takes",
        "optax": "write the five lines down",
    },
)

OPTIONS = [
    {},
    {"beta1": 0.5, "beta2": 0.8},
    {"beta1": 0.95, "beta2": 0.6, "eps": 1e-3},
    {"beta1": 0.0},
    {"beta2": 0.0, "eps": 0.1},
    {"eps": 0.5},
    {"beta1": 0.0, "beta2": 0.0, "eps": 0.3},
]
every_option = pytest.mark.parametrize("options", OPTIONS)


def by_torch(
    params: Arrays,
    grads: Path,
    rates: Sequence[float],
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> Path:
    tensors = [torch.tensor(p) for p in params]
    means, squares = ([torch.zeros_like(t) for t in tensors] for _ in range(2))
    counts = [torch.tensor(0.0) for _ in tensors]
    path = []
    for g, lr in zip(grads, rates, strict=True):
        torch_adam(
            tensors,
            [torch.tensor(one) for one in g],
            means,
            squares,
            [],
            counts,
            foreach=False,
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=lr,
            weight_decay=0.0,
            eps=eps,
            maximize=False,
        )
        path.append([t.numpy().copy() for t in tensors])
    return path


# The bias ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000), Fraction(0)])
@pytest.mark.parametrize("t", [1, 2, 3, 4])
def test_the_bias_is_what_an_average_has_of_the_mean(beta: Fraction, t: int) -> None:
    """Exactly, over every sequence of squares of three equally likely gradients."""
    gradients = [Fraction(1), Fraction(2), Fraction(-3)]
    total = Fraction(0)
    for sequence in itertools.product(gradients, repeat=t):
        v = Fraction(0)
        for g in sequence:
            v = beta * v + (1 - beta) * g**2
        total += v
    mean_square = sum(g**2 for g in gradients) / Fraction(3)
    assert_close(bias(float(beta), t), float(total / 3**t / mean_square))


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("t", [1, 2, 7, 50, 2000])
def test_the_bias_is_the_sum_of_the_weights(beta: float, t: int) -> None:
    assert_close(bias(beta, t), sum((1 - beta) * beta**age for age in range(t)))


# The step ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"beta1": 0.5, "beta2": 0.7}, {"beta1": 0.99, "beta2": 0.9}])
def test_the_first_step_is_as_long_as_the_learning_rate(options: dict[str, Any]) -> None:
    g = np.array([3.0, -20.0, 7e5, -1.0])
    assert_close(moves(adam, [g], lr=0.01, **options)[0], -0.01 * np.sign(g), rtol=1e-6)


def test_under_steady_gradients_every_step_is_as_long_as_the_learning_rate() -> None:
    g = np.array([3.0, -0.02, 7e5])
    assert_close(moves(adam, [g] * 50, lr=0.01, eps=0.0), np.tile(-0.01 * np.sign(g), (50, 1)))


@every_option
def test_gradients_of_the_other_sign_give_the_mirrored_path(options: dict[str, Any]) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(10)]
    assert_close(moves(adam, [-g for g in grads], **options), -moves(adam, grads, **options))


@pytest.mark.parametrize("factor", [1000.0, 1e-3])
@pytest.mark.parametrize("options", [{}, {"beta1": 0.5, "beta2": 0.7}])
def test_the_scale_of_the_gradients_cancels(options: dict[str, Any], factor: float) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(10)]
    steps = moves(adam, grads, eps=0.0, **options)
    assert_close(moves(adam, [factor * g for g in grads], eps=0.0, **options), steps, rtol=1e-8)


@pytest.mark.parametrize("silent", [0, 1, 4, 30, 1000])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.9)])
def test_an_entry_that_speaks_after_long_silence_makes_a_long_step(
    silent: int, beta1: float, beta2: float
) -> None:
    """Up to lr (1 - beta1) / sqrt(1 - beta2), as Kingma and Ba say, and no longer."""
    lr, t = 0.1, silent + 1
    grads = [*[np.zeros(2)] * silent, np.array([5.0, -300.0])]
    steps = moves(adam, grads, lr=lr, beta1=beta1, beta2=beta2)
    m_hat, v_hat = (1 - beta1) / (1 - beta1**t), (1 - beta2) / (1 - beta2**t)
    expected = lr * m_hat / v_hat**0.5
    assert_close(steps[-1], np.array([-expected, expected]), rtol=1e-6)
    assert (np.abs(steps[-1]) <= lr * (1 - beta1) / (1 - beta2) ** 0.5 * (1 + 1e-9)).all()


def test_the_step_is_the_corrected_mean_over_the_corrected_root() -> None:
    beta1, beta2, eps, lr = 0.6, 0.8, 0.1, 0.3
    grads = np.random.normal(size=(6, 4))
    steps = moves(adam, list(grads), lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    for t in range(1, 7):
        age = np.arange(t)[::-1]
        m_hat = np.average(grads[:t], axis=0, weights=beta1**age)
        v_hat = np.average(grads[:t] ** 2, axis=0, weights=beta2**age)
        assert_close(steps[t - 1], -lr * m_hat / (np.sqrt(v_hat) + eps), name=f"step {t}")


@pytest.mark.parametrize("eps", [1e-6, 1e-2, 10.0])
def test_eps_is_added_to_the_corrected_root(eps: float) -> None:
    """With steady gradients as small as eps every step is half of lr."""
    g = eps * np.array([1.0, -1.0])
    assert_close(moves(adam, [g] * 5, eps=eps), np.tile([-0.5, 0.5], (5, 1)))


@every_option
def test_agrees_with_torch(options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    assert_close(
        walk(adam, params, grads, rates, **options), by_torch(params, grads, rates, **options), rtol=1e-9
    )


@every_option
def test_gradients_of_zero_at_the_start_move_nothing(options: dict[str, Any]) -> None:
    params, zeros = draw(), [np.zeros(shape) for shape in SHAPES]
    grads, rates = [zeros, zeros, draw(), zeros, draw()], [0.1] * 5
    path = walk(adam, params, grads, rates, **options)
    assert_close(path[:2], [params, params], name="parameters after gradients of 0")
    assert_close(path, by_torch(params, grads, rates, **options), rtol=1e-9)


# The state -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [SHAPES, [(3,)], []])
def test_t_counts_the_steps_and_not_the_parameters(shapes: list[tuple[int, ...]]) -> None:
    params, state = draw(shapes), {}
    for step in range(1, 6):
        params, state = adam(params, draw(shapes), state, 0.1)
        assert state["t"] == step
        assert len(params) == len(shapes)


@every_option
def test_each_parameter_is_on_its_own(options: dict[str, Any]) -> None:
    assert_separate_parameters(adam, by_torch, **options)


@every_option
def test_runs_side_by_side_do_not_disturb_each_other(options: dict[str, Any]) -> None:
    assert_separate_runs(adam, by_torch, **options)


@every_option
def test_a_run_goes_on_from_a_copy_of_its_state(options: dict[str, Any]) -> None:
    assert_resumes(adam, **options)


@every_option
def test_a_step_changes_nothing_and_can_be_taken_again(options: dict[str, Any]) -> None:
    assert_repeatable(adam, **options)


@every_option
def test_the_loop_may_overwrite_its_arrays_after_the_step(options: dict[str, Any]) -> None:
    assert_keeps_no_views(adam, by_torch, **options)


@every_option
def test_float32_stays_float32(options: dict[str, Any]) -> None:
    assert_keeps_float32(adam, by_torch, **options)


@every_option
def test_any_memory_layout_will_do(options: dict[str, Any]) -> None:
    assert_takes_any_layout(adam, by_torch, **options)


def test_lists_of_different_lengths_raise() -> None:
    assert_refuses_unequal_lengths(adam)
