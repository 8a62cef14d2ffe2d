"""Kernels that were interpreted are compiled for a GPU that is not here."""

from pathlib import Path

import pytest
import torch

from aire_katas.checks.triton import run
from aire_katas.checks.triton.machine_code import (
    CompileError,
    MachineCode,
    assert_no_spills,
    assert_uses,
    compiled,
)
from solutions.phase5.triton.fused_softmax import softmax
from solutions.phase5.triton.strided_copy import copy2d, outer_add
from solutions.phase5.triton.vector_add import add
from tests import triton_kernels as kernels


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


def code_of(function, *args: object, cache: Path, arch: int = 90) -> MachineCode:
    return compiled(run(function, *args).launches[0], arch=arch, cache=cache)


def test_a_copy_of_aligned_numbers_moves_sixteen_bytes_at_once(cache: Path) -> None:
    code = code_of(kernels.copy_blocks, torch.randn(4096), torch.zeros(4096), cache=cache)
    assert (code.kernel, code.arch) == ("_copy_blocks", 90)
    assert 8 <= code.registers <= 64
    assert_no_spills(code)
    assert_uses(code, "wide load")
    assert_uses(code, "wide store")
    assert code.count("spill") == code.count("wgmma") == 0


def test_a_matmul_in_half_precision_uses_the_tensor_cores(cache: Path) -> None:
    a, b = torch.randn(2, 64, 64).half()
    code = code_of(kernels.matmul_64, a, b, cache=cache)
    assert_uses(code, "wgmma")
    assert code.shared > 0
    assert "wgmma.mma_async" in code.ptx


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (add, [(4096,), (4096,)]),
        (copy2d, [(64, 64), (64, 64)]),
        (outer_add, [(64,), (64,)]),
        (softmax, [(2, 4096)]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_the_references_compile_without_spills(function, shapes: list[tuple[int, ...]], cache: Path) -> None:
    assert_no_spills(code_of(function, *(torch.randn(shape) for shape in shapes), cache=cache))


def test_an_older_card_has_other_instructions(cache: Path) -> None:
    a, b = torch.randn(2, 64, 64).half()
    code = code_of(kernels.matmul_64, a, b, cache=cache, arch=80)
    assert_uses(code, "mma")
    with pytest.raises(AssertionError, match="_matmul has no wgmma instruction on sm_80; most common are "):
        assert_uses(code, "wgmma")


def test_a_second_look_comes_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_of(kernels.double_rows, torch.randn(2, 16), 16, cache=cache)
    monkeypatch.setattr("subprocess.run", None)
    assert code_of(kernels.double_rows, torch.randn(2, 16), 16, cache=cache) == first


def test_a_spill_is_refused_with_its_size() -> None:
    code = MachineCode("_big", 90, registers=255, spilled=128, shared=0, instructions={"STL": 4}, ptx="")
    with pytest.raises(AssertionError) as error:
        assert_no_spills(code)
    assert str(error.value) == (
        "_big spills 128 bytes of each thread to memory on sm_90 (255 registers)"
        ": use smaller blocks or more warps"
    )


def test_what_only_the_interpreter_takes_is_an_error_of_the_compiler(cache: Path) -> None:
    with pytest.raises(CompileError, match="CompilationError"):
        code_of(kernels.python_only, torch.zeros(4), cache=cache)
