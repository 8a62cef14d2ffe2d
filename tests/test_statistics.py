import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from aire_katas.checks.statistics import (
    assert_cdf,
    assert_distribution,
    assert_mean,
    assert_proportion,
    assert_variance,
)

Check = Callable[..., None]
LOTS = np.linspace(-1, 1, 2000)


def fails(check: Check, *args: Any, **options: Any) -> bool:
    try:
        check(*args, **options)
    except AssertionError:
        return True
    return False


def message(check: Check, *args: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        check(*args, **options)
    return str(caught.value)


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# The stated rate is the rate -------------------------------------------------------------------------------


def test_the_mean_of_normal_samples_fails_at_the_stated_rate() -> None:
    samples = draws().normal(3, 2, (4000, 100))
    share = np.mean([fails(assert_mean, row, 3, std=2, false_alarm=0.05) for row in samples])
    assert abs(share - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000)


def test_many_entries_share_one_rate() -> None:
    samples = draws().normal(0, 1, (2000, 100, 2, 5))
    share = np.mean([fails(assert_mean, one, np.zeros((2, 5)), std=1, false_alarm=0.1) for one in samples])
    exact = 1 - 0.99**10  # Bonferroni gives away a little: 0.0956
    assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


@pytest.mark.parametrize(
    ("law", "kurtosis"),
    [("standard_normal", 3.0), ("random", 1.8), ("standard_exponential", 9.0)],
)
def test_the_variance_fails_at_the_stated_rate(law: str, kurtosis: float) -> None:
    samples = getattr(draws(), law)((2000, 1000))
    variance = 1 / 12 if law == "random" else 1.0
    share = np.mean(
        [fails(assert_variance, row, variance, kurtosis=kurtosis, false_alarm=0.05) for row in samples]
    )
    assert abs(share - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 2000)


def test_counts_in_cells_fail_at_the_stated_rate() -> None:
    p = np.array([0.1, 0.2, 0.3, 0.4])
    counts = draws().multinomial(500, p, size=2000)
    share = np.mean([fails(assert_distribution, row, p, false_alarm=0.05) for row in counts])
    assert abs(share - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_distribution_function_fails_no_more_often_than_stated() -> None:
    samples = draws().random((2000, 200))
    share = np.mean([fails(assert_cdf, row, uniform_cdf, false_alarm=0.1) for row in samples])
    exact = stats.kstwo(200).sf(math.sqrt(math.log(2 / 0.1) / 400))
    assert exact < 0.1
    assert abs(share - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


def test_the_distribution_function_of_a_law_with_jumps_fails_no_more_often_than_stated() -> None:
    samples = draws().binomial(4, 0.5, (2000, 200))
    share = np.mean([fails(assert_cdf, row, binomial_cdf, false_alarm=0.1) for row in samples])
    assert 0.005 < share <= 0.1


@pytest.mark.parametrize(("n", "p"), [(50, 0.5), (200, 0.03), (300, 0.9)])
@pytest.mark.parametrize("false_alarm", [0.05, 1e-6])
def test_the_proportion_never_exceeds_its_rate(n: int, p: float, false_alarm: float) -> None:
    """Summed over every count, without any sampling; and no count that could be refused is let through."""
    refused = [k for k in range(n + 1) if fails(assert_proportion, k, n, p, false_alarm=false_alarm)]
    assert stats.binom.pmf(refused, n, p).sum() <= false_alarm
    k = np.arange(n + 1)
    tail = np.minimum(stats.binom.cdf(k, n, p), stats.binom.sf(k - 1, n, p))
    assert refused == list(k[2 * tail < false_alarm])


@pytest.mark.parametrize(("rarest", "excess"), [(20, 12), (50, 4), (200, 2)])
def test_the_chi_square_tail_is_off_by_no_more_than_the_docstring_says(rarest: int, excess: float) -> None:
    """Two cells, whose law is binomial: the exact rate at 1e-6, summed over the counts that are refused."""
    n = 20_000
    p = np.array([rarest / n, 1 - rarest / n])
    near = range(max(0, rarest - 100), rarest + 140)
    refused = [k for k in near if fails(assert_distribution, [k, n - k], p)]
    rate = stats.binom.pmf(refused, n, p[0]).sum() / 1e-6
    assert excess * 0.8 < rate < excess * 1.1


def uniform_cdf(x: np.ndarray) -> np.ndarray:
    return np.clip(x, 0, 1)


def binomial_cdf(x: np.ndarray) -> np.ndarray:
    return np.array([0, 1, 5, 11, 15, 16])[np.clip(np.floor(x) + 1, 0, 5).astype(int)] / 16


# A small shift is seen -------------------------------------------------------------------------------------


def test_a_mean_ten_standard_errors_off_is_seen() -> None:
    samples = draws().normal(0.1, 1, 10_000)
    assert message(assert_mean, samples, 0, std=1, name="noise").splitlines() == [
        f"noise is {samples.mean():.6g} over 10000 samples, expected 0",
        f"  {samples.mean() * 100:.1f} standard errors above; p-value "
        f"{2 * stats.norm.sf(samples.mean() * 100):.2g}",
        "  a right solution fails here about once in 1,000,000 runs",
    ]


def test_the_worst_entry_is_named_and_the_likeness_told() -> None:
    wanted = np.array([[1.0, 2.0], [3.0, 4.0]])
    samples = draws().normal(wanted.T, 1, (10_000, 2, 2))
    text = message(assert_mean, samples, wanted, std=1)
    assert text.startswith(("mean at [0, 1] is 2.9", "mean at [0, 1] is 3.0", "mean at [1, 0] is"))
    assert "the worst of 4 entries" in text
    assert text.endswith("it looks transposed: swap the last two axes")


def test_a_mean_too_low_is_said_to_be_below() -> None:
    assert "10.0 standard errors below; p-value 1.5e-23" in message(assert_mean, np.zeros(100), 1.0, std=1)


def test_a_likeness_is_told_within_three_standard_errors() -> None:
    def rows(*means: float) -> np.ndarray:
        return np.tile(means, (100, 1))

    told = message(assert_mean, rows(4.02, 3, 2, 1), [1, 2, 3, 4], std=0.1)
    assert told.endswith("it looks reversed along axis 0")
    assert "looks" not in message(assert_mean, rows(4.04, 3, 2, 1), [1, 2, 3, 4], std=0.1)


def test_a_likeness_that_noise_could_feign_is_not_told() -> None:
    """2.9 standard errors above zero is 2.9 away from its own negative, too."""
    text = message(assert_mean, np.full(100, 0.029), 0.0, std=0.1, false_alarm=0.05)
    assert "looks" not in text


def test_dividing_by_the_wrong_variance_is_seen() -> None:
    samples = draws().normal(0, math.sqrt(1.15), 20_000)
    text = message(assert_variance, samples, 1.0)
    assert text.startswith("variance is 1.1")
    assert "standard errors above; p-value" in text


def test_the_kurtosis_sets_the_standard_error() -> None:
    samples = LOTS / LOTS.std(ddof=1) * math.sqrt(1.2)
    assert_variance(samples, 1.0, kurtosis=9.0)
    text = message(assert_variance, samples, 1.0, kurtosis=1.001)
    assert text.startswith("variance is 1.2 over 2000 samples, expected 1\n")
    error = math.sqrt((0.001 + 2 / 1999) / 2000)
    assert f"{0.2 / error:.1f} standard errors above" in text


def test_a_proportion_too_far_off_is_seen() -> None:
    assert_proportion(540, 1000, 0.5)
    text = message(assert_proportion, 580, 1000, Fraction(1, 2), name="share of heads")
    assert text.splitlines() == [
        "share of heads is 0.58 (580 of 1000), expected 0.5",
        f"  5.1 standard errors above, p-value {2 * stats.binom(1000, 0.5).sf(579):.2g}",
        "  a right solution fails here at most once in 1,000,000 runs",
    ]


def test_a_million_trials_agree_with_scipy() -> None:
    tail = stats.binom(10**6, 0.3).cdf(297_500)
    assert message(assert_proportion, 297_500, 10**6, 0.3).splitlines()[1].endswith(f"p-value {2 * tail:.2g}")


def test_a_bent_die_is_seen() -> None:
    counts = draws().multinomial(6000, [0.15, 0.15, 0.15, 0.15, 0.15, 0.25])
    text = message(assert_distribution, counts, np.full(6, 1 / 6), name="die")
    statistic = stats.chisquare(counts, np.full(6, 1000))
    assert text.splitlines() == [
        f"die at [5] has {counts[5]} of 6000 draws, expected 1000",
        f"  {(counts[5] - 1000) / math.sqrt(6000 * 5 / 36):.1f} standard errors above, the worst of 6 cells",
        f"  chi-square {statistic.statistic:.4g} with 5 degrees of freedom, p-value {statistic.pvalue:.2g}",
        "  a right solution fails here about once in 1,000,000 runs",
    ]


def test_categories_in_another_order_are_recognised() -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    text = message(assert_distribution, draws().multinomial(5000, p[::-1]), p)
    assert text.endswith("it looks reversed along axis 0")


@pytest.mark.parametrize("cells", [2, 50, 1000])
def test_the_chi_square_p_value_is_that_of_scipy(cells: int) -> None:
    counts = np.full(cells, 500)
    counts[0] += 900
    wanted = stats.chisquare(counts).pvalue
    assert f"p-value {wanted:.2g}" in message(assert_distribution, counts, np.full(cells, 1 / cells))


def test_pairs_in_a_table_are_cells_too() -> None:
    table = np.array([[500, 0], [0, 500]])
    assert "distribution at [0, 0] has 500" in message(assert_distribution, table, np.full((2, 2), 0.25))
    assert_distribution(np.full((2, 2), 250), np.full((2, 2), 0.25))


def test_a_shifted_law_leaves_the_band() -> None:
    samples = draws().random(20_000) + 0.04
    assert_cdf(samples - 0.04, uniform_cdf)
    text = message(assert_cdf, samples, uniform_cdf, name="F")
    assert text.startswith("F at ")
    assert "over 20000 samples, expected " in text
    assert "allowed 0.019; p-value " in text
    assert text.endswith("a right solution fails here at most once in 1,000,000 runs")


def test_the_gap_is_found_where_no_sample_lies() -> None:
    """F_n is right at every sample and far off just below one of them."""
    samples = np.repeat([0.5, 1.0], 5000)
    text = message(assert_cdf, samples, uniform_cdf)
    assert text.startswith("distribution function at 0.5 is 0 over 10000 samples, expected 0.5")


def test_the_largest_gap_is_that_of_scipy() -> None:
    samples = draws().random(1000) ** 1.5
    wanted = stats.kstest(samples, "uniform").statistic
    p_value = 2 * math.exp(-2 * 1000 * wanted**2)
    text = message(assert_cdf, samples, uniform_cdf)
    assert f"off by {wanted:.3g}, allowed 0.0852; p-value {p_value:.2g}\n" in text


# What is never right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nan_and_infinite_samples_fail(bad: float) -> None:
    samples = draws().normal(size=2000)
    samples[7] = bad
    wanted = ": 1 of 2000 numbers in the samples are nan or infinite"
    assert message(assert_mean, samples, 0, std=1) == f"mean{wanted}"
    assert message(assert_variance, samples, 1) == f"variance{wanted}"
    assert message(assert_cdf, samples, stats.norm.cdf) == f"distribution function{wanted}"


def test_samples_whose_sum_overflows_fail() -> None:
    with np.errstate(all="ignore"):
        assert fails(assert_mean, np.repeat([1e308, -1e308], 1000), 0, std=1)


@pytest.mark.parametrize(
    ("samples", "expected", "reason"),
    [
        (np.zeros((500, 3)), np.zeros(2), r"samples have shape (500, 3), expected (n, 2)"),
        (np.zeros((500, 1)), 0.0, r"samples have shape (500, 1), expected (n,)"),
        (0.0, 0.0, r"samples have shape (), expected (n,)"),
        (None, 0.0, "samples are a NoneType, expected an array of real numbers"),
        (np.zeros(500, complex), 0.0, "samples are a ndarray, expected an array of real numbers"),
    ],
)
def test_samples_of_another_shape_or_kind_fail(samples: Any, expected: Any, reason: str) -> None:
    assert message(assert_mean, samples, expected, std=1) == f"mean: {reason}"


def test_torch_samples_and_whole_numbers_are_welcome() -> None:
    torch.manual_seed(0)
    assert_mean(torch.randn(1000, 3), [0, 0, 0], std=1)
    assert_mean(draws().integers(0, 2, 1000), Fraction(1, 2), std=0.5)
    assert_proportion(torch.tensor(500), 1000, 0.5)


def test_a_hit_of_chance_zero_fails() -> None:
    assert_proportion(0, 10, 0)
    assert_proportion(10, 10, 1)
    assert fails(assert_proportion, 1, 10, 0)
    assert message(assert_proportion, 9, 10, 1).startswith(
        "proportion is 0.9 (9 of 10), expected 1\n  p-value"
    )


@pytest.mark.parametrize("hits", [math.nan, -1, 1001, 10.5, math.inf])
def test_hits_that_are_no_count_fail(hits: float) -> None:
    assert message(assert_proportion, hits, 1000, 0.5) == (
        f"proportion counts {hits} hits, expected a whole number from 0 to 1000"
    )


def test_a_draw_of_probability_zero_fails() -> None:
    assert_distribution([500, 0, 500], [0.5, 0, 0.5])
    assert message(assert_distribution, [500, 1, 500], [0.5, 0, 0.5]) == (
        "distribution at [1] has 1 of 1001 draws, expected none: its probability is 0"
    )


def test_a_certain_cell_takes_every_draw() -> None:
    assert_distribution([1000, 0], [1, 0])
    assert fails(assert_distribution, [999, 1], [1, 0])


@pytest.mark.parametrize(
    "counts", [[500, -1, 500], [500, math.nan, 500], [499.5, 1, 500], [500, math.inf, 1]]
)
def test_counts_that_are_no_counts_fail(counts: list[float]) -> None:
    text = message(assert_distribution, counts, [0.4, 0.2, 0.4])
    assert text.startswith("distribution has counts that are not whole numbers from 0: [")


def test_a_cell_too_many_fails() -> None:
    assert message(assert_distribution, [300, 300, 1], [0.5, 0.5]) == (
        "distribution has counts of shape (3,), expected (2,)"
    )


# The test author's faults ----------------------------------------------------------------------------------


@pytest.mark.parametrize("false_alarm", [0, -1e-6, 0.11, 1, math.nan])
@pytest.mark.parametrize(
    ("check", "args", "options"),
    [
        (assert_mean, (LOTS, 0), {"std": 1}),
        (assert_variance, (LOTS, 1), {}),
        (assert_proportion, (500, 1000, 0.5), {}),
        (assert_distribution, ([500, 500], [0.5, 0.5]), {}),
        (assert_cdf, (LOTS, stats.norm.cdf), {}),
    ],
)
def test_a_rate_outside_its_range_is_refused(
    check: Check, args: tuple[Any, ...], options: dict[str, Any], false_alarm: float
) -> None:
    with pytest.raises(ValueError, match=r"false_alarm = .* lies outside \(0, 0.1\]"):
        check(*args, **options, false_alarm=false_alarm)


@pytest.mark.parametrize(
    ("check", "args", "options", "reason"),
    [
        (assert_mean, (LOTS[:99], 0), {"std": 1}, "too few: this check takes 100 or more"),
        (assert_mean, (np.zeros((500, 0)), np.zeros(0)), {"std": 1}, "too few"),
        (assert_mean, (LOTS, math.nan), {"std": 1}, "the expected mean must be finite"),
        (assert_mean, (LOTS, 0), {"std": 0}, "std must be positive and finite"),
        (assert_mean, (LOTS, 0), {"std": None}, "std must be positive and finite"),
        (assert_variance, (LOTS[:999], 1), {}, "too few: this check takes 1000 or more"),
        (assert_variance, (LOTS, 0), {}, "the expected variance must be positive"),
        (assert_variance, (LOTS, 1), {"kurtosis": 1}, "kurtosis - 1 must be positive"),
        (assert_proportion, (1, 19, 0.5), {}, "n = 19 is too small: no count could fail"),
        (assert_proportion, (0, 0, 0), {}, "n = 0 is too small"),
        (assert_proportion, (1, 100, 1.1), {}, "p = 1.1 is no probability"),
        (assert_proportion, (1, 100, -0.1), {}, "p = -0.1 is no probability"),
        (assert_proportion, (1, 100, math.nan), {}, "p = nan is no probability"),
        (assert_distribution, ([19, 981], [0.019, 0.981]), {}, "a cell expects 19 counts, fewer than 20"),
        (assert_distribution, ([0, 0], [0.5, 0.5]), {}, "a cell expects 0 counts"),
        (assert_distribution, ([500, 500], [0.5, 0.6]), {}, "sum to 1"),
        (assert_distribution, ([500, 500, 0], [0.6, 0.6, -0.2]), {}, "not negative"),
        (assert_distribution, ([500, 500], [math.nan, 0.5]), {}, "not negative"),
        (assert_distribution, ([500], [1.0]), {}, "two or more"),
        (assert_cdf, (LOTS[:100], stats.norm.cdf), {}, "n = 100 samples are too few: the band would be 0.27"),
        (assert_cdf, (LOTS, lambda x: 2 * x), {}, r"as many numbers in \[0, 1\]"),
        (assert_cdf, (LOTS, lambda x: 0.5), {}, "cdf must map an array"),
        (assert_cdf, (LOTS, lambda x: np.full(x.shape, np.nan)), {}, "cdf must map an array"),
        (assert_cdf, (LOTS, stats.norm.sf), {}, "cdf falls somewhere"),
    ],
)
def test_a_test_that_could_not_judge_is_refused(
    check: Check, args: tuple[Any, ...], options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        check(*args, **options)


@pytest.mark.parametrize(
    ("check", "args", "options"),
    [
        (assert_mean, (LOTS, 5), {"std": 1}),
        (assert_mean, (None, 5), {"std": 1}),
        (assert_variance, (LOTS, 5), {}),
        (assert_proportion, (0, 1000, 0.5), {}),
        (assert_distribution, ([0, 1000], [0.5, 0.5]), {}),
        (assert_cdf, (LOTS, uniform_cdf), {}),
    ],
)
def test_the_traceback_ends_in_the_test(check: Check, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    with pytest.raises(AssertionError) as caught:
        check(*args, **options)
    assert str(caught.traceback.filter(caught)[-1].path) == __file__
