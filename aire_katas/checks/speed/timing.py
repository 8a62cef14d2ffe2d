"""Timing calls on a device, one after another in turns; every timed result is judged

The package's docstring says what the steps of `time_once` are for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from aire_katas.checks.speed.device import Clock, Device

LATE = 20e-6  # seconds that the device may be busy for after a call, beyond what it is after the baseline's
AGREEMENT = 0.6, 1.05  # share of the host's time that the device's must be in; the host's includes waiting
START_AND_STOP = 100e-6  # of the host's time, which may be missing from the device's


@dataclass(frozen=True)
class Contestant:
    """Something to time: `draw` makes new inputs for each call, `judge(number, drawn, kept, result)` raises.

    `kept` is the result as it was when the call was over, `result` what it is once the device is idle.
    """

    name: str
    draw: Callable[[], tuple[Any, ...]]
    call: Callable[..., Any]
    judge: Callable[[int, tuple[Any, ...], Any, Any], None] | None = None


@dataclass(frozen=True)
class Sample:
    """One timed call."""

    seconds: float
    late: float  # seconds that the device was busy for after the timed stream had ended
    on_device: float  # seconds of the whole window, cache and inputs included: by the device's events,
    on_host: float  # and by the host's clock


def take_turns(
    contestants: Sequence[Contestant], device: Device, clock: Clock, *, rounds: int, warmups: int
) -> list[list[Sample]]:
    """`rounds` samples of each contestant, to and fro (abc cba abc), after `warmups` more.

    The first contestant is the one that is judged, the second the one that sets the standard. Raises
    AssertionError where the first is wrong in any call or leaves work behind, or where clocks disagree.
    """
    __tracebackhide__ = True
    samples: list[list[Sample]] = [[] for _ in contestants]
    before: tuple[Any, ...] = ()
    for number in range(-warmups, rounds):
        turns = list(zip(contestants, samples, strict=True))
        for one, taken in turns if number % 2 == 0 else turns[::-1]:
            drawn = one.draw()
            if one.judge:
                if any(a is b for a in drawn for b in before if type(a) is device.array):
                    raise ValueError(
                        f"{one.name} is given the same array twice: draw new values for each call"
                    )
                before = drawn
            sample = time_once(one, drawn, device, clock, number + warmups)
            if number >= 0:
                taken.append(sample)
    _assert_nothing_left_behind(contestants[0].name, *samples[:2])
    _assert_clocks_agree([sample for taken in samples for sample in taken])
    return samples


def time_once(one: Contestant, drawn: tuple[Any, ...], device: Device, clock: Clock, number: int) -> Sample:
    """Time one call of a contestant on a copy of `drawn`, and judge its result."""
    __tracebackhide__ = True
    device.settle()
    began = clock()
    first = device.mark()
    device.flush()
    given = device.copy(drawn)
    device.flush()
    start = device.mark()
    result = one.call(*given)
    stop = device.mark()
    if one.judge:
        _assert_finished(one.name, result, device)
    kept = device.copy(result)
    last = device.mark()
    device.wait(last)
    ended = clock()
    device.settle()
    late = clock() - ended
    if one.judge:
        one.judge(number, drawn, kept, result)
    return Sample(device.seconds(start, stop), late, device.seconds(first, last), ended - began)


def _assert_finished(name: str, result: Any, device: Device) -> None:
    """Nothing that computes when it is looked at, such as an array of a class of one's own."""
    __tracebackhide__ = True
    if result is None:
        raise AssertionError(f"{name} returned None: is a return missing?")
    for part in result if type(result) in (tuple, list) else (result,):
        if type(part) is not device.array:
            raise AssertionError(
                f"{name} returned a {type(part).__qualname__}, expected a plain {device.array.__qualname__}: "
                "compute the values in the call and hand them back"
            )


def _assert_nothing_left_behind(name: str, samples: Sequence[Sample], others: Sequence[Sample]) -> None:
    __tracebackhide__ = True
    late, usual = (median(sample.late for sample in taken) for taken in (samples, others))
    if late > usual + LATE:
        raise AssertionError(
            f"{name} leaves the device busy for {1e3 * (late - usual):.3g} ms after its stream has ended: "
            "work on another stream is part of the call; let the current stream wait for it"
        )


def _assert_clocks_agree(samples: Sequence[Sample]) -> None:
    __tracebackhide__ = True
    device, host = median(one.on_device for one in samples), median(one.on_host for one in samples)
    least, most = AGREEMENT
    if not least * (host - START_AND_STOP) <= device <= most * host:
        raise AssertionError(
            f"the device says that a call and its preparation took {1e3 * device:.3g} ms, the host's clock "
            f"says {1e3 * host:.3g} ms: one of them has been tampered with; leave torch.cuda.Event and "
            "time.perf_counter alone"
        )
