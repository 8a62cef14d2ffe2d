"""Generic spoilers: a reference that returns zeros, its input, the negative, the double

Each is the reference with a tail that calls `spoil` on itself. Which of them can change a result at all is
found out first, by `probe`, which changes nothing: a spoiler that does nothing proves nothing. What a kernel
of a .cu file returns are the arrays that it has changed.
"""

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aire_katas import cpp

KINDS = ("zeros", "the input", "negated", "doubled")
KERNELS = "kernels"  # how a stub calls its Kernels


@dataclass(frozen=True)
class Spoiler:
    """One function or method of a solution, spoilt in one way."""

    target: str  # name, Class.name, or kernels.name
    kind: str
    source: str


def probed(source: str, flags: Path, kernels: str = "") -> str:
    """The solution, leaving a file in `flags` for every (target, kind) that would change a result.

    `kernels` is the text of its .cu file; empty where there is none.
    """
    calls = "".join(f"probe(globals(), {target!r}, {str(flags)!r})\n" for target in _targets(source, kernels))
    return f"{source}\n\nfrom aire_katas.dev.spoil import probe  # noqa: E402\n\n{calls}"


def spoilers(source: str, flags: Path, kernels: str = "") -> Iterator[Spoiler]:
    """The spoilers of a solution that change something, according to the flags its probed version left."""
    for target in _targets(source, kernels):
        for kind in KINDS:
            if _flag(flags, target, kind).exists():
                call = f"spoil(globals(), {target!r}, {kind!r})"
                tail = f"\n\nfrom aire_katas.dev.spoil import spoil  # noqa: E402\n\n{call}\n"
                yield Spoiler(target, kind, source + tail)


def _targets(source: str, kernels: str) -> Iterator[str]:
    for name, function in cpp.functions(kernels).items():
        if function.is_public:
            yield f"{KERNELS}.{name}"
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and _is_spoilable_method(inner.name):
                    yield f"{node.name}.{inner.name}"


def _is_spoilable_method(name: str) -> bool:
    special = name.startswith("__") and name not in ("__init__", "__repr__", "__hash__", "__post_init__")
    return special or not name.startswith("_")


def spoil(module: dict[str, Any], target: str, kind: str) -> None:
    """Make the function `target` in a module's namespace return something else."""

    def change(result: Any, given: tuple[Any, ...]) -> Any:
        return _changed(result, kind, given)

    _wrap(module, target, change)


def probe(module: dict[str, Any], target: str, flags: str) -> None:
    """Note which kinds of spoiling would make a difference to what `target` returns."""

    def note(result: Any, given: tuple[Any, ...]) -> Any:
        for kind in KINDS:
            flag = _flag(Path(flags), target, kind)
            if not flag.exists() and _differs(_changed(result, kind, given), result):
                flag.touch()
        return result

    _wrap(module, target, note)


def _flag(flags: Path, target: str, kind: str) -> Path:
    return flags / f"{target}-{kind.replace(' ', '-')}"


def _wrap(module: dict[str, Any], target: str, hook: Callable[[Any, tuple[Any, ...]], Any]) -> None:
    """Pass the results of a function, method or property through `hook(result, arguments without self)`."""
    owner_name, _, name = target.rpartition(".")

    def hooked(function: Callable[..., Any], skip: int) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return hook(function(*args, **kwargs), args[skip:])

        return call

    if not owner_name:
        module[name] = hooked(module[name], 0)
        return
    owner = module[owner_name]
    if owner_name == KERNELS:
        for method in ("launch", "call"):
            setattr(owner, method, _hooked_launch(getattr(owner, method), name, hook))
        return
    match vars(owner)[name]:
        case property(fget=getter) if getter is not None:
            setattr(owner, name, property(hooked(getter, 1)))
        case staticmethod(__func__=function):
            setattr(owner, name, staticmethod(hooked(function, 0)))
        case function:
            setattr(owner, name, hooked(function, 1))


def _hooked_launch(
    launch: Callable[..., Any], kernel: str, hook: Callable[[Any, tuple[Any, ...]], Any]
) -> Callable[..., Any]:
    """Passes each array that `kernel` has changed through `hook(array, (first input like it,))`."""

    @functools.wraps(launch)
    def call(name: str, *args: Any, **kwargs: Any) -> Any:
        arrays = [one for one in kwargs.get("args", args[-1] if args else ()) if isinstance(one, np.ndarray)]
        before = [one.copy() for one in arrays]
        report = launch(name, *args, **kwargs)
        is_changed = [one.tobytes() != old.tobytes() for one, old in zip(arrays, before, strict=True)]
        inputs = [one for one, changed in zip(arrays, is_changed, strict=True) if not changed]
        for array, changed in zip(arrays, is_changed, strict=True):
            if changed and name.partition("<")[0] == kernel:
                given = [one for one in inputs if (one.shape, one.dtype) == (array.shape, array.dtype)]
                array[...] = hook(np.array(array), tuple(given[:1]))
        return report

    return call


def _changed(value: Any, kind: str, given: tuple[Any, ...]) -> Any:
    """The first argument, or the same structure with every number and array in it changed."""
    if kind == "the input":
        return given[0] if given and value is not None else value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_changed(one, kind, given) for one in value))
    if isinstance(value, list | tuple):
        return type(value)(_changed(one, kind, given) for one in value)
    if isinstance(value, dict):
        return {key: _changed(one, kind, given) for key, one in value.items()}
    is_expression = hasattr(value, "free_symbols")  # of sympy
    if not _is_array(value) and not is_expression and not isinstance(value, int | float | complex):
        return value
    if isinstance(value, bool) or "bool" in str(getattr(value, "dtype", "")):
        if kind == "doubled":
            return value
        return (value == False) if kind == "negated" else (value != value)  # noqa: E712  # an array, perhaps
    if kind == "zeros":
        return _zeros(value)
    return -value if kind == "negated" else 2 * value


def _zeros(value: Any) -> Any:
    """0 in the same shape, also where the value is infinite."""
    if hasattr(value, "new_zeros"):
        return value.new_zeros(value.shape)
    return np.zeros_like(value) if isinstance(value, np.ndarray) else 0 * value


def _differs(one: Any, other: Any) -> bool:
    if one is other:
        return False
    if _is_array(one) and _is_array(other):
        return one.shape != other.shape or bool((one != other).any())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) != len(other) or any(map(_differs, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() != other.keys() or any(_differs(one[key], other[key]) for key in one)
    return type(one) is not type(other) or bool(one != other)


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "shape")
