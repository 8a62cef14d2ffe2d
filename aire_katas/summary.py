"""What the whole run said: gathered by the xdist controller, printed by topic, kept as progress."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from aire_katas import impl, progress
from aire_katas.catalogue import Catalogue
from aire_katas.verdicts import KataVerdict, State, TestVerdict, by_kata

REASONS = 5  # why tests are not graded, at most so many


class Gathered:
    """A pytest plugin that lives for one run, in the one process that sees every report."""

    def __init__(self, config: pytest.Config) -> None:
        self.root = config.rootpath
        self.verdict_file: str | None = config.getoption("--verdicts")
        self.verdicts: list[TestVerdict] = []
        self.records = not impl.chosen() and not config.getoption("--no-record")
        self.unkept = ""
        self.begun: set[str] = set()  # katas that are to do and have their letter

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """No line for every file, which would be one for every kata there is: -v brings them back."""
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and session.config.get_verbosity() == 0:
            terminal.showfspath = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._take(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._take(report)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """One letter for a kata that is to do, not one for each of its tests."""
        data = getattr(report, "aire_katas", {})
        match data.get("state"):
            case State.TODO:
                letter = "" if data["kata"] in self.begun else "t"
                self.begun.add(data["kata"])
                return "to do", letter, "TO DO"
            case State.NOT_GRADED:
                return "not graded", "n", "NOT GRADED"
        return None

    def _take(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if data := getattr(report, "aire_katas", None):
            self.verdicts.append(TestVerdict.from_json(data))

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self):
        yield
        if self.verdict_file:
            lines = (json.dumps(verdict.as_json()) for verdict in self.verdicts)
            Path(self.verdict_file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        if self.verdicts and self.records:
            try:
                with progress.update(self.root) as kept:
                    self.unkept = kept.problem
                    kept.take(by_kata(self.verdicts).values())
            except progress.NotKept as error:
                self.unkept = str(error)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        katas = by_kata(self.verdicts)
        if not katas:
            return
        terminalreporter.section("katas")
        for line in [*lines_by_topic(katas), *reasons(self.verdicts)]:
            terminalreporter.line(line)
        if self.unkept:
            terminalreporter.line(self.unkept)
        if not impl.chosen() and (line := self._next(katas)):
            terminalreporter.line(line)

    def _next(self, katas: dict[str, KataVerdict]) -> str:
        """Where to go on: the first kata of the run, in the order of the curriculum, that does not pass."""
        done = (State.PASSING, State.NOT_GRADED)
        for entry in Catalogue(self.root).entries:
            if entry.id in katas and katas[entry.id].state not in done:
                where = entry.stub.relative_to(self.root)
                return f"next: {entry.title}\n      {where}   (stuck? aire-katas hint {entry.name})"
        return ""


def lines_by_topic(katas: dict[str, KataVerdict]) -> list[str]:
    """One line a topic: `phase4/attention    3 of 11 passing, 1 failing, 7 to do`."""
    topics: dict[str, Counter[State]] = {}
    for kata, verdict in katas.items():
        topics.setdefault(kata.rpartition("/")[0], Counter())[verdict.state] += 1
    width = max(map(len, topics))
    lines = []
    for topic, counts in sorted(topics.items()):
        graded = counts.total() - counts[State.NOT_GRADED]
        parts = [f"{counts[State.PASSING]} of {graded} passing"]
        parts += [
            f"{counts[state]} {state}"
            for state in reversed(State)
            if state != State.PASSING and counts[state]
        ]
        lines.append(f"{topic:<{width}}   {', '.join(parts)}")
    return lines


def reasons(verdicts: Iterable[TestVerdict]) -> list[str]:
    """Why tests were not graded, the most frequent first: `not graded: needs a CUDA GPU (3 tests)`."""
    prefix = "not graded: "
    messages = (one.message.removeprefix(prefix) for one in verdicts if one.state is State.NOT_GRADED)
    return [
        f"{prefix}{message} ({count} test{'s' if count > 1 else ''})"
        for message, count in Counter(messages).most_common(REASONS)
    ]
