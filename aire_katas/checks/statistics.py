"""Statistical checks, each with a stated false-alarm rate: how often a right solution fails by chance

A kata's seed is fixed, so a solution that passes keeps passing; the rate is the chance that a right solution,
which draws in its own way, fails for good. Two kinds:

- `assert_proportion` and `assert_cdf` hold their rate at every n: "at most once in N runs".
- `assert_mean`, `assert_variance` and `assert_distribution` rest on a limit law: "about once in N runs". Each
  docstring says how far off that is at the smallest size that is taken; it falls off as the size grows.

Many entries at once share one rate (Bonferroni). For independence, check the mean of a product or the
counts of pairs.
"""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from aire_katas.checks.arrays import to_numpy
from aire_katas.checks.likeness import likeness


def assert_mean(
    samples: Any, expected: Any, *, std: Any, false_alarm: float = 1e-6, name: str = "mean"
) -> None:
    """The mean of `samples` (n, ...), iid along the first axis, is `expected` (...) in every entry: a z test.

    `std` is the exact standard deviation of one sample, a float or an array that broadcasts to `expected`.
    Rate by the central limit theorem: exact for normal samples; for exponential ones 1.6 times the stated
    1e-6 at n = 1000 and 9 times at n = 100, the least that is taken.

    Raises AssertionError for a wrong mean or shape and for nan, ValueError for what only the test's author
    can mend.
    """
    __tracebackhide__ = True
    expected = np.asarray(expected, dtype=float)
    if not np.isfinite(expected).all():
        raise ValueError("the expected mean must be finite")
    samples = _real_samples(samples, expected.shape, 100, name)
    error = _positive(std, "std", expected.shape) / math.sqrt(len(samples))
    _z_test(samples.mean(axis=0), expected, error, len(samples), false_alarm, name)


def assert_variance(
    samples: Any, expected: Any, *, kurtosis: Any = 3.0, false_alarm: float = 1e-6, name: str = "variance"
) -> None:
    """The variance of `samples` (n, ...), iid along the first axis, is `expected` (...) in every entry.

    A z test of the unbiased estimate, whose exact standard error follows from `kurtosis`, the exact fourth
    central moment over the squared variance, above 1: 3 normal, 1.8 uniform, 9 exponential. Rate by the
    central limit theorem: for normal samples 2.3 times the stated 1e-6 at n = 1000, the least that is
    taken, and 1.1 times at n = 10000; heavy tails need more.

    Raises as `assert_mean` does.
    """
    __tracebackhide__ = True
    expected = _positive(expected, "the expected variance", np.shape(expected))
    samples = _real_samples(samples, expected.shape, 1000, name)
    n = len(samples)
    excess = _positive(np.subtract(kurtosis, 1), "kurtosis - 1", expected.shape)
    error = expected * np.sqrt((excess + 2 / (n - 1)) / n)
    _z_test(samples.var(axis=0, ddof=1), expected, error, n, false_alarm, name)


def assert_proportion(
    hits: Any, n: int, p: Any, *, false_alarm: float = 1e-6, name: str = "proportion"
) -> None:
    """`hits` of `n` independent trials fit the chance `p` of a hit: twice the binomial tail from `hits` on.

    The rate holds at every n. A hit of chance 0, or a miss of chance 0, always fails.

    Raises AssertionError for a count that is too far off or no count at all, ValueError where p lies outside
    [0, 1] or n is so small that no count could fail.
    """
    __tracebackhide__ = True
    _check_rate(false_alarm)
    p = float(p)
    if not 0 <= p <= 1:
        raise ValueError(f"p = {p:g} is no probability")
    if n < 1 or 2 * min(_binomial_tail(0, n, p), _binomial_tail(n, n, p)) >= false_alarm:
        raise ValueError(
            f"n = {n} is too small: no count could fail at a false-alarm rate of {false_alarm:g}"
        )
    if not (0 <= hits <= n and hits == int(hits)):
        raise AssertionError(f"{name} counts {hits} hits, expected a whole number from 0 to {n}")
    hits = int(hits)
    chance = 2 * _binomial_tail(hits, n, p)
    if chance < false_alarm:
        raise AssertionError(
            f"{name} is {hits / n:.6g} ({hits} of {n}), expected {p:.6g}\n"
            f"  {_in_errors(hits / n, p, n)}{_p_value(chance)}\n"
            f"  {_rate('at most', false_alarm)}"
        )


