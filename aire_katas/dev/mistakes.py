"""The typical mistakes that a solution lists in `# wrong:` lines

`# wrong: STATEMENT  # REASON` stands on its own line above the statement it would replace; comment lines
below it that are indented up to the statement's column continue it. The syntax tree gives the extent of what
is replaced:

    # wrong: for row in rows:  # the first row is the header
    #            total += row
    for row in rows[1:]:
        total += row
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

MARK = "# wrong: "


class BadMistake(ValueError):
    """A `# wrong:` line that cannot be read or does not give a program."""


@dataclass(frozen=True)
class Mistake:
    """One wrong version of a solution."""

    line: int
    text: str  # the wrong statement
    reason: str  # what to tell its author
    source: str  # the whole module with the mistake in it


def find_mistakes(source: str, file: str = "solution") -> Iterator[Mistake]:
    """Every mistake of a solution's source, in order; BadMistake, with its place, for a senseless one."""
    lines = source.splitlines()
    spans = _spans(ast.parse(source))
    for number, line in enumerate(lines, start=1):
        if not line.lstrip().startswith(MARK):
            continue
        where = f"{file}:{number}"
        statement, found, reason = line.partition(MARK)[2].rpartition("  # ")
        if not found or not reason.strip():
            raise BadMistake(f"{where}: a mistake ends with two spaces, '# ' and what to tell its author")
        indent = line.partition(MARK)[0]
        text = [statement.rstrip(), *_continuation(lines[number:], indent)]
        below = enumerate(lines[number:], number + 1)
        start = next((i for i, one in below if one.strip() and not one.lstrip().startswith("#")), 0)
        if start not in spans:
            raise BadMistake(f"{where}: no statement begins below it")
        replacement = [f"{indent}{one}".rstrip() for one in text]
        mistaken = "\n".join([*lines[: start - 1], *replacement, *lines[spans[start] :], ""])
        try:
            compile(mistaken, file, "exec")
        except SyntaxError as error:
            raise BadMistake(f"{where}: the mistake is no valid program: {error.msg}") from None
        yield Mistake(number, "\n".join(text), reason.strip(), mistaken)


def without_mistakes(source: str) -> str:
    """The solution without its `# wrong:` lines, as a learner would write it."""
    lines = source.splitlines()
    kept: list[str] = []
    while lines:
        line = lines.pop(0)
        if line.lstrip().startswith(MARK):
            del lines[: len(list(_continuation(lines, line.partition(MARK)[0])))]
        else:
            kept.append(line)
    return "\n".join([*kept, ""])


def _continuation(lines: list[str], indent: str) -> Iterator[str]:
    """The rest of a statement: comments indented at least as far as it, and bare `#` for its blank lines."""
    prefix = f"{indent}#{' ' * (len(MARK) - 1)}"
    for line in lines:
        if not line.startswith(prefix) and line != f"{indent}#":
            return
        yield line[len(prefix) :]


def _spans(tree: ast.Module) -> dict[int, int]:
    """First line -> last line of every statement; the outermost where several begin on a line."""
    spans: dict[int, int] = {}
    for node in ast.walk(tree):  # breadth first: outer statements come before inner ones
        if isinstance(node, ast.stmt):
            decorators = [one.lineno for one in getattr(node, "decorator_list", [])]
            spans.setdefault(min([node.lineno, *decorators]), node.end_lineno or node.lineno)
    return spans
