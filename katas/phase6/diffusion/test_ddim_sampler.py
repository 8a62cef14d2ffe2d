import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mixture import Mixture
from aire_katas.checks.statistics import assert_mean, assert_variance
from katas.phase6.diffusion.ddim_sampler import ddim_invert, ddim_sample, ddim_step, timesteps

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/diffusion/ddpm_sampler",),
    forbids={
        "torch": "a loop over the times and numpy's arithmetic are all it takes",
        "diffusers": "a loop over the times and numpy's arithmetic are all it takes",
    },
)
STEEP = np.linspace(0.05, 0.5, 12)  # so few steps that every slip shows
LINEAR = np.linspace(1e-4, 0.02, 1000)
M, S2 = 2.0, 0.25  # the data of `perfect`: N(M, S2)
LEVELS = [(0.1, 0.7), (0.64, 0.9), (1e-4, 0.5), (0.5, 1.0)]  # ab_t, ab_s
etas = pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])


def left(betas: np.ndarray, t: int) -> float:
    """alpha_bar_t by its definition."""
    return math.prod(1 - float(beta) for beta in betas[:t])


def conditioned(ab_t: float, ab_s: float) -> tuple[float, float, float]:
    """c0, ct and variance of x_s given x_0 and x_t, from the covariance of x_s and x_t given x_0."""
    covariance = math.sqrt(ab_t / ab_s) * (1 - ab_s)
    ct = covariance / (1 - ab_t)
    return math.sqrt(ab_s) - ct * math.sqrt(ab_t), ct, 1 - ab_s - ct * covariance


def perfect(x: np.ndarray, t: int, betas: np.ndarray) -> np.ndarray:
    """E[eps | x_t] for data N(M, S2)."""
    a, s = math.sqrt(left(betas, t)), math.sqrt(1 - left(betas, t))
    return s * (x - a * M) / (a**2 * S2 + s**2)


def pairs_from_the_flow() -> tuple[np.ndarray, np.ndarray]:
    """x_T of LINEAR, and the x_0 where infinitely many steps without noise would lead: a stretched copy."""
    xT = np.array([-1.5, -0.3, 0.4, 2.0])
    a = math.sqrt(left(LINEAR, 1000))
    return xT, M + math.sqrt(S2) * (xT - a * M) / math.sqrt(a**2 * S2 + 1 - a**2)


def assert_halves(errors: list[float], name: str) -> None:
    """Each is about half of the one before: measured 1.85 to 2 times smaller."""
    __tracebackhide__ = True
    ratios = [before / after for before, after in itertools.pairwise(errors)]
    assert all(1.6 < ratio < 2.4 for ratio in ratios), f"{name} is {errors}, each time with twice the steps"


@pytest.mark.parametrize(("ab_t", "ab_s"), LEVELS)
def test_who_knows_the_noise_walks_straight_from_it_to_the_data(ab_t: float, ab_s: float) -> None:
    x0, eps, z = np.random.normal(size=(3, 4, 2))
    xt = math.sqrt(ab_t) * x0 + math.sqrt(1 - ab_t) * eps
    assert_close(ddim_step(xt, eps, ab_t, ab_s, 0.0, z), math.sqrt(ab_s) * x0 + math.sqrt(1 - ab_s) * eps)


@etas
@pytest.mark.parametrize(("ab_t", "ab_s"), LEVELS)
def test_each_eta_leaves_the_noise_its_variance(ab_t: float, ab_s: float, eta: float) -> None:
    """x_0, the noise in x_t and z are independent: unit inputs give their factors."""
    x0, eps, z = np.eye(3)
    xt = math.sqrt(ab_t) * x0 + math.sqrt(1 - ab_t) * eps
    of_x0, of_eps, of_z = ddim_step(xt, eps, ab_t, ab_s, eta, z)
    assert_close(of_x0, math.sqrt(ab_s), name="share of x_0")
    assert_close(of_eps**2 + of_z**2, 1 - ab_s, atol=1e-12, name="variance of the noise")
    assert of_eps >= 0


