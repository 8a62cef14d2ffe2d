"""Judges of an optimizer's pure step, `step(params, grads, state, lr, **options) -> (params, state)`.

The first step is given an empty state, every later one the state that the step before it returned. An oracle
is `oracle(params, grads, rates, **options)` and gives, as `walk` does, the parameters after each step.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts

Arrays = list[np.ndarray]
Path = list[Arrays]
Step = Callable[..., tuple[Arrays, Any]]
Oracle = Callable[..., Path]

SHAPES = ((3, 4), (5,), (), (1, 1), (2, 0))
RATE = 0.1
RTOL = 1e-9  # a root of a running average costs a few digits


def draw(shapes: Sequence[tuple[int, ...]] = SHAPES, dtype: DTypeLike = np.float64) -> Arrays:
    """One standard normal array for each shape."""
    return [np.asarray(np.random.normal(size=shape)).astype(dtype) for shape in shapes]


def walk(step: Step, params: Arrays, grads: Path, rates: Sequence[float], **options: Any) -> Path:
    """The parameters after each step."""
    state: dict[str, Any] = {}
    path = []
    for g, lr in zip(grads, rates, strict=True):
        params, state = step(params, g, state, lr, **options)
        path.append(params)
    return path


def track(step: Step, start: Any, grads: Sequence[Any], lr: float = 1.0, **options: Any) -> np.ndarray:
    """Where one parameter, an array, is after each step; (steps, ...)."""
    rates = [lr] * len(grads)
    path = walk(step, [np.asarray(start)], [[np.asarray(g)] for g in grads], rates, **options)
    return np.stack([p for [p] in path])


def moves(step: Step, grads: Sequence[Any], lr: float = 1.0, **options: Any) -> np.ndarray:
    """How far one parameter, an array, moves in each step; (steps, ...)."""
    start = np.zeros(np.shape(grads[0]))
    return np.diff(track(step, start, grads, lr, **options), axis=0, prepend=start[None])


def assert_separate_parameters(step: Step, oracle: Oracle, **options: Any) -> None:
    """Each parameter moves as if it were the only one."""
    __tracebackhide__ = True
    shapes = [(3,), (3,), (3, 3), (1, 3), ()]
    params, grads, rates = draw(shapes), [draw(shapes) for _ in range(5)], [RATE] * 5
    together = walk(step, params, grads, rates, **options)
    for i in range(len(shapes)):
        alone = oracle([params[i]], [[g[i]] for g in grads], rates, **options)
        assert_close([[p[i]] for p in together], alone, rtol=RTOL, name=f"parameter {i}")


def assert_separate_runs(step: Step, oracle: Oracle, **options: Any) -> None:
    """Two runs that take turns do not disturb each other: all memory is in the state."""
    __tracebackhide__ = True
    starts = [draw(), draw()]
    grads = [[draw() for _ in range(5)] for _ in starts]
    params, states = list(starts), [{}, {}]
    for n in range(5):
        for one in (0, 1):
            params[one], states[one] = step(params[one], grads[one][n], states[one], RATE, **options)
    for one in (0, 1):
        expected = oracle(starts[one], grads[one], [RATE] * 5, **options)[-1]
        assert_close(params[one], expected, rtol=RTOL, name=f"run {one}")


def assert_repeatable(step: Step, **options: Any) -> None:
    """A step changes nothing it is given, and can be taken again, also from a copy of the state."""
    __tracebackhide__ = True
    params, state = draw(), {}
    for _ in range(3):
        grads, saved = draw(), copy.deepcopy(state)
        with assert_unchanged(params, grads, options):
            new, after = step(params, grads, state, RATE, **options)
            again, _ = step(params, grads, state, RATE, **options)
            resumed, _ = step(params, grads, saved, RATE, **options)
        assert_close(again, new, rtol=0, atol=0, name="the same step from the same state")
        assert_close(resumed, new, rtol=0, atol=0, name="the same step from a copy of the state")
        params, state = new, after


def assert_resumes(step: Step, **options: Any) -> None:
    """A run that goes on from a copy of its parameters and state follows the original exactly."""
    __tracebackhide__ = True
    params, state = draw(), {}
    for _ in range(3):
        params, state = step(params, draw(), state, RATE, **options)
    other, copied = copy.deepcopy((params, state))
    for _ in range(4):
        grads = draw()
        params, state = step(params, grads, state, RATE, **options)
        other, copied = step(other, grads, copied, RATE, **options)
        assert_close(other, params, rtol=0, atol=0)


def assert_keeps_no_views(step: Step, oracle: Oracle, **options: Any) -> None:
    """The loop may overwrite the arrays it gave to a step once the step has returned."""
    __tracebackhide__ = True
    start, grads = draw(), [draw() for _ in range(5)]
    params, state, path = start, {}, []
    for g in grads:
        given, buffers = [np.array(p) for p in params], [np.array(one) for one in g]
        params, state = step(given, buffers, state, RATE, **options)
        for used in (*given, *buffers):
            used.fill(np.nan)
        path.append([np.array(p) for p in params])
    assert_close(path, oracle(start, grads, [RATE] * 5, **options), rtol=RTOL)


def assert_keeps_float32(step: Step, oracle: Oracle, **options: Any) -> None:
    """float32 parameters and gradients stay float32, and nothing is lost but float32's last digits."""
    __tracebackhide__ = True
    params, grads = draw(dtype=np.float32), [draw(dtype=np.float32) for _ in range(4)]
    actual = walk(step, params, grads, [RATE] * 4, **options)
    assert_close(actual, oracle(params, grads, [RATE] * 4, **options), rtol=1e-4)


def assert_takes_any_layout(step: Step, oracle: Oracle, **options: Any) -> None:
    """Transposed, strided and reversed parameters and gradients move as contiguous ones do."""
    __tracebackhide__ = True
    params, grads, rates = draw([(3, 4)]), [draw([(3, 4)]) for _ in range(3)], [RATE] * 3
    expected = oracle(params, grads, rates, **options)
    turned = [list(layouts(g[0])) for g in grads]
    for i, (layout, p) in enumerate(layouts(params[0])):
        actual = walk(step, [p], [[g[i][1]] for g in turned], rates, **options)
        assert_close(actual, expected, rtol=RTOL, name=layout)


def assert_nothing_without_parameters(step: Step, **options: Any) -> None:
    """Without parameters a step returns none."""
    __tracebackhide__ = True
    _, state = step([], [], {}, RATE, **options)
    assert step([], [], state, RATE, **options)[0] == []


def assert_refuses_unequal_lengths(step: Step) -> None:
    """Parameters and gradients of different number raise a ValueError, whichever are more."""
    __tracebackhide__ = True
    for n_params, n_grads in [(1, 2), (2, 1), (0, 1), (1, 0), (3, 5)]:
        try:
            step([np.ones(2)] * n_params, [np.ones(2)] * n_grads, {}, RATE)
        except ValueError:
            continue
        raise AssertionError(f"{n_params} parameters and {n_grads} gradients raised no ValueError")
