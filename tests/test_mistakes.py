import pytest

from aire_katas.dev.mistakes import BadMistake, find_mistakes, without_mistakes

SOURCE = """\
HINTS = ("one", "two")


def total(rows: list[int]) -> int:
    result = 0
    # wrong: for row in rows:  # the first row is the header
    #            result += row
    # wrong: pass  # nothing is added up
    for row in rows[1:]:
        # wrong: result -= row  # rows are added, not subtracted
        result += row
    # wrong: return result / 2  # the "#" in a text, as in "  # ", belongs to it
    return result
"""


def run(source: str, rows: list[int]) -> int:
    namespace: dict = {}
    exec(source, namespace)
    return namespace["total"](rows)


def test_every_mistake_is_a_program_of_its_own() -> None:
    results = [run(mistake.source, [100, 1, 2]) for mistake in find_mistakes(SOURCE)]
    assert run(SOURCE, [100, 1, 2]) == 3
    assert results == [103, 0, -3, 1.5]


def test_a_mistake_knows_its_line_text_and_reason() -> None:
    first, second, *_ = find_mistakes(SOURCE)
    assert (first.line, first.reason) == (6, "the first row is the header")
    assert first.text == "for row in rows:\n    result += row"
    assert (second.text, second.reason) == ("pass", "nothing is added up")


def test_the_reason_begins_at_the_last_two_spaces_and_hash() -> None:
    assert [mistake.text for mistake in find_mistakes(SOURCE)][
        -1
    ] == 'return result / 2  # the "#" in a text, as in "'


def test_the_lines_of_a_statement_are_replaced_to_its_end() -> None:
    source = (
        "def f():\n    # wrong: x = 1  # too few\n    x = [\n        1,\n        2,\n    ]\n    return x\n"
    )
    [mistake] = find_mistakes(source)
    assert mistake.source == "def f():\n    # wrong: x = 1  # too few\n    x = 1\n    return x\n"


def test_a_decorated_function_is_replaced_with_its_decorators() -> None:
    source = "# wrong: f = len  # too simple\n@staticmethod\ndef f():\n    return 1\n"
    [mistake] = find_mistakes(source)
    assert mistake.source == "# wrong: f = len  # too simple\nf = len\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x = 1\n# wrong: x = 2\nx = 3\n",
            "file:2: a mistake ends with two spaces, '# ' and what to tell its author",
        ),
        ("# wrong: x = = 2  # twice\nx = 3\n", "file:1: the mistake is no valid program"),
        ("x = [  \n    # wrong: 1,  # one\n    2,\n]\n", "file:2: no statement begins below it"),
        ("x = 1\n# wrong: x = 2  # late\n", "file:2: no statement begins below it"),
    ],
)
def test_a_senseless_mistake_is_named_with_its_line(source: str, message: str) -> None:
    with pytest.raises(BadMistake, match=message):
        list(find_mistakes(source, "file"))


def test_a_bare_hash_is_a_blank_line_of_the_mistake() -> None:
    source = "# wrong: x = 1  # why\n#\n#        y = 2\nx = 3\n"
    [mistake] = find_mistakes(source)
    assert mistake.text == "x = 1\n\ny = 2"
    assert without_mistakes(source) == "x = 3\n"


def test_a_solution_can_be_had_without_its_mistakes() -> None:
    plain = without_mistakes(SOURCE)
    assert "wrong" not in plain
    assert run(plain, [100, 1, 2]) == 3
    assert len(plain.splitlines()) == len(SOURCE.splitlines()) - 5
