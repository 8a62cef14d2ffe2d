"""float32 in tl.dot as a GPU has it, and tensors that reach beyond 2**31 elements."""

import resource

import numpy as np
import pytest
import torch

from aire_katas.checks.triton import INTERPRETED, run
from aire_katas.checks.triton.reserved import reserved
from aire_katas.checks.triton.tf32 import tf32_as_on_a_gpu

# pyright: reportArgumentType=false, reportCallIssue=false
import triton  # isort: skip
import triton.language as tl  # isort: skip

N = 16
pytestmark = pytest.mark.skipif(not INTERPRETED, reason="on a GPU the GPU does it")


@triton.jit
def _dot(a_ptr, b_ptr, out_ptr, N: tl.constexpr, PRECISION: tl.constexpr):
    at = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out_ptr + at, tl.dot(tl.load(a_ptr + at), tl.load(b_ptr + at), input_precision=PRECISION))


def product(a: torch.Tensor, b: torch.Tensor, precision: str | None) -> torch.Tensor:
    out = torch.empty(N, N)
    run(lambda: _dot[(1,)](a, b, out, N, precision))
    return out


def operands(dtype: torch.dtype = torch.float32) -> tuple[torch.Tensor, torch.Tensor]:
    a, b = torch.randn(2, N, N)
    return a.to(dtype), b.to(dtype)


def cut(x: torch.Tensor) -> torch.Tensor:
    """To 10 bits behind the leading one, towards zero, by arithmetic."""
    mantissa, exponent = np.frexp(x.numpy())
    return torch.tensor(np.ldexp(np.trunc(mantissa * 2**11) / 2**11, exponent))


@pytest.mark.parametrize("precision", [None, "tf32"])
def test_float32_loses_what_tf32_does_not_hold(precision: str | None) -> None:
    a, b = operands()
    with tf32_as_on_a_gpu():
        out = product(a, b, precision)
    torch.testing.assert_close(out, cut(a) @ cut(b), rtol=1e-6, atol=1e-6)
    assert (out - a @ b).abs().max() > 1e-4


def test_ieee_keeps_it() -> None:
    a, b = operands()
    with tf32_as_on_a_gpu():
        torch.testing.assert_close(product(a, b, "ieee"), a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_what_it_was(dtype: torch.dtype) -> None:
    a, b = operands(dtype)
    with tf32_as_on_a_gpu():
        inside = product(a, b, None)
    assert torch.equal(inside, product(a, b, None))


def test_outside_nothing_is_cut_also_after_an_error() -> None:
    a, b = operands()
    with pytest.raises(ZeroDivisionError), tf32_as_on_a_gpu():
        raise ZeroDivisionError
    torch.testing.assert_close(product(a, b, None), a @ b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16])
def test_addresses_are_reserved_and_hardly_any_memory_used(dtype: torch.dtype) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    x = reserved(2**31 + 5000, dtype)
    x[[0, 2**31, -1]] = torch.tensor([1, 2, 3], dtype=dtype)
    assert (x.numel(), x.dtype, x[2**31].item(), x[-1].item()) == (2**31 + 5000, dtype, 2, 3)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**17  # KiB, so 128 MiB
