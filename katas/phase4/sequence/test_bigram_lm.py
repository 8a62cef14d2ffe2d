import itertools
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from katas.phase4.sequence.bigram_lm import entropy_rate, fit_bigram, nll, stationary

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "torch": "counting, indexing and one linear system in numpy are all it takes",
        "jax": "counting, indexing and one linear system in numpy are all it takes",
    },
)

TEXT = [0, 1, 0, 2, 0, 1, 1, 1, 0, 1, 2]  # nothing follows 3
IRREGULAR = np.array([[0.1, 0.6, 0.3], [0.5, 0.0, 0.5], [0.0, 0.9, 0.1]])


def random_chain(V: int) -> np.ndarray:
    return np.random.dirichlet(np.full(V, 0.7), size=V)


def walk(P: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """Texts by the chain P, one a row; (rows, length)."""
    cumulative, texts = P.cumsum(1), [first]
    for _ in range(length - 1):
        u = np.random.random((len(first), 1)) * cumulative[texts[-1], -1:]
        texts.append((cumulative[texts[-1]] <= u).sum(1))
    return np.stack(texts, axis=1)


# Counting ------------------------------------------------------------------------------------------------


def test_without_smoothing_the_table_holds_fractions_of_counts() -> None:
    """In TEXT, 0 is followed by 1, 2, 1, 1; 1 by 0, 1, 1, 0, 2; and 2 by 0."""
    expected = [[0, 3 / 4, 1 / 4], [2 / 5, 2 / 5, 1 / 5], [1, 0, 0]]
    assert_close(fit_bigram(TEXT, 3, 0.0), np.array(expected))


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 10.0])
@pytest.mark.parametrize("V", [1, 2, 7])
def test_the_table_is_that_of_a_count_by_hand(V: int, alpha: float) -> None:
    ids = np.random.randint(V, size=60).tolist()
    counts = [[sum(pair == (i, j) for pair in itertools.pairwise(ids)) for j in range(V)] for i in range(V)]
    a = Fraction(alpha)
    expected = [
        [float((c + a) / (sum(row) + V * a)) if sum(row) + a else 1 / V for c in row] for row in counts
    ]
    assert_close(fit_bigram(ids, V, alpha), np.array(expected))


@pytest.mark.parametrize("alpha", [0.0, 0.01, 2.0])
def test_a_word_that_nothing_follows_has_a_uniform_row(alpha: float) -> None:
    P = fit_bigram([*TEXT, 3], 5, alpha)
    assert_close(P[3:], np.full((2, 5), 0.2))


def test_smoothing_is_a_pull_towards_uniform() -> None:
    plain, mild, strong = (fit_bigram(TEXT, 3, alpha) for alpha in (0.0, 1.0, 1e9))
    counts = np.array([[4.0], [5.0], [1.0]])
    assert_close(mild, (counts * plain + 3 * (1 / 3)) / (counts + 3))
    assert_close(strong, np.full((3, 3), 1 / 3), atol=1e-6)


@pytest.mark.parametrize("ids", [[], [1]])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_text_without_pairs_gives_a_uniform_table(ids: list[int], alpha: float) -> None:
    assert_close(fit_bigram(ids, 2, alpha), np.full((2, 2), 0.5))


# The loss ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("V", [1, 2, 10])
def test_knowing_nothing_costs_the_log_of_all_words(V: int) -> None:
    ids = np.random.randint(V, size=20).tolist()
    assert_close(nll(np.full((V, V), 1 / V), ids), math.log(V), atol=1e-12)


def test_the_loss_is_the_mean_over_the_transitions() -> None:
    """1 -> 2 -> 1 -> 0 in IRREGULAR: 0.5, 0.9 and 0.5."""
    assert_close(nll(IRREGULAR, [1, 2, 1, 0]), -(2 * math.log(0.5) + math.log(0.9)) / 3)
    assert_close(nll(IRREGULAR, [0, 1]), -math.log(0.6))


def test_the_loss_is_that_of_a_loop() -> None:
    P, ids = random_chain(6), np.random.randint(6, size=50).tolist()
    costs = [-math.log(P[i, j]) for i, j in itertools.pairwise(ids)]
    assert_close(nll(P, ids), math.fsum(costs) / 49)


@pytest.mark.parametrize("ids", [[1, 1], [0, 1, 2, 0], [2, 0, 1]])
def test_what_cannot_happen_and_does_costs_everything(ids: list[int]) -> None:
    assert nll(IRREGULAR, ids) == math.inf


def test_counting_minimises_the_loss() -> None:
    ids = walk(random_chain(4), np.zeros(1, int), 300)[0].tolist()
    P = fit_bigram(ids, 4, 0.0)
    best = nll(P, ids)
    for _ in range(100):
        other = np.stack([np.random.dirichlet(0.5 + 50 * row) for row in P])
        assert nll(other, ids) > best


# The stationary law --------------------------------------------------------------------------------------


