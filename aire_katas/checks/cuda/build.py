"""From a .cu file to a program that runs it

A program is compiled once for all that goes into it: the source and its headers, this suite's header and
runtime, the flags, the compiler.
"""

import functools
import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aire_katas import machine
from aire_katas.checks.cuda import source
from aire_katas.checks.cuda.cache import cached, write

HERE = Path(__file__).parent
COMPILING = 60.0  # seconds
COMMON = (
    "-std=c++17",
    "-g1",
    "-w",
    "-fno-gnu-unique",
    "-fno-threadsafe-statics",
    "-U_FORTIFY_SOURCE",
    "-fmax-errors=1",
    "-fno-pie",
)
JUDGED = (
    "-O1",
    "-finline-small-functions",
    # One line, one instruction: a branch must not get a copy of what follows it.
    "-fno-reorder-blocks",
    "-fno-thread-jumps",
    # A float4 is one load of 16 bytes, not four of its parts.
    "-fno-tree-sra",
    # Calls, which the runtime sees.
    "-fno-builtin-memcpy",
    "-fno-builtin-memmove",
    "-fno-builtin-memset",
    "-fsanitize=thread,alignment,bounds,signed-integer-overflow,integer-divide-by-zero",
    "--param=tsan-distinguish-volatile=1",
    "--param=tsan-instrument-func-entry-exit=0",
)
UNJUDGED = ("-O2", "-fno-strict-aliasing")  # at -O1 there is none


class NoCompiler(RuntimeError):
    """There is no g++, or none that the lab can use: what needs it is not graded."""


class CompileError(AssertionError):
    """The file does not compile; the message is the compiler's first error, with file and line."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable of the program that lives on the device. `space` is that of state.h."""

    name: str
    space: int
    address: int
    bytes: int
    owner: int  # address of the function whose variable it is; 0 where that is not known


