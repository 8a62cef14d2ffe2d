from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.autograd.gradcheck import best_step, gradcheck, numerical_grad

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={
        "scipy": "move one entry at a time and divide the difference by the step",
        "torch": "move one entry at a time and divide the difference by the step",
        "numdifftools": "move one entry at a time and divide the difference by the step",
        "aire_katas.checks": "that is this suite's own checker: write yours",
    },
)

INF, NAN = np.inf, np.nan


class Mishap(Exception):
    """What a function under test raises."""


def sines(weights: np.ndarray) -> Callable[[np.ndarray], float]:
    """The weighted sum of sines; its gradient is weights * cos(x)."""

    def f(x: np.ndarray) -> float:
        assert x.dtype == np.float64, f"f was called with an array of dtype {x.dtype}, expected float64"
        assert x.shape == weights.shape, f"f was called with shape {x.shape}, expected {weights.shape}"
        return float(np.sum(weights * np.sin(x)))

    return f


def linear(weights: np.ndarray) -> Callable[[np.ndarray], float]:
    """A function whose gradient is `weights` everywhere."""
    return lambda x: float(np.sum(weights * x))


@pytest.mark.parametrize("eps", [1e-3, 0.5, 3.0])
def test_a_quadratic_is_differentiated_exactly_by_any_step(eps: float) -> None:
    A, b, x = np.random.normal(size=(4, 4)), np.random.normal(size=4), np.random.normal(size=4)
    assert_close(numerical_grad(lambda z: float(z @ A @ z + b @ z), x, eps), A @ x + x @ A + b, rtol=1e-9)


def test_half_the_step_makes_a_quarter_of_the_error() -> None:
    x = np.random.uniform(-1, 1, size=5)
    error, error_of_half = (numerical_grad(sines(np.ones(5)), x, h) - np.cos(x) for h in (1e-2, 5e-3))
    assert_close(error_of_half, error / 4, rtol=1e-3)
    assert_close(error, -np.cos(x) * 1e-4 / 6, rtol=1e-3)  # what Taylor's series goes on with


@pytest.mark.parametrize("shape", [(3,), (), (1,), (2, 3), (2, 1, 3), (1, 1), (0,), (2, 0)])
def test_every_entry_of_any_shape_gets_its_slope(shape: tuple[int, ...]) -> None:
    weights, x = np.asarray(np.random.normal(size=shape)), np.asarray(np.random.normal(size=shape))
    assert_close(numerical_grad(sines(weights), x), np.asarray(weights * np.cos(x)), rtol=1e-7)


def test_the_step_is_eps_wherever_x_is() -> None:
    x = np.array([0.0, 100.0, -100.0])
    excess = numerical_grad(lambda z: np.sum(z**3), x, eps=0.25) - 3 * x**2  # is eps^2 for a cube
    assert_close(excess, np.full(3, 0.0625), rtol=1e-6)
    assert_close(numerical_grad(lambda z: np.sum(z**3), np.zeros(2)), np.full(2, 1e-12))


def test_each_call_gets_an_array_of_its_own_in_which_one_entry_moved() -> None:
    x = np.random.normal(size=(2, 3))
    seen: list[np.ndarray] = []
    numerical_grad(lambda z: seen.append(z) or 1.0, x, eps=0.1)  # it keeps its arguments
    moved = [np.flatnonzero(z != x) for z in seen]
    assert all(len(entries) <= 1 for entries in moved), f"entries that differ from x, by call: {moved}"
    for i in range(6):
        steps = sorted(float((z - x).flat[i]) for z, entries in zip(seen, moved, strict=True) if i in entries)
        assert_close(steps, [-0.1, 0.1], name=f"steps of entry {i}")


def test_a_function_may_change_its_argument() -> None:
    def f(z: np.ndarray) -> float:
        np.sin(z, out=z)
        return float(np.sum(z**2))

    x = np.random.normal(size=(2, 3))
    assert_close(numerical_grad(f, x), np.sin(2 * x), rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64])
def test_low_precision_is_lifted_to_float64(dtype: type) -> None:
    x, weights = np.array([[3, -1, 2]], dtype=dtype), np.array([[0.5, 2.0, -1.0]])
    expected = weights * np.cos([[3.0, -1.0, 2.0]])
    assert_close(numerical_grad(sines(weights), x), expected, rtol=1e-7)
    assert gradcheck(sines(weights), expected, x)
    assert gradcheck(sines(weights), expected.astype(np.float32), x)


def test_any_memory_layout_will_do_and_x_stays_unchanged() -> None:
    x, weights = np.random.normal(size=(2, 3)), np.random.normal(size=(2, 3))
    for _, z in layouts(x):
        with assert_unchanged(z):
            assert_close(numerical_grad(sines(weights), z), weights * np.cos(x), rtol=1e-7)
            assert gradcheck(sines(weights), weights * np.cos(x), z)


def test_what_f_raises_passes_through_and_leaves_x_unchanged() -> None:
    def f(z: np.ndarray) -> float:
        if z[1] != x[1]:
            raise Mishap
        return 1.0

    x = np.array([0.1, 0.2, 0.3])
    with assert_unchanged(x), pytest.raises(Mishap):
        numerical_grad(f, x)
    with assert_unchanged(x), pytest.raises(Mishap):
        gradcheck(f, np.zeros(3), x)


def test_a_right_gradient_passes() -> None:
    logits, target = np.random.normal(size=(3, 4)), np.array([2, 0, 3])

    def loss(z: np.ndarray) -> float:
        return float(np.sum(np.log(np.exp(z).sum(-1)) - z[np.arange(3), target]))

    softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    assert gradcheck(loss, softmax - np.eye(4)[target], logits)
    assert not gradcheck(loss, np.eye(4)[target] - softmax, logits)


