"""Small changes to kernels in CUDA C++, each of which their tests should notice

As `operators`, but on the text: an operator is a pattern, found in the bodies of functions outside of
comments and strings, and what could stand there instead. Binary operators have spaces around them, which
pointers, references and `<<<` have not.
"""

import re
from collections.abc import Iterator

from aire_katas import cpp
from aire_katas.dev.operators import Mutant

PATTERNS: dict[str, tuple[str, ...]] = {
    r"(?<= )\+(?= )": ("-",),
    r"(?<= )-(?= )": ("+",),
    r"(?<= )\*(?= )": ("/",),
    r"(?<= )/(?= )": ("*",),
    r"(?<= )%(?= )": ("/",),
    r"(?<= )\+=(?= )": ("-=", "="),
    r"(?<= )-=(?= )": ("+=",),
    r"(?<= )\*=(?= )": ("=",),
    r"(?<= )<(?= )": ("<=", ">="),
    r"(?<= )<=(?= )": ("<", ">"),
    r"(?<= )>(?= )": (">=", "<="),
    r"(?<= )>=(?= )": (">", "<"),
    r"(?<= )==(?= )": ("!=",),
    r"(?<= )!=(?= )": ("==",),
    r"(?<= )&&(?= )": ("||",),
    r"(?<= )\|\|(?= )": ("&&",),
    r"(?<=Idx\.|Dim\.)x\b": ("y",),
    r"(?<=Idx\.|Dim\.)y\b": ("x",),
    r"\bfmaxf(?=\()": ("fminf",),
    r"\bmax(?=\()": ("min",),
    r"\bmin(?=\()": ("max",),
    r"\bif \([^;{}]*?\)(?= )": ("if (true)",),
}
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
EXPRESSION = re.compile(r"[\w\[\]().>*& -]+?(\[[^;]*\])? [-+*/]?= [^;]*;|\w+\([^;{}]*\);")
DECLARATION = re.compile(
    r"(const |__shared__ |static |unsigned |long )|return\b|\w+\*? \w+(\[[^;]*\])?( =|;)"
)


def mutants(source: str) -> Iterator[Mutant]:
    """Every change, in order of place; some do not compile."""
    code = cpp.blanked(source)
    for function in cpp.functions(source).values():
        changes = {
            *_replaced(code, function),
            *_counted(code, function),
            *_removed(code, function),
        }
        for start, end, after in sorted(changes):
            line = source.count("\n", 0, start) + 1
            yield Mutant(line, source[start:end], after, source[:start] + after + source[end:])


Change = tuple[int, int, str]


def _replaced(code: str, function: cpp.Function) -> Iterator[Change]:
    for pattern, replacements in PATTERNS.items():
        for match in re.compile(pattern).finditer(code, function.brace, function.end):
            yield from ((match.start(), match.end(), after) for after in replacements)


def _counted(code: str, function: cpp.Function) -> Iterator[Change]:
    """One more and one less for every whole number."""
    for match in NUMBER.finditer(code, function.brace, function.end):
        value = int(match[0])
        for after in (value + 1, value - 1):
            if after >= 0:
                yield match.start(), match.end(), str(after)


def _removed(code: str, function: cpp.Function) -> Iterator[Change]:
    """Nothing for an assignment or a call."""
    at = function.brace
    for line in code[function.brace : function.end].split("\n"):
        start = at + len(line) - len(line.lstrip())
        at += len(line) + 1
        match = EXPRESSION.match(code, start, cpp.statement_end(code, start))
        if match and not DECLARATION.match(code, start):
            yield start, match.end(), ";"