@dataclass(frozen=True, kw_only=True)
class Program:
    """A compiled .cu file: its folder, the types of what can be called, its variables on the device."""

    folder: Path
    signatures: Mapping[str, tuple[str, ...]]  # name -> type of the result, then of each parameter
    variables: tuple[Variable, ...]

    @property
    def executable(self) -> Path:
        return self.folder / "program"

    def lines(self, pcs: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Return addresses -> (file, line) of the learner's that they belong to; kept beside the program."""
        kept = self.folder / "lines.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        missing = [pc for pc in pcs if str(pc) not in known]
        if missing:
            known |= {
                str(pc): place for pc, place in zip(missing, _places(self.executable, missing), strict=True)
            }
            write(kept, json.dumps(known))
        return {pc: (known[str(pc)][0], known[str(pc)][1]) for pc in pcs}


def build(path: Path, wanted: str, *, judge: bool) -> Program:
    """The program for the .cu file `path`, in which `wanted` can be called.

    Raises NoCompiler, CompileError, and LookupError when the file has no function `wanted`.
    """
    version = compiler()
    text = path.read_text(encoding="utf-8")
    cpp = source.program(text, path.name, wanted)
    flags = (*COMMON, *(JUDGED if judge else UNJUDGED))
    runtime = cached("runtime", [version, *_texts()], _make_runtime)
    parts = [
        version,
        *flags,
        cpp,
        runtime.name,
        *(one.read_text(encoding="utf-8") for one in source.included(path)),
    ]

    def make(folder: Path) -> None:
        # Under the learner's name: addr2line confuses the file with the one that #line names.
        (folder / path.name).write_text(cpp, encoding="utf-8")
        include = ("-I", str(HERE / "include"), "-I", str(path.parent), "-include", "cuda_runtime.h")
        command = ("g++", *flags, *include, "-x", "c++", "-c", path.name, "-o", "program.o")
        done = run_compiler(command, folder)
        if done.returncode:
            raise CompileError(_first_error(done.stderr))
        link = ("g++", "-no-pie", "program.o", str(runtime / "runtime.o"), "-o", "program")
        done = run_compiler(link, folder)
        if done.returncode:
            raise CompileError(_first_error(done.stderr))
        (folder / "about.json").write_text(json.dumps(_about(folder)))
        for needless in (path.name, "program.o"):
            (folder / needless).unlink()

    folder = cached("program", parts, make)
    about = json.loads((folder / "about.json").read_text())
    return Program(
        folder=folder,
        signatures={name: tuple(types) for name, types in about["signatures"].items()},
        variables=tuple(Variable(**one) for one in about["variables"]),
    )


# The compiler -------------------------------------------------------------------------------------------


@functools.cache
def compiler() -> str:
    """Which g++ this is; asked once."""
    if lacking := machine.no_compiler():
        raise NoCompiler(lacking)
    return subprocess.run(["g++", "-dumpfullversion", "-dumpmachine"], capture_output=True, text=True).stdout


def run_compiler(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """CompileError where it finds no end; what it takes is no part of a test's time (cache.py)."""
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=COMPILING
        )
    except subprocess.TimeoutExpired:
        raise CompileError(f"{command[0]} has not come to an end in {COMPILING:g} s") from None


def _make_runtime(folder: Path) -> None:
    """As one translation unit: the headers take longer to compile than the runtime."""
    files = sorted((HERE / "runtime").glob("*.cpp"))
    (folder / "runtime.cpp").write_text("".join(f'#include "{file}"\n' for file in files))
    flags = ("-std=c++17", "-O2", "-fno-pie", "-U_FORTIFY_SOURCE", "-I", str(HERE / "include"))
    command = ("g++", *flags, "-c", "runtime.cpp")
    done = run_compiler(command, folder)
    if done.returncode:
        raise RuntimeError(f"g++ does not compile the kernel lab's runtime:\n{done.stderr}")


def _first_error(said: str) -> str:
    """From the first error on, without the frames of templates and headers around it."""
    lines = said.splitlines()
    start = next(
        (
            i
            for i, line in enumerate(lines)
            if re.search(r"\berror: |undefined reference|multiple definition", line)
        ),
        0,
    )
    end = next((i for i in range(start + 1, len(lines)) if re.match(r"\S", lines[i])), len(lines))
    return "\n".join(lines[start : min(end, start + 4)])


def _places(executable: Path, pcs: Sequence[int]) -> list[tuple[str, int]]:
    """Of the code inlined at an address the innermost that is the learner's."""
    asked = "".join(f"{pc - 1:#x}\n" for pc in pcs)
    command = ("addr2line", "-a", "-i", "-e", str(executable))
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    places = []
    for frames in re.split(r"^0x.*\n", answer, flags=re.MULTILINE)[1:]:
        found = [line.split(" ")[0].rpartition(":") for line in frames.splitlines()]
        ours = [(file, line) for file, _, line in found if line.isdigit() and not _is_ours(file)]
        file, line = ours[0] if ours else ("?", "0")
        places.append((Path(file).name, int(line)))
    return places


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(HERE) or file.startswith("/usr/")


def _about(folder: Path) -> dict[str, object]:
    """Signatures and variables of a fresh program."""
    listing = subprocess.run(
        [folder / "program", "--entries"], capture_output=True, text=True, check=True
    ).stdout
    signatures = {}
    for line in listing.splitlines():
        name, _, types = line.partition("\t")
        signatures[name] = types.replace(" ", "").split(",")
    return {"signatures": signatures, "variables": _variables(folder)}


def _variables(folder: Path) -> list[dict[str, object]]:
    """Variables of the learner's file, at their addresses in the program.

    A variable of a function is __shared__, one of the file __constant__ (its section says so) or __device__.
    """
    ours = {name for name, *_ in _symbols(folder / "program.o")}
    sections = dict(_sections(folder / "program.o"))
    symbols, found = _symbols(folder / "program"), []
    functions = {f"_Z{name[1:]}E": address for name, kind, address, _ in symbols if kind in "TtW"}
    for name, kind, address, size in symbols:
        local = re.match(r"_ZZ|\w+\.\d+$", name)
        if name not in ours or kind not in "bBdDVu" or not size or name.startswith("_ZN4aire"):
            continue
        space = 2 if sections.get(name) == "aire_constant" else 1 if local else 0
        space = 3 if name.startswith("_ZGV") else space
        owner = max((one for one in functions if name.startswith(one)), key=len, default="")
        place = {"address": address, "bytes": size, "owner": functions.get(owner, 0)}
        found.append({"name": _demangled(name), "space": space, **place})
    return found


def _symbols(file: Path) -> list[tuple[str, str, int, int]]:
    """(name, kind, address, size) of every symbol with a size."""
    listing = subprocess.run(["nm", "-S", str(file)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [(row[3], row[2], int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4]


def _sections(file: Path) -> list[tuple[str, str]]:
    """(symbol, section)."""
    listing = subprocess.run(["objdump", "-t", str(file)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [(row[-1], row[-3]) for row in rows if len(row) > 4]


def _demangled(name: str) -> str:
    """tile of _ZZ6reducePKfPfE4tile."""
    last = re.search(r"E(\d+)(\w+?)(?:_\d+)?$", name) if name.startswith("_ZZ") else None
    return last[2][: int(last[1])] if last else name.partition(".")[0]


def _texts() -> list[str]:
    """Of the header and the runtime, and of this file, which says how they are compiled."""
    files = [one for one in sorted(HERE.rglob("*")) if one.suffix in (".h", ".cpp")]
    return [one.read_text(encoding="utf-8") for one in (*files, Path(__file__))]
