import itertools
import math
import warnings

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase6.alignment.bradley_terry import fit, nll, nll_grad, win_prob

KATA = Kata(
    difficulty=2,
    minutes=35,
    forbids={
        "scipy": "write the sigmoid and the iteration yourself",
        "sklearn": "write the likelihood and its fit yourself",
        "statsmodels": "write the likelihood and its fit yourself",
        "torch": "derive the gradient and write it down with numpy",
        "jax": "derive the gradient and write it down with numpy",
    },
)

CYCLE = [[0, 5, 0, 2], [1, 0, 7, 0], [0, 3, 0, 1], [4, 0, 2, 0]]
CHAIN = [[0, 3, 0, 0, 0], [1, 0, 2, 0, 0], [0, 5, 0, 1, 0], [0, 0, 1, 0, 4], [0, 0, 0, 9, 0]]
CAMPS = [[0, 4, 0, 0], [2, 0, 1, 0], [0, 1, 0, 1], [0, 0, 5, 0]]
ONE_WAY = [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(n: int, low: int = 1) -> np.ndarray:
    """Votes in which every pair met, or nearly so."""
    return np.random.randint(low, 20, size=(n, n)) * (1 - np.eye(n, dtype=np.int64))


def by_loops(r: np.ndarray, wins: np.ndarray) -> float:
    pairs = np.ndindex(*wins.shape)
    return math.fsum(int(wins[i, j]) * math.log1p(math.exp(r[j] - r[i])) for i, j in pairs)


def expected_wins(r: np.ndarray, wins: np.ndarray) -> np.ndarray:
    """How many of its votes each item would win on average, by its score."""
    n = len(wins)
    chance = [[1 / (1 + math.exp(r[j] - r[i])) for j in range(n)] for i in range(n)]
    return np.array([sum((wins[i, j] + wins[j, i]) * chance[i][j] for j in range(n)) for i in range(n)])


def has_scores(wins: np.ndarray) -> bool:
    """However the items are split into two groups, each has beaten someone of the other."""
    n = len(wins)
    groups = [list(g) for size in range(1, n) for g in itertools.combinations(range(n), size)]
    return all(wins[np.ix_(group, [i for i in range(n) if i not in group])].any() for group in groups)


def test_equal_scores_make_a_coin_toss() -> None:
    assert_close(win_prob(1.5, 1.5), 0.5)
    assert win_prob(1.0, 0.0) > 0.7 > 0.3 > win_prob(0.0, 1.0)


def test_one_of_the_two_wins() -> None:
    a, b = np.random.normal(size=(2, 50)) * 3
    assert_close(win_prob(a, b) + win_prob(b, a), np.ones(50))


def test_odds_multiply_along_a_chain() -> None:
    a, b, c = np.random.normal(size=(3, 50))
    (ab, bc, ac) = (p / (1 - p) for p in (win_prob(a, b), win_prob(b, c), win_prob(a, c)))
    assert_close(ab * bc, ac)


def test_a_score_ahead_by_log_three_wins_three_of_four() -> None:
    assert_close(win_prob(2 + math.log(3), 2.0), 0.75)


def test_scores_broadcast_to_a_table_of_chances() -> None:
    r = np.random.normal(size=4)
    table = np.array([[1 / (1 + math.exp(b - a)) for b in r] for a in r])
    assert_close(win_prob(r[:, None], r), table)
    assert_close(win_prob(0.5, r), 1 / (1 + np.exp(r - 0.5)))


@pytest.mark.parametrize("gap", [1.0, 20.0, 40.0, 300.0, 700.0])
def test_an_underdog_keeps_a_tiny_chance(gap: float) -> None:
    chances = win_prob(np.array([0.0, gap]), np.array([gap, 0.0]))
    assert_close(chances, np.array([1 / (1 + math.exp(gap)), 1 / (1 + math.exp(-gap))]), atol=0)


def test_chances_stay_numbers_however_far_apart_the_scores_are() -> None:
    assert_close(win_prob(np.array([1e3, -1e3, 1e6]), np.array([-1e3, 1e3, 0.0])), np.array([1.0, 0.0, 1.0]))
    assert_close(win_prob(-1e3, 1e3), 0.0)


def test_votes_among_equals_cost_log_two_each() -> None:
    wins = draw(5, 0)
    assert_close(nll(np.full(5, 0.7), wins), math.log(2) * wins.sum())


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_likelihood_is_a_product_over_all_votes(n: int) -> None:
    r, wins = 2 * np.random.normal(size=n), draw(n, 0)
    assert_close(nll(r, wins), by_loops(r, wins))
    assert isinstance(nll(r, wins), float)


def test_adding_a_constant_to_all_scores_changes_nothing() -> None:
    r, wins = np.random.normal(size=4), draw(4)
    assert_close(nll(r + 17, wins), by_loops(r, wins))
    assert_close(nll_grad(r + 17, wins), nll_grad(r, wins))


def test_a_hopeless_surprise_costs_the_gap_and_no_more() -> None:
    r, wins = np.array([1e3, -1e3, 0.0]), np.array([[0, 3, 1], [2, 0, 0], [5, 4, 0]])
    assert_close(nll(r, wins), 2 * 2e3 + 5 * 1e3)
    assert_close(nll_grad(r, wins), np.array([7.0, -2.0, -5.0]))


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_gradient_agrees_with_finite_differences(n: int) -> None:
    wins = draw(n, 0)
    wins[0, 1] = 3  # not all are 0
    r = np.random.normal(size=n)
    assert_gradients(lambda r: by_loops(r, wins), [r], [nll_grad(r, wins)], names=["r"])


def test_the_gradient_sums_to_zero() -> None:
    assert_close(nll_grad(np.random.normal(size=6), draw(6)).sum(), 0.0, atol=1e-9)


def test_the_gradient_is_wins_expected_minus_wins_observed() -> None:
    r, wins = np.random.normal(size=5), draw(5, 0)
    assert_close(nll_grad(r, wins), expected_wins(r, wins) - wins.sum(1))


@pytest.mark.parametrize(("a", "b"), [(1, 1), (3, 1), (2, 7), (999, 1)])
def test_two_items_are_the_log_odds_apart(a: int, b: int) -> None:
    half = math.log(a / b) / 2
    assert_close(fit(np.array([[0, a], [b, 0]])), np.array([half, -half]), atol=1e-6)


@pytest.mark.parametrize("n", [3, 7, 12])
def test_at_the_fit_every_item_wins_as_often_as_expected(n: int) -> None:
    wins = draw(n)
    r = fit(wins)
    assert_close(r.mean(), 0.0, atol=1e-9, name="mean of the scores")
    assert_close(expected_wins(r, wins), wins.sum(1).astype(float), rtol=0, atol=1e-6, name="expected wins")


@pytest.mark.parametrize("wins", [CYCLE, CHAIN, CAMPS, ONE_WAY], ids=["cycle", "chain", "camps", "one way"])
def test_not_every_pair_has_to_meet(wins: list[list[int]]) -> None:
    r, votes = fit(np.array(wins)), np.array(wins)
    assert_close(r.mean(), 0.0, atol=1e-9, name="mean of the scores")
    assert_close(expected_wins(r, votes), votes.sum(1).astype(float), rtol=0, atol=1e-6, name="expected wins")


def test_no_other_scores_fit_better() -> None:
    wins = draw(5)
    r = fit(wins)
    best = by_loops(r, wins)
    for scale in (0.01, 0.1, 1.0):
        for step in scale * np.random.normal(size=(20, 5)):
            assert by_loops(r + step - step.mean(), wins) > best


def test_it_counts_whom_an_item_has_beaten() -> None:
    """The second and the third won half their votes, one against the best and one against the worst."""
    r = fit(np.array([[0, 6, 0, 8], [6, 0, 0, 0], [0, 0, 0, 6], [1, 0, 6, 0]]))
    assert_close(np.array([r[1] - r[0], r[2] - r[3]]), np.zeros(2), atol=1e-6)
    assert r[1] - r[2] > 1


def test_neither_names_nor_the_number_of_rounds_matter() -> None:
    wins, order = draw(6), np.random.permutation(6)
    r = fit(wins)
    assert_close(
        fit(wins[np.ix_(order, order)]), r[order], atol=1e-6, name="scores of items in another order"
    )
    assert_close(fit(3 * wins), r, atol=1e-6, name="scores from each vote three times")
    assert_close(fit(wins.T), -r, atol=1e-6, name="scores from votes for the worse")


def test_true_scores_are_found_again_from_votes() -> None:
    """Within 5.5 standard errors, from the Fisher information: 6 scores are missed once in 4 million runs."""
    r = np.array([-1.5, -0.5, 0.0, 0.2, 0.6, 1.2])
    games = 1 - np.eye(6, dtype=np.int64)
    games = np.triu(games) * np.array([500, 1000, 2000, 300, 2500, 1200])  # 21,900 votes
    first = np.random.binomial(games, 1 / (1 + np.exp(r - r[:, None])))
    wins = first + (games - first).T
    p = 1 / (1 + np.exp(r - r[:, None]))
    weights = (games + games.T) * p * (1 - p)
    errors = np.sqrt(np.diag(np.linalg.pinv(np.diag(weights.sum(1)) - weights)))
    assert (np.abs(fit(wins) - r) < 5.5 * errors).all(), f"{fit(wins)}, expected {r} +- {errors}"


def test_of_all_results_among_three_those_that_go_round_have_scores() -> None:
    for won in itertools.product([0, 2], repeat=6):
        wins = np.zeros((3, 3), np.int64)
        wins[~np.eye(3, dtype=bool)] = won
        if has_scores(wins):
            assert np.isfinite(fit(wins)).all()
        else:
            with pytest.raises(ValueError):
                fit(wins)


def test_of_results_among_five_those_that_go_round_have_scores() -> None:
    drawn = [
        (np.random.random((5, 5)) < 0.45).astype(np.int64) * (1 - np.eye(5, dtype=int)) for _ in range(80)
    ]
    assert 5 < sum(map(has_scores, drawn)) < 75, "about half of them have scores"
    for wins in drawn:
        if has_scores(wins):
            assert np.isfinite(fit(wins, 2)).all()
        else:
            with pytest.raises(ValueError):
                fit(wins, 2)


@pytest.mark.parametrize(
    "wins",
    [
        [[0, 3], [0, 0]],
        [[0, 0], [0, 0]],
        [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]],
        [[0, 1, 9, 0], [1, 0, 0, 2], [0, 0, 0, 1], [0, 0, 1, 0]],
        [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 0], [5, 5, 5, 0]],
        [[0, 1, 1, 5], [1, 0, 1, 5], [1, 1, 0, 5], [0, 0, 0, 0]],
    ],
    ids=["unbeaten", "no votes", "two groups", "a better group", "one above all", "one below all"],
)
def test_without_a_way_round_there_are_no_scores(wins: list[list[int]]) -> None:
    with pytest.raises(ValueError):
        fit(np.array(wins))


