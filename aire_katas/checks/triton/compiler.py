"""The child process of `machine_code`: reads a request from standard input, compiles, answers with JSON"""

import collections
import importlib
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from triton.runtime.jit import JITFunction

TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
OPCODE = re.compile(r"^\s*/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)")


def answer(request: dict[str, Any]) -> dict[str, Any]:
    kernel = _kernel(_module(request["module"], request["file"]), request["kernel"])
    constants = {
        name: tl.dtype(value["dtype"]) if isinstance(value, dict) else value
        for name, value in request["constants"].items()
    }
    source = ASTSource(
        fn=kernel,
        signature=request["signature"],
        constexprs=constants,
        attrs={(number,): [["tt.divisibility", 16]] for number in request["aligned"]},
    )
    made = triton.compile(source, target=GPUTarget("cuda", request["arch"], 32), options=request["options"])
    arch = f"sm_{request['arch']}" + "a" * (request["arch"] >= 90)
    with tempfile.TemporaryDirectory() as folder:
        ptx, cubin = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        ptx.write_text(made.asm["ptx"], encoding="utf-8")
        said = _tool("ptxas", "-v", f"--gpu-name={arch}", str(ptx), "-o", str(cubin)).stderr
        listing = _tool("nvdisasm", "-c", str(cubin)).stdout
    opcodes = collections.Counter(found[1] for line in listing.splitlines() if (found := OPCODE.match(line)))
    return {
        "kernel": request["kernel"],
        "arch": request["arch"],
        "registers": _number(r"Used (\d+) registers", said),
        "spilled": _number(r"(\d+) bytes spill stores", said) + _number(r"(\d+) bytes spill loads", said),
        "shared": made.metadata.shared,
        "instructions": dict(opcodes),
        "ptx": made.asm["ptx"],
    }


def _module(name: str, file: str) -> ModuleType:
    """By its name, so that its package's imports work; by its file where the name gives another."""
    try:
        module = importlib.import_module(name)
        if Path(module.__file__ or "").resolve() == Path(file).resolve():
            return module
    except ImportError:
        pass
    spec = importlib.util.spec_from_file_location("kernel_to_compile", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _kernel(module: ModuleType, name: str) -> JITFunction[Any]:
    kernel = getattr(module, name, None)
    while kernel is not None and not isinstance(kernel, JITFunction):  # below autotune or heuristics
        kernel = getattr(kernel, "fn", None)
    if kernel is None:
        raise AttributeError(f"{module.__file__} has no kernel {name} at its outermost level")
    return kernel


def _tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(TOOLS / name), *arguments], capture_output=True, text=True, check=True)


def _number(pattern: str, text: str) -> int:
    return sum(int(found) for found in re.findall(pattern, text))


if __name__ == "__main__":
    try:
        print(json.dumps(answer(json.load(sys.stdin))))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {error}")
