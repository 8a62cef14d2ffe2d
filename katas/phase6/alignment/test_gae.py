import itertools
import math
from collections.abc import Sequence

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase6.alignment.gae import gae

KATA = Kata(
    difficulty=3,
    minutes=30,
    forbids={
        "scipy": "a loop over the steps is all it takes",
        "torch": "a loop over the steps of a numpy array is all it takes",
        "jax": "a loop over the steps of a numpy array is all it takes",
    },
)
Rollout = Sequence[np.ndarray]
NAN = math.nan


def draw(T: int, N: int, ends: float = 0.3) -> Rollout:
    """rewards, values, last_value, terminated, truncated, final_values: nan where nobody may look."""
    rewards, values, final_values = np.random.normal(size=(3, T, N))
    terminated, truncated = np.random.random((2, T, N)) < ends / 2
    last_value = np.where(terminated[-1] | truncated[-1], NAN, np.random.normal(size=N))
    final_values[~truncated | terminated] = NAN
    return rewards, values, last_value, terminated, truncated, final_values


def endless(T: int, N: int) -> Rollout:
    return draw(T, N, ends=0)


def next_values(rollout: Rollout) -> np.ndarray:
    """(T, N): the value of the state that each step led to."""
    _, values, last_value, terminated, truncated, final_values = rollout
    following = np.zeros(values.shape)
    for t, n in np.ndindex(*values.shape):
        if truncated[t, n]:
            following[t, n] = final_values[t, n]
        elif t == len(values) - 1:
            following[t, n] = last_value[n]
        else:
            following[t, n] = values[t + 1, n]
        if terminated[t, n]:
            following[t, n] = 0
    return following


def by_the_sum(rollout: Rollout, gamma: float, lam: float) -> np.ndarray:
    """The definition, step by step, in T^2 operations."""
    rewards, values, _, terminated, truncated, _ = rollout
    deltas = rewards + gamma * next_values(rollout) - values
    advantages = np.zeros(rewards.shape)
    for t, n in np.ndindex(*rewards.shape):
        for later in range(t, len(rewards)):
            advantages[t, n] += (gamma * lam) ** (later - t) * deltas[later, n]
            if terminated[later, n] or truncated[later, n]:
                break
    return advantages


def constant(T: int, reward: float, value: float) -> Rollout:
    """One environment in which every step is like every other; no episode ends."""
    no = np.zeros((T, 1), bool)
    return np.full((T, 1), reward), np.full((T, 1), value), np.array([value]), no, no, np.full((T, 1), NAN)


def flags(*rows: int) -> np.ndarray:
    return np.array(rows, bool)[:, None]


def test_the_advantage_of_one_step_is_what_it_brought_beyond_its_value() -> None:
    reward, value, following = np.array([[2.0]]), np.array([[5.0]]), np.array([4.0])
    no, nothing = flags(0), np.array([[NAN]])
    advantages, returns = gae(reward, value, following, no, no, nothing, 0.5, 0.9)
    assert_close(advantages, np.array([[-1.0]]))  # 2 + 0.5 * 4 - 5
    assert_close(returns, np.array([[4.0]]))


def test_nothing_is_better_than_expected_where_values_are_right() -> None:
    advantages, returns = gae(*constant(6, 1.0, 10.0), gamma=0.9, lam=0.8)
    assert_close(advantages, np.zeros((6, 1)), atol=1e-12)
    assert_close(returns, np.full((6, 1), 10.0))


def test_a_surprise_reaches_back_by_gamma_lam_a_step() -> None:
    rewards, *rest = constant(4, 1.0, 10.0)
    rewards[2] += 1
    advantages, _ = gae(rewards, *rest, gamma=0.9, lam=0.8)
    assert_close(advantages[:, 0], np.array([0.72**2, 0.72, 1.0, 0.0]), atol=1e-12)


