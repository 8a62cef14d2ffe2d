import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mixture import Mixture
from aire_katas.checks.statistics import assert_cdf, assert_mean, assert_variance
from katas.phase6.diffusion.sde import drift_diffusion, euler_maruyama, ve_marginal, vp_marginal

KATA = Kata(
    difficulty=4,
    minutes=40,
    needs=("phase6/diffusion/score_matching", "phase6/diffusion/noise_schedules"),
    forbids={
        "torch": "the integral of a straight line and a loop over steps are all it takes",
        "torchsde": "write the loop over steps: each of them is one line",
        "diffrax": "write the loop over steps: each of them is one line",
        "scipy": "the integral of a straight line is taken on paper",
    },
)
PATHS = 20_000
RATE = 1e-6  # of each of 26 statistical checks: a right solution fails once in 40,000 runs
TIMES = np.array([0.001, 0.1, 0.37, 0.5, 0.82, 0.999])
Drift = Callable[[np.ndarray, float], tuple[np.ndarray, float]]


def b(t: Any) -> Any:
    return 0.1 + 19.9 * t


def vp(x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
    return -b(t) / 2 * x, math.sqrt(b(t))


def ve(x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
    return np.zeros(x.shape), 0.01 * 5000**t * math.sqrt(2 * math.log(5000))


def law(sde: Drift, t: float) -> tuple[float, float]:
    """Mean and variance at time t of what starts as N(2, 1/4)."""
    if sde is ve:
        return 2.0, 0.25 + 1e-4 * (5000 ** (2 * t) - 1)
    fading = math.exp(-0.1 * t - 19.9 * t**2 / 2)
    return 2 * math.sqrt(fading), 0.25 * fading + 1 - fading


def moments(sde: Drift, mean: float, t0: float, t1: float, n: int) -> tuple[float, float]:
    """Exact mean and variance after n linear steps from one point; backward ones with the law's score."""
    variance, dt = 0.0, (t1 - t0) / n
    for k in range(n):
        (f,), g = sde(np.ones(1), t0 + k * dt)
        center, width = law(sde, t0 + k * dt)
        pull = g**2 / width if t1 < t0 else 0.0
        mean += ((f + pull) * mean - pull * center) * dt
        variance = (1 + (f + pull) * dt) ** 2 * variance + g**2 * abs(dt)
    return mean, variance


def test_at_time_zero_nothing_has_happened() -> None:
    assert tuple(map(float, vp_marginal(0.0))) == (1.0, 0.0)
    assert tuple(map(float, ve_marginal(0.0))) == (1.0, 0.0)


@pytest.mark.parametrize(("bmin", "bmax"), [(0.1, 20.0), (1.0, 3.0), (2.0, 2.0), (5.0, 0.5)])
def test_the_vp_marginal_obeys_the_equations_of_its_moments(bmin: float, bmax: float) -> None:
    """m' = -b m / 2 and v' = -b v + b."""
    step, rate = 1e-4, bmin + TIMES * (bmax - bmin)
    (m, s), (m1, s1), (m0, s0) = (vp_marginal(TIMES + one, bmin, bmax) for one in (0.0, step, -step))
    assert_close((m1 - m0) / (2 * step), -rate * m / 2, rtol=1e-4, name="slope of the mean")
    assert_close((s1**2 - s0**2) / (2 * step), rate * (1 - s**2), rtol=1e-4, name="slope of the variance")


@pytest.mark.parametrize(("smin", "smax"), [(0.01, 50.0), (0.5, 2.0)])
def test_the_ve_marginal_collects_the_noise(smin: float, smax: float) -> None:
    """std^2 is the integral of g^2 from 0 to t."""
    coefs, std = ve_marginal(TIMES, smin, smax)
    assert_close(coefs, np.ones(6), name="mean_coef")
    for t, one in zip(TIMES, np.asarray(std), strict=True):
        grid = (np.arange(4000) + 0.5) / 4000 * t
        g2 = smin**2 * (smax / smin) ** (2 * grid) * 2 * math.log(smax / smin)
        assert_close(one, math.sqrt(g2.mean() * t), rtol=1e-5, name="std")


def test_ddpm_with_many_steps_is_the_vp_sde() -> None:
    """alpha_bar_T of betas b(i / T) / T tends to mean_coef^2, and the gap is halved when T is doubled."""
    limit = math.log(vp_marginal(1.0)[0]) * 2
    gaps = [np.log1p(-b(np.arange(1, T + 1) / T) / T).sum() - limit for T in (4000, 8000)]
    assert abs(gaps[1]) < 0.02
    assert_close(gaps[0] / gaps[1], 2.0, rtol=0.01)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (0,)])
