import math

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from aire_katas.checks.mixture import Mixture
from katas.phase6.diffusion.score_matching import dsm_loss, esm_loss, fit_linear_dsm, gmm_score, ism_loss

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/diffusion/parametrisations",),
    forbids={
        "torch": "derive the score on paper: it is short",
        "jax": "derive the score on paper: it is short",
        "autograd": "derive the score on paper: it is short",
        "scipy": "subtract the largest exponent before you call np.exp",
        "numpy.polyfit": "set the two derivatives of the expected loss to 0 and solve for a and b",
        "numpy.linalg.lstsq": "set the two derivatives of the expected loss to 0 and solve for a and b",
    },
)
SIZES = [(5, 3, 2), (3, 3, 3), (1, 4, 2), (4, 1, 3), (6, 2, 1), (1, 1, 1)]  # n, k, d
LINE = np.linspace(-14, 14, 561)[:, None]  # the densities below are 0 at both ends, for float64


def draw(*shape: int) -> np.ndarray:
    return np.random.normal(size=shape)


def some_weights(k: int) -> np.ndarray:
    return np.random.dirichlet(np.full(k, 2.0))


def bend(x: np.ndarray) -> np.ndarray:
    """A model of a score that is no line: entry by entry, and then along the row."""
    return np.sin(x) - 0.7 * x + 0.3 * x[:, ::-1] ** 2


