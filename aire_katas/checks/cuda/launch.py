"""Running a kernel of a .cu file on arrays, in a program of its own

The arrays are copied to the emulated device and back. The program is a child process: a kernel that crashes
or never ends takes only that down.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aire_katas.checks.cuda import source
from aire_katas.checks.cuda.arguments import pack_all, take_back
from aire_katas.checks.cuda.build import Program, build
from aire_katas.checks.cuda.report import Report
from aire_katas.checks.cuda.results import explained, failed, read

Size = int | Sequence[int]

GRACE = 5.0  # seconds for the program to say where it was


def run_kernel(
    path: str | Path,
    kernel: str,
    grid: Size,
    block: Size,
    args: Sequence[Any],
    *,
    shared: int = 0,
    seed: int = 0,
    judge: bool = True,
    seconds: float = 10.0,
) -> Report:
    """Launch `kernel<<<grid, block, shared>>>(*args)` of a .cu file; a template as "matmul<16>".

    `args` are numpy arrays for pointers (contiguous; a slice such as x[1:] is as misaligned as on a device;
    None is a null pointer) and numbers for values. What the kernel writes is then in the arrays. `seed`
    decides the order of blocks, warps and lanes. Without `judge` it runs five times as fast, and only writes
    outside of the buffers, illegal launches, crashes and time-outs are found. After `seconds` it is stopped.

    Raises NoCompiler where there is no g++, CompileError, LookupError for an unknown kernel, and TypeError
    for arguments that are not what the kernel takes.
    """
    shape = (_three(grid), _three(block), shared)
    return _run(Path(path), kernel, shape, args, seed=seed, judge=judge, seconds=seconds)


def run_host(
    path: str | Path,
    function: str,
    args: Sequence[Any],
    *,
    seed: int = 0,
    judge: bool = True,
    seconds: float = 10.0,
) -> Report:
    """Call a host function of a .cu file that launches kernels itself; arrays are device pointers to it.

    As run_kernel; what it returns, if an integer, is the report's `returned`.
    """
    shape = ((1, 1, 1), (1, 1, 1), 0)
    return _run(Path(path), function, shape, args, seed=seed, judge=judge, seconds=seconds)


def _run(
    path: Path,
    name: str,
    shape: tuple[Sequence[int], Sequence[int], int],
    args: Sequence[Any],
    *,
    seed: int,
    judge: bool,
    seconds: float,
) -> Report:
    program = build(path, name, judge=judge)
    types = program.signatures[name]
    names = source.parameters(path.read_text(encoding="utf-8"), name)
    passed = pack_all(name, types[1:], names, args)
    grid, block, shared = shape
    request = [
        f"entry {name}",
        f"judging {int(judge)}",
        f"seed {seed % 2**63}",
        f"seconds {seconds}",
        "grid {} {} {}".format(*grid),
        "block {} {} {}".format(*block),
        f"shared {shared}",
        *(f"variable {v.space} {v.address} {v.bytes} 4 {v.owner} {v.name}" for v in program.variables),
        *passed.words,
    ]
    with tempfile.TemporaryDirectory(prefix="aire-katas-", dir=_memory()) as scratch:
        folder = Path(scratch)
        (folder / "request").write_text("\n".join(request))
        (folder / "data").write_bytes(b"".join(passed.data))
        output, complaint, status = _execute(program, folder, seconds)
        result = folder / "result"
        rows = [line.split("\t") for line in result.read_text().splitlines()] if result.exists() else []
        take_back(passed, (folder / "data").read_bytes())
    report = read(program, path, name, rows, output, judge=judge)
    if ["end"] not in rows:
        how = f"was killed after {seconds:g} s" if status is None else f"ended with status {status}"
        report = failed(report, "timeout" if status is None else "crash", f"the program {how}")
    return explained(report, complaint)


def _three(size: Size) -> tuple[int, int, int]:
    sizes = (size,) if isinstance(size, int | np.integer) else tuple(size)
    if not 1 <= len(sizes) <= 3 or not all(0 <= int(one) < 2**32 for one in sizes):
        raise ValueError(f"a grid or block has one to three sizes from 0 to 2**32 - 1, not {size!r}")
    x, y, z = (*map(int, sizes), 1, 1)[:3]
    return x, y, z


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _execute(program: Program, folder: Path, seconds: float) -> tuple[str, str, int | None]:
    """What it printed, what it complained of, and its exit status; None when it had to be killed."""
    command = (program.executable, folder / "request", folder / "data", folder / "result")
    printed, complained = folder / "printed", folder / "complained"
    with (
        printed.open("wb") as out,
        complained.open("wb") as err,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        ) as child,
    ):
        try:
            status = child.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            status = None
        except BaseException:  # the test's own time limit
            os.killpg(child.pid, signal.SIGKILL)
            raise
    return printed.read_text(errors="replace"), complained.read_text(errors="replace"), status
