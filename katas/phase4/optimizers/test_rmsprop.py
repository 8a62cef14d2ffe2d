import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim.adagrad import adagrad as torch_adagrad  # the steps inside torch.optim's classes,
from torch.optim.rmsprop import rmsprop as torch_rmsprop  # whose first use takes a second of imports

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
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

Path = list[list[np.ndarray]]
SHAPES = [(3, 4), (5,), (), (1, 1), (2, 0)]
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


def draw(shapes: Sequence[tuple[int, ...]] = SHAPES) -> list[np.ndarray]:
    return [np.asarray(np.random.normal(size=shape)) for shape in shapes]


def run(
    step: Callable[..., Any], params: list[np.ndarray], grads: Path, rates: Sequence[float], **options: Any
) -> Path:
    """The parameters after each step."""
    state: dict[str, Any] = {}
    path = []
    for g, lr in zip(grads, rates, strict=True):
        params, state = step(params, g, state, lr, **options)
        path.append(params)
    return path


def steps_of(step: Callable[..., Any], grads: Sequence[Any], lr: float = 1.0, **options: Any) -> np.ndarray:
    """How far one parameter, an array, moves in each step; (steps, ...)."""
    start = np.zeros(np.shape(grads[0]))
    path = run(step, [start], [[np.asarray(g)] for g in grads], [lr] * len(grads), **options)
    return np.diff(np.stack([start, *(p for [p] in path)]), axis=0)


def by_torch(
    step: Callable[..., Any], params: list[np.ndarray], grads: Path, rates: Sequence[float], **options: Any
) -> Path:
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
def test_the_scale_of_the_gradients_cancels(
    step: Callable[..., Any], options: dict[str, Any], factor: float
) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(6)]
    steps = steps_of(step, grads, eps=0.0, **options)
    scaled = steps_of(step, [factor * g for g in grads], eps=0.0, **options)
    assert_close(scaled, steps, rtol=1e-8)


@every_case
def test_every_step_goes_against_its_gradient(step: Callable[..., Any], options: dict[str, Any]) -> None:
    grads = [np.random.normal(size=(3, 4)) for _ in range(8)]
    assert_close(np.sign(steps_of(step, grads, **options)), -np.sign(grads))


# AdaGrad -------------------------------------------------------------------------------------------------


def test_under_steady_gradients_adagrad_slows_down_as_one_over_root_k() -> None:
    g, k = np.array([3.0, -0.02, 700.0]), np.arange(1, 31)
    steps = steps_of(adagrad, [g] * 30, lr=0.1, eps=0.0)
    assert_close(steps, -0.1 * np.outer(1 / np.sqrt(k), np.sign(g)))


def test_adagrad_remembers_every_gradient_alike() -> None:
    """In whatever order they came, the next step is the same."""
    grads, last = [np.random.normal(size=4) for _ in range(5)], np.random.normal(size=4)
    step = steps_of(adagrad, [*grads, last])[-1]
    assert_close(step, -last / np.sqrt(np.sum(np.square([*grads, last]), axis=0)), rtol=1e-8)
    assert_close(steps_of(adagrad, [*grads[::-1], last])[-1], step)


# RMSProp -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9, 0.99])
def test_the_first_step_of_rmsprop_is_too_long(alpha: float) -> None:
    """Its average holds a share 1 - alpha of the first square and nothing else."""
    g = np.array([3.0, -0.02, 700.0])
    [step] = steps_of(rmsprop, [g], lr=0.1, alpha=alpha, eps=0.0)
    assert_close(step, -0.1 * np.sign(g) / np.sqrt(1 - alpha))


@pytest.mark.parametrize("alpha", [0.5, 0.9])
def test_under_steady_gradients_rmsprop_settles_at_the_learning_rate(alpha: float) -> None:
    g = np.array([3.0, -0.02])
    assert_close(steps_of(rmsprop, [g] * 400, lr=0.1, alpha=alpha, eps=0.0)[-1], -0.1 * np.sign(g))


