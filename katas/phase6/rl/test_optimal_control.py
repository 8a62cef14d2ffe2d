import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mdp import exact_q, exact_v, optimal_q, optimal_v, random_mdp, random_policy
from katas.phase6.rl.optimal_control import policy_iteration, soft_value_iteration, value_iteration

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/rl/policy_evaluation",),
    forbids={
        "scipy": "take the largest out of the sum of exponentials, and np.exp and np.log do the rest",
        "torch": "maxima, sums and a loop are all it takes",
    },
)

SIZES = [(4, 3), (3, 2), (2, 3), (1, 4), (4, 1), (1, 1)]
processes = st.tuples(st.integers(0, 10**6), st.sampled_from(SIZES), st.sampled_from([0.0, 0.3, 0.9]))


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(states: int = 4, actions: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """P and R."""
    return random_mdp(np.random.default_rng(seed), states, actions)


def loop(*rewards: float) -> tuple[np.ndarray, np.ndarray]:
    """P and R of one state that every action leads back to."""
    return np.ones((1, len(rewards), 1)), np.array([rewards])


def ways(*rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    """P and R from (reward, next state) of each action, for all states but the last, which is terminal."""
    states, actions = len(rows) + 1, len(rows[0])
    P, R = np.zeros((states, actions, states)), np.zeros((states, actions))
    P[-1, :, -1] = 1
    for s, row in enumerate(rows):
        for a, (reward, after) in enumerate(row):
            P[s, a, after], R[s, a] = 1, reward
    return P, R


def lowest_greedy(q: np.ndarray) -> np.ndarray:
    return np.array([min(a for a in range(len(row)) if row[a] >= max(row) - 1e-9) for row in q])


def improved(P: np.ndarray, R: np.ndarray, gamma: float) -> list[list[int]]:
    """All policies that policy iteration goes through, by loops."""
    policies, policy = [], [0] * len(R)
    while policy not in policies:
        policies.append(policy)
        q = exact_q(P, R, np.array(policy), gamma)
        stays = [q[s, a] >= max(q[s]) - 1e-9 for s, a in enumerate(policy)]
        policy = [a if stay else best for a, stay, best in zip(policy, stays, lowest_greedy(q), strict=True)]
    return policies


def soft_max(q: np.ndarray, alpha: float) -> np.ndarray:
    return alpha * np.logaddexp.reduce(q / alpha, axis=-1)


def soft_v(P: np.ndarray, R: np.ndarray, gamma: float, alpha: float) -> np.ndarray:
    """The soft values (S,) by many sweeps."""
    v = np.zeros(len(R))
    for _ in range(round(1 + 40 / (1 - gamma))):
        v = soft_max(R + gamma * P @ v, alpha)
    return v


def gambler(p: float) -> tuple[np.ndarray, np.ndarray]:
    """P and R of Sutton & Barto's example 4.3: capital 0 to 100; action a stakes a + 1, or all it can."""
    P, R = np.zeros((101, 50, 101)), np.zeros((101, 50))
    P[[0, 100], :, [0, 100]] = 1
    for s in range(1, 100):
        for a in range(50):
            stake = min(a + 1, s, 100 - s)
            P[s, a, s + stake], P[s, a, s - stake] = p, 1 - p
            R[s, a] = p * (s + stake == 100)
    return P, R


def test_the_best_is_what_no_policy_beats() -> None:
    P, R = draw()
    for v in (value_iteration(P, R, 0.9, 1e-6)[0], policy_iteration(P, R, 0.9)[1]):
        assert_close(v, optimal_v(P, R, 0.9), atol=1e-6)


def test_a_small_reward_now_is_given_up_for_a_large_one_later() -> None:
    P, R = ways([(1, 2), (0, 1)], [(0, 2), (10, 2)])  # to take 1 and end, or to go where 10 can be had
    v, actions = value_iteration(P, R, 0.5, 1e-6)
    assert_close(v, np.array([5.0, 10.0, 0.0]), atol=1e-6)
    assert actions.tolist() == [1, 1, 0]
    v, actions = value_iteration(P, R, 0.05, 1e-6)
    assert_close(v, np.array([1.0, 10.0, 0.0]), atol=1e-6)
    assert actions.tolist() == [0, 1, 0]


@given(process=processes, tol=st.sampled_from([1.0, 1e-2, 1e-8]))
@settings(max_examples=60)
def test_value_iteration_keeps_its_promise(process: tuple, tol: float) -> None:
    seed, (states, actions), gamma = process
    P, R = draw(states, actions, seed)
    v, policy = value_iteration(P, R, gamma, tol)
    assert np.abs(v - optimal_v(P, R, gamma)).max() <= tol * (1 + 1e-6)
    assert_close(policy, lowest_greedy(R + gamma * P @ v), name="greedy actions")


@pytest.mark.parametrize("gamma", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("tol", [1.0, 1e-3])
def test_a_small_change_does_not_mean_that_the_end_is_near(gamma: float, tol: float) -> None:
    """With gamma = 0.99 what is still to come is 99 times the last change."""
    for sign in (1, -1):
        [v], _ = value_iteration(*loop(sign * 2.0), gamma, tol)
        assert abs(v - sign * 2 / (1 - gamma)) <= tol * (1 + 1e-6)


def test_one_state_that_still_changes_keeps_the_sweeps_going() -> None:
    """A corridor of 20 cells, the reward at its end: news travels one cell a sweep."""
    for sign in (1, -1):
        P, R = ways(*([(0.0, s + 1)] for s in range(19)), [(sign * 1.0, 20)])
        v, _ = value_iteration(P, R, 0.9, 0.3)
        assert np.abs(v - sign * np.append(0.9 ** np.arange(19, -1, -1), 0)).max() <= 0.3


def test_actions_are_greedy_for_the_values_that_are_returned() -> None:
    P, R = ways([(1, 2), (0, 1)], [(0, 2), (10, 2)])
    for tol in (1e-3, 0.5, 4.0, 20.0):  # of a sweep or two
        v, actions = value_iteration(P, R, 0.5, tol)
        assert_close(actions, lowest_greedy(R + 0.5 * P @ v))


@given(process=processes)
@settings(max_examples=60)
def test_policy_iteration_ends_at_the_best_policy(process: tuple) -> None:
    seed, (states, actions), gamma = process
    P, R = draw(states, actions, seed)
    policy, v, count = policy_iteration(P, R, gamma)
    assert policy.shape == (states,)
    assert np.issubdtype(policy.dtype, np.integer)
    assert_close(v, optimal_v(P, R, gamma), atol=1e-8)
    assert_close(exact_v(P, R, policy, gamma), optimal_v(P, R, gamma), atol=1e-8, name="value of the policy")
    assert 0 <= count < actions**states


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.95])
@pytest.mark.parametrize(("states", "actions"), [*SIZES, (12, 4)])
def test_each_improvement_goes_to_the_greedy_actions_of_all_states(
    states: int, actions: int, gamma: float
) -> None:
    for seed in range(5):
        P, R = draw(states, actions, seed)
        policies = improved(P, R, gamma)
        policy, _, count = policy_iteration(P, R, gamma)
        assert policy.tolist() == policies[-1]
        assert count == len(policies) - 1
        assert type(count) is int


def test_both_ways_lead_to_the_same_policy() -> None:
    for seed in range(5):
        P, R = draw(20, 5, seed)
        policy, v, _ = policy_iteration(P, R, 0.9)
        found, actions = value_iteration(P, R, 0.9, 1e-7)
        assert_close(found, v, atol=1e-7)
        assert_close(actions, policy, dtype=np.int64)


def test_an_action_that_is_as_good_as_another_stays() -> None:
    # At first action 2 of state 0 is the best. Once state 1 has found its 10, action 1 is just as good.
    P, R = ways([(0, 2), (0, 1), (5, 2)], [(0, 2), (10, 2), (0, 2)])
    policy, v, count = policy_iteration(P, R, 0.5)
    assert (policy.tolist(), count) == ([2, 1, 0], 1)
    assert_close(v, np.array([5.0, 10.0, 0.0]))
    R[0, 1] += 1e-11  # what rounding does is no reason to change
    policy, _, count = policy_iteration(P, R, 0.5)
    assert (policy.tolist(), count) == ([2, 1, 0], 1)
    R[0, 1] += 1e-6
    policy, _, count = policy_iteration(P, R, 0.5)
    assert (policy.tolist(), count) == ([1, 1, 0], 2)


@pytest.mark.parametrize("noise", [0.0, 1e-12])
def test_among_equals_the_lowest_action_is_taken(noise: float) -> None:
    P, R = ways([(0, 1), (2, 1), (2 + noise, 1), (2, 1)])
    policy, _, count = policy_iteration(P, R, 0.9)
    assert (policy.tolist(), count) == ([1, 0], 1)
    assert value_iteration(P, R, 0.9, 1e-3)[1].tolist() == [1, 0]


def test_actions_that_are_there_twice_change_nothing() -> None:
    for seed in range(5):
        P, R = draw(8, 3, seed)
        policy, v, count = policy_iteration(P, R, 0.95)
        twice = policy_iteration(np.concatenate([P, P], 1), np.concatenate([R, R], 1), 0.95)
        assert_close(twice[1], v)
        assert (twice[0].tolist(), twice[2]) == (policy.tolist(), count)


def test_the_best_policy_needs_no_improvement() -> None:
    P, R = ways([(3, 1), (1, 1)], [(2, 2), (-1, 0)])
    policy, v, count = policy_iteration(P, R, 0.5)
    assert (policy.tolist(), count) == ([0, 0, 0], 0)
    assert_close(v, np.array([4.0, 2.0, 0.0]))


def test_a_gambler_with_poor_chances_plays_boldly() -> None:
    """Staking all, or what is missing: v(50) = p, v(25) = p v(50), v(75) = p + (1 - p) v(50)."""
    P, R = gambler(0.4)
    bold = np.array([0.16, 0.4, 0.64])
    v, _ = value_iteration(P, R, 0.999999, 1e-4)
    assert_close(v[[25, 50, 75]], bold, rtol=0, atol=2e-4)
    _, v, _ = policy_iteration(P, R, 0.999999)
    assert_close(v[[25, 50, 75]], bold, rtol=0, atol=1e-5)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("tol", [1.0, 1e-3, 1e-8])
def test_soft_values_of_one_state_have_a_closed_form(alpha: float, gamma: float, tol: float) -> None:
    rewards = [1.0, 0.5, -2.0]
    each = alpha * math.log(sum(math.exp(r / alpha) for r in rewards))
    [v], [pi] = soft_value_iteration(*loop(*rewards), gamma, alpha, tol)
    assert abs(v - each / (1 - gamma)) <= tol * (1 + 1e-6)
    assert_close(pi, np.array([math.exp((r - each) / alpha) for r in rewards]))


@pytest.mark.parametrize("alpha", [0.05, 1.0, 20.0])
@pytest.mark.parametrize(("states", "actions"), SIZES)
def test_soft_values_agree_with_many_sweeps(states: int, actions: int, alpha: float) -> None:
    P, R = draw(states, actions)
    for tol in (0.3, 1e-6):
        v, pi = soft_value_iteration(P, R, 0.9, alpha, tol)
        assert np.abs(v - soft_v(P, R, 0.9, alpha)).max() <= tol * (1 + 1e-6)
        q = R + 0.9 * P @ v
        assert_close(pi, np.exp((q - soft_max(q, alpha)[:, None]) / alpha), name="pi")


@pytest.mark.parametrize("alpha", [0.1, 1.0])
def test_no_policy_earns_more_with_the_entropy_bonus(alpha: float) -> None:
    P, R = draw()

    def worth(pi: np.ndarray) -> np.ndarray:
        return exact_v(P, R - alpha * np.log(pi), pi, 0.8)

    v, pi = soft_value_iteration(P, R, 0.8, alpha, 1e-9)
    assert_close(worth(pi), v, atol=1e-8)
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert (worth(random_policy(rng, 4, 3)) <= v + 1e-8).all()
        tilted = pi * np.exp(0.1 * rng.normal(size=(4, 3)))
        assert (worth(tilted / tilted.sum(1, keepdims=True)) <= v + 1e-8).all()


def test_soft_turns_into_hard_as_the_bonus_vanishes() -> None:
    P, R = draw()
    best = optimal_v(P, R, 0.8)
    gaps = []
    for alpha in (1.0, 0.1, 0.01, 1e-3):
        v, pi = soft_value_iteration(P, R, 0.8, alpha, 1e-9)
        gaps.append((v - best).max())
        assert (v - best >= -1e-8).all()
        assert gaps[-1] <= alpha * math.log(3) / (1 - 0.8) + 1e-8
    assert gaps == sorted(gaps, reverse=True)
    assert_close(pi.argmax(1), optimal_q(P, R, 0.8).argmax(1), name="the likeliest actions")
    assert (pi.max(1) > 0.99).all()


def test_for_a_large_bonus_all_actions_are_alike() -> None:
    P, R = draw()
    v, pi = soft_value_iteration(P, R, 0.8, 1e6, 1e-2)
    assert_close(pi, np.full((4, 3), 1 / 3), atol=1e-4)
    assert_close(v, np.full(4, 1e6 * math.log(3) / 0.2), rtol=1e-5)


@pytest.mark.parametrize("sign", [1, -1])
def test_rewards_of_any_size_will_do(sign: int) -> None:
    P, R = draw()
    R = sign * 1e4 + R
    v, pi = soft_value_iteration(P, R, 0.5, 1e-2, 1e-4)
    assert_close(v, optimal_v(P, R, 0.5), rtol=0, atol=0.1)
    assert_close(pi.sum(1), np.ones(4))
    actions = optimal_q(P, R, 0.5).argmax(1)
    assert_close(value_iteration(P, R, 0.5, 1e-4)[1], actions)
    assert policy_iteration(P, R, 0.5)[0].tolist() == actions.tolist()


def test_without_a_future_the_next_reward_is_all() -> None:
    P, R = draw()
    v, actions = value_iteration(P, R, 0.0, 1e-6)
    assert_close(v, R.max(1), rtol=0, atol=1e-6)
    assert_close(actions, R.argmax(1))
    assert_close(soft_value_iteration(P, R, 0.0, 0.5, 1e-6)[0], soft_max(R, 0.5), rtol=0, atol=1e-6)
    assert_close(policy_iteration(P, R, 0.0)[1], R.max(1))


def test_where_there_is_no_choice_the_soft_bonus_is_nothing() -> None:
    P, R = draw(4, 1)
    v, pi = soft_value_iteration(P, R, 0.7, 3.0, 1e-9)
    assert_close(v, exact_v(P, R, pi, 0.7), atol=1e-8)
    assert_close(pi, np.ones((4, 1)))


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    P, R = draw()
    best, soft = optimal_v(P, R, 0.5), soft_v(P, R, 0.5, 0.3)
    for (_, one), (_, other) in zip(layouts(P), layouts(R), strict=True):
        with assert_unchanged(one, other):
            assert_close(value_iteration(one, other, 0.5, 1e-9)[0], best, atol=1e-8)
            assert_close(policy_iteration(one, other, 0.5)[1], best, atol=1e-8)
            assert_close(soft_value_iteration(one, other, 0.5, 0.3, 1e-9)[0], soft, atol=1e-8)


@pytest.mark.parametrize("gamma", [1.0, 1.2, -0.1])
@pytest.mark.parametrize(
    "call",
    [
        lambda P, R, gamma: value_iteration(P, R, gamma, 100.0),
        lambda P, R, gamma: policy_iteration(P, R, gamma),
        lambda P, R, gamma: soft_value_iteration(P, R, gamma, 1.0, 100.0),
    ],
    ids=["value_iteration", "policy_iteration", "soft_value_iteration"],
)
def test_a_gamma_outside_its_range_raises(call: Callable, gamma: float) -> None:
    with pytest.raises(ValueError):
        call(*draw(), gamma)


@pytest.mark.parametrize("value", [0.0, -1.0])
@pytest.mark.parametrize(
    "call",
    [
        lambda P, R, tol: value_iteration(P, R, 0.5, tol),
        lambda P, R, tol: soft_value_iteration(P, R, 0.5, 1.0, tol),
        lambda P, R, alpha: soft_value_iteration(P, R, 0.5, alpha, 1e-3),
    ],
    ids=["tol", "tol of soft", "alpha"],
)
def test_a_tol_or_an_alpha_that_is_not_positive_raises(call: Callable, value: float) -> None:
    with pytest.raises(ValueError):
        call(*draw(), value)
