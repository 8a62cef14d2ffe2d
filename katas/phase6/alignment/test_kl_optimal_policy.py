import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase6.alignment.kl_optimal_policy import (
    implied_reward,
    objective,
    optimal_value,
    reward_kl_frontier,
    tilted,
)

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/alignment/kl_estimators",),
    forbids={
        "scipy": "the optimum has a closed form: exponentials and sums are all it takes",
        "torch": "the optimum has a closed form: exponentials and sums of numpy arrays are all it takes",
    },
)

seeds = st.integers(0, 2**32 - 1)
SIZES = [1, 2, 5, 9]
betas = st.floats(0.05, 20)


def distribution(rng: np.random.Generator, V: int, zeros: bool = False) -> np.ndarray:
    """Some probabilities (V,); with `zeros` every second one is 0."""
    p = rng.dirichlet(np.ones(V)) + 1e-3
    if zeros:
        p[1::2] = 0
    return p / p.sum()


def exactly_tilted(ref: np.ndarray, r: np.ndarray, beta: float) -> tuple[np.ndarray, float]:
    """pi* and beta log Z with 60 digits, in which exp(1e7) is a number like any other."""
    with mp.workdps(60):
        weights = [mp.mpf(p) * mp.exp(mp.mpf(x) / mp.mpf(beta)) for p, x in zip(ref, r, strict=True)]
        Z = mp.fsum(weights)
        return np.array([float(one / Z) for one in weights]), float(mp.mpf(beta) * mp.log(Z))


def by_loops(pi: np.ndarray, ref: np.ndarray) -> float:
    """KL(pi || ref), term by term."""
    kl = 0.0
    for p, q in zip(pi.tolist(), ref.tolist(), strict=True):
        if p > 0:
            kl += p * (math.log(p) - math.log(q)) if q > 0 else math.inf
    return kl


def test_two_answers_by_hand() -> None:
    # exp(r / beta) is 1 and 3: the weights 3/4 and 3/4 are equal, and Z = 3/2.
    ref, r = np.array([0.75, 0.25]), np.array([0.0, 2 * math.log(3)])
    assert_close(tilted(ref, r, 2.0), np.array([0.5, 0.5]))
    assert_close(optimal_value(ref, r, 2.0), 2 * math.log(1.5))
    # The KL of (1/2, 1/2) from ref is log(1/2) - (log(3/4) + log(1/4)) / 2 = log(2 / sqrt 3).
    assert_close(objective(np.array([0.5, 0.5]), ref, r, 2.0), math.log(3) - 2 * math.log(2 / math.sqrt(3)))
    assert_close(implied_reward(np.array([0.5, 0.5]), ref, 2.0), np.array([-0.25, 0.75]) * 2 * math.log(3))


