import math
import warnings
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.mdp import exact_v
from aire_katas.checks.statistics import assert_proportion
from katas.phase6.rl.mc_and_td import Episode, batch_td_fixed_point, mc_first_visit, n_step_return, td0

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/rl/policy_evaluation",),
    forbids={
        "numpy.linalg.inv": "a system is solved without its inverse: np.linalg.solve",
        "numpy.linalg.pinv": "a system is solved without its inverse: np.linalg.solve",
        "scipy": "sums, loops and np.linalg.solve are all it takes",
        "torch": "sums, loops and np.linalg.solve are all it takes",
    },
)

# Sutton & Barto, example 6.4. A is 0, B is 1: A is seen once, followed by B and by no reward at all.
A_AND_B: list[Episode] = [
    [(0, 0.0, 1, False), (1, 0.0, 0, True)],
    *[[(1, 1.0, 0, True)]] * 6,
    [(1, 0.0, 0, True)],
]
GAMMAS = [0.0, 0.5, 0.9, 1.0]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def wander(states: int, number: int, seed: int = 0) -> list[Episode]:
    """Episodes with jumps to any state, revisits among them, and whatever s_next at the end."""
    rng = np.random.default_rng(seed)
    episodes = []
    for _ in range(number):
        visits = rng.integers(states, size=1 + rng.geometric(0.2)).tolist()
        rewards = rng.normal(size=len(visits)).tolist()
        last = len(visits) - 2
        episodes.append([(visits[i], rewards[i], visits[i + 1], i == last) for i in range(last + 1)])
    return episodes


def walk(number: int, seed: int = 0) -> list[Episode]:
    """Sutton & Barto's example 6.2: from the middle of 5 states left or right, 1 for leaving on the right."""
    rng = np.random.default_rng(seed)
    episodes = []
    for _ in range(number):
        s, episode = 2, []
        while 0 <= s < 5:
            after = s + (1 if rng.random() < 0.5 else -1)
            episode.append((s, float(after == 5), after, not 0 <= after < 5))
            s = after
        episodes.append(episode)
    return episodes


def returns(episode: Episode, gamma: float) -> list[float]:
    rewards = [r for _, r, _, _ in episode]
    return [math.fsum(gamma**k * r for k, r in enumerate(rewards[t:])) for t in range(len(rewards))]


def visited(episodes: list[Episode], states: int) -> np.ndarray:
    return np.isin(np.arange(states), [s for episode in episodes for s, _, _, _ in episode])


def first_returns(episodes: list[Episode], s: int, gamma: float) -> list[float]:
    paths = [([step[0] for step in episode], returns(episode, gamma)) for episode in episodes]
    return [each[path.index(s)] for path, each in paths if s in path]


def by_fractions(episodes: list[Episode], gamma: float, alpha: float, v0: np.ndarray) -> np.ndarray:
    """TD(0) without rounding."""
    v = [Fraction(x) for x in v0.tolist()]
    for s, r, after, done in (step for episode in episodes for step in episode):
        target = Fraction(r) + (0 if done else Fraction(gamma) * v[after])
        v[s] = (1 - Fraction(alpha)) * v[s] + Fraction(alpha) * target
    return np.array([float(x) for x in v])


def fitted(episodes: list[Episode], states: int, gamma: float) -> np.ndarray:
    """The values of the process whose chances and rewards are the frequencies and means of the episodes."""
    counts, rewards = np.zeros((states + 1, states + 1)), np.zeros(states + 1)
    for s, r, after, done in (step for episode in episodes for step in episode):
        counts[s, states if done else after] += 1
        rewards[s] += r
    seen = counts.any(1)
    counts[~seen, -1] = 1  # what was never visited, the end included, leads to the end
    n = counts.sum(1)
    P, R = (counts / n[:, None])[:, None], (rewards / n)[:, None]
    return np.where(seen, exact_v(P, R, np.ones((states + 1, 1)), gamma), np.nan)[:-1]


def assert_values(v: np.ndarray, expected: np.ndarray, atol: float | None = None) -> None:
    """Close where a value is expected, and nan where nan is."""
    __tracebackhide__ = True
    assert isinstance(v, np.ndarray)
    assert v.shape == expected.shape
    assert np.isnan(v).tolist() == np.isnan(expected).tolist(), f"{v}: nan belongs to states never visited"
    seen = ~np.isnan(expected)
    assert_close(v[seen], expected[seen], atol=atol)