def trace_of_bend(x: np.ndarray) -> np.ndarray:
    middle = 0.6 * x[:, x.shape[1] // 2] if x.shape[1] % 2 else 0.0
    return (np.cos(x) - 0.7).sum(1) + middle


def integral(values: list[float], density: np.ndarray) -> float:
    """Of values at LINE, each times the density there: the trapezoid rule, exact to rounding here."""
    return float(np.sum(np.array(values) * density) * (LINE[1, 0] - LINE[0, 0]))


@pytest.mark.parametrize("var", [0.25, 1.0, 9.0])
def test_the_score_of_one_gaussian_points_to_its_mean(var: float) -> None:
    x, mean = draw(5, 2), draw(1, 2)
    assert_close(gmm_score(x, mean, var, np.ones(1)), (mean - x) / var)


def test_halfway_between_equal_components_nothing_pulls() -> None:
    means, halfway = np.array([[-1.0, 3.0], [3.0, 1.0]]), np.array([[1.0, 2.0], [0.0, 0.0]])
    assert_close(gmm_score(halfway, means, 0.5, np.array([0.5, 0.5]))[0], np.zeros(2))
    # The heavier component pulls with 3/4 of its distance, the other with 1/4: (2, -1) / 0.5 / 2.
    assert_close(gmm_score(halfway, means, 0.5, np.array([0.25, 0.75]))[0], np.array([2.0, -1.0]))


@pytest.mark.parametrize("var", [0.3, 2.0])
@pytest.mark.parametrize(("n", "k", "d"), SIZES)
def test_the_score_is_the_gradient_of_the_log_density(n: int, k: int, d: int, var: float) -> None:
    x, means, weights = draw(n, d), draw(k, d), some_weights(k)
    law = Mixture(means, np.full(k, var), weights)
    score = gmm_score(x, means, var, weights)
    assert_gradients(lambda x: law.log_density(x).sum(), [x], [score], names=["x"])


@pytest.mark.parametrize(("n", "k", "d"), SIZES)
def test_components_pull_in_proportion_to_what_they_have_at_the_point(n: int, k: int, d: int) -> None:
    x, means, weights = draw(n, d), draw(k, d), some_weights(k)
    expected = np.zeros((n, d))
    for i, place in enumerate(x):
        parts = [w * math.exp(-(math.dist(place, m) ** 2) / 3) for w, m in zip(weights, means, strict=True)]
        for mean, part in zip(means, parts, strict=True):
            expected[i] += part / math.fsum(parts) * (mean - place) / 1.5
    assert_close(gmm_score(x, means, 1.5, weights), expected)


def test_a_score_is_zero_on_average_and_falls_along_x() -> None:
    """Stein: E[s] = 0 and E[x s] = -1 for every density on the line."""
    means, weights = np.array([[-1.0], [2.0], [0.5]]), np.array([0.5, 0.3, 0.2])
    density = np.exp(Mixture(means, np.full(3, 0.6), weights).log_density(LINE))
    score = gmm_score(LINE, means, 0.6, weights)[:, 0]
    assert abs(integral(score.tolist(), density)) < 1e-10
    assert_close(integral((LINE[:, 0] * score).tolist(), density), -1.0)


@pytest.mark.parametrize("var", [1.0, 1e-2])
def test_far_out_the_nearest_component_pulls_alone(var: float) -> None:
    x, means = np.array([[1e3, -1e3], [-1e3, 500.0], [0.9, 0.0]]), np.array([[5.0, 0.0], [-5.0, 0.0]])
    with np.errstate(invalid="raise", divide="raise", over="raise"):
        score = gmm_score(x, means, var, np.array([0.3, 0.7]))
    share = 0.3 / (0.3 + 0.7 * math.exp(-9 / var))
    mixed = share * means[0] + (1 - share) * means[1]
    assert_close(score, (np.stack([means[0], means[1], mixed]) - x) / var)


@pytest.mark.parametrize(("n", "d"), [(4, 2), (3, 3), (1, 3), (5, 1), (1, 1)])
def test_the_losses_agree_with_loops(n: int, d: int) -> None:
    x, eps = draw(n, d), draw(n, d)
    explicit = implicit = denoising = 0.0
    for i in range(n):
        row, noise = x[i : i + 1], eps[i : i + 1]
        for j in range(d):
            explicit += (bend(row)[0, j] - math.sin(row[0, j])) ** 2 / 2 / n
            implicit += bend(row)[0, j] ** 2 / 2 / n
            denoising += (bend(row + 0.6 * noise)[0, j] + noise[0, j] / 0.6) ** 2 / 2 / n
        implicit += trace_of_bend(row)[0] / n
    assert_close(esm_loss(bend, np.sin, x), explicit, name="esm_loss")
    assert_close(ism_loss(bend, trace_of_bend, x), implicit, name="ism_loss")
    assert_close(dsm_loss(bend, x, eps, 0.6), denoising, name="dsm_loss")


@pytest.mark.parametrize("a", [-0.2, -1.0, 0.5])
def test_without_the_true_score_models_compare_as_with_it(a: float) -> None:
    """Hyvarinen: on average, esm_loss and ism_loss of two models differ by the same. One row at a time."""
    means, weights = np.array([[-1.0], [1.5]]), np.array([0.6, 0.4])
    law = Mixture(means, np.full(2, 0.5), weights)
    density, rows = np.exp(law.log_density(LINE)), LINE[:, None]

    def line(x: np.ndarray) -> np.ndarray:
        return a * x + 0.3

    def slope(x: np.ndarray) -> np.ndarray:
        return np.full(len(x), a)

    def wave_slope(x: np.ndarray) -> np.ndarray:
        return np.cos(x[:, 0])

    explicit = [esm_loss(line, law.score, row) - esm_loss(np.sin, law.score, row) for row in rows]
    implicit = [ism_loss(line, slope, row) - ism_loss(np.sin, wave_slope, row) for row in rows]
    assert_close(integral(implicit, density), integral(explicit, density), rtol=1e-8)


def test_denoising_finds_the_score_of_the_noised_data() -> None:
    """Vincent: what a model's dsm_loss exceeds that score's by is its esm_loss there."""
    data, sigma = np.array([-1.0, 0.4, 2.0]), 0.7
    noised = Mixture(data[:, None], np.full(3, sigma**2), np.full(3, 1 / 3))
    bell = np.exp(-(LINE[:, 0] ** 2) / 2) / math.sqrt(2 * math.pi)

    excess = 0.0
    for one in data:
        x0, eps = np.array([[one]]), LINE[:, None]
        gaps = [dsm_loss(bend, x0, e, sigma) - dsm_loss(noised.score, x0, e, sigma) for e in eps]
        excess += integral(gaps, bell) / 3
    explicit = [((bend(row) - noised.score(row)) ** 2).item() / 2 for row in LINE[:, None]]
    assert_close(excess, integral(explicit, np.exp(noised.log_density(LINE))), rtol=1e-8)
    assert excess > 0.1


@pytest.mark.parametrize("sigma", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_best_line_solves_the_regression_on_the_noise(n: int, sigma: float) -> None:
    """Least squares of -eps / sigma on x0 + sigma eps; three nodes are exact for squares of lines."""
    x0 = 2 * draw(n) + 3
    nodes, root = np.array([-math.sqrt(3), 0, math.sqrt(3)]), np.sqrt([1 / 6, 2 / 3, 1 / 6])
    x = (x0[:, None] + sigma * nodes).ravel()
    eps, root = np.tile(nodes, n), np.tile(root, n)
    line, *_ = np.linalg.lstsq(np.stack([x, np.ones(3 * n)], 1) * root[:, None], -eps / sigma * root)
    assert_close(fit_linear_dsm(x0, sigma), tuple(line), rtol=1e-8)


def test_the_best_line_is_the_score_of_a_gaussian_as_wide_as_the_noised_data() -> None:
    a, b = fit_linear_dsm(np.array([1.0, 5.0]), 2.0)  # mean 3, variance 4 + 4
    assert_close([a, b], [-1 / 8, 3 / 8])


@pytest.mark.parametrize("bad", [0.0, -1.0])
def test_a_width_that_is_not_above_zero_is_a_value_error(bad: float) -> None:
    x = draw(3, 2)
    with pytest.raises(ValueError):
        gmm_score(x, draw(2, 2), bad, np.array([0.5, 0.5]))
    with pytest.raises(ValueError):
        dsm_loss(bend, x, draw(3, 2), bad)
    with pytest.raises(ValueError):
        fit_linear_dsm(draw(3), bad)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, other, weights = draw(4, 2), draw(4, 2), some_weights(4)
    line = draw(5)
    expected = (gmm_score(x, other, 0.5, weights), esm_loss(bend, np.sin, x), dsm_loss(bend, x, other, 0.5))
    law = Mixture(other, np.full(4, 0.5), weights)
    assert_close(expected[0], law.score(x))
    for (_, one), (_, two) in zip(layouts(x), layouts(other), strict=True):
        with assert_unchanged(one, two, weights):
            assert_close(gmm_score(one, two, 0.5, weights), expected[0])
            assert_close(esm_loss(bend, np.sin, one), expected[1])
            assert_close(ism_loss(bend, trace_of_bend, one), ism_loss(bend, trace_of_bend, x))
            assert_close(dsm_loss(bend, one, two, 0.5), expected[2])
    for _, one in layouts(line):
        with assert_unchanged(one):
            assert_close(fit_linear_dsm(one, 0.5), fit_linear_dsm(line, 0.5))
