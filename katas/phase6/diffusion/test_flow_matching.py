import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mixture import Mixture
from katas.phase6.diffusion.flow_matching import (
    affine_path,
    conditional_field,
    marginal_field,
    ot_path,
    velocity_to_score,
)

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/diffusion/score_matching",),
    forbids={
        "torch": "the derivatives are short enough to be taken by hand, and numpy has the rest",
        "scipy": "subtract the largest exponent before you call np.exp",
        "jax": "the derivatives are short enough to be taken by hand, and numpy has the rest",
    },
)
SHAPES = [(3, 2), (4, 4), (1, 3), (5,), (2, 3, 2), (1, 1)]
SMINS = [0.0, 0.1, 1.0]
# A path whose squared coefficients add up to 1, as in diffusion with its clock turned round.
ROUND: tuple[Callable[[Any], Any], ...] = (
    lambda t: np.sin(math.pi / 2 * t),
    lambda t: np.cos(math.pi / 2 * t),
    lambda t: math.pi / 2 * np.cos(math.pi / 2 * t),
    lambda t: -math.pi / 2 * np.sin(math.pi / 2 * t),
)
STRAIGHT: tuple[Callable[[Any], Any], ...] = (
    lambda t: 1.0 * t,
    lambda t: 1.0 - t,
    lambda t: np.ones_like(t, dtype=float),
    lambda t: -np.ones_like(t, dtype=float),
)


def draw(*shape: int) -> np.ndarray:
    return np.random.normal(size=shape)


def times(n: int) -> np.ndarray:
    """n times from 0.1 to 0.9, no two alike."""
    return 0.1 + 0.8 * (np.random.permutation(n) + np.random.random(n)) / n


def by_loops(x: np.ndarray, t: float, data: np.ndarray) -> np.ndarray:
    """The marginal field from the posterior probability of each datum, one point at a time."""
    result = np.zeros(x.shape)
    for i, place in enumerate(x):
        squares = [math.dist(place, t * one) ** 2 for one in data]
        odds = [math.exp((min(squares) - square) / (2 * (1 - t) ** 2)) for square in squares]
        for one, odd in zip(data, odds, strict=True):
            result[i] += odd / math.fsum(odds) * (one - place) / (1 - t)
    return result


@pytest.mark.parametrize("smin", SMINS)
def test_a_path_starts_at_the_noise_and_ends_at_the_datum(smin: float) -> None:
    x0, x1 = draw(3, 2), draw(3, 2)
    assert_close(ot_path(x0, x1, 0.0, smin)[0], x0)
    assert_close(ot_path(x0, x1, 1.0, smin)[0], x1 + smin * x0)
    assert_close(ot_path(x0, x1, 0.25, smin)[0], 0.25 * (x1 + smin * x0) + 0.75 * x0)


def test_without_a_width_the_velocity_is_the_way_from_noise_to_datum() -> None:
    x0, x1 = draw(3, 2), draw(3, 2)
    for t in (0.0, 0.3, 1.0):
        assert_close(ot_path(x0, x1, t)[1], x1 - x0)