@pytest.mark.parametrize("t", [1, 2, 7, 12])
def test_with_eta_one_a_step_is_that_of_ddpm_over_any_stride(t: int) -> None:
    xt, eps, z = np.random.normal(size=(3, 5))
    for s in range(t):
        ab_t, ab_s = left(STEEP, t), left(STEEP, s)
        c0, ct, variance = conditioned(ab_t, ab_s)
        guess = (xt - math.sqrt(1 - ab_t) * eps) / math.sqrt(ab_t)
        expected = c0 * guess + ct * xt + math.sqrt(variance) * z
        assert_close(ddim_step(xt, eps, ab_t, ab_s, 1.0, z), expected)


@pytest.mark.parametrize("eta", [0.0, 0.25, 0.5, 1.0])
def test_eta_scales_the_fresh_noise(eta: float) -> None:
    nothing, z = np.zeros(3), np.random.normal(size=3)
    sigma = math.sqrt(conditioned(0.3, 0.8)[2])
    assert_close(ddim_step(nothing, nothing, 0.3, 0.8, eta, z), eta * sigma * z)


@etas
def test_at_time_zero_there_is_only_the_guess_of_the_data(eta: float) -> None:
    xt, eps, z = 20 * np.random.normal(size=(3, 4))
    assert_close(ddim_step(xt, eps, 0.36, 1.0, eta, z), (xt - 0.8 * eps) / 0.6)


def test_a_step_by_hand() -> None:
    """x_0 = (2 - 0.8 * 1) / 0.6 = 2, and 0.8 * 2 + 0.6 * 1."""
    assert_close(ddim_step(np.array([2.0]), np.ones(1), 0.36, 0.64, 0.0, np.ones(1)), np.array([2.2]))


@pytest.mark.parametrize(
    ("T", "n"), [(10, 4), (1000, 20), (1000, 50), (12, 5), (7, 6), (7, 2), (100, 99), (1000, 7), (4, 3)]
)
def test_times_are_evenly_spaced_from_the_last_to_the_first(T: int, n: int) -> None:
    times = timesteps(T, n)
    assert len(times) == n
    assert (times[0], times[-1]) == (T, 1)
    even = [T - Fraction(i * (T - 1), n - 1) for i in range(n)]
    off = max(abs(time - one) for time, one in zip(times, even, strict=True))
    assert off <= Fraction(1, 2), f"{times} are up to {float(off):.2g} off {[float(one) for one in even]}"
    assert all(type(time) is int for time in times)


def test_as_many_steps_as_times_visit_all_of_them() -> None:
    for T in (1, 2, 9, 1000):
        assert timesteps(T, T) == list(range(T, 0, -1))


def test_a_single_step_starts_at_the_last_time() -> None:
    assert [timesteps(T, 1) for T in (1, 2, 1000)] == [[1], [2], [1000]]


@etas
@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_the_model_is_asked_once_at_each_of_the_times(n: int, eta: float) -> None:
    asked = []

    def model(x: np.ndarray, t: int) -> np.ndarray:
        asked.append((t, x.shape))
        return 0.1 * x

    drawn = ddim_sample(model, np.random.normal(size=(2, 3)), STEEP, n, eta, np.random.default_rng(0))
    assert drawn.shape == (2, 3)
    assert [shape for _, shape in asked] == [(2, 3)] * n
    if_right = [float(12 - i * 11 / max(n - 1, 1)) for i in range(n)]
    assert_close(np.array([t for t, _ in asked], float), np.array(if_right), atol=0.5)


@pytest.mark.parametrize("n", [1, 2, 4, 12])
def test_a_path_to_one_datum_leads_there_in_any_number_of_steps(n: int) -> None:
    """All data are 3: the noise in x_t is known exactly."""
    xT = np.random.normal(size=5)
    drawn = ddim_sample(
        lambda x, t: (x - math.sqrt(left(STEEP, t)) * 3) / math.sqrt(1 - left(STEEP, t)),
        xT,
        STEEP,
        n,
        0.0,
        np.random.default_rng(1),
    )
    assert_close(drawn, np.full(5, 3.0))


def test_without_noise_the_error_falls_as_one_over_the_number_of_steps() -> None:
    """Towards the flow that stretches N(0, 1), but for what is left of the data in x_T, to N(M, S2)."""
    (xT, expected), rng = pairs_from_the_flow(), np.random.default_rng(2)
    drawn = [
        ddim_sample(lambda x, t: perfect(x, t, LINEAR), xT, LINEAR, n, 0.0, rng) for n in (10, 20, 40, 80)
    ]
    assert_halves([float(np.abs(one - expected).max()) for one in drawn], "the largest error of x_0")