@pytest.mark.parametrize("entry", range(6))
def test_one_entry_that_is_off_by_a_thousandth_is_found(entry: int) -> None:
    weights = np.array([[1.0, -1e4, 30.0], [2e3, -5.0, 1e4]])
    wrong = weights.copy()
    wrong.flat[entry] *= 1.001
    x = np.random.normal(size=(2, 3))
    assert gradcheck(linear(weights), weights, x)
    assert not gradcheck(linear(weights), wrong, x)


def test_a_gradient_of_zero_can_be_right() -> None:
    x = np.random.normal(size=3)
    assert gradcheck(lambda z: 2.5, np.zeros(3), x)
    assert gradcheck(lambda z: 2.5, np.zeros(3), x, rtol=0.0, atol=0.0)
    assert gradcheck(lambda z: 2.5, np.array([0.0, 0.9e-8, -0.9e-8]), x)
    assert not gradcheck(lambda z: 2.5, np.array([0.0, 1.1e-8, 0.0]), x)
    assert not gradcheck(linear(np.ones(3)), np.zeros(3), x)


@pytest.mark.parametrize(
    ("grad", "rtol", "atol", "right"),
    [
        (1.9, 0.5, 0.0, True),  # 0.9 <= 0.5 * 1.9
        (2.1, 0.5, 0.0, False),  # 1.1 >  0.5 * 2.1
        (0.55, 0.5, 0.0, True),  # 0.45 <= 0.5 * 1
        (0.45, 0.5, 0.0, False),  # 0.55 >  0.5 * 1
        (0.95, 0.0, 0.1, True),
        (0.85, 0.0, 0.1, False),
        (0.85, 0.1, 0.1, True),  # 0.15 <= 0.1 + 0.1 * 1
        (0.75, 0.1, 0.1, False),  # 0.25 >  0.1 + 0.1 * 1
        (-1.0, 0.9, 0.1, False),
        (1 + 9e-6, 1e-5, 0.0, True),
        (1 + 11e-6, 1e-5, 0.0, False),
    ],
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_tolerance_is_a_share_of_the_larger_number_plus_a_constant(
    grad: float, rtol: float, atol: float, right: bool, sign: float
) -> None:
    """The gradient is sign, at each of three entries; grad * sign stands at one of them."""
    claimed = np.array([sign, sign * grad, sign])
    assert gradcheck(linear(np.full(3, sign)), claimed, np.array([0.3, 0.1, -0.2]), rtol, atol) == right


def test_the_usual_tolerance_is_a_hundred_thousandth() -> None:
    x = np.array([0.3, -0.2])
    for off, right in ((0.9e-5, True), (1.1e-5, False)):
        assert gradcheck(linear(np.full(2, 1e3)), np.array([1e3, 1e3 * (1 + off)]), x) == right


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_nan_and_infinity_are_never_right(bad: float) -> None:
    x = np.array([0.5, 0.7])
    assert not gradcheck(linear(np.ones(2)), np.array([1.0, bad]), x)
    assert not gradcheck(lambda z: bad, np.zeros(2), x)
    assert not gradcheck(lambda z: bad, np.full(2, bad), x)
    # The slope at the second entry is infinite, and the gradient says so.
    assert not gradcheck(lambda z: float(z[0]) if z[1] <= 0.7 else bad, np.array([1.0, bad]), x)


@pytest.mark.parametrize("shape", [(), (1,), (3, 1), (1, 3), (3, 3), (2, 3, 1), (3, 2), (6,), (1, 2, 3)])
def test_a_gradient_of_another_shape_is_wrong(shape: tuple[int, ...]) -> None:
    assert gradcheck(linear(np.ones((2, 3))), np.ones((2, 3)), np.zeros((2, 3)))
    assert not gradcheck(linear(np.ones((2, 3))), np.ones(shape), np.zeros((2, 3)))


def test_gradcheck_takes_the_step_it_is_given() -> None:
    x = np.array([0.1, -0.1])
    assert gradcheck(lambda z: np.sum(np.abs(z)), np.array([1.0, -1.0]), x)
    assert not gradcheck(lambda z: np.sum(np.abs(z)), np.array([1.0, -1.0]), x, eps=1.0)
    assert gradcheck(lambda z: np.sum(np.abs(z)), np.array([0.1, -0.1]), x, eps=1.0)
    assert gradcheck(lambda z: 1e12 * np.sum(z**3), np.ones(2), np.zeros(2))  # n is 1e12 eps^2


def test_nothing_can_be_wrong_where_there_are_no_entries() -> None:
    assert gradcheck(lambda z: 1.0, np.zeros((0, 2)), np.zeros((0, 2)))
    assert not gradcheck(lambda z: 1.0, np.zeros((0, 3)), np.zeros((0, 2)))


@pytest.mark.parametrize("order", [1, 2, 4])
def test_at_the_best_step_both_errors_are_equal(order: int) -> None:
    h = best_step(order)
    assert_close(h**order, 2.0**-52 / h)


def test_the_best_step_beats_longer_and_shorter_ones() -> None:
    x = np.random.uniform(0.5, 1.0, size=20)
    error, of_longer, of_shorter = (
        np.abs(numerical_grad(sines(np.ones(20)), x, best_step(2) * factor) - np.cos(x)).max()
        for factor in (1, 1e3, 1e-5)
    )
    assert error < 1e-8
    assert of_longer > 100 * error
    assert of_shorter > 100 * error
