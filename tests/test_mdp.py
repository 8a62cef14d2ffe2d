import numpy as np
import pytest

from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.mdp import (
    all_policies,
    exact_q,
    exact_v,
    is_terminal,
    optimal_q,
    optimal_v,
    random_mdp,
    random_policy,
)


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def by_sweeps(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float, sweeps: int) -> np.ndarray:
    """The expected reward (S,) of so many steps, by loops."""
    v = np.zeros(len(P))
    for _ in range(sweeps):
        after = np.zeros(len(P))
        for s, a in np.ndindex(R.shape):
            after[s] += pi[s, a] * (
                R[s, a] + gamma * sum(p * value for p, value in zip(P[s, a], v, strict=True))
            )
        v = after
    return v


@pytest.mark.parametrize(
    ("states", "actions", "terminal"), [(1, 1, 0), (4, 2, 0), (4, 3, 1), (5, 1, 2), (2, 2, 2)]
)
def test_a_random_process_is_one(states: int, actions: int, terminal: int) -> None:
    P, R = random_mdp(draws(), states, actions, terminal=terminal)
    assert P.shape == (states, actions, states)
    assert R.shape == (states, actions)
    assert (P >= 0).all()
    assert_close(P.sum(-1), np.ones((states, actions)))
    assert is_terminal(P, R).tolist() == [s >= states - terminal for s in range(states)]
    assert (P[: states - terminal] > 0).all()


def test_processes_and_policies_follow_the_generator() -> None:
    assert_close(random_mdp(draws(1), 3, 2), random_mdp(draws(1), 3, 2))
    assert (random_mdp(draws(1), 3, 2)[1] != random_mdp(draws(2), 3, 2)[1]).all()
    assert (random_policy(draws(1), 3, 2) != random_policy(draws(2), 3, 2)).all()


def test_more_terminal_states_than_states_raise() -> None:
    with pytest.raises(ValueError, match="3 of 2 states"):
        random_mdp(draws(), 2, 2, terminal=3)


def test_a_random_policy_has_a_chance_for_every_action() -> None:
    pi = random_policy(draws(), 4, 3)
    assert pi.shape == (4, 3)
    assert (pi > 0).all()
    assert_close(pi.sum(-1), np.ones(4))


def test_an_absorbing_state_with_a_reward_is_not_terminal() -> None:
    P = np.zeros((3, 2, 3))
    P[0, :, 0] = P[1, :, 1] = 1  # state 0 pays, state 1 does not
    P[2, 0, 2] = P[2, 1, 0] = 1  # in state 2 one action leads away
    R = np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    assert is_terminal(P, R).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("states", "actions", "terminal"), [(1, 1, 0), (1, 3, 0), (4, 2, 0), (4, 3, 1), (3, 2, 3)]
)
@pytest.mark.parametrize("gamma", [0.0, 0.7])
def test_values_are_those_of_many_steps(states: int, actions: int, terminal: int, gamma: float) -> None:
    P, R = random_mdp(draws(3), states, actions, terminal=terminal)
    pi = random_policy(draws(4), states, actions)
    with assert_unchanged(P, R, pi):
        v, q = exact_v(P, R, pi, gamma), exact_q(P, R, pi, gamma)
    assert_close(v, by_sweeps(P, R, pi, gamma, 80), atol=1e-10)
    assert_close((pi * q).sum(-1), v, atol=1e-12, name="mean of q under pi")
    assert_close(q, R + gamma * P @ v)


def test_without_discount_values_count_what_is_left_to_do() -> None:
    P, R = np.zeros((4, 1, 4)), np.array([[-1.0], [-1.0], [-1.0], [0.0]])
    P[[0, 1, 2, 3], 0, [1, 2, 3, 3]] = 1
    assert_close(exact_v(P, R, np.ones((4, 1)), 1.0), np.array([-3.0, -2.0, -1.0, 0.0]))


def test_without_discount_and_without_an_end_there_is_no_value() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        exact_v(np.ones((1, 1, 1)), np.ones((1, 1)), np.ones((1, 1)), 1.0)


def test_a_deterministic_policy_may_be_given_by_its_actions() -> None:
    P, R = random_mdp(draws(5), 3, 4)
    actions = np.array([2, 0, 3])
    one_hot = np.zeros((3, 4))
    one_hot[[0, 1, 2], actions] = 1
    assert_close(exact_v(P, R, actions, 0.9), exact_v(P, R, one_hot, 0.9))
    assert_close(exact_q(P, R, actions, 0.9), exact_q(P, R, one_hot, 0.9))


def test_all_policies_are_all_there_is() -> None:
    policies = all_policies(3, 2)
    assert policies.shape == (8, 3)
    assert len({tuple(one) for one in policies.tolist()}) == 8
    assert set(policies.ravel().tolist()) == {0, 1}
    assert all_policies(3, 1).tolist() == [[0, 0, 0]]


def test_too_many_policies_raise() -> None:
    with pytest.raises(ValueError, match="4 actions in 48 states"):
        all_policies(48, 4)


@pytest.mark.parametrize(("states", "actions", "terminal"), [(1, 1, 0), (1, 3, 0), (3, 2, 0), (4, 3, 1)])
@pytest.mark.parametrize("gamma", [0.0, 0.9])
def test_the_optimum_solves_the_optimality_equation(
    states: int, actions: int, terminal: int, gamma: float
) -> None:
    P, R = random_mdp(draws(6), states, actions, terminal=terminal)
    v, q = optimal_v(P, R, gamma), optimal_q(P, R, gamma)
    assert_close(v, (R + gamma * P @ v).max(-1), atol=1e-12)
    assert_close(q, R + gamma * P @ v)
    assert_close(v, exact_v(P, R, q.argmax(-1), gamma), atol=1e-12)


def test_the_optimum_without_discount_takes_the_shortest_way() -> None:
    P, R = random_mdp(draws(7), 3, 2, terminal=1)
    R[:2] = -1
    v = optimal_v(P, R, 1.0)
    assert_close(v, np.where([True, True, False], -1 + (P @ v).max(-1), 0))
