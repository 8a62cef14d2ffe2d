"""What can be said of a kata by reading it: the rules that every kata obeys

Each rule takes an Entry (and the Catalogue, where it looks at others) and yields what is wrong, as sentences.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from aire_katas import cpp
from aire_katas.catalogue import Catalogue, Entry
from aire_katas.dev.graft import is_todo, public
from aire_katas.dev.mistakes import BadMistake, Mistake, find_mistakes
from aire_katas.dev.spoil import KERNELS

LEAST_HINTS = 2
LEAST_MISTAKES = 3
STATEMENT = range(250, 4_000)  # characters
WIDTH = 110


@dataclass(frozen=True)
class Source:
    """The files of a kata, parsed."""

    entry: Entry
    catalogue: Catalogue

    @cached_property
    def stub_text(self) -> str:
        return self.entry.stub.read_text(encoding="utf-8")

    @cached_property
    def stub(self) -> ast.Module:
        return ast.parse(self.stub_text)

    @cached_property
    def tests(self) -> ast.Module:
        return ast.parse(self.entry.tests.read_text(encoding="utf-8"))

    @cached_property
    def solution_text(self) -> str:
        return self.entry.solution.read_text(encoding="utf-8")

    @cached_property
    def solution(self) -> ast.Module:
        return ast.parse(self.solution_text)

    @cached_property
    def kernels(self) -> tuple[str, str]:
        """Text of the .cu file of the stub and of the solution; empty where there are none."""
        if cpp.SUFFIX not in self.entry.suffixes:
            return "", ""
        files = (self.entry.stub, self.entry.solution)
        stub, solution = (file.with_suffix(cpp.SUFFIX).read_text(encoding="utf-8") for file in files)
        return stub, solution

    @cached_property
    def mistakes(self) -> tuple[Mistake, ...]:
        return tuple(
            mistake
            for file in self.entry.solutions
            for mistake in find_mistakes(file.read_text(encoding="utf-8"), f"solutions/{file.name}")
        )


Rule = Callable[[Source], Iterator[str]]


def faults(entry: Entry, catalogue: Catalogue) -> list[str]:
    """Everything that is wrong with a kata as it is written."""
    source = Source(entry, catalogue)
    if not entry.solution.is_file():
        return [f"no reference: {entry.solution} is missing"]
    try:
        return [fault for rule in RULES for fault in rule(source)]
    except SyntaxError as error:
        return [f"{error.filename}:{error.lineno}: {error.msg}"]
    except FileNotFoundError as error:
        return [f"{error.filename} is missing"]


def statement_is_complete(source: Source) -> Iterator[str]:
    doc = ast.get_docstring(source.stub) or ""
    title = doc.partition("\n")[0]
    if not source.stub_text.startswith(f'"""{title}') or not title or len(title) > 70 or title.endswith("."):
        yield "the stub's docstring starts with a title of at most 70 characters, without a full stop"
    if len(doc) not in STATEMENT:
        yield f"the statement has {len(doc)} characters; {STATEMENT.start} to {STATEMENT.stop} are asked for"
    if not re.search(r"\b(1[6-9]|20)\d\d\b", doc):
        yield "the statement names no source with its year"
    for text in (source.stub_text, source.kernels[0]):
        if long := [i for i, line in enumerate(text.splitlines(), 1) if len(line) > WIDTH]:
            yield f"lines {long} of the stub are longer than {WIDTH} columns"


def stub_is_to_do(source: Source) -> Iterator[str]:
    definitions = dict(public(source.stub))
    empty = [one for one in cpp.functions(source.kernels[0]).values() if one.is_unwritten]
    if not empty and not any(is_todo(node) for node in definitions.values()):
        yield "the stub raises NotImplementedError nowhere"
    for name, node in definitions.items():
        special = name.rpartition(".")[2].startswith("__")
        is_property = any("property" in ast.unparse(one) for one in node.decorator_list)
        if not ast.get_docstring(node) and not special and not is_property:
            yield f"the stub's `{name}` has no one-line contract"
        if isinstance(node, ast.FunctionDef) and not _is_typed(node):
            yield f"the stub's `{name}` is not typed throughout"
    reference = f"solutions.{source.entry.id.replace('/', '.')}"
    for tree, what in ((source.stub, "stub"), (source.tests, "tests")):
        if any(isinstance(node, ast.ImportFrom) and node.module == reference for node in ast.walk(tree)):
            yield f"the {what} import this kata's own reference"


def signatures_agree(source: Source) -> Iterator[str]:
    mine, theirs = dict(public(source.stub)), dict(public(source.solution))
    for name, node in mine.items():
        if name not in theirs:
            if is_todo(node) or isinstance(node, ast.ClassDef):
                yield f"the solution lacks `{name}`"
        elif (one := _signature(node)) != (other := _signature(theirs[name])):
            yield f"`{name}` is {one} in the stub and {other} in the solution"
    for name in theirs.keys() - mine.keys():
        if "." not in name or not name.rpartition(".")[2].startswith("__"):
            yield f"the solution has a public `{name}` that the stub lacks"


