"""The suite's pytest plugin: wiring only, each matter lives in a module of its own

Loads neither numpy nor torch nor hypothesis.
"""

import os
import random
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aire_katas import impl, machine, seeding, tested
from aire_katas.summary import Gathered
from aire_katas.timelimit import TimeLimit, time_limit

IMPORT_SECONDS = 60.0
OUTPUT_SHOWN = 4_000  # characters of captured output in a failure


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("aire-katas")
    group.addoption(
        "--impl",
        action="append",
        default=[],
        metavar="DIR",
        help="test this tree instead of your own stubs (repeatable: the first tree that has a file wins)",
    )
    group.addoption(
        "--todo-ok", action="store_true", help="tests that are still to do do not count as failures"
    )
    group.addoption(
        "--require-gpu", action="store_true", help="without a GPU, GPU tests fail instead of being skipped"
    )
    group.addoption(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="other random numbers in every test and, unless 0, another order of the tests",
    )
    group.addoption(
        "--verdicts", metavar="FILE", help="write what every test said to FILE, a JSON object a line"
    )
    group.addoption("--no-record", action="store_true", help="leave the record of your progress alone")


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in machine.MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    try:
        impl.choose(config.getoption("--impl") or ())
    except impl.NoSuchTree as error:
        raise pytest.UsageError(str(error)) from None
    if not hasattr(config, "workerinput"):  # the controller of an xdist run, or a run without xdist
        config.pluginmanager.register(Gathered(config), "aire-katas-summary")


def pytest_collection(session: pytest.Session) -> None:
    seeding.load_hypothesis_profile(session.config.rootpath / ".aire-katas")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport | None]:
    """A stub that cannot be imported costs its own kata only, and is named with file and line."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    slow = f"importing it took more than {IMPORT_SECONDS:g} s"
    try:
        with time_limit(IMPORT_SECONDS, slow):
            report = yield
    except (TimeLimit, SystemExit) as error:
        return tested.broken_import(collector, error)
    if report.failed:
        return tested.broken_import(collector, tested.import_error(report)) or report
    return report


def pytest_itemcollected(item: pytest.Item) -> None:
    if tested.is_for_a_gpu(item):
        item.add_marker("gpu")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tested.attach(config, items)
    if seed := config.getoption("--seed"):
        random.Random(seed).shuffle(items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    seeding.seed_everything(item.nodeid, item.config.getoption("--seed") or 0)
    for marker in item.iter_markers():
        if lacking := machine.missing(marker.name):
            if item.config.getoption("--require-gpu"):
                pytest.fail(f"{lacking}, and --require-gpu is given", pytrace=False)
            pytest.skip(f"not graded: {lacking}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with tested.rules_of(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    report.sections = [(title, _shortened(text)) for title, text in report.sections]
    tested.judge(item, call, report, todo_ok=bool(item.config.getoption("--todo-ok")))
    return report


def pytest_report_header(config: pytest.Config) -> Sequence[str]:
    trees = [os.path.relpath(tree, Path.cwd()) for tree in impl.chosen()]
    return [f"testing the code in: {', '.join(trees)} (progress is not recorded)"] if trees else []


def _shortened(text: str) -> str:
    if len(text) <= OUTPUT_SHOWN:
        return text
    return f"... ({len(text):,} characters; the last {OUTPUT_SHOWN:,} follow)\n{text[-OUTPUT_SHOWN:]}"
