import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase6.alignment.kl_estimators import (
    exact_moments,
    grad_of_expected_estimator,
    k1,
    k2,
    k3,
    true_kl_grad,
)

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase4/mlp/stable_softmax_ce",),
    forbids={
        "torch": "derive the gradients and write them down with numpy",
        "jax": "derive the gradients and write them down with numpy",
        "autograd": "derive the gradients and write them down with numpy",
        "scipy": "numpy's exponentials, logarithms and sums are all it takes",
    },
)
each_kind = pytest.mark.parametrize("which", ["k1", "k2", "k3"])
each_size = pytest.mark.parametrize("V", [1, 2, 5])


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(V: int) -> np.ndarray:
    """A distribution, in which nothing is rarer than about 1 in 100."""
    weights = np.random.uniform(0.05, 1, size=V)
    return weights / weights.sum()


def softmax(theta: np.ndarray) -> np.ndarray:
    weights = np.exp(theta - theta.max())
    return weights / weights.sum()


def kl(q: np.ndarray, p: np.ndarray) -> float:
    return math.fsum(a * math.log(a / b) for a, b in zip(q.tolist(), p.tolist(), strict=True) if a > 0)


def estimate(ratio: float, which: str) -> float:
    return {"k1": -math.log(ratio), "k2": math.log(ratio) ** 2 / 2, "k3": ratio - 1 - math.log(ratio)}[which]


def moments(q: np.ndarray, p: np.ndarray, which: str) -> tuple[float, float]:
    """Outcome by outcome."""
    seen = [(a, estimate(b / a, which)) for a, b in zip(q.tolist(), p.tolist(), strict=True) if a > 0]
    mean = math.fsum(a * k for a, k in seen)
    return mean, math.fsum(a * (k - mean) ** 2 for a, k in seen)


def test_the_estimates_are_functions_of_the_log_ratio() -> None:
    logr = np.random.uniform(-3, 3, size=(4, 5))
    of_ratio = {which: np.vectorize(estimate)(np.exp(logr), which) for which in ("k1", "k2", "k3")}
    assert_close(k1(logr), of_ratio["k1"], name="k1")
    assert_close(k2(logr), of_ratio["k2"], name="k2")
    assert_close(k3(logr), of_ratio["k3"], name="k3")


def test_all_three_say_zero_where_the_two_agree() -> None:
    for k in (k1, k2, k3):
        assert k(np.zeros(3)).tolist() == [0, 0, 0]


def test_only_k1_is_ever_negative() -> None:
    logr = np.random.uniform(-2, 2, size=100)
    assert_close(k1(logr) < 0, logr > 0, name="where k1 is negative")
    assert (k2(logr) > 0).all()
    assert (k3(logr) > 0).all()


def test_k3_is_k1_with_something_added_that_is_zero_on_average() -> None:
    q, p = draw(6), draw(6)
    added = k3(np.log(p / q)) - np.log(q / p)
    assert_close(added, p / q - 1)
    assert_close((q * added).sum(), 0.0, atol=1e-12)


@pytest.mark.parametrize("logr", [1e-5, -1e-5, 3e-4, -3e-4, 0.1, -0.1, 5.0, -5.0, 80.0, -80.0])
def test_k3_keeps_its_digits_near_zero_and_far_out(logr: float) -> None:
    with mp.workdps(60):
        exact = float(mp.exp(mp.mpf(logr)) - 1 - mp.mpf(logr))
    assert_close(k3(np.array([logr])), np.array([exact]), rtol=1e-8, atol=0)


@pytest.mark.parametrize("size", [1e-10, 1e-9, 1e-8, 1e-7, 1e-6])
def test_k3_is_positive_and_rounding_does_not_change_that(size: float) -> None:
    logr = size * np.random.uniform(1, 10, size=200)
    assert (k3(logr) > 0).all()
    assert (k3(-logr) > 0).all()


