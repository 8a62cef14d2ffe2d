"""A limit on time in this process, and work that does not count."""

import signal
import time

import pytest

from aire_katas.timelimit import TimeLimit, clock_stopped, time_limit


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeLimit, match="too slow"), time_limit(0.05, "too slow"):
        time.sleep(5)


def test_a_compilers_work_takes_no_time() -> None:
    with time_limit(0.5, "too slow"), clock_stopped():
        time.sleep(0.8)


def test_the_clock_goes_on_behind_it_where_it_was() -> None:
    def learner() -> None:
        time.sleep(0.2)
        with clock_stopped():
            time.sleep(0.8)
        time.sleep(9)

    began = time.monotonic()
    with pytest.raises(TimeLimit), time_limit(1.0, "too slow"):
        learner()
    assert 1.7 < time.monotonic() - began < 8


def test_also_behind_an_error() -> None:
    def learner() -> None:
        with pytest.raises(ZeroDivisionError), clock_stopped():
            raise ZeroDivisionError
        time.sleep(9)

    with pytest.raises(TimeLimit), time_limit(0.5, "too slow"):
        learner()


def test_without_a_limit_there_is_no_clock_to_stop() -> None:
    with clock_stopped():
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
