import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.mdp import exact_v, random_mdp, random_policy
from katas.phase6.rl.policy_evaluation import (
    bellman_residual,
    evaluate_exact,
    evaluate_iterative,
    q_from_v,
)

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "numpy.linalg.inv": "a system is solved without its inverse: np.linalg.solve",
        "numpy.linalg.pinv": "a system is solved without its inverse: np.linalg.solve",
        "scipy": "np.linalg.solve is all it takes",
        "torch": "sums, products and np.linalg.solve are all it takes",
    },
)

SIZES = [(4, 3), (3, 3), (2, 5), (5, 1), (1, 3), (1, 1)]
GAMMAS = [0.0, 0.5, 0.95]
seeds = st.integers(0, 10**6)


def draw(states: int, actions: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """P, R, pi and a v that is nobody's value."""
    rng = np.random.default_rng(seed)
    P, R = random_mdp(rng, states, actions)
    return P, R, random_policy(rng, states, actions), 3 * rng.normal(size=states)


def q_by_loops(P: np.ndarray, R: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    q = R.copy()
    for s, a, after in np.ndindex(P.shape):
        q[s, a] += gamma * P[s, a, after] * v[after]
    return q


def right_side(P: np.ndarray, R: np.ndarray, pi: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    """v (S,) after one synchronous sweep."""
    q = q_by_loops(P, R, v, gamma)
    return np.array([math.fsum(pi[s] * q[s]) for s in range(len(v))])


def sweep(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float, times: int) -> list[np.ndarray]:
    """v before the first sweep, and after each of them."""
    v = [np.zeros(len(R))]
    for _ in range(times):
        v.append(right_side(P, R, pi, v[-1], gamma))
    return v


def gridworld() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P, R and the random policy of Sutton & Barto's example 3.5: 5 x 5 cells, 4 directions.

    Every action in (0, 1) leads to (4, 1) and pays 10, every one in (0, 3) to (2, 3) and pays 5; a step off
    the grid costs 1 and stays.
    """
    P, R = np.zeros((25, 4, 25)), np.zeros((25, 4))
    for row, column in np.ndindex(5, 5):
        for a, (down, right) in enumerate([(-1, 0), (1, 0), (0, -1), (0, 1)]):
            after, reward = (row + down, column + right), 0
            if not (0 <= after[0] < 5 and 0 <= after[1] < 5):
                after, reward = (row, column), -1
            if (row, column) == (0, 1):
                after, reward = (4, 1), 10
            if (row, column) == (0, 3):
                after, reward = (2, 3), 5
            P[5 * row + column, a, 5 * after[0] + after[1]] = 1
            R[5 * row + column, a] = reward
    return P, R, np.full((25, 4), 0.25)


def cycle(rewards: list[float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P, R and the only policy of states that lead round and round."""
    states = len(rewards)
    return np.roll(np.eye(states), 1, axis=1)[:, None], np.array(rewards)[:, None], np.ones((states, 1))


def test_one_reward_for_ever_is_worth_a_geometric_series() -> None:
    for gamma in (0.0, 0.5, 0.9, 0.999):
        v = evaluate_exact(*cycle([2.0, 2.0, 2.0]), gamma)
        assert_close(v, np.full(3, 2 / (1 - gamma)))


def test_the_gridworld_of_the_book() -> None:
    book = np.array(
        [
            [3.3, 8.8, 4.4, 5.3, 1.5],
            [1.5, 3.0, 2.3, 1.9, 0.5],
            [0.1, 0.7, 0.7, 0.4, -0.4],
            [-1.0, -0.4, -0.4, -0.6, -1.2],
            [-1.9, -1.3, -1.2, -1.4, -2.0],
        ]
    )
    assert_close(evaluate_exact(*gridworld(), 0.9).reshape(5, 5), book, rtol=0, atol=0.0501)


@pytest.mark.parametrize(("states", "actions"), SIZES)
@pytest.mark.parametrize("gamma", GAMMAS)
def test_q_adds_the_reward_and_the_value_of_where_an_action_leads(
    states: int, actions: int, gamma: float
) -> None:
    P, R, _, v = draw(states, actions)
    assert_close(q_from_v(P, R, v, gamma), q_by_loops(P, R, v, gamma))


@pytest.mark.parametrize(("states", "actions"), SIZES)
@pytest.mark.parametrize("gamma", GAMMAS)
def test_the_exact_values_obey_the_equation(states: int, actions: int, gamma: float) -> None:
    P, R, pi, _ = draw(states, actions)
    v = evaluate_exact(P, R, pi, gamma)
    assert_close(v, right_side(P, R, pi, v, gamma))


def test_the_exact_values_need_no_short_horizon() -> None:
    P, R, pi, _ = draw(6, 2)
    gamma = 1 - 1e-6  # a million steps ahead the future still counts a third
    assert_close(evaluate_exact(P, R, pi, gamma), exact_v(P, R, pi, gamma), rtol=1e-7)


@pytest.mark.parametrize("gamma", [*GAMMAS, 0.99])
def test_a_bonus_in_every_step_moves_all_values_by_the_same_amount(gamma: float) -> None:
    P, R, pi, _ = draw(3, 2)
    moved = evaluate_exact(P, R + 3, pi, gamma) - evaluate_exact(P, R, pi, gamma)
    assert_close(moved, np.full(3, 3 / (1 - gamma)))


def test_where_everything_ends_nothing_is_worth_anything() -> None:
    rng = np.random.default_rng(1)
    P, R = random_mdp(rng, 5, 2, terminal=2)
    pi = random_policy(rng, 5, 2)
    v = evaluate_exact(P, R, pi, 0.9)
    assert_close(v[3:], np.zeros(2), atol=1e-12)
    assert_close(v, exact_v(P, R, pi, 0.9))


@pytest.mark.parametrize(("states", "actions"), SIZES)
@pytest.mark.parametrize("gamma", GAMMAS)
def test_the_residual_is_the_largest_fault_of_any_state(states: int, actions: int, gamma: float) -> None:
    P, R, pi, v = draw(states, actions)
    fault = v - right_side(P, R, pi, v, gamma)
    for sign in (1, -1):  # the largest fault is positive for one, negative for the other
        residual = bellman_residual(sign * v, P, sign * R, pi, gamma)
        assert isinstance(residual, float)
        assert_close(residual, np.abs(fault).max())


@given(seed=seeds, gamma=st.floats(0, 0.99))
@settings(max_examples=50)
def test_the_residual_bounds_the_distance_to_the_values(seed: int, gamma: float) -> None:
    P, R, pi, v = draw(3, 2, seed)
    distance = np.abs(v - exact_v(P, R, pi, gamma)).max()
    residual = bellman_residual(v, P, R, pi, gamma)
    assert residual / (1 + gamma) * (1 - 1e-9) <= distance <= residual / (1 - gamma) * (1 + 1e-9)


def test_the_residual_of_the_values_is_zero() -> None:
    P, R, pi, v = draw(4, 3)
    for gamma in GAMMAS:
        assert bellman_residual(exact_v(P, R, pi, gamma), P, R, pi, gamma) < 1e-12
        assert bellman_residual(v, P, R, pi, gamma) > 0.1


@pytest.mark.parametrize(("states", "actions"), SIZES)
@pytest.mark.parametrize("sweeps", [1, 2, 3, 10])
def test_so_many_sweeps_are_worth_so_many_steps(states: int, actions: int, sweeps: int) -> None:
    """v after n sweeps is the sum over t < n of gamma^t P_pi^t r_pi, for a tol between two changes."""
    P, R, pi, _ = draw(states, actions, seed=2)
    v = sweep(P, R, pi, 0.6, sweeps)
    last = np.abs(v[sweeps] - v[sweeps - 1]).max()
    before = np.abs(v[sweeps - 1] - v[sweeps - 2]).max() if sweeps > 1 else 4 * last
    assert last < 0.99 * before, "the changes do not fall: no tol tells these sweeps apart"
    found, count = evaluate_iterative(P, R, pi, 0.6, math.sqrt(last * before))
    assert count == sweeps
    assert_close(found, v[sweeps])


@given(seed=seeds, gamma=st.floats(0.01, 0.95), tol=st.sampled_from([1e-1, 1e-3, 1e-6]))
@settings(max_examples=50)
def test_iterating_comes_as_near_as_the_contraction_says(seed: int, gamma: float, tol: float) -> None:
    P, R, pi, _ = draw(3, 2, seed)
    v, sweeps = evaluate_iterative(P, R, pi, gamma, tol)
    assert np.abs(v - exact_v(P, R, pi, gamma)).max() <= tol * gamma / (1 - gamma) + 1e-12
    assert sweeps <= 1 + max(0, math.ceil(1 + math.log(tol / np.abs(R).max()) / math.log(gamma)))


@given(seed=seeds, gamma=st.floats(0, 0.99))
def test_a_sweep_brings_any_two_guesses_closer(seed: int, gamma: float) -> None:
    P, R, pi, v = draw(3, 2, seed)
    other = np.random.default_rng(seed + 1).normal(size=3)
    one, two = ((pi * q_from_v(P, R, guess, gamma)).sum(1) for guess in (v, other))
    assert np.abs(one - two).max() <= gamma * np.abs(v - other).max() + 1e-12


def test_a_change_of_exactly_tol_is_not_small_enough() -> None:
    # v is 1, 1.5, 1.75, 1.875: changes of 1, 1/2, 1/4, 1/8.
    v, sweeps = evaluate_iterative(*cycle([1.0, 1.0]), 0.5, 0.25)
    assert (v.tolist(), sweeps) == ([1.875, 1.875], 4)
    assert type(sweeps) is int


def test_one_state_that_still_changes_keeps_the_sweeps_going() -> None:
    # A corridor of 20 cells, the reward at its end: news travels one cell a sweep.
    P, R, pi = cycle([0.0] * 20)
    P[19], R[18] = np.eye(20)[19], 1
    v, sweeps = evaluate_iterative(P, R, pi, 0.9, 0.1)
    assert_close(v, np.append(0.9 ** np.arange(18, -1, -1), 0))
    assert sweeps == 20


def test_costs_are_iterated_like_rewards() -> None:
    P, R, pi, _ = draw(4, 3)
    v, sweeps = evaluate_iterative(P, -np.abs(R), pi, 0.8, 1e-9)
    assert_close(v, exact_v(P, -np.abs(R), pi, 0.8), atol=1e-8)
    assert sweeps > 50


def test_without_a_future_one_sweep_is_right_and_the_second_shows_it() -> None:
    P, R, pi, _ = draw(4, 3)
    v, sweeps = evaluate_iterative(P, R, pi, 0.0, 1e-9)
    assert_close(v, (pi * R).sum(1))
    assert sweeps == 2
    assert evaluate_iterative(P, R, pi, 0.0, 100.0)[1] == 1


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    P, R, pi, v = draw(4, 3)
    for each in zip(*(layouts(one) for one in (P, R, pi, v)), strict=False):
        other_P, other_R, other_pi, other_v = (one for _, one in each)
        with assert_unchanged(other_P, other_R, other_pi, other_v):
            assert_close(evaluate_exact(other_P, other_R, other_pi, 0.5), exact_v(P, R, pi, 0.5))
            found, _ = evaluate_iterative(other_P, other_R, other_pi, 0.5, 1e-12)
            assert_close(found, exact_v(P, R, pi, 0.5), atol=1e-11)
            assert_close(q_from_v(other_P, other_R, other_v, 0.5), q_by_loops(P, R, v, 0.5))
            fault = v - right_side(P, R, pi, v, 0.5)
            assert_close(bellman_residual(other_v, other_P, other_R, other_pi, 0.5), np.abs(fault).max())


@pytest.mark.parametrize("gamma", [1.0, 1.5, -0.1, math.nan])
@pytest.mark.parametrize(
    "call",
    [
        lambda P, R, pi, v, gamma: evaluate_exact(P, R, pi, gamma),
        lambda P, R, pi, v, gamma: evaluate_iterative(P, R, pi, gamma, 100.0),
        lambda P, R, pi, v, gamma: q_from_v(P, R, v, gamma),
        lambda P, R, pi, v, gamma: bellman_residual(v, P, R, pi, gamma),
    ],
    ids=["evaluate_exact", "evaluate_iterative", "q_from_v", "bellman_residual"],
)
def test_a_gamma_outside_its_range_raises(call: Callable, gamma: float) -> None:
    with pytest.raises(ValueError):
        call(*draw(3, 2), gamma)


@pytest.mark.parametrize("tol", [0.0, -1e-3])
def test_a_tol_that_could_never_be_met_raises(tol: float) -> None:
    P, R, pi, _ = draw(3, 2)
    with pytest.raises(ValueError):
        evaluate_iterative(P, R, pi, 0.5, tol)