@pytest.mark.parametrize("shape", [(), (1,), (2, 1, 3), (0,)])
@pytest.mark.parametrize("k", [k1, k2, k3])
def test_any_shape_will_do(k: Callable, shape: tuple[int, ...]) -> None:
    assert np.shape(k(np.ones(shape))) == shape


@pytest.mark.parametrize("k", [k1, k2, k3])
def test_float32_stays_float32(k: Callable) -> None:
    logr = np.random.uniform(-3, 3, size=(4, 5)).astype(np.float32)
    assert_close(k(logr), np.asarray(k(logr.astype(float))), dtype=np.float32)


@each_size
@each_kind
def test_the_moments_are_sums_over_all_outcomes(which: str, V: int) -> None:
    q, p = draw(V), draw(V)
    mean, variance = exact_moments(q, p, which)
    expected = moments(q, p, which)
    assert_close(mean, expected[0], atol=1e-14, name="mean")
    assert_close(variance, expected[1], atol=1e-14, name="variance")
    assert type(mean) is type(variance) is float


@pytest.mark.parametrize("which", ["k1", "k3"])
def test_k1_and_k3_are_right_on_average(which: str) -> None:
    q, p = draw(7), draw(7)
    assert_close(exact_moments(q, p, which)[0], kl(q, p))
    assert abs(kl(q, p) - kl(p, q)) > 1e-9, "the two directions differ"


def test_what_is_missing_from_k2_is_of_third_order() -> None:
    q, direction = np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.2, -1.2])
    steps = np.array([0.02, 0.04, 0.08])
    biases = [
        exact_moments(q, q * np.exp(s * direction) / (q @ np.exp(s * direction)), "k2")[0] for s in steps
    ]
    biases -= np.array([kl(q, q * np.exp(s * direction) / (q @ np.exp(s * direction))) for s in steps])
    slopes = np.diff(np.log(np.abs(biases))) / np.log(2)
    assert_close(slopes, np.full(2, 3.0), rtol=0.02, name="slope of the bias against the distance, in logs")


def test_near_the_reference_k3_is_far_less_noisy_than_k1() -> None:
    q = draw(6)
    p = q * np.exp(0.05 * np.random.normal(size=6))
    p /= p.sum()
    assert exact_moments(q, p, "k3")[1] < 0.05 * exact_moments(q, p, "k1")[1]


def test_far_from_the_reference_k3_is_the_noisy_one() -> None:
    q, p = np.array([0.999, 0.001]), np.array([0.5, 0.5])
    assert exact_moments(q, p, "k3")[1] > 50 * exact_moments(q, p, "k1")[1] > 0


@each_kind
def test_what_is_never_drawn_adds_nothing(which: str) -> None:
    q, p = np.array([0.2, 0.0, 0.8, 0.0]), draw(4)
    assert_close(list(exact_moments(q, p, which)), list(moments(q, p, which)))


def test_k3_misses_what_the_policy_never_says() -> None:
    q, p = np.array([0.2, 0.0, 0.8, 0.0]), draw(4)
    assert_close(exact_moments(q, p, "k1")[0], kl(q, p))
    assert_close(kl(q, p) - exact_moments(q, p, "k3")[0], p[1] + p[3])


@each_size
def test_the_true_gradient_agrees_with_finite_differences(V: int) -> None:
    theta, p = np.random.normal(size=V), draw(V)
    grad = true_kl_grad(theta, p)
    assert_gradients(lambda theta: kl(softmax(theta), p), [theta], [grad], names=["theta"])


def test_the_true_gradient_vanishes_at_the_reference_only() -> None:
    p = draw(5)
    assert_close(true_kl_grad(np.log(p) + 3, p), np.zeros(5), atol=1e-12)
    assert np.abs(true_kl_grad(np.log(p) * 1.5, p)).max() > 1e-4


@each_size
@each_kind
def test_the_expected_gradient_leaves_the_samples_as_they_are(which: str, V: int) -> None:
    theta, p = np.random.normal(size=V), draw(V)
    q = softmax(theta)  # of the samples: it stays when theta moves

    def mean_loss(theta: np.ndarray) -> float:
        ratios = p / softmax(theta)
        return math.fsum(a * estimate(r, which) for a, r in zip(q.tolist(), ratios.tolist(), strict=True))

    grad = grad_of_expected_estimator(theta, p, which)
    assert_gradients(mean_loss, [theta], [grad], names=["theta"])


