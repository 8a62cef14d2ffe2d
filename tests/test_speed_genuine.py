"""Timers that someone has replaced are noticed, on real torch."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.speed.cuda import TIMERS, CudaDevice
from aire_katas.checks.speed.genuine import assert_genuine
from tests.fake_gpu import FakeGpu


def test_torchs_timers_and_pythons_clock_are_genuine() -> None:
    assert_genuine(*TIMERS, "time.perf_counter")


class QuickEvent(torch.cuda.Event):
    def elapsed_time(self, end_event: Any) -> float:
        return 0.001


@pytest.mark.parametrize(
    ("owner", "name", "value", "named"),
    [
        (torch.cuda, "Event", QuickEvent, "torch.cuda.Event.elapsed_time"),
        (torch.cuda.Event, "elapsed_time", lambda self, other: 0.001, "torch.cuda.Event.elapsed_time"),
        (torch.cuda.Event, "record", lambda self, stream=None: None, "torch.cuda.Event.record"),
        (torch.cuda, "synchronize", lambda device=None: None, "torch.cuda.synchronize"),
        (torch.cuda, "synchronize", print, "torch.cuda.synchronize"),
    ],
)
def test_a_replaced_timer_is_named(
    owner: Any, name: str, value: Any, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, value)
    with pytest.raises(AssertionError) as error:
        assert_genuine(*TIMERS)
    assert str(error.value).startswith(f"{named} has been replaced")
    assert str(error.value).endswith("speed is judged with the real timers, leave them alone")


def test_the_place_of_the_replacement_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda.Event, "elapsed_time", QuickEvent.elapsed_time)
    with pytest.raises(AssertionError, match=r"has been replaced \(test_speed_genuine.py:\d+\): speed"):
        assert_genuine(*TIMERS)


@pytest.mark.parametrize("value", [lambda: 0.0, time.monotonic, max], ids=["lambda", "monotonic", "max"])
def test_a_replaced_perf_counter_is_named(
    value: Callable[..., float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "perf_counter", value)
    with pytest.raises(AssertionError, match=r"^time.perf_counter has been replaced"):
        assert_genuine("time.perf_counter")


def test_a_contest_looks_at_the_hosts_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, work = FakeGpu(), Work(read=1, written=1)
    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    with pytest.raises(AssertionError, match=r"^time.perf_counter has been replaced"):
        assert_fast(lambda x: x, lambda x: x, lambda: (), against="x", work=work, ratio=1, device=gpu)


def test_a_device_looks_at_its_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device=None: None)
    with pytest.raises(AssertionError, match=r"^torch.cuda.synchronize has been replaced"):
        CudaDevice()


# What a data sheet says follows from the driver's numbers --------------------------------------------------

H100 = {"major": 9, "minor": 0, "multi_processor_count": 132, "clock_rate": 1_980_000}
A100 = {"major": 8, "minor": 0, "multi_processor_count": 108, "clock_rate": 1_410_000}


@pytest.mark.parametrize(
    ("chip", "dtype", "teraflops"),
    [
        (H100, "bfloat16", 1070),  # NVIDIA gives 989, at a lower clock
        (H100, "float32", 535),
        (A100, "float16", 312),
        (A100, "complex64", None),
        ({**A100, "major": 7}, "float16", None),
    ],
)
def test_the_matrix_limit_follows_from_clock_and_cores(
    chip: dict[str, int], dtype: str, teraflops: float | None
) -> None:
    device = object.__new__(CudaDevice)
    device.properties = SimpleNamespace(**chip)
    limit = device.matrix_limit(dtype)
    assert limit == (teraflops and pytest.approx(1e12 * teraflops, rel=0.01))
