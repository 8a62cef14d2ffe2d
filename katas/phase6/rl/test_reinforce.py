import itertools
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients, finite_difference
from aire_katas.checks.mdp import exact_v, random_mdp
from katas.phase6.rl.reinforce import exact_grad, reinforce_grad, returns_to_go

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase6/rl/gradient_bandit", "phase6/rl/policy_evaluation"),
    forbids={
        "torch": "derive the gradient of log softmax and write it down",
        "jax": "derive the gradient of log softmax and write it down",
        "autograd": "derive the gradient of log softmax and write it down",
        "scipy": "a loop from the last reward to the first, and numpy, are all it takes",
    },
)
Episode = list[tuple[int, int, float]]
SIZES = [(4, 3), (2, 2), (1, 3), (3, 1), (5, 2)]  # S, A
each_size = pytest.mark.parametrize(("S", "A"), SIZES)


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def rng() -> np.random.Generator:
    return np.random.default_rng(np.random.randint(2**31))


def log_softmax(theta: np.ndarray) -> np.ndarray:
    theta = theta - theta.max(-1, keepdims=True)
    return theta - np.log(np.exp(theta).sum(-1, keepdims=True))


def draw_episode(T: int, S: int, A: int) -> Episode:
    states, actions = np.random.randint(S, size=T), np.random.randint(A, size=T)
    return list(zip(states.tolist(), actions.tolist(), np.random.normal(size=T).tolist(), strict=True))


# A world that ends after three steps: from two states to the next two, at last to a terminal one ----------


