"""A time limit for code in this process

An alarm, which repeats because a bare `except:` may swallow it. A loop that swallows it over and over is
fired at without a pause, but only while code of the `files` given runs: so the alarm hits between two rounds
of the loop, and never the caller's own cleaning up. It cannot interrupt a loop in C code, nor work on Windows
or outside the main thread; the runner's children, which are killed from outside, can.
"""

import signal
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import FrameType

AGAIN = 0.5  # seconds to the next alarm
PATIENCE = 3  # alarms that may be swallowed
WITHOUT_PAUSE = 1e-5


class TimeLimit(BaseException):
    """Time is up. Not an Exception, so that `except Exception` lets it pass."""


@contextmanager
def time_limit(seconds: float, message: str, files: Collection[str] = ()) -> Iterator[None]:
    """Raise TimeLimit(message) in the body after `seconds`, and again where that is swallowed."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    alarms = 0

    def ring(_signal: int, frame: FrameType | None) -> None:
        nonlocal alarms
        alarms += 1
        if alarms == PATIENCE and files:
            signal.setitimer(signal.ITIMER_REAL, WITHOUT_PAUSE, WITHOUT_PAUSE)
        if alarms <= PATIENCE or (frame is not None and frame.f_code.co_filename in files):
            raise TimeLimit(message)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def clock_stopped() -> Iterator[None]:
    """What the body does takes none of the time: a compiler's work, which is not the learner's."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    left, again = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, again)