def test_a_long_way_round_will_do() -> None:
    wins = np.roll(np.eye(12, dtype=np.int64), 1, axis=1)  # each has beaten the next, and the last the first
    assert_close(fit(wins), np.zeros(12), atol=1e-6)


@pytest.mark.parametrize("shape", [(1,), (2,), (4,), (3, 1), (1, 3), ()])
def test_scores_of_another_number_than_items_raise(shape: tuple[int, ...]) -> None:
    for function in (nll, nll_grad):
        with pytest.raises(ValueError):
            function(np.zeros(shape), draw(3))


@pytest.mark.parametrize("wins", [np.ones((3, 2), int), np.ones((1, 3), int), np.ones(3, int)])
def test_votes_that_are_no_table_of_pairs_raise(wins: np.ndarray) -> None:
    for function in (lambda w: nll(np.zeros(3), w), lambda w: nll_grad(np.zeros(3), w), fit):
        with pytest.raises(ValueError):
            function(wins)


def test_a_single_negative_count_raises() -> None:
    wins = np.array([[0, 4, 2], [3, 0, -1], [2, 6, 0]])
    for function in (lambda w: nll(np.zeros(3), w), lambda w: nll_grad(np.zeros(3), w), fit):
        with pytest.raises(ValueError):
            function(wins)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    scores, votes = np.random.normal(size=4), draw(4)
    best = fit(votes)
    for (_, r), (_, wins) in itertools.product(layouts(scores), layouts(votes)):
        with assert_unchanged(r, wins):
            assert_close(nll(r, wins), by_loops(r, wins))
            assert_close(nll_grad(r, wins), expected_wins(r, wins) - wins.sum(1))
    for _, wins in layouts(votes):
        with assert_unchanged(wins):
            assert_close(fit(wins), best, atol=1e-6)
