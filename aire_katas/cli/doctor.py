"""The command `doctor`: what is installed here, and so what can and cannot be graded."""

import platform
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import click

from aire_katas import machine, progress
from aire_katas.cli.checkout import catalogue
from aire_katas.cli.errors import Exit

REMEDY = "pip install -e ."
TOOLS = {
    "git": "`aire-katas reset` finds stubs in its history",
    "g++": "compiles CUDA katas for the CPU",
    "nvcc": "compiles CUDA katas for the GPU",
}
TRIAL = "__global__ void trial(int* out) {\n    out[threadIdx.x] = threadIdx.x;\n}\n"


@click.command()
@click.pass_context
def doctor(context: click.Context) -> None:
    """Say what is installed and what can be graded here."""
    here = catalogue()
    found = packages(here.root)
    for name, (version, fault) in found.items():
        _line(name, version, fault)
    for name, use in TOOLS.items():
        version = tool_version(name)
        _line(name, version or "missing", "" if version else use)
    _line("kernel lab", *kernel_lab())
    _line("GPU", gpu())
    hindrance = progress.hindrance(here.root)
    _line("progress", "not kept" if hindrance else "kept", hindrance or progress.load(here.root).problem)
    faulty = [name for name, (_, fault) in found.items() if fault]
    click.echo(f"\n{len(here.entries)} katas in {here.root}")
    for tests, lacking in gradable(faulty):
        _line("not graded" if lacking else "graded", tests, lacking)
    context.exit(Exit.BROKEN if faulty else 0)


def packages(root: Path) -> dict[str, tuple[str, str]]:
    """Python and each dependency in pyproject.toml -> its version here, and what is wrong with that."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    python = platform.python_version()
    found = {"Python": (python, _misfit(python, project["requires-python"]))}
    for requirement in project["dependencies"]:
        wanted, _, condition = requirement.partition(";")
        name, limits = re.split(r"(?=[<>=!~]|$)", wanted.strip(), maxsplit=1)
        if _applies(condition):
            try:
                version = metadata.version(name.strip())
                found[name] = (version, _misfit(version, limits))
            except metadata.PackageNotFoundError:
                found[name] = ("missing", REMEDY)
    return found


def tool_version(name: str) -> str:
    """The line of `name --version` with a number in it; empty where there is no such tool."""
    if (tool := shutil.which(name)) is None:
        return ""
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    return next((line for line in said.splitlines() if re.search(r"\d+\.\d+", line)), tool)


def kernel_lab() -> tuple[str, str]:
    """Whether CUDA C++ runs on this CPU, and why not; the first time this builds what all kernels need."""
    if lacking := machine.no_compiler():
        return "off", lacking
    try:
        import numpy as np

        from aire_katas.checks.cuda import run_kernel, unset

        out = unset(32, np.int32)
        with tempfile.TemporaryDirectory() as folder:
            (file := Path(folder, "trial.cu")).write_text(TRIAL, encoding="utf-8")
            report = run_kernel(file, "trial", 1, 32, (out,))
    except (ImportError, OSError, RuntimeError, AssertionError) as error:
        return "broken", f"{error}"
    if report.findings or (out != np.arange(32)).any():
        return "broken", "; ".join(map(str, report.findings)) or f"a kernel gives {out.tolist()}"
    return "runs CUDA C++ on this CPU", ""


def gpu() -> str:
    """The GPU that torch sees, or why it sees none."""
    if find_spec("torch") is None:
        return "unknown without torch"
    try:
        import torch
    except (ImportError, OSError) as error:
        return f"unknown, for torch cannot be imported: {error}"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    return (
        f"none (torch is built {f'for CUDA {torch.version.cuda}' if torch.version.cuda else 'without CUDA'})"
    )


def gradable(faulty: list[str]) -> Iterator[tuple[str, str]]:
    """Kinds of tests, and what this machine lacks for each."""
    yield "tests on the CPU", f"set up {', '.join(faulty)} first" if faulty else ""
    for marker in ("distributed", "gxx", "gpu", "perf", "nvcc"):
        try:
            lacking = machine.missing(marker)
        except (ImportError, OSError) as error:
            lacking = f"torch cannot be imported: {error}"
        yield f"tests marked {marker}", lacking


def _misfit(version: str, limits: str) -> str:
    """What to do about a version outside `limits`; nothing is said without packaging, which pytest brings."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return ""
    return "" if SpecifierSet(limits).contains(version, prereleases=True) else f"needs {limits}: {REMEDY}"


def _applies(condition: str) -> bool:
    try:
        from packaging.markers import Marker
    except ImportError:
        return True
    return not condition or Marker(condition).evaluate()


def _line(name: str, finding: str, fault: str = "") -> None:
    click.echo(f"{name:<14}{finding}{fault and f': {fault}'}")
