import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.statistics import assert_distribution
from katas.phase6.rl.bandits import UCB1, EpsGreedy, nonstationary_weights

KATA = Kata(difficulty=2, minutes=25)

Agent = EpsGreedy | UCB1


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def eps_greedy(q: list[float], eps: float, seed: int = 0) -> EpsGreedy:
    """An agent that has had one reward from each arm, so that q is its estimate."""
    agent = EpsGreedy(len(q), eps, rng(seed))
    for a, r in enumerate(q):
        agent.update(a, r)
    return agent


def history(k: int, n: int) -> list[tuple[int, float]]:
    """n pairs of an arm and a reward, every arm at least once where n >= k."""
    arms = np.random.permutation(np.append(np.arange(k), np.random.randint(k, size=n)))[-n:]
    return [(int(a), float(r)) for a, r in zip(arms, np.random.normal(size=n), strict=True)]


def learn(agent: Agent, rewards: list[tuple[int, float]]) -> Agent:
    for a, r in rewards:
        agent.update(a, r)
    return agent


def means(k: int, rewards: list[tuple[int, float]]) -> np.ndarray:
    each = [[r for arm, r in rewards if arm == a] for a in range(k)]
    return np.array([math.fsum(one) / len(one) if one else 0.0 for one in each])


def bound(rewards: list[tuple[int, float]], k: int, c: float) -> list[float]:
    """q + sqrt(c log(t) / n) of each arm, infinite where there is no reward."""
    n = [sum(arm == a for arm, _ in rewards) for a in range(k)]
    q, t = means(k, rewards), len(rewards)
    return [q[a] + math.sqrt(c * math.log(t) / n[a]) if n[a] else math.inf for a in range(k)]


