import math

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mixture import Mixture
from aire_katas.checks.statistics import assert_mean, assert_variance
from katas.phase6.diffusion.ddpm_sampler import ddpm_step, moment_recursion, optimal_eps, sample

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/diffusion/posterior", "phase6/diffusion/parametrisations"),
    forbids={
        "torch": "a loop over t and numpy's arithmetic are all it takes",
        "diffusers": "a loop over t and numpy's arithmetic are all it takes",
    },
)
STEEP = np.linspace(0.05, 0.5, 12)  # so few steps that every slip shows
LINEAR = np.linspace(1e-4, 0.02, 1000)
both_variances = pytest.mark.parametrize("var", ["small", "large"])


def left(betas: np.ndarray, t: int) -> float:
    """alpha_bar_t by its definition."""
    return math.prod(1 - float(beta) for beta in betas[:t])


def conditioned(t: int, betas: np.ndarray) -> tuple[float, float, float]:
    """c0, ct and variance of x_{t-1} given x_0 and x_t, from the covariance of x_{t-1} and x_t given x_0."""
    before, after = left(betas, t - 1), left(betas, t)
    covariance = math.sqrt(1 - betas[t - 1]) * (1 - before)
    ct = covariance / (1 - after)
    return math.sqrt(before) - ct * math.sqrt(after), ct, 1 - before - ct * covariance


def added(t: int, betas: np.ndarray, var: str) -> float:
    """The variance of the fresh noise."""
    return (t > 1) * (betas[t - 1] if var == "large" else conditioned(t, betas)[2])


def perfect(xt: np.ndarray, t: int, betas: np.ndarray, m: float, s2: float) -> np.ndarray:
    """E[eps | x_t], from the covariance of eps and x_t."""
    a, s = math.sqrt(left(betas, t)), math.sqrt(1 - left(betas, t))
    return s * (xt - a * m) / (a**2 * s2 + s**2)


def exact(betas: np.ndarray, m: float, s2: float, var: str) -> tuple[float, float]:
    """Mean and variance of what the loop returns: x_0 is guessed by its mean given x_t."""
    mean, variance = 0.0, 1.0
    for t in range(len(betas), 0, -1):
        c0, ct, _ = conditioned(t, betas)
        a = math.sqrt(left(betas, t))
        gain = a * s2 / (a**2 * s2 + 1 - a**2)
        mean = c0 * (m + gain * (mean - a * m)) + ct * mean
        variance = (c0 * gain + ct) ** 2 * variance + added(t, betas, var)
    return mean, variance


@pytest.mark.parametrize(("m", "s2"), [(0.0, 1.0), (1.5, 0.3), (-2.0, 4.0)])
@pytest.mark.parametrize("t", [1, 5, 12])
def test_the_best_guess_of_the_noise_is_its_mean_over_all_data_that_fit(t: int, m: float, s2: float) -> None:
    """By numerical integration over x_0."""
    a, s = math.sqrt(left(STEEP, t)), math.sqrt(1 - left(STEEP, t))
    xt = np.array([-1.0, 0.2, 2.5])
    x0 = np.linspace(-30, 30, 20_001)
    eps = (xt[:, None] - a * x0) / s
    logs = -((x0 - m) ** 2) / (2 * s2) - eps**2 / 2
    weight = np.exp(logs - logs.max(1, keepdims=True))
    assert_close(optimal_eps(xt, t, STEEP, m, s2), (weight * eps).sum(1) / weight.sum(1), rtol=1e-8)


@pytest.mark.parametrize("s2", [0.0, 0.5])
def test_the_best_guess_agrees_with_the_law_of_noised_gaussians(s2: float) -> None:
    data = Mixture(np.array([[0.7]]), np.array([s2]), np.ones(1))
    xt = np.random.normal(size=(6, 1))
    for t in range(1, 13):
        a, s = math.sqrt(left(STEEP, t)), math.sqrt(1 - left(STEEP, t))
        assert_close(optimal_eps(xt, t, STEEP, 0.7, s2), data.posterior_noise(xt, a, s))


def test_if_all_data_are_the_same_the_noise_is_known() -> None:
    eps = np.random.normal(size=(2, 3))
    xt = math.sqrt(left(STEEP, 4)) * 3.0 + math.sqrt(1 - left(STEEP, 4)) * eps
    assert_close(optimal_eps(xt, 4, STEEP, 3.0, 0.0), eps)


