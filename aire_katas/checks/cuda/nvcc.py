"""What NVIDIA's compiler makes of a .cu file: registers, spills and shared memory, no GPU needed

The kernels are compiled to machine code for one architecture and not run. ptxas says what each needs; where
it has more to keep than registers, the rest is spilled to memory, and the kernel is slow for no reason that
its source shows.
"""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aire_katas.checks.cuda.build import CompileError, NoCompiler

ENTRY = re.compile(r"Compiling entry function '(\w+)'")
STACK = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")
ERROR = re.compile(r"^(?:.*/)?([^/(]+)\((\d+)\): error: (.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What one thread of a kernel needs, and one block of it; sizes in bytes."""

    registers: int
    spill_stores: int
    spill_loads: int
    stack: int
    shared: int  # static


def resources(path: str | Path, arch: int = 90) -> dict[str, Resources]:
    """What each kernel of the file needs on sm_<arch>; a template's instances are called `name<32>`.

    Raises CompileError with the first error, NoCompiler without nvcc. A template that nobody instantiates
    compiles to nothing.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory() as folder:
        out = ("-o", f"{folder}/kernels.cubin", str(path))
        command = ("nvcc", "-std=c++17", "-cubin", f"-arch=sm_{arch}", "-Xptxas", "-v", *out)
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise NoCompiler("needs nvcc, which is not on the PATH: install NVIDIA's CUDA toolkit") from None
    said = done.stdout + done.stderr
    if done.returncode:
        first = ERROR.search(said)
        raise CompileError(f"{first[1]}:{first[2]}: error: {first[3]}" if first else said.strip())
    found = {}
    for entry, block in zip(ENTRY.findall(said), ENTRY.split(said)[2::2], strict=True):
        stack, stores, loads = _numbers(STACK, block)
        found[_kernel_name(entry)] = Resources(
            registers=_numbers(USED, block)[0],
            spill_stores=stores,
            spill_loads=loads,
            stack=stack,
            shared=int(smem[1]) if (smem := SHARED.search(block)) else 0,
        )
    return found


def assert_no_spills(path: str | Path, kernel: str, arch: int = 90, *, registers: int = 255) -> None:
    """The kernel keeps all it has in at most `registers` registers a thread."""
    __tracebackhide__ = True
    known = resources(path, arch)
    if kernel not in known:
        raise ValueError(f"{Path(path).name} has no kernel {kernel}: {', '.join(known) or 'none at all'}")
    need = known[kernel]
    if need.spill_stores or need.spill_loads:
        raise AssertionError(
            f"{kernel} spills on sm_{arch}: {need.spill_stores} bytes stored and {need.spill_loads} loaded a "
            f"thread, with {need.registers} registers. Keep fewer values alive at once"
        )
    if need.registers > registers:
        raise AssertionError(
            f"{kernel} needs {need.registers} registers a thread on sm_{arch}, expected at most {registers}"
        )


def _numbers(pattern: re.Pattern[str], text: str) -> list[int]:
    if (match := pattern.search(text)) is None:
        raise RuntimeError(f"ptxas says nothing that fits {pattern.pattern!r}:\n{text}")
    return [int(group) for group in match.groups()]


def _kernel_name(symbol: str) -> str:
    """`_Z5twiceILi256EEvPKfPfi` is twice<256>."""
    done = subprocess.run(("c++filt", symbol), capture_output=True, text=True, check=True)
    name = done.stdout.strip().removeprefix("void ")
    return name.partition("(")[0].strip()