@pytest.mark.parametrize(("gamma", "lam"), [(0.9, 0.7), (1.0, 1.0), (0.99, 0.0), (0.0, 0.9), (0.5, 1.0)])
@pytest.mark.parametrize(("T", "N"), [(7, 5), (20, 3), (1, 6), (6, 1), (1, 1), (2, 2)])
def test_it_is_the_sum_within_the_episode(T: int, N: int, gamma: float, lam: float) -> None:
    rollout = draw(T, N)
    advantages, returns = gae(*rollout, gamma=gamma, lam=lam)
    expected = by_the_sum(rollout, gamma, lam)
    assert_close(advantages, expected, name="advantages")
    assert_close(returns, expected + rollout[1], name="returns")


def test_with_lam_zero_it_looks_one_step_ahead() -> None:
    rollout = draw(8, 4)
    rewards, values, *_ = rollout
    assert_close(gae(*rollout, gamma=0.9, lam=0.0)[0], rewards + 0.9 * next_values(rollout) - values)


def test_with_lam_one_returns_are_discounted_rewards_and_the_bootstrap() -> None:
    rollout = draw(9, 5)
    rewards, _, _, terminated, truncated, _ = rollout
    following = next_values(rollout)
    expected = np.zeros((9, 5))
    for t, n in np.ndindex(9, 5):
        ends = [s for s in range(t, 9) if terminated[s, n] or truncated[s, n] or s == 8]
        steps = range(t, ends[0] + 1)
        expected[t, n] = sum(0.9 ** (s - t) * rewards[s, n] for s in steps)
        expected[t, n] += 0.9 ** len(steps) * following[ends[0], n]
    assert_close(gae(*rollout, gamma=0.9, lam=1.0)[1], expected, name="returns")


@pytest.mark.parametrize("lam", [0.0, 0.6, 1.0])
def test_with_gamma_zero_only_the_reward_counts(lam: float) -> None:
    rollout = draw(5, 3)
    assert_close(gae(*rollout, gamma=0.0, lam=lam)[0], rollout[0] - rollout[1])


def test_after_a_terminal_state_nothing_is_worth_anything() -> None:
    rewards, values, _, no, _, nothing = constant(3, 1.0, 10.0)
    advantages, _ = gae(rewards, values, np.array([NAN]), flags(0, 0, 1), no, nothing, 0.9, 1.0)
    assert_close(advantages[:, 0], np.array([1 + 0.9 + 0.81, 1 + 0.9, 1]) - 10)


def test_a_time_limit_is_not_the_end_of_the_world() -> None:
    rewards, values, _, no, _, nothing = constant(4, 1.0, 10.0)
    nothing[1] = nothing[3] = 10.0
    advantages, _ = gae(rewards, values, np.array([NAN]), no, flags(0, 1, 0, 1), nothing, 0.9, 0.8)
    assert_close(advantages, np.zeros((4, 1)), atol=1e-12)


def test_a_step_that_terminates_at_the_time_limit_has_terminated() -> None:
    end = flags(0, 1, 0)
    rewards, values, last_value, *_ = constant(3, 1.0, 10.0)
    for final in (NAN, 10.0):
        advantages, _ = gae(rewards, values, last_value, end, end, np.full((3, 1), final), 0.9, 0.5)
        assert_close(advantages[:, 0], np.array([-0.45 * 9, -9.0, 0.0]), atol=1e-12)


@pytest.mark.parametrize("anything", [NAN, math.inf, 7.0])
def test_final_and_last_values_count_only_where_they_are_needed(anything: float) -> None:
    rollout = draw(8, 6)
    last_value, final_values = rollout[2], rollout[5]
    expected = by_the_sum(rollout, 0.9, 0.8)
    last_value[np.isnan(last_value)] = final_values[np.isnan(final_values)] = anything
    assert_close(gae(*rollout, gamma=0.9, lam=0.8)[0], expected)


def test_in_the_last_row_a_running_episode_goes_on_with_the_last_value() -> None:
    rewards, values, last_value, no, _, nothing = constant(3, 1.0, 10.0)
    advantages, _ = gae(rewards, values, last_value + 1, no, no, nothing, 0.9, 0.5)
    assert_close(advantages[:, 0], np.array([0.9 * 0.45**2, 0.9 * 0.45, 0.9]))