@pytest.mark.parametrize("smin", SMINS)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_velocity_is_the_slope_of_the_path(shape: tuple[int, ...], smin: float) -> None:
    x0, x1, t = draw(*shape), draw(*shape), times(shape[0])
    slope = (ot_path(x0, x1, t + 1e-3, smin)[0] - ot_path(x0, x1, t - 1e-3, smin)[0]) / 2e-3
    assert_close(ot_path(x0, x1, t, smin)[1], slope, rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_row_has_its_own_time(shape: tuple[int, ...]) -> None:
    x0, x1, t = draw(*shape), draw(*shape), times(shape[0])
    result = ot_path(x0, x1, t, 0.1)[0]
    for i in range(shape[0]):
        assert_close(result[i], (1 - 0.9 * t[i]) * x0[i] + t[i] * x1[i])


@pytest.mark.parametrize("shape", SHAPES)
def test_any_affine_path_and_its_slope(shape: tuple[int, ...]) -> None:
    x0, x1, t = draw(*shape), draw(*shape), times(shape[0])
    xt, u = affine_path(x0, x1, t, *ROUND)
    for i in range(shape[0]):
        angle = math.pi / 2 * t[i]
        assert_close(xt[i], math.sin(angle) * x1[i] + math.cos(angle) * x0[i], name="xt")
    slope = (affine_path(x0, x1, t + 1e-5, *ROUND)[0] - affine_path(x0, x1, t - 1e-5, *ROUND)[0]) / 2e-5
    assert_close(u, slope, rtol=1e-8, name="u")
    assert_close(affine_path(x0, x1, 0.5, *ROUND)[0], math.sqrt(0.5) * (x0 + x1), name="xt")


def test_the_straight_path_is_one_of_the_affine_paths() -> None:
    x0, x1, t = draw(4, 4), draw(4, 4), times(4)
    assert_close(affine_path(x0, x1, t, *STRAIGHT), ((1 - t)[:, None] * x0 + t[:, None] * x1, x1 - x0))
    assert_close(affine_path(x0, x1, 0.3, *STRAIGHT), (0.7 * x0 + 0.3 * x1, x1 - x0))


@pytest.mark.parametrize("smin", SMINS)
@pytest.mark.parametrize("shape", SHAPES)
def test_along_a_path_the_conditional_field_is_its_velocity(shape: tuple[int, ...], smin: float) -> None:
    x0, x1, t = draw(*shape), draw(*shape), times(shape[0])
    rows = t.reshape(-1, *[1] * (len(shape) - 1))
    xt = (1 - (1 - smin) * rows) * x0 + rows * x1
    assert_close(conditional_field(xt, x1, t, smin), x1 - (1 - smin) * x0)


@pytest.mark.parametrize("smin", SMINS)
def test_all_noise_that_follows_the_conditional_field_arrives(smin: float) -> None:
    x0, x1 = draw(50, 2), np.tile([[3.0, -1.0]], (50, 1))
    x, steps = x0, 10
    for k in range(steps):
        x = x + conditional_field(x, x1, k / steps, smin) / steps
    assert_close(x, x1 + smin * x0)


def test_with_a_width_the_conditional_field_reaches_the_end_of_time() -> None:
    x0, x1 = draw(3, 2), draw(3, 2)
    assert_close(conditional_field(x1 + 0.1 * x0, x1, 1.0, 0.1), x1 - 0.9 * x0)


def test_with_one_datum_the_marginal_field_points_at_it() -> None:
    x, datum = draw(4, 2), draw(1, 2)
    assert_close(marginal_field(x, 0.6, datum), (datum - x) / 0.4)


def test_at_the_start_the_field_points_at_the_mean_of_the_data() -> None:
    x, data = draw(4, 2), draw(5, 2)
    assert_close(marginal_field(x, 0.0, data), data.mean(0) - x)


@pytest.mark.parametrize("t", [0.0, 0.3, 0.7, 0.9])
@pytest.mark.parametrize(("n", "m", "d"), [(5, 3, 2), (3, 3, 3), (1, 4, 1), (4, 1, 2), (1, 1, 1), (2, 6, 5)])
def test_the_marginal_field_weighs_paths_by_their_posterior(n: int, m: int, d: int, t: float) -> None:
    x, data = draw(n, d), draw(m, d)
    assert_close(marginal_field(x, t, data), by_loops(x, t, data))


def test_a_datum_that_is_there_twice_counts_twice() -> None:
    x, data = draw(4, 2), draw(3, 2)
    assert_close(marginal_field(x, 0.4, data[[0, 1, 1, 2]]), by_loops(x, 0.4, data[[0, 1, 1, 2]]))


@pytest.mark.parametrize("t", [0.1, 0.5, 0.8])
def test_the_marginal_field_moves_no_mass_in_or_out(t: float) -> None:
    """The continuity equation, dp/dt = -d(p u)/dx, with p the density of xt."""
    data, x, step = np.array([-1.5, 0.2, 1.0]), np.linspace(-3, 3, 61), 1e-5

    def density(x: np.ndarray, t: float) -> np.ndarray:
        bells = np.exp(-((x[:, None] - t * data) ** 2) / (2 * (1 - t) ** 2))
        return bells.mean(1) / (math.sqrt(2 * math.pi) * (1 - t))

    def flux(x: np.ndarray) -> np.ndarray:
        return density(x, t) * marginal_field(x[:, None], t, data[:, None])[:, 0]

    gained = (density(x, t + step) - density(x, t - step)) / (2 * step)
    lost = (flux(x + step) - flux(x - step)) / (2 * step)
    assert_close(-lost, gained, rtol=1e-6)


@pytest.mark.parametrize("t", [0.2, 0.6])
def test_regressing_on_either_field_has_the_same_gradient(t: float) -> None:
    """For v(x) = a x + b, the gradient of E[(v(xt) - target)^2] / 2 is the same for both targets."""
    a, b, data = 0.7, -0.4, np.array([-1.5, 0.2, 1.0])
    noise = np.linspace(-9, 9, 3001)
    weight = np.exp(-(noise**2) / 2) / math.sqrt(2 * math.pi) * (noise[1] - noise[0]) / len(data)
    gradients = np.zeros((2, 2))
    for one in data:
        xt, u = ot_path(noise[:, None], np.full((len(noise), 1), one), t)
        for row, target in enumerate((u, marginal_field(xt, t, data[:, None]))):
            error = (a * xt + b - target)[:, 0] * weight
            gradients[row] += error @ xt[:, 0], error.sum()
    assert_close(gradients[1], gradients[0], rtol=1e-8)


def test_the_flow_carries_noise_onto_the_data_in_their_proportions() -> None:
    """Evenly spaced quantiles of N(0, 1), in 100 Euler steps: two thirds to the datum that is there twice."""
    n, steps, data = 300, 100, np.array([[-1.0], [-1.0], [1.0]])
    x = np.array([[NormalDist().inv_cdf((k + 0.5) / n)] for k in range(n)])
    for k in range(steps):
        x = x + marginal_field(x, k / steps, data) / steps
    assert np.abs(np.abs(x) - 1).max() < 1e-2, "a sample ends far from both data"
    assert abs((x < 0).mean() - 2 / 3) < 0.01, f"{(x < 0).mean():.1%} end at the first datum"


@pytest.mark.parametrize("t", [0.0, 0.3, 0.9])
def test_the_velocity_knows_the_score(t: float) -> None:
    data = Mixture(np.array([[-1.0, 0.5], [1.0, 2.0]]), np.array([0.3, 0.1]), np.array([0.4, 0.6]))
    x = draw(6, 2)
    u = data.velocity(x, t, 1 - t, 1, -1)
    assert_close(velocity_to_score(u, x, t), data.noised(t, 1 - t).score(x))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_score_of_one_gaussian_is_linear(shape: tuple[int, ...]) -> None:
    """Data N(0, 4) in every entry, and a time for every row."""
    x, t = draw(*shape), times(shape[0])
    rows = t.reshape(-1, *[1] * (len(shape) - 1))
    variance = 4 * rows**2 + (1 - rows) ** 2
    u = (4 * rows - (1 - rows)) / variance * x
    assert_close(velocity_to_score(u, x, t), -x / variance)


@pytest.mark.parametrize("t", [0.5, 0.99, 1 - 1e-6])
def test_far_out_and_late_nothing_overflows(t: float) -> None:
    """Each point is so much nearer to one datum that the other has no weight."""
    x, data = np.array([[1e4, -1e4], [-1e4, 0.0], [5.0, -10.0]]), np.array([[1.0, -2.0], [-1.0, 3.0]])
    assert_close(marginal_field(x, t, data), (data[[0, 1, 0]] - x) / (1 - t))


@pytest.mark.parametrize("t", [-0.1, 1.0, 1.5])
def test_the_marginal_field_exists_before_the_end_only(t: float) -> None:
    with pytest.raises(ValueError):
        marginal_field(draw(3, 2), t, draw(4, 2))


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x0, x1, t = draw(4, 4), draw(4, 4), times(4)
    rows = t[:, None]
    for (_, one), (_, other) in zip(layouts(x0), layouts(x1), strict=True):
        with assert_unchanged(one, other, t):
            assert_close(ot_path(one, other, t, 0.1), ((1 - 0.9 * rows) * x0 + rows * x1, x1 - 0.9 * x0))
            assert_close(affine_path(one, other, t, *STRAIGHT)[0], (1 - rows) * x0 + rows * x1)
            assert_close(conditional_field(one, other, t), (x1 - x0) / (1 - rows))
            assert_close(marginal_field(one, 0.5, other), by_loops(x0, 0.5, x1))
            assert_close(velocity_to_score(one, other, t), (rows * x0 - x1) / (1 - rows))
