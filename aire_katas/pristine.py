"""The stub as it was before the learner solved it, found in git's history

Learners commit their solved files over the stub, so the last committed version is often no stub at all, and
the first one may have been mended since. Of all committed versions of the file, the stub is the one that
raises NotImplementedError most often, and in the most functions that do nothing else; of several such
versions, the newest. In a .cu file what is to do are functions without a body.
"""

import ast
import subprocess
from pathlib import Path

from aire_katas import cpp


class NoStub(LookupError):
    """History holds no stub; the message says why."""


def pristine_stub(root: Path, file: Path, *, may_be_complete: bool = False) -> bytes:
    """The content of the stub that `file`, somewhere under `root`, once was.

    A stub that `may_be_complete` has nothing to do in it, perhaps: its newest version is as good as any.
    """
    relative = file.relative_to(root).as_posix()
    # Without --full-history git leaves out the side of a merge that the learner did not take.
    commits = _git(root, "log", "--full-history", "--format=%H", "--", relative).decode().split()
    versions = [_version(root, f"{commit}:./{relative}") for commit in commits]
    if not versions:
        raise NoStub(f"git knows no committed version of {relative}")
    count = unwritten if file.suffix == cpp.SUFFIX else unsolved
    stub = max(versions, key=count)  # the first of equals, and git lists the newest first
    if not any(count(stub)) and not may_be_complete:
        raise NoStub(
            f"no committed version of {relative} is unsolved (is this a shallow clone? git fetch --unshallow)"
        )
    return stub


def unsolved(source: bytes) -> tuple[int, int]:
    """How often NotImplementedError is raised, and by how many functions that do nothing else.

    (0, 0) for what is no Python.
    """
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError):
        return 0, 0
    raised = sum(isinstance(node, ast.Raise) and _is_todo(node) for node in nodes)
    return raised, sum(isinstance(node, ast.FunctionDef) and _raises_only(node) for node in nodes)


def unwritten(source: bytes) -> tuple[int]:
    """How many functions of a .cu file have no body."""
    functions = cpp.functions(source.decode(errors="replace")).values()
    return (sum(function.is_unwritten for function in functions),)


def _raises_only(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return len(body) == 1 and isinstance(body[0], ast.Raise) and _is_todo(body[0])


def _is_todo(statement: ast.Raise) -> bool:
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _version(root: Path, blob: str) -> bytes:
    try:
        return _git(root, "show", blob)
    except NoStub:  # the commit that removed the file
        return b""


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise NoStub("git is not installed, and the stub comes from its history") from None
    if done.returncode:
        raise NoStub(done.stderr.decode(errors="replace").strip().removeprefix("fatal: ") or "git failed")
    return done.stdout