def test_marginals_have_the_shape_of_the_times(shape: tuple[int, ...]) -> None:
    t = np.random.random(shape)
    with assert_unchanged(t):
        (m, s), (one, std) = vp_marginal(t), ve_marginal(t)
    assert [np.shape(part) for part in (m, s, one, std)] == [shape] * 4
    B = 0.1 * t + 19.9 * t**2 / 2
    assert_close(m, np.exp(-B / 2), name="vp mean_coef")
    assert_close(s, np.sqrt(-np.expm1(-B)), name="vp std")
    assert_close(std, 0.01 * np.sqrt(np.expm1(2 * t * math.log(5000))), name="ve std")
    assert_close(vp_marginal(0.3)[1], math.sqrt(-math.expm1(-0.9255)))
    assert_close(ve_marginal(1.0)[1], math.sqrt(2500 - 1e-4))


@pytest.mark.parametrize("t", [1e-4, 1e-8, 1e-12])
def test_for_a_short_time_std_keeps_its_digits(t: float) -> None:
    B, log = 0.1 * t + 19.9 * t**2 / 2, math.log(5000)
    assert_close(vp_marginal(t)[1], math.sqrt(-math.expm1(-B)), name="vp")
    assert_close(ve_marginal(t)[1], 0.01 * math.sqrt(math.expm1(2 * t * log)), name="ve")


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1,), (2, 1, 2)])
def test_the_vp_drift_pulls_to_zero_and_its_noise_makes_up_for_that(shape: tuple[int, ...], t: float) -> None:
    x = np.random.normal(size=shape)
    with assert_unchanged(x):
        f, g = drift_diffusion("vp", x, t)
    assert_close(f, -(0.1 + 19.9 * t) / 2 * x, name="f")
    assert_close(g, math.sqrt(0.1 + 19.9 * t), name="g")


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (1,), (2, 1, 2)])
def test_the_ve_sde_has_noise_alone(shape: tuple[int, ...], t: float) -> None:
    f, g = drift_diffusion("ve", np.random.normal(size=shape), t)
    assert_close(f, np.zeros(shape), name="f")
    slope = (1e-4 * 5000 ** (2 * t + 2e-5) - 1e-4 * 5000 ** (2 * t - 2e-5)) / 2e-5
    assert_close(g, math.sqrt(slope), rtol=1e-6, name="g")


@pytest.mark.parametrize("kind", ["VP", "sub-vp", ""])
def test_another_kind_is_a_value_error(kind: str) -> None:
    with pytest.raises(ValueError):
        drift_diffusion(kind, np.ones(2), 0.5)


@pytest.mark.parametrize(("t0", "t1"), [(0.0, 1.0), (0.2, 0.5), (1.0, 0.0), (0.9, 0.4)])
@pytest.mark.parametrize("n", [1, 3, 8])
def test_without_noise_a_step_follows_the_drift_from_its_start(n: int, t0: float, t1: float) -> None:
    x = expected = np.random.normal(size=(3, 2))
    dt = (t1 - t0) / n
    for k in range(n):
        expected = expected + (np.sin(expected) + t0 + k * dt) * dt

    def drift(x: np.ndarray, t: float) -> tuple[np.ndarray, float]:
        return np.sin(x) + t, 0.0

    def score(x: np.ndarray, t: float) -> np.ndarray:
        return np.cos(x)

    rng = np.random.default_rng(0)
    assert_close(euler_maruyama(drift, x, t0, t1, n, rng, score if t1 < t0 else None), expected)


