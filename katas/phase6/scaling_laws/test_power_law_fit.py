from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.statistics import assert_mean
from katas.phase6.scaling_laws.power_law_fit import extrapolate, fit_power, fit_power_floor

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "numpy.polyfit": "the slope of a straight line has a closed form",
        "numpy.polynomial": "the slope of a straight line has a closed form",
        "statistics.linear_regression": "the slope of a straight line has a closed form",
        "scipy": "a straight line has a closed form, and one number E can be searched",
        "sklearn": "a straight line has a closed form, and one number E can be searched",
        "torch": "a straight line has a closed form, and one number E can be searched",
    },
)

Fit = Callable[[np.ndarray, np.ndarray], tuple[float, ...]]


def by_lstsq(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(a, k) of a pure power law."""
    intercept, slope = np.linalg.lstsq(np.c_[np.ones(len(x)), np.log(x)], np.log(y), rcond=None)[0]
    return float(np.exp(intercept)), float(-slope)


def by_golden_section(x: np.ndarray, y: np.ndarray) -> float:
    """The floor E with the least S(E)."""

    def error(E: float) -> float:
        a, k = by_lstsq(x, y - E)
        return float(((np.log(y) - np.log(E + a * x**-k)) ** 2).sum())

    low, high, ratio = 0.0, float(y.min()), (5**0.5 - 1) / 2
    while high - low > 1e-9 * y.min():
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if error(left) < error(right) else (left, high)
    return (low + high) / 2


def draw_runs(n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Compute and loss of n runs whose last one is still a quarter of a floor of about 1.7 above it."""
    x = 10 ** np.linspace(18, 22, n)
    E, k = np.random.uniform(1.5, 2.0), np.random.uniform(0.1, 0.3)
    return x, (E + 0.25 * E * (x / x[-1]) ** -k) * np.exp(noise * np.random.normal(size=n))


@given(st.floats(1e-3, 1e6), st.floats(0.05, 1), st.integers(2, 9), st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_a_pure_power_law_is_recovered(a: float, k: float, n: int, power: int) -> None:
    x = 10 ** np.linspace(power, power + 6, n)
    assert_close(fit_power(x, a * x**-k), (a, k), rtol=1e-8, name="(a, k)")


def test_two_points_fix_a_and_k() -> None:
    # Four times the compute halves the loss, so k is 1/2.
    assert_close(fit_power(np.array([4.0, 16.0]), np.array([3.0, 1.5])), (6.0, 0.5))


@pytest.mark.parametrize("n", [2, 3, 8, 40])
def test_noisy_runs_agree_with_least_squares_in_log_space(n: int) -> None:
    x, y = np.random.lognormal(3, 2, n), np.random.lognormal(0, 1, n)
    assert_close(fit_power(x, y), by_lstsq(x, y), rtol=1e-8, name="(a, k)")


def test_k_is_right_on_average_under_noise() -> None:
    """The noise is normal in log y, so the k of least squares is normal with this standard deviation."""
    x = 10 ** np.linspace(17, 23, 12)
    noise = np.exp(0.01 * np.random.normal(size=(200, 12)))
    ks = np.array([fit_power(x, 400 * x**-0.05 * one)[1] for one in noise])
    spread = np.sqrt(((np.log(x) - np.log(x).mean()) ** 2).sum())
    assert_mean(ks, 0.05, std=0.01 / spread, name="mean of k")


def test_k_is_negative_where_y_rises() -> None:
    x = np.array([1.0, 10.0, 100.0])
    assert_close(fit_power(x, 3 * x**0.25), (3.0, -0.25))


@pytest.mark.parametrize("k", [0.05, 0.1, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("height", [0.2, 1.0, 20.0])
def test_a_floor_is_recovered(k: float, height: float) -> None:
    """The last run lies height * E above the floor."""
    x = 10 ** np.linspace(2, 5, 8)
    E, a = 1.7, height * 1.7 * 1e5**k
    found = fit_power_floor(x, E + a * x**-k)
    assert_close(found[0], E, atol=1e-4 * E, rtol=0, name="E")
    assert_close(found[2], k, rtol=1e-4, name="k")
    assert_close(found[1], a, rtol=1e-3, name="a")


def test_a_law_without_a_floor_gets_none() -> None:
    x = 10 ** np.linspace(2, 5, 8)
    E, a, k = fit_power_floor(x, 40 * x**-0.3)
    assert 0 <= E <= 1e-6 * 40 * 1e5**-0.3
    assert_close((a, k), (40.0, 0.3), rtol=1e-4)


def test_three_runs_fix_the_floor_too() -> None:
    x = np.array([1.0, 4.0, 16.0])
    assert_close(fit_power_floor(x, 2 + 8 * x**-0.5), (2.0, 8.0, 0.5), rtol=1e-4)


@pytest.mark.parametrize("n", [5, 8, 30])
@pytest.mark.parametrize("noise", [0.003, 0.01])
def test_the_floor_is_the_one_that_fits_log_y_best(n: int, noise: float) -> None:
    x, y = draw_runs(n, noise)
    E, a, k = fit_power_floor(x, y)
    assert_close(E, by_golden_section(x, y), atol=1e-5 * y.min(), rtol=0, name="E")
    assert_close((a, k), by_lstsq(x, y - E), rtol=1e-7, name="(a, k) at this floor")


def test_where_no_floor_helps_there_is_none() -> None:
    """Bent the other way, the loss would like a floor below zero."""
    x = 10 ** np.linspace(0, 4, 9)
    y = 30 * x**-0.2 - 2
    E, a, k = fit_power_floor(x, y)
    assert 0 <= E <= 1e-6 * y.min()
    assert_close((a, k), by_lstsq(x, y), rtol=1e-4)


def test_who_ignores_the_floor_finds_too_small_a_k() -> None:
    x, y = draw_runs(8, 0.003)
    with_floor, without = fit_power_floor(x, y)[2], fit_power(x, y)[1]
    assert without < 0.6 * with_floor, f"k is {without:.3f} without a floor and {with_floor:.3f} with one"


@pytest.mark.parametrize("fit", [fit_power, fit_power_floor])
def test_the_unit_of_x_changes_a_alone(fit: Fit) -> None:
    x, y = draw_runs(7, 0.003)
    *floor, a, k = fit(x, y)
    assert_close(fit(1000 * x, y), (*floor, a * 1000**k, k), rtol=1e-4)


@pytest.mark.parametrize("fit", [fit_power, fit_power_floor])
def test_the_unit_of_y_scales_the_floor_and_a(fit: Fit) -> None:
    x, y = draw_runs(7, 0.003)
    *rest, k = fit(x, y)
    assert_close(fit(x, y / np.log(2)), (*(one / np.log(2) for one in rest), k), rtol=1e-4)


@pytest.mark.parametrize("fit", [fit_power, fit_power_floor])
def test_the_order_of_the_runs_does_not_matter(fit: Fit) -> None:
    x, y = draw_runs(9, 0.003)
    x, y = np.r_[x, x[:3]], np.r_[y, 1.01 * y[:3]]  # some values of x repeat
    order = np.random.permutation(len(x))
    assert_close(fit(x[order], y[order]), fit(x, y), rtol=1e-4)


def test_extrapolation_follows_the_law() -> None:
    x = np.array([1.0, 4.0, 100.0])
    assert_close(extrapolate((6.0, 0.5), x), np.array([6.0, 3.0, 0.6]), name="y without a floor")
    assert_close(extrapolate((2.0, 6.0, 0.5), x), np.array([8.0, 5.0, 2.6]), name="y with a floor")


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3)])
def test_extrapolation_keeps_the_shape(shape: tuple[int, ...]) -> None:
    x = np.random.lognormal(size=shape)
    expected = np.array([1.5 + 2 * one**0.3 for one in x.ravel()]).reshape(shape)
    assert_close(extrapolate([1.5, 2.0, -0.3], x), expected)


def test_a_tenfold_run_is_forecast_from_small_ones() -> None:
    x = 10 ** np.linspace(17, 21, 9)
    E, a, k = fit_power_floor(x, 1.69 + 4000 * x**-0.19)
    later = np.array([1e22, 1e23])
    assert_close(extrapolate((E, a, k), later), 1.69 + 4000 * later**-0.19, rtol=1e-4)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, y = draw_runs(6, 0.003)
    expected, floor = by_lstsq(x, y), by_golden_section(x, y)
    for (_, x2), (_, y2) in zip(layouts(x), layouts(y), strict=True):
        with assert_unchanged(x2, y2):
            assert_close(fit_power(x2, y2), expected, rtol=1e-8)
            assert_close(fit_power_floor(x2, y2)[0], floor, atol=1e-5, rtol=0)
            assert_close(extrapolate((3.0, 1.0), x2), 3 / x)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([2.0, 0.0, 1.0, 3.0], [1.0, 2.0, 3.0, 4.0]),
        ([2.0, -5.0, 1.0, 3.0], [1.0, 2.0, 3.0, 4.0]),
        ([2.0, 5.0, 1.0, 3.0], [1.0, 2.0, 0.0, 4.0]),
        ([2.0, 5.0, 1.0, 3.0], [1.0, 2.0, -3.0, 4.0]),
        ([2.0, 5.0, 1.0, 3.0], [1.0, 2.0, 3.0]),
        ([2.0, 5.0, 1.0, 3.0], [1.0]),
        ([2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 3.0, 4.0]),
        ([2.0], [1.0]),
        ([], []),
    ],
)
@pytest.mark.parametrize("fit", [fit_power, fit_power_floor])
def test_runs_that_fix_no_law_raise(fit: Fit, x: list[float], y: list[float]) -> None:
    with pytest.raises(ValueError):
        fit(np.array(x), np.array(y))


def test_two_values_of_x_do_not_fix_a_floor() -> None:
    with pytest.raises(ValueError):
        fit_power_floor(np.array([1.0, 3.0]), np.array([3.0, 2.0]))
    with pytest.raises(ValueError):
        fit_power_floor(np.array([1.0, 3.0, 3.0, 1.0]), np.array([3.0, 2.0, 2.1, 2.9]))


@pytest.mark.parametrize("x", [[1.0, 0.0], [-1.0]])
def test_extrapolation_to_an_x_that_is_not_positive_raises(x: list[float]) -> None:
    with pytest.raises(ValueError):
        extrapolate((1.0, 2.0, 0.5), np.array(x))
