"""What holds for every command: bad input, broken set-ups, colour, completion."""

from pathlib import Path

import click
import pytest

from aire_katas.cli import COMMANDS, main
from aire_katas.progress import state_file
from tests.conftest import call, needing, refused, said, write_kata

pytestmark = pytest.mark.usefixtures("tiny_tree")


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
