"""The stub with the reference's bodies in it: what a learner gets who only ever adds lines

If this passes, the stub's imports, decorators, signatures and constants need no change by the learner.
"""

import ast
from collections.abc import Iterator

from aire_katas import cpp

Definition = ast.FunctionDef | ast.ClassDef


def graft(stub: str, solution: str) -> str:
    """The stub's text with every `raise NotImplementedError` replaced by the solution's lines.

    What the stub lacks altogether (imports, private functions, constants, methods) is added; nothing of the
    stub is changed or removed.
    """
    merged = ast.parse(stub)
    _merge(merged.body, ast.parse(solution).body)
    return ast.unparse(ast.fix_missing_locations(merged)) + "\n"


def graft_kernels(stub: str, solution: str) -> str:
    """The same for a .cu file: empty functions get the solution's bodies, and what is missing is added."""
    mine = cpp.functions(stub)
    given = {_words(stub[item.start : item.end]) for item in cpp.items(stub)}
    edits: list[tuple[int, int, str]] = []
    lacking = ""
    for item in cpp.items(solution):
        own = mine.get(item.name) if isinstance(item, cpp.Function) else None
        text = solution[item.start : item.end]
        if own is None or not isinstance(item, cpp.Function):
            lacking += "" if _words(text) in given else f"{text}\n\n"
            continue
        edits.append((own.start, own.start, lacking))
        lacking = ""
        if own.is_unwritten:
            edits.append((own.brace, own.end, solution[item.brace : item.end]))
    edits.append((len(stub), len(stub), lacking))
    for start, end, text in sorted(edits, reverse=True):
        stub = stub[:start] + text + stub[end:]
    return stub


def is_todo(node: ast.AST) -> bool:
    """A function whose body is its docstring and `raise NotImplementedError`."""
    return isinstance(node, ast.FunctionDef) and any(_is_raise(statement) for statement in node.body)


def _merge(stub: list[ast.stmt], solution: list[ast.stmt]) -> None:
    """Fill the stub's definitions; put what it lacks before the statement that follows in the solution."""
    known = {_key(node): node for node in stub}
    lacking: list[ast.stmt] = []
    for node in solution:
        mine = known.get(_key(node))
        if mine is None:
            if not _is_prose(node):
                lacking.append(node)
            continue
        at = stub.index(mine)
        stub[at:at], lacking = lacking, []
        if isinstance(mine, ast.ClassDef) and isinstance(node, ast.ClassDef):
            _merge(mine.body, node.body)
        elif isinstance(mine, ast.FunctionDef) and isinstance(node, ast.FunctionDef) and is_todo(mine):
            at = next(i for i, statement in enumerate(mine.body) if _is_raise(statement))
            mine.body[at : at + 1] = _without_docstring(node.body)
    stub += lacking


def _key(node: ast.stmt) -> str:
    """What identifies a statement in its block: the name it defines, else its text."""
    match node:
        case ast.FunctionDef(name=name, decorator_list=decorators):
            setter = next(
                (ast.unparse(one) for one in decorators if ast.unparse(one).endswith(".setter")), ""
            )
            return f"def {name} {setter}"
        case ast.ClassDef(name=name):
            return f"class {name}"
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return f"{name} ="
    return ast.unparse(node)


def _is_prose(node: ast.stmt) -> bool:
    constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return constant or _key(node) == "HINTS ="


def _words(code: str) -> str:
    return " ".join(code.split())


def _is_raise(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Raise)
        and node.exc is not None
        and "NotImplementedError" in ast.unparse(node.exc)
    )


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for i, node in enumerate(body) if i or not _is_prose(node)] or body


def public(tree: ast.Module) -> Iterator[tuple[str, Definition]]:
    """(name or Class.name, node) of what a module offers: public functions, classes, their methods."""
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and (
                    inner.name.startswith("__") or not inner.name.startswith("_")
                ):
                    yield f"{node.name}.{inner.name}", inner