def assert_distribution(
    counts: Any, probabilities: Any, *, false_alarm: float = 1e-6, name: str = "distribution"
) -> None:
    """`counts` of independent draws per cell fit `probabilities`, of the same shape: Pearson's chi-square.

    Every cell of positive probability must expect 20 counts or more: merge the rare ones. A count in a cell
    of probability 0 always fails. The chi-square tail is a limit law: for the stated 1e-6 the rate is up to
    12e-6 where one cell expects 20, 4e-6 where it expects 50, 2e-6 where it expects 200; many such cells
    are milder.

    Raises AssertionError for counts that do not fit, ValueError for what are no probabilities and for rare
    cells.
    """
    __tracebackhide__ = True
    _check_rate(false_alarm)
    p = np.asarray(probabilities, dtype=float)
    if not (p >= 0).all() or abs(p.sum() - 1) > 1e-9 or p.size < 2:
        raise ValueError("probabilities must be two or more, not negative, and sum to 1")
    counts = to_numpy(counts)
    if counts.shape != p.shape:
        raise AssertionError(f"{name} has counts of shape {counts.shape}, expected {p.shape}")
    if not ((counts >= 0) & (counts == np.floor(counts)) & (counts < np.inf)).all():
        raise AssertionError(f"{name} has counts that are not whole numbers from 0: {counts}")
    n, means, possible = int(counts.sum()), counts.sum() * p, p > 0
    if counts[~possible].any():
        cell = np.unravel_index(int(np.argmax(counts * ~possible)), p.shape)
        raise AssertionError(
            f"{name}{_at(cell)} has {counts[cell]:g} of {n} draws, expected none: its probability is 0"
        )
    if (rarest := means[possible].min()) < 20:
        raise ValueError(f"a cell expects {rarest:.3g} counts, fewer than 20: draw more or merge cells")
    terms = np.divide((counts - means) ** 2, means, out=np.zeros(p.shape), where=possible)
    freedom = int(possible.sum()) - 1
    chance = float(mpmath.gammainc(freedom / 2, terms.sum() / 2, regularized=True)) if freedom else 1.0
    if chance < false_alarm:
        cell = np.unravel_index(int(np.argmax(terms)), p.shape)
        raise AssertionError(
            f"{name}{_at(cell)} has {counts[cell]:g} of {n} draws, expected {means[cell]:.6g}\n"
            f"  {_in_errors(counts[cell] / n, p[cell], n)}the worst of {possible.sum()} cells\n"
            f"  chi-square {terms.sum():.4g} with {freedom} degrees of freedom, {_p_value(chance)}\n"
            f"  {_rate('about', false_alarm)}{_looks(counts / n, p, np.sqrt(p * (1 - p) / n))}"
        )


def assert_cdf(
    samples: Any,
    cdf: Callable[[np.ndarray], Any],
    *,
    false_alarm: float = 1e-6,
    name: str = "distribution function",
) -> None:
    """iid `samples` (n,) follow `cdf`: |F_n - F| <= sqrt(log(2 / rate) / (2 n)) everywhere.

    Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990): the rate holds at every n and for every
    law. `cdf` maps an array to an array; for the sake of jumps it is asked at each sample and at the float
    below it.

    Raises AssertionError for samples that leave the band or are nan, ValueError where `cdf` is no
    distribution function or n is so small that the band is wider than 0.25.
    """
    __tracebackhide__ = True
    _check_rate(false_alarm)
    samples = _real_samples(samples, (), 1, name)
    n = len(samples)
    band = math.sqrt(math.log(2 / false_alarm) / (2 * n))
    if band > 0.25:
        raise ValueError(f"n = {n} samples are too few: the band would be {band:.2g} wide on each side")
    values, counts = np.unique(samples, return_counts=True)
    upto = np.cumsum(counts)
    x = np.stack([np.nextafter(values, -np.inf), values], axis=1).ravel()  # never falling
    share = np.stack([upto - counts, upto], axis=1).ravel() / n
    wanted = np.asarray(cdf(x), dtype=float)
    if wanted.shape != x.shape or not ((wanted > -1e-9) & (wanted < 1 + 1e-9)).all():
        raise ValueError(
            "cdf must map an array to as many numbers in [0, 1], whatever real numbers it is given"
        )
    if (np.diff(wanted) < -1e-9).any():
        raise ValueError("cdf falls somewhere: no distribution function does")
    worst = int(np.argmax(np.abs(share - wanted)))
    off = abs(share[worst] - wanted[worst])
    if off > band:
        raise AssertionError(
            f"{name} at {x[worst]:.6g} is {share[worst]:.6g} over {n} samples, expected {wanted[worst]:.6g}\n"
            f"  off by {off:.3g}, allowed {band:.3g}; {_p_value(2 * math.exp(-2 * n * off**2))}\n"
            f"  {_rate('at most', false_alarm)}"
        )


