"""The states a kata can be in, and how its tests' states add up

Pytest's plugin, the progress file, `status` and `dev check` all speak these words.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self


class State(StrEnum):
    """Of one test or of one kata. The order is that of severity: the worst test decides for its kata."""

    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    FAILING = "failing"
    TODO = "to do"
    PASSING = "passing"
    NOT_GRADED = "not graded"


def combine(states: Iterable[State]) -> State:
    """The state of a kata whose tests are in `states`."""
    seen = set(states)
    return next((state for state in State if state in seen), State.NOT_GRADED)


@dataclass(frozen=True)
class TestVerdict:
    """What one test said; plain data that survives JSON, so that xdist workers can send it."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    kata: str
    test: str
    state: State
    error: str  # class of the exception, "" where there was none
    message: str
    seconds: float  # of processor time
    tests: int  # how many tests the kata has, so that a partial run is never taken for a whole one
    stub_hash: str
    tests_hash: str

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "state": self.state.value}  # xdist sends plain types only

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "state": State(data["state"])})


@dataclass(frozen=True)
class KataVerdict:
    """What a run said of one kata."""

    kata: str
    state: State
    verdicts: tuple[TestVerdict, ...]

    @property
    def complete(self) -> bool:
        """Every test of the kata had its say."""
        return len(self.verdicts) >= self.verdicts[0].tests > 0


def by_kata(verdicts: Iterable[TestVerdict]) -> dict[str, KataVerdict]:
    """Verdicts gathered by kata, in order of first appearance; a test's last word counts."""
    gathered: dict[str, dict[str, TestVerdict]] = {}
    for verdict in verdicts:
        gathered.setdefault(verdict.kata, {})[verdict.test] = verdict
    return {
        kata: KataVerdict(kata, combine(verdict.state for verdict in tests.values()), tuple(tests.values()))
        for kata, tests in gathered.items()
    }


def file_hash(*paths: Path) -> str:
    """Hash of the contents of files, one after another; empty where one cannot be read."""
    try:
        return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    except OSError:
        return ""
