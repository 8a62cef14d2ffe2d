import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from aire_katas.catalogue import Catalogue
from aire_katas.cli import main
from aire_katas.verdicts import State
from tests.conftest import STUB, call, in_terminal, needing, note, refused, said, write_kata

pytestmark = pytest.mark.usefixtures("tiny_tree")


def test_the_bare_command_says_where_you_are_and_how_to_go_on(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    screen = """\
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
    assert said() == screen


def test_next_names_the_first_kata_that_does_not_pass(tiny_tree: Path) -> None:
    assert said("next").startswith("Double\n  id       phase1/numbers/double\n")
    note(tiny_tree, "phase1/numbers/double")
    screen = """\
Step
  id       phase1/numbers/step
  file     katas/phase1/numbers/step.py
  minutes  10
  state    to do
  needs    phase1/numbers/double (passing)
"""
    assert said("next") == screen


def test_next_is_found_although_it_needs_what_is_not_there(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/numbers/double", test=needing("phase9/no/where"), listed=False)
    assert said("next").endswith("  needs    phase9/no/where (there is no such kata)\n")


def test_next_has_nothing_left_when_all_pass(tiny_tree: Path) -> None:
    note(tiny_tree, *Catalogue(tiny_tree).by_id)
    assert said("next") == "all katas pass\n"
    assert said() == "AIRE katas  3 passing\n\n  phase1  [########################] 3 of 3\n"


def test_list_groups_by_topic(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/step", state=State.TIMED_OUT)
    screen = """\
phase1/numbers
  double  *       5 min  to do       Double
  step    **     10 min  timed out   Step
phase1/words
  echo    ***    15 min  to do       Echo
"""
    assert said("list") == screen


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
    screen = """\
phase1/numbers/double  passing     Double
phase1/numbers/step    to do       Step
phase1/words/echo      to do       Echo
about 25 minutes to go
"""
    assert said("path", "echo") == screen
    note(tiny_tree, "phase1/numbers/step", "phase1/words/echo")
    assert said("path", "echo").endswith("\nall of it passes\n")


def test_status_has_a_bar_for_each_phase_and_topic(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase2/words/far")
    note(tiny_tree, "phase1/numbers/double", "phase1/numbers/step")
    note(tiny_tree, "phase1/words/echo", state=State.FAILING)
    with (tiny_tree / "katas/phase1/numbers/step.py").open("a") as stub:
        stub.write("# a last thought\n")
    screen = """\
phase1     [########................] 1 of 3
  numbers  [############............] 1 of 2  1 stale
  words    [........................] 0 of 1  1 failing
phase2     [........................] 0 of 1
  words    [........................] 0 of 1

4 katas: 1 passing, 1 stale, 1 failing, 1 to do
stale: changed since they passed, so run them again
  aire-katas run step
"""
    assert said("status") == screen


def test_what_cannot_be_graded_here_does_not_keep_a_bar_from_being_full(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    note(tiny_tree, "phase1/numbers/step", state=State.NOT_GRADED)
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
    note(tiny_tree, "phase1/numbers/double", state=State.CRASHED)
    for command in ([], ["status"], ["next"], ["path", "echo"], ["hint", "echo"], ["--help"], ["dev"]):
        output = call(*command).output
        assert output.isascii(), command
        assert "\x1b" not in output, command
        assert max(map(len, output.splitlines())) <= 80, command


def test_a_letter_that_the_terminal_lacks_ends_no_command(tiny_tree: Path) -> None:
    write_kata(
        tiny_tree,
        "phase1/words/turn",
        stub=STUB.replace("TITLE", "Turn by \N{GREEK SMALL LETTER THETA}"),
        listed=False,
    )
    result = CliRunner(charset="latin-1").invoke(main, ["list", "turn"])
    assert (result.exit_code, result.stdout.split()[-3:]) == (0, ["Turn", "by", "?"])


def test_colour_is_for_terminals_without_no_color(tiny_tree: Path) -> None:
    note(tiny_tree, "phase1/numbers/double")
    plain = said("status")
    coloured = call("status", color=True).output
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert call("status", color=True, env={"NO_COLOR": "1"}).output == plain


def test_titles_are_cut_where_the_terminal_ends_and_whole_in_a_pipe(tiny_tree: Path) -> None:
    title = "One title that is much longer than most others are"
    write_kata(tiny_tree, "phase1/words/long", stub=STUB.replace("TITLE", title), listed=False)
    screen = in_terminal("list", COLUMNS="60", NO_COLOR="1")
    assert "long    *       5 min  to do       One title that is mu...\n" in screen
    assert max(map(len, screen.splitlines())) == 60
    assert f"{title}\n" in said("list")
    assert f"{title}\n" in said("path", "long")
