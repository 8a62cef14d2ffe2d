import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.mlp.stable_softmax_ce import cross_entropy, cross_entropy_grad, log_softmax, logsumexp

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "scipy": "subtract the maximum and call np.exp and np.log",
        "torch": "numpy has all that is needed",
        "numpy.logaddexp": "subtract the maximum and call np.exp and np.log",
    },
)
INF = np.inf

logits_rows = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-50, 50))


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


ROWS = [
    [1.0, 2.0, 3.0],
    [1e4, 0.0],
    [-1e4, -1e4],
    [-1e4, 0.0, 1e4],
    [700.0, 710.0, -700.0],
    [0.0, -INF, 1.0],
    [1e4, -INF],
]


def exact_logsumexp(row: list[float]) -> Any:
    """With 400 digits, in which exp(1e4) is a number like any other."""
    with mp.workdps(400):
        return mp.log(mp.fsum(mp.exp(x) for x in row))


def exact_log_softmax(row: list[float]) -> list[float]:
    with mp.workdps(400):
        return [float(mp.mpf(x) - exact_logsumexp(row)) for x in row]


def by_loops(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean cross-entropy over positions, exactly; no position is ignored."""
    rows = logits.reshape(-1, logits.shape[-1]).tolist()
    costs = [-exact_log_softmax(row)[t] for row, t in zip(rows, targets.reshape(-1).tolist(), strict=True)]
    return sum(costs) / len(costs)


def test_logsumexp_of_equal_numbers_is_one_of_them_plus_log_of_their_count() -> None:
    x = np.repeat([[2.5], [-1.0], [0.0]], 7, axis=1)
    assert_close(logsumexp(x), np.array([2.5, -1.0, 0.0]) + np.log(7.0))


@pytest.mark.parametrize("row", ROWS)
def test_logsumexp_agrees_with_exact_arithmetic(row: list[float]) -> None:
    assert_close(float(logsumexp(np.array(row))), float(exact_logsumexp(row)))


@given(logits_rows, st.floats(-1e3, 1e3))
def test_a_constant_added_to_a_row_is_added_to_its_logsumexp(x: np.ndarray, constant: float) -> None:
    assert_close(np.exp(logsumexp(x + constant) - constant), np.exp(x).sum(-1))


def test_a_row_far_below_another_keeps_its_logsumexp() -> None:
    assert_close(logsumexp(np.array([[1e4, 1e4], [-1e4, -1e4]])), np.log(2.0) + np.array([1e4, -1e4]))


def test_logsumexp_of_nothing_is_minus_infinity() -> None:
    assert_close(logsumexp(np.array([[-INF, -INF], [0.0, 0.0]])), np.array([-INF, np.log(2.0)]))


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_logsumexp_takes_any_axis(axis: int) -> None:
    x = np.random.normal(size=(2, 3, 4))
    assert_close(logsumexp(x, axis), np.log(np.exp(x).sum(axis)))


@given(logits_rows)
def test_probabilities_sum_to_one(x: np.ndarray) -> None:
    assert_close(np.exp(log_softmax(x)).sum(-1), np.ones(len(x)))


@pytest.mark.parametrize("row", ROWS)
def test_log_softmax_agrees_with_exact_arithmetic(row: list[float]) -> None:
    assert_close(log_softmax(np.array(row)), np.array(exact_log_softmax(row)))


@given(logits_rows, st.floats(-1e3, 1e3))
def test_a_constant_added_to_a_row_changes_no_probability(x: np.ndarray, constant: float) -> None:
    assert_close(np.exp(log_softmax(x + constant)), np.exp(log_softmax(x)))


@pytest.mark.parametrize("axis", [0, 1, 2, -2])
def test_log_softmax_takes_any_axis(axis: int) -> None:
    x = np.random.normal(size=(2, 3, 4))
    assert_close(log_softmax(x, axis), x - np.log(np.exp(x).sum(axis, keepdims=True)))


def test_equal_logits_cost_log_of_the_number_of_classes() -> None:
    assert_close(cross_entropy(np.full((3, 7), 2.5), np.array([0, 3, 6])), np.log(7.0))


def test_a_row_of_one_class_costs_nothing() -> None:
    assert cross_entropy(np.array([[3.0]]), np.array([0])) == 0


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 1, 3)])
def test_the_loss_is_the_mean_over_positions(shape: tuple[int, ...]) -> None:
    logits, targets = np.random.normal(size=(*shape, 5)), np.random.randint(5, size=shape)
    assert_close(cross_entropy(logits, targets), by_loops(logits, targets))


def test_the_loss_of_confident_mistakes_is_finite() -> None:
    logits = np.array([[1e4, 0.0], [0.0, 1e4]])
    assert_close(cross_entropy(logits, np.array([1, 1])), 5e3)


def test_ignored_positions_count_nowhere() -> None:
    logits, targets = np.random.normal(size=(2, 3, 4)), np.array([[1, -100, 3], [-100, -100, 0]])
    kept = targets != -100
    assert_close(cross_entropy(logits, targets), by_loops(logits[kept], targets[kept]))
    assert_close(cross_entropy(logits, np.where(kept, targets, 7), 7), by_loops(logits[kept], targets[kept]))


@pytest.mark.parametrize("ignored", [(), (1,), (0, 2)])
def test_the_gradient_agrees_with_finite_differences(ignored: tuple[int, ...]) -> None:
    logits, targets = np.random.normal(size=(4, 3)), np.array([2, 0, 1, 1])
    targets[list(ignored)] = -100
    grad = cross_entropy_grad(logits, targets)
    assert_gradients(lambda x: cross_entropy(x, targets), [logits], [grad], names=["logits"])


def test_gradient_rows_sum_to_zero_and_vanish_where_ignored() -> None:
    logits, targets = 10 * np.random.normal(size=(2, 3, 4)), np.array([[1, -100, 3], [-100, 2, 0]])
    grad = cross_entropy_grad(logits, targets)
    assert_close(grad.sum(-1), np.zeros((2, 3)))
    assert (grad[targets == -100] == 0).all()
    assert np.abs(grad[targets != -100]).max() > 1e-3


def test_the_gradient_survives_large_logits() -> None:
    grad = cross_entropy_grad(np.array([[1e4, 0.0], [1e4, -INF]]), np.array([1, 0]))
    assert_close(grad, np.array([[0.5, -0.5], [0.0, 0.0]]))


@pytest.mark.parametrize("targets", [[0, 3], [0, -1], [-100, -100], [-7, 0]])
@pytest.mark.parametrize("function", [cross_entropy, cross_entropy_grad])
def test_bad_targets_raise(function, targets: list[int]) -> None:
    with pytest.raises(ValueError):
        function(np.zeros((2, 3)), np.array(targets))


def test_float32_stays_float32() -> None:
    x = np.random.normal(size=(3, 4)).astype(np.float32)
    expected = x.astype(np.float64) - np.log(np.exp(x.astype(np.float64)).sum(-1, keepdims=True))
    assert_close(log_softmax(x), expected, dtype=np.float32)
    assert logsumexp(x).dtype == cross_entropy_grad(x, np.array([0, 1, 2])).dtype == np.float32
    assert isinstance(cross_entropy(x, np.array([0, 1, 2])), float)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    logits, targets = np.random.normal(size=(2, 3, 4)), np.array([[1, -100, 3], [2, 2, 0]])
    kept = targets != -100
    for _, x in layouts(logits):
        with assert_unchanged(x, targets):
            assert_close(cross_entropy(x, targets), by_loops(logits[kept], targets[kept]))
            assert_close(log_softmax(x, 1), logits - np.log(np.exp(logits).sum(1, keepdims=True)))
            assert_close(cross_entropy_grad(x, targets).sum(-1), np.zeros((2, 3)))
