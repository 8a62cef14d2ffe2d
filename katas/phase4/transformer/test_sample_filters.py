import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.statistics import assert_distribution
from katas.phase4.transformer.sample_filters import apply_temperature, min_p, sample, top_k, top_p

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/mlp/stable_softmax_ce",),
    forbids={
        "torch": "sort, add up and compare with numpy",
        "scipy": "subtract the largest logit and call np.exp",
    },
)
INF = math.inf

# Few different values, so that ties are the rule, and tokens that are ruled out.
tied = st.lists(st.sampled_from([-INF, -2.0, -1.0, 0.0, 0.5, 3.0]), min_size=1, max_size=9).filter(
    lambda row: max(row) > -INF
)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def softmax(row: list[float]) -> list[float]:
    weights = [math.exp(x - max(row)) for x in row]
    return [w / math.fsum(weights) for w in weights]


def from_the_largest(row: list[float]) -> list[int]:
    return sorted(range(len(row)), key=lambda i: (-row[i], i))


def assert_keeps(result: np.ndarray, row: list[float], ids: list[int]) -> None:
    """The logits of `ids`, to the last bit, and -inf elsewhere."""
    __tracebackhide__ = True
    expected = [x if i in ids else -INF for i, x in enumerate(row)]
    assert isinstance(result, np.ndarray)
    assert result.tolist() == expected, f"{result.tolist()} from {row}, expected {expected}"


@pytest.mark.parametrize("tau", [0.25, 1.0, 2.0, 50.0])
def test_the_temperature_divides(tau: float) -> None:
    row = np.array([1.0, -2.0, 0.5, -INF])
    assert_close(apply_temperature(row, tau), np.array([1 / tau, -2 / tau, 0.5 / tau, -INF]))


def test_at_temperature_zero_the_first_of_the_largest_is_left() -> None:
    assert apply_temperature(np.array([1.0, 3.0, 3.0, -INF]), 0).tolist() == [-INF, 0, -INF, -INF]
    assert apply_temperature(np.array([-5.0]), 0.0).tolist() == [0]


def test_top_k_keeps_the_k_largest() -> None:
    row = [0.1, 3.0, -1.0, 2.0]
    assert_keeps(top_k(np.array(row), 1), row, [1])
    assert_keeps(top_k(np.array(row), 2), row, [1, 3])
    assert_keeps(top_k(np.array(row), 3), row, [0, 1, 3])


@given(row=tied, k=st.integers(1, 11))
def test_top_k_agrees_with_sorting(row: list[float], k: int) -> None:
    assert_keeps(top_k(np.array(row), k), row, from_the_largest(row)[:k])


def test_the_nucleus_ends_with_the_token_that_reaches_the_mass() -> None:
    p = [0.1, 0.5, 0.15, 0.25]
    row = np.log(p).tolist()
    for mass, ids in (
        (1e-6, [1]),
        (0.49, [1]),
        (0.51, [1, 3]),
        (0.74, [1, 3]),
        (0.76, [1, 2, 3]),
        (0.95, [0, 1, 2, 3]),
    ):
        assert_keeps(top_p(np.array(row), mass), row, ids)


@given(row=tied, mass=st.floats(1e-3, 1, exclude_max=True))
def test_the_nucleus_is_the_smallest_that_holds_the_mass(row: list[float], mass: float) -> None:
    p, order = softmax(row), from_the_largest(row)
    sums = [math.fsum(p[i] for i in order[:n]) for n in range(1, len(row) + 1)]
    assume(all(abs(total - mass) > 1e-9 for total in sums))
    size = next(n for n, total in enumerate(sums, 1) if total >= mass)
    assert_keeps(top_p(np.array(row), mass), row, order[:size])


@given(row=tied)
def test_a_mass_of_one_keeps_everything(row: list[float]) -> None:
    assert_keeps(top_p(np.array(row), 1), row, list(range(len(row))))


def test_a_mass_of_one_keeps_even_what_is_lost_in_rounding() -> None:
    row = [-50.0, 0.0, -100.0, -INF]
    assert_keeps(top_p(np.array(row), 1.0), row, [0, 1, 2, 3])


def test_a_flat_distribution_of_many_tokens_keeps_its_share() -> None:
    kept = np.isfinite(top_p(np.zeros(1000), 0.3005))
    assert kept.nonzero()[0].tolist() == list(range(301))