def by_hand(x: np.ndarray, times: list[int]) -> np.ndarray:
    """Steps without noise for the model of the next two tests, along times that end with 0."""
    for t, s in itertools.pairwise(times):
        eps = 0.3 * x + t
        guess = (x - math.sqrt(1 - left(STEEP, t)) * eps) / math.sqrt(left(STEEP, t))
        x = math.sqrt(left(STEEP, s)) * guess + math.sqrt(1 - left(STEEP, s)) * eps
    return x


@pytest.mark.parametrize(
    ("n", "times"),
    [(1, [12, 0]), (2, [12, 1, 0]), (4, [12, 8, 5, 1, 0]), (12, [*range(12, -1, -1)])],
)
def test_steps_follow_one_another(n: int, times: list[int]) -> None:
    xT = np.random.normal(size=(2, 2))
    drawn = ddim_sample(lambda x, t: 0.3 * x + t, xT, STEEP, n, 0.0, np.random.default_rng(3))
    assert_close(drawn, by_hand(xT, times))


@etas
def test_only_eta_above_zero_draws(eta: float) -> None:
    rng, other = np.random.default_rng(4), np.random.default_rng(5)
    before, xT = rng.bit_generator.state, np.random.normal(size=50)
    one, two = (ddim_sample(lambda x, t: 0.1 * x, xT, STEEP, 5, eta, each) for each in (rng, other))
    again = ddim_sample(lambda x, t: 0.1 * x, xT, STEEP, 5, eta, np.random.default_rng(4))
    assert_close(again, one, rtol=0, atol=0)
    assert (one == two).all() == (eta == 0)
    assert (rng.bit_generator.state == before) == (eta == 0)


@pytest.mark.parametrize(("n", "eta"), [(12, 1.0), (4, 1.0), (4, 0.5)])
def test_samples_have_the_law_of_their_steps(n: int, eta: float) -> None:
    """From N(0, 1) each step is linear, so two moments tell all: failing once in 100,000."""
    rng, times = np.random.default_rng(6), {12: [*range(12, -1, -1)], 4: [12, 8, 5, 1, 0]}[n]
    drawn = ddim_sample(
        lambda x, t: perfect(x, t, STEEP), rng.standard_normal((20_000, 2)), STEEP, n, eta, rng
    )
    mean, variance = 0.0, 1.0
    for t, s in itertools.pairwise(times):
        ab_t, ab_s = left(STEEP, t), left(STEEP, s)
        noise = eta**2 * conditioned(ab_t, ab_s)[2]
        ends = np.array([0.0, 1.0])
        eps = perfect(ends, t, STEEP)
        guess = (ends - math.sqrt(1 - ab_t) * eps) / math.sqrt(ab_t)
        start, end = math.sqrt(ab_s) * guess + math.sqrt(max(1 - ab_s - noise, 0)) * eps
        mean, variance = start + (end - start) * mean, (end - start) ** 2 * variance + noise
    assert_mean(drawn, np.full(2, mean), std=math.sqrt(variance))
    assert_variance(drawn, np.full(2, variance))
    assert_mean(np.prod(drawn - mean, axis=1), 0.0, std=variance, name="covariance of neighbours")


def test_thirty_steps_find_two_clusters() -> None:
    """Three to seven, without fresh noise; all within 5 standard errors of what so few steps give."""
    data = Mixture(np.array([[-2.0], [2.0]]), np.array([0.1, 0.1]), np.array([0.3, 0.7]))

    def best(x: np.ndarray, t: int) -> np.ndarray:
        return data.posterior_noise(x, math.sqrt(left(LINEAR, t)), math.sqrt(1 - left(LINEAR, t)))

    rng = np.random.default_rng(7)
    drawn = ddim_sample(best, rng.standard_normal((4000, 1)), LINEAR, 30, 0.0, rng)
    assert abs(np.mean(drawn > 0) - 0.7) < 0.05
    assert abs(np.mean(drawn[drawn > 0]) - 2) < 0.05
    assert 0.7 < np.std(drawn[drawn > 0]) / math.sqrt(0.1) < 1.1