@pytest.mark.parametrize("kind", ["terminated", "truncated"])
def test_no_episode_hears_of_the_next(kind: str) -> None:
    rewards, values, last_value, terminated, truncated, final_values = endless(6, 3)
    final_values[2] = 0.7
    (terminated if kind == "terminated" else truncated)[2] = True
    results = []
    for _ in range(2):
        rewards[3:], values[3:], last_value[:] = np.random.normal(size=(3, 3, 3))[:, 0]
        results.append(gae(rewards, values, last_value, terminated, truncated, final_values, 0.9, 0.9))
    assert_close(results[1][0][:3], results[0][0][:3], name="advantages before the end")
    assert (np.abs(results[1][0][3:] - results[0][0][3:]) > 1e-9).all(), "the next episode has changed"


def test_no_environment_hears_of_another() -> None:
    rollout = draw(7, 6)
    whole = gae(*rollout, gamma=0.9, lam=0.8)[0]
    for n in range(6):
        alone = [one[..., n : n + 1] for one in rollout]
        assert_close(gae(*alone, gamma=0.9, lam=0.8)[0], whole[:, n : n + 1])


def test_a_rollout_in_two_pieces_loses_what_lies_behind_the_cut() -> None:
    """The first piece bootstraps from the value at the cut: the same for lam = 0, another estimate else."""
    rewards, values, last_value, *ends = endless(7, 4)
    for lam in (0.0, 0.6, 1.0):
        whole = gae(rewards, values, last_value, *ends, gamma=0.9, lam=lam)[0]
        first = gae(rewards[:4], values[:4], values[4], *(one[:4] for one in ends), gamma=0.9, lam=lam)[0]
        second = gae(rewards[4:], values[4:], last_value, *(one[4:] for one in ends), gamma=0.9, lam=lam)[0]
        assert_close(second, whole[4:], name="second piece")
        lost = (0.9 * lam) ** np.array([[4.0], [3.0], [2.0], [1.0]]) * whole[4]
        assert_close(first, whole[:4] - lost, name="first piece")


# A chain: each step leads to state 0, to state 1 or to the end (2), after which all starts over in state 0.
CHAIN, STEPS, GAMMA = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]), 5, 0.9
BRINGS = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])  # by state and next state
WORTH = np.linalg.solve(np.eye(2) - GAMMA * CHAIN[:, :2], (CHAIN * BRINGS).sum(1))
TRUE_VALUES = np.array([*WORTH, 0.0])  # of the two states and the end


def every_path(limit: int, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, Rollout]:
    """The states (T, N) and the chances (N,) of all ways to go, each an environment of one rollout.

    After row `limit` each episode that still runs is cut off. `values` are those that the model gives to the
    states of the rows; final and last values are the true ones.
    """
    states, chances, rollouts = [], [], []
    for path in itertools.product(range(3), repeat=STEPS):
        at, chance, rows = 0, 1.0, []
        for t, to in enumerate(path):
            over, cut = to == 2, t == limit and to != 2
            rows.append((at, BRINGS[at, to], values[at], over, cut, TRUE_VALUES[to] if cut else NAN))
            chance *= CHAIN[at, to]
            at = 0 if over or cut else to
        state, *columns = (np.array(column) for column in zip(*rows, strict=True))
        states.append(state)
        chances.append(chance)
        rollouts.append([*columns, NAN if rows[-1][3] or rows[-1][4] else TRUE_VALUES[at]])
    rewards, v, terminated, truncated, final_values, last_value = (
        np.stack(one, axis=-1) for one in zip(*rollouts, strict=True)
    )
    rollout = rewards, v, last_value, terminated, truncated, final_values
    return np.stack(states, axis=-1), np.array(chances), rollout


