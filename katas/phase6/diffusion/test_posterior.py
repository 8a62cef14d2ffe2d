import math
from collections.abc import Callable

import numpy as np
import pytest
import sympy

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.symbolic import assert_equivalent
from katas.phase6.diffusion.posterior import bayes_condition, posterior_coefs, posterior_generic

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/diffusion/forward_process",),
    forbids={
        "torch": "condition the two Gaussians on paper and write down the formulas",
        "diffusers": "condition the two Gaussians on paper and write down the formulas",
        "sympy.stats": "condition the two Gaussians on paper and write down the formulas",
        "scipy.stats": "condition the two Gaussians on paper and write down the formulas",
    },
)
T = 6


def draw() -> np.ndarray:
    """betas (T,) in no particular order."""
    return np.random.uniform(0.02, 0.5, T)


def left(betas: np.ndarray, t: int) -> float:
    """alpha_bar_t by its definition."""
    return math.prod(1 - float(beta) for beta in betas[:t])


def conditioned(s: int, t: int, betas: np.ndarray) -> list[float]:
    """c0, ct and var from the joint law of x_s and x_t: how much of x_0, eps_1 ... eps_T is in each."""
    rows = [np.eye(len(betas) + 1)[0]]
    for i, beta in enumerate(betas, 1):
        rows.append(math.sqrt(1 - beta) * rows[-1] + math.sqrt(beta) * np.eye(len(betas) + 1)[i])
    of_s, of_t = rows[s], rows[t]
    [[v_s, cov], [_, v_t]] = np.array([of_s[1:], of_t[1:]]) @ np.array([of_s[1:], of_t[1:]]).T
    return [of_s[0] - cov / v_t * of_t[0], cov / v_t, v_s - cov**2 / v_t]


def test_a_prior_and_a_measurement_of_equal_precision_meet_half_way() -> None:
    assert_close(bayes_condition(1.0, 4.0, 1.0, 4.0, 7.0), [4.0, 2.0])


def test_the_more_precise_of_the_two_has_more_say() -> None:
    assert_close(bayes_condition(0.0, 1.0, 1.0, 3.0, 8.0), [2.0, 0.75])
    assert_close(bayes_condition(0.0, 3.0, 1.0, 1.0, 8.0), [6.0, 0.75])


@pytest.mark.parametrize("a", [1.0, 0.3, -2.0, 5.0])
@pytest.mark.parametrize(("prior_var", "noise_var"), [(1.0, 0.5), (0.2, 3.0)])
def test_conditioning_agrees_with_the_rule_of_bayes_on_a_grid(
    a: float, prior_var: float, noise_var: float
) -> None:
    prior_mean, y = np.random.normal(size=2)
    x = np.linspace(-25, 25, 50_001)
    logs = -((x - prior_mean) ** 2) / (2 * prior_var) - (y - a * x) ** 2 / (2 * noise_var)
    weight = np.exp(logs - logs.max())
    weight /= weight.sum()
    mean = weight @ x
    expected = [mean, weight @ (x - mean) ** 2]
    assert_close(bayes_condition(prior_mean, prior_var, a, noise_var, y), expected, rtol=1e-8)


def test_prior_times_likelihood_is_the_posterior_but_for_a_factor_without_x() -> None:
    m, a, y, x = sympy.symbols("m a y x", real=True)
    p, n = sympy.symbols("p n", positive=True)
    mean, var = bayes_condition(m, p, a, n, y)
    prior, likelihood = (x - m) ** 2 / (2 * p), (y - a * x) ** 2 / (2 * n)
    posterior = (x - mean) ** 2 / (2 * var)
    assert_equivalent(sympy.diff(posterior, x), sympy.diff(prior + likelihood, x), symbols=[m, p, a, n, y, x])


def test_what_is_seen_one_after_the_other_may_come_in_any_order() -> None:
    first, second = (0.7, 0.4, 2.0), (-1.5, 2.0, -0.3)  # a, noise_var, y
    one_way = bayes_condition(*bayes_condition(0.5, 1.5, *first), *second)
    assert_close(bayes_condition(*bayes_condition(0.5, 1.5, *second), *first), [*one_way])
    assert_close(1 / one_way[1], 1 / 1.5 + 0.7**2 / 0.4 + 1.5**2 / 2.0, name="precision")


@pytest.mark.parametrize("t", range(1, T + 1))
def test_the_coefficients_agree_with_the_joint_law_of_the_chain(t: int) -> None:
    betas = draw()
    assert_close(posterior_coefs(t, betas), conditioned(t - 1, t, betas))


@pytest.mark.parametrize("t", range(1, T + 1))
def test_any_earlier_time_can_be_asked_for(t: int) -> None:
    betas = draw()
    for s in range(t):
        assert_close(posterior_generic(s, t, betas), conditioned(s, t, betas), name=f"from {t} to {s}")