def test_k1_as_a_loss_teaches_nothing() -> None:
    theta, p = 3 * np.random.normal(size=6), draw(6)
    assert_close(grad_of_expected_estimator(theta, p, "k1"), np.zeros(6), atol=1e-12)


def test_k2_as_a_loss_follows_the_true_gradient() -> None:
    theta, p = np.random.normal(size=6), draw(6)
    grad = grad_of_expected_estimator(theta, p, "k2")
    assert_gradients(lambda theta: kl(softmax(theta), p), [theta], [grad], names=["theta"])


def test_k3_as_a_loss_follows_the_other_divergence() -> None:
    theta, p = np.random.normal(size=6), draw(6)
    grad = grad_of_expected_estimator(theta, p, "k3")
    assert_gradients(lambda theta: kl(p, softmax(theta)), [theta], [grad], names=["theta"])


def test_gradients_sum_to_zero() -> None:
    """A constant added to theta changes nothing."""
    theta, p = 2 * np.random.normal(size=8), draw(8)
    grads = [grad_of_expected_estimator(theta, p, which) for which in ("k1", "k2", "k3")]
    assert_close(np.sum([*grads, true_kl_grad(theta, p)], axis=1), np.zeros(4), atol=1e-12)


@pytest.mark.parametrize("level", [1000, -1000])
def test_theta_may_lie_far_from_zero(level: int) -> None:
    theta, p = np.array([0.0, 50.0, 49.0, 20.0, 0.0]), draw(5)
    q = softmax(theta)
    logs = [theta[i] - 50 - math.log(np.exp(theta - 50).sum()) for i in range(5)]
    gaps = np.array(logs) - np.log(p)
    expected = q * (gaps - (q * gaps).sum())
    assert_close(true_kl_grad(theta + level, p), expected)
    assert_close(grad_of_expected_estimator(theta + level, p, "k2"), expected)
    assert_close(grad_of_expected_estimator(theta + level, p, "k3"), q - p)
    assert_close(grad_of_expected_estimator(theta + level, p, "k1"), np.zeros(5), atol=1e-12)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    q, p, theta = draw(5), draw(5), np.random.normal(size=5)
    logr = np.log(p / q)
    for (_, q2), (_, p2), (_, theta2), (_, logr2) in zip(*map(layouts, (q, p, theta, logr)), strict=True):
        with assert_unchanged(q2, p2, theta2, logr2):
            assert_close(k1(logr2), -logr)
            assert_close(k2(logr2), 0.5 * logr**2)
            assert_close(k3(logr2), p / q - 1 - logr)
            assert_close(list(exact_moments(q2, p2, "k2")), list(moments(q, p, "k2")))
            assert_close(grad_of_expected_estimator(theta2, p2, "k3"), softmax(theta) - p)
            assert_close(true_kl_grad(theta2, p2).sum(), 0.0, atol=1e-12)


@pytest.mark.parametrize("which", ["k4", "", "K1", "1", "kl"])
def test_another_name_raises(which: str) -> None:
    for function in (exact_moments, grad_of_expected_estimator):
        with pytest.raises(ValueError):
            function(np.array([0.5, 0.5]), np.array([0.25, 0.75]), which)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), (1, 2), ()])
def test_arrays_of_different_shapes_raise(shape: tuple[int, ...]) -> None:
    p, other = np.array([0.25, 0.75]), np.full(shape, 0.5)
    for first, second in ((p, other), (other, p)):
        for which in ("k1", "k2", "k3"):
            with pytest.raises(ValueError):
                exact_moments(first, second, which)
            with pytest.raises(ValueError):
                grad_of_expected_estimator(first, second, which)
        with pytest.raises(ValueError):
            true_kl_grad(first, second)