def means(of: np.ndarray, states: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """The mean of `of` (T, N) for every step and every state that may be met at it."""
    met = [(x, chances * (row == s)) for x, row in zip(of, states, strict=True) for s in (0, 1) if s in row]
    return np.array([(x * mass).sum() / mass.sum() for x, mass in met])


@pytest.mark.parametrize("lam", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("limit", [1, 4, 9])
def test_with_true_values_the_advantage_is_zero_on_average(limit: int, lam: float) -> None:
    """Over all paths of a chain, by enumeration: in no state and at no step is it biased."""
    states, chances, rollout = every_path(limit, TRUE_VALUES)
    assert_close(chances.sum(), 1.0)
    advantages, _ = gae(*rollout, gamma=GAMMA, lam=lam)
    bias = means(advantages, states, chances)
    assert_close(bias, np.zeros(bias.shape), atol=1e-10)


@pytest.mark.parametrize("limit", [1, 4, 9])
def test_with_lam_one_wrong_values_do_not_bias_the_returns(limit: int) -> None:
    states, chances, rollout = every_path(limit, np.array([5.0, -3.0, 0.0]))
    found = means(gae(*rollout, gamma=GAMMA, lam=1.0)[1], states, chances)
    expected = means(TRUE_VALUES[states], states, chances)
    assert_close(found, expected)


def test_the_smaller_lam_the_more_wrong_values_show() -> None:
    states, chances, rollout = every_path(9, np.array([5.0, -3.0, 0.0]))
    found = [means(gae(*rollout, gamma=GAMMA, lam=lam)[1], states, chances)[1] for lam in (0.0, 0.4, 0.8)]
    biases = np.abs(np.array(found) - means(TRUE_VALUES[states], states, chances)[1])
    assert biases[0] > biases[1] > biases[2] > 0.01


def test_float32_stays_float32() -> None:
    rollout = [one.astype(np.float32) if one.dtype == float else one for one in draw(7, 5)]
    wide = [one.astype(float) if one.dtype == np.float32 else one for one in rollout]
    expected = by_the_sum(wide, 0.9, 0.8)
    advantages, returns = gae(*rollout, gamma=0.9, lam=0.8)
    assert_close(advantages, expected, dtype=np.float32, name="advantages")
    assert_close(returns, expected + wide[1], dtype=np.float32, name="returns")


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    rollout = draw(6, 4)
    expected = by_the_sum(rollout, 0.9, 0.8)
    for variants in zip(*(layouts(one) for one in rollout), strict=False):
        inputs = [one for _, one in variants]
        with assert_unchanged(*inputs):
            advantages, returns = gae(*inputs, gamma=0.9, lam=0.8)
            assert_close(advantages, expected, name="advantages")
            assert_close(returns, expected + rollout[1], name="returns")
            advantages[:], returns[:] = 0, 0  # arrays of their own


@pytest.mark.parametrize("which", [0, 1, 3, 4, 5])
@pytest.mark.parametrize("shape", [(3, 1), (1, 2), (3,), (2,), (4, 2), (2, 3), (), (6,)])
def test_arrays_that_are_not_one_entry_a_step_raise(which: int, shape: tuple[int, ...]) -> None:
    rollout = list(endless(3, 2))
    rollout[which] = np.zeros(shape, rollout[which].dtype)
    with pytest.raises(ValueError):
        gae(*rollout, gamma=0.9, lam=0.8)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), (1, 2), (3, 2), ()])
def test_a_last_value_that_is_not_one_an_environment_raises(shape: tuple[int, ...]) -> None:
    rewards, values, _, *ends = endless(3, 2)
    with pytest.raises(ValueError):
        gae(rewards, values, np.zeros(shape), *ends, gamma=0.9, lam=0.8)


@pytest.mark.parametrize(("gamma", "lam"), [(-0.1, 0.5), (1.01, 0.5), (0.5, -1e-6), (0.5, 1.5)])
def test_a_discount_outside_its_range_raises(gamma: float, lam: float) -> None:
    with pytest.raises(ValueError):
        gae(*draw(3, 2), gamma=gamma, lam=lam)
