"""What a kata says of itself: the literal `KATA = Kata(...)` in its test file

Readers take it from the source text with `ast`, so that listing four hundred katas imports none of them.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class BrokenKata(ValueError):
    """A file of the suite that does not keep the suite's rules; the message names file and line."""


@dataclass(frozen=True, kw_only=True)
class Kata:
    """The facts about a kata that its stub does not show.

    difficulty  1 (warm-up) to 5 (an afternoon's work)
    minutes     what someone who knows the prerequisites needs
    needs       ids of the katas to solve first
    forbids     dotted name of a module, function or class -> what to build instead
    forbids_cpp word of the .cu file -> what to write instead
    seconds     how long one of its tests may run; on a GPU a minute more, to compile
    """

    difficulty: int
    minutes: int
    needs: tuple[str, ...] = ()
    forbids: Mapping[str, str] = field(default_factory=dict)
    forbids_cpp: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 10.0

    def __post_init__(self) -> None:
        if self.difficulty not in range(1, 6):
            raise ValueError(f"difficulty is 1 to 5, not {self.difficulty!r}")
        if self.minutes <= 0 or self.seconds <= 0:
            raise ValueError("minutes and seconds are positive")
        if isinstance(self.needs, str):
            raise ValueError("needs is a tuple of ids: write ('phase4/attention/sdpa',)")


def read_kata(test_file: Path) -> Kata:
    """The `KATA` of a test file, without importing it; BrokenKata when it is missing or no literal."""
    lines = test_file.read_text(encoding="utf-8").splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("KATA = Kata(")), None)
    if start is None:
        raise BrokenKata(f"{test_file}: no line starts with 'KATA = Kata('")
    fault = SyntaxError()
    for end in range(start + 1, len(lines) + 1):
        if not lines[end - 1].partition("#")[0].rstrip().endswith(")") and end < len(lines):
            continue  # the call cannot end here
        try:
            statement = ast.parse("\n".join(lines[start:end])).body[0]
        except SyntaxError as error:  # the call goes on in the next line, or is never closed
            fault = error
            continue
        try:
            if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
                raise ValueError("write KATA = Kata(...) and nothing after it")
            return Kata(**dict(map(_literal, statement.value.keywords)))
        except (TypeError, ValueError) as error:
            raise BrokenKata(f"{test_file}:{start + 1}: {error}") from None
    raise BrokenKata(f"{test_file}:{start + (fault.lineno or 1)}: {fault.msg}")


def _literal(word: ast.keyword) -> tuple[str, Any]:
    try:
        return str(word.arg), ast.literal_eval(word.value)
    except ValueError:
        raise ValueError(
            f"KATA is read without importing it, and `{ast.unparse(word)}` is no literal"
        ) from None
