"""A suite of three small katas, for tests that need a checkout of their own

    def test_something(tiny_tree: Path) -> None:
        write_kata(tiny_tree, "phase2/words/shout", stub=...)

`from tests.conftest import write_kata` gives the builder. Texts may say MODULE, NAME and TITLE: the kata's
dotted path (without `katas.`), its name, and its name in words.
"""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner, Result

from aire_katas import progress
from aire_katas.catalogue import Entry
from aire_katas.cli import main
from aire_katas.verdicts import State, file_hash

CHECKOUT = Path(__file__).parents[1]

STUB = '''\
"""TITLE

The kata NAME.
"""


def answer(x: int) -> int:
    """Twice x, plus one."""
    raise NotImplementedError
'''
TEST = """\
from aire_katas import Kata
from katas.MODULE import answer

KATA = Kata(difficulty=1, minutes=5)


def test_zero_gives_one() -> None:
    assert answer(0) == 1


def test_every_step_adds_two() -> None:
    assert answer(21) - answer(20) == 2
"""
SOLUTION = '''\
"""A line with slope two through (0, 1)."""

HINTS = (
    "Try x = 0 first.",
    "What does the answer gain when x grows by one?",
    "It is a * x + b, and you know a and b.",
)


def answer(x: int) -> int:
    """Twice x, plus one."""
    # wrong: return 2 * x  # at zero the answer is one
    # wrong: return x + 1  # each step adds two
    # wrong: return 2 * (x + 1)  # first double, then add
    return 2 * x + 1
'''


def write_kata(
    root: Path, id: str, *, stub: str = STUB, test: str = TEST, solution: str = SOLUTION, listed: bool = True
) -> None:
    """Write a kata's three files and, if it is `listed`, its line at the end of the phase's README."""
    phase, topic, name = id.split("/")
    words = {"MODULE": id.replace("/", "."), "NAME": name, "TITLE": name.replace("_", " ").capitalize()}
    files = {
        f"katas/{id}.py": stub,
        f"katas/{phase}/{topic}/test_{name}.py": test,
        f"solutions/{id}.py": solution,
    }
    for file, text in files.items():
        text = dedent(text)
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if listed:
        with (root / "katas" / phase / "README.md").open("a", encoding="utf-8") as readme:
            readme.write(f"- [{words['TITLE']}]({topic}/{name}.py)\n")


def write_suite(root: Path) -> None:
    """Write the parts of a checkout that belong to no kata."""
    (root / "katas").mkdir(parents=True)
    for file in ("katas/__init__.py", "conftest.py", "pyproject.toml"):
        shutil.copy(CHECKOUT / file, root / file)


def needing(needs: str, difficulty: int = 1, minutes: int = 5) -> str:
    """The text of a test file whose kata needs another."""
    kata = f"Kata(difficulty={difficulty}, minutes={minutes}, needs=({needs!r},))"
    return TEST.replace("Kata(difficulty=1, minutes=5)", kata)


def solve(root: Path, id: str) -> None:
    """Copy the reference over the stub."""
    shutil.copy(root / "solutions" / f"{id}.py", root / "katas" / f"{id}.py")


def note(root: Path, *ids: str, state: State = State.PASSING) -> None:
    """Record what whole runs of the katas' files, as they are now, would have said."""
    with progress.update(root) as kept:
        for entry in (Entry(id, root) for id in ids):
            hashes = (file_hash(entry.stub), file_hash(entry.tests))
            kept.katas[entry.id] = progress.Record(state, *hashes, "2026-01-01T00:00:00+00:00")


def call(*arguments: str, **options: object) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="aire-katas", **options)  # type: ignore[arg-type]


def said(*arguments: str, code: int = 0) -> str:
    """What a command says on stdout."""
    result = call(*arguments)
    assert (result.exit_code, result.stderr if code == 0 else "") == (code, ""), result.output
    return result.stdout


def refused(*arguments: str, code: int) -> str:
    """What a command that refuses says, on stderr alone."""
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


def in_terminal(*arguments: str, **env: str) -> str:
    """What a command writes to a terminal."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "aire_katas", *arguments]
    subprocess.run(command, stdout=inner, env={**os.environ, "TERM": "xterm", **env}, check=True)
    os.close(inner)
    with os.fdopen(outer, "rb", buffering=0) as screen:
        return screen.read(100_000).decode().replace("\r\n", "\n")


def git(root: Path, *arguments: str) -> None:
    """In the name of a learner; nobody's own configuration counts where GIT_CONFIG_GLOBAL is os.devnull."""
    who = ["-c", "user.name=Learner", "-c", "user.email=learner@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git as it is without anybody's configuration."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


def commit_stubs(root: Path) -> None:
    """Make the tree a repository in which all that is there is committed."""
    git(root, "init")
    git(root, "add", "-A")
    git(root, "commit", "-m", "stubs")


@pytest.fixture
def tiny_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that is the working directory. Its katas are phase1/numbers/double, phase1/numbers/step and
    phase1/words/echo; each needs the one before.

    Child processes find this aire_katas, and none of the katas beside it.
    """
    root = tmp_path / "suite"
    write_suite(root)
    write_kata(root, "phase1/numbers/double")
    write_kata(root, "phase1/numbers/step", test=needing("phase1/numbers/double", difficulty=2, minutes=10))
    write_kata(root, "phase1/words/echo", test=needing("phase1/numbers/step", difficulty=3, minutes=15))
    monkeypatch.chdir(root)
    for variable in ("AIRE_KATAS_IMPL", "NO_COLOR", "VISUAL", "EDITOR", "CI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    return root