@pytest.mark.parametrize("alpha", [0.5, 0.9])
def test_rmsprop_forgets_a_large_gradient(alpha: float) -> None:
    """n steps later a square counts with (1 - alpha) alpha^n."""
    steps = steps_of(rmsprop, [np.array(100.0), *[np.array(1.0)] * 20], alpha=alpha)
    n = np.arange(1, 21)
    v = (1 - alpha) * alpha**n * 100.0**2 + (1 - alpha**n)
    assert_close(steps[1:], -1 / np.sqrt(v), rtol=1e-7)


def test_centered_rmsprop_measures_how_much_the_gradient_varies() -> None:
    """Alternating m + s and m - s have the variance s^2, whatever m is."""
    spread = np.array([2.0, 0.1, 1.0])
    grads = [np.array([5.0, 0.3, -4.0]) + (-1) ** n * spread for n in range(6000)]
    steps = steps_of(rmsprop, grads, alpha=0.998, centered=True)
    assert_close(steps[-2:], -np.stack(grads[-2:]) / spread, rtol=0.01)


def test_centered_rmsprop_has_the_variance_under_the_root() -> None:
    """The weighted mean of (g - m)^2, m the weighted mean of g; what is left of the start counts as zeros."""
    alpha, grads = 0.7, np.random.normal(size=(6, 4)) + 2
    steps = steps_of(rmsprop, list(grads), alpha=alpha, eps=0.1, centered=True)
    for n in range(6):
        seen = np.vstack([np.zeros(4), grads[: n + 1]])
        weights = np.array([alpha ** (n + 1), *((1 - alpha) * alpha**age for age in range(n, -1, -1))])
        mean = weights @ seen
        variance = weights @ (seen - mean) ** 2
        assert_close(steps[n], -grads[n] / (np.sqrt(variance) + 0.1), name=f"step {n + 1}")


# Both ----------------------------------------------------------------------------------------------------


@every_case
def test_agrees_with_torch(step: Callable[..., Any], options: dict[str, Any]) -> None:
    params, grads = draw(), [draw() for _ in range(25)]
    rates = np.random.uniform(0.01, 0.3, size=25).tolist()
    assert_close(run(step, params, grads, rates, **options), by_torch(step, params, grads, rates, **options))


@every_case
def test_a_gradient_of_zero_moves_nothing(step: Callable[..., Any], options: dict[str, Any]) -> None:
    params, zeros = draw(), [np.zeros(shape) for shape in SHAPES]
    grads, rates = [zeros, draw(), zeros, draw()], [0.1] * 4
    path = run(step, params, grads, rates, **options)
    assert_close(path[0], params, name="parameters after gradients of 0 at the start")
    assert_close(path, by_torch(step, params, grads, rates, **options))


