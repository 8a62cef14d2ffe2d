"""Calls a kata forbids, because writing them is the kata

Two nets: the syntax tree of the learner's file shows imports and names, also under an alias; and while a test
runs the forbidden functions look at who calls. The nearest caller in the suite decides: the learner's file is
refused, the test's own oracle is not, nor is code of a library that the test calls.
"""

import ast
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock


class Forbidden(AssertionError):
    """The learner's file uses what the kata forbids."""


@contextmanager
def refuse(forbids: Mapping[str, str], learner: Path, test: Path) -> Iterator[None]:
    """Within, calls of `forbids` (dotted name -> what to build instead) from `learner` raise Forbidden.

    `learner` is the file that is judged, `test` the one that judges.
    """
    if not forbids:
        yield
        return
    check_source(forbids, learner)
    with ExitStack() as stack:
        for name, remedy in forbids.items():
            owner, attribute = _find(name)
            if owner is None:
                continue
            guard = functools.partial(_check_caller, name, remedy, str(learner), str(test))
            original = getattr(owner, attribute)
            if isinstance(original, type):  # stays a class, for isinstance and subclasses
                stack.enter_context(
                    mock.patch.object(original, "__init__", _guarded(original.__init__, guard))
                )
            else:
                stack.enter_context(mock.patch.object(owner, attribute, _guarded(original, guard)))
        yield


def check_source(forbids: Mapping[str, str], learner: Path) -> None:
    """Raise Forbidden where the file imports or names what is forbidden."""
    __tracebackhide__ = True
    for line, name in _names(ast.parse(learner.read_bytes())):
        for forbidden, remedy in forbids.items():
            if name == forbidden or name.startswith(f"{forbidden}."):
                raise Forbidden(_message(forbidden, remedy, learner.name, line))


def _message(name: str, remedy: str, file: str, line: int) -> str:
    return f"build this yourself: {name} is not allowed here; {remedy} ({file}:{line})"


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import, and of every attribute or name that leads to one."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
                aliases[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
                yield node.lineno, name
                aliases[alias.asname or alias.name] = name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if (dotted := _dotted(node, aliases)) is not None:
                yield node.lineno, dotted
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("__import__", "import_module"):
                yield node.lineno, str(node.args[0].value)


def _dotted(node: ast.expr, aliases: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return aliases.get(node.id)
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value, aliases)) is not None:
        return f"{owner}.{node.attr}"
    return None


def _find(name: str) -> tuple[Any, str] | tuple[None, str]:
    """The imported module or class that holds `name`, and the attribute; None where nothing is to guard."""
    path, _, attribute = name.rpartition(".")
    if path in sys.modules:
        owner: Any = sys.modules[path]
    elif path and path.rpartition(".")[0] in sys.modules:  # a method: torch.Tensor.softmax
        owner = getattr(sys.modules[path.rpartition(".")[0]], path.rpartition(".")[2], None)
    else:
        owner = None
    target = getattr(owner, attribute, None)
    return (owner, attribute) if callable(target) else (None, attribute)


def _guarded(original: Callable[..., Any], guard: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        guard()
        return original(*args, **kwargs)

    return guarded


def _check_caller(name: str, remedy: str, learner: str, test: str) -> None:
    __tracebackhide__ = True
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename == test:
            return
        if frame.f_code.co_filename == learner:
            raise Forbidden(_message(name, remedy, Path(learner).name, frame.f_lineno))
        frame = frame.f_back
