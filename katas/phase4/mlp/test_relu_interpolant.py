import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.mlp.relu_interpolant import evaluate, relu_network_for, width_needed

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/mlp/activations",),
    forbids={
        "numpy.interp": "the hidden units draw the lines",
        "numpy.linalg.lstsq": "nothing has to be fitted: the weights can be written down",
        "numpy.polyfit": "nothing has to be fitted: the weights can be written down",
        "numpy.polynomial": "nothing has to be fitted: the weights can be written down",
        "scipy": "nothing has to be fitted: the weights can be written down",
        "sklearn": "nothing has to be fitted: the weights can be written down",
        "torch": "nothing has to be trained: the weights can be written down",
    },
)


def step(x: Any) -> Any:
    return np.where(np.asarray(x) < 0.37, -1.0, 2.0)


# A function, its interval, and its Lipschitz constant there.
FUNCTIONS = [
    (np.abs, -1.0, 1.0, 1.0),
    (lambda x: np.sin(5 * x), 0.0, 2.0, 5.0),
    (np.sqrt, 0.0, 1.0, math.inf),
    (step, -1.0, 1.5, math.inf),
    (lambda x: np.exp(-x), 2.0, 2.5, math.exp(-2)),
    (lambda x: 1000 + np.cos(x), -7.0, -4.0, 1.0),
]
NAMES = ["abs", "sin 5x", "sqrt", "step", "exp", "cos"]
each_function = pytest.mark.parametrize(("f", "a", "b", "L"), FUNCTIONS, ids=NAMES)
Function = Callable[[Any], Any]


