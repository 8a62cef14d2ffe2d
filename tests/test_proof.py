"""The proof and the measure of strength on small katas, good and bad."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from aire_katas.catalogue import Catalogue
from aire_katas.dev.commands import dev
from aire_katas.dev.proof import Proof, prove
from aire_katas.dev.strength import measure
from tests.conftest import SOLUTION, TEST, write_kata
from tests.test_rules import GOOD

ID = "phase1/words/good"


def proof_of(root: Path, *, stub: str = GOOD, test: str = TEST, solution: str = SOLUTION) -> Proof:
    write_kata(root, ID, stub=stub, test=test, solution=solution)
    catalogue = Catalogue(root)
    return prove(catalogue.by_id[ID], catalogue)


def test_a_good_kata_is_proved(tiny_tree: Path) -> None:
    proof = proof_of(tiny_tree)
    assert proof.faults == []
    assert (proof.mistakes, proof.spoilers) == (3, 4)
    assert 0 < proof.seconds < 1
    assert not (tiny_tree / ".aire-katas/state.json").exists()


SLOW = SOLUTION.replace(
    "    return 2 * x + 1",
    "    import time\n    end = time.process_time() + 1\n    while time.process_time() < end:\n        pass\n"
    "    return 2 * x + 1",
)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"test": TEST.replace("answer(0) == 1", "1 > 0")}, "on the stub, test_zero_gives_one is passing"),
        ({"test": TEST.replace("(0) == 1", "(0) == 2")}, "reference, seed 2: test_zero_gives_one is failing"),
        ({"test": TEST.replace("(0) == 1", "(0) in (0, 1)")}, "return 2 * x\n    is not rejected"),
        ({"test": TEST.replace("== 2", "in (1, 2)")}, "return x + 1\n    is not rejected"),
        ({"solution": SOLUTION.replace("return x + 1", "return y + 1")}, "does not run at all: NameError"),
        (
            {"test": TEST.replace("=5)", "=5, forbids={'math.hypotenuse': 'x'})")},
            "forbids `math.hypotenuse`, which",
        ),
        ({"solution": SLOW}, "s go to test_every_step_adds_two"),
        ({"stub": GOOD.replace("answer(x", "answer(y")}, "graft: the stub with the reference's lines added"),
    ],
)
def test_a_fault_is_found(tiny_tree: Path, change: dict[str, str], fault: str) -> None:
    found = "\n".join(proof_of(tiny_tree, **change).faults)
    assert fault in found


def test_a_spoiler_that_no_test_notices_is_found(tiny_tree: Path) -> None:
    test = TEST.replace("answer(0) == 1", "abs(answer(0)) == 1").replace(
        "answer(21) - answer(20) == 2", "answer(5) ** 2 == 121"
    )
    assert any(
        "spoiler: answer returns negated\n    is not rejected" in one
        for one in proof_of(tiny_tree, test=test).faults
    )


def test_strength_lists_what_no_test_notices(tiny_tree: Path) -> None:
    write_kata(tiny_tree, ID, test=TEST.replace("answer(0) == 1", "answer(0) in (0, 1)"))
    entry = Catalogue(tiny_tree).by_id[ID]
    found = measure(entry)
    assert found.count == 6
    assert {(one.mutant.before, one.mutant.after) for one in found.survivors} == {("1", "0")}


def test_strength_refuses_a_reference_that_fails(tiny_tree: Path) -> None:
    write_kata(tiny_tree, ID, test=TEST.replace("answer(0) == 1", "answer(0) == 2"))
    with pytest.raises(ValueError, match="phase1/words/good: the reference is failing"):
        measure(Catalogue(tiny_tree).by_id[ID])


def test_check_says_what_is_wrong_and_exits_1(tiny_tree: Path) -> None:
    write_kata(tiny_tree, ID, stub=GOOD)
    good = CliRunner().invoke(dev, ["check", "good"])
    assert good.exit_code == 0
    assert "ok      phase1/words/good  (3 mistakes, 4 spoilers, " in good.output
    bad = CliRunner().invoke(dev, ["check", "echo"])
    assert bad.exit_code == 1
    assert "FAULTY  phase1/words/echo" in bad.output
    assert "0 katas proved, 1 faulty, 0 left out" in bad.output


def test_new_writes_a_kata_that_check_finds_unfinished(tiny_tree: Path) -> None:
    made = CliRunner().invoke(dev, ["new", "phase1/words/fresh", "--title", "A fresh kata"])
    assert made.exit_code == 0, made.output
    assert Catalogue(tiny_tree).by_id["phase1/words/fresh"].title == "A fresh kata"
    checked = CliRunner().invoke(dev, ["check", "fresh"])
    assert checked.exit_code == 1
    assert "the statement names no source with its year" in checked.output


@pytest.mark.parametrize(
    ("kata", "said"),
    [
        ("phase1/words/echo", "is there already"),
        ("words/echo", "is no id"),
        ("phase1/build/echo", "pytest skips folders called 'build'"),
    ],
)
def test_new_refuses_what_cannot_be(tiny_tree: Path, kata: str, said: str) -> None:
    refused = CliRunner().invoke(dev, ["new", kata, "--title", "T"])
    assert refused.exit_code == 2
    assert said in refused.output
