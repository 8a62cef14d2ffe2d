"""The commands, on a suite of three katas. What they call is tested in files of its own."""

import json
import os
import re
import subprocess
import sys
from importlib import machinery, metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

from aire_katas import machine
from aire_katas.catalogue import Catalogue
from aire_katas.cli import COMMANDS, doctor, main
from aire_katas.cli.learn import code_lines, wrapped
from aire_katas.cli.run import _exit_code
from aire_katas.progress import load, state_file
from aire_katas.verdicts import State
from tests.conftest import SOLUTION, TEST, needing, note, solve, write_kata

pytestmark = pytest.mark.usefixtures("tiny_tree")


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


# the bare command, next, list, path, status


def test_the_bare_command_says_where_you_are_and_how_to_go_on(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    assert (
        said()
        == """\
AIRE katas  1 passing, 2 to do

  phase1  [########................] 1 of 3

next: Step
      katas/phase1/numbers/step.py

  aire-katas open step   read the statement, write the code
  aire-katas run step    judge it
  aire-katas hint step   when stuck, as often as it takes
  aire-katas status      how far you are, by topic
  aire-katas --help      the other commands
"""
    )


def test_next_names_the_first_kata_that_does_not_pass(tiny_tree: Path) -> None:
    assert said("next").startswith("Double\n  id       phase1/numbers/double\n")
    note(tiny_tree, "phase1/numbers/double")
    assert (
        said("next")
        == """\
Step
  id       phase1/numbers/step
  file     katas/phase1/numbers/step.py
  minutes  10
  state    to do
  needs    phase1/numbers/double (passing)
"""
    )


def test_next_has_nothing_left_when_all_pass(tiny_tree: Path) -> None:
    for entry in Catalogue(tiny_tree).entries:
        note(tiny_tree, entry.id)
    assert said("next") == "all katas pass\n"
    assert said() == "AIRE katas  3 passing\n\n  phase1  [########################] 3 of 3\n"


def test_list_groups_by_topic(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/step", State.TIMED_OUT)
    assert (
        said("list")
        == """\
phase1/numbers
  double  *       5 min  to do       Double
  step    **     10 min  timed out   Step
phase1/words
  echo    ***    15 min  to do       Echo
"""
    )


def test_list_takes_a_pattern() -> None:
    assert said("list", "ECHO") == "phase1/words\n  echo  ***    15 min  to do       Echo\n"
    assert refused("list", "rope", code=4) == "no kata has `rope` in its id or title\n"


def test_list_as_json_holds_every_fact(tiny_tree: Path) -> None:
    katas = json.loads(said("list", "--json"))
    assert [kata["id"] for kata in katas] == [
        "phase1/numbers/double",
        "phase1/numbers/step",
        "phase1/words/echo",
    ]
    assert katas[1] == {
        "id": "phase1/numbers/step",
        "title": "Step",
        "difficulty": 2,
        "minutes": 10,
        "needs": ["phase1/numbers/double"],
        "file": str(tiny_tree / "katas/phase1/numbers/step.py"),
        "state": "to do",
    }
    assert json.loads(said("list", "rope", "--json")) == []


def test_path_shows_the_chain_with_states(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    assert (
        said("path", "echo")
        == """\
phase1/numbers/double  passing     Double
phase1/numbers/step    to do       Step
phase1/words/echo      to do       Echo
about 25 minutes to go
"""
    )
    note(tiny_tree, "phase1/numbers/step")
    note(tiny_tree, "phase1/words/echo")
    assert said("path", "echo").endswith("\nall of it passes\n")


def test_status_has_a_bar_for_each_phase_and_topic(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase2/words/far")
    note(tiny_tree, "phase1/numbers/double")
    note(tiny_tree, "phase1/numbers/step")
    note(tiny_tree, "phase1/words/echo", State.FAILING)
    with (tiny_tree / "katas/phase1/numbers/step.py").open("a") as stub:
        stub.write("# a last thought\n")
    assert (
        said("status")
        == """\
phase1     [########................] 1 of 3
  numbers  [############............] 1 of 2  1 stale
  words    [........................] 0 of 1  1 failing
phase2     [........................] 0 of 1
  words    [........................] 0 of 1

4 katas: 1 passing, 1 stale, 1 failing, 1 to do
stale: changed since they passed, so run them again
  aire-katas run step
"""
    )


def test_what_cannot_be_graded_here_does_not_keep_a_bar_from_being_full(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    note(tiny_tree, "phase1/numbers/step", State.NOT_GRADED)
    assert "  numbers  [########################] 1 of 1  1 not graded\n" in said("status")


def test_one_pass_among_many_shows_on_the_bar(tiny_tree: Path) -> None:
    for n in range(40):
        write_kata(tiny_tree, f"phase1/many/kata{n}")
    note(tiny_tree, "phase1/many/kata7")
    assert "  many     [#.......................]  1 of 40\n" in said("status")


def test_status_as_json_counts_the_same(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    data = json.loads(said("status", "--json"))
    assert data["total"] == data["phases"]["phase1"] == {"passing": 1, "to do": 2}
    assert data["topics"] == {"phase1/numbers": {"passing": 1, "to do": 1}, "phase1/words": {"to do": 1}}
    assert data["katas"]["phase1/words/echo"] == "to do"


def test_screens_are_plain_in_a_pipe_and_fit_eighty_columns(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double", State.CRASHED)
    for command in ([], ["status"], ["next"], ["path", "echo"], ["hint", "echo"], ["--help"], ["dev"]):
        output = call(*command).output
        assert output.isascii(), command
        assert output.isprintable() or "\x1b" not in output, command
        assert max(map(len, output.splitlines())) <= 80, command


def test_colour_is_for_terminals_without_no_color(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    plain = said("status")
    coloured = call("status", color=True).output
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert call("status", color=True, env={"NO_COLOR": "1"}).output == plain


# hint


def test_each_call_shows_the_next_hint() -> None:
    assert said("hint", "echo") == "hint 1 of 3\nTry x = 0 first.\n"
    assert said("hint", "words/echo").startswith("hint 2 of 3\n")
    last = "  aire-katas hint echo -n 1           shows the first one again\n"
    last += "  aire-katas solution echo --spoil    shows the reference\n"
    rung = "hint 3 of 3\nIt is a * x + b, and you know a and b.\n"
    assert said("hint", "echo") == f"{rung}no more hints: all 3 are shown\n{last}"
    assert said("hint", "echo") == f"no more hints: all 3 are shown\n{last}"
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


# open, solution, diff


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


def test_diff_is_about_the_code_alone(tiny_tree: Path) -> None:
    assert (
        said("diff", "echo", "--spoil")
        == '''\
--- katas/phase1/words/echo.py
+++ solutions/phase1/words/echo.py
@@ -1,3 +1,3 @@
 def answer(x: int) -> int:
     """Twice x, plus one."""
-    raise NotImplementedError
+    return 2 * x + 1
'''
    )
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


# reset


@pytest.fixture
def committed(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The suite in a git repository, with echo solved and the solved version committed."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Learner")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "learner@localhost")
    for command in ("init -q", "add -A", "commit -qm stubs"):
        subprocess.run(["git", *command.split()], check=True)
    solve(tiny_tree, "phase1/words/echo")
    subprocess.run(["git", "commit", "-qam", "solved"], check=True)
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


# run


def test_run_judges_the_katas_named_and_says_each_tests_verdict(
    tiny_tree: Path, capfd: pytest.CaptureFixture
) -> None:
    solve(tiny_tree, "phase1/numbers/double")
    (tiny_tree / "katas/phase1/numbers/step.py").write_text("def answer(:\n")
    result = call("run", "--json", "numbers", "echo", "double")
    katas = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {id: kata["state"] for id, kata in katas.items()} == {
        "phase1/numbers/double": "passing",
        "phase1/numbers/step": "failing",
        "phase1/words/echo": "to do",
    }
    assert katas["phase1/numbers/double"]["tests"] == [
        {"test": "test_zero_gives_one", "state": "passing", "message": ""},
        {"test": "test_every_step_adds_two", "state": "passing", "message": ""},
    ]
    [broken] = katas["phase1/numbers/step"]["tests"]
    assert broken["message"].startswith("katas/phase1/numbers/step.py:1: SyntaxError")
    assert "test session starts" in capfd.readouterr().err, "pytest's own words go to stderr"
    assert load(tiny_tree).standing(Catalogue(tiny_tree).resolve("double")) == State.PASSING


def test_run_succeeds_when_all_katas_pass(tiny_tree: Path, capfd: pytest.CaptureFixture) -> None:
    for entry in Catalogue(tiny_tree).entries:
        solve(tiny_tree, entry.id)
    assert call("run").exit_code == 0
    assert "phase1/numbers   2 of 2 passing" in capfd.readouterr().out
    assert said("status").endswith("\n3 katas: 3 passing\n")


def test_run_of_what_cannot_be_graded_here_ran_nothing(tiny_tree: Path, capfd: pytest.CaptureFixture) -> None:
    skipped = TEST.replace("KATA =", "pytestmark = pytest.mark.skip\nKATA =")
    write_kata(tiny_tree, "phase1/words/silent", test=f"import pytest\n{skipped}")
    result = call("run", "silent", "--json")
    assert (result.exit_code, json.loads(result.stdout)["phase1/words/silent"]["state"]) == (4, "not graded")


def test_code_that_ends_the_process_with_success_does_not_pass(
    tiny_tree: Path, capfd: pytest.CaptureFixture
) -> None:
    (tiny_tree / "katas/phase1/words/echo.py").write_text("import os\n\ndef answer(x): os._exit(0)\n")
    result = call("run", "echo")
    message = "pytest died before it could report (exit code 0): run the katas one by one\n"
    assert (result.exit_code, result.stderr) == (1, message)


@pytest.mark.parametrize(("pytest_code", "code"), [(4, 2), (3, 3), (0, 4), (5, 4)])
def test_exit_codes_of_pytest_become_ours(pytest_code: int, code: int) -> None:
    assert _exit_code(pytest_code, {}) == code


def test_without_pytest_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aire_katas.cli.run.find_spec", lambda _name: None)
    assert refused("run", code=3) == "pytest is missing: pip install -e .\n"


# doctor


def fake_torch(monkeypatch: pytest.MonkeyPatch, cuda: str | None, device: str = "") -> None:
    torch = ModuleType("torch")
    torch.__spec__ = machinery.ModuleSpec("torch", None)
    torch.cuda = SimpleNamespace(is_available=lambda: bool(device), get_device_name=lambda: device)  # type: ignore
    torch.version = SimpleNamespace(cuda=cuda)  # type: ignore
    monkeypatch.setitem(sys.modules, "torch", torch)


def test_doctor_lists_versions_and_what_can_be_graded(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        machine, "missing", lambda marker: "needs a CUDA GPU" if marker in ("gpu", "perf") else ""
    )
    fake_torch(monkeypatch, None)
    lines = said("doctor").splitlines()
    assert f"Python        {sys.version.split()[0]}" in lines
    assert f"click         {metadata.version('click')}" in lines
    assert f"torch         {metadata.version('torch')}" in lines
    assert "GPU           none (torch is built without CUDA)" in lines
    assert "progress      kept" in lines
    assert f"3 katas in {tiny_tree}" in lines
    assert "graded        tests on the CPU" in lines
    assert "not graded    tests marked gpu: needs a CUDA GPU" in lines
    assert "graded        tests marked distributed" in lines


def test_doctor_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without_torch(name: str) -> str:
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    machine.missing.cache_clear()
    monkeypatch.setattr(metadata, "version", without_torch)
    monkeypatch.setitem(sys.modules, "torch", None)
    lines = said("doctor", code=3).splitlines()
    machine.missing.cache_clear()
    assert "torch         missing: pip install -e ." in lines
    assert "GPU           unknown without torch" in lines
    assert "not graded    tests on the CPU: set up torch first" in lines
    assert "not graded    tests marked gpu: needs a CUDA GPU" in lines
    assert "not graded    tests marked distributed: needs torch.distributed with gloo" in lines


def test_doctor_says_which_version_does_not_fit(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    fake_torch(monkeypatch, "13.0", "NVIDIA H100")
    project = tiny_tree / "pyproject.toml"
    limits = ['requires-python = "<3"', 'dependencies = ["click>=99", "numpy; python_version < \'3\'"]']
    project.write_text("\n".join(["[project]", *limits]))
    lines = said("doctor", code=3).splitlines()
    assert f"Python        {sys.version.split()[0]}: needs <3: pip install -e ." in lines
    assert f"click         {metadata.version('click')}: needs >=99: pip install -e ." in lines
    assert not any(line.startswith("numpy") for line in lines), "its condition does not hold"
    assert "GPU           NVIDIA H100, CUDA 13.0" in lines
    assert "not graded    tests on the CPU: set up Python, click first" in lines


def test_doctor_says_which_tool_is_missing_and_whether_progress_is_kept(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    monkeypatch.setenv("PATH", "")
    fake_torch(monkeypatch, None)
    (tiny_tree / ".aire-katas").write_text("a file where the folder should be")
    lines = said("doctor").splitlines()
    assert "g++           missing: compiles CUDA katas for the CPU" in lines
    assert next(line for line in lines if line.startswith("progress")).startswith("progress      not kept: /")


def test_tools_are_asked_for_their_version() -> None:
    assert doctor.tool_version("git").startswith("git version ")
    assert doctor.tool_version("no-such-tool") == ""


# bad input


@pytest.mark.parametrize("command", ["hint", "open", "path", "solution", "diff", "reset", "run"])
def test_an_unknown_id_is_a_usage_error_with_a_guess(tiny_tree: Path, command: str) -> None:
    write_kata(tiny_tree, "phase4/positions/rope")
    assert refused(command, "rpoe", code=2) == "no kata `rpoe`, did you mean `rope`?\n"


def test_an_unknown_command_is_a_usage_error_with_a_guess() -> None:
    assert refused("stauts", code=2) == "no command `stauts`, did you mean `status`?\n"
    assert refused("frobnicate", code=2) == "no command `frobnicate`, `aire-katas --help` shows all\n"
    assert "--nope" in refused("--nope", code=2)


def test_every_command_loads_and_explains_itself_in_a_line() -> None:
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=68).endswith("."), name
        assert "..." not in command.get_short_help_str(limit=68), name


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["list"], "test_bad.py:1: KATA is read without importing it, and `difficulty=x` is no literal"),
        (["path", "circle"], "prerequisites in a circle: phase1/words/circle -> phase1/words/circle"),
        (["hint", "bad"], "solutions/phase1/words/bad.py:1: "),
    ],
)
def test_a_broken_suite_is_named_with_its_place(tiny_tree: Path, command: list[str], message: str) -> None:
    write_kata(
        tiny_tree, "phase1/words/bad", test="KATA = Kata(difficulty=x, minutes=1)\n", solution="def (:\n"
    )
    write_kata(tiny_tree, "phase1/words/circle", test=needing("phase1/words/circle"))
    assert message in refused(*command, code=3)


def test_outside_a_checkout_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aire_katas.cli.checkout.find_root", lambda: tmp_path)
    message = f"no katas in {Path.cwd()} or above: call this inside a checkout of AIRE katas\n"
    for command in ([], ["list"], ["hint", "echo"], ["run"], ["doctor"]):
        assert refused(*command, code=3) == message


@pytest.mark.parametrize("command", [[], ["next"], ["list"], ["status"], ["path", "echo"], ["hint", "echo"]])
def test_progress_that_cannot_be_read_is_said_and_the_command_goes_on(
    tiny_tree: Path, command: list[str]
) -> None:
    path = state_file(tiny_tree)
    path.parent.mkdir()
    path.write_text("not JSON")
    result = call(*command)
    assert result.exit_code == 0
    assert result.stdout
    assert result.stderr.startswith(f"{path} is corrupt (")
    assert result.stderr.count("\n") == 1


def test_a_read_only_checkout_says_that_progress_is_not_kept(tiny_tree: Path) -> None:
    (tiny_tree / ".aire-katas").write_text("a file where the folder should be")
    result = call("status")
    assert (result.exit_code, "3 katas: 3 to do" in result.stdout) == (0, True)
    assert result.stderr.endswith("progress is not kept\n")


# completion


def completions(words: str) -> list[str]:
    """What the shell offers for the last of the words."""
    env = {
        "_AIRE_KATAS_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    return [line.partition(",")[2] for line in call(env=env).stdout.splitlines() if line]


@pytest.mark.parametrize("command", ["hint", "open", "path", "solution", "diff", "reset"])
def test_ids_complete(command: str) -> None:
    assert completions(f"aire-katas {command} ") == ["double", "step", "echo"]
    assert completions(f"aire-katas {command} e") == ["echo"]
    assert completions(f"aire-katas {command} phase1/n") == ["phase1/numbers/double", "phase1/numbers/step"]
    assert completions(f"aire-katas {command} words/") == ["words/echo"]


def test_run_completes_phases_and_topics_too() -> None:
    assert completions("aire-katas run step ph") == ["phase1", "phase1/numbers", "phase1/words"]
    assert completions("aire-katas run s") == ["step"]


def test_a_name_of_two_katas_is_completed_with_its_topic(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/sounds/echo")
    assert completions("aire-katas hint e") == []
    assert completions("aire-katas hint sounds/") == ["sounds/echo"]


def test_commands_complete() -> None:
    assert completions("aire-katas s") == ["status", "solution"]


def test_the_help_says_how_to_switch_completion_on() -> None:
    assert 'eval "$(_AIRE_KATAS_COMPLETE=bash_source aire-katas)"' in said("--help")
    assert "_AIRE_KATAS_COMPLETE" in call(env={"_AIRE_KATAS_COMPLETE": "bash_source"}).stdout
