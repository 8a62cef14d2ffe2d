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

Path = list[list[np.ndarray]]
SHAPES = [(3, 4), (5,), (), (1, 1), (2, 0)]
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


def draw(shapes: Sequence[tuple[int, ...]] = SHAPES) -> list[np.ndarray]:
    return [np.asarray(np.random.normal(size=shape)) for shape in shapes]


def run(params: list[np.ndarray], grads: Path, rates: Sequence[float], **options: Any) -> Path:
    """The parameters after each step."""
    state: dict[str, Any] = {}
    path = []
    for g, lr in zip(grads, rates, strict=True):
        params, state = adam(params, g, state, lr, **options)
        path.append(params)
    return path


def steps_of(grads: Sequence[Any], lr: float = 1.0, **options: Any) -> np.ndarray:
    """How far one parameter, an array, moves in each step; (steps, ...)."""
    start = np.zeros(np.shape(grads[0]))
    path = run([start], [[np.asarray(g)] for g in grads], [lr] * len(grads), **options)
    return np.diff(np.stack([start, *(p for [p] in path)]), axis=0)


def by_torch(
    params: list[np.ndarray],
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
    assert_close(steps_of([g], lr=0.01, **options)[0], -0.01 * np.sign(g), rtol=1e-6)


def test_under_steady_gradients_every_step_is_as_long_as_the_learning_rate() -> None:
    g = np.array([3.0, -0.02, 7e5])
    assert_close(steps_of([g] * 50, lr=0.01, eps=0.0), np.tile(-0.01 * np.sign(g), (50, 1)))


@every_option
def test_gradients_of_the_other_sign_give_the_mirrored_path(options: dict[str, Any]) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(10)]
    assert_close(steps_of([-g for g in grads], **options), -steps_of(grads, **options))


@pytest.mark.parametrize("factor", [1000.0, 1e-3])
@pytest.mark.parametrize("options", [{}, {"beta1": 0.5, "beta2": 0.7}])
def test_the_scale_of_the_gradients_cancels(options: dict[str, Any], factor: float) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(10)]
    steps = steps_of(grads, eps=0.0, **options)
    assert_close(steps_of([factor * g for g in grads], eps=0.0, **options), steps, rtol=1e-8)


@pytest.mark.parametrize("silent", [0, 1, 4, 30, 1000])
@pytest.mark.parametrize(("beta1", "beta2"), [(0.9, 0.999), (0.5, 0.9)])
def test_an_entry_that_speaks_after_long_silence_makes_a_long_step(
    silent: int, beta1: float, beta2: float
) -> None:
    """Up to lr (1 - beta1) / sqrt(1 - beta2), as Kingma and Ba say, and no longer."""
    lr, t = 0.1, silent + 1
    grads = [*[np.zeros(2)] * silent, np.array([5.0, -300.0])]
    steps = steps_of(grads, lr=lr, beta1=beta1, beta2=beta2)
    m_hat, v_hat = (1 - beta1) / (1 - beta1**t), (1 - beta2) / (1 - beta2**t)
    expected = lr * m_hat / v_hat**0.5
    assert_close(steps[-1], np.array([-expected, expected]), rtol=1e-6)
    assert (np.abs(steps[-1]) <= lr * (1 - beta1) / (1 - beta2) ** 0.5 * (1 + 1e-9)).all()


