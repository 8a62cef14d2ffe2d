from pathlib import Path

import pytest

from aire_katas.pristine import NoStub, pristine_stub, unsolved
from tests.conftest import git

pytestmark = pytest.mark.usefixtures("own_git")

STUB = b'''"""Two"""


def one() -> int:
    """The number one."""
    raise NotImplementedError


class Two:
    def two(self) -> int:
        raise NotImplementedError("two")
'''
HALF = STUB.replace(b"    raise NotImplementedError\n", b"    return 1\n")
SOLVED = HALF.replace(b'raise NotImplementedError("two")', b"return 2")


def commit(file: Path, *contents: bytes) -> None:
    for content in contents:
        file.write_bytes(content)
        git(file.parent, "add", file.name)
        git(file.parent, "commit", "-m", "a version")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A kata's file, not there yet, in a repository."""
    git(tmp_path, "init", "-b", "main")
    return tmp_path / "kata.py"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (STUB, (2, 2)),
        (HALF, (1, 1)),
        (SOLVED, (0, 0)),
        (b"def f(x):\n    y = x\n    raise NotImplementedError\n    return y\n", (1, 0)),
        (b"def (:", (0, 0)),
        (b"\0", (0, 0)),
        (b"", (0, 0)),
    ],
)
def test_what_is_to_do_is_counted(source: bytes, count: tuple[int, int]) -> None:
    assert unsolved(source) == count


@pytest.mark.parametrize(
    "body",
    [
        "...",
        '"""Only a promise."""',
        "raise ValueError",
        "raise",
        "return NotImplementedError",
    ],
)
def test_other_bodies_are_not_counted(body: str) -> None:
    assert unsolved(f"def f():\n    {body}\n".encode()) == (0, 0)


def test_the_stub_is_found_below_what_the_learner_committed(file: Path) -> None:
    commit(file, STUB, HALF, SOLVED, b"def broken(:\n")
    assert pristine_stub(file.parent, file) == STUB


def test_of_two_stubs_the_newer_is_taken(file: Path) -> None:
    mended = STUB.replace(b"Two", b"Mended")
    commit(file, STUB, SOLVED, mended, HALF)
    assert pristine_stub(file.parent, file) == mended


def test_a_stub_that_a_merge_brought_and_the_learner_did_not_take_is_found(file: Path) -> None:
    commit(file, STUB)
    git(file.parent, "checkout", "-b", "upstream")
    mended = STUB.replace(b"Two", b"Mended")
    commit(file, mended)
    git(file.parent, "checkout", "main")
    commit(file, SOLVED)
    git(file.parent, "merge", "-s", "ours", "-m", "keep mine", "upstream")
    assert file.read_bytes() == SOLVED
    assert pristine_stub(file.parent, file) == mended


def test_a_commit_that_removed_the_file_is_passed_over(file: Path) -> None:
    commit(file, STUB)
    git(file.parent, "rm", "kata.py")
    git(file.parent, "commit", "-m", "gone")
    assert pristine_stub(file.parent, file) == STUB


def test_the_suite_may_be_a_folder_of_a_larger_repository(file: Path) -> None:
    inner = file.parent / "courses/aire/kata.py"
    inner.parent.mkdir(parents=True)
    commit(inner, STUB, SOLVED)
    assert pristine_stub(inner.parent, inner) == STUB


def test_without_an_unsolved_version_there_is_no_stub(file: Path) -> None:
    commit(file, SOLVED)
    with pytest.raises(NoStub, match=r"^no committed version of kata\.py is unsolved"):
        pristine_stub(file.parent, file)


def test_a_file_never_committed_has_no_stub(file: Path) -> None:
    commit(file.with_name("other.py"), STUB)
    with pytest.raises(NoStub, match=r"^git knows no committed version of kata\.py$"):
        pristine_stub(file.parent, file)


def test_outside_a_repository_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(NoStub, match="not a git repository"):
        pristine_stub(tmp_path, tmp_path / "kata.py")


def test_without_git_the_remedy_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoStub, match=r"^git is not installed"):
        pristine_stub(file.parent, file)