@both_variances
@pytest.mark.parametrize("t", range(1, 13))
def test_a_step_goes_to_the_mean_of_the_posterior_for_the_guess_of_the_data(t: int, var: str) -> None:
    xt, eps = np.random.normal(size=(2, 3, 4))
    guess = (xt - math.sqrt(1 - left(STEEP, t)) * eps) / math.sqrt(left(STEEP, t))
    c0, ct, _ = conditioned(t, STEEP)
    assert_close(ddpm_step(xt, t, eps, STEEP, np.zeros((3, 4)), var), c0 * guess + ct * xt)


@both_variances
@pytest.mark.parametrize("t", range(1, 13))
def test_fresh_noise_has_the_variance_that_was_asked_for(t: int, var: str) -> None:
    xt, eps, z = np.random.normal(size=(3, 5))
    with_noise, without = (ddpm_step(xt, t, eps, STEEP, one, var) for one in (z, 0 * z))
    assert_close(with_noise - without, math.sqrt(added(t, STEEP, var)) * z, atol=1e-12)


@both_variances
def test_the_last_step_adds_nothing_and_finds_the_data(var: str) -> None:
    x0, eps, z = np.random.normal(size=(3, 4))
    x1 = math.sqrt(1 - 0.05) * x0 + math.sqrt(0.05) * eps
    assert_close(ddpm_step(x1, 1, eps, STEEP, 1e3 * z, var), x0)


def test_the_small_variance_is_the_default() -> None:
    one, z = np.zeros(1), np.ones(1)
    assert_close(ddpm_step(one, 7, one, STEEP, z), np.array([math.sqrt(added(7, STEEP, "small"))]))


@both_variances
@pytest.mark.parametrize(("m", "s2"), [(0.0, 1.0), (2.0, 0.5), (-1.0, 4.0), (0.3, 0.0)])
@pytest.mark.parametrize("T", [1, 2, 12])
def test_moments_follow_from_those_of_the_step_before(T: int, m: float, s2: float, var: str) -> None:
    assert_close(moment_recursion(STEEP[:T], m, s2, var), list(exact(STEEP[:T], m, s2, var)))


@both_variances
@pytest.mark.parametrize("s2", [0.25, 1.0, 4.0])
def test_a_thousand_small_steps_give_the_law_of_the_data(s2: float, var: str) -> None:
    mean, variance = moment_recursion(LINEAR, 1.5, s2, var)
    assert_close(mean, 1.5, atol=1e-3, rtol=0)
    assert_close(variance, s2, rtol=0.02, atol=0)


@pytest.mark.parametrize("s2", [0.25, 1.0, 4.0])
def test_the_small_variance_makes_too_little_and_the_large_one_more(s2: float) -> None:
    _, small = moment_recursion(LINEAR, 0.0, s2, "small")
    _, large = moment_recursion(LINEAR, 0.0, s2, "large")
    assert small < s2
    assert small < large


def test_the_large_variance_is_right_for_standard_normal_data() -> None:
    """Only the noise that the last step leaves out is missing."""
    assert_close(moment_recursion(STEEP, 0.0, 1.0, "large"), [0.0, 0.95])


@both_variances
def test_data_that_are_all_the_same_are_found_exactly(var: str) -> None:
    assert_close(moment_recursion(STEEP, 2.5, 0.0, var), [2.5, 0.0])
    drawn = sample(lambda x, t: perfect(x, t, STEEP, 2.5, 0.0), (9,), STEEP, np.random.default_rng(0), var)
    assert_close(drawn, np.full(9, 2.5))


@both_variances
def test_samples_have_the_law_of_the_recursion(var: str) -> None:
    """Normal, so two moments tell all; those of small and large are more than 30 standard errors apart."""
    rng, n = np.random.default_rng(1), 20_000
    mean, variance = exact(STEEP, 2.0, 0.5, var)
    drawn = sample(lambda x, t: perfect(x, t, STEEP, 2.0, 0.5), (n, 2), STEEP, rng, var)
    assert_mean(drawn, np.full(2, mean), std=math.sqrt(variance))
    assert_variance(drawn, np.full(2, variance))
    assert_mean(np.prod(drawn - mean, axis=1), 0.0, std=variance, name="covariance of neighbours")


