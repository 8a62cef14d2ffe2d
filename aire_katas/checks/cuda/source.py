"""The text of a .cu file: what of CUDA is no C++, and what can be called in it

Everything stays in its line, so that the compiler and the reports speak of the learner's file.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from aire_katas.cpp import SKIPPED, blanked, without_comments

_OPEN, _CLOSE = re.compile("<<<"), re.compile(r">>>\s*\(")
_BRACKETS = {">": "<", "]": "[", ")": "("}
# Of no meaning to a C++ compiler, or of another one. The shared variables of an extern "C" kernel would not
# bear its name.
_WORD = re.compile(
    r"static\b(?=\s+__shared__)|extern\s+(?=__global__)|(?P<attribute>(?<![\w(])__noinline__\b)"
)
_ALIGN = r"(?:__align__|alignas)\s*\(\w+\)"
_DYNAMIC = re.compile(
    rf"(?P<skip>{SKIPPED})|extern\s+__shared__\s+(?P<type>(?:{_ALIGN}|[^;(){{}}=])*?)(?P<name>\w+)\s*\[\s*\]\s*;",
    re.DOTALL,
)
_BOUNDS = re.compile(r"__launch_bounds__\s*\([^()]*\)")
_KERNEL = re.compile(r"__global__[\w\s:*&<>,]*?\b(\w+)\s*\(")
_TEMPLATE = re.compile(r"template\s*<[^;{}]*>\s*(?:static\s+|inline\s+)*$")
_HOST = re.compile(r'extern\s*"C"\s+(?!__global__)[\w\s:*&]*?\b(\w+)\s*\(')
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)


def to_cpp(text: str) -> str:
    """The same program for a C++ compiler that has `cuda_runtime.h`: launches and dynamic shared memory."""
    text = _DYNAMIC.sub(_dynamic, text)
    code, edits = blanked(text), list[tuple[int, int, str]]()
    templates = {name for name, is_template in kernels(text).items() if is_template}
    for match in _WORD.finditer(code):
        edits.append((*match.span(), "__attribute__((noinline))" if match["attribute"] else ""))
    for opening in _OPEN.finditer(code):
        if closing := _CLOSE.search(code, opening.end()):
            start = _callee(code, opening.start())
            name = " ".join(code[start : opening.start()].split())
            is_deduced = name.rpartition("::")[2] in templates
            wrap = ("[](auto... given) { ", "(given...); }") if is_deduced else ("", "")
            edits.append((start, start, f'::aire::Launch("{name}", {wrap[0]}'))
            edits.append((*opening.span(), f"{wrap[1]}, ::aire::Shape("))
            edits.append((*closing.span(), "))(" + "\n" * closing[0].count("\n")))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _callee(code: str, end: int) -> int:
    """Where the expression begins that ends before `end`: k, lab::k<T, 3>, kernels[i], (*k)."""
    at, awaited = len(code[:end].rstrip()), list[str]()
    while at and (awaited or (code[at - 1] in _BRACKETS and code[at : at + 1] != "(")):
        at -= 1
        if awaited and code[at] == awaited[-1]:
            awaited.pop()
        elif code[at] in _BRACKETS and (code[at] != ">" or not awaited or awaited[-1] == "<"):
            awaited.append(_BRACKETS[code[at]])
    name = re.search(r"(?:::|[\w.])*" + (r"\s*" if code[at] == "<" else "") + r"\Z", code[:at])
    return name.start() if name else at


def _dynamic(match: re.Match[str]) -> str:
    if match["skip"]:
        return match["skip"]
    type, name = " ".join(re.sub(_ALIGN, " ", match["type"]).split()), match["name"]
    lines = "\n" * match[0].count("\n")
    return f"{type}* const {name} = reinterpret_cast<{type}*>(aire_dynamic);{lines}"


def kernels(text: str) -> dict[str, bool]:
    """Name of every kernel -> whether it is a template."""
    plain = _BOUNDS.sub(" ", without_comments(text))
    return {match[1]: bool(_TEMPLATE.search(plain[: match.start()])) for match in _KERNEL.finditer(plain)}


def host_functions(text: str) -> list[str]:
    """Names of the functions of the host that are extern "C"."""
    return _HOST.findall(without_comments(text))


def parameters(text: str, name: str) -> list[str]:
    """Names of a function's parameters, as far as the text shows them."""
    found = re.search(rf"\b{re.escape(_plain(name))}\s*\(([^()]*)\)\s*\{{", without_comments(text))
    words = [re.findall(r"\w+", one) for one in found[1].split(",")] if found else []
    return [word[-1] for word in words if word]


def _plain(name: str) -> str:
    """matmul of tiled::matmul<16>."""
    return name.partition("<")[0].rpartition("::")[2].strip()


def entries(text: str, wanted: str) -> dict[str, str]:
    """What the compiled program can call: name -> AIRE_KERNEL or AIRE_HOST.

    All that can be named without knowing more than the text, so that one file is compiled once; and `wanted`,
    say matmul<16>. Raises LookupError when the file has nothing of that name.
    """
    found, hosts = kernels(text), host_functions(text)
    plain = _plain(wanted)
    if plain not in found and not re.search(rf"\b{re.escape(plain)}\s*\(", without_comments(text)):
        known = ", ".join([*found, *hosts]) or "none"
        raise LookupError(f"no function named {plain}; the file has: {known}")
    if plain in found and found[plain] and "<" not in wanted:
        raise LookupError(f"{plain} is a template: name one of its kernels, say '{plain}<32>'")
    several = (
        {}
        if "namespace" in text
        else {name: "AIRE_KERNEL" for name, template in found.items() if not template}
    )
    if "namespace" not in text:
        several |= dict.fromkeys(hosts, "AIRE_HOST")
    return several | {wanted: "AIRE_KERNEL" if plain in found else "AIRE_HOST"}


@functools.lru_cache(maxsize=64)  # a test launches the same file many times
def program(text: str, file: str, wanted: str) -> str:
    """The C++ program for the file: the rewritten text, and the table of its entries."""
    table = "".join(f'    {macro}("{name}", &::{name}),\n' for name, macro in entries(text, wanted).items())
    end = f'\n#line 1 "entries of {file}"\nconst aire::Entry aire::entries[] = {{\n{table}    {{}}}};\n'
    return to_cpp(text) + end


def included(path: Path) -> Iterator[Path]:
    """Headers beside the file that it includes, and those that they include."""
    for name in _INCLUDE.findall(path.read_text(encoding="utf-8")):
        header = path.parent / name
        if header.is_file():
            yield header
            yield from included(header)
