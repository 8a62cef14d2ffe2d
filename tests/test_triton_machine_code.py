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
from solutions.phase5.triton.cross_entropy import cross_entropy
from solutions.phase5.triton.dropout_seeded import dropout
from solutions.phase5.triton.fused_softmax import softmax
from solutions.phase5.triton.rmsnorm import RMSNorm
from solutions.phase5.triton.strided_copy import copy2d, outer_add
from solutions.phase5.triton.swiglu import SwiGLU
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


def swiglu(gate: torch.Tensor, up: torch.Tensor) -> None:
    leaves = gate.requires_grad_(), up.requires_grad_()
    torch.autograd.grad(SwiGLU.apply(*leaves), leaves, torch.ones_like(gate))


def rmsnorm(x: torch.Tensor, w: torch.Tensor) -> None:
    leaves = x.requires_grad_(), w.requires_grad_()
    torch.autograd.grad(RMSNorm.apply(*leaves, 1e-5), leaves, torch.ones_like(x))


def drop_out(x: torch.Tensor) -> None:
    dropout(x, 0.3, seed=1)


def loss(logits: torch.Tensor) -> None:
    cross_entropy(logits, torch.arange(len(logits)), z_loss=0.1)


@pytest.mark.parametrize(
    ("function", "launches", "shapes"),
    [
        (add, 1, [(4096,), (4096,)]),
        (copy2d, 1, [(64, 64), (64, 64)]),
        (outer_add, 1, [(64,), (64,)]),
        (softmax, 1, [(2, 4096)]),
        (softmax, 1, [(2, 4097)]),
        (swiglu, 2, [(2, 4096), (2, 4096)]),
        (rmsnorm, 3, [(2, 4096), (4096,)]),
        (drop_out, 1, [(4096,)]),
        (loss, 1, [(2, 4096)]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_references_compile_without_spills(
    function, launches: int, shapes: list[tuple[int, ...]], dtype: torch.dtype, cache: Path
) -> None:
    report = run(function, *(torch.randn(shape).to(dtype) for shape in shapes))
    assert len(report.launches) == launches
    for launch in report.launches:
        assert_no_spills(compiled(launch, cache=cache))


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