@pytest.mark.parametrize(("k", "n"), [(3, 40), (5, 3), (2, 1), (1, 7)])
def test_the_estimate_is_the_mean_of_an_arms_rewards(k: int, n: int) -> None:
    for agent in (EpsGreedy(k, 0.1, rng()), UCB1(k)):
        assert_close(agent.q, np.zeros(k), name="q at the beginning")
        rewards = history(k, n)
        for i, (a, r) in enumerate(rewards, 1):
            agent.update(a, r)
            assert_close(agent.q, means(k, rewards[:i]), atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("eps", [0.1, 0.5, 0.9])
def test_eps_is_the_chance_to_draw_from_all_arms(k: int, eps: float) -> None:
    agent = eps_greedy([*np.linspace(-1, 0, k - 1), 1.0], eps)
    counts = np.bincount([agent.act() for _ in range(2500)], minlength=k)
    expected = np.full(k, eps / k)
    expected[-1] += 1 - eps
    assert_distribution(counts, expected, name="how often each arm is pulled")


def test_arms_that_look_equal_get_equal_chances() -> None:
    agent = eps_greedy([1.0, 0.0, 1.0, -2.0, 1.0], 0.0)
    counts = np.bincount([agent.act() for _ in range(2000)], minlength=5)
    assert_distribution(counts, [1 / 3, 0, 1 / 3, 0, 1 / 3], name="how often each arm is pulled")


@pytest.mark.parametrize("eps", [0.0, 0.3, 1.0])
def test_who_knows_nothing_has_no_favourite(eps: float) -> None:
    agent = EpsGreedy(4, eps, rng())
    counts = np.bincount([agent.act() for _ in range(2000)], minlength=4)
    assert_distribution(counts, np.full(4, 1 / 4), name="how often each arm is pulled")


def test_eps_of_one_never_looks_and_eps_of_zero_always_does() -> None:
    agent = eps_greedy([0.0, -1.0, 5.0], 1.0)
    counts = np.bincount([agent.act() for _ in range(2000)], minlength=3)
    assert_distribution(counts, np.full(3, 1 / 3), name="how often each arm is pulled")
    agent = eps_greedy([-3.0, -1.0, -2.0], 0.0)
    assert {agent.act() for _ in range(100)} == {1}


def test_one_pull_says_nothing_of_the_next() -> None:
    agent = eps_greedy([0.0, 1.0], 0.8)
    pulls = np.array([agent.act() for _ in range(4001)])
    p = np.array([0.4, 0.6])
    pairs = np.bincount(2 * pulls[:-1:2] + pulls[1::2], minlength=4)
    assert_distribution(pairs, np.outer(p, p).ravel(), name="how often each pair of pulls comes")


def test_all_chance_comes_from_the_generator() -> None:
    agents = [eps_greedy([*range(50)], 0.5, seed) for seed in (1, 1, 2)]
    one, same, other = ([agent.act() for _ in range(40)] for agent in agents)
    assert one == same
    assert one != other


def test_the_best_is_what_looks_best_now() -> None:
    agent = eps_greedy([1.0, 0.0, 0.5], 0.0)
    assert agent.act() == 0
    agent.update(0, -2.0)
    assert agent.act() == 2
    agent.update(1, 9.0)
    assert agent.act() == 1


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
@pytest.mark.parametrize(("k", "n"), [(3, 30), (1, 5)])
def test_with_a_constant_step_each_arm_goes_its_own_way(k: int, n: int, alpha: float) -> None:
    agent, q = EpsGreedy(k, 0.1, rng(), alpha), [0.0] * k
    for a, r in history(k, n):
        agent.update(a, r)
        q[a] = (1 - alpha) * q[a] + alpha * r
        assert_close(agent.q, np.array(q), atol=1e-12)


def test_a_constant_step_follows_a_change_that_the_mean_hardly_sees() -> None:
    mean, step = EpsGreedy(1, 0.0, rng()), EpsGreedy(1, 0.0, rng(), step=0.2)
    rewards = [(0, 0.0)] * 170 + [(0, 1.0)] * 30
    assert_close(learn(mean, rewards).q, np.array([0.15]))
    assert_close(learn(step, rewards).q, np.array([1 - 0.8**30]))


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_the_weights_are_what_each_number_adds_to_the_estimate(alpha: float, n: int) -> None:
    weights = nonstationary_weights(alpha, n)
    expected = np.eye(n + 1)[0]  # what becomes of Q_0 = 1 and no rewards, and so on for each of the others
    for i in range(1, n + 1):
        expected = (1 - alpha) * expected + alpha * np.eye(n + 1)[i]
    assert_close(weights, expected, atol=1e-12)
    assert_close(weights.sum(), 1.0)


def test_the_latest_reward_weighs_most() -> None:
    assert_close(nonstationary_weights(0.5, 3), np.array([1 / 8, 1 / 8, 1 / 4, 1 / 2]))
    assert_close(nonstationary_weights(0.2, 2), np.array([0.64, 0.16, 0.2]))


@pytest.mark.parametrize("alpha", [0.1, 0.7])
def test_the_weights_tell_the_estimate_of_an_agent(alpha: float) -> None:
    rewards = history(1, 12)
    agent = learn(EpsGreedy(1, 0.0, rng(), alpha), rewards)
    assert_close(agent.q[0], nonstationary_weights(alpha, 12)[1:] @ [r for _, r in rewards])


@pytest.mark.parametrize("c", [0.0, 0.5, 2.0, 30.0])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_ucb1_pulls_the_arm_with_the_largest_bound(k: int, c: float) -> None:
    agent, rewards = UCB1(k, c), []
    for _ in range(60):
        a = agent.act()
        each = bound(rewards, k, c)
        assert a == each.index(max(each)), f"pulled arm {a} where the bounds are {each}"
        assert type(a) is int
        rewards.append((a, float(np.random.normal(0.3 * a))))
        agent.update(*rewards[-1])


def test_c_is_two_unless_told() -> None:
    # With 10 rewards for arm 0 and one for arm 1 the bounds of c = 2 are lead + 0.69 and 2.19.
    for lead, arm in ((0.5, 1), (1.45, 1), (1.55, 0), (3.0, 0)):
        agent = learn(UCB1(2), [(0, lead)] * 10 + [(1, 0.0)])
        assert agent.act() == arm


def test_ucb1_tries_what_it_does_not_know_in_order() -> None:
    agent = UCB1(4)
    agent.update(2, 100.0)
    for arm in (0, 1, 3):
        assert agent.act() == arm
        agent.update(arm, -1.0)
    assert agent.act() == 2


def test_ucb1_goes_round_where_all_arms_pay_the_same() -> None:
    agent, pulls = UCB1(3), []
    for _ in range(12):
        pulls.append(agent.act())
        agent.update(pulls[-1], 1.0)
    assert pulls == [0, 1, 2] * 4


def test_to_ask_ucb1_changes_nothing() -> None:
    rewards = history(3, 20)
    asked, agent = UCB1(3), learn(UCB1(3), rewards)
    for a, r in rewards:
        for _ in range(5):
            asked.act()
        asked.update(a, r)
    assert [asked.act() for _ in range(5)] == [agent.act()] * 5
    assert_close(asked.q, agent.q)


# A pull of the worse arm costs 0.4, so who pulls at random loses 200. The mean of four right agents was
# 20.6, at most 31.3 in 5000 repetitions; without the bonus a third of them lose more than 45, for one of
# the four has given the better arm up after a bad start. What slips through here, a bonus of another size,
# fails the tests above.
def test_ucb1_loses_little_on_the_way() -> None:
    regrets = []
    for seed in range(4):
        generator, agent, regret = rng(seed), UCB1(2), 0.0
        for _ in range(1000):
            a = agent.act()
            agent.update(a, float(generator.random() < (0.5, 0.9)[a]))
            regret += (0.4, 0.0)[a]
        regrets.append(regret)
    assert np.mean(regrets) < 45, f"regrets of {regrets}"


def test_one_arm_leaves_no_choice() -> None:
    for agent in (EpsGreedy(1, 0.5, rng()), UCB1(1)):
        for _ in range(3):
            a = agent.act()
            assert (a, type(a)) == (0, int)
            agent.update(a, 1.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: EpsGreedy(0, 0.1, rng()),
        lambda: EpsGreedy(2, -0.1, rng()),
        lambda: EpsGreedy(2, 1.1, rng()),
        lambda: EpsGreedy(2, 0.1, rng(), 0.0),
        lambda: EpsGreedy(2, 0.1, rng(), -0.5),
        lambda: EpsGreedy(2, 0.1, rng(), 1.5),
        lambda: UCB1(0),
        lambda: UCB1(2, -1.0),
        lambda: nonstationary_weights(0.0, 3),
        lambda: nonstationary_weights(1.1, 3),
        lambda: nonstationary_weights(0.5, -1),
    ],
)
def test_what_makes_no_sense_is_a_value_error(make: Callable) -> None:
    with pytest.raises(ValueError):
        make()
