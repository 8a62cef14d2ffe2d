import math
from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase6.diffusion.forward_process import chain_moments, closed_moments, q_sample, q_step

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase6/diffusion/noise_schedules",),
    forbids={
        "torch": "numpy's running product and square roots are all it takes",
        "diffusers": "numpy's running product and square roots are all it takes",
    },
)
Moments = Callable[[float, float, np.ndarray], tuple[np.ndarray, np.ndarray]]
both_ways = pytest.mark.parametrize("moments", [chain_moments, closed_moments])


def draw(T: int) -> np.ndarray:
    """betas (T,) in no particular order."""
    return np.random.uniform(0.01, 0.4, T)


def left(betas: np.ndarray, t: int) -> float:
    """alpha_bar_t by its definition."""
    return math.prod(1 - float(beta) for beta in betas[:t])


def weights(betas: np.ndarray) -> np.ndarray:
    """(T, T + 1): how much of x_0, eps_1 ... eps_T is in x_t, by walking."""
    rows = [np.eye(len(betas) + 1)[0]]
    for t, beta in enumerate(betas, 1):
        rows.append(math.sqrt(1 - beta) * rows[-1] + math.sqrt(beta) * np.eye(len(betas) + 1)[t])
    return np.array(rows[1:])


def by_hand(x0: np.ndarray, t: list[int], eps: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """Example by example."""
    kept = [left(betas, time) for time in t]
    return np.stack([math.sqrt(a) * x + math.sqrt(1 - a) * e for a, x, e in zip(kept, x0, eps, strict=True)])


@pytest.mark.parametrize("beta", [1e-4, 0.02, 0.36, 0.5, 0.999])
def test_a_step_keeps_a_variance_of_one(beta: float) -> None:
    """x and eps are independent: the squares of their factors add up to 1."""
    of_x, of_eps = q_step(np.eye(2)[0], beta, np.eye(2)[1])
    assert_close(of_x**2 + of_eps**2, 1.0)
    assert_close(of_eps**2, beta, name="the share that becomes noise")


def test_a_step_by_hand() -> None:
    assert_close(q_step(np.array([10.0, -5.0]), 0.36, np.array([1.0, 2.0])), np.array([8.6, -2.8]))


def test_steps_one_after_another_are_one_step_from_the_start() -> None:
    """Squares of the noises' factors add up; what they add up to is 1 - alpha_bar_t."""
    betas = draw(6)
    x, noises = np.eye(7)[0], np.eye(7)[1:]
    for t, (beta, eps) in enumerate(zip(betas, noises, strict=True), 1):
        x = q_step(x, float(beta), eps)
        assert_close(x[0], math.sqrt(left(betas, t)), name=f"share of x_0 in x_{t}")
        assert_close(np.sum(x[1:] ** 2), 1 - left(betas, t), name=f"variance of the noise in x_{t}")


@pytest.mark.parametrize("T", [1, 2, 7])
def test_the_leap_to_time_t_has_the_law_of_a_walk(T: int) -> None:
    betas = draw(T)
    zeros, ones, t = np.zeros(T), np.ones(T), np.arange(1, T + 1)
    walked = weights(betas)
    assert_close(q_sample(ones, t, zeros, betas), walked[:, 0], name="share of x_0")
    assert_close(q_sample(zeros, t, ones, betas) ** 2, np.sum(walked[:, 1:] ** 2, axis=1), name="variance")


@pytest.mark.parametrize(
    ("shape", "t"),
    [
        ((4,), [3, 1, 5, 3]),
        ((1, 1), [2]),
        ((3, 3), [5, 2, 4]),
        ((2, 5), [1, 4]),
        ((2, 2, 2), [3, 1]),
        ((3, 2, 4, 3), [5, 3, 1]),
        ((2, 0), [1, 2]),
    ],
)
def test_each_example_of_a_batch_goes_to_its_own_time(shape: tuple[int, ...], t: list[int]) -> None:
    x0, eps, betas = np.random.normal(size=shape), np.random.normal(size=shape), draw(5)
    assert_close(q_sample(x0, np.array(t), eps, betas), by_hand(x0, t, eps, betas))


def test_examples_have_noises_of_their_own() -> None:
    betas = draw(4)
    noise = q_sample(np.zeros((3, 2)), np.full(3, 2), np.arange(6.0).reshape(3, 2), betas)
    assert_close(noise / noise[0, 1], np.arange(6.0).reshape(3, 2))


def test_a_thousand_small_steps_leave_noise_alone() -> None:
    """The Kullback-Leibler divergence of x_T from N(0, 1), for data that is far from it."""
    betas = np.linspace(1e-4, 0.02, 1000)
    for moments in (chain_moments, closed_moments):
        for m0, v0 in ((3.0, 0.1), (-2.0, 5.0), (0.0, 0.0)):
            means, variances = moments(m0, v0, betas)
            m, v = float(means[-1]), float(variances[-1])
            assert (v + m**2 - 1 - math.log(v)) / 2 < 1e-3
            first = (variances[0] + means[0] ** 2 - 1 - math.log(variances[0])) / 2
            assert first > 0.5, "after one step the data should still be there"


@both_ways
@pytest.mark.parametrize(("m0", "v0"), [(2.0, 0.5), (-3.0, 4.0), (0.0, 0.0), (1.0, 0.0)])
@pytest.mark.parametrize("T", [1, 2, 8])
def test_moments_are_those_of_the_sum_that_a_walk_makes(
    moments: Moments, m0: float, v0: float, T: int
) -> None:
    betas = draw(T)
    walked = weights(betas)
    variances = walked**2 @ np.array([v0, *[1.0] * T])
    assert_close(moments(m0, v0, betas), [m0 * walked[:, 0], variances])


@both_ways
def test_a_variance_of_one_stays(moments: Moments) -> None:
    _, variances = moments(5.0, 1.0, draw(9))
    assert_close(variances, np.ones(9))


@both_ways
def test_variances_approach_one_from_where_they_start(moments: Moments) -> None:
    for v0, sign in ((0.1, 1), (30.0, -1)):
        _, variances = moments(0.0, v0, np.full(20, 0.2))
        assert (sign * np.diff(variances) > 0).all()
        assert (sign * (1 - variances) > 0).all()


def test_the_walk_and_the_closed_form_agree() -> None:
    betas = np.linspace(1e-4, 0.02, 1000)
    assert_close(chain_moments(0.7, 2.5, betas), list(closed_moments(0.7, 2.5, betas)), rtol=1e-12)


def test_a_step_with_beta_one_forgets_everything() -> None:
    x, eps, betas = np.array([3.0]), np.array([-0.5]), np.array([0.3, 1.0])
    assert_close(q_step(x, 1.0, eps), eps)
    assert_close(q_sample(x, np.array([2]), eps, betas), eps)
    for moments in (chain_moments, closed_moments):
        assert_close(moments(3.0, 2.0, betas)[1], np.array([1.3 + 0.7 - 0.3, 1.0]))
        assert_close(moments(3.0, 2.0, betas)[0], np.array([3 * math.sqrt(0.7), 0.0]))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_any_memory_layout_and_integer_dtype_will_do_and_inputs_stay_unchanged(dtype: type) -> None:
    x0, eps, betas = np.random.normal(size=(4, 3)), np.random.normal(size=(4, 3)), draw(4)
    t = np.array([4, 1, 2, 4], dtype)
    expected = by_hand(x0, t.tolist(), eps, betas)
    for (_, x), (_, e), (_, b) in zip(layouts(x0), layouts(eps), layouts(x0), strict=True):
        with assert_unchanged(x, e, b, t, betas):
            assert_close(q_sample(x, t, e, betas), expected)
            assert_close(q_step(b, 0.36, e), 0.8 * x0 + 0.6 * eps)
    for _, one in layouts(betas):
        with assert_unchanged(one):
            assert_close(q_sample(x0, t, eps, one), expected)
            assert_close(chain_moments(1.0, 2.0, one), list(closed_moments(1.0, 2.0, one)))


@pytest.mark.parametrize("t", [[0, 1], [3, 6], [-1, 2], [2, -5], [0, 0], [6, 6]])
def test_a_time_that_does_not_exist_raises(t: list[int]) -> None:
    with pytest.raises(ValueError):
        q_sample(np.ones(2), np.array(t), np.ones(2), draw(5))
