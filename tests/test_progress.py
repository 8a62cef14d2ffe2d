import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from aire_katas import progress
from aire_katas.catalogue import Catalogue, Entry
from aire_katas.progress import FORMAT, NotKept, Record, load, state_file, update
from aire_katas.verdicts import KataVerdict, State, TestVerdict, by_kata, combine, file_hash
from tests.conftest import note


def verdict(entry: Entry, test: str, state: State, tests: int) -> TestVerdict:
    """What one of a kata's `tests` tests said of the files as they are."""
    known = {
        "kata": entry.id,
        "test": test,
        "state": state,
        "tests": tests,
        "stub_hash": file_hash(entry.stub),
        "tests_hash": file_hash(entry.tests),
        "seconds": 0.0,
    }
    return TestVerdict(**{field.name: known.get(field.name, "") for field in fields(TestVerdict)})


@pytest.fixture
def double(tiny_tree: Path) -> Entry:
    return Catalogue(tiny_tree).resolve("double")


def files_in(root: Path) -> set[str]:
    return {path.name for path in state_file(root).parent.iterdir()}


def test_what_was_noted_is_there_the_next_time(double: Entry) -> None:
    note(double.root, double.id)
    with update(double.root) as kept:
        kept.hints[double.id] = 2
    kept = load(double.root)
    assert kept.standing(double) == State.PASSING
    assert kept.hints == {double.id: 2}
    assert (kept.problem, kept.writable) == ("", True)


def test_a_kata_never_run_is_to_do(double: Entry) -> None:
    assert load(double.root).standing(double) == State.TODO
    assert not state_file(double.root).exists()


@pytest.mark.parametrize("file", ["stub", "tests"])
def test_a_pass_is_stale_once_stub_or_tests_change(double: Entry, file: str) -> None:
    note(double.root, double.id)
    path: Path = getattr(double, file)
    before = path.read_text()
    path.write_text(f"{before}# one more thought\n")
    assert load(double.root).standing(double) == progress.STALE
    path.write_text(before)
    assert load(double.root).standing(double) == State.PASSING


def test_a_pass_is_stale_once_its_file_is_gone(double: Entry) -> None:
    note(double.root, double.id)
    double.stub.unlink()
    assert load(double.root).standing(double) == progress.STALE


def test_only_a_pass_can_be_stale(double: Entry) -> None:
    note(double.root, double.id, state=State.FAILING)
    double.stub.write_text("another try")
    assert load(double.root).standing(double) == State.FAILING


def test_the_next_kata_is_the_first_that_does_not_pass_now(double: Entry) -> None:
    entries = Catalogue(double.root).entries
    following = [load(double.root).next_entry(entries)]
    for entry, state in zip(entries, (State.PASSING, State.NOT_GRADED, State.PASSING), strict=True):
        note(double.root, entry.id, state=state)
        following.append(load(double.root).next_entry(entries))
    assert following == [*entries, None]
    double.stub.write_text("x = 1")
    assert load(double.root).next_entry(entries) == double


def test_a_whole_run_is_taken(double: Entry) -> None:
    said = by_kata([verdict(double, "a", State.PASSING, 2), verdict(double, "b", State.FAILING, 2)])
    with update(double.root) as kept:
        kept.take(said.values())
    assert load(double.root).standing(double) == State.FAILING


@pytest.mark.parametrize("tests", [3, 0], ids=["a test is missing", "some were asked for by name"])
def test_a_partial_run_says_nothing(double: Entry, tests: int) -> None:
    note(double.root, double.id, state=State.FAILING)
    said = by_kata([verdict(double, "a", State.PASSING, tests), verdict(double, "b", State.PASSING, tests)])
    with update(double.root) as kept:
        kept.take(said.values())
    assert load(double.root).standing(double) == State.FAILING


def test_a_run_of_files_that_changed_meanwhile_is_stale(double: Entry) -> None:
    said = by_kata([verdict(double, "a", State.PASSING, 1)])
    double.stub.write_text("edited while the tests ran")
    with update(double.root) as kept:
        kept.take(said.values())
    assert load(double.root).standing(double) == progress.STALE


def test_the_worst_test_decides_for_its_kata() -> None:
    assert combine([State.PASSING, State.TODO, State.FAILING]) == State.FAILING
    assert combine([State.PASSING, State.NOT_GRADED]) == State.PASSING
    assert combine([]) == State.NOT_GRADED


def test_the_last_word_of_a_test_counts(double: Entry) -> None:
    words = [verdict(double, "a", State.PASSING, 1), verdict(double, "a", State.CRASHED, 1)]
    assert by_kata(words) == {double.id: KataVerdict(double.id, State.CRASHED, (words[1],))}


