import math
import warnings

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase6.rl.gradient_bandit import expected_grad, grad_moments, optimal_baseline, sample_grad

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/rl/bandits",),
    forbids={
        "torch": "derive the gradient of log pi and write it down",
        "jax": "derive the gradient of log pi and write it down",
        "scipy": "subtract the largest preference and call np.exp",
    },
)

SIZES = [2, 3, 7]
BASELINES = [0.0, 1.5, -20.0]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(k: int) -> tuple[np.ndarray, np.ndarray]:
    """h and r."""
    return np.random.normal(size=k), 2 * np.random.normal(size=k) + 1


def chances(h: np.ndarray) -> np.ndarray:
    weights = [math.exp(x - max(h)) for x in h]
    return np.array([w / math.fsum(weights) for w in weights])


def samples(h: np.ndarray, r: np.ndarray, baseline: float) -> np.ndarray:
    """The estimate (k, k) that each action would give, one a row, by loops."""
    pi = chances(h)
    g = np.empty((len(h), len(h)))
    for a, i in np.ndindex(g.shape):
        g[a, i] = (r[a] - baseline) * ((a == i) - pi[i])
    return g


def moments(h: np.ndarray, r: np.ndarray, baseline: float) -> tuple[np.ndarray, float]:
    pi, g = chances(h), samples(h, r, baseline)
    mean = np.array([math.fsum(pi * g[:, i]) for i in range(len(h))])
    return mean, math.fsum(pi[a] * (g[a, i] - mean[i]) ** 2 for a, i in np.ndindex(g.shape))


def least(h: np.ndarray, r: np.ndarray) -> float:
    """Where the parabola through the total variances at three baselines has its lowest point."""
    below, at, above = (moments(h, r, baseline)[1] for baseline in (-1.0, 0.0, 1.0))
    return (below - above) / (2 * (below - 2 * at + above))


@pytest.mark.parametrize("k", [1, *SIZES])
def test_the_expected_gradient_agrees_with_finite_differences(k: int) -> None:
    h, r = draw(k)
    assert_gradients(lambda h: chances(h) @ r, [h], [expected_grad(h, r)], names=["h"])


@pytest.mark.parametrize("k", SIZES)
def test_a_step_along_the_gradient_earns_more(k: int) -> None:
    h, r = draw(k)
    assert chances(h + 1e-3 * expected_grad(h, r)) @ r > chances(h) @ r


@pytest.mark.parametrize("k", SIZES)
def test_preferences_are_relative(k: int) -> None:
    h, r = draw(k)
    assert_close(expected_grad(h, r).sum(), 0.0, atol=1e-12)
    assert_close(expected_grad(h + 100, r), expected_grad(h, r))
    assert_close(sample_grad(h, 1, 3.0, 1.0).sum(), 0.0, atol=1e-12)
    assert_close(sample_grad(h + 100, 1, 3.0, 1.0), sample_grad(h, 1, 3.0, 1.0))


def test_rewards_that_are_all_alike_teach_nothing_on_average() -> None:
    h, r = draw(4)
    assert_close(expected_grad(h, np.full(4, 7.0)), np.zeros(4), atol=1e-12)
    assert_close(expected_grad(h, r + 100), expected_grad(h, r))


@pytest.mark.parametrize("k", [1, *SIZES])
@pytest.mark.parametrize("baseline", BASELINES)
def test_a_sample_is_the_reward_times_the_slope_of_the_log_chance(k: int, baseline: float) -> None:
    h, _ = draw(k)
    for a in range(k):
        for reward in (2.5, -1.0):
            weight = reward - baseline

            def score(h: np.ndarray, a: int = a, weight: float = weight) -> float:
                return weight * math.log(chances(h)[a])

            assert_gradients(score, [h], [sample_grad(h, a, reward, baseline)], names=["h"], rtol=1e-6)


def test_better_than_the_baseline_makes_an_action_likelier() -> None:
    h, _ = draw(3)
    assert np.sign(sample_grad(h, 1, 2.0, 1.0)).tolist() == [-1, 1, -1]
    assert np.sign(sample_grad(h, 1, 0.0, 1.0)).tolist() == [1, -1, 1]
    assert_close(sample_grad(h, 1, 1.0, 1.0), np.zeros(3))
    assert_close(sample_grad(np.zeros(2), 0, 5.0, 1.0), np.array([2.0, -2.0]))


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("baseline", BASELINES)
def test_on_average_a_sample_is_the_gradient_whatever_the_baseline(k: int, baseline: float) -> None:
    h, r = draw(k)
    mean = sum(chances(h)[a] * sample_grad(h, a, r[a], baseline) for a in range(k))
    assert_gradients(lambda h: chances(h) @ r, [h], [mean], names=["h"])
    assert_close(grad_moments(h, r, baseline)[0], moments(h, r, 0.0)[0], atol=1e-12)


@pytest.mark.parametrize("k", [1, *SIZES])
@pytest.mark.parametrize("baseline", BASELINES)
def test_moments_agree_with_a_sum_over_all_actions(k: int, baseline: float) -> None:
    h, r = draw(k)
    with assert_unchanged(h, r):
        mean, variance = grad_moments(h, r, baseline)
    expected = moments(h, r, baseline)
    assert_close(mean, expected[0], atol=1e-12, name="mean")
    assert_close(variance, expected[1], atol=1e-9, name="total variance")
    assert isinstance(variance, float)


