"""How wrong a kernel may be in low precision: rules that need no tolerance from the author

How large the errors of float16 and bfloat16 are depends on the sizes, the values and the machine. What torch
makes of the same inputs in the same dtype shows what is usual; float64 shows what is true. In float32 luck
decides which of two exponentials is nearer to the truth (a right softmax had up to 3.7 times torch's error in
120 draws, in low precision 0.92): use `assert_close` there.

A kernel that computes in float32 and rounds when it stores is off by half a unit in the last place and hardly
more, which torch's own separate operations are not: `assert_rounded_once` needs no rival.
"""

from typing import Any

import torch

from aire_katas.checks.arrays import assert_close


def assert_as_accurate(
    actual: torch.Tensor, rival: torch.Tensor, exact: Any, *, factor: float = 2.0, name: str = "result"
) -> None:
    """The error of `actual` is at most `factor` times that of `rival`, torch's answer in the same dtype.

    Errors are measured against `exact` (float64), as the largest and as the root of the mean square; half a
    unit in the last place of the dtype, which no rounded answer can avoid, is always granted. Infinities
    and nan have to be where exact has them.
    """
    __tracebackhide__ = True
    if exact.dtype != torch.float64:
        raise ValueError(f"exact has dtype {exact.dtype}: compute it in float64")
    if actual.shape != exact.shape or actual.dtype != rival.dtype:
        assert_close(actual, rival, name=name)  # says which of both, and what it looks like
    special = ~exact.isfinite() | ~rival.isfinite()
    expected = torch.where(exact.isfinite(), rival.double(), exact)
    mine = actual.double()
    same = (mine == expected) | (mine.isnan() & expected.isnan())
    wrong = torch.where(special, ~same, ~mine.isfinite())
    if wrong.any():
        at = tuple(wrong.nonzero()[0].tolist())
        raise AssertionError(
            f"{name}{list(at)} is {mine[at]:g}, expected {(expected if special[at] else exact)[at]:g}"
        )
    error, usual = ((one.double() - exact)[~special].abs() for one in (actual, rival))
    unavoidable = exact[~special].abs() * torch.finfo(actual.dtype).eps / 2
    for kind, measure in (("largest", _largest), ("root mean square", _root_mean_square)):
        got, granted = measure(error), factor * max(measure(usual), measure(unavoidable))
        if got > granted:
            dtype = str(actual.dtype).removeprefix("torch.")
            raise AssertionError(
                f"{name} is less accurate than torch in {dtype}: {kind} error"
                f" {got:.3g}, torch's {measure(usual):.3g}, at most {granted:.3g} ({factor:g} x) is expected;"
                " is something summed in low precision?"
            )


def assert_rounded_once(
    actual: torch.Tensor, exact: torch.Tensor, *, noise: float = 2e-6, name: str = "result"
) -> None:
    """float16 or bfloat16 that was computed in float32, and rounded to `actual`'s dtype when it was stored.

    Errors against `exact` (float64) are within half a unit in the last place, 2 % of that, and `noise` times
    the largest |exact|, for what float32 does to sums that cancel. A second rounding brings up to a unit.
    """
    __tracebackhide__ = True
    if actual.dtype not in (torch.float16, torch.bfloat16):
        raise AssertionError(f"{name} is {actual.dtype}, expected torch.float16 or torch.bfloat16")
    if exact.dtype != torch.float64:
        raise ValueError(f"exact has dtype {exact.dtype}: compute it in float64")
    limits = torch.finfo(actual.dtype)
    half = limits.eps / 2
    atol = noise * float(exact.abs().max()) + limits.smallest_normal * half
    assert_close(actual, exact, rtol=1.02 * half, atol=atol, dtype=actual.dtype, name=name)


def _largest(error: torch.Tensor) -> float:
    return float(error.max()) if error.numel() else 0.0


def _root_mean_square(error: torch.Tensor) -> float:
    return float(error.square().mean().sqrt()) if error.numel() else 0.0