def test_the_coefficients_complete_the_square() -> None:
    """The exponents of prior and likelihood, in symbols, have their slope 0 at the mean."""
    x, x0, xt = sympy.symbols("x x0 xt", real=True)
    betas = [sympy.Rational(1, 5), sympy.Rational(1, 3), sympy.Rational(1, 2)]
    numbers = np.array([float(beta) for beta in betas])
    for t in (2, 3):
        before = sympy.prod([1 - beta for beta in betas[: t - 1]])
        prior = (x - sympy.sqrt(before) * x0) ** 2 / (2 * (1 - before))
        likelihood = (xt - sympy.sqrt(1 - betas[t - 1]) * x) ** 2 / (2 * betas[t - 1])
        slope = sympy.Poly(sympy.diff(prior + likelihood, x), x, x0, xt)
        precision, of_x0, of_xt = (float(slope.coeff_monomial(one)) for one in (x, x0, xt))
        expected = [-of_x0 / precision, -of_xt / precision, 1 / precision]
        assert_close(posterior_coefs(t, numbers), expected)


@pytest.mark.parametrize("coefs", [lambda t, betas: posterior_generic(t - 1, t, betas), posterior_coefs])
@pytest.mark.parametrize("t", range(1, T + 1))
def test_a_step_back_from_the_marginal_ends_in_the_marginal(coefs: Callable, t: int) -> None:
    """The law of total variance, over x_0 with mean 2 and variance 3, and over x_t given it."""
    betas, m, v = draw(), 2.0, 3.0
    c0, ct, var = coefs(t, betas)
    root, before = math.sqrt(left(betas, t)), left(betas, t - 1)
    assert_close((c0 + ct * root) * m, math.sqrt(before) * m, name="mean")
    spread = (c0 + ct * root) ** 2 * v + ct**2 * (1 - left(betas, t)) + var
    assert_close(spread, before * v + 1 - before, name="variance")


@pytest.mark.parametrize("t", range(2, T + 1))
def test_knowing_the_data_makes_a_step_back_more_certain_than_the_step_was(t: int) -> None:
    betas = draw()
    _, _, var = posterior_coefs(t, betas)
    assert 0 < var < betas[t - 1]
    assert_close(var / betas[t - 1], (1 - left(betas, t - 1)) / (1 - left(betas, t)))


def test_small_steps_hardly_look_at_the_data_while_there_is_noise() -> None:
    """Ho et al. 2020: x_500 of 1000 is nearly all that matters for x_499, and var is nearly beta."""
    betas = np.linspace(1e-4, 0.02, 1000)
    c0, ct, var = posterior_coefs(500, betas)
    assert 0 < c0 < 0.01
    assert 0.99 < ct < 1
    assert 0.99 < var / betas[499] < 1


@pytest.mark.parametrize("t", range(1, T + 1))
def test_at_the_start_the_data_is_all(t: int) -> None:
    betas = draw()
    assert_close(posterior_generic(0, t, betas), [1.0, 0.0, 0.0])
    assert_close(posterior_coefs(1, betas), [1.0, 0.0, 0.0])


def test_the_two_agree_where_they_mean_the_same() -> None:
    betas = np.linspace(1e-4, 0.02, 1000)
    for t in (2, 17, 1000):
        assert_close(posterior_generic(t - 1, t, betas), list(posterior_coefs(t, betas)))


def test_pure_noise_says_nothing() -> None:
    betas = np.array([0.5, 0.2, 1.0])
    expected = [math.sqrt(0.4), 0.0, 0.6]
    assert_close(posterior_coefs(3, betas), expected)
    assert_close(posterior_generic(2, 3, betas), expected)
    assert_close(posterior_generic(1, 3, betas), [math.sqrt(0.5), 0.0, 0.5])


def test_what_is_certain_stays_and_what_says_nothing_changes_nothing() -> None:
    assert_close(bayes_condition(1.5, 0.0, 2.0, 0.3, 99.0), [1.5, 0.0])
    assert_close(bayes_condition(1.5, 0.7, -2.0, 0.0, 5.0), [-2.5, 0.0])
    assert_close(bayes_condition(1.5, 0.7, 0.0, 0.3, 99.0), [1.5, 0.7])


def test_arrays_are_conditioned_entry_by_entry() -> None:
    arrays = [np.random.uniform(0.5, 2, (2, 3)) for _ in range(5)]
    with assert_unchanged(*arrays):
        mean, var = bayes_condition(*arrays)
    assert mean.shape == var.shape == (2, 3)
    for at in np.ndindex(2, 3):
        assert_close(bayes_condition(*(float(one[at]) for one in arrays)), [mean[at], var[at]])


def test_any_memory_layout_will_do_and_betas_stay_unchanged() -> None:
    betas = draw()
    for _, one in layouts(betas):
        with assert_unchanged(one):
            assert_close(posterior_coefs(3, one), conditioned(2, 3, betas))
            assert_close(posterior_generic(2, 5, one), conditioned(2, 5, betas))


@pytest.mark.parametrize("t", [0, -1, T + 1])
def test_a_time_that_does_not_exist_raises(t: int) -> None:
    with pytest.raises(ValueError):
        posterior_coefs(t, draw())
    with pytest.raises(ValueError):
        posterior_generic(0, t, draw())


@pytest.mark.parametrize(("s", "t"), [(-1, 2), (2, 2), (3, 2), (T, T), (-1, 0)])
def test_the_way_back_leads_to_an_earlier_time(s: int, t: int) -> None:
    with pytest.raises(ValueError):
        posterior_generic(s, t, draw())
