from pathlib import Path

import pytest

from aire_katas import Kata
from aire_katas.kata import BrokenKata, read_kata


def read(tmp_path: Path, text: str) -> Kata:
    file = tmp_path / "test_one.py"
    file.write_text(text, encoding="utf-8")
    return read_kata(file)


def test_a_literal_is_read_from_the_text(tmp_path: Path) -> None:
    text = "import nothing_there\n\nKATA = Kata(difficulty=2, minutes=15)\n\ndef test_x(: broken\n"
    assert read(tmp_path, text) == Kata(difficulty=2, minutes=15)


def test_a_literal_may_run_over_many_lines(tmp_path: Path) -> None:
    text = """\
KATA = Kata(
    difficulty=5,
    minutes=40,
    needs=("phase1/numbers/double",),  # a comment with a )
    forbids={"numpy.linalg.inv": "solve (never invert)"},
    seconds=2.5,
)
"""
    assert read(tmp_path, text) == Kata(
        difficulty=5,
        minutes=40,
        needs=("phase1/numbers/double",),
        forbids={"numpy.linalg.inv": "solve (never invert)"},
        seconds=2.5,
    )


def test_a_kata_has_ten_seconds_unless_it_says_more() -> None:
    assert Kata(difficulty=1, minutes=5).seconds == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", r"no line starts with 'KATA = Kata\('"),
        ("import os\n\nKATA = Kata(\n    difficulty=1,\n", r"test_one\.py:3: '\(' was never closed"),
        ("\nKATA = Kata(\n    difficulty=1 minutes=5,\n)\n", r"test_one\.py:3: invalid syntax"),
        (
            "\nKATA = Kata(difficulty=1, minutes=2 + MORE)\n",
            r"test_one\.py:2: KATA is read .*, and `minutes=2 \+ MORE` is no literal",
        ),
        ("\nKATA = Kata(difficulty=1)\n", r"test_one\.py:2: .*'minutes'"),
        ("\nKATA = Kata(1, 5)\n", r"test_one\.py:2: .*'difficulty' and 'minutes'"),
        ("\nKATA = Kata(difficulty=1, minutes=5, colour='red')\n", r"test_one\.py:2: .*'colour'"),
        ("\nKATA = Kata(difficulty=1, minutes=5), 3\n", r"test_one\.py:2: .*nothing after it"),
        ("\nKATA = Kata(difficulty=6, minutes=5)\n", r"test_one\.py:2: .*difficulty is 1 to 5, not 6"),
        ("\nKATA = Kata(difficulty=1, minutes=0)\n", r"test_one\.py:2: .*minutes and seconds are positive"),
        ("\nKATA = Kata(difficulty=1, minutes=5, seconds=-1)\n", r"test_one\.py:2: .*seconds are positive"),
        ("\nKATA = Kata(difficulty=1, minutes=5, needs='a/b/c')\n", r"test_one\.py:2: .*needs is a tuple"),
    ],
)
def test_what_cannot_be_read_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BrokenKata, match=message):
        read(tmp_path, text)
