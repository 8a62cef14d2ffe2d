from pathlib import Path

import pytest

from aire_katas.progress import load
from tests.conftest import SOLUTION, commit_stubs, git, note, refused, said, solve

pytestmark = pytest.mark.usefixtures("tiny_tree", "own_git")


@pytest.fixture
def committed(tiny_tree: Path) -> Path:
    """The suite in a git repository, with echo solved and the solved version committed."""
    commit_stubs(tiny_tree)
    solve(tiny_tree, "phase1/words/echo")
    git(tiny_tree, "commit", "-am", "solved")
    note(tiny_tree, "phase1/words/echo")
    return tiny_tree


def test_reset_brings_the_stub_back_and_keeps_the_learners_file(committed: Path) -> None:
    stub = committed / "katas/phase1/words/echo.py"
    stub.write_text(own := f"{stub.read_text()}# mine\n")
    said("hint", "echo")
    kept, back = said("reset", "echo").splitlines()
    assert back == "katas/phase1/words/echo.py is the stub again"
    backup = Path(kept.removeprefix("your file is kept: "))
    assert backup.read_text() == own
    assert backup.parent == Path(".aire-katas/backups/phase1/words/echo")
    assert "raise NotImplementedError" in stub.read_text()
    assert load(committed).katas == {}
    assert said("hint", "echo").startswith("hint 1 of 3")


def test_two_resets_keep_two_backups(committed: Path) -> None:
    for own in ("one = 1\n", "two = 2\n"):
        (committed / "katas/phase1/words/echo.py").write_text(own)
        said("reset", "echo")
    backups = sorted((committed / ".aire-katas/backups/phase1/words/echo").iterdir())
    assert [backup.read_text() for backup in backups] == ["one = 1\n", "two = 2\n"]


def test_reset_of_a_stub_changes_nothing_and_says_so(committed: Path) -> None:
    said("reset", "echo")
    before = (committed / "katas/phase1/words/echo.py").stat()
    assert said("reset", "echo") == "katas/phase1/words/echo.py was the stub already\n"
    assert (committed / "katas/phase1/words/echo.py").stat().st_mtime_ns == before.st_mtime_ns
    assert len(list((committed / ".aire-katas/backups").rglob("*.py"))) == 1


def test_reset_brings_back_a_file_that_was_deleted(committed: Path) -> None:
    stub = committed / "katas/phase1/words/echo.py"
    stub.unlink()
    assert said("reset", "echo") == "katas/phase1/words/echo.py is the stub again\n"
    assert "raise NotImplementedError" in stub.read_text()


def test_without_history_reset_changes_nothing(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tiny_tree.parent))
    solve(tiny_tree, "phase1/words/echo")
    note(tiny_tree, "phase1/words/echo")
    message = refused("reset", "echo", code=3)
    assert message.startswith("cannot reset phase1/words/echo: not a git repository")
    assert (tiny_tree / "katas/phase1/words/echo.py").read_text() == SOLUTION
    assert not (tiny_tree / ".aire-katas/backups").exists()
    assert "phase1/words/echo" in load(tiny_tree).katas


def test_without_a_place_for_the_backup_reset_changes_nothing(committed: Path) -> None:
    (committed / ".aire-katas/backups").write_text("a file where the folder should be")
    assert refused("reset", "echo", code=3).startswith("cannot reset phase1/words/echo: ")
    assert (committed / "katas/phase1/words/echo.py").read_text() == SOLUTION
