"""Each rule on a kata that obeys it and on one that does not."""

from pathlib import Path

import pytest

from aire_katas.catalogue import Catalogue
from aire_katas.dev.rules import faults
from tests.conftest import SOLUTION, STUB, TEST, write_kata

STATEMENT = f"TITLE\n\n{'The line with slope two through (0, 1). ' * 8}Descartes 1637.\n"
GOOD = STUB.replace("TITLE\n\nThe kata NAME.\n", STATEMENT.replace("(0, 1). The", "(0, 1).\nThe"))
ID = "phase1/words/good"


@pytest.fixture
def found(tiny_tree: Path):
    def find(
        *, stub: str = GOOD, test: str = TEST, solution: str = SOLUTION, listed: bool = True
    ) -> list[str]:
        write_kata(tiny_tree, ID, stub=stub, test=test, solution=solution, listed=listed)
        catalogue = Catalogue(tiny_tree)
        return faults(catalogue.by_id[ID], catalogue)

    return find


def test_a_good_kata_has_no_faults(found) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("stub", "fault"),
    [
        (STUB, "the statement has "),
        (GOOD.replace("1637", ""), "the statement names no source with its year"),
        (GOOD.replace('"""TITLE', '"""\nTITLE'), "the stub's docstring starts with a title"),
        (GOOD.replace("TITLE", "A title."), "the stub's docstring starts with a title"),
        (GOOD.replace("\nThe", " The"), "lines [2] of the stub are longer than 110 columns"),
        (
            GOOD.replace("raise NotImplementedError", "return x"),
            "the stub raises NotImplementedError nowhere",
        ),
        (GOOD.replace('    """Twice x, plus one."""\n', ""), "the stub's `answer` has no one-line contract"),
        (GOOD.replace("x: int", "x"), "the stub's `answer` is not typed throughout"),
        (GOOD.replace("answer", "reply"), "the solution lacks `reply`"),
        (GOOD.replace("answer", "reply"), "the solution has a public `answer` that the stub lacks"),
        (GOOD.replace("x: int)", "x: int, y: int = 1)"), "`answer` is (x: int, y: int=1) -> int in the stub"),
        (f"{GOOD}\nfrom solutions.MODULE import answer as a\n", "the stub import this kata's own reference"),
    ],
)
def test_a_bad_stub_is_named(found, stub: str, fault: str) -> None:
    assert any(fault in one for one in found(stub=stub)), found(stub=stub, listed=False)


@pytest.mark.parametrize(
    ("solution", "fault"),
    [
        (
            SOLUTION.replace('    "Try x = 0 first.",\n    "What does', '    "What does', 1).replace(
                '    "It is a * x + b, and you know a and b.",\n', ""
            ),
            "1 hints; at least 2 are asked for",
        ),
        (
            SOLUTION.replace("Try x = 0 first.", "Write def answer(x: int) -> int:"),
            "hint 1 gives a line of the solution away",
        ),
        (SOLUTION.replace('"""A line with slope two through (0, 1)."""', ""), "should say what to see"),
        (
            SOLUTION.replace("# wrong: return 2 * x ", "# wrong: return 2 *  "),
            "the mistake is no valid program",
        ),
        (
            SOLUTION.replace("# wrong: return 2 * x  # at zero the answer is one\n    ", ""),
            "2 mistakes; at least 3",
        ),
    ],
)
def test_a_bad_solution_is_named(found, solution: str, fault: str) -> None:
    assert any(fault in one for one in found(solution=solution)), found(solution=solution, listed=False)


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        (TEST.replace("assert answer(0) == 1", "answer(0)"), "test_zero_gives_one asserts nothing"),
        (TEST.replace("assert answer(0) == 1", "assert True"), "test_zero_gives_one asserts nothing"),
        (TEST.replace("from katas.MODULE", "from solutions.MODULE"), "the tests import from solutions"),
        (
            TEST.replace("from katas.MODULE", "from solutions.MODULE"),
            "the tests do not import katas.phase1.words.good",
        ),
        (TEST.replace("minutes=5", "minutes=5, needs=('phase1/words/none',)"), "needs `phase1/words/none`"),
    ],
)
def test_bad_tests_are_named(found, test: str, fault: str) -> None:
    assert any(fault in one for one in found(test=test)), found(test=test, listed=False)


def test_a_function_of_the_test_file_may_do_the_asserting(found) -> None:
    helper = "def holds(x: int) -> None:\n    assert answer(x)\n\n\ndef test_zero"
    test = TEST.replace("def test_zero", helper, 1).replace("assert answer(0) == 1", "holds(0)")
    assert found(test=test) == []


def test_a_kata_is_linked_once_by_its_title(found, tiny_tree: Path) -> None:
    assert found(listed=False) == ["linked 0 times from katas/phase1/README.md; once is right"]
    readme = tiny_tree / "katas/phase1/README.md"
    readme.write_text(readme.read_text() + "- [Bad](words/good.py)\n")
    assert found(listed=False) == ["its link in katas/phase1/README.md should read: Good"]
    assert found() == ["linked 2 times from katas/phase1/README.md; once is right"]


def test_a_kata_comes_after_what_it_needs(found, tiny_tree: Path) -> None:
    readme = tiny_tree / "katas/phase1/README.md"
    readme.write_text("- [Good](words/good.py)\n" + readme.read_text())
    test = TEST.replace("minutes=5", "minutes=5, needs=('phase1/words/echo',)")
    assert found(test=test, listed=False) == ["comes before `phase1/words/echo`, which it needs"]


def test_a_missing_reference_is_named(tiny_tree: Path) -> None:
    (tiny_tree / "solutions/phase1/words/echo.py").unlink()
    catalogue = Catalogue(tiny_tree)
    [fault] = faults(catalogue.by_id["phase1/words/echo"], catalogue)
    assert fault.startswith("no reference: ")
