"""Verdicts and estimates, from numbers alone."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from aire_katas.checks.speed.measurement import Estimate, Measurement, Verdict, Work


def steady(median: float) -> Estimate:
    return Estimate(median, median, median, 0.02)


UNSTEADY = Estimate(0.2e-3, 0.19e-3, 0.21e-3, 0.4)
MATMUL = Measurement(
    case="katas/phase5/triton/test_matmul.py::test_it_keeps_up_with_cublas[4096]",
    name="matmul",
    against="torch.matmul",
    device="NVIDIA H100",
    work=Work(read=67_108_864, written=33_554_432, flops=2 * 4096**3, matrix="bfloat16"),
    seconds=steady(0.25e-3),
    baseline=steady(0.2e-3),
    bandwidth=2.9e12,
    matrix_rate=7e14,
    ratio=steady(0.8),
    fraction=steady(0.785),
    least_ratio=None,
    least_fraction=0.75,
    least_seconds=0.139e-3,
    bandwidth_limit=3.35e12,
    versions={"torch": "2.13.0"},
)


def test_one_threshold_reached_is_enough_and_neither_is_not() -> None:
    both = replace(MATMUL, least_ratio=0.9)
    assert both.verdict == Verdict.FAST
    assert replace(both, least_fraction=0.8).verdict == Verdict.SLOW
    assert replace(both, least_ratio=0.7, least_fraction=0.8).verdict == Verdict.FAST


def test_below_what_the_device_can_do_is_too_good_however_noisy() -> None:
    assert replace(MATMUL, seconds=steady(0.13e-3)).verdict == Verdict.TOO_GOOD
    assert replace(MATMUL, seconds=steady(0.13e-3), baseline=UNSTEADY).verdict == Verdict.TOO_GOOD
    assert replace(MATMUL, seconds=steady(0.135e-3)).verdict == Verdict.FAST, "data sheets are rough"


def test_an_interval_that_holds_the_threshold_is_no_failure() -> None:
    slow = replace(MATMUL, least_fraction=0.8)
    assert slow.verdict == Verdict.SLOW
    assert replace(slow, fraction=Estimate(0.785, 0.77, 0.81, 0.05)).verdict == Verdict.NOISE


def test_an_unsteady_baseline_or_a_starved_copy_fails_nobody() -> None:
    slow = replace(MATMUL, least_fraction=0.8)
    assert replace(slow, baseline=UNSTEADY).verdict == Verdict.NOISE
    assert replace(slow, bandwidth=1.5e12).verdict == Verdict.NOISE
    assert replace(slow, bandwidth=1.5e12, bandwidth_limit=None).verdict == Verdict.SLOW


def test_an_unsteady_kernel_is_its_own_fault() -> None:
    slow = replace(MATMUL, least_fraction=0.8)
    assert replace(slow, seconds=replace(UNSTEADY, median=0.25e-3)).verdict == Verdict.SLOW


def test_the_interval_holds_the_median_of_a_skewed_distribution_nineteen_times_in_twenty() -> None:
    """Of 2,000 samples; 0.03 is six standard deviations of that share."""
    samples = np.random.default_rng(0).exponential(size=(2_000, 100))
    estimates = [Estimate.of(list(sample)) for sample in samples]
    inside = np.mean([one.low <= np.log(2) <= one.high for one in estimates])
    assert 0.92 < inside < 0.98


def test_a_spread_is_the_middle_half_over_the_median() -> None:
    assert Estimate.of([1.0, 2.0, 3.0, 4.0, 5.0]).spread == pytest.approx(3 / 3)
    assert str(Estimate(1.5e-4, 1e-4, 2e-4, 0.1)) == "0.15 ms ± 10%"


def test_a_measurement_survives_json() -> None:
    assert Measurement.from_json(json.loads(json.dumps(MATMUL.as_json()))) == MATMUL


def test_work_has_a_roof_and_a_floor() -> None:
    work = Work(read=100, written=60, flops=1000, matrix="float16")
    assert work.seconds(10.0, 1000.0) == 16.0, "bound by memory"
    assert work.seconds(1000.0, 10.0) == 100.0, "bound by arithmetic"
    assert work.least_seconds(10.0, math.inf, cache=40) == 12.0, "40 bytes may still lie in the cache"
    assert work.least_seconds(10.0, math.inf, cache=400) == 10.0, "what is read must come from memory"