@pytest.mark.parametrize("step", [adagrad, rmsprop])
def test_eps_is_added_to_the_root(step: Callable[..., Any]) -> None:
    """With gradients as small as eps the step is half of what it would be."""
    options = {"alpha": 0.0} if step is rmsprop else {}
    g = np.array([1e-5, -1e-5])
    assert_close(steps_of(step, [g], eps=1e-5, **options), np.array([[-0.5, 0.5]]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rounding_makes_no_nan_of_a_steady_gradient(dtype: type) -> None:
    g = np.random.normal(size=200).astype(dtype)
    path = run(rmsprop, [0 * g], [[g]] * 80, [1e-3] * 80, alpha=0.5, centered=True)
    steps = np.diff(np.stack([p for [p] in path]), axis=0)
    assert np.isfinite(steps).all(), "where v - a^2 should be 0, a parameter became nan or infinite"
    assert (steps * g <= 0).all(), "a step went up the gradient"


@every_case
def test_each_parameter_is_on_its_own(step: Callable[..., Any], options: dict[str, Any]) -> None:
    shapes = [(3,), (3,), (3, 3), (1, 3), ()]
    params, grads, rates = draw(shapes), [draw(shapes) for _ in range(5)], [0.1] * 5
    together = run(step, params, grads, rates, **options)
    for i in range(len(shapes)):
        alone = by_torch(step, [params[i]], [[g[i]] for g in grads], rates, **options)
        assert_close([[p[i]] for p in together], alone, name=f"parameter {i}")


@every_case
def test_runs_side_by_side_do_not_disturb_each_other(
    step: Callable[..., Any], options: dict[str, Any]
) -> None:
    starts, rates = [draw(), draw()], [0.1] * 5
    grads = [[draw() for _ in range(5)] for _ in starts]
    params, states = list(starts), [{}, {}]
    for n in range(5):
        for one in (0, 1):
            params[one], states[one] = step(params[one], grads[one][n], states[one], 0.1, **options)
    for one in (0, 1):
        expected = by_torch(step, starts[one], grads[one], rates, **options)[-1]
        assert_close(params[one], expected, name=f"run {one}")


@every_case
def test_a_step_changes_nothing_and_can_be_taken_again(
    step: Callable[..., Any], options: dict[str, Any]
) -> None:
    params, state = draw(), {}
    for _ in range(3):
        grads, saved = draw(), copy.deepcopy(state)
        with assert_unchanged(params, grads):
            new, after = step(params, grads, state, 0.1, **options)
            again, _ = step(params, grads, state, 0.1, **options)
            resumed, _ = step(params, grads, saved, 0.1, **options)
        assert_close(again, new, rtol=0, atol=0, name="the same step from the same state")
        assert_close(resumed, new, rtol=0, atol=0, name="the same step from a copy of the state")
        params, state = new, after


@every_case
def test_the_loop_may_overwrite_its_arrays_after_the_step(
    step: Callable[..., Any], options: dict[str, Any]
) -> None:
    start, grads, rates = draw(), [draw() for _ in range(5)], [0.1] * 5
    params, state, path = start, {}, []
    for g in grads:
        given, buffers = [np.array(p) for p in params], [np.array(one) for one in g]
        params, state = step(given, buffers, state, 0.1, **options)
        for used in (*given, *buffers):
            used.fill(np.nan)
        path.append([np.array(p) for p in params])
    assert_close(path, by_torch(step, start, grads, rates, **options))


@every_case
def test_without_parameters_nothing_happens(step: Callable[..., Any], options: dict[str, Any]) -> None:
    _, state = step([], [], {}, 0.1, **options)
    assert step([], [], state, 0.1, **options)[0] == []


@every_case
def test_float32_stays_float32(step: Callable[..., Any], options: dict[str, Any]) -> None:
    params = [p.astype(np.float32) for p in draw()]
    grads = [[g.astype(np.float32) for g in draw()] for _ in range(4)]
    expected = by_torch(step, params, grads, [0.1] * 4, **options)
    assert_close(run(step, params, grads, [0.1] * 4, **options), expected, rtol=1e-4)


@every_case
def test_any_memory_layout_will_do(step: Callable[..., Any], options: dict[str, Any]) -> None:
    params, grads, rates = draw([(3, 4)]), [draw([(3, 4)]) for _ in range(3)], [0.1] * 3
    expected = by_torch(step, params, grads, rates, **options)
    turned = [list(layouts(g[0])) for g in grads]
    for i, (layout, p) in enumerate(layouts(params[0])):
        assert_close(run(step, [p], [[g[i][1]] for g in turned], rates, **options), expected, name=layout)


@pytest.mark.parametrize(("n_params", "n_grads"), [(1, 2), (2, 1), (0, 1), (1, 0), (3, 5)])
@pytest.mark.parametrize("step", [adagrad, rmsprop])
def test_lists_of_different_lengths_raise(step: Callable[..., Any], n_params: int, n_grads: int) -> None:
    with pytest.raises(ValueError):
        step([np.ones(2)] * n_params, [np.ones(2)] * n_grads, {}, 0.1)