@pytest.mark.parametrize("where", ["os.replace", "json.dump", "os.fsync"])
def test_a_crash_while_writing_leaves_the_old_file_whole(
    double: Entry, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(double.root, double.id)
    before = state_file(double.root).read_bytes()

    def crash(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(where, crash)
    with pytest.raises(RuntimeError, match="power cut"):
        note(double.root, "phase1/words/echo")
    monkeypatch.undo()
    assert state_file(double.root).read_bytes() == before
    assert files_in(double.root) == {"state.json", "lock"}


def test_a_full_disk_is_said_and_leaves_the_old_file_whole(
    double: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(double.root, double.id)
    before = state_file(double.root).read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotKept, match=r"^progress is not kept: .*\.aire-katas: No space left on device$"):
        note(double.root, "phase1/words/echo")
    assert state_file(double.root).read_bytes() == before
    assert files_in(double.root) == {"state.json", "lock"}


def test_a_change_that_raises_is_not_written(double: Entry) -> None:
    note(double.root, double.id)
    before = state_file(double.root).read_bytes()
    with pytest.raises(TypeError), update(double.root) as kept:
        kept.katas = len(kept.katas.clear())  # type: ignore[arg-type]
    assert state_file(double.root).read_bytes() == before


def test_a_newer_format_is_left_alone_and_said(double: Entry) -> None:
    note(double.root, double.id)
    path = state_file(double.root)
    path.write_text(json.dumps({"format": FORMAT + 1, "katas": "in another shape"}))
    before = path.read_bytes()
    known = f"this version knows {FORMAT}: it is left alone, and progress is not kept"
    said = f"{path} has format {FORMAT + 1}; {known}"
    assert load(double.root).problem == said
    assert load(double.root).standing(double) == State.TODO
    with pytest.raises(NotKept) as caught:
        note(double.root, double.id)
    assert str(caught.value) == said
    assert path.read_bytes() == before
    assert files_in(double.root) == {"state.json", "lock"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"format": 1, "katas": {"phase1/',
        b"\xff\xfe\x00",
        b"[]",
        b'{"katas": {}, "hints": {}}',
        b'{"format": "1", "katas": {}, "hints": {}}',
        b'{"format": 1, "katas": {"a/b/c": {"state": "passing"}}, "hints": {}}',
        b'{"format": 1, "katas": {"a/b/c": {"state": "?", "stub": "", "tests": "", "at": ""}}, "hints": {}}',
        b'{"format": 1, "katas": [], "hints": {}}',
        b'{"format": 1, "katas": {}, "hints": {"a/b/c": "many"}}',
    ],
)
def test_a_corrupt_file_is_moved_aside_and_said(double: Entry, content: bytes) -> None:
    path = state_file(double.root)
    path.parent.mkdir()
    path.write_bytes(content)
    problem = load(double.root).problem
    assert problem.startswith(f"{path} is corrupt (")
    assert problem.endswith("): you start afresh, and it is kept as state.json.corrupt-1")
    assert path.read_bytes() == content, "reading changes nothing"
    note(double.root, double.id)
    assert path.with_name("state.json.corrupt-1").read_bytes() == content
    assert load(double.root).standing(double) == State.PASSING
    assert load(double.root).problem == ""


def test_a_second_corrupt_file_does_not_replace_the_first(double: Entry) -> None:
    path = state_file(double.root)
    path.parent.mkdir()
    for content in ("first", "second"):
        path.write_text(content)
        note(double.root, double.id)
    assert path.with_name("state.json.corrupt-1").read_text() == "first"
    assert path.with_name("state.json.corrupt-2").read_text() == "second"


def test_where_nothing_can_be_written_progress_is_not_kept(double: Entry) -> None:
    folder = double.root / ".aire-katas"
    folder.write_text("a file where the folder should be")
    with pytest.raises(NotKept, match=rf"^progress is not kept: {folder}: File exists$"):
        note(double.root, double.id)
    assert load(double.root).problem.endswith(
        "state.json cannot be read (Not a directory): progress is not kept"
    )
    assert progress.hindrance(double.root) == load(double.root).problem


def test_a_hindrance_is_found_before_anything_is_lost(double: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    assert progress.hindrance(double.root) == ""

    def read_only(*_arguments: object, **_options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", read_only)
    assert progress.hindrance(double.root) == f"{double.root / '.aire-katas'}: Read-only file system"


def test_updates_of_two_processes_lose_nothing(tiny_tree: Path) -> None:
    program = """\
import sys
from pathlib import Path
from aire_katas.progress import update
for n in range(40):
    with update(Path.cwd()) as kept:
        kept.hints[f"{sys.argv[1]}-{n}"] = n
"""
    children = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("left", "right")]
    assert [child.wait(timeout=60) for child in children] == [0, 0]
    assert load(tiny_tree).hints == {f"{name}-{n}": n for name in ("left", "right") for n in range(40)}


def test_the_file_is_plain_and_says_its_format(double: Entry) -> None:
    note(double.root, double.id)
    data = json.loads(state_file(double.root).read_text())
    assert data["format"] == FORMAT
    assert Record(**data["katas"][double.id]).tests == file_hash(double.tests)
