"""Calls a kata forbids, because writing them is the kata

Two nets: the syntax tree of the learner's file shows imports and names, also under an alias; and while a test
runs the forbidden functions look at who calls. The nearest caller in the suite decides: the learner's file is
refused, the test's own oracle is not, nor is code of a library that the test calls. Someone who wants to slip
through can (say, by way of `__wrapped__`); nobody does so by accident.
"""

import ast
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from aire_katas import cpp

BUILT_IN = 1 << 8  # the flag of types that take no new attributes: Py_TPFLAGS_IMMUTABLETYPE


class Forbidden(AssertionError):
    """The learner's file uses what the kata forbids."""


@contextmanager
def refuse(forbids: Mapping[str, str], learner: Path, test: Path) -> Iterator[None]:
    """Within, calls of `forbids` (dotted name -> what to build instead) from `learner` raise Forbidden.

    `learner` is the file that is judged, `test` the one that judges. Raises ValueError, the kata author's
    fault, for a method of a built-in class, which cannot be guarded.
    """
    check_source(forbids, learner)
    modules = [
        m for m in list(sys.modules.values()) if getattr(m, "__dict__", {}).get("__file__") == str(learner)
    ]
    with ExitStack() as stack:
        for name, remedy in forbids.items():
            owner, attribute = _find(name)
            if owner is not None:
                check = functools.partial(_check_caller, name, remedy, str(learner), str(test))
                for place, key, guarded in _guards(owner, attribute, check, modules):
                    stack.enter_context(_replaced(place, key, guarded))
        yield


def check_source(forbids: Mapping[str, str], learner: Path) -> None:
    """Raise Forbidden where the file imports or names what is forbidden."""
    __tracebackhide__ = True
    for line, name in _names_in(learner, learner.stat().st_mtime_ns):
        for forbidden, remedy in forbids.items():
            if name == forbidden or name.startswith(f"{forbidden}."):
                raise Forbidden(_message(forbidden, remedy, learner.name, line))


def check_kernels(forbids: Mapping[str, str], kernels: Path, kata: str) -> None:
    """Raise Forbidden where a .cu file holds a forbidden word, or includes the kata's reference."""
    __tracebackhide__ = True
    if not kernels.is_file():
        return
    text = kernels.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(cpp.blanked(text).splitlines(), start=1):
        for word in re.findall(r"\w+", line):
            if word in forbids:
                raise Forbidden(_message(word, forbids[word], kernels.name, number))
    if match := re.search(rf'#\s*include\s*"[^"]*solutions/{kata}\.', text):
        line = text.count("\n", 0, match.start()) + 1
        raise Forbidden(_message("the reference", "that is this kata's solution", kernels.name, line))


def _message(name: str, remedy: str, file: str, line: int) -> str:
    return f"build this yourself: {name} is not allowed here; {remedy} ({file}:{line})"


# The syntax tree ----------------------------------------------------------------------------------------


@functools.cache
def _names_in(file: Path, _changed: int) -> tuple[tuple[int, str], ...]:
    """What _names finds in a file, which is read again once it has changed: every test of a kata asks."""
    return tuple(_names(ast.parse(file.read_bytes())))


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of every import, and of every attribute that leads to one."""
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
                top = alias.name.partition(".")[0]
                aliases[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                name = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
                yield node.lineno, name
                aliases[alias.asname or alias.name] = name
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (dotted := _dotted(node.value, aliases)) is not None:
            aliases |= {target.id: dotted for target in node.targets if isinstance(target, ast.Name)}
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


# Who calls ----------------------------------------------------------------------------------------------


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


def _guards(
    owner: Any, attribute: str, check: Callable[[], None], learners: Iterable[ModuleType]
) -> Iterator[tuple[Any, str, Any]]:
    """(module or class, attribute, what stands there meanwhile)."""
    original = getattr(owner, attribute)
    if isinstance(original, type) and not original.__flags__ & BUILT_IN:
        # The class stays what it is, for isinstance and subclasses; making an instance of it is guarded.
        own_new = original.__init__ is object.__init__ and original.__new__ is not object.__new__
        owner, attribute = original, "__new__" if own_new else "__init__"
    elif isinstance(owner, type) and owner.__flags__ & BUILT_IN:
        raise ValueError(f"forbids: {owner.__qualname__}.{attribute} is built in and cannot be guarded")
    raw = inspect.getattr_static(owner, attribute, None)
    if isinstance(raw, staticmethod | classmethod):
        yield owner, attribute, type(raw)(_guarded(raw.__func__, check))
    else:
        guarded = _guarded(getattr(owner, attribute), check)
        yield owner, attribute, guarded
        for module in learners:  # holds the function itself after from torch.nn.functional import *
            for key in [key for key, value in vars(module).items() if value is original]:
                yield module, key, guarded


def _guarded(original: Callable[..., Any], check: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        check()
        return original(*args, **kwargs)

    for name in dir(original):  # numpy.add.reduce, functools.cache's cache_clear
        if not name.startswith("_") and not hasattr(guarded, name):
            setattr(guarded, name, getattr(original, name))
    return guarded


@contextmanager
def _replaced(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    """Not unittest.mock, whose import takes longer than all the rest of the plugin's."""
    inherited = attribute not in vars(owner)
    original = None if inherited else vars(owner)[attribute]
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        if inherited:
            delattr(owner, attribute)
        else:
            setattr(owner, attribute, original)


def _check_caller(name: str, remedy: str, learner: str, test: str) -> None:
    __tracebackhide__ = True
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename == test:
            return
        if frame.f_code.co_filename == learner:
            raise Forbidden(_message(name, remedy, Path(learner).name, frame.f_lineno))
        frame = frame.f_back
