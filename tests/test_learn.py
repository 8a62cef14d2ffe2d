import re
import sys
from pathlib import Path

import pytest

from aire_katas.cli.learn import code_lines, wrapped
from aire_katas.progress import load, state_file
from tests.conftest import SOLUTION, call, in_terminal, note, refused, said, solve, write_kata

pytestmark = pytest.mark.usefixtures("tiny_tree")


def test_each_call_shows_the_next_hint(tiny_tree: Path) -> None:
    assert said("hint", "echo") == "hint 1 of 3\nTry x = 0 first.\n"
    assert said("hint", "words/echo").startswith("hint 2 of 3\n")
    last = "  aire-katas hint echo -n 1           shows the first one again\n"
    last += "  aire-katas solution echo --spoil    shows the reference\n"
    rung = "hint 3 of 3\nIt is a * x + b, and you know a and b.\n"
    assert said("hint", "echo") == f"{rung}no more hints: all 3 are shown\n{last}"
    assert said("hint", "echo") == f"no more hints: all 3 are shown\n{last}"
    assert load(tiny_tree).hints == {"phase1/words/echo": 3}, "the hints shown, not the calls"
    assert said("hint", "double").startswith("hint 1 of 3\n"), "each kata has a count of its own"


def test_a_numbered_hint_is_not_counted(tiny_tree: Path) -> None:
    assert said("hint", "echo", "-n", "2") == "hint 2 of 3\nWhat does the answer gain when x grows by one?\n"
    assert not state_file(tiny_tree).exists()
    assert refused("hint", "echo", "-n", "4", code=2) == "echo has 3 hints, and no hint 4\n"
    assert "is not in the range x>=1" in refused("hint", "echo", "-n", "0", code=2)


def test_a_hint_is_shown_where_progress_cannot_be_kept(tiny_tree: Path) -> None:
    (tiny_tree / ".aire-katas").write_text("a file where the folder should be")
    for _ in range(2):
        result = call("hint", "echo")
        assert (result.exit_code, result.stdout) == (0, "hint 1 of 3\nTry x = 0 first.\n")
        assert result.stderr.startswith("progress is not kept: ")
        assert result.stderr.endswith(": File exists; ask for the later hints with -n\n")


def test_a_kata_without_hints_says_so(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/bare", solution="x = 1\n")
    assert refused("hint", "bare", code=4) == "phase1/words/bare has no hints\n"


def test_long_hints_are_broken_between_words_and_formulas_are_not() -> None:
    text = f"{'word ' * 40}\n\n    S = Q K^T\n    P = softmax(S)"
    lines = wrapped(text).splitlines()
    assert max(map(len, lines)) <= 88
    assert lines[-3:] == ["", "    S = Q K^T", "    P = softmax(S)"]


def test_open_prints_the_path_where_there_is_no_editor(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said("open", "echo") == "katas/phase1/words/echo.py\n"
    monkeypatch.chdir(tiny_tree / "katas/phase1/words")
    assert said("open", "echo") == "echo.py\n"


@pytest.mark.parametrize("variable", ["VISUAL", "EDITOR"])
def test_open_calls_the_editor_with_its_options(tmp_path: Path, tiny_tree: Path, variable: str) -> None:
    opened = tmp_path / "opened"
    program = f"import sys, pathlib; pathlib.Path({str(opened)!r}).write_text(' '.join(sys.argv[1:]))"
    result = call("open", "echo", env={variable: f'"{sys.executable}" -c "{program}" --wait'})
    assert (result.exit_code, result.output) == (0, "")
    assert opened.read_text() == f"--wait {tiny_tree / 'katas/phase1/words/echo.py'}"


def test_an_editor_that_fails_is_named() -> None:
    missing = call("open", "echo", env={"EDITOR": "no-such-editor -w"})
    assert (missing.exit_code, missing.stdout) == (3, "")
    assert missing.stderr.startswith("cannot start the editor `no-such-editor -w`: ")
    failing = call("open", "echo", env={"EDITOR": "false"})
    assert (failing.exit_code, failing.stderr) == (3, "`false` ended with exit code 1\n")


@pytest.mark.parametrize("command", ["solution", "diff"])
def test_the_reference_is_for_those_who_pass_or_ask_to_be_spoilt(tiny_tree: Path, command: str) -> None:
    solve_first = "not passing: solve it first (aire-katas run echo), or add --spoil\n"
    assert refused(command, "echo", code=1) == f"echo is to do, {solve_first}"
    spoilt = said(command, "echo", "--spoil")
    assert "return 2 * x + 1" in spoilt
    note(tiny_tree, "phase1/words/echo")
    assert said(command, "echo") == spoilt
    with (tiny_tree / "katas/phase1/words/echo.py").open("a") as stub:
        stub.write("x = 1\n")
    assert refused(command, "echo", code=1) == f"echo is stale, {solve_first}"


def test_solution_is_the_file_as_it_stands(tiny_tree: Path) -> None:
    assert (
        said("solution", "echo", "--spoil")
        == (tiny_tree / "solutions/phase1/words/echo.py").read_text()
        == SOLUTION
    )


def test_solution_is_coloured_in_a_terminal() -> None:
    screen = in_terminal("solution", "echo", "--spoil", COLUMNS="80")
    lines = re.sub(r"\x1b\[[\d;]*m", "", screen).splitlines()
    assert [line.rstrip() for line in lines] == SOLUTION.splitlines()
    assert "\x1b[" in screen
    assert in_terminal("solution", "echo", "--spoil", NO_COLOR="1") == SOLUTION


def test_diff_is_about_the_code_alone(tiny_tree: Path) -> None:
    screen = '''\
--- katas/phase1/words/echo.py
+++ solutions/phase1/words/echo.py
@@ -1,3 +1,3 @@
 def answer(x: int) -> int:
     """Twice x, plus one."""
-    raise NotImplementedError
+    return 2 * x + 1
'''
    assert said("diff", "echo", "--spoil") == screen
    solve(tiny_tree, "phase1/words/echo")
    assert said("diff", "echo", "--spoil") == "your code is the reference, line by line\n"


def test_diff_shows_a_file_that_does_not_parse(tiny_tree: Path) -> None:
    (tiny_tree / "katas/phase1/words/echo.py").write_text("def answer(:\n")
    assert "\n-def answer(:\n" in said("diff", "echo", "--spoil")


def test_prose_hints_and_mistakes_are_no_code() -> None:
    prose, hints = '"""Title\n\nProse.\n"""', 'HINTS = (\n    "a",\n)'
    mistake = "# wrong: x = 2  # no\n#        y = 3"
    assert code_lines(f"{prose}\n\nimport os\n\n{hints}\n\n\n{mistake}\nx = 1\n") == [
        "import os",
        "",
        "",
        "x = 1",
    ]


@pytest.mark.parametrize("command", ["solution", "diff"])
def test_a_missing_reference_is_named(tiny_tree: Path, command: str) -> None:
    (tiny_tree / "solutions/phase1/words/echo.py").unlink()
    message = "solutions/phase1/words/echo.py cannot be read: No such file or directory\n"
    assert refused(command, "echo", "--spoil", code=3) == message
