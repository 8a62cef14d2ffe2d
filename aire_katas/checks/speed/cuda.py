"""The device that torch sees; the one module of this package that imports torch

Its data sheet is reckoned from what the driver says: memory clock and bus width, multiprocessors and clock.
CUDA 13 has moved the clocks, and not every torch tells them: then there is no data sheet.
"""

from typing import Any

import torch

from aire_katas.checks.speed.device import Probe
from aire_katas.checks.speed.genuine import assert_genuine

TIMERS = (
    "torch.cuda.Event.__new__",
    "torch.cuda.Event.record",
    "torch.cuda.Event.synchronize",
    "torch.cuda.Event.elapsed_time",
    "torch.cuda.synchronize",
)
LARGE = 256 << 20  # bytes; several times any cache
SIDE = 4096  # of the matrices of the probe
# FLOPs per clock and multiprocessor of 16-bit matrix products, by compute capability
TENSOR_CORES = {(8, 0): 2048, (8, 6): 1024, (8, 9): 1024, (9, 0): 4096, (10, 0): 8192}
# The same by dtype: float32 may be rounded to TF32.
RELATIVE = {"float16": 1.0, "bfloat16": 1.0, "float32": 0.5}


class CudaDevice:
    """The current GPU and its current stream."""

    array = torch.Tensor

    def __init__(self) -> None:
        self.assert_genuine()
        self.stream = torch.cuda.current_stream()
        self.properties = torch.cuda.get_device_properties(self.stream.device)
        self.name = self.properties.name
        self.cache = self.properties.L2_cache_size
        transfers = 2e3 * self._told("memory_clock_rate")  # a second: kHz, both edges of the clock
        self.bandwidth_limit = transfers * self._told("memory_bus_width") / 8 or None
        self._filler = torch.empty(max(LARGE, 4 * self.cache), dtype=torch.uint8, device=self.stream.device)

    def matrix_limit(self, dtype: str) -> float | None:
        chip = self.properties
        each = TENSOR_CORES.get((chip.major, chip.minor), 0) * RELATIVE.get(dtype, 0.0)
        return each * chip.multi_processor_count * 1e3 * self._told("clock_rate") or None

    def _told(self, name: str) -> float:
        return getattr(self.properties, name, 0.0)

    def assert_genuine(self) -> None:
        __tracebackhide__ = True
        assert_genuine(*TIMERS)

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(enable_timing=True)
        event.record(self.stream)
        return event

    def seconds(self, start: torch.cuda.Event, stop: torch.cuda.Event) -> float:
        return start.elapsed_time(stop) / 1e3

    def wait(self, mark: torch.cuda.Event) -> None:
        mark.synchronize()

    def settle(self) -> None:
        torch.cuda.synchronize(self.stream.device)
        torch.cuda.set_stream(self.stream)  # a kernel may have made another one the current stream

    def flush(self) -> None:
        self._filler.zero_()

    def copy(self, values: Any) -> Any:
        if type(values) in (tuple, list):
            return tuple(self.copy(one) for one in values)
        if not isinstance(values, torch.Tensor):
            return values
        with torch.cuda.stream(self.stream):
            return values.detach().clone().requires_grad_(values.requires_grad)

    def copying(self) -> Probe:
        data = torch.empty(LARGE, dtype=torch.uint8, device=self.stream.device)
        return Probe(2 * LARGE, lambda: (data,), torch.Tensor.clone)

    def multiplying(self, dtype: str) -> Probe:
        kind = getattr(torch, dtype)
        a, b = (torch.randn(SIDE, SIDE, device=self.stream.device).to(kind) for _ in range(2))
        return Probe(2 * SIDE**3, lambda: (a, b), torch.mm)
