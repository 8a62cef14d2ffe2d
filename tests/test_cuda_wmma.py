"""Tensor cores through wmma: the product of tiles, and what it costs to load them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_clean, run_kernel, unset

FILE = Path(__file__).parent / "kernels" / "right_wmma.cu"

pytestmark = pytest.mark.gxx


def halves(*shape: int) -> np.ndarray:
    return np.random.randn(*shape).astype(np.float16)


@pytest.mark.parametrize("rows", [(True, False), (False, True)])
def test_a_product_of_halves_in_either_layout(rows: tuple[bool, bool]) -> None:
    n = 64
    A, B, C = halves(n, n), halves(n, n), unset((n, n))
    layouts = ", ".join(f"wmma::{'row' if row else 'col'}_major" for row in rows)
    assert_clean(run_kernel(FILE, f"multiplied<half, {layouts}>", (2, 4), 64, (A, B, C, n)))
    left, right = (x if row else x.T for x, row in zip((A, B), rows, strict=True))
    assert_close(C.view(np.ndarray), left.astype(np.float32) @ right.astype(np.float32), rtol=1e-4, atol=1e-4)


def test_a_product_of_bfloat16s() -> None:
    n = 32
    A, B = (torch.randn(n, n).bfloat16() for _ in range(2))
    C = unset((n, n))
    args = (A.view(torch.int16).numpy(), B.view(torch.int16).numpy(), C, n)
    kernel = "multiplied<__nv_bfloat16, wmma::row_major, wmma::row_major>"
    assert_clean(run_kernel(FILE, kernel, (1, 2), 64, args))
    assert_close(C.view(np.ndarray), (A.float() @ B.float()).numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("judge", [True, False])
def test_a_lane_may_change_its_elements(judge: bool) -> None:
    A, B, C, D = halves(16, 16), halves(16, 16), np.random.randn(16, 16).astype(np.float32), unset((16, 16))
    assert_clean(run_kernel(FILE, "scaled_tile", 1, 32, (A, B, C, D, 0.5, 2.0), judge=judge))
    expected = 0.5 * (A.astype(np.float32) @ B.astype(np.float32)) + 2 * C
    assert_close(D.view(np.ndarray).T, expected, rtol=1e-4, atol=1e-4)


def test_a_tile_is_loaded_in_pairs() -> None:
    n = 16
    report = run_kernel(
        FILE,
        "multiplied<half, wmma::row_major, wmma::col_major>",
        1,
        32,
        (halves(n, n), halves(n, n), unset((n, n)), n),
    )
    read = report.total(space="global", kind="read")
    assert (read.requests, read.bytes) == (8, 2 * 512)
    assert report.buffers["C"].stores == 4 * 32