def test_the_two_answers_to_the_same_eight_episodes() -> None:
    """Once A was seen, and nothing came of it. But it led to B, and B is worth 3/4."""
    assert_close(mc_first_visit(A_AND_B, 2, 1.0), np.array([0.0, 0.75]))
    assert_close(batch_td_fixed_point(A_AND_B, 2, 1.0), np.array([0.75, 0.75]))


def test_the_return_counts_later_rewards_less() -> None:
    episode = [(0, 1.0, 1, False), (1, 2.0, 2, False), (2, 4.0, 0, True)]
    assert_close(mc_first_visit([episode], 3, 0.5), np.array([3.0, 4.0, 4.0]))
    assert_close(mc_first_visit([episode], 3, 1.0), np.array([7.0, 6.0, 4.0]))
    assert_close(mc_first_visit([episode], 3, 0.0), np.array([1.0, 2.0, 4.0]))


def test_the_first_visit_of_an_episode_counts_and_no_other() -> None:
    episode = [(0, 1.0, 1, False), (1, 0.0, 0, False), (0, 5.0, 0, False), (0, 2.0, 1, True)]
    assert_close(mc_first_visit([episode], 2, 1.0), np.array([8.0, 7.0]))
    short = [(0, 4.0, 1, True)]
    assert_close(mc_first_visit([episode, short], 2, 1.0), np.array([6.0, 7.0]))
    assert_close(mc_first_visit([short, episode, short], 2, 1.0), np.array([16 / 3, 7.0]))


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("states", "number"), [(4, 30), (9, 3), (1, 5), (3, 1)])
def test_monte_carlo_agrees_with_a_list_of_returns(states: int, number: int, gamma: float) -> None:
    episodes = wander(states, number)
    lists = [first_returns(episodes, s, gamma) for s in range(states)]
    expected = np.array([math.fsum(one) / len(one) if one else math.nan for one in lists])
    assert_values(mc_first_visit(episodes, states, gamma), expected)


def test_a_random_walk_is_worth_its_chance_to_leave_on_the_right() -> None:
    """From each first visit the episode ends on the right with chance 1/6, 2/6, ... 5/6, independently."""
    episodes = walk(2000)
    v = mc_first_visit(episodes, 5, 1.0)
    for s in range(5):
        n = sum(any(step[0] == s for step in episode) for episode in episodes)
        assert_proportion(round(v[s] * n, 6), n, (s + 1) / 6, name=f"v[{s}]")


def test_td_moves_towards_the_reward_and_the_next_value() -> None:
    v0 = np.array([1.0, 10.0, 3.0])
    v = td0([[(0, 2.0, 1, False), (1, 4.0, 2, True)]], 3, 0.5, 0.1, v0)
    assert_close(v, np.array([1 + 0.1 * (2 + 5 - 1), 10 + 0.1 * (4 - 10), 3.0]))


def test_each_update_is_there_for_the_next_step() -> None:
    twice = [(0, 1.0, 0, False), (0, 1.0, 0, True)]
    assert_close(td0([twice], 1, 1.0, 0.5, np.zeros(1)), np.array([0.75]))
    assert_close(td0([twice, twice], 1, 1.0, 0.5, np.zeros(1)), np.array([1.125]))


def test_news_travels_one_state_an_episode() -> None:
    episode = [(0, 0.0, 1, False), (1, 0.0, 2, False), (2, 1.0, 0, True)]
    for times, expected in ((1, [0, 0, 1]), (2, [0, 1, 1]), (3, [1, 1, 1])):
        assert_close(td0([episode] * times, 3, 1.0, 1.0, np.zeros(3)), np.array(expected, float))


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("alpha", [0.1, 0.75, 1.0])
@pytest.mark.parametrize(("states", "number"), [(4, 8), (1, 3), (6, 1)])
def test_td_agrees_with_fractions(states: int, number: int, alpha: float, gamma: float) -> None:
    episodes, v0 = wander(states, number), np.random.normal(size=states)
    with assert_unchanged(v0, episodes):
        v = td0(episodes, states, gamma, alpha, v0)
    assert_close(v, by_fractions(episodes, gamma, alpha, v0), atol=1e-10)