@pytest.mark.parametrize("V", [1, 2, 5, 30])
def test_the_chain_leaves_its_stationary_law_as_it_is(V: int) -> None:
    P = random_chain(V)
    pi = stationary(P)
    assert_close(pi @ P, pi, atol=1e-12)
    assert_close(pi.sum(), 1.0)
    assert (pi >= -1e-12).all()


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (0.9, 0.2), (1.0, 0.5), (1e-4, 3e-4), (2e-7, 1e-7)])
def test_two_words_are_as_frequent_as_they_are_hard_to_leave(a: float, b: float) -> None:
    """From 0 to 1 with probability a, back with b; the last two chains stay where they are for very long."""
    pi = stationary(np.array([[1 - a, a], [b, 1 - b]]))
    assert_close(pi, np.array([b, a]) / (a + b), rtol=1e-6)


def test_a_ring_is_everywhere_equally_often() -> None:
    assert_close(stationary(np.roll(np.eye(5), 1, axis=1)), np.full(5, 0.2))


def test_a_chain_with_a_period_has_a_stationary_law() -> None:
    """A noun (0, 1) and a verb (2, 3, 4) in turns: each kind has half of the text."""
    P = np.zeros((5, 5))
    P[:2, 2:] = [[0.2, 0.3, 0.5], [0.6, 0.4, 0.0]]
    P[2:, :2] = [[0.1, 0.9], [0.5, 0.5], [1.0, 0.0]]
    pi = stationary(P)
    assert_close(pi @ P, pi)
    assert_close([pi[:2].sum(), pi[2:].sum()], [0.5, 0.5])


def test_a_long_text_has_its_words_in_the_stationary_shares() -> None:
    text = walk(IRREGULAR, np.zeros(300, int), 300)[:, 100:]
    shares = np.bincount(text.ravel(), minlength=3) / text.size
    assert_close(stationary(IRREGULAR), shares, atol=0.015)


# The floor -----------------------------------------------------------------------------------------------


def test_where_the_last_word_says_nothing_the_floor_is_the_entropy_of_a_word() -> None:
    p = np.array([0.5, 0.25, 0.125, 0.125])
    assert_close(entropy_rate(np.tile(p, (4, 1))), 1.75 * math.log(2))


@pytest.mark.parametrize("V", [1, 2, 10])
def test_the_floor_of_pure_chance_is_the_log_of_all_words(V: int) -> None:
    assert_close(entropy_rate(np.full((V, V), 1 / V)), math.log(V), atol=1e-12)


def test_what_is_certain_costs_nothing() -> None:
    assert_close(entropy_rate(np.roll(np.eye(4), 1, axis=1)), 0.0, atol=1e-12)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (0.9, 0.2), (1.0, 0.5), (1e-4, 3e-4)])
def test_rows_count_as_often_as_the_text_comes_by(a: float, b: float) -> None:
    def entropy(p: float) -> float:
        return -p * math.log(p) - (1 - p) * math.log1p(-p) if p < 1 else 0.0

    expected = (b * entropy(a) + a * entropy(b)) / (a + b)
    assert_close(entropy_rate(np.array([[1 - a, a], [b, 1 - b]])), expected, rtol=1e-7)


@pytest.mark.parametrize("P", [IRREGULAR, None])
def test_on_its_own_source_the_right_table_pays_the_floor(P: np.ndarray | None) -> None:
    """500 texts that begin in the stationary law: their mean loss within 5.5 standard errors (4e-8)."""
    P = random_chain(5) if P is None else P
    rows = np.linalg.matrix_power((P + np.eye(len(P))) / 2, 1 << 20)  # every row is the stationary law
    texts = walk(P, np.random.choice(len(P), size=500, p=rows[0] / rows[0].sum()), 80)
    losses = np.array([nll(P, text.tolist()) for text in texts])
    error = losses.std(ddof=1) / math.sqrt(len(losses))
    assert abs(losses.mean() - entropy_rate(P)) < 5.5 * error


def test_no_other_table_does_better_on_a_long_text() -> None:
    P = random_chain(4)
    text = walk(P, np.zeros(1, int), 8000)[0].tolist()
    floor = nll(P, text)
    for mixed in (0.3, 0.7, 1.0):
        assert nll((1 - mixed) * P + mixed / 4, text) > floor
    assert abs(nll(fit_bigram(text, 4, 1.0), text) - floor) < 0.01


# Rules ---------------------------------------------------------------------------------------------------


def test_the_inputs_are_not_changed() -> None:
    P, ids = IRREGULAR.copy(), list(TEXT)
    with assert_unchanged(P, ids):
        fit_bigram(ids, 3, 0.5)
        nll(P, ids)
        stationary(P)
        entropy_rate(P)


def test_zeros_give_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        P = fit_bigram([*TEXT, 3], 4, 0.0)
        assert nll(P, [3, 0, 0]) == math.inf
        entropy_rate(IRREGULAR)


@pytest.mark.parametrize("ids", [[0, 3], [3, 0], [0, -1, 0], [5]])
def test_an_id_outside_the_vocabulary_raises(ids: list[int]) -> None:
    with pytest.raises(ValueError):
        fit_bigram(ids, 3, 1.0)


def test_a_negative_alpha_raises() -> None:
    with pytest.raises(ValueError):
        fit_bigram(TEXT, 3, -0.1)


@pytest.mark.parametrize("ids", [[], [1]])
def test_fewer_than_two_ids_have_no_loss(ids: list[int]) -> None:
    with pytest.raises(ValueError):
        nll(IRREGULAR, ids)
