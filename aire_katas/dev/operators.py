"""Small changes to a program, each of which its tests should notice

An operator takes a node of the syntax tree and yields what could stand there instead, as source text.
Docstrings, annotations and module-level constants are left alone.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ARITHMETIC: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("/",),
    ast.Div: ("*",),
    ast.FloorDiv: ("*",),
    ast.Mod: ("//",),
    ast.Pow: ("*",),
    ast.BitAnd: ("|",),
    ast.BitOr: ("&",),
}
COMPARISON: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.MatMult)  # a op b differs from b op a
SHAPERS = (
    "transpose",
    "swapaxes",
    "permute",
    "squeeze",
    "unsqueeze",
    "copy",
    "clone",
    "tril",
    "triu",
    "flip",
)


@dataclass(frozen=True)
class Mutant:
    """A program that differs from the reference in one place."""

    line: int
    before: str
    after: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every change that the operators know, in order of place; changes that do not compile are left out."""
    lines = source.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    raw = source.encode()
    seen: set[tuple[int, int, str]] = set()
    for node in _mutable(ast.parse(source)):
        begin = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        for after in (text for operator in OPERATORS for text in operator(node)):
            if (begin, end, after) in seen:
                continue
            seen.add((begin, end, after))
            changed = (raw[:begin] + after.encode() + raw[end:]).decode()
            try:
                compile(changed, "mutant", "exec")
            except SyntaxError:
                continue
            yield Mutant(node.lineno, raw[begin:end].decode(), after, changed)


def _mutable(tree: ast.Module) -> Iterator[ast.expr | ast.stmt]:
    """The nodes inside functions that compute something, in order of place."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    found: dict[int, ast.expr | ast.stmt] = {}
    for function in functions:
        body = function.body if isinstance(function.body, list) else [function.body]
        defaults = [one for one in (*function.args.defaults, *function.args.kw_defaults) if one is not None]
        for part in (*body, *defaults):
            if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant):
                continue
            for node in _walk(part):
                found[id(node)] = node
    return iter(sorted(found.values(), key=lambda node: (node.lineno, node.col_offset)))


def _walk(node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
    """The node and all below it, but for annotations and the text of f-strings."""
    if isinstance(node, ast.expr | ast.stmt):
        yield node
    if isinstance(node, ast.JoinedStr):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def change_arithmetic(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.BinOp):
        left, right = _operand(node.left), _operand(node.right)
        for sign in ARITHMETIC.get(type(node.op), ()):
            yield f"({left} {sign} {right})"
        if isinstance(node.op, ORDERED):
            yield f"({right} {_sign(node.op)} {left})"
    elif isinstance(node, ast.AugAssign):
        target, value = ast.unparse(node.target), _operand(node.value)
        for sign in ARITHMETIC.get(type(node.op), ()):
            yield f"{target} {sign}= {value}"
        yield f"{target} = {value}"
    elif isinstance(node, ast.UnaryOp):
        yield f"({ast.unparse(node.operand)})"


def change_comparison(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left, right = _operand(node.left), _operand(node.comparators[0])
        for sign in COMPARISON[type(node.ops[0])]:
            yield f"({left} {sign} {right})"


def change_boolean(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.BoolOp):
        sign = "or" if isinstance(node.op, ast.And) else "and"
        yield f"({f' {sign} '.join(_operand(value) for value in node.values)})"
    elif isinstance(node, ast.IfExp):
        yield f"({ast.unparse(node.body)})"
        yield f"({ast.unparse(node.orelse)})"


def change_constant(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Constant):
        return
    match node.value:
        case bool(value):
            yield str(not value)
        case int(value):
            yield str(value + 1)
            if value > 0:
                yield str(value - 1)
        case float(value):
            yield repr(value * 2 if value else 1.0)


def change_call(node: ast.AST) -> Iterator[str]:
    """Arguments swapped or left out; a transpose, a copy or the like not made."""
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield f"({ast.unparse(node.value)})"
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Attribute) and node.func.attr in SHAPERS:
        yield f"({ast.unparse(node.func.value)})"
    function, arguments = ast.unparse(node.func), [ast.unparse(one) for one in node.args]
    words = [ast.unparse(one) for one in node.keywords]
    symmetric = isinstance(node.func, ast.Attribute) and node.func.attr in ("transpose", "swapaxes")
    if len(arguments) >= 2 and arguments[0] != arguments[1] and not symmetric:
        yield f"{function}({', '.join([arguments[1], arguments[0], *arguments[2:], *words])})"
    for i in range(len(words)):
        yield f"{function}({', '.join([*arguments, *words[:i], *words[i + 1 :]])})"


def remove_statement(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.If() | ast.For() | ast.Continue() | ast.Break():
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield "pass"
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _uses(value, name):
            yield "pass"


OPERATORS: tuple[Callable[[ast.AST], Iterator[str]], ...] = (
    change_arithmetic,
    change_comparison,
    change_boolean,
    change_constant,
    change_call,
    remove_statement,
)


def _operand(node: ast.expr) -> str:
    simple = isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Call | ast.Subscript)
    return ast.unparse(node) if simple else f"({ast.unparse(node)})"


def _sign(operator: ast.operator) -> str:
    return {ast.Sub: "-", ast.Div: "/", ast.FloorDiv: "//", ast.MatMult: "@"}[type(operator)]


def _uses(node: ast.AST, name: str) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))
