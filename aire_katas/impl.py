"""Choosing whose code is tested: the trees that go before the learner's own on `katas.__path__`

The choice travels in the environment, so that spawned children and xdist workers inherit it;
`katas/__init__.py` reads it.
"""

import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "AIRE_KATAS_IMPL"


class NoSuchTree(ValueError):
    """A tree given with --impl that cannot hold katas."""


def chosen() -> tuple[Path, ...]:
    """The trees in force; none when the learner's own files are tested."""
    return tuple(Path(tree) for tree in os.environ.get(VARIABLE, "").split(os.pathsep) if tree)


def choose(trees: Iterable[str | Path]) -> tuple[Path, ...]:
    """Put `trees`, or else those the environment names, in force for this process and its children.

    A path may be a tree that holds phase folders, or a checkout whose `katas` does.
    """
    paths = tuple(_checked(tree) for tree in (tuple(trees) or chosen()))
    if any(os.pathsep in str(path) for path in paths):
        raise NoSuchTree(f"a path with {os.pathsep!r} in it cannot be handed to children")
    if paths:
        os.environ[VARIABLE] = os.pathsep.join(map(str, paths))
    else:
        os.environ.pop(VARIABLE, None)
    return paths


def locate(kata: str, root: Path) -> Path:
    """The file imported as this kata's stub: that of the first tree which has one, else the learner's."""
    candidates = (tree / f"{kata}.py" for tree in (*chosen(), root / "katas"))
    return next((path for path in candidates if path.is_file()), root / "katas" / f"{kata}.py")


def companion(path: Path, suffix: str) -> Path:
    """The file of another suffix that goes with a kata's .py: from the first tree that has one."""
    inside = next((path.relative_to(tree) for tree in chosen() if path.is_relative_to(tree)), None)
    candidates = (tree / inside.with_suffix(suffix) for tree in chosen()) if inside else ()
    return next((one for one in candidates if one.is_file()), path.with_suffix(suffix))


def _checked(tree: str | Path) -> Path:
    path = Path(tree).resolve()
    if (path / "katas" / "__init__.py").is_file():
        path = path / "katas"
    if not path.is_dir():
        raise NoSuchTree(f"--impl {tree}: no such folder")
    if not any(path.glob("phase*/")):
        raise NoSuchTree(f"--impl {tree}: holds no phase folders, so the stubs would be tested instead")
    return path
