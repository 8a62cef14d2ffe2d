"""The typical mistakes that a solution lists in `# wrong:` lines

`# wrong: STATEMENT  # REASON` stands on its own line above the statement it would replace; comment lines
below it that are indented up to the statement's column continue it. The syntax tree gives the extent of what
is replaced:

    # wrong: for row in rows:  # the first row is the header
    #            total += row
    for row in rows[1:]:
        total += row

In CUDA C++ the same with `//`. A mistake that ends with an opening brace replaces only what opens the block:

    // wrong: for (int i = 0; i <= n; i++) {  // the last index is n - 1
    for (int i = 0; i < n; i++) {
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aire_katas import cpp


class BadMistake(ValueError):
    """A `# wrong:` line that cannot be read or does not give a program."""


@dataclass(frozen=True)
class Mistake:
    """One wrong version of a file of a solution."""

    line: int
    text: str  # the wrong statement
    reason: str  # what to tell its author
    source: str  # the whole file with the mistake in it
    suffix: str = ".py"  # of that file


@dataclass(frozen=True)
class Language:
    """How mistakes are written in one language, and what they replace."""

    comment: str
    spans: Callable[[str], dict[int, int]]  # first line -> last line of every statement
    check: Callable[[str], object]  # raises SyntaxError for what is no program

    @property
    def mark(self) -> str:
        return f"{self.comment} wrong: "


def find_mistakes(source: str, file: str = "solution.py") -> Iterator[Mistake]:
    """Every mistake of a solution's file, in order; BadMistake, with its place, for a senseless one."""
    language = _language(file)
    lines = source.splitlines()
    spans = language.spans(source)
    for number, line in enumerate(lines, start=1):
        if not line.lstrip().startswith(language.mark):
            continue
        where = f"{file}:{number}"
        indent, _, rest = line.partition(language.mark)
        statement, found, reason = rest.rpartition(f"  {language.comment} ")
        if not found or not reason.strip():
            raise BadMistake(
                f"{where}: a mistake ends with two spaces, '{language.comment} ' and what to tell its author"
            )
        text = [statement.rstrip(), *_continuation(lines[number:], indent, language)]
        below = enumerate(lines[number:], number + 1)
        start = next((i for i, one in below if not _is_comment(one, language)), 0)
        if start not in spans:
            raise BadMistake(f"{where}: no statement begins below it")
        end = _opening(lines, start) if text[-1].endswith("{") else spans[start]
        replacement = [f"{indent}{one}".rstrip() for one in text]
        mistaken = "\n".join([*lines[: start - 1], *replacement, *lines[end:], ""])
        try:
            language.check(mistaken)
        except SyntaxError as error:
            raise BadMistake(f"{where}: the mistake is no valid program: {error.msg}") from None
        yield Mistake(number, "\n".join(text), reason.strip(), mistaken, Path(file).suffix)


def without_mistakes(source: str, file: str = "solution.py") -> str:
    """A file of a solution without its `# wrong:` lines, as a learner would write it."""
    language = _language(file)
    lines = source.splitlines()
    kept: list[str] = []
    while lines:
        line = lines.pop(0)
        if line.lstrip().startswith(language.mark):
            del lines[: len(list(_continuation(lines, line.partition(language.mark)[0], language)))]
        else:
            kept.append(line)
    return "\n".join([*kept, ""])


def _continuation(lines: list[str], indent: str, language: Language) -> Iterator[str]:
    """The rest of a statement: comments indented at least as far as it, and bare ones for its blank lines."""
    prefix = f"{indent}{language.comment}{' ' * (len(language.mark) - len(language.comment))}"
    for line in lines:
        if not line.startswith(prefix) and line != f"{indent}{language.comment}":
            return
        yield line[len(prefix) :]


def _is_comment(line: str, language: Language) -> bool:
    return not line.strip() or line.lstrip().startswith(language.comment)


def _opening(lines: list[str], start: int) -> int:
    """Number of the line, from number `start` on, that ends with an opening brace."""
    return next(i for i, line in enumerate(lines[start - 1 :], start) if line.rstrip().endswith("{"))


def _python_spans(source: str) -> dict[int, int]:
    """First line -> last line of every statement; the outermost where several begin on a line."""
    spans: dict[int, int] = {}
    for node in ast.walk(ast.parse(source)):  # breadth first: outer statements come before inner ones
        if isinstance(node, ast.stmt):
            decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
            spans.setdefault(min([node.lineno, *decorators]), node.end_lineno or node.lineno)
    return spans


PYTHON = Language("#", _python_spans, lambda source: compile(source, "solution", "exec"))
CPP = Language("//", cpp.spans, lambda source: None)  # only g++ can say


def _language(file: str) -> Language:
    return CPP if file.endswith(cpp.SUFFIX) else PYTHON
