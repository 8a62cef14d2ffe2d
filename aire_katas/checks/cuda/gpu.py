"""The same .cu file on a GPU: compiled by nvcc, called with torch's tensors

nvcc makes a shared library of the file, with a function behind its end for each kernel that launches it and
waits; ctypes calls it. What torch has in its current stream, by default the legacy one, is done before.
"""

import ctypes
import functools
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aire_katas import cpp
from aire_katas.checks.cuda.build import CompileError, NoCompiler, run_compiler
from aire_katas.checks.cuda.cache import cached
from aire_katas.checks.cuda.source import included

FLAGS = ("-std=c++17", "-O3", "-lineinfo", "-shared", "-Xcompiler", "-fPIC")
LAUNCHER = "aire_launch_"
TYPES: dict[str, type[Any]] = {
    "int": ctypes.c_int,
    "unsigned int": ctypes.c_uint,
    "long long": ctypes.c_longlong,
    "size_t": ctypes.c_size_t,
    "float": ctypes.c_float,
    "double": ctypes.c_double,
    "bool": ctypes.c_bool,
}
TEMPLATE_PARAMETER = re.compile(r"(?:typename|class|int|bool)\s+(\w+)\s*[,>=]")
SHAPE = [ctypes.c_uint] * 7  # grid, block, bytes of shared memory
ERROR = re.compile(r"^(?:.*/)?([^/(]+)\((\d+)\): error: (.*)$", re.MULTILINE)


def call(path: Path, function: str, args: Sequence[Any], *, arch: int) -> int:
    """A host function of the file, extern "C", with tensors for pointers; what it returns, 0 if all is well.

    Raises CompileError, NoCompiler without nvcc, LookupError for an unknown function, and TypeError for
    arguments that do not fit it. `arch` is 90 for compute capability 9.0.
    """
    symbol, types = _symbol(path, function, arch)
    return symbol(*_packed(function, types, args))


def launch(
    path: Path,
    kernel: str,
    grid: Sequence[int],
    block: Sequence[int],
    args: Sequence[Any],
    *,
    shared: int = 0,
    arch: int,
) -> int:
    """kernel<<<grid, block, shared>>>(*args), which has ended on return; its error code, 0 if all is well.

    An instance of a template is named as in C++: matmul<float>. Raises as `call` does.
    """
    symbol, types = _symbol(path, kernel, arch)
    sizes = [*(*grid, 1, 1)[:3], *(*block, 1, 1)[:3], shared]
    return symbol(*sizes, *_packed(kernel, types, args))


def library(path: Path, arch: int, instance: str = "") -> Path:
    """The shared library that nvcc makes of the file; `instance` is of a template and to be launched."""
    if shutil.which("nvcc") is None:
        raise NoCompiler("needs nvcc, which is not on the PATH: install NVIDIA's CUDA toolkit")
    text = with_launchers(path.read_text(encoding="utf-8"), path.name, instance)
    headers = [one.read_text(encoding="utf-8") for one in included(path)]

    def make(folder: Path) -> None:
        (folder / path.name).write_text(text, encoding="utf-8")
        options = (*FLAGS, f"-arch=sm_{arch}", "-I", str(path.parent))
        command = ("nvcc", *options, path.name, "-o", "library.so")
        done = run_compiler(command, folder)
        if done.returncode:
            first = ERROR.search(done.stdout + done.stderr)
            said = f"{first[1]}:{first[2]}: error: {first[3]}" if first else done.stderr.strip()
            raise CompileError(said)

    return cached("library", [_version(), *FLAGS, str(arch), text, *headers], make) / "library.so"


