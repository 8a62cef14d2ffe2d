"""How kernels run is settled before anything else, wherever triton has been imported already."""

import os
import subprocess
import sys

import pytest

TAIL = """
from aire_katas.checks.triton import INTERPRETED, run
import os, triton, triton.language as tl, torch, linecache
assert INTERPRETED
source = '''
@triton.jit
def total(x_ptr, out_ptr, N: tl.constexpr):
    x = tl.load(x_ptr + tl.arange(0, N))
    tl.store(out_ptr, tl.sum(x) + tl.max(x) + x.sum() + tl.softmax(x).sum() + tl.zeros_like(x).sum())
'''
linecache.cache["kernel.py"] = (len(source), None, source.splitlines(True), "kernel.py")
exec(compile(source, "kernel.py", "exec"))
def call():
    out = torch.empty(1)
    total[(1,)](torch.ones(8), out, 8)
    return out
assert run(call).result.item() == 18, run(call).result
print(os.environ["TRITON_INTERPRET"])
"""
PRELUDES = {
    "first": "",
    "after torch": "import torch",
    "after triton": "import triton, triton.language",
    "after torch's compiler": "import torch._dynamo, torch.utils._triton; torch.utils._triton.has_triton()",
}


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("prelude", PRELUDES)
def test_without_a_gpu_kernels_are_interpreted(prelude: str) -> None:
    done = python(PRELUDES[prelude] + TAIL, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "1"


def test_a_choice_that_is_made_already_is_respected() -> None:
    done = python("from aire_katas.checks import triton; print(triton.DEVICE)", TRITON_INTERPRET="0")
    assert done.stdout.strip() == "cuda", done.stderr


def test_the_rest_of_the_suite_does_not_import_triton() -> None:
    program = "import sys, aire_katas.pytest_plugin, aire_katas.runner, aire_katas.checks.arrays\n"
    done = python(program + "print('triton' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr
