"""What a timing needs of a device and of a clock: protocols, so that fakes can stand in for a GPU."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Clock = Callable[[], float]  # seconds since some moment, on the host


@dataclass(frozen=True)
class Probe:
    """A call whose cost is known, which shows what the device can do: `amount` is its bytes or FLOPs."""

    amount: float
    draw: Callable[[], tuple[Any, ...]]
    call: Callable[..., Any]


class Device(Protocol):
    """One GPU and the stream on which calls are timed. What is asked of it is queued; only waiting waits."""

    name: str
    array: type  # the only type that a result may have
    cache: int  # bytes of the last cache before memory
    bandwidth_limit: float | None  # bytes/s of the data sheet, None where it is not known

    def matrix_limit(self, dtype: str) -> float | None:
        """FLOP/s of the data sheet for matrix products of this dtype, None where it is not known."""
        ...

    def assert_genuine(self) -> None:
        """The timers are still the library's own, else AssertionError says which is not."""
        ...

    def mark(self) -> Any:
        """A moment on the timed stream."""
        ...

    def seconds(self, start: Any, stop: Any) -> float:
        """From one mark to another, as the device's own clock has it; both have passed."""
        ...

    def wait(self, mark: Any) -> None:
        """Until the timed stream has reached the mark."""
        ...

    def settle(self) -> None:
        """Until every stream is idle."""
        ...

    def flush(self) -> None:
        """Overwrite the cache; takes the device longer than the host needs to call a kernel."""
        ...

    def copy(self, values: Any) -> Any:
        """Arrays, or a tuple or list of arrays and other values, copied to new memory on the timed stream."""
        ...

    def copying(self) -> Probe:
        """A copy too large for the cache; counts bytes read and written."""
        ...

    def multiplying(self, dtype: str) -> Probe:
        """A product of two large matrices by the library; counts FLOPs."""
        ...
