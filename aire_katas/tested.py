"""One kata under pytest: which file is judged, by which rules, and what a test's outcome means

`attach` finds out at collection, `rules_of` holds while a test runs, `judge` turns its report into a verdict.
"""

import functools
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aire_katas import cpp, impl, machine
from aire_katas.catalogue import id_of
from aire_katas.checks.forbidden import Forbidden, check_kernels, refuse
from aire_katas.kata import Kata, read_kata
from aire_katas.timelimit import TimeLimit, time_limit
from aire_katas.verdicts import State, TestVerdict, file_hash

KEY = pytest.StashKey["Tested"]()
SECONDS = pytest.StashKey[
    float
]()  # of processor time in a test's call, which a busy machine does not stretch


COMPILING = 60.0  # seconds that a test on a GPU has besides, for nvcc, Triton's compiler and its autotuning


class ToDo(pytest.fail.Exception):
    """Stands for the stub's NotImplementedError, without a traceback: it would take longer than the test."""


@dataclass(frozen=True)
class Tested:
    """The kata that a test belongs to."""

    id: str
    kata: Kata
    learner: Path  # the file that is judged: stub, reference, or any tree's
    kernels: Path  # the .cu file that goes with it, in a kata that has one
    test: Path
    count: int  # tests in the file; 0 where only some of them were asked for
    stub_hash: str
    tests_hash: str


