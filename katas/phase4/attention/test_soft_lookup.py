import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.attention.soft_lookup import beta_for_accuracy, hard_lookup, soft_lookup

KATA = Kata(
    difficulty=1,
    minutes=15,
    needs=("phase4/mlp/stable_softmax_ce",),
    forbids={
        "torch": "numpy has all that is needed",
        "scipy": "write the softmax with np.exp",
    },
)

scores_of_keys = st.lists(st.floats(-30, 30), min_size=1, max_size=7)


def keys_with(scores: list[float], q: np.ndarray) -> np.ndarray:
    """Random keys (n, d) whose dot products with q are `scores`."""
    noise = np.random.normal(size=(len(scores), len(q)))
    return noise + np.outer(np.array(scores) - noise @ q, q / (q @ q))


def weights_by_loops(q: np.ndarray, K: np.ndarray, beta: float) -> list[float]:
    """The softmax of beta K q from its definition, one number at a time, in Python floats."""
    scores = [beta * sum(a * b for a, b in zip(key, q.tolist(), strict=True)) for key in K.tolist()]
    shares = [math.exp(s - max(scores)) for s in scores]
    return [share / math.fsum(shares) for share in shares]


@settings(max_examples=25)
@given(scores_of_keys, st.floats(0, 10))
def test_the_weights_are_a_distribution(scores: list[float], beta: float) -> None:
    q = np.random.normal(size=3)
    _, w = soft_lookup(q, keys_with(scores, q), np.random.normal(size=(len(scores), 2)), beta)
    assert w.shape == (len(scores),)
    assert (w >= 0).all()
    assert_close(w.sum(), 1.0)


def test_one_entry_is_read_whatever_the_query() -> None:
    q, K, V = np.random.normal(size=4), np.random.normal(size=(1, 4)), np.random.normal(size=(1, 3))
    assert_close(soft_lookup(q, K, V, 2.5), (V[0], np.ones(1)))
    assert_close(hard_lookup(q, K, V), V[0])


def test_beta_zero_reads_the_mean_of_the_values() -> None:
    q, K, V = np.random.normal(size=4), np.random.normal(size=(6, 4)), np.random.normal(size=(6, 3))
    assert_close(soft_lookup(q, K, V, 0.0), (V.mean(0), np.full(6, 1 / 6)))


@pytest.mark.parametrize(("n", "d", "dv"), [(5, 3, 2), (2, 7, 4), (4, 4, 4), (3, 1, 1), (1, 2, 3)])
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_agrees_with_the_definition_by_loops(n: int, d: int, dv: int, beta: float) -> None:
    q, K, V = np.random.normal(size=d), np.random.normal(size=(n, d)), np.random.normal(size=(n, dv))
    weights = weights_by_loops(q, K, beta)
    mixture = sum(w * v for w, v in zip(weights, V, strict=True))
    assert_close(soft_lookup(q, K, V, beta), (mixture, np.array(weights)))


def test_beta_is_one_unless_it_is_given() -> None:
    q, K, V = np.random.normal(size=3), np.random.normal(size=(4, 3)), np.random.normal(size=(4, 2))
    weights = np.array(weights_by_loops(q, K, 1))
    assert_close(soft_lookup(q, K, V), (weights @ V, weights))


def test_a_longer_key_in_the_same_direction_weighs_more() -> None:
    q = np.array([1.0, 2.0])
    _, w = soft_lookup(q, np.array([q, 2 * q]), np.eye(2))
    assert_close(np.log(w[1] / w[0]), 5.0)


@settings(max_examples=25)
@given(scores_of_keys, st.floats(0, 10))
def test_the_output_lies_among_the_values(scores: list[float], beta: float) -> None:
    q, V = np.random.normal(size=3), 1 + np.random.normal(size=(len(scores), 2))
    out, _ = soft_lookup(q, keys_with(scores, q), V, beta)
    directions = np.random.normal(size=(2, 20))
    assert (out @ directions <= (V @ directions).max(0) + 1e-12).all()


def test_the_order_of_the_store_does_not_matter() -> None:
    q, K, V = np.random.normal(size=4), np.random.normal(size=(5, 4)), np.random.normal(size=(5, 3))
    order = np.array([3, 0, 4, 1, 2])
    out, w = soft_lookup(q, K, V)
    assert_close(soft_lookup(q, K[order], V[order]), (out, w[order]))
    assert_close(hard_lookup(q, K[order], V[order]), hard_lookup(q, K, V))


@pytest.mark.parametrize("scores", [[1.0, 3.0, 2.0], [-2.0, -7.0, -1.5, -4.0], [5.0, -9.0]])
def test_the_hard_lookup_reads_the_best_key_alone(scores: list[float]) -> None:
    q, V = np.random.normal(size=5), np.random.normal(size=(len(scores), 3))
    best = scores.index(max(scores))
    assert_close(hard_lookup(q, keys_with(scores, q), V), V[best])


@pytest.mark.parametrize("scores", [[0.3, 1.0, 0.9], [-0.5, -0.9, -0.7, -0.8], [1.0]])
def test_a_huge_beta_gives_the_hard_lookup(scores: list[float]) -> None:
    q, V = np.random.normal(size=5), np.random.normal(size=(len(scores), 3))
    best = scores.index(max(scores))
    one_hot = (np.arange(len(scores)) == best).astype(float)
    assert_close(soft_lookup(q, keys_with(scores, q), V, 1e6), (V[best], one_hot))