@pytest.mark.parametrize("shape", [(PATHS, 2), (2, PATHS), (PATHS // 2, 1, 2)])
def test_the_noise_is_new_for_each_entry_and_each_step(shape: tuple[int, ...]) -> None:
    """f = 0 and g = 1 + t: the variance is the sum of the squares of g times the length of the steps."""
    rng, n = np.random.default_rng(1), 4
    x = euler_maruyama(lambda x, t: (np.zeros(x.shape), 1 + t), np.ones(shape), 0.5, 1.5, n, rng)
    assert x.shape == shape
    variance = sum((1.5 + k / n) ** 2 / n for k in range(n))
    assert_mean(x.ravel(), 1.0, std=math.sqrt(variance), false_alarm=RATE, name="mean")
    assert_variance(x.ravel(), variance, false_alarm=RATE, name="variance")
    first, second = (x - 1).reshape(2, -1) if shape[0] == 2 else (x - 1).reshape(-1, 2).T
    assert_mean(first * second, 0.0, std=variance, false_alarm=RATE, name="covariance of two entries")


def test_the_noise_of_a_single_step_is_normal() -> None:
    x = euler_maruyama(
        lambda x, t: (np.zeros(x.shape), 2.0), np.zeros(PATHS), 0.0, 0.25, 1, np.random.default_rng(9)
    )
    assert_cdf(x, lambda z: [NormalDist().cdf(one) for one in z], false_alarm=RATE)


@pytest.mark.parametrize("sde", [vp, ve])
@pytest.mark.parametrize(("t0", "t1", "n"), [(0.0, 1.0, 100), (0.3, 0.6, 10)])
def test_forward_paths_have_the_moments_of_the_recursion(sde: Drift, t0: float, t1: float, n: int) -> None:
    x = euler_maruyama(sde, np.full(PATHS, 3.0), t0, t1, n, np.random.default_rng(2))
    mean, variance = moments(sde, 3.0, t0, t1, n)
    assert_mean(x, mean, std=math.sqrt(variance), false_alarm=RATE)
    assert_variance(x, variance, false_alarm=RATE)


@pytest.mark.parametrize("sde", [vp, ve])
@pytest.mark.parametrize(("t0", "t1", "n"), [(1.0, 0.0, 100), (0.6, 0.3, 10)])
def test_backward_paths_have_the_moments_of_the_recursion(sde: Drift, t0: float, t1: float, n: int) -> None:
    def score(x: np.ndarray, t: float) -> np.ndarray:
        center, width = law(sde, t)
        return (center - x) / width

    x = euler_maruyama(sde, np.full(PATHS, 3.0), t0, t1, n, np.random.default_rng(3), score)
    mean, variance = moments(sde, 3.0, t0, t1, n)
    assert_mean(x, mean, std=math.sqrt(variance), false_alarm=RATE)
    assert_variance(x, variance, false_alarm=RATE)


# The largest deviations in 200 runs of a right solution, 100 steps being a little too few:
# weight 0.029, means 0.065 (right) and 0.021 (left), widths 0.060 and 0.014. Limits: 6 standard errors.
def test_backward_the_noise_becomes_data() -> None:
    """Two heaps in the plane, of weights 0.8 and 0.2, from nothing but N(0, I) and the score."""
    data = Mixture(np.array([[-2.0, 0.0], [2.0, 1.0]]), np.array([0.04, 0.25]), np.array([0.8, 0.2]))

    def score(x: np.ndarray, t: float) -> np.ndarray:
        fading = math.exp(-0.1 * t - 19.9 * t**2 / 2)
        return data.noised(math.sqrt(fading), math.sqrt(1 - fading)).score(x)

    rng = np.random.default_rng(4)
    x = euler_maruyama(vp, rng.normal(size=(2000, 2)), 1.0, 0.0, 100, rng, score)
    right, left = x[x[:, 0] > 0], x[x[:, 0] <= 0]
    assert abs(len(right) / 2000 - 0.2) < 0.055
    assert_close(right.mean(0), np.array([2.0, 1.0]), rtol=0, atol=0.2, name="middle of the right heap")
    assert_close(left.mean(0), np.array([-2.0, 0.0]), rtol=0, atol=0.06, name="middle of the left heap")
    assert_close(right.std(0), np.array([0.5, 0.5]), rtol=0, atol=0.15, name="width of the right heap")
    assert_close(left.std(0), np.array([0.2, 0.2]), rtol=0, atol=0.04, name="width of the left heap")


def test_all_randomness_comes_from_the_generator() -> None:
    x = np.random.normal(size=(4, 3))
    first, again, other = (euler_maruyama(vp, x, 0.0, 1.0, 5, np.random.default_rng(s)) for s in (5, 5, 6))
    assert_close(again, first, rtol=0, atol=0)
    assert (other != first).all(), "two seeds have given the same path"


def test_what_makes_no_sense_is_a_value_error() -> None:
    x, rng = np.ones(3), np.random.default_rng(7)

    def score(x: np.ndarray, t: float) -> np.ndarray:
        return -x

    with pytest.raises(ValueError):
        euler_maruyama(vp, x, 1.0, 0.0, 5, rng)
    with pytest.raises(ValueError):
        euler_maruyama(vp, x, 0.0, 1.0, 5, rng, score)
    for n in (0, -1):
        with pytest.raises(ValueError):
            euler_maruyama(vp, x, 0.0, 1.0, n, rng)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x = np.random.normal(size=(4, 3))

    def score(x: np.ndarray, t: float) -> np.ndarray:
        return -x

    def run(x: np.ndarray) -> list[np.ndarray]:
        rng = np.random.default_rng(8)
        return [euler_maruyama(vp, x, 0.0, 1.0, 3, rng), euler_maruyama(vp, x, 1.0, 0.0, 3, rng, score)]

    expected = run(x.copy())
    for _, one in layouts(x):
        with assert_unchanged(one):
            assert_close(run(one), expected)
