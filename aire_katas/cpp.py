"""CUDA C++ as text: its functions, and where a statement ends

Enough of the grammar for the files of this suite: a statement ends at a semicolon or at the brace that closes
it, whatever stands between. Comments and strings are blanked first, so that no brace in them counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".cu"
# Comments, strings and characters
SKIPPED = r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\''
_SKIPPED = re.compile(SKIPPED, re.DOTALL)
_CALLED = re.compile(r"(\w+)\s*\(")
_ATTRIBUTES = ("__launch_bounds__", "__align__", "alignas", "__attribute__", "decltype", "noexcept")
_GOES_ON = re.compile(r"\s*(?:else\b|[;,)\]])")  # behind a closing brace


class Unwritten(NotImplementedError):
    """A function of a .cu file that is still to do."""

    def __init__(self, path: Path, name: str, line: int) -> None:
        super().__init__(f"to do: {name} ({path.name}:{line})")
        self.path = path


@dataclass(frozen=True)
class Item:
    """A declaration of a file, or a line of the preprocessor; offsets into the text."""

    start: int
    end: int


@dataclass(frozen=True)
class Function(Item):
    """The definition of a function."""

    name: str
    line: int
    header: str  # all before the body, in single spaces, without comments
    body: str  # between the braces, comments blanked
    brace: int  # offset of the opening brace

    @property
    def is_kernel(self) -> bool:
        return "__global__" in self.header

    @property
    def is_public(self) -> bool:
        """Python can call it: a kernel, or a function of the host that is extern "C"."""
        return self.is_kernel or self.header.startswith("extern")

    @property
    def is_unwritten(self) -> bool:
        """Its body is empty but for comments: a stub's."""
        return not self.body.strip()


def blanked(text: str) -> str:
    """The text with spaces for the insides of its comments, strings and characters; offsets stay."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _SKIPPED.sub(blank, text)


def without_comments(text: str) -> str:
    """A space for each comment; strings are kept."""
    return _SKIPPED.sub(lambda match: " " if match[0].startswith("/") else match[0], text)


def items(text: str) -> Iterator[Item]:
    """The declarations of a file, in order; functions as Function."""
    code, at = blanked(text), 0
    while match := re.compile(r"\S").search(code, at):
        start = match.start()
        at = _line_end(code, start) if code[start] == "#" else statement_end(code, start)
        yield _function(text, code, start, at) or Item(start, at)


def functions(text: str) -> dict[str, Function]:
    """Name -> definition of every function of a file, in order."""
    return {item.name: item for item in items(text) if isinstance(item, Function)}


def unwritten(text: str, name: str) -> Function | None:
    """The first function without a body among `name` and those it uses, directly or not; None if none."""
    known = functions(text)
    waiting, seen = [name.partition("<")[0]], set[str]()
    while waiting:
        function = known.get(waiting.pop(0))
        if function is None or function.name in seen:
            continue
        if function.is_unwritten:
            return function
        seen.add(function.name)
        waiting += re.findall(r"\w+", function.body)
    return None


def statement_end(code: str, start: int) -> int:
    """The offset behind the statement of blanked code that begins at `start`."""
    depth = 0
    is_do = re.compile(r"do\b").match(code, start)
    for i in range(start, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth < 0:  # of the block around
                return i
        if depth or code[i] not in ";}":
            continue
        if code[i] == "}" and is_do and re.compile(r"\s*while\b").match(code, i + 1):
            continue
        goes_on = _GOES_ON.match(code, i + 1)
        if goes_on and (code[i] == "}" or goes_on[0].strip() == "else"):
            continue
        return i + 1
    return len(code)


def spans(text: str) -> dict[int, int]:
    """First line -> last line of every statement, the outermost where several begin on a line."""
    code, found, at = blanked(text), {}, 0
    for number, line in enumerate(code.split("\n"), start=1):
        start = at + len(line) - len(line.lstrip())
        at += len(line) + 1
        before = code[:start].rstrip()
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not before or before[-1] in "{};:)>" or re.search(r"(\belse|\bdo|\n *#[^\n]*|^#[^\n]*)$", before):
            found[number] = number + code.count("\n", start, statement_end(code, start))
    return found


def _line_end(code: str, start: int) -> int:
    """Of a line of the preprocessor, with those that a backslash joins to it."""
    end = re.compile(r"(?:[^\n]*\\\n)*[^\n]*").match(code, start)
    return end.end() if end else len(code)


def _function(text: str, code: str, start: int, end: int) -> Function | None:
    """The item as a function's definition; None if it is none."""
    brace = _opening_brace(code, start, end)
    header = code[start:brace]
    if not header or re.match(r"#|(struct|class|union|enum|namespace)\b|.*=\s*$", header, re.DOTALL):
        return None
    names = [name for name in _CALLED.findall(header) if name not in _ATTRIBUTES]
    if not names:
        return None
    return Function(
        start=start,
        end=end,
        name=names[0],
        line=text.count("\n", 0, start) + 1,
        header=" ".join(without_comments(text[start:brace]).split()),
        body=code[brace + 1 : end - 1],
        brace=brace,
    )


def _opening_brace(code: str, start: int, end: int) -> int:
    """Of the first brace that is in no parenthesis; `start` where there is none."""
    depth = 0
    for i in range(start, end):
        depth += (code[i] in "([") - (code[i] in ")]")
        if code[i] == "{" and not depth:
            return i
    return start