@pytest.mark.parametrize("offset", [1e4, -1e4])
def test_only_differences_of_scores_matter(offset: float) -> None:
    q, V = np.array([1.0, 0.0]), np.random.normal(size=(3, 2))
    near = np.array([[0.0, 1.0], [1.0, 2.0], [-0.5, 3.0]])
    weights = np.array(weights_by_loops(q, near, 2))
    assert_close(soft_lookup(q, near + np.array([offset, 0]), V, 2.0), (weights @ V, weights))


def test_the_first_of_equal_keys_wins() -> None:
    q, K = np.array([1.0, 0.0]), np.array([[1.0, 5.0], [2.0, 3.0], [2.0, 9.0], [0.0, 0.0], [2.0, 3.0]])
    V = np.random.normal(size=(5, 3))
    assert_close(hard_lookup(q, K, V), V[1])
    _, w = soft_lookup(q, K, V, 1e6)
    assert_close(w, np.array([0, 1, 1, 0, 1]) / 3)


@pytest.mark.parametrize("eps", [0.3, 0.1, 1e-3, 1e-9])
@pytest.mark.parametrize("scores", [[2.0, 0.5], [-1.0, 3.0, -1.0, -1.0], [4.0, 4.0, 4.0, 4.0, 4.0, 4.25]])
def test_the_beta_is_exact_where_all_losers_tie(scores: list[float], eps: float) -> None:
    q = np.random.normal(size=3)
    K = keys_with(scores, q)
    weights = weights_by_loops(q, K, beta_for_accuracy(q, K, eps))
    assert_close(sum(sorted(weights)[:-1]), eps, rtol=1e-6, atol=0)


@settings(max_examples=25)
@given(st.lists(st.integers(-20, 20), min_size=2, max_size=8, unique=True), st.floats(1e-4, 0.45))
def test_the_winner_gets_the_weight_that_was_promised(scores: list[int], eps: float) -> None:
    q, K = np.array([0.5, 0.0]), np.array([[2.0 * s, 1.0] for s in scores])
    beta = beta_for_accuracy(q, K, eps)
    assert max(weights_by_loops(q, K, beta)) >= 1 - eps - 1e-12


@settings(max_examples=25)
@given(st.lists(st.integers(-20, 20), min_size=2, max_size=8, unique=True), st.floats(1e-4, 0.45))
def test_the_beta_knows_the_store_by_its_size_and_margin_only(scores: list[int], eps: float) -> None:
    q, K = np.array([0.5, 0.0]), np.array([[2.0 * s, 1.0] for s in scores])
    *_, second, best = sorted(scores)
    worst = np.array([[2.0 * best, 0.0]] + [[2.0 * second, 0.0]] * (len(scores) - 1))
    assert_close(max(weights_by_loops(q, worst, beta_for_accuracy(q, K, eps))), 1 - eps)


@pytest.mark.parametrize(("n", "eps"), [(2, 0.5), (2, 0.7), (5, 0.8), (5, 0.95)])
def test_an_accuracy_that_the_mean_reaches_needs_no_beta(n: int, eps: float) -> None:
    K = np.array([[3.0]] + [[1.0]] * (n - 1))
    assert abs(beta_for_accuracy(np.array([1.0]), K, eps)) < 1e-12


def test_one_key_alone_needs_no_beta() -> None:
    assert beta_for_accuracy(np.array([1.0, 2.0]), np.array([[0.5, -3.0]]), 0.01) == 0


@pytest.mark.parametrize("eps", [0.1, 0.9])
@pytest.mark.parametrize("second", [[2.0, 3.0], [2.0, 5.0]])
def test_two_winners_cannot_be_told_apart(second: list[float], eps: float) -> None:
    K = np.array([[2.0, 3.0], [1.0, 0.0], second])
    with pytest.raises(ValueError):
        beta_for_accuracy(np.array([1.0, 0.0]), K, eps)


@pytest.mark.parametrize("eps", [0.0, 1.0, -0.1, 1.5])
@pytest.mark.parametrize("keys", [[[3.0], [1.0]], [[3.0]]])
def test_eps_lies_strictly_between_zero_and_one(eps: float, keys: list[list[float]]) -> None:
    with pytest.raises(ValueError):
        beta_for_accuracy(np.array([1.0]), np.array(keys), eps)


def test_float32_stays_float32() -> None:
    q, K, V = (np.random.normal(size=shape).astype(np.float32) for shape in [(4,), (5, 4), (5, 3)])
    weights = np.array(weights_by_loops(q, K, 0.7))
    assert_close(soft_lookup(q, K, V, 0.7), (weights @ V, weights), dtype=np.float32)
    assert hard_lookup(q, K, V).dtype == np.float32
    assert isinstance(beta_for_accuracy(q, K, 0.1), float)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    q, K, V = np.random.normal(size=4), np.random.normal(size=(5, 4)), np.random.normal(size=(5, 3))
    weights = np.array(weights_by_loops(q, K, 1))
    beta = beta_for_accuracy(q, K, 0.1)
    for (_, keys), (_, values) in zip(layouts(K), layouts(V), strict=True):
        with assert_unchanged(q, keys, values):
            assert_close(soft_lookup(q, keys, values), (weights @ V, weights))
            assert_close(hard_lookup(q, keys, values), V[weights.argmax()])
            assert_close(beta_for_accuracy(q, keys, 0.1), beta)