def kernels_agree(source: Source) -> Iterator[str]:
    """Stub and solution of a .cu file: comments above functions, the same signatures, something to do."""
    stub, solution = source.kernels
    mine, theirs = cpp.functions(stub), cpp.functions(solution)
    if stub and not any(function.is_unwritten for function in mine.values()):
        yield "no function of the stub's .cu file is empty"
    for name, function in mine.items():
        above = stub[: function.start].splitlines()[-1:]
        if not any(line.startswith("//") or line.endswith("*/") for line in above):
            yield f"the stub's `{name}` has no one-line contract: a comment above it"
        if name not in theirs:
            yield f"the solution lacks `{name}`"
        elif function.header != theirs[name].header:
            yield f"`{name}` is {function.header} in the stub and {theirs[name].header} in the solution"
    for name, function in theirs.items():
        if function.is_unwritten:
            yield f"the solution's `{name}` has no body"
    if stub and f"{KERNELS} = Kernels(__file__)" not in source.solution_text:
        yield f"stub and solution say `{KERNELS} = Kernels(__file__)`, by which the tests find the .cu file"


def hints_climb(source: Source) -> Iterator[str]:
    hints = source.entry.hints
    if len(hints) < LEAST_HINTS:
        yield f"{len(hints)} hints; at least {LEAST_HINTS} are asked for"
    lines = (source.solution_text + source.kernels[1]).splitlines()
    code = {line.strip() for line in lines if len(line.strip()) > 24}
    for number, hint in enumerate(hints, 1):
        if any(line in hint for line in code if not line.startswith(("#", "//", '"', "'", "("))):
            yield f"hint {number} gives a line of the solution away"
    if not ast.get_docstring(source.solution):
        yield "the solution's docstring should say what to see once the kata is solved"


def mistakes_are_listed(source: Source) -> Iterator[str]:
    try:
        if len(source.mistakes) < LEAST_MISTAKES:
            yield f"{len(source.mistakes)} mistakes; at least {LEAST_MISTAKES} are asked for"
    except BadMistake as error:
        yield str(error)


def tests_judge(source: Source) -> Iterator[str]:
    """Every test holds something against the learner's code, and none leans on the references."""
    module = f"katas.{source.entry.id.replace('/', '.')}"
    imports = [node for node in ast.walk(source.tests) if isinstance(node, ast.ImportFrom)]
    if not any(node.module == module for node in imports):
        yield f"the tests do not import {module}"
    if any((node.module or "").startswith("solutions") for node in imports):
        yield "the tests import from solutions: import through the stub, or use an independent oracle"
    checkers = _checking_functions(source.tests)
    for node in source.tests.body:
        if (
            isinstance(node, ast.FunctionDef)
            and node.name.startswith("test_")
            and not _checks(node, checkers)
        ):
            yield f"{node.name} asserts nothing"


def facts_are_sound(source: Source) -> Iterator[str]:
    try:
        _ = source.entry.kata
        source.catalogue.prerequisites(source.entry)
    except ValueError as error:
        yield str(error)


def place_is_right(source: Source) -> Iterator[str]:
    """Linked once from the phase's README, by its title, after what it needs."""
    entry, catalogue = source.entry, source.catalogue
    readme = f"katas/{entry.phase}/README.md"
    texts = [text for text, link in catalogue.links(entry.phase) if f"{entry.phase}/{link}" == entry.id]
    if len(texts) != 1:
        yield f"linked {len(texts)} times from {readme}; once is right"
    elif texts[0] != entry.stub_title:
        yield f"its link in {readme} should read: {entry.stub_title}"
    order = [one.id for one in catalogue.entries]
    for need in entry.kata.needs:
        if need in order and order.index(need) > order.index(entry.id):
            yield f"comes before `{need}`, which it needs"


RULES: tuple[Rule, ...] = (
    statement_is_complete,
    stub_is_to_do,
    signatures_agree,
    kernels_agree,
    hints_climb,
    mistakes_are_listed,
    tests_judge,
    facts_are_sound,
    place_is_right,
)


def _is_typed(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    untyped = [one.arg for one in arguments if one.annotation is None and one.arg not in ("self", "cls")]
    return not untyped and node.returns is not None


def _signature(node: ast.AST) -> str:
    match node:
        case ast.FunctionDef():
            decorators = "".join(f"@{ast.unparse(one)} " for one in node.decorator_list)
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            return f"{decorators}({ast.unparse(node.args)}){returns}"
        case ast.ClassDef():
            return f"class({', '.join(ast.unparse(base) for base in node.bases)})"
    return ast.unparse(node)


def _checks(node: ast.AST, checkers: frozenset[str]) -> bool:
    """Somewhere inside stands an assert that is not constant, or a call of something that asserts."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assert) and not isinstance(inner.test, ast.Constant):
            return True
        if isinstance(inner, ast.Call):
            name = inner.func.attr if isinstance(inner.func, ast.Attribute) else getattr(inner.func, "id", "")
            if name.startswith("assert_") or name in ("raises", "fail") or name in checkers:
                return True
    return False


def _checking_functions(tests: ast.Module) -> frozenset[str]:
    """The test file's own functions that check something."""
    found: frozenset[str] = frozenset()
    for _ in range(3):  # functions that call functions that check
        functions = (node for node in tests.body if isinstance(node, ast.FunctionDef))
        found = frozenset(node.name for node in functions if _checks(node, found))
    return found