def test_min_p_keeps_what_is_not_much_less_likely_than_the_largest() -> None:
    row = np.log([0.1, 0.5, 0.15, 0.25]).tolist()
    for share, ids in ((0.19, [0, 1, 2, 3]), (0.21, [1, 2, 3]), (0.31, [1, 3]), (0.49, [1, 3]), (0.51, [1])):
        assert_keeps(min_p(np.array(row), share), row, ids)


@given(row=tied, share=st.floats(1e-3, 1, exclude_max=True))
def test_min_p_agrees_with_the_ratio_of_probabilities(row: list[float], share: float) -> None:
    ratios = [math.exp(x - max(row)) for x in row]
    assume(all(abs(ratio - share) > 1e-9 for ratio in ratios))
    assert_keeps(min_p(np.array(row), share), row, [i for i, ratio in enumerate(ratios) if ratio > share])


@given(row=tied)
def test_min_p_at_its_ends_keeps_all_or_all_the_largest(row: list[float]) -> None:
    assert_keeps(min_p(np.array(row), 0), row, list(range(len(row))))
    assert_keeps(min_p(np.array(row), 1), row, [i for i, x in enumerate(row) if x == max(row)])


def test_draws_have_the_probabilities_of_the_softmax() -> None:
    p, rng = [0.05, 0.4, 0.0, 0.25, 0.3], np.random.default_rng(0)
    row = np.array([math.log(one) + 7 if one else -INF for one in p])
    counts = np.bincount([sample(row, rng) for _ in range(4000)], minlength=5)
    assert_distribution(counts, p)


def test_draws_follow_the_generator() -> None:
    row = np.zeros(1000)
    one, other = ([sample(row, np.random.default_rng(seed)) for _ in range(2)] for seed in (1, 2))
    assert one[0] == one[1]
    assert one != other
    assert type(one[0]) is int
    rng = np.random.default_rng(3)
    assert len({sample(row, rng) for _ in range(20)}) > 10


def test_a_token_alone_is_always_drawn() -> None:
    rng = np.random.default_rng(0)
    assert {sample(np.array([-INF, 1e4, -INF]), rng) for _ in range(20)} == {1}


def test_filters_come_one_after_another() -> None:
    row = np.log([0.1, 0.5, 0.15, 0.25])
    kept = min_p(top_p(top_k(row, 3), 0.8), 0.1)  # of 0.9 the first two hold 0.83
    assert_keeps(kept, row.tolist(), [1, 3])


@pytest.mark.parametrize("sign", [1, -1])
def test_logits_of_any_size_will_do(sign: int) -> None:
    row = [1e4 * sign, 9.9e3 * sign, -1e4 * sign]
    best = from_the_largest(row)[:1]
    assert_keeps(top_p(np.array(row), 0.9), row, best)
    assert_keeps(min_p(np.array(row), 0.5), row, best)
    assert sample(np.array(row), np.random.default_rng(0)) == best[0]
    hot = apply_temperature(np.array(row), 1e-3)
    assert_close(hot, 1000 * np.array(row))
    assert_keeps(top_p(hot, 0.9), hot.tolist(), best)


@pytest.mark.parametrize(
    ("function", "values"),
    [(apply_temperature, [-0.5, -1]), (top_k, [0, -1]), (top_p, [0, -0.1, 1.01]), (min_p, [-0.1, 1.01])],
)
def test_what_makes_no_sense_is_a_value_error(function: Callable, values: list[float]) -> None:
    for value in values:
        with pytest.raises(ValueError):
            function(np.array([0.0, 1.0]), value)


@pytest.mark.parametrize(
    ("function", "value"),
    [(apply_temperature, 0.7), (apply_temperature, 0), (top_k, 2), (top_p, 0.6), (top_p, 1), (min_p, 0.3)],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_dtype_is_kept_and_inputs_stay_unchanged(function: Callable, value: float, dtype: type) -> None:
    row = np.array([0.3, -1.0, 1.5, -INF, 1.0], dtype)
    expected = function(row.copy(), value)
    for _, given_row in layouts(row):
        with assert_unchanged(given_row):
            result = function(given_row, value)
            assert result.dtype == dtype
            assert result.tolist() == expected.tolist()
            result[:] = 0  # an array of its own
