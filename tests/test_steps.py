"""Each judge of a pure step lets a right step pass and refuses one planted fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aire_katas.checks.steps import (
    Arrays,
    Path,
    assert_keeps_float32,
    assert_keeps_no_views,
    assert_nothing_without_parameters,
    assert_refuses_unequal_lengths,
    assert_repeatable,
    assert_resumes,
    assert_separate_parameters,
    assert_separate_runs,
    assert_takes_any_layout,
    draw,
    moves,
    track,
    walk,
)

State = dict[str, Any]


def heavy_ball(
    params: Arrays, grads: Arrays, state: State, lr: float, mu: float = 0.9
) -> tuple[Arrays, State]:
    if len(params) != len(grads):
        raise ValueError("lengths")
    before = state.get("v", [np.zeros_like(p) for p in params])
    v = [np.asarray(mu * a + g) for a, g in zip(before, grads, strict=True)]
    return [np.asarray(p - lr * a) for p, a in zip(params, v, strict=True)], {"v": v}


def oracle(params: Arrays, grads: Path, rates: list[float], mu: float = 0.9) -> Path:
    """Each velocity as a sum over all gradients so far."""
    path: Path = []
    for t, lr in enumerate(rates):
        v = [sum(mu ** (t - s) * grads[s][i] for s in range(t + 1)) for i in range(len(params))]
        before = path[-1] if path else params
        path.append([np.asarray(p - lr * a).astype(p.dtype) for p, a in zip(before, v, strict=True)])
    return path


def one_velocity(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    v = 0.9 * state.get("v", 0.0) + sum(float(g.sum()) for g in grads)
    return [p - lr * v for p in params], {"v": v}


HIDDEN: list[Arrays] = []


def hidden_memory(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    new, after = heavy_ball(params, grads, {"v": HIDDEN[-1]} if HIDDEN else {}, lr)
    HIDDEN.append(after["v"])
    return new, {}


def in_place_state(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    new, after = heavy_ball(params, grads, state, lr)
    state.update(after)
    return new, state


def in_place_params(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    new, after = heavy_ball(params, grads, state, lr)
    for p, n in zip(params, new, strict=True):
        p[...] = n
    return params, after


def keyed_by_identity(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    known = state if state.get("me") == id(state) else {}
    new, after = heavy_ball(params, grads, known, lr)
    after["me"] = id(after)
    return new, after


def keeps_the_gradients(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    seen = [*state.get("seen", []), grads]
    v = [sum(0.9 ** (len(seen) - 1 - s) * g[i] for s, g in enumerate(seen)) for i in range(len(params))]
    return [np.asarray(p - lr * a) for p, a in zip(params, v, strict=True)], {"seen": seen}


def in_float64(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    return heavy_ball([p.astype(np.float64) for p in params], grads, state, lr)


def reads_memory_in_order(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    """Goes wrong where the order in memory is not the order of the rows."""
    new, after = heavy_ball([p.ravel("K") for p in params], [g.ravel("K") for g in grads], state, lr)
    return [n.reshape(p.shape) for n, p in zip(new, params, strict=True)], after


def needs_a_parameter(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    np.concatenate([p.ravel() for p in params])
    return heavy_ball(params, grads, state, lr)


def cuts_to_the_shorter(params: Arrays, grads: Arrays, state: State, lr: float) -> tuple[Arrays, State]:
    return [p - lr * g for p, g in zip(params, grads, strict=False)], {}


JUDGES: list[tuple[Callable[..., None], tuple[Any, ...], Callable[..., Any]]] = [
    (assert_separate_parameters, (oracle,), one_velocity),
    (assert_separate_runs, (oracle,), hidden_memory),
    (assert_repeatable, (), in_place_state),
    (assert_repeatable, (), in_place_params),
    (assert_repeatable, (), keyed_by_identity),
    (assert_resumes, (), keyed_by_identity),
    (assert_keeps_no_views, (oracle,), keeps_the_gradients),
    (assert_keeps_float32, (oracle,), in_float64),
    (assert_takes_any_layout, (oracle,), reads_memory_in_order),
    (assert_nothing_without_parameters, (), needs_a_parameter),
    (assert_refuses_unequal_lengths, (), cuts_to_the_shorter),
]


@pytest.mark.parametrize(("judge", "more", "fault"), JUDGES)
def test_a_right_step_passes(judge: Callable[..., None], more: tuple[Any, ...], fault: object) -> None:
    judge(heavy_ball, *more)


@pytest.mark.parametrize(("judge", "more", "fault"), JUDGES)
def test_the_planted_fault_is_refused(
    judge: Callable[..., None], more: tuple[Any, ...], fault: Callable[..., Any]
) -> None:
    HIDDEN.clear()
    with pytest.raises((AssertionError, ValueError)):
        judge(fault, *more)


def test_options_reach_the_step_and_the_oracle() -> None:
    assert_separate_runs(heavy_ball, oracle, mu=0.3)
    with pytest.raises(AssertionError):
        assert_separate_runs(lambda *given, mu: heavy_ball(*given), oracle, mu=0.3)


def test_walk_gives_the_parameters_after_each_step() -> None:
    params, grads = draw(), [draw() for _ in range(3)]
    path = walk(heavy_ball, params, grads, [0.1, 0.0, 0.2])
    assert [len(step) for step in path] == [5, 5, 5]
    for same, before in zip(path[1], path[0], strict=True):
        np.testing.assert_array_equal(same, before)


def test_track_follows_one_parameter_and_moves_are_its_differences() -> None:
    grads = [np.array([1.0, -2.0]), np.zeros(2), np.array([0.5, 0.5])]
    where = track(heavy_ball, np.ones(2), grads, lr=0.1, mu=0.5)
    np.testing.assert_allclose(where, [[0.9, 1.2], [0.85, 1.3], [0.775, 1.3]])
    np.testing.assert_allclose(
        moves(heavy_ball, grads, lr=0.1, mu=0.5), np.diff(where, axis=0, prepend=[[1.0, 1.0]])
    )


def test_a_step_that_is_to_do_stays_to_do() -> None:
    def unwritten(*given: Any) -> Any:
        raise NotImplementedError

    for judge, more, _ in JUDGES:
        with pytest.raises(NotImplementedError):
            judge(unwritten, *more)