def attach(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell every test of a kata what it judges."""
    asked_for_some = any("::" in str(argument) for argument in config.args)
    by_file: dict[Path, list[pytest.Item]] = {}
    for item in items:
        by_file.setdefault(item.path, []).append(item)
    for path, group in by_file.items():
        if (tested := _tested(config.rootpath, path, 0 if asked_for_some else len(group))) is not None:
            for item in group:
                item.stash[KEY] = tested


def is_for_a_gpu(item: pytest.Item) -> bool:
    """`-m gpu` asks for all that a GPU adds: speed, too, and kernels that are compiled where there is one.

    A test file puts its tensors on its DEVICE, that of aire_katas.checks.triton.
    """
    on = getattr(getattr(item, "module", None), "DEVICE", "")
    return on == "cuda" or item.get_closest_marker("perf") is not None


def _tested(root: Path, path: Path, count: int) -> Tested | None:
    kata_id = id_of(path, root)
    if kata_id is None:
        return None
    learner = impl.locate(kata_id, root)
    kernels = impl.companion(learner, cpp.SUFFIX)
    judged = (learner, kernels) if kernels.is_file() else (learner,)
    kata = read_kata(path)
    return Tested(kata_id, kata, learner, kernels, path, count, file_hash(*judged), file_hash(path))


@contextmanager
def rules_of(item: pytest.Item) -> Iterator[None]:
    """A kata's time limit and forbidden calls, in force while one of its tests runs."""
    tested = item.stash.get(KEY, None)
    if tested is None:
        yield
        return
    seconds = tested.kata.seconds + (COMPILING if item.get_closest_marker("gpu") else 0)
    message = f"{tested.id} took more than {seconds:g} s: is there a loop that never ends?"
    own = f"solutions.{tested.id.replace('/', '.')}"
    forbids = {**tested.kata.forbids, own: "that is this kata's reference"}
    started = time.process_time()
    try:
        files = (str(tested.learner), str(tested.test))
        with (
            _first_example_only(item, tested),
            time_limit(seconds, message, files),
            refuse(forbids, tested.learner, tested.test),
        ):
            check_kernels(tested.kata.forbids_cpp, tested.kernels, tested.id)
            yield
    except _Unwritten as error:
        raise ToDo(str(error), pytrace=False) from None
    except NotImplementedError as error:
        if not _is_todo(error, tested):
            raise
        raise ToDo(_place(error), pytrace=False) from None
    finally:
        item.stash[SECONDS] = time.process_time() - started


class _Unwritten(BaseException):
    """A NotImplementedError on its way through hypothesis, which tries to simplify every Exception."""


@contextmanager
def _first_example_only(item: pytest.Item, tested: Tested) -> Iterator[None]:
    """Within, a test of hypothesis ends with the first example that meets what is to do."""
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    if handle is None:
        yield
        return
    inner = handle.inner_test

    @functools.wraps(inner)
    def once(*args: Any, **kwargs: Any) -> Any:
        try:
            return inner(*args, **kwargs)
        except NotImplementedError as error:
            if _is_todo(error, tested):
                raise _Unwritten(_place(error)) from None
            raise

    handle.inner_test = once
    try:
        yield
    finally:
        handle.inner_test = inner


def judge(item: pytest.Item, call: pytest.CallInfo[Any], report: pytest.TestReport, *, todo_ok: bool) -> None:
    """Put the verdict on the report, and make what is to do, too slow or forbidden terse."""
    tested = item.stash.get(KEY, None)
    if tested is None or (report.when != "call" and not (report.when == "setup" and not report.passed)):
        return
    error = call.excinfo.value if call.excinfo else None
    message = str(error) if error else ""
    state = State.PASSING if report.passed else State.FAILING
    if report.skipped:
        state = State.NOT_GRADED
    elif isinstance(error, TimeLimit):
        state = State.TIMED_OUT
        report.longrepr = f"timed out: {message}"
    elif isinstance(error, Forbidden):
        report.longrepr = message
    elif isinstance(error, ToDo):
        state = State.TODO
        if todo_ok:
            report.outcome = "skipped"
            report.longrepr = (str(tested.test), 0, message)  # the shape pytest wants of a skip
    seconds = item.stash.get(SECONDS, 0.0)
    _put_verdict(report, tested, item.nodeid.partition("::")[2], state, error, message, seconds)


def import_error(report: pytest.CollectReport) -> BaseException | None:
    """What stopped a test module from being imported."""
    call: pytest.CallInfo[Any] | None = getattr(report, "call", None)  # left there by pytest
    error = call.excinfo.value if call and call.excinfo else None
    return error.__cause__ or error if isinstance(error, pytest.Collector.CollectError) else error


def broken_import(collector: pytest.Module, error: BaseException | None) -> pytest.CollectReport | None:
    """A terse report, with a verdict, for a kata that cannot be imported; None for other files."""
    root = collector.config.rootpath
    if error is None or (tested := _tested(root, collector.path, 1)) is None:
        return None
    if isinstance(error, ModuleNotFoundError) and (lacking := machine.ABSENT.get(error.name or "")):
        skipped = (str(collector.path), 0, f"Skipped: not graded: {lacking}")
        report = pytest.CollectReport(collector.nodeid, "skipped", skipped, [])
        _put_verdict(report, tested, "import", State.NOT_GRADED, None, lacking)
        return report
    message = _terse(error, root)
    report = pytest.CollectReport(collector.nodeid, "failed", message, [])
    _put_verdict(report, tested, "import", State.FAILING, error, message)
    return report


def _put_verdict(
    report: pytest.TestReport | pytest.CollectReport,
    tested: Tested,
    test: str,
    state: State,
    error: BaseException | None,
    message: str,
    seconds: float = 0.0,
) -> None:
    """Leave the verdict on the report, as plain data that xdist can send."""
    verdict = TestVerdict(
        kata=tested.id,
        test=test,
        state=state,
        error=type(error).__name__ if error else "",
        message=message,
        seconds=seconds,
        tests=tested.count,
        stub_hash=tested.stub_hash,
        tests_hash=tested.tests_hash,
    )
    vars(report)["aire_katas"] = verdict.as_json()


def _terse(error: BaseException, root: Path) -> str:
    """file:line and what is wrong there; the line is the last one inside the checkout."""
    if isinstance(error, SyntaxError):
        place, code = f"{error.filename}:{error.lineno}", (error.text or "").rstrip()
    else:
        frames = [
            f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(root)
        ]
        frames = [f for f in frames if ".venv" not in f.filename]
        place, code = (
            (f"{frames[-1].filename}:{frames[-1].lineno}", frames[-1].line or "") if frames else ("", "")
        )
    what = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    return "\n".join(
        filter(
            None, (f"{place}: {what}".replace(f"{root}/", "").lstrip(": "), code and f"    {code.strip()}")
        )
    )


def _is_todo(error: NotImplementedError, tested: Tested) -> bool:
    """Raised by the learner's own stub, not by a library that it called, nor by a tree given with --impl."""
    if impl.chosen():
        return False
    if isinstance(error, cpp.Unwritten):
        return error.path == tested.kernels
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(frames[-1].filename) == tested.learner


def _place(error: NotImplementedError) -> str:
    if isinstance(error, cpp.Unwritten):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"to do: {frame.name} ({Path(frame.filename).name}:{frame.lineno})"