def three_steps() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P (7, 2, 7), R (7, 2) and mu0 (7,)."""
    generator = rng()
    P, R, mu0 = np.zeros((7, 2, 7)), generator.normal(size=(7, 2)), np.zeros(7)
    mu0[:2] = 0.3, 0.7
    P[:2, :, 2:4], P[2:4, :, 4:6] = generator.dirichlet([1, 1], size=(2, 2, 2))
    P[4:, :, 6], R[6] = 1, 0
    return P, R, mu0


def every_episode(
    P: np.ndarray, R: np.ndarray, theta: np.ndarray, mu0: np.ndarray
) -> list[tuple[float, Episode]]:
    """(chance, episode) of all that may happen in that world."""
    pi, episodes = np.exp(log_softmax(theta)), []
    for s0, s1, s2 in itertools.product((0, 1), (2, 3), (4, 5)):
        for a0, a1, a2 in itertools.product((0, 1), repeat=3):
            chance = mu0[s0] * pi[s0, a0] * P[s0, a0, s1] * pi[s1, a1] * P[s1, a1, s2] * pi[s2, a2]
            steps = [(s0, a0), (s1, a1), (s2, a2)]
            episodes.append((chance, [(s, a, float(R[s, a])) for s, a in steps]))
    return episodes


def objective(P: np.ndarray, R: np.ndarray, theta: np.ndarray, gamma: float, mu0: np.ndarray) -> float:
    return float(mu0 @ exact_v(P, R, np.exp(log_softmax(theta)), gamma))


# Returns --------------------------------------------------------------------------------------------------


def test_a_return_counts_what_is_still_to_come() -> None:
    assert_close(returns_to_go([1.0, 2.0, 4.0], 0.5), np.array([3.0, 4.0, 4.0]))
    assert_close(returns_to_go([1, 2, 4], 0.5), np.array([3.0, 4.0, 4.0]), name="result for integers")
    assert_close(returns_to_go(np.array([0, 0, 1]), 0.5), np.array([0.25, 0.5, 1.0]))


@pytest.mark.parametrize("gamma", [0.0, 0.3, 0.99, 1.0])
@pytest.mark.parametrize("T", [1, 2, 7])
def test_returns_agree_with_the_double_sum(T: int, gamma: float) -> None:
    r = np.random.normal(size=T)
    expected = np.array([sum(gamma ** (k - t) * r[k] for k in range(t, T)) for t in range(T)])
    assert_close(returns_to_go(r, gamma), expected)
    assert_close(returns_to_go(r.tolist(), gamma), expected)


@pytest.mark.parametrize("gamma", [0.5, 0.999, 1.0])
def test_a_long_episode_takes_no_longer_than_it_is(gamma: float) -> None:
    T = 100_000
    left = np.arange(T, 0, -1)
    expected = left.astype(float) if gamma == 1 else (1 - gamma ** left.astype(float)) / (1 - gamma)
    assert_close(returns_to_go(np.ones(T), gamma), expected, rtol=1e-9)


# One episode ----------------------------------------------------------------------------------------------


def test_an_action_that_went_better_than_the_baseline_becomes_likelier() -> None:
    theta, baseline = np.zeros((2, 2)), np.array([0.0, 1.0])
    better = reinforce_grad([(1, 0, 3.0)], theta, 0.9, baseline)
    assert_close(better, np.array([[0.0, 0.0], [1.0, -1.0]]))
    worse = reinforce_grad([(1, 0, 0.0)], theta, 0.9, baseline)
    assert_close(worse, np.array([[0.0, 0.0], [-0.5, 0.5]]))


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("T", [1, 3, 12])
@each_size
def test_an_estimate_is_the_gradient_of_weighted_log_probabilities(
    S: int, A: int, T: int, gamma: float
) -> None:
    theta, baseline, episode = np.random.normal(size=(S, A)), np.random.normal(size=S), draw_episode(T, S, A)
    weights = [
        gamma**t * (sum(gamma ** (k - t) * episode[k][2] for k in range(t, T)) - baseline[s])
        for t, (s, _, _) in enumerate(episode)
    ]

    def weighted(theta: np.ndarray) -> np.ndarray:
        logs = log_softmax(theta)
        return np.array(sum(w * logs[s, a] for w, (s, a, _) in zip(weights, episode, strict=True)))

    grad = reinforce_grad(episode, theta, gamma, baseline)
    assert_gradients(weighted, (theta,), (grad,), names=("theta",))


@pytest.mark.parametrize("gamma", [0.6, 1.0])
def test_on_average_it_is_the_gradient_of_the_objective_whatever_the_baseline(gamma: float) -> None:
    P, R, mu0 = three_steps()
    theta = np.random.normal(size=(7, 2))
    expected = finite_difference(lambda theta: objective(P, R, theta, gamma, mu0), (theta,))
    for baseline in (np.zeros(7), np.full(7, 5.0), np.random.normal(size=7)):
        mean = sum(
            chance * reinforce_grad(episode, theta, gamma, baseline)
            for chance, episode in every_episode(P, R, theta, mu0)
        )
        assert_close(mean, expected, rtol=1e-6, name="mean over all episodes")


def test_values_as_a_baseline_take_most_of_the_noise_away() -> None:
    P, R, mu0 = three_steps()
    R[:6] += 10  # what all actions have in common says nothing about which is better
    theta = np.random.normal(size=(7, 2)) / 2

    def variance(baseline: np.ndarray) -> float:
        chances, grads = zip(
            *((c, reinforce_grad(e, theta, 1.0, baseline)) for c, e in every_episode(P, R, theta, mu0)),
            strict=True,
        )
        mean = np.tensordot(chances, grads, 1)
        return float(np.dot(chances, ((np.stack(grads) - mean) ** 2).sum((1, 2))))

    v = exact_v(P, R, np.exp(log_softmax(theta)), 1.0)
    assert variance(v) < 0.1 * variance(np.zeros(7))


def test_a_state_that_was_not_visited_learns_nothing_and_the_others_only_shift() -> None:
    theta, baseline = np.random.normal(size=(4, 3)), np.random.normal(size=4)
    grad = reinforce_grad([(2, 0, 1.0), (0, 1, -2.0), (2, 2, 0.5)], theta, 0.9, baseline)
    assert not grad[[1, 3]].any()
    assert grad[[0, 2]].all()
    assert_close(grad.sum(1) + 1, np.ones(4), name="1 + sum of each row")
    moved = theta + np.random.normal(size=(4, 1))
    again = reinforce_grad([(2, 0, 1.0), (0, 1, -2.0), (2, 2, 0.5)], moved, 0.9, baseline)
    assert_close(again, grad, name="gradient after a shift of each row of theta")


# The whole average ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.95])
@each_size
def test_the_theorem_agrees_with_finite_differences(S: int, A: int, gamma: float) -> None:
    generator = rng()
    P, R = random_mdp(generator, S, A)
    theta, mu0 = generator.normal(size=(S, A)), generator.dirichlet(np.ones(S))
    grad = exact_grad(P, R, theta, gamma, mu0)
    assert_gradients(lambda theta: objective(P, R, theta, gamma, mu0), (theta,), (grad,), names=("theta",))


def test_a_state_that_cannot_be_reached_has_no_gradient() -> None:
    P, R, mu0 = three_steps()
    mu0[:2] = 1, 0
    grad = exact_grad(P, R, np.random.normal(size=(7, 2)), 0.9, mu0)
    assert_close(grad[[1, 6]] + 1, np.ones((2, 2)), name="1 + gradient in the states 1 and 6")
    assert (grad[[0, 2, 3, 4, 5]] != 0).all()


def test_with_one_state_it_is_the_gradient_of_a_bandit_for_ever() -> None:
    """sum over t of gamma^t times the gradient of sum pi r."""
    r, theta = np.random.normal(size=(1, 4)), np.random.normal(size=(1, 4))
    pi = np.exp(log_softmax(theta))
    expected = pi * (r - (pi * r).sum()) / (1 - 0.8)
    assert_close(exact_grad(np.ones((1, 4, 1)), r, theta, 0.8, np.ones(1)), expected)


def test_one_action_leaves_nothing_to_learn() -> None:
    P, R = random_mdp(rng(), 3, 1)
    theta, mu0 = np.random.normal(size=(3, 1)), np.array([0.2, 0.5, 0.3])
    assert_close(exact_grad(P, R, theta, 0.9, mu0) + 1, np.ones((3, 1)))
    assert_close(reinforce_grad([(0, 0, 2.0), (2, 0, 1.0)], theta, 0.9, np.zeros(3)) + 1, np.ones((3, 1)))


# Edges ----------------------------------------------------------------------------------------------------


def test_no_steps_make_no_difference() -> None:
    assert_close(returns_to_go([], 0.9), np.zeros(0))
    assert_close(reinforce_grad([], np.random.normal(size=(2, 3)), 0.9, np.ones(2)), np.zeros((2, 3)))


def test_logits_may_be_large() -> None:
    theta, mu0 = np.array([[1000.0, 998.0], [-1000.0, -1000.0], [1000.0, -1000.0]]), np.array([0.3, 0.5, 0.2])
    small = theta - theta.max(1, keepdims=True)
    P, R = random_mdp(rng(), 3, 2)
    grad = exact_grad(P, R, theta, 0.5, mu0)
    assert_close(grad, exact_grad(P, R, small, 0.5, mu0))
    assert_close(grad[2] + 1, np.ones(2), name="1 + gradient where the policy is certain")
    likely = 1 / (1 + np.exp(-2.0))
    estimate = reinforce_grad([(0, 0, 1.0)], theta, 0.5, np.zeros(3))
    assert_close(estimate[0], np.array([1 - likely, likely - 1]))


@pytest.mark.parametrize("gamma", [-0.1, 1.01])
def test_a_gamma_that_makes_no_sense_raises(gamma: float) -> None:
    P, R = random_mdp(rng(), 2, 2)
    with pytest.raises(ValueError):
        returns_to_go([1.0], gamma)
    with pytest.raises(ValueError):
        reinforce_grad([(0, 0, 1.0)], np.zeros((2, 2)), gamma, np.zeros(2))
    with pytest.raises(ValueError):
        exact_grad(P, R, np.zeros((2, 2)), gamma, np.full(2, 0.5))


def test_without_discount_the_sums_over_time_have_no_value() -> None:
    for S in (2, 3, 4, 5, 6, 7):  # roundings often leave the system with a solution, a senseless one
        P, R = random_mdp(rng(), S, 2)
        with pytest.raises(ValueError):
            exact_grad(P, R, np.zeros((S, 2)), 1.0, np.full(S, 1 / S))


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    P, R = random_mdp(rng(), 4, 3)
    theta, mu0, r = np.random.normal(size=(4, 3)), np.array([0.1, 0.2, 0.3, 0.4]), np.random.normal(size=6)
    episode = draw_episode(6, 4, 3)
    exact, estimate = exact_grad(P, R, theta, 0.8, mu0), reinforce_grad(episode, theta, 0.8, mu0)
    returns = returns_to_go(r, 0.8)
    for arrays in zip(*map(layouts, (P, R, theta)), strict=True):
        P2, R2, theta2 = (one for _, one in arrays)
        for (_, mu2), (_, r2) in zip(layouts(mu0), layouts(r), strict=True):
            with assert_unchanged(P2, R2, theta2, mu2, r2, episode):
                assert_close(exact_grad(P2, R2, theta2, 0.8, mu2), exact, name="exact_grad")
                assert_close(reinforce_grad(episode, theta2, 0.8, mu2), estimate, name="reinforce_grad")
                assert_close(returns_to_go(r2, 0.8), returns, name="returns_to_go")
