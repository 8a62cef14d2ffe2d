"""What a compiler makes of a kernel: machine code for a GPU that this machine need not have

Triton brings ptxas and a disassembler, so a launch that was watched in the interpreter can be compiled for,
say, an H100 (sm_90) anywhere: in a child process, which does not interpret. Registers, spills and the kinds
of instructions are what one sees without running it.
"""

import hashlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import triton
import triton.language as tl
from triton.runtime.jit import mangle_type

from aire_katas.checks.triton.report import Launch
from aire_katas.timelimit import clock_stopped

OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg")
CLASSES = {
    "wgmma": ("HGMMA", "IGMMA", "QGMMA", "BGMMA"),  # tensor cores, a whole warp group at a time
    "mma": ("HMMA", "IMMA", "DMMA"),  # tensor cores, warp by warp
    "wide load": ("LDG.E.128", "LDG.E.LTC128B.128", "LDGSTS.E.BYPASS.128", "LDGSTS.E.128"),
    "wide store": ("STG.E.128",),
    "global load": ("LDG", "LDGSTS", "UTMALDG"),
    "global store": ("STG", "UTMASTG"),
    "async copy": ("LDGSTS", "UTMALDG", "UBLKCP"),
    "atomic": ("ATOM", "RED.", "REDG"),
    "spill": ("LDL", "STL"),
}
SECONDS = 120.0


class CompileError(AssertionError):
    """The kernel cannot be compiled for a GPU; the message is triton's."""


@dataclass(frozen=True)
class MachineCode:
    """A kernel compiled for one architecture."""

    kernel: str
    arch: int
    registers: int  # of a thread
    spilled: int  # bytes stored to and loaded from local memory for want of registers
    shared: int  # bytes of shared memory of a block
    instructions: Mapping[str, int]  # opcode with modifiers -> how often it stands in the code
    ptx: str

    def count(self, kind: str) -> int:
        """Instructions of a class of CLASSES, or whose opcode starts with `kind`."""
        prefixes = CLASSES.get(kind, (kind,))
        return sum(n for opcode, n in self.instructions.items() if opcode.startswith(prefixes))


def compiled(launch: Launch, *, arch: int = 90, cache: Path | None = None) -> MachineCode:
    """The machine code of a launch's kernel for its dtypes, constants and options; kept in `cache`."""
    request = {**_specialization(launch), "arch": arch, "triton": triton.__version__}
    text = json.dumps(request, sort_keys=True)
    key = hashlib.sha256(text.encode() + b"".join(map(_content, _files(launch.function)))).hexdigest()
    folder = cache or Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "aire-katas" / "triton"
    known = folder / f"{key}.json"
    if not known.exists():
        with clock_stopped():  # of the test's time
            answer = _compile(text)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = known.with_suffix(f".{os.getpid()}")
        fresh.write_text(answer, encoding="utf-8")
        fresh.replace(known)
    return MachineCode(**json.loads(known.read_text(encoding="utf-8")))


def assert_no_spills(code: MachineCode) -> None:
    """All values of a thread find room in registers."""
    __tracebackhide__ = True
    if code.spilled:
        raise AssertionError(
            f"{code.kernel} spills {code.spilled} bytes of each thread to memory on sm_{code.arch}"
            f" ({code.registers} registers): use smaller blocks or more warps"
        )


def assert_uses(code: MachineCode, kind: str) -> None:
    """The code has an instruction of this class: "wgmma", "wide load" ..., or an opcode's beginning."""
    __tracebackhide__ = True
    if not code.count(kind):
        common = sorted(code.instructions, key=lambda opcode: -code.instructions[opcode])[:8]
        raise AssertionError(
            f"{code.kernel} has no {kind} instruction on sm_{code.arch}; most common are {', '.join(common)}"
        )


def _compile(request: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "aire_katas.checks.triton.compiler"],
        input=request,
        env={**os.environ, "TRITON_INTERPRET": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode:
        raise CompileError(done.stderr.strip()[-3000:] or f"the compiler ended with code {done.returncode}")
    return done.stdout


def _specialization(launch: Launch) -> dict[str, Any]:
    """What triton compiles a kernel for, as plain data: as it would see the launch's arguments."""
    signature, constants, aligned = {}, {}, []
    parameters = inspect.signature(launch.function).parameters
    for number, (name, parameter) in enumerate(parameters.items()):
        value = launch.arguments[name]
        if "constexpr" in str(parameter.annotation) or value is None or (type(value) is int and value == 1):
            signature[name] = "constexpr"
            constants[name] = {"dtype": value.name} if isinstance(value, tl.dtype) else value
            continue
        if isinstance(value, tuple) or not (isinstance(value, int | float) or hasattr(value, "data_ptr")):
            raise TypeError(
                f"{name} is a {type(value).__name__}: only tensors, numbers and constants can be compiled"
            )
        signature[name] = mangle_type(value)
        address = value if isinstance(value, int | float) else value.data_ptr()
        if not isinstance(address, bool | float) and address % 16 == 0:
            aligned.append(number)
    options = {name: launch.arguments[name] for name in OPTIONS if name in launch.arguments}
    code = launch.function.__code__
    return {
        "file": code.co_filename,
        "module": launch.function.__globals__["__name__"],
        "kernel": launch.kernel,
        "signature": signature,
        "constants": constants,
        "aligned": aligned,
        "options": options,
    }


def _files(function: Any) -> list[str]:
    """The file of a kernel, and those of the device functions that it can call."""
    others = (getattr(value, "fn", None) for value in function.__globals__.values())
    codes = [function.__code__, *(one.__code__ for one in others if inspect.isfunction(one))]
    return sorted({code.co_filename for code in codes})


def _content(file: str) -> bytes:
    return Path(file).read_bytes()