def test_samples_of_the_default_have_the_small_variance() -> None:
    rng = np.random.default_rng(2)
    mean, variance = exact(STEEP, 2.0, 0.5, "small")
    drawn = sample(lambda x, t: perfect(x, t, STEEP, 2.0, 0.5), (20_000,), STEEP, rng)
    assert_mean(drawn, mean, std=math.sqrt(variance))
    assert_variance(drawn, variance)


def test_noise_becomes_any_law_whose_best_guess_is_known() -> None:
    """Two clusters, three to seven. These steps widen them by 4%; all else is 5 standard errors."""
    data = Mixture(np.array([[-2.0], [2.0]]), np.array([0.1, 0.1]), np.array([0.3, 0.7]))
    betas = np.linspace(1e-3, 0.15, 80)

    def best(x: np.ndarray, t: int) -> np.ndarray:
        return data.posterior_noise(x, math.sqrt(left(betas, t)), math.sqrt(1 - left(betas, t)))

    drawn = sample(best, (4000, 1), betas, np.random.default_rng(3), "large")
    assert abs(np.mean(drawn > 0) - 0.7) < 0.04
    assert abs(np.std(drawn[drawn > 0]) / math.sqrt(0.1) - 1) < 0.12
    assert abs(np.mean(drawn[drawn > 0]) - 2) < 0.05


@pytest.mark.parametrize("shape", [(3,), (2, 1, 3), (1,), (), (0, 2)])
def test_the_model_is_asked_once_for_each_time_from_the_last_to_the_first(shape: tuple[int, ...]) -> None:
    asked = []

    def model(x: np.ndarray, t: int) -> np.ndarray:
        asked.append((t, np.shape(x)))
        return 0.1 * x

    assert np.shape(sample(model, shape, STEEP, np.random.default_rng(4))) == shape
    assert asked == [(t, shape) for t in range(12, 0, -1)]


@pytest.mark.parametrize("T", [1, 2, 12])
def test_all_noise_comes_from_the_generator(T: int) -> None:
    def drawn(seed: int) -> np.ndarray:
        return sample(lambda x, t: 0.1 * x, (50,), STEEP[:T], np.random.default_rng(seed))

    assert_close(drawn(5), drawn(5), rtol=0, atol=0)
    assert (drawn(5) != drawn(6)).all()


def test_one_step_is_a_guess_from_noise_alone() -> None:
    rng, betas = np.random.default_rng(7), np.array([0.36])
    drawn = sample(lambda x, t: 0.5 * x, (20_000,), betas, rng)
    assert_mean(drawn, 0.0, std=0.7 / 0.8)
    assert_variance(drawn, (0.7 / 0.8) ** 2)


@pytest.mark.parametrize("t", [0, -1, 13])
def test_a_time_that_does_not_exist_raises(t: int) -> None:
    one = np.ones(2)
    with pytest.raises(ValueError):
        optimal_eps(one, t, STEEP, 0.0, 1.0)
    for var in ("small", "large"):
        with pytest.raises(ValueError):
            ddpm_step(one, t, one, STEEP, one, var)


@pytest.mark.parametrize("var", ["", "medium", "Small"])
def test_another_variance_raises(var: str) -> None:
    one = np.ones(2)
    for t in (1, 5):
        with pytest.raises(ValueError):
            ddpm_step(one, t, one, STEEP, one, var)
    with pytest.raises(ValueError):
        moment_recursion(STEEP, 0.0, 1.0, var)
    with pytest.raises(ValueError):
        sample(lambda x, t: x, (2,), STEEP, np.random.default_rng(8), var)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    xt, eps, z = np.random.normal(size=(3, 3, 4))
    expected = ddpm_step(xt, 6, eps, STEEP, z)
    for (_, x), (_, e), (_, one) in zip(layouts(xt), layouts(eps), layouts(z), strict=True):
        with assert_unchanged(x, e, one, STEEP):
            assert_close(ddpm_step(x, 6, e, STEEP, one), expected)
            assert_close(optimal_eps(x, 6, STEEP, 1.0, 2.0), perfect(xt, 6, STEEP, 1.0, 2.0))
    for _, betas in layouts(STEEP):
        with assert_unchanged(betas):
            assert_close(moment_recursion(betas, 1.0, 2.0, "large"), list(exact(STEEP, 1.0, 2.0, "large")))
            drawn = sample(lambda x, t: perfect(x, t, STEEP, 1.0, 0.0), (2,), betas, np.random.default_rng(9))
            assert_close(drawn, np.ones(2))