@pytest.mark.parametrize("beta", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("V", SIZES)
def test_the_objective_is_reward_less_the_price_of_distance(V: int, beta: float) -> None:
    rng = np.random.default_rng(V)
    pi, ref, r = distribution(rng, V), distribution(rng, V), rng.normal(size=V)
    expected = sum(p * x for p, x in zip(pi, r, strict=True)) - beta * by_loops(pi, ref)
    assert_close(objective(pi, ref, r, beta), float(expected))
    assert_close(
        objective(ref, ref, r, beta), float(ref @ r), name="at the reference, which costs nothing, J"
    )


@given(seed=seeds, V=st.sampled_from(SIZES), beta=betas)
def test_at_the_optimum_a_little_mass_is_worth_the_same_everywhere(seed: int, V: int, beta: float) -> None:
    """J changes by r(x) - beta (log(pi(x) / ref(x)) + 1) per unit of mass put on x: the same for all x."""
    rng = np.random.default_rng(seed)
    ref, r = distribution(rng, V), rng.normal(size=V)
    pi = tilted(ref, r, beta)
    worth = r - beta * (np.log(pi / ref) + 1)
    assert_close(worth, np.full(V, worth.mean()), atol=1e-8)
    assert_close(float(pi.sum()), 1.0)


@given(seed=seeds, V=st.sampled_from(SIZES), beta=betas)
def test_what_a_policy_misses_is_its_distance_from_the_optimum(seed: int, V: int, beta: float) -> None:
    """J(pi*) - J(pi) = beta KL(pi || pi*)."""
    rng = np.random.default_rng(seed)
    pi, ref, r = distribution(rng, V), distribution(rng, V), rng.normal(size=V)
    best, value = exactly_tilted(ref, r, beta)
    missed = beta * by_loops(pi, best)
    assert_close(objective(pi, ref, r, beta), value - missed, atol=1e-9, name="objective(pi)")
    assert_close(objective(best, ref, r, beta), value, atol=1e-9, name="objective(pi*)")
    assert_close(optimal_value(ref, r, beta), value, atol=1e-9, name="optimal_value")


def test_no_policy_does_better() -> None:
    rng = np.random.default_rng(0)
    ref, r, beta = distribution(rng, 5), rng.normal(size=5), 0.7
    best, value = tilted(ref, r, beta), optimal_value(ref, r, beta)
    near = best * np.exp(0.01 * rng.normal(size=(1000, 5)))
    policies = np.concatenate([rng.dirichlet(np.ones(5), 1000), near / near.sum(1, keepdims=True)])
    values = np.array([objective(pi, ref, r, beta) for pi in policies])
    assert values.max() < value
    assert_close(values.max(), value, rtol=1e-3, name="J of the best of 2000")


@pytest.mark.parametrize("beta", [0.01, 0.3, 2.0, 100.0])
@pytest.mark.parametrize("zeros", [False, True])
def test_the_optimum_agrees_with_exact_arithmetic(zeros: bool, beta: float) -> None:
    rng = np.random.default_rng(1)
    ref, r = distribution(rng, 7, zeros), rng.normal(size=7)
    pi, value = exactly_tilted(ref, r, beta)
    assert_close(tilted(ref, r, beta), pi, rtol=1e-9, atol=0, name="pi*")
    assert_close(optimal_value(ref, r, beta), value, name="optimal_value")


def test_a_constant_on_all_rewards_changes_nothing_but_the_value() -> None:
    rng = np.random.default_rng(2)
    ref, r = distribution(rng, 6), rng.normal(size=6)
    assert_close(tilted(ref, r + 3, 0.5), tilted(ref, r, 0.5))
    assert_close(optimal_value(ref, r + 3, 0.5) - 3, optimal_value(ref, r, 0.5))
    assert_close(tilted(ref, np.full(6, -2.0), 0.5), ref, name="pi* of equal rewards")


def test_tilting_by_two_rewards_in_turn_is_tilting_by_their_sum() -> None:
    rng = np.random.default_rng(3)
    ref, one, other = distribution(rng, 6), rng.normal(size=6), rng.normal(size=6)
    assert_close(tilted(tilted(ref, one, 0.8), other, 0.8), tilted(ref, one + other, 0.8))


def test_a_low_price_leaves_the_best_answers_in_the_proportions_of_the_reference() -> None:
    ref, r = np.array([0.1, 0.3, 0.2, 0.4]), np.array([2.0, 2.0, 1.0, -5.0])
    assert_close(tilted(ref, r, 1e-3), np.array([0.25, 0.75, 0, 0]))
    assert_close(optimal_value(ref, r, 1e-3), 2 + 1e-3 * math.log(0.4))


def test_a_high_price_leaves_the_reference() -> None:
    rng = np.random.default_rng(4)
    ref, r = distribution(rng, 6), rng.normal(size=6)
    assert_close(tilted(ref, r, 1e6), ref, rtol=1e-4)
    assert_close(optimal_value(ref, r, 1e6), float(ref @ r), rtol=1e-4)


@given(seed=seeds, V=st.sampled_from(SIZES), beta=betas, zeros=st.booleans())
def test_the_implied_reward_gives_back_the_reward_that_made_the_policy(
    seed: int, V: int, beta: float, zeros: bool
) -> None:
    rng = np.random.default_rng(seed)
    ref, r = distribution(rng, V, zeros), rng.normal(size=V)
    pi, _ = exactly_tilted(ref, r, beta)
    expected = np.where(ref > 0, r - ref @ r, 0)
    assert_close(implied_reward(pi, ref, beta), expected, atol=1e-8)


def test_without_a_tilt_there_was_no_reward() -> None:
    ref = distribution(np.random.default_rng(5), 6)
    reward = implied_reward(ref, ref, 0.5)
    assert_close(reward, np.zeros(6), atol=1e-12)


@pytest.mark.parametrize("zeros", [False, True])
def test_the_frontier_agrees_with_exact_arithmetic(zeros: bool) -> None:
    rng = np.random.default_rng(6)
    ref, r, prices = distribution(rng, 7, zeros), rng.normal(size=7), np.array([0.3, 5.0, 0.01, 1.0])
    policies = [exactly_tilted(ref, r, beta)[0] for beta in prices]
    kls, rewards = reward_kl_frontier(ref, r, prices)
    assert_close(kls, np.array([by_loops(pi, ref) for pi in policies]), name="kls")
    assert_close(rewards, np.array([pi @ r for pi in policies]), name="rewards")


def test_a_lower_price_buys_more_reward_for_more_distance() -> None:
    rng = np.random.default_rng(7)
    kls, rewards = reward_kl_frontier(distribution(rng, 6), rng.normal(size=6), np.geomspace(20, 0.1, 30))
    assert (np.diff(kls) > 0).all()
    assert (np.diff(rewards) > 0).all()


@pytest.mark.parametrize("beta", [0.2, 1.0, 4.0])
def test_the_slope_of_the_frontier_is_the_price(beta: float) -> None:
    rng = np.random.default_rng(8)
    kls, rewards = reward_kl_frontier(
        distribution(rng, 6), rng.normal(size=6), beta * np.array([0.9999, 1.0001])
    )
    assert_close((rewards[1] - rewards[0]) / (kls[1] - kls[0]), beta, rtol=1e-6)


def test_always_the_best_of_four_costs_log_four() -> None:
    ref, r = np.full(4, 0.25), np.array([0.0, 1.0, 7.0, 1.0])
    assert_close(reward_kl_frontier(ref, r, np.array([1e-3])), [np.array([math.log(4)]), np.array([7.0])])


def test_what_the_reference_never_gives_stays_out() -> None:
    ref, r = np.array([0.0, 0.5, 0.0, 0.5]), np.array([1e4, 1.0, -1e4, 0.0])
    pi, value = exactly_tilted(ref, r, 0.5)
    assert_close(tilted(ref, r, 0.5), pi)
    assert_close(optimal_value(ref, r, 0.5), value)
    assert_close(objective(pi, ref, r, 0.5), value)
    assert_close(reward_kl_frontier(ref, r, np.array([0.5])), [np.array([by_loops(pi, ref)]), pi[[1]]])
    assert_close(implied_reward(pi, ref, 0.5), np.array([0, 0.5, 0, -0.5]))


def test_a_policy_that_leaves_the_reference_has_an_objective_of_minus_infinity() -> None:
    ref, r = np.array([0.5, 0.5, 0.0]), np.array([0.0, 1.0, 1e4])
    assert objective(np.array([0.3, 0.3, 0.4]), ref, r, 0.1) == -math.inf
    assert objective(np.array([0.0, 0.0, 1.0]), ref, r, 0.1) == -math.inf
    assert_close(objective(np.array([0.0, 1.0, 0.0]), ref, r, 0.1), 1 - 0.1 * math.log(2))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("beta", [1e-3, 0.5, 5e3])
def test_large_rewards_are_no_trouble(beta: float, sign: int) -> None:
    ref, r = np.array([0.2, 0.5, 0.3]), sign * np.array([1e4, 9999.5, -1e4])
    pi, value = exactly_tilted(ref, r, beta)
    assert_close(tilted(ref, r, beta), pi, atol=1e-9, name="pi*")
    assert_close(optimal_value(ref, r, beta), value, name="optimal_value")
    kls, rewards = reward_kl_frontier(ref, r, np.array([beta]))
    assert_close(kls, np.array([by_loops(pi, ref)]), atol=1e-8, name="kls")
    assert_close(rewards, np.array([pi @ r]), name="rewards")


@pytest.mark.parametrize(
    ("pi", "ref"),
    [([0.5, 0.5], [1.0, 0.0]), ([1.0, 0.0], [0.5, 0.5]), ([0.5, 0.5, 0.0], [0.0, 0.5, 0.5])],
)
def test_a_policy_that_no_finite_reward_explains_is_a_value_error(pi: list[float], ref: list[float]) -> None:
    with pytest.raises(ValueError):
        implied_reward(np.array(pi), np.array(ref), 1.0)


@pytest.mark.parametrize("beta", [0.0, -0.5])
@pytest.mark.parametrize(
    "function",
    [
        lambda p, beta: tilted(p, p, beta),
        lambda p, beta: objective(p, p, p, beta),
        lambda p, beta: optimal_value(p, p, beta),
        lambda p, beta: implied_reward(p, p, beta),
        lambda p, beta: reward_kl_frontier(p, p, np.array([1.0, beta])),
    ],
)
def test_a_price_that_is_not_positive_is_a_value_error(function: Callable, beta: float) -> None:
    with pytest.raises(ValueError):
        function(np.array([0.25, 0.75]), beta)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    rng = np.random.default_rng(9)
    pi, ref, r, prices = distribution(rng, 5), distribution(rng, 5), rng.normal(size=5), np.array([2.0, 0.5])
    best, value = exactly_tilted(ref, r, 0.5)
    expected = float(pi @ r - 0.5 * by_loops(pi, ref)), np.log(pi / ref) - ref @ np.log(pi / ref)
    for (_, p), (_, q), (_, s), (_, b) in zip(*map(layouts, (pi, ref, r, prices)), strict=True):
        with assert_unchanged(p, q, s, b):
            assert_close(tilted(q, s, 0.5), best)
            assert_close(optimal_value(q, s, 0.5), value)
            assert_close(objective(p, q, s, 0.5), expected[0])
            assert_close(implied_reward(p, q, 1.0), expected[1])
            assert_close(reward_kl_frontier(q, s, b)[1][1], best @ r)