def test_a_baseline_far_off_makes_a_lot_of_noise() -> None:
    h, r = np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0])
    # With pi = 1/4 a score has length^2 3/4: (r - b)^2 * 3/4 on average, less the squared length of the mean.
    assert_close(grad_moments(h, r, 2.5)[1], 0.75 * 1.25 - 5 / 16)
    assert_close(grad_moments(h, r, 102.5)[1], 0.75 * 10_001.25 - 5 / 16)


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("shift", [0.0, 5.0, -30.0])
def test_the_optimal_baseline_is_the_lowest_point_of_a_parabola(k: int, shift: float) -> None:
    h, r = draw(k)
    best = optimal_baseline(h, r + shift)
    assert isinstance(best, float)
    assert_close(best, least(h, r) + shift, rtol=1e-7, atol=1e-7)
    lowest = moments(h, r + shift, best)[1]
    assert all(moments(h, r + shift, best + step)[1] > lowest for step in (-1, -0.1, -0.01, 0.01, 0.1, 1))


def test_where_no_action_is_preferred_the_mean_reward_is_best() -> None:
    for k in SIZES:
        _, r = draw(k)
        assert_close(optimal_baseline(np.full(k, 3.0), r), r.mean())


def test_the_mean_reward_is_not_the_best_baseline_in_general() -> None:
    # A rare action has a long score: it weighs more in the baseline than in the mean reward, which is 2.8.
    h, r = np.log([0.7, 0.2, 0.1]), np.array([1.0, 3.0, 15.0])
    assert_close(optimal_baseline(h, r), (0.7 * 0.14 + 3 * 0.2 * 1.14 + 15 * 0.1 * 1.34) / 0.46)


def test_of_two_actions_each_is_judged_by_the_other() -> None:
    """The best baseline swaps the chances, and then every sample is the gradient itself."""
    h, r = draw(2)
    pi = chances(h)
    best = optimal_baseline(h, r)
    assert_close(best, pi[1] * r[0] + pi[0] * r[1], atol=1e-10)
    mean, variance = grad_moments(h, r, best)
    assert abs(variance) < 1e-12
    for a in (0, 1):
        assert_close(sample_grad(h, a, r[a], best), mean, atol=1e-10)


def test_with_one_action_there_is_nothing_to_learn() -> None:
    h, r = np.array([2.0]), np.array([5.0])
    assert expected_grad(h, r).tolist() == [0]
    assert sample_grad(h, 0, 5.0, 1.0).tolist() == [0]
    mean, variance = grad_moments(h, r, 1.0)
    assert (mean.tolist(), variance) == ([0], 0)
    assert optimal_baseline(h, r) == 5


@pytest.mark.parametrize("sign", [1, -1])
def test_preferences_of_any_size_will_do(sign: int) -> None:
    h, r = sign * np.array([1e4, 1e4, -1e4, 0.0]), np.array([1.0, 2.0, 3.0, 4.0])
    assert_close(expected_grad(h, r), moments(h, r, 0.0)[0], atol=1e-10)
    assert_close(sample_grad(h, 3, 2.0, 1.0), np.eye(4)[3] - chances(h))
    assert_close(grad_moments(h, r, 1.0), list(moments(h, r, 1.0)), atol=1e-10)
    h = sign * 1e4 + np.array([0.3, -0.3, 0.0, 1.0])
    assert_close(optimal_baseline(h, r), least(h, r), rtol=1e-7)


def test_a_policy_that_is_nearly_sure_still_has_a_best_baseline() -> None:
    h, r = np.array([13.0, 0.0, -1e4]), np.array([1.0, 2.0, 300.0])  # chances of 1 - 2e-6, 2e-6 and 0
    pi = chances(h)
    assert_close(optimal_baseline(h, r), pi[1] * r[0] + pi[0] * r[1], rtol=1e-8)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    h, r = draw(4)
    for (_, one), (_, other) in zip(layouts(h), layouts(r), strict=True):
        with assert_unchanged(one, other):
            assert_close(expected_grad(one, other), moments(h, r, 0.0)[0], atol=1e-10)
            assert_close(sample_grad(one, 2, r[2], 0.5), samples(h, r, 0.5)[2], atol=1e-10)
            assert_close(grad_moments(one, other, 0.5), list(moments(h, r, 0.5)), atol=1e-10)
            assert_close(optimal_baseline(one, other), least(h, r), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("shape", [(1,), (2,), (4,), (3, 1), (1, 3), ()])
def test_rewards_that_do_not_fit_the_preferences_raise(shape: tuple[int, ...]) -> None:
    h, r = np.zeros(3), np.ones(shape)
    with pytest.raises(ValueError):
        expected_grad(h, r)
    with pytest.raises(ValueError):
        grad_moments(h, r, 0.0)
    with pytest.raises(ValueError):
        optimal_baseline(h, r)


def test_one_action_with_many_rewards_raises() -> None:
    for call in (expected_grad, optimal_baseline, lambda h, r: grad_moments(h, r, 0.0)):
        with pytest.raises(ValueError):
            call(np.zeros(1), np.ones(3))


@pytest.mark.parametrize("a", [3, 4, -1, -3])
def test_an_action_that_is_none_raises(a: int) -> None:
    with pytest.raises(ValueError):
        sample_grad(np.zeros(3), a, 1.0, 0.0)
