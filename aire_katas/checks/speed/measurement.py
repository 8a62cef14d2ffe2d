"""What a contest measured, and the verdict: plain numbers, which travel as JSON to `aire-katas bench`

A ratio is taken in every round, between neighbours in time, and the median of these counts. Its interval is
the one between order statistics that holds the true median with 95 %, whatever the distribution.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import ceil, floor, sqrt
from statistics import median, quantiles
from typing import Any, Self

TOO_GOOD = 0.95  # of the least possible time: data sheets and events are not exact to the last percent
UNSTEADY = 0.15  # spread of the baseline beyond which nothing fails
IDLE = 0.5  # share of the data sheet's bandwidth that a copy on an idle device reaches


class Verdict(StrEnum):
    FAST = "fast enough"
    SLOW = "too slow"
    TOO_GOOD = "too good"
    NOISE = "not graded: noise"


@dataclass(frozen=True)
class Work:
    """The least that any right kernel does: bytes read and written in memory, FLOPs.

    matrix  dtype of the matrix product that the FLOPs are held against, such as "bfloat16"; empty for none
    """

    read: int
    written: int
    flops: int = 0
    matrix: str = ""

    @property
    def moved(self) -> int:
        return self.read + self.written

    def seconds(self, bandwidth: float, matrix_rate: float) -> float:
        """The roof: time for the bytes at `bandwidth` or for the FLOPs at `matrix_rate`, the longer one."""
        return max(self.moved / bandwidth, self.flops / matrix_rate)

    def least_seconds(self, bandwidth: float, matrix_rate: float, cache: int) -> float:
        """The same where what is written may still lie in the cache when the kernel ends."""
        in_memory = self.read + max(0, self.written - cache)
        return max(in_memory / bandwidth, self.flops / matrix_rate)


@dataclass(frozen=True)
class Estimate:
    """A median with the interval that holds the true one (95 %), and how far the middle half is spread."""

    median: float
    low: float
    high: float
    spread: float  # quartile distance over median

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Of at least four values."""
        ordered, n = sorted(values), len(values)
        reach = 0.98 * sqrt(n)  # 1.96 standard deviations of a binomial(n, 1/2)
        low, high = ordered[max(0, floor(n / 2 - reach))], ordered[min(n - 1, ceil(n / 2 + reach) - 1)]
        middle, quarters = median(ordered), quantiles(ordered, n=4)
        return cls(middle, low, high, (quarters[2] - quarters[0]) / middle)

    def __str__(self) -> str:
        return f"{1e3 * self.median:.3g} ms ±{self.spread:4.0%}"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One contest of a candidate with a baseline on a device."""

    case: str  # file::test[parameters], as pytest names it
    name: str
    against: str
    device: str
    work: Work
    seconds: Estimate
    baseline: Estimate
    bandwidth: float  # bytes/s of a large copy in the same run
    matrix_rate: float | None  # FLOP/s of a large matrix product in the same run
    ratio: Estimate  # the baseline's time over the candidate's
    fraction: Estimate  # the roof's time over the candidate's
    least_ratio: float | None
    least_fraction: float | None
    least_seconds: float  # what the device can do at best
    bandwidth_limit: float | None  # the data sheet's
    versions: dict[str, str]  # of torch, triton and CUDA

    @property
    def verdict(self) -> Verdict:
        """One reached threshold is enough, and one that noise may hide keeps the test from failing."""
        asked = [(self.ratio, self.least_ratio), (self.fraction, self.least_fraction)]
        limits = [(estimate, least) for estimate, least in asked if least is not None]
        if self.seconds.median < TOO_GOOD * self.least_seconds:
            return Verdict.TOO_GOOD
        if any(estimate.median >= least for estimate, least in limits):
            return Verdict.FAST
        if self.is_unsteady or any(estimate.high >= least for estimate, least in limits):
            return Verdict.NOISE
        return Verdict.SLOW

    @property
    def is_unsteady(self) -> bool:
        """Something else uses the device, or its clock is held back."""
        return self.baseline.spread > UNSTEADY or self.bandwidth < IDLE * (self.bandwidth_limit or 0.0)

    @property
    def message(self) -> str:
        """What was seen, what was expected, what to do next."""
        took = f"{self.name} takes {1e3 * self.seconds.median:.3g} ms"
        seen = f"{took}, {self.against} {1e3 * self.baseline.median:.3g} ms"
        asked = ", or ".join(
            f"{estimate.median:.2f} of {what} where {least:.2f} is asked for"
            for estimate, least, what in (
                (self.ratio, self.least_ratio, "its speed"),
                (self.fraction, self.least_fraction, "what the device does at its best in this run"),
            )
            if least is not None
        )
        match self.verdict:
            case Verdict.TOO_GOOD:
                return (
                    f"{took}, and this device needs at least {1e3 * self.least_seconds:.3g} ms for the work: "
                    "some of it was not done in the call; is a result kept, or work left out or done before?"
                )
            case Verdict.NOISE:
                return (
                    f"{seen} (spread {self.baseline.spread:.0%}): {asked}, but the timings vary too much to "
                    "tell; run it again while nothing else uses the GPU"
                )
            case Verdict.SLOW:
                return f"{seen}: {asked}; `aire-katas bench ID` shows where it stands below the roofline"
            case _:
                return f"{seen}: {asked}"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        rest = {key: value for key, value in data.items() if key != "verdict"}
        estimates = ("seconds", "baseline", "ratio", "fraction")
        rest |= {key: Estimate(**data[key]) for key in estimates}
        return cls(**{**rest, "work": Work(**data["work"])})