@pytest.mark.parametrize("n", [1, 2, 5, 12])
def test_where_the_noise_does_not_depend_on_x_the_way_back_is_exact(n: int) -> None:
    x0 = np.random.normal(size=(3, 2))
    xT = ddim_invert(lambda x, t: t + 0 * x, x0, STEEP, n)
    assert_close(ddim_sample(lambda x, t: t + 0 * x, xT, STEEP, n, 0.0, np.random.default_rng(8)), x0)


@pytest.mark.parametrize(
    ("n", "times"),
    [(1, [0, 12]), (2, [0, 1, 12]), (4, [0, 1, 5, 8, 12]), (12, [*range(13)])],
)
def test_each_step_of_the_way_back_is_undone_with_the_noise_at_its_later_time(
    n: int, times: list[int]
) -> None:
    asked, x0 = [], np.random.normal(size=3)

    def model(x: np.ndarray, t: int) -> np.ndarray:
        asked.append(t)
        return 0.3 * x + t

    x = x0
    for s, t in itertools.pairwise(times):
        eps = 0.3 * x + t
        guess = (x - math.sqrt(1 - left(STEEP, s)) * eps) / math.sqrt(left(STEEP, s))
        x = math.sqrt(left(STEEP, t)) * guess + math.sqrt(1 - left(STEEP, t)) * eps
    assert_close(ddim_invert(model, x0, STEEP, n), x)
    assert asked == times[1:]


def test_data_go_back_to_their_noise_and_the_error_falls_as_one_over_the_number_of_steps() -> None:
    xT, x0 = pairs_from_the_flow()

    def model(x: np.ndarray, t: int) -> np.ndarray:
        return perfect(x, t, LINEAR)

    steps = (20, 40, 80, 160)
    found = [ddim_invert(model, x0, LINEAR, n) for n in steps]
    assert_halves([float(np.abs(one - xT).max()) for one in found], "the largest error of x_T")
    rng = np.random.default_rng(9)
    there = [ddim_sample(model, one, LINEAR, n, 0.0, rng) for one, n in zip(found, steps, strict=True)]
    assert_halves(
        [float(np.abs(one - x0).max()) for one in there], "the largest error of x_0, there and back"
    )


@pytest.mark.parametrize("shape", [(), (1,), (2, 1, 3), (0, 2)])
def test_any_shape_will_do(shape: tuple[int, ...]) -> None:
    x, rng = np.full(shape, 0.7), np.random.default_rng(10)
    assert_close(ddim_sample(lambda x, t: 0.3 * x + t, x, STEEP, 4, 0.0, rng), by_hand(x, [12, 8, 5, 1, 0]))
    assert np.shape(ddim_sample(lambda x, t: 0.1 * x, x, STEEP, 4, 1.0, rng)) == shape
    assert np.shape(ddim_invert(lambda x, t: 0.1 * x, x, STEEP, 4)) == shape


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    xt, eps, z = np.random.normal(size=(3, 3, 4))
    c0, ct, variance = conditioned(0.3, 0.8)
    expected = c0 * (xt - math.sqrt(0.7) * eps) / math.sqrt(0.3) + ct * xt + math.sqrt(variance) * z
    rng = np.random.default_rng(11)
    for (_, x), (_, e), (_, one) in zip(layouts(xt), layouts(eps), layouts(z), strict=True):
        with assert_unchanged(x, e, one, STEEP):
            assert_close(ddim_step(x, e, 0.3, 0.8, 1.0, one), expected)
            drawn = ddim_sample(lambda x, t: 0.3 * x + t, x, STEEP, 4, 0.0, rng)
            assert_close(drawn, by_hand(xt, [12, 8, 5, 1, 0]))
            there = ddim_invert(lambda x, t: t + 0 * x, x, STEEP, 4)
            assert_close(ddim_sample(lambda x, t: t + 0 * x, there, STEEP, 4, 0.0, rng), xt)


@pytest.mark.parametrize(("T", "n"), [(12, 0), (12, -1), (12, 13), (1, 2)])
def test_a_number_of_steps_that_does_not_fit_raises(T: int, n: int) -> None:
    x, rng = np.ones(2), np.random.default_rng(12)
    with pytest.raises(ValueError):
        timesteps(T, n)
    with pytest.raises(ValueError):
        ddim_sample(lambda x, t: x, x, STEEP[:T], n, 0.0, rng)
    with pytest.raises(ValueError):
        ddim_invert(lambda x, t: x, x, STEEP[:T], n)