def with_launchers(text: str, file: str, instance: str = "") -> str:
    """The file, and for each kernel a host function which launches it; of templates, for `instance` alone."""
    launchers = ""
    for function in cpp.functions(text).values():
        is_template = function.header.startswith("template")
        if not function.is_kernel or (is_template and _template(instance) != function.name):
            continue
        kernel = instance if is_template else function.name
        parameters = _parameters(function, instance)
        names = ", ".join(name for _, name in parameters)
        typed = "".join(f", {type} {name}" for type, name in parameters)
        launchers += (
            f'extern "C" int {LAUNCHER}{function.name}(unsigned int gx, unsigned int gy, unsigned int gz, '
            f"unsigned int bx, unsigned int by, unsigned int bz, unsigned int bytes{typed}) {{\n"
            f"    {kernel}<<<dim3(gx, gy, gz), dim3(bx, by, bz), bytes>>>({names});\n"
            "    cudaError_t error = cudaGetLastError();\n"
            "    return error ? error : cudaDeviceSynchronize();\n}\n"
        )
    return f'#line 1 "{file}"\n{text}\n#line 1 "launchers of {file}"\n{launchers}'


def _symbol(path: Path, name: str, arch: int) -> tuple[Any, list[str]]:
    """The function of the library, ready to be called, and the types of the learner's parameters."""
    function = cpp.functions(path.read_text(encoding="utf-8")).get(_template(name))
    if function is None or not function.is_public:
        raise LookupError(f'{path.name} has no kernel, and no extern "C" function, named {name}')
    instance = name if "<" in name else ""
    if function.header.startswith("template") and not instance:
        raise LookupError(f"{name} of {path.name} is a template: say which, as {name}<float>")
    types = [type for type, _ in _parameters(function, instance)]
    symbol = f"{LAUNCHER}{function.name}" if function.is_kernel else name
    symbol = getattr(_loaded(library(path, arch, instance)), symbol)
    symbol.restype = ctypes.c_int
    symbol.argtypes = [*(SHAPE if function.is_kernel else []), *map(_ctype, types)]
    return symbol, types


def _template(name: str) -> str:
    return name.partition("<")[0]


def _parameters(function: cpp.Function, instance: str = "") -> list[tuple[str, str]]:
    """(type, name) of each, ("const float*", "x"), with the template's arguments in the types."""
    head, _, rest = function.header.partition(f"{function.name}(")
    given = instance.partition("<")[2].rpartition(">")[0].split(",")
    meant = dict(zip(TEMPLATE_PARAMETER.findall(head), map(str.strip, given), strict=False))
    pairs = [re.fullmatch(r"(.*?)\s*(\w+)", one.strip()) for one in rest.rpartition(")")[0].split(",")]
    typed = [(pair[1].replace("__restrict__", "").strip(), pair[2]) for pair in pairs if pair]
    return [(re.sub(r"\w+", lambda word: meant.get(word[0], word[0]), type), name) for type, name in typed]


def _ctype(type: str) -> type[Any]:
    if type.endswith("*"):
        return ctypes.c_void_p
    plain = type.removeprefix("const ").strip()
    if plain not in TYPES:
        raise TypeError(f"a parameter of type {type} cannot be given from Python")
    return TYPES[plain]


def _packed(name: str, types: Sequence[str], args: Sequence[Any]) -> list[Any]:
    """Addresses for tensors, None for null; TypeError where an argument does not fit."""
    if len(types) != len(args):
        raise TypeError(f"{name} takes {len(types)} arguments, the test gives {len(args)}")
    packed = []
    for type, value in zip(types, args, strict=True):
        is_tensor = hasattr(value, "data_ptr")
        if is_tensor != type.endswith("*") and value is not None:
            raise TypeError(f"{name} takes {type}, the test gives {value!r:.60}")
        if not is_tensor or value is None:
            packed.append(value)
        elif value.is_contiguous():
            packed.append(value.data_ptr())
        else:
            raise TypeError(f"{name} takes {type}: the tensor is not contiguous; a pointer has no strides")
    return packed


@functools.cache
def _loaded(file: Path) -> ctypes.CDLL:
    return ctypes.CDLL(str(file))


@functools.cache
def _version() -> str:
    return subprocess.run(["nvcc", "--version"], capture_output=True, text=True, check=True).stdout
