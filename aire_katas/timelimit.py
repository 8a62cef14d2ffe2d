"""A time limit for code in this process

An alarm that repeats, so that a bare `except:` in a loop does not swallow it for good. It cannot interrupt a
loop in C code, nor work on Windows or outside the main thread; the runner's children, which are killed from
outside, can.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeLimit(BaseException):
    """Time is up. Not an Exception, so that `except Exception` lets it pass."""


@contextmanager
def time_limit(seconds: float, message: str) -> Iterator[None]:
    """Raise TimeLimit(message) in the body once it has run for `seconds`, and again every half second."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TimeLimit(message)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
