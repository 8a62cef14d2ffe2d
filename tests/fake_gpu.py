"""A GPU that is simulated, so that timing can be tested anywhere and to the microsecond

    gpu = FakeGpu()
    double = gpu.kernel(100e-6, lambda x: 2 * x)

Time stands still unless something is called: the host spends a little on every call, the device spends what a
kernel says it takes. Streams run beside each other. A kernel reads when it starts and writes when it ends,
into memory that held rubbish until then, so that work which does not wait, or is not waited for, has
consequences.
"""

import heapq
import random
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from aire_katas.checks.speed.device import Probe

LAUNCH = 5e-6  # host seconds for a launch
SYNC = 5e-6  # host seconds for a wait
LARGE = 256e6  # bytes
RUBBISH = -77.0


class FakeGpu:
    """1 TB/s by its data sheet, of which copies reach 0.9; 100 TFLOP/s, of which products reach 0.8."""

    name = "Fake GPU"
    array = np.ndarray
    cache = 40_000_000
    bandwidth_limit: float | None = 1e12

    def __init__(self, *, noise: float = 0.0, slowing: float = 0.0, busy: float = 1.0) -> None:
        self.noise = noise  # kernels take up to so much longer, a share of their time
        self.slowing = slowing  # a share of speed that is lost in every second
        self.busy = busy  # share of the memory's bandwidth that is left to us
        self.now = 0.0  # on the host
        self.ready: dict[str, float] = {"timed": 0.0}
        self.coming: list[tuple[float, int, Callable[[], None]]] = []
        self.launches = 0
        self.random = random.Random(0)
        self.asked: list[str] = []  # what has been queued or waited for

    # The host's side -----------------------------------------------------------------------------------

    def clock(self) -> float:
        self.now += 1e-7
        return self.now

    def launch(
        self,
        seconds: float,
        compute: Callable[[], Any] | None = None,
        out: Any = None,
        *,
        stream: str = "timed",
        after: float = 0.0,
    ) -> None:
        """Queue a kernel; it starts once its stream is free, and at `after` at the earliest."""
        self.now += LAUNCH
        start = max(self.now, self.ready.get(stream, 0.0), after)
        longer = 1 + self.noise * self.random.random() + self.slowing * start
        self.ready[stream] = end = start + seconds * longer
        values: list[Any] = []
        if compute is not None:
            self._at(start, lambda: values.append(np.array(compute())))
            self._at(end, lambda: np.copyto(out, values[0]))

    def kernel(self, seconds: float, compute: Callable[..., Any], **where: Any) -> Callable[..., Any]:
        """A function that launches a kernel which takes so long and returns what it will write."""

        @wraps(compute)
        def kernel(x: np.ndarray) -> np.ndarray:
            out = np.full_like(x, RUBBISH)
            self.asked.append("kernel")
            self.launch(seconds, lambda: compute(x), out, **where)
            return out

        return kernel

    def _at(self, time: float, act: Callable[[], None]) -> None:
        self.launches += 1
        heapq.heappush(self.coming, (time, self.launches, act))

    def _reach(self, time: float) -> None:
        self.now = max(self.now, time) + SYNC
        while self.coming and self.coming[0][0] <= self.now:
            heapq.heappop(self.coming)[2]()

    # What a Device does --------------------------------------------------------------------------------

    def matrix_limit(self, dtype: str) -> float | None:
        return 1e14

    def assert_genuine(self) -> None:
        pass

    def mark(self) -> float:
        self.asked.append("mark")
        self.now += 1e-6
        return max(self.now, self.ready["timed"])

    def seconds(self, start: float, stop: float) -> float:
        return stop - start

    def wait(self, mark: float) -> None:
        self.asked.append("wait")
        self._reach(mark)

    def settle(self) -> None:
        self.asked.append("settle")
        self._reach(max(self.ready.values()))

    def flush(self) -> None:
        self.asked.append("flush")
        self.launch(LARGE / 1e12)

    def copy(self, values: Any) -> Any:
        if type(values) in (tuple, list):
            return tuple(self.copy(one) for one in values)
        if not isinstance(values, np.ndarray):
            return values
        out = np.full_like(values, RUBBISH)
        self.asked.append("copy")
        self.launch(2e-6, lambda: values, out)
        return out

    def copying(self) -> Probe:
        seconds = 2 * LARGE / (0.9e12 * self.busy)
        return Probe(2 * LARGE, lambda: (np.zeros(1),), self.kernel(seconds, lambda x: x))

    def multiplying(self, dtype: str) -> Probe:
        return Probe(1e11, lambda: (np.zeros(1),), self.kernel(1e11 / 0.8e14, lambda x: x))
