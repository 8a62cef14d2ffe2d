"""Generic spoilers: a reference that returns zeros, its input, the negative, the double

`spoilers` lists them for a solution; each is the solution with a tail that calls `spoil` on itself. A spoiler
that never changed a result in the whole run proves nothing; the file `flag` tells.
"""

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("zeros", "the input", "negated", "doubled")


@dataclass(frozen=True)
class Spoiler:
    """One function or method of a solution, spoilt in one way."""

    target: str  # name or Class.name
    kind: str
    source: str
    flag: Path  # exists once a result was changed


def spoilers(source: str, flag_folder: Path) -> Iterator[Spoiler]:
    """Every public function and method of a solution, spoilt in every way."""
    for target in _targets(ast.parse(source)):
        for kind in KINDS:
            flag = flag_folder / f"{target}-{kind.replace(' ', '-')}"
            call = f"spoil(globals(), {target!r}, {kind!r}, {str(flag)!r})"
            tail = f"\n\nfrom aire_katas.dev.spoil import spoil  # noqa: E402\n\n{call}\n"
            yield Spoiler(target, kind, source + tail, flag)


def _targets(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and _is_spoilable_method(inner.name):
                    yield f"{node.name}.{inner.name}"


def _is_spoilable_method(name: str) -> bool:
    special = name.startswith("__") and name not in ("__init__", "__repr__", "__hash__", "__post_init__")
    return special or not name.startswith("_")


def spoil(module: dict[str, Any], target: str, kind: str, flag: str) -> None:
    """Replace the function `target` in a module's namespace by its spoilt version."""
    owner_name, _, name = target.rpartition(".")
    if not owner_name:
        module[name] = _spoilt(module[name], kind, Path(flag), is_method=False)
        return
    owner = module[owner_name]
    original = vars(owner)[name]
    if isinstance(original, property):
        assert original.fget is not None
        setattr(owner, name, property(_spoilt(original.fget, kind, Path(flag), is_method=True)))
    elif isinstance(original, staticmethod | classmethod):
        inner = _spoilt(original.__func__, kind, Path(flag), is_method=isinstance(original, classmethod))
        setattr(owner, name, type(original)(inner))
    else:
        setattr(owner, name, _spoilt(original, kind, Path(flag), is_method=True))


def _spoilt(function: Callable[..., Any], kind: str, flag: Path, *, is_method: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def spoilt(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        given = args[1:] if is_method else args
        if kind == "the input":
            if not given or given[0] is result:
                return result
            flag.touch()
            return given[0]
        return _map_numbers(result, kind, flag)

    return spoilt


def _map_numbers(value: Any, kind: str, flag: Path) -> Any:
    """The same structure with every number or array changed; touches `flag` if that makes a difference."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_map_numbers(one, kind, flag) for one in value))
    if isinstance(value, list | tuple):
        return type(value)(_map_numbers(one, kind, flag) for one in value)
    if isinstance(value, dict):
        return {key: _map_numbers(one, kind, flag) for key, one in value.items()}
    is_array = hasattr(value, "dtype") and hasattr(value, "shape")
    if not is_array and not isinstance(value, int | float | complex):
        return value
    is_bool = isinstance(value, bool) or "bool" in str(getattr(value, "dtype", ""))
    changed: Any
    match kind:
        case "doubled":
            changed = value if is_bool else value * 2
        case "zeros":
            changed = (value != value) if is_bool else value * 0
        case _:
            changed = (value == False) if is_bool else -value  # noqa: E712  # an array, perhaps
    differs: Any = changed != value
    if bool(differs.any()) if is_array else differs:
        flag.touch()
    return changed
