"""What the learner has done: `.aire-katas/state.json`

A pass is bound to the hashes of stub and tests, so an edit of either shows as stale. The file is replaced
whole (temporary file, fsync, rename) under a lock. A file that cannot be understood is never overwritten: a
newer format is left alone, a corrupt one is moved aside by the next write, and both are said.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aire_katas.catalogue import Entry
from aire_katas.verdicts import KataVerdict, State, file_hash

FORMAT = 1
STALE = "stale"


class NotKept(OSError):
    """Progress cannot be written here; the message says why."""


@dataclass(frozen=True)
class Record:
    """The last complete run of one kata."""

    state: State
    stub: str
    tests: str
    at: str


@dataclass
class Progress:
    """The content of state.json; `problem` says why it could not be read, if so."""

    katas: dict[str, Record] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    problem: str = ""
    writable: bool = True

    def standing(self, entry: Entry) -> str:
        """The state of a kata as of its files now: a State, or "stale" for a pass of other files."""
        record = self.katas.get(entry.id)
        if record is None:
            return State.TODO
        current = (file_hash(*entry.stubs), file_hash(entry.tests))
        return (
            STALE
            if record.state == State.PASSING and (record.stub, record.tests) != current
            else record.state
        )

    def next_entry(self, entries: Iterable[Entry]) -> Entry | None:
        """The first kata of `entries` that does not pass now."""
        waiting = (State.PASSING, State.NOT_GRADED)
        return next((entry for entry in entries if self.standing(entry) not in waiting), None)

    def take(self, verdicts: Iterable[KataVerdict]) -> None:
        """Note the katas that were run whole; a partial run says nothing."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for verdict in verdicts:
            if verdict.complete:
                one = verdict.verdicts[0]
                self.katas[verdict.kata] = Record(verdict.state, one.stub_hash, one.tests_hash, now)


def state_file(root: Path) -> Path:
    return root / ".aire-katas" / "state.json"


def load(root: Path) -> Progress:
    """The progress kept under `root`; empty, with its `problem`, where the file cannot be understood."""
    path = state_file(root)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] > FORMAT:
            problem = f"{path} has format {data['format']}; this version knows {FORMAT}: it is left alone"
            return Progress(problem=f"{problem}, and progress is not kept", writable=False)
        katas = {kata: Record(**{**one, "state": State(one["state"])}) for kata, one in data["katas"].items()}
        return Progress(katas, {kata: int(shown) for kata, shown in data["hints"].items()})
    except FileNotFoundError:
        return Progress()
    except OSError as error:
        return Progress(
            problem=f"{path} cannot be read ({error.strerror}): progress is not kept", writable=False
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{path} is corrupt ({type(error).__name__}: {error})"
        return Progress(problem=f"{what}: you start afresh, and it is kept as {_free_name(path).name}")


def hindrance(root: Path) -> str:
    """Why progress cannot be kept under `root`; empty where it can."""
    if not (progress := load(root)).writable:
        return progress.problem
    folder = state_file(root).parent
    try:
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"{folder}: {error.strerror}"


@contextmanager
def update(root: Path) -> Iterator[Progress]:
    """Read, change and write back under a lock; NotKept where nothing can be written."""
    path = state_file(root)
    try:
        path.parent.mkdir(exist_ok=True)
        with _locked(path.with_name("lock")):
            progress = load(root)
            if not progress.writable:
                raise NotKept(progress.problem)
            yield progress
            if progress.problem:
                os.replace(path, _free_name(path))
            _write(path, progress)
    except NotKept:
        raise
    except OSError as error:
        raise NotKept(f"progress is not kept: {path.parent}: {error.strerror or error}") from error


def _write(path: Path, progress: Progress) -> None:
    katas = {kata: asdict(record) for kata, record in sorted(progress.katas.items())}
    content = {"format": FORMAT, "katas": katas, "hints": dict(sorted(progress.hints.items()))}
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="state-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _free_name(path: Path) -> Path:
    """The first of state.json.corrupt-1, -2, ... that is free."""
    candidates = (path.with_name(f"{path.name}.corrupt-{n}") for n in range(1, 10_000))
    return next(candidate for candidate in candidates if not candidate.exists())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        try:
            import fcntl
        except ImportError:  # Windows: the last writer wins
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
