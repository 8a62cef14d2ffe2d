"""The verdict on honest kernels, and the tricks that do not work; all on a simulated GPU."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.speed.contest import RECORD
from aire_katas.checks.speed.device import Probe
from aire_katas.checks.speed.measurement import Measurement, Verdict
from aire_katas.checks.speed.timing import Contestant, take_turns, time_once
from tests.fake_gpu import FakeGpu

MEGABYTE = 10**6
WORK = Work(read=50 * MEGABYTE, written=50 * MEGABYTE, flops=25 * MEGABYTE)  # 111 us at 0.9 TB/s
Kernel = Callable[[np.ndarray], Any]


class NotGraded(Exception):
    """The contest ended without a verdict."""


def double(x: np.ndarray) -> np.ndarray:
    return 2 * x


def draw() -> tuple[np.ndarray]:
    return (np.random.standard_normal((4, 3)),)


def judge(gpu: FakeGpu, candidate: Kernel, **changed: Any) -> None:
    """Against a baseline of 125 us; 0.89 of the roof."""
    options = {
        "against": "numpy.multiply",
        "work": WORK,
        "ratio": 0.9,
        "rounds": 20,
        "warmups": 2,
        "draw": draw,
    }
    options |= {"baseline": gpu.kernel(125e-6, double), "device": gpu, "clock": gpu.clock, **changed}
    try:
        assert_fast(candidate, **options)  # type: ignore[arg-type]
    except pytest.skip.Exception as skipped:  # would skip the test that tests it
        raise NotGraded(str(skipped)) from None


def refused(gpu: FakeGpu, candidate: Kernel, **changed: Any) -> str:
    with pytest.raises(AssertionError) as error:
        judge(gpu, candidate, **changed)
    return str(error.value)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Measurement]:
    """What the last contest of this test left for `aire-katas bench`."""
    monkeypatch.setenv(RECORD, str(tmp_path / "bench"))
    return lambda: Measurement.from_json(json.loads((tmp_path / "bench").read_text().splitlines()[-1]))


# Honest kernels -----------------------------------------------------------------------------------------


def test_a_kernel_is_timed_to_the_microsecond(measured: Callable[[], Measurement]) -> None:
    gpu = FakeGpu()
    judge(gpu, gpu.kernel(130e-6, double))
    got = measured()
    assert got.seconds.median == pytest.approx(130e-6, abs=1e-6)
    assert got.ratio.median == pytest.approx(125 / 130, rel=0.01)
    assert got.bandwidth == pytest.approx(0.9e12, rel=0.01)
    assert got.fraction.median == pytest.approx(100e6 / 0.9e12 / 130e-6, rel=0.01)
    assert (got.name, got.against, got.device) == ("double", "numpy.multiply", "Fake GPU")
    assert got.verdict == Verdict.FAST


def test_a_slow_kernel_is_told_by_how_much_and_where_to_look() -> None:
    gpu = FakeGpu()
    assert refused(gpu, gpu.kernel(250e-6, double), fraction=0.7) == (
        "double takes 0.25 ms, numpy.multiply 0.125 ms: 0.50 of its speed where 0.90 is asked for, "
        "or 0.44 of what the device does at its best in this run where 0.70 is asked for; `aire-katas bench "
        "ID` shows where it stands below the roofline"
    )


@pytest.mark.parametrize(("ratio", "fraction"), [(0.9, 0.5), (0.4, 0.9), (None, 0.4), (0.4, None)])
def test_the_kinder_of_two_thresholds_decides(ratio: float | None, fraction: float | None) -> None:
    gpu = FakeGpu()
    judge(gpu, gpu.kernel(200e-6, double), ratio=ratio, fraction=fraction)


def test_a_matrix_kernel_is_held_against_the_matrix_rate(measured: Callable[[], Measurement]) -> None:
    gpu = FakeGpu()
    work = Work(read=MEGABYTE, written=MEGABYTE, flops=10**10, matrix="bfloat16")  # 125 us at 80 TFLOP/s
    judge(gpu, gpu.kernel(150e-6, double), work=work, ratio=None, fraction=0.8)
    assert measured().matrix_rate == pytest.approx(0.8e14, rel=0.01)
    assert measured().fraction.median == pytest.approx(125 / 150, rel=0.01)


def test_a_clock_that_slows_down_slows_all_alike(measured: Callable[[], Measurement]) -> None:
    gpu = FakeGpu(slowing=20.0)
    judge(gpu, gpu.kernel(125e-6, double))
    assert measured().seconds.spread > 0.3, "the later rounds took longer"
    assert measured().ratio.median == pytest.approx(1.0, abs=0.02)


def test_a_call_is_prepared_timed_and_kept_in_this_order() -> None:
    gpu = FakeGpu()
    one = Contestant("double", draw, gpu.kernel(1e-6, double))
    time_once(one, draw(), gpu, gpu.clock, number=0)
    assert " ".join(gpu.asked) == "settle mark flush copy flush mark kernel mark copy mark wait settle"


def test_contestants_take_turns_to_and_fro() -> None:
    gpu, order = FakeGpu(), []

    def contestant(name: str) -> Contestant:
        kernel = gpu.kernel(1e-6, double)
        return Contestant(name, draw, lambda x: order.append(name) or kernel(x))

    taken = take_turns([contestant(name) for name in "abc"], gpu, gpu.clock, rounds=3, warmups=1)
    assert "".join(order) == "cbaabccbaabc"
    assert [len(samples) for samples in taken] == [3, 3, 3], "the first round was to warm up"


def test_an_honest_second_stream_is_part_of_the_call(measured: Callable[[], Measurement]) -> None:
    gpu = FakeGpu()

    def fork_and_join(x: np.ndarray) -> np.ndarray:
        out = gpu.kernel(120e-6, double, stream="side", after=gpu.ready["timed"])(x)
        gpu.ready["timed"] = max(gpu.ready.values())
        return out

    judge(gpu, fork_and_join)
    assert measured().seconds.median == pytest.approx(120e-6, abs=3e-6)


def test_each_call_has_inputs_of_its_own_and_what_it_does_to_them_is_its_own_affair() -> None:
    gpu, seen = FakeGpu(), []

    def in_place(x: np.ndarray) -> np.ndarray:
        gpu.launch(125e-6, lambda: seen.append(x.copy()) or 2 * x, x)
        return x

    judge(gpu, in_place)
    assert len({x.tobytes() for x in seen}) == len(seen) == 22


def test_several_results_may_come_back() -> None:
    gpu = FakeGpu()
    one, other = gpu.kernel(60e-6, double), gpu.kernel(60e-6, np.negative)

    def both(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return one(x), other(x)

    judge(gpu, both, baseline=both)
    assert "is not close" in refused(gpu, lambda x: (one(x), one(x)), baseline=both)


# Tricks -------------------------------------------------------------------------------------------------


def test_a_result_kept_from_an_earlier_call_is_wrong() -> None:
    gpu, kept = FakeGpu(), {}
    honest = gpu.kernel(125e-6, double)
    message = refused(gpu, lambda x: kept.setdefault(x.shape, honest(x)) if not kept else kept[x.shape])
    assert message.startswith(
        "call 2 of <lambda>, on inputs of its own, is wrong (is something kept from an earlier"
    )
    assert "result is not close to what was expected (shape (4, 3), dtype float64)" in message


def test_what_is_right_only_before_timing_starts_is_wrong() -> None:
    gpu, calls = FakeGpu(), []
    honest, nothing = gpu.kernel(125e-6, double), gpu.kernel(1e-6, np.zeros_like)
    message = refused(gpu, lambda x: calls.append(x) or (honest if len(calls) <= 2 else nothing)(x))
    assert message.startswith("call 3 of <lambda>")
    assert "it looks all zero" in message or "worst" in message


def test_a_single_wrong_call_among_many_is_found() -> None:
    gpu, calls = FakeGpu(), []
    honest, nothing = gpu.kernel(125e-6, double), gpu.kernel(125e-6, np.zeros_like)
    message = refused(gpu, lambda x: calls.append(x) or (nothing if len(calls) == 17 else honest)(x))
    assert message.startswith("call 17 of <lambda>")


def test_work_on_another_stream_finds_no_inputs_yet() -> None:
    gpu = FakeGpu()
    message = refused(gpu, gpu.kernel(125e-6, double, stream="side"))
    assert message.startswith("call 1 of double, on inputs of its own, is wrong")


def test_work_that_is_not_waited_for_is_not_there() -> None:
    gpu = FakeGpu()
    late = gpu.kernel(125e-6, double, stream="side")

    def double_on_the_side(x: np.ndarray) -> np.ndarray:
        gpu.ready["side"] = gpu.ready["timed"]
        return late(x)

    assert refused(gpu, double_on_the_side) == (
        "call 1 of double_on_the_side returned before its result was there; launch on the current "
        "stream, or let the current stream wait for yours"
    )


def test_work_left_behind_is_noticed_even_where_the_result_is_right() -> None:
    gpu = FakeGpu()
    honest = gpu.kernel(125e-6, double)

    def tidy_later(x: np.ndarray) -> np.ndarray:
        gpu.launch(400e-6, stream="side", after=gpu.ready["timed"])
        return honest(x)

    assert re.match(
        r"tidy_later leaves the device busy for 0\.2\d+ ms after its stream has ended: work on another "
        "stream is part of the call; let the current stream wait for it$",
        refused(gpu, tidy_later),
    )


class Lazy(np.ndarray):
    """Would compute when it is looked at."""


def test_a_lazy_result_is_no_result() -> None:
    gpu = FakeGpu()
    assert refused(gpu, lambda x: np.zeros_like(x).view(Lazy)) == (
        "<lambda> returned a Lazy, expected a plain ndarray: compute the values in the call and hand them "
        "back"
    )
    assert "returned a function, expected a plain ndarray" in refused(gpu, lambda x: lambda: 2 * x)
    assert refused(gpu, lambda x: None) == "<lambda> returned None: is a return missing?"


def test_a_time_that_the_device_cannot_reach_is_no_pass() -> None:
    gpu = FakeGpu()
    assert refused(gpu, gpu.kernel(20e-6, double)) == (
        "double takes 0.02 ms, and this device needs at least 0.06 ms for the work: some of it was not done "
        "in the call; is a result kept, or work left out or done before?"
    )


def test_where_there_is_no_data_sheet_the_calibration_stands_in(measured: Callable[[], Measurement]) -> None:
    gpu = FakeGpu()
    gpu.bandwidth_limit = None
    assert "needs at least 0.0533 ms" in refused(gpu, gpu.kernel(20e-6, double))


def test_wrecked_inputs_do_not_wreck_the_oracle() -> None:
    gpu = FakeGpu()

    def zero(x: np.ndarray) -> np.ndarray:
        gpu.launch(125e-6, lambda: 0 * x, x)
        return x

    assert "call 1 of zero" in refused(gpu, zero)


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_device_events_that_lie_contradict_the_host(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = FakeGpu()
    gpu.bandwidth_limit = None
    monkeypatch.setattr(gpu, "seconds", lambda start, stop: factor * (stop - start))
    message = refused(gpu, gpu.kernel(300e-6, double))
    assert message.startswith("the device says that a call and its preparation took ")
    assert message.endswith("leave torch.cuda.Event and time.perf_counter alone")


def test_a_host_clock_that_lies_contradicts_the_device() -> None:
    gpu = FakeGpu()
    assert "the host's clock says 0 ms" in refused(gpu, gpu.kernel(300e-6, double), clock=lambda: 7.0)


def test_events_that_lie_a_little_make_the_calibration_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = FakeGpu()
    monkeypatch.setattr(gpu, "seconds", lambda start, stop: 0.75 * (stop - start))
    message = refused(gpu, gpu.kernel(160e-6, double))
    assert re.match(
        r"a copy seems to move 1,200 GB/s where its memory is made for 1,000: the timers", message
    )


def test_replaced_timers_are_named_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, calls = FakeGpu(), []
    honest = gpu.kernel(125e-6, double)

    def genuine() -> None:
        if calls:
            raise AssertionError("torch.cuda.Event.record has been replaced")

    monkeypatch.setattr(gpu, "assert_genuine", genuine)
    assert "has been replaced" in refused(gpu, lambda x: calls.append(x) or honest(x))


# Noise --------------------------------------------------------------------------------------------------


def test_noise_that_hides_the_answer_does_not_fail(
    measured: Callable[[], Measurement],
) -> None:
    gpu = FakeGpu(noise=0.8)
    with pytest.raises(NotGraded) as skipped:
        judge(gpu, gpu.kernel(160e-6, double))
    assert re.match(
        r"not graded: double takes .* ms, numpy.multiply .* ms \(spread \d\d%\): 0\.\d\d of its speed where "
        "0.90 is asked for, but the timings vary too much to tell; run it again while nothing else uses the "
        "GPU$",
        str(skipped.value),
    )
    assert measured().verdict == Verdict.NOISE


def test_noise_does_not_hide_a_wrong_result() -> None:
    gpu = FakeGpu(noise=0.8)
    assert "is wrong" in refused(gpu, gpu.kernel(125e-6, np.negative))


def test_a_device_that_others_use_fails_nobody() -> None:
    gpu = FakeGpu(busy=0.3)
    with pytest.raises(NotGraded, match="while nothing else uses the GPU"):
        judge(gpu, gpu.kernel(300e-6, double))


def test_a_contest_that_was_disturbed_is_held_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, others = FakeGpu(), iter((0.3, 0.3, 1.0))
    copying = gpu.copying

    def beside_others() -> Probe:
        gpu.busy = next(others)
        return copying()

    monkeypatch.setattr(gpu, "copying", beside_others)
    assert "`aire-katas bench ID` shows" in refused(gpu, gpu.kernel(300e-6, double))


def test_speed_is_not_judged_beside_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    with pytest.raises(NotGraded, match="speed is not judged beside other tests; run pytest without -n"):
        judge(FakeGpu(), double, device=None)


# The author's faults --------------------------------------------------------------------------------------


def test_inputs_that_are_not_fresh_are_the_authors_fault() -> None:
    gpu, same = FakeGpu(), draw()
    with pytest.raises(
        ValueError, match="double is given the same array twice: draw new values for each call"
    ):
        judge(gpu, gpu.kernel(125e-6, double), draw=lambda: same)


def test_a_threshold_is_needed() -> None:
    with pytest.raises(ValueError, match="ask for a ratio, a fraction, or both"):
        judge(FakeGpu(), double, ratio=None)