def test_one_step_is_the_target_of_td_and_all_steps_are_the_return() -> None:
    rewards, values = [1.0, 2.0, 4.0], [10.0, 20.0, 40.0, 99.0]
    assert_close(n_step_return(rewards, values, 0, 1, 0.5), 1 + 0.5 * 20)
    assert_close(n_step_return(rewards, values, 0, 2, 0.5), 1 + 0.5 * 2 + 0.25 * 40)
    for n in (3, 4, 100):
        assert_close(n_step_return(rewards, values, 0, n, 0.5), 1 + 0.5 * 2 + 0.25 * 4)
    assert_close(n_step_return(rewards, values, 1, 1, 0.5), 2 + 0.5 * 40)
    assert_close(n_step_return(rewards, values, 1, 2, 0.5), 2 + 0.5 * 4)
    assert_close(n_step_return(rewards, values, 2, 1, 0.5), 4.0)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_a_target_is_the_estimate_and_the_td_errors_on_the_way(steps: int, gamma: float) -> None:
    """For fixed values, G - v[t] is the sum of gamma^k times the TD error of step t + k."""
    rewards, values = np.random.normal(size=steps).tolist(), np.random.normal(size=steps + 1).tolist()
    after = [*values[1:-1], 0.0]
    errors = [r + gamma * v - old for r, v, old in zip(rewards, after, values, strict=False)]
    for t in range(steps):
        for n in range(1, steps + 2):
            target = n_step_return(rewards, values, t, n, gamma)
            assert isinstance(target, float)
            way = math.fsum(gamma**k * error for k, error in enumerate(errors[t : t + n]))
            assert_close(target, values[t] + way, rtol=0, atol=1e-12)


@pytest.mark.parametrize("end", [1e6, math.nan, math.inf, -1.0])
def test_the_end_is_worth_nothing_whatever_its_estimate(end: float) -> None:
    assert_close(n_step_return([1.0, 2.0], [3.0, 7.0, end], 1, 1, 0.5), 2.0)
    assert_close(n_step_return([1.0, 2.0], [3.0, 7.0, end], 0, 2, 0.5), 2.0)
    assert_close(n_step_return([1.0, 2.0], [3.0, 7.0, end], 0, 5, 0.5), 2.0)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("states", "number"), [(4, 30), (9, 3), (1, 5), (3, 1)])
def test_at_the_fixed_point_the_td_errors_of_each_state_cancel(
    states: int, number: int, gamma: float
) -> None:
    episodes = wander(states, number, seed=2)
    v = batch_td_fixed_point(episodes, states, gamma)
    assert np.isnan(v).tolist() == (~visited(episodes, states)).tolist()
    errors = np.zeros(states)
    for s, r, after, done in (step for episode in episodes for step in episode):
        errors[s] += r + (0 if done else gamma * v[after]) - v[s]
    assert np.abs(errors).max() < 1e-9


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize(("states", "number"), [(4, 30), (9, 3), (1, 5), (3, 1)])
def test_the_fixed_point_is_exact_for_the_process_that_fits(states: int, number: int, gamma: float) -> None:
    episodes = wander(states, number, seed=3)
    assert_values(batch_td_fixed_point(episodes, states, gamma), fitted(episodes, states, gamma), atol=1e-9)


# These 40 times 20 walks give a ratio of the errors of 0.71; fifty times as many with other seeds gave
# 0.57 to 0.89.
def test_of_the_same_walks_td_makes_more() -> None:
    errors = []
    for seed in range(40):
        episodes = walk(20, seed)
        both = [mc_first_visit(episodes, 5, 1.0), batch_td_fixed_point(episodes, 5, 1.0)]
        errors.append([np.square(v - np.arange(1, 6) / 6).mean() for v in both])
    mc, td = np.mean(errors, axis=0)
    assert 0 < td < 0.9 * mc, f"mean squared errors: {mc:.4f} of Monte Carlo, {td:.4f} of TD"


def test_td_with_a_small_step_goes_to_the_fixed_point() -> None:
    # With alpha = 0.002 the last few hundred steps still show: v is off by 0.0014. Monte Carlo says 0 for A.
    v = td0(A_AND_B * 3000, 2, 1.0, 0.002, np.array([0.0, 2.0]))
    assert_close(v, batch_td_fixed_point(A_AND_B, 2, 1.0), rtol=0, atol=0.01)