# Inside --------------------------------------------------------------------------------------------------


def _z_test(
    observed: np.ndarray, expected: np.ndarray, error: np.ndarray, n: int, false_alarm: float, name: str
) -> None:
    """Compare entrywise with normal tails; the rate is shared among the entries."""
    __tracebackhide__ = True
    _check_rate(false_alarm)
    z = np.abs(observed - expected) / error
    worst = np.unravel_index(int(np.argmax(z)), z.shape)
    chance = z.size * math.erfc(z[worst] / math.sqrt(2))
    if not chance >= false_alarm:  # nan where the samples overflow
        side = "above" if observed[worst] > expected[worst] else "below"
        among = f", the worst of {z.size} entries" if z.size > 1 else ""
        raise AssertionError(
            f"{name}{_at(worst)} is {observed[worst]:.6g} over {n} samples, expected {expected[worst]:.6g}\n"
            f"  {z[worst]:.1f} standard errors {side}{among}; {_p_value(chance)}\n"
            f"  {_rate('about', false_alarm)}{_looks(observed, expected, error)}"
        )


def _real_samples(samples: Any, shape: tuple[int, ...], least: int, name: str) -> np.ndarray:
    """The samples as float64 of shape (n, *shape), all finite."""
    __tracebackhide__ = True
    array = to_numpy(samples)
    if array.dtype == object or np.iscomplexobj(array):
        raise AssertionError(
            f"{name}: samples are a {type(samples).__name__}, expected an array of real numbers"
        )
    if array.ndim == 0 or array.shape[1:] != shape:
        wanted = f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"
        raise AssertionError(f"{name}: samples have shape {array.shape}, expected {wanted}")
    if len(array) < least or not array.size:
        raise ValueError(f"samples of shape {array.shape} are too few: this check takes {least} or more")
    if bad := int((~np.isfinite(array)).sum()):
        raise AssertionError(f"{name}: {bad} of {array.size} numbers in the samples are nan or infinite")
    return array.astype(float)


def _positive(value: Any, what: str, shape: tuple[int, ...]) -> np.ndarray:
    value = np.broadcast_to(np.asarray(value, dtype=float), shape)
    if not ((value > 0) & (value < np.inf)).all():
        raise ValueError(f"{what} must be positive and finite; what does not vary is for assert_close")
    return value


def _check_rate(false_alarm: float) -> None:
    if not 0 < false_alarm <= 0.1:
        raise ValueError(f"false_alarm = {false_alarm:g} lies outside (0, 0.1]")


def _binomial_tail(hits: int, n: int, p: float) -> float:
    """P(X <= hits) where hits is below the mean n p, else P(X >= hits), for X ~ Binomial(n, p)."""
    if hits < n * p:
        hits, p = n - hits, 1 - p
    if p in (0, 1):
        return float(hits == n * p)
    log_mass = math.lgamma(n + 1) - math.lgamma(hits + 1) - math.lgamma(n - hits + 1)
    log_mass += hits * math.log(p) + (n - hits) * math.log1p(-p)
    k = np.arange(hits, n)
    ratios = (n - k) / (k + 1) * (p / (1 - p))  # of P(k + 1) to P(k): below 1 on this side of the mean
    return math.exp(log_mass) * (1 + float(np.cumprod(ratios).sum()))


def _in_errors(share: float, p: float, n: int) -> str:
    error = math.sqrt(p * (1 - p) / n)
    return (
        f"{abs(share - p) / error:.1f} standard errors {'above' if share > p else 'below'}, " if error else ""
    )


def _looks(observed: np.ndarray, expected: np.ndarray, error: np.ndarray) -> str:
    """A line on what the difference looks like, as far as 3 of the smallest standard errors can tell."""

    def close(a: np.ndarray, b: np.ndarray) -> bool:
        return a.shape == b.shape and bool((np.abs(a - b) <= 3 * error[error > 0].min()).all())

    looks = "" if close(observed, expected) else likeness(observed, expected, close)
    return f"\n  it looks {looks}" if looks else ""


def _p_value(chance: float) -> str:
    return f"p-value {chance:.2g}" if chance > 1e-300 else "p-value below 1e-300"


def _rate(how: str, false_alarm: float) -> str:
    return f"a right solution fails here {how} once in {1 / false_alarm:,.0f} runs"


def _at(index: tuple[Any, ...]) -> str:
    return f" at [{', '.join(map(str, index))}]" if index else ""