def net(params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """The network at x (k,), unit by unit; and that it is one of the right make."""
    w1, b1, w2, b2 = (params[key] for key in ("w1", "b1", "w2", "b2"))
    assert w1.shape == b1.shape == w2.shape == (len(w1),)
    assert w1.dtype == b1.dtype == w2.dtype == np.float64
    assert isinstance(b2, float)
    y = np.full(len(x), float(b2))
    for weight, bias, out in zip(w1, b1, w2, strict=True):
        y += out * np.where(x * weight + bias > 0, x * weight + bias, 0)
    return y


def interpolant(f: Function, a: float, b: float, n: int, x: np.ndarray) -> np.ndarray:
    """The lines through the points over the knots; the first and the last go on for ever."""
    knots = np.linspace(a, b, n + 1)
    left = np.clip(np.searchsorted(knots, x) - 1, 0, n - 1)
    y = f(knots)
    share = (x - knots[left]) * n / (b - a)  # 0 at the left end of the piece, 1 at the right
    return (1 - share) * y[left] + share * y[left + 1]


def random_params(m: int) -> dict[str, Any]:
    w1, b1, w2 = np.random.normal(size=(3, m))
    return {"w1": w1, "b1": b1, "w2": w2, "b2": float(np.random.normal())}


@pytest.mark.parametrize("m", [1, 2, 9])
@pytest.mark.parametrize("k", [0, 1, 2, 30])
def test_the_network_is_a_sum_of_knees(m: int, k: int) -> None:
    params, x = random_params(m), 3 * np.random.normal(size=k)
    assert_close(evaluate(params, x), net(params, x))


def test_one_piece_is_the_line_through_both_ends() -> None:
    params = relu_network_for(np.square, 1.0, 3.0, 1)
    assert_close(net(params, np.array([1.0, 2.0, 3.0])), np.array([1.0, 5.0, 9.0]))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_straight_line_is_matched_everywhere(n: int) -> None:
    slope, height = np.random.normal(size=2)
    x = np.linspace(-9.0, 9.0, 101)
    params = relu_network_for(lambda x: slope * x + height, -1.5, 2.0, n)
    assert_close(net(params, x), slope * x + height)


@each_function
@pytest.mark.parametrize("n", [1, 2, 5, 16])
def test_at_the_knots_the_network_is_exact(f: Function, a: float, b: float, L: float, n: int) -> None:
    knots = np.linspace(a, b, n + 1)
    assert_close(net(relu_network_for(f, a, b, n), knots), f(knots), atol=1e-9)


@each_function
@pytest.mark.parametrize("n", [1, 2, 3, 10, 77])
def test_between_the_knots_there_are_straight_lines(
    f: Function, a: float, b: float, L: float, n: int
) -> None:
    x = np.linspace(a, b, 1000)
    assert_close(net(relu_network_for(f, a, b, n), x), interpolant(f, a, b, n, x), atol=1e-9)


@each_function
@pytest.mark.parametrize("n", [1, 2, 10])
def test_outside_the_first_and_the_last_line_go_on(f: Function, a: float, b: float, L: float, n: int) -> None:
    x = np.concatenate([a - np.linspace(0, 3, 20), b + np.linspace(0, 3, 20)])
    assert_close(net(relu_network_for(f, a, b, n), x), interpolant(f, a, b, n, x), atol=1e-9)


@each_function
@pytest.mark.parametrize("n", [1, 2, 3, 20])
def test_n_pieces_take_at_most_n_plus_one_units(f: Function, a: float, b: float, L: float, n: int) -> None:
    assert len(relu_network_for(f, a, b, n)["w1"]) <= n + 1


@pytest.mark.parametrize("n", [1, 3, 6, 25, 60])
def test_the_error_is_at_most_half_a_step_times_the_slope(n: int) -> None:
    for f, a, b, L in FUNCTIONS:
        x = np.linspace(a, b, 1000)
        error = np.abs(net(relu_network_for(f, a, b, n), x) - f(x)).max()
        assert error <= L * (b - a) / n / 2 + 1e-9


@pytest.mark.parametrize("n", [1, 3, 9, 33])
def test_a_corner_in_the_middle_of_a_piece_costs_all_of_that(n: int) -> None:
    at_the_corner = net(relu_network_for(np.abs, -1.0, 1.0, n), np.zeros(1))
    assert_close(at_the_corner, np.array([1 / n]), atol=1e-12)


def test_for_a_smooth_function_twice_the_width_is_a_quarter_of_the_error() -> None:
    x, widths = np.linspace(0, np.pi, 5001), np.array([8, 16, 32, 64, 128])
    errors = [
        np.abs(net(relu_network_for(np.sin, 0, np.pi, n), x) - np.sin(x)).max() for n in widths.tolist()
    ]
    slopes = np.diff(np.log(errors)) / np.diff(np.log(widths))
    assert (np.abs(slopes + 2) < 0.1).all(), f"the error falls as n to the {slopes}"


@given(a=st.floats(-50, 50), length=st.floats(0.1, 20), n=st.integers(1, 12), data=st.data())
def test_any_heights_are_met(a: float, length: float, n: int, data: st.DataObject) -> None:
    heights = np.array(data.draw(st.lists(st.integers(-5, 5), min_size=n + 1, max_size=n + 1)))
    b = a + length

    def f(x: Any) -> Any:
        return heights[np.clip(np.rint((np.asarray(x) - a) * n / length), 0, n).astype(int)]

    middle = a + (np.arange(n) + 0.5) * length / n
    network = net(relu_network_for(f, a, b, n), middle)
    assert_close(network, (heights[1:] + heights[:-1]) / 2, atol=1e-9)


@given(L=st.integers(1, 60), length=st.integers(1, 60), power=st.integers(-3, 4))
def test_the_width_is_the_smallest_that_keeps_the_promise(L: int, length: int, power: int) -> None:
    """Halves and quarters, so that nothing is rounded."""
    n = width_needed(L / 4, length / 8, 2.0**-power)
    assert isinstance(n, int)
    # L/4 length/8 / (2 n) <= 2^-power, in whole numbers.
    assert L * length * 2**power <= 64 * n, f"{n} pieces do not keep the promise"
    assert n == 1 or L * length * 2**power > 64 * (n - 1), f"{n - 1} pieces would do"


def test_the_width_in_cases_by_hand() -> None:
    assert width_needed(1.0, 2.0, 0.125) == 8
    assert width_needed(3.0, 1.0, 0.25) == 6
    assert width_needed(3.0, 1.0, 0.26) == 6
    assert width_needed(3.0, 1.0, 0.24) == 7
    assert width_needed(1.0, 1.0, 10.0) == 1


def test_a_level_function_needs_one_piece() -> None:
    assert width_needed(0.0, 5.0, 0.01) == 1
    x = np.linspace(-2.0, 6.0, 50)
    for n in (1, 4):
        assert_close(net(relu_network_for(lambda x: 2.5 + 0 * x, 0.0, 5.0, n), x), np.full(50, 2.5))


def test_the_ends_may_be_whole_numbers() -> None:
    x = np.linspace(-4.0, 4.0, 33)
    params = relu_network_for(lambda x: x * x / 2, -2, 2, 4)
    assert_close(net(params, x), interpolant(lambda x: x * x / 2, -2, 2, 4, x))


@pytest.mark.parametrize(("a", "b", "n"), [(0, 1, 0), (0, 1, -1), (1, 1, 3), (2, 1, 3), (2, -1, 1)])
def test_no_pieces_or_no_interval_is_a_value_error(a: float, b: float, n: int) -> None:
    with pytest.raises(ValueError):
        relu_network_for(np.sin, a, b, n)


@pytest.mark.parametrize("eps", [0, 0.0, -0.1])
def test_an_error_that_is_not_above_zero_cannot_be_promised(eps: float) -> None:
    with pytest.raises(ValueError):
        width_needed(1.0, 1.0, eps)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    params, x = random_params(4), np.random.normal(size=7)
    expected = net(params, x)
    for _, given_x in layouts(x):
        with assert_unchanged(given_x, params):
            assert_close(evaluate(params, given_x), expected)