def test_where_nothing_is_random_both_ways_agree() -> None:
    episode = [(3, 1.0, 1, False), (1, -2.0, 0, False), (0, 5.0, 3, True)]
    for gamma in GAMMAS:
        expected = np.array([5.0, -2 + gamma * 5, math.nan, 1 + gamma * (-2 + gamma * 5)])
        assert_values(mc_first_visit([episode] * 2, 4, gamma), expected)
        assert_values(batch_td_fixed_point([episode] * 2, 4, gamma), expected)


def test_the_order_of_the_episodes_matters_for_td_alone() -> None:
    episodes, v0 = wander(3, 10), np.zeros(3)
    back = episodes[::-1]
    assert_values(mc_first_visit(back, 3, 0.9), mc_first_visit(episodes, 3, 0.9))
    assert_values(batch_td_fixed_point(back, 3, 0.9), batch_td_fixed_point(episodes, 3, 0.9), atol=1e-9)
    assert (np.abs(td0(back, 3, 0.9, 0.5, v0) - td0(episodes, 3, 0.9, 0.5, v0)) > 1e-6).any()


@pytest.mark.parametrize("after", [-1, 0, 1, 10**6])
def test_what_stands_behind_the_end_means_nothing(after: int) -> None:
    episodes: list[Episode] = [[(0, 1.0, 1, False), (1, 3.0, after, True)]]
    expected = np.array([2.5, 3.0])
    assert_close(mc_first_visit(episodes, 2, 0.5), expected)
    assert_close(batch_td_fixed_point(episodes, 2, 0.5), expected)
    assert_close(td0(episodes, 2, 0.5, 1.0, np.array([7.0, 8.0])), np.array([5.0, 3.0]))


def test_without_episodes_nothing_is_known() -> None:
    assert np.isnan(mc_first_visit([], 3, 0.9)).tolist() == [True] * 3
    assert np.isnan(batch_td_fixed_point([], 3, 0.9)).tolist() == [True] * 3
    v0 = np.array([1.0, 2.0])
    v = td0([], 2, 0.9, 0.1, v0)
    assert v.tolist() == [1, 2]
    assert v is not v0


def test_inputs_stay_unchanged() -> None:
    episodes, rewards, values = wander(3, 4), [1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]
    with assert_unchanged(episodes, rewards, values):
        mc_first_visit(episodes, 3, 0.9)
        batch_td_fixed_point(episodes, 3, 0.9)
        n_step_return(rewards, values, 0, 2, 0.9)


@pytest.mark.parametrize("gamma", [-0.1, 1.1])
@pytest.mark.parametrize(
    "call",
    [
        lambda gamma: mc_first_visit(A_AND_B, 2, gamma),
        lambda gamma: td0(A_AND_B, 2, gamma, 0.1, np.zeros(2)),
        lambda gamma: n_step_return([1.0], [0.0, 0.0], 0, 1, gamma),
        lambda gamma: batch_td_fixed_point(A_AND_B, 2, gamma),
    ],
    ids=["mc_first_visit", "td0", "n_step_return", "batch_td_fixed_point"],
)
def test_a_gamma_outside_its_range_raises(call: Callable, gamma: float) -> None:
    with pytest.raises(ValueError):
        call(gamma)


@pytest.mark.parametrize("alpha", [0.0, -0.1, 1.1])
def test_an_alpha_outside_its_range_raises(alpha: float) -> None:
    with pytest.raises(ValueError):
        td0(A_AND_B, 2, 1.0, alpha, np.zeros(2))


@pytest.mark.parametrize(("t", "n"), [(0, 0), (0, -1), (2, 1), (3, 1), (-1, 1)])
def test_a_step_that_is_none_raises(t: int, n: int) -> None:
    with pytest.raises(ValueError):
        n_step_return([1.0, 2.0], [3.0, 4.0, 5.0], t, n, 0.9)


@pytest.mark.parametrize("length", [0, 1, 2, 4])
def test_values_of_another_length_raise(length: int) -> None:
    with pytest.raises(ValueError):
        n_step_return([1.0, 2.0], [3.0] * length, 0, 1, 0.9)
