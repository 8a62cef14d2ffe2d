"""The check `assert_fast`: a candidate against a named baseline and against what the device can do."""

import functools
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

from aire_katas.checks.speed.device import Clock, Device, Probe
from aire_katas.checks.speed.genuine import assert_genuine
from aire_katas.checks.speed.measurement import Estimate, Measurement, Verdict, Work
from aire_katas.checks.speed.timing import Contestant, Sample, take_turns

RECORD = "AIRE_KATAS_BENCH"  # environment variable: the file that measurements are added to, one a line
TRIES = 3  # while noise hides the answer
BEYOND = 1.05  # of the data sheet, where a copy cannot be
UNKNOWN_BANDWIDTH, UNKNOWN_MATRIX = 1.25, 1.5  # limit over what was measured, where there is no data sheet

Check = Callable[[Any, Any], None]


def assert_fast(
    candidate: Callable[..., Any],
    baseline: Callable[..., Any],
    draw: Callable[[], tuple[Any, ...]],
    *,
    against: str,
    work: Work,
    ratio: float | None = None,
    fraction: float | None = None,
    check: Check | None = None,
    rounds: int = 100,
    warmups: int = 10,
    device: Device | None = None,
    clock: Clock | None = None,
) -> None:
    """`candidate` reaches `ratio` times the speed of `baseline`, or `fraction` of what the device can do.

    draw()    new inputs for one call, with new values: arrays on the device, and other values
    against   what the baseline is called: "torch.softmax"
    work      the least that any right kernel moves and computes
    fraction  of copy bandwidth (work's bytes) or matrix rate (work's FLOPs), as measured in the same run: of
              whichever takes longer for this work, which is the kinder of the two
    check     check(actual, expected) raises where a result is wrong; by default assert_close's tolerance

    Every result of the candidate is checked against the baseline's. AssertionError where one is wrong, and
    where the candidate is too slow or faster than the device; skips the test where noise hides the answer.
    """
    __tracebackhide__ = True
    if ratio is None and fraction is None:
        raise ValueError("ask for a ratio, a fraction, or both")
    if device is None:
        device = _this_gpu()
    if check is None:
        from aire_katas.checks.speed.agreement import agree

        check = agree
    name = getattr(candidate, "__name__", "the candidate")
    judge = _Judge(name, baseline, check, device)
    contestants = [Contestant(name, draw, candidate, judge), Contestant(against, draw, baseline)]
    contest = functools.partial(_measure, contestants, work, device, clock, rounds, warmups)
    measured = contest(ratio, fraction)
    for _ in range(1, TRIES):
        if measured.verdict is Verdict.NOISE:
            measured = contest(ratio, fraction)
    _record(measured)
    if measured.verdict is Verdict.NOISE:
        _skip(measured.message)
    if measured.verdict is not Verdict.FAST:
        raise AssertionError(measured.message)


def _this_gpu() -> Device:
    """The GPU here, unless other tests use it at the same time."""
    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        _skip("speed is not judged beside other tests; run pytest without -n")
    from aire_katas.checks.speed.cuda import CudaDevice

    return CudaDevice()


def _skip(reason: str) -> NoReturn:
    import pytest

    pytest.skip(f"not graded: {reason}")


class _Judge:
    """Compares what a timed call returned with the baseline's result on the same inputs.

    The baseline is asked after the call: what it leaves in freed memory must not be the answer.
    """

    def __init__(self, name: str, baseline: Callable[..., Any], check: Check, device: Device) -> None:
        self.name, self.baseline, self.check, self.device = name, baseline, check, device

    def __call__(self, number: int, drawn: tuple[Any, ...], kept: Any, result: Any) -> None:
        __tracebackhide__ = True
        expected = self.baseline(*self.device.copy(drawn))
        self.device.settle()
        try:
            self.check(kept, expected)
        except AssertionError as error:
            if self._is_right(result, expected):
                raise AssertionError(
                    f"call {number + 1} of {self.name} returned before its result was there; launch on "
                    "the current stream, or let the current stream wait for yours"
                ) from None
            raise AssertionError(
                f"call {number + 1} of {self.name}, on inputs of its own, is wrong (is something kept from "
                f"an earlier call, or work not waited for?)\n{error}"
            ) from None

    def _is_right(self, result: Any, expected: Any) -> bool:
        try:
            self.check(result, expected)
        except AssertionError:
            return False
        return True


def _measure(
    contestants: list[Contestant],
    work: Work,
    device: Device,
    clock: Clock | None,
    rounds: int,
    warmups: int,
    ratio: float | None,
    fraction: float | None,
) -> Measurement:
    __tracebackhide__ = True
    probes = {"copy": device.copying()} | ({"matrix": device.multiplying(work.matrix)} if work.matrix else {})
    calls = [*contestants, *(Contestant(name, probe.draw, probe.call) for name, probe in probes.items())]
    _assert_timers_are_genuine(device, clock)
    taken = take_turns(calls, device, clock or time.perf_counter, rounds=rounds, warmups=warmups)
    _assert_timers_are_genuine(device, clock)
    mine, theirs = ([sample.seconds for sample in samples] for samples in taken[:2])
    rates = dict(zip(probes, map(_rates, probes.values(), taken[2:]), strict=True))
    bandwidth = median(rates["copy"])
    matrix = median(rates["matrix"]) if work.matrix else None
    _assert_possible(bandwidth, device.bandwidth_limit)
    roofs = map(work.seconds, rates["copy"], rates.get("matrix", [math.inf] * rounds))
    limits = (
        device.bandwidth_limit or UNKNOWN_BANDWIDTH * bandwidth,
        device.matrix_limit(work.matrix) or UNKNOWN_MATRIX * matrix if matrix else math.inf,
    )
    return Measurement(
        case=os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)"),
        name=contestants[0].name,
        against=contestants[1].name,
        device=device.name,
        work=work,
        seconds=Estimate.of(mine),
        baseline=Estimate.of(theirs),
        bandwidth=bandwidth,
        matrix_rate=matrix,
        ratio=Estimate.of([b / a for a, b in zip(mine, theirs, strict=True)]),
        fraction=Estimate.of([roof / a for a, roof in zip(mine, roofs, strict=True)]),
        least_ratio=ratio,
        least_fraction=fraction,
        least_seconds=work.least_seconds(*limits, device.cache),
        bandwidth_limit=device.bandwidth_limit,
        versions=_versions(),
    )


def _assert_timers_are_genuine(device: Device, clock: Clock | None) -> None:
    __tracebackhide__ = True
    device.assert_genuine()
    if clock is None:
        assert_genuine("time.perf_counter")


def _assert_possible(bandwidth: float, limit: float | None) -> None:
    __tracebackhide__ = True
    if limit is not None and bandwidth > BEYOND * limit:
        raise AssertionError(
            f"a copy seems to move {bandwidth / 1e9:,.0f} GB/s where its memory is made for "
            f"{limit / 1e9:,.0f}: the timers cannot be trusted; has something replaced them?"
        )


def _rates(probe: Probe, samples: list[Sample]) -> list[float]:
    return [probe.amount / sample.seconds for sample in samples]


def _record(measured: Measurement) -> None:
    if file := os.environ.get(RECORD):
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(measured.as_json()) + "\n")


def _versions() -> dict[str, str]:
    loaded = {name: sys.modules.get(name) for name in ("torch", "triton")}
    versions = {name: str(module.__version__) for name, module in loaded.items() if module}
    torch = loaded["torch"]
    return versions | ({"cuda": str(torch.version.cuda)} if torch else {})
