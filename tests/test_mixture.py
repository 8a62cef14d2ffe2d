"""The law that diffusion katas are judged with, against quadrature, finite differences and regression."""

import numpy as np
import pytest

from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.mixture import Mixture
from aire_katas.checks.statistics import assert_mean, assert_variance

LINE = Mixture(np.array([[-2.0], [1.0], [3.0]]), np.array([0.3, 0.1, 0.8]), np.array([0.5, 0.2, 0.3]))
PLANE = Mixture(np.array([[-2.0, 0.0], [2.0, 1.0]]), np.array([0.09, 0.5]), np.array([0.3, 0.7]))
POINTS = Mixture(np.array([[-1.0, 2.0], [1.0, 0.0], [1.0, 3.0]]), np.zeros(3), np.full(3, 1 / 3))
GRID = np.linspace(
    -30, 30, 6001
)  # the trapezoid rule on a smooth density that ends in zeros is exact to rounding
SCALES = [(0.8, 0.6), (1.0, 2.0), (0.3, 0.7), (0.0, 1.0)]


def gaussian(x: np.ndarray, mean: float | np.ndarray, variance: float) -> np.ndarray:
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def density(law: Mixture, x: np.ndarray) -> np.ndarray:
    """Of a law on the line, by its definition, in the shape of x."""
    parts = zip(law.weights, law.means[:, 0], law.variances, strict=True)
    return sum((weight * gaussian(x, mean, variance) for weight, mean, variance in parts), np.zeros(x.shape))


def test_the_density_is_the_sum_of_the_components() -> None:
    x = np.linspace(-5, 6, 23)
    assert_close(LINE.log_density(x[:, None]), np.log(density(LINE, x)))


def test_in_the_plane_the_axes_multiply() -> None:
    x = np.random.normal(size=(9, 2))
    expected = sum(
        w * gaussian(x[:, 0], m[0], v) * gaussian(x[:, 1], m[1], v)
        for w, m, v in zip(PLANE.weights, PLANE.means, PLANE.variances, strict=True)
    )
    assert_close(PLANE.log_density(x), np.log(expected))


@pytest.mark.parametrize("law", [LINE, PLANE])
def test_the_score_is_the_gradient_of_the_log_density(law: Mixture) -> None:
    x = 2 * np.random.normal(size=(11, law.means.shape[1]))
    for axis in range(x.shape[1]):
        step = 1e-6 * np.eye(x.shape[1])[axis]
        slope = (law.log_density(x + step) - law.log_density(x - step)) / 2e-6
        assert_close(law.score(x)[:, axis], slope, rtol=1e-6)


@pytest.mark.parametrize(("a", "s"), SCALES)
def test_the_noised_law_is_the_convolution(a: float, s: float) -> None:
    x = np.linspace(-4, 4, 9)
    expected = [np.trapezoid(density(LINE, GRID) * gaussian(one, a * GRID, s**2), GRID) for one in x]
    assert_close(np.exp(LINE.noised(a, s).log_density(x[:, None])), np.array(expected))


@pytest.mark.parametrize(("a", "s"), SCALES)
def test_posterior_means_agree_with_bayes_on_a_grid(a: float, s: float) -> None:
    x = np.linspace(-4, 4, 9)
    weight = density(LINE, GRID) * gaussian(x[:, None], a * GRID, s**2)  # (n, grid)
    weight /= weight.sum(1, keepdims=True)
    clean = weight @ GRID
    noise = (x - a * clean) / s
    assert_close(LINE.posterior_mean(x[:, None], a, s)[:, 0], clean, atol=1e-9)
    assert_close(LINE.posterior_noise(x[:, None], a, s)[:, 0], noise, atol=1e-9)
    assert_close(LINE.velocity(x[:, None], a, s, 0.7, -1.5)[:, 0], 0.7 * clean - 1.5 * noise, atol=1e-9)


@pytest.mark.parametrize("law", [LINE, PLANE])
def test_the_expected_noise_is_minus_s_times_the_score(law: Mixture) -> None:
    x = np.random.normal(size=(7, law.means.shape[1]))
    assert_close(law.posterior_noise(x, 0.8, 0.6), -0.6 * law.noised(0.8, 0.6).score(x))


@pytest.mark.parametrize("law", [LINE, PLANE, POINTS])
def test_signal_and_noise_make_up_the_point(law: Mixture) -> None:
    x, a, s = np.random.normal(size=(7, law.means.shape[1])), 0.7, 0.4
    assert_close(a * law.posterior_mean(x, a, s) + s * law.posterior_noise(x, a, s), x)


def test_point_masses_are_weighed_by_their_distance() -> None:
    x = np.array([[0.0, 1.0]])
    weights = np.exp(-((x - 0.5 * POINTS.means) ** 2).sum(1) / (2 * 0.25))
    assert_close(POINTS.posterior_mean(x, 0.5, 0.5), weights[None] @ POINTS.means / weights.sum())


def test_each_point_may_have_its_own_time() -> None:
    x, t = np.random.normal(size=(5, 2)), np.linspace(0.1, 0.9, 5)
    one_by_one = [PLANE.velocity(x[i : i + 1], t[i], 1 - t[i], 1, -1) for i in range(5)]
    assert_close(PLANE.velocity(x, t, 1 - t, 1, -1), np.concatenate(one_by_one))


def test_far_out_nothing_overflows() -> None:
    x = np.array([[1e4, -1e4], [-1e4, 0.0]])
    assert_close(PLANE.score(x), np.array([[-9998.0, 10001.0], [10002.0, 1.0]]) / 0.5)
    assert np.isfinite(PLANE.log_density(x)).all()


def test_a_component_of_weight_zero_is_not_there() -> None:
    law = Mixture(np.array([[0.0], [1.0]]), np.ones(2), np.array([1.0, 0.0]))
    assert_close(law.score(np.array([[3.0]])), np.array([[-3.0]]))


@pytest.mark.parametrize("law", [PLANE, POINTS])
def test_samples_have_the_moments_of_the_law(law: Mixture) -> None:
    x = law.sample(40_000, np.random.default_rng(0))
    mean = law.weights @ law.means
    offsets = law.means - mean
    variance = law.weights @ (offsets**2 + law.variances[:, None])
    fourth = law.weights @ (
        offsets**4 + 6 * offsets**2 * law.variances[:, None] + 3 * law.variances[:, None] ** 2
    )
    assert_mean(x, mean, std=np.sqrt(variance))
    assert_variance(x, variance, kurtosis=fourth / variance**2)


def test_points_stay_unchanged() -> None:
    x = np.random.normal(size=(4, 2))
    with assert_unchanged(x, PLANE.means, PLANE.variances, PLANE.weights):
        PLANE.velocity(x, 0.5, 0.5, 1, -1)
        PLANE.score(x)
        PLANE.log_density(x)


def test_shapes_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"are \(2, 1\), \(1,\), \(2,\), not"):
        Mixture(np.zeros((2, 1)), np.ones(1), np.full(2, 0.5))
    with pytest.raises(ValueError, match=r"points of shape \(3,\) for means \(2, 2\)"):
        PLANE.score(np.zeros(3))
    with pytest.raises(ValueError, match="weights sum to 1"):
        Mixture(np.zeros((2, 1)), np.ones(2), np.ones(2))


def test_a_point_mass_alone_has_no_density() -> None:
    for ask in (POINTS.log_density, POINTS.score, lambda x: POINTS.posterior_mean(x, 1.0, 0.0)):
        with pytest.raises(ValueError, match="a point mass without noise has no density"):
            ask(np.zeros((1, 2)))
