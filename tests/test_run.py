import json
from pathlib import Path

import pytest

from aire_katas.catalogue import Catalogue
from aire_katas.cli.run import exit_code
from aire_katas.progress import load
from aire_katas.verdicts import KataVerdict, State
from tests.conftest import TEST, call, refused, said, solve, write_kata

pytestmark = pytest.mark.usefixtures("tiny_tree")


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


PASSING, FAILING, NOT_GRADED = (
    KataVerdict("a/b/c", state, ()) for state in (State.PASSING, State.FAILING, State.NOT_GRADED)
)


@pytest.mark.parametrize(
    ("pytest_code", "katas", "code"),
    [
        (0, [PASSING], 0),
        (0, [PASSING, NOT_GRADED], 0),
        (0, [PASSING, FAILING], 1),
        (1, [PASSING], 1),
        (2, [PASSING], 1),
        (0, [NOT_GRADED], 4),
        (5, [], 4),
        (4, [], 2),
        (3, [], 3),
    ],
)
def test_success_takes_both_pytests_word_and_the_verdicts(
    pytest_code: int, katas: list[KataVerdict], code: int
) -> None:
    assert exit_code(pytest_code, {str(n): kata for n, kata in enumerate(katas)}) == code


def test_without_pytest_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aire_katas.cli.run.find_spec", lambda _name: None)
    assert refused("run", code=3) == "pytest is missing: pip install -e .\n"