def test_the_step_is_the_corrected_mean_over_the_corrected_root() -> None:
    beta1, beta2, eps, lr = 0.6, 0.8, 0.1, 0.3
    grads = np.random.normal(size=(6, 4))
    steps = steps_of(list(grads), lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    for t in range(1, 7):
        age = np.arange(t)[::-1]
        m_hat = np.average(grads[:t], axis=0, weights=beta1**age)
        v_hat = np.average(grads[:t] ** 2, axis=0, weights=beta2**age)
        assert_close(steps[t - 1], -lr * m_hat / (np.sqrt(v_hat) + eps), name=f"step {t}")


@pytest.mark.parametrize("eps", [1e-6, 1e-2, 10.0])
def test_eps_is_added_to_the_corrected_root(eps: float) -> None:
    """With steady gradients as small as eps every step is half of lr."""
    g = eps * np.array([1.0, -1.0])
    assert_close(steps_of([g] * 5, eps=eps), np.tile([-0.5, 0.5], (5, 1)))


@every_option
def test_agrees_with_torch(options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    assert_close(run(params, grads, rates, **options), by_torch(params, grads, rates, **options), rtol=1e-9)


@every_option
def test_gradients_of_zero_at_the_start_move_nothing(options: dict[str, Any]) -> None:
    params, zeros = draw(), [np.zeros(shape) for shape in SHAPES]
    grads, rates = [zeros, zeros, draw(), zeros, draw()], [0.1] * 5
    path = run(params, grads, rates, **options)
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
    shapes = [(3,), (3,), (3, 3), (1, 3), ()]
    params, grads, rates = draw(shapes), [draw(shapes) for _ in range(5)], [0.1] * 5
    together = run(params, grads, rates, **options)
    for i in range(len(shapes)):
        alone = by_torch([params[i]], [[g[i]] for g in grads], rates, **options)
        assert_close([[p[i]] for p in together], alone, rtol=1e-9, name=f"parameter {i}")


@every_option
def test_runs_side_by_side_do_not_disturb_each_other(options: dict[str, Any]) -> None:
    starts, rates = [draw(), draw()], [0.1] * 5
    grads = [[draw() for _ in range(5)] for _ in starts]
    params, states = list(starts), [{}, {}]
    for n in range(5):
        for one in (0, 1):
            params[one], states[one] = adam(params[one], grads[one][n], states[one], 0.1, **options)
    for one in (0, 1):
        expected = by_torch(starts[one], grads[one], rates, **options)[-1]
        assert_close(params[one], expected, rtol=1e-9, name=f"run {one}")


@every_option
def test_a_run_goes_on_from_a_copy_of_its_state(options: dict[str, Any]) -> None:
    params, state = draw(), {}
    for _ in range(3):
        params, state = adam(params, draw(), state, 0.1, **options)
    other, copied = copy.deepcopy((params, state))
    for _ in range(4):
        grads = draw()
        params, state = adam(params, grads, state, 0.1, **options)
        other, copied = adam(other, grads, copied, 0.1, **options)
        assert_close(other, params, rtol=0, atol=0)


@every_option
def test_a_step_changes_nothing_and_can_be_taken_again(options: dict[str, Any]) -> None:
    params, state = draw(), {}
    for _ in range(3):
        grads, saved = draw(), copy.deepcopy(state)
        with assert_unchanged(params, grads):
            new, after = adam(params, grads, state, 0.1, **options)
            again, _ = adam(params, grads, state, 0.1, **options)
            resumed, _ = adam(params, grads, saved, 0.1, **options)
        assert_close(again, new, rtol=0, atol=0, name="the same step from the same state")
        assert_close(resumed, new, rtol=0, atol=0, name="the same step from a copy of the state")
        params, state = new, after


@every_option
def test_the_loop_may_overwrite_its_arrays_after_the_step(options: dict[str, Any]) -> None:
    start, grads, rates = draw(), [draw() for _ in range(5)], [0.1] * 5
    params, state, path = start, {}, []
    for g in grads:
        given, buffers = [np.array(p) for p in params], [np.array(one) for one in g]
        params, state = adam(given, buffers, state, 0.1, **options)
        for used in (*given, *buffers):
            used.fill(np.nan)
        path.append([np.array(p) for p in params])
    assert_close(path, by_torch(start, grads, rates, **options), rtol=1e-9)


@every_option
def test_float32_stays_float32(options: dict[str, Any]) -> None:
    params = [p.astype(np.float32) for p in draw()]
    grads = [[g.astype(np.float32) for g in draw()] for _ in range(4)]
    expected = by_torch(params, grads, [0.1] * 4, **options)
    assert_close(run(params, grads, [0.1] * 4, **options), expected, rtol=1e-4)


@every_option
def test_any_memory_layout_will_do(options: dict[str, Any]) -> None:
    params, grads, rates = draw([(3, 4)]), [draw([(3, 4)]) for _ in range(3)], [0.1] * 3
    expected = by_torch(params, grads, rates, **options)
    turned = [list(layouts(g[0])) for g in grads]
    for i, (layout, p) in enumerate(layouts(params[0])):
        actual = run([p], [[g[i][1]] for g in turned], rates, **options)
        assert_close(actual, expected, rtol=1e-9, name=layout)


@pytest.mark.parametrize(("n_params", "n_grads"), [(1, 2), (2, 1), (0, 1), (1, 0), (3, 5)])
def test_lists_of_different_lengths_raise(n_params: int, n_grads: int) -> None:
    with pytest.raises(ValueError):
        adam([np.ones(2)] * n_params, [np.ones(2)] * n_grads, {}, 0.1)
