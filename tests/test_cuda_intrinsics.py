"""Device functions of one instruction: each gives the value that CUDA's documentation says."""

import re
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_clean, run_kernel, unset

pytestmark = pytest.mark.gxx

FILE = Path(__file__).parent / "kernels" / "right_intrinsics.cu"


def lines(kernel: str) -> list[str]:
    """The kernel's lines that compare."""
    body = FILE.read_text().partition(f"void {kernel}(")[2].partition("\n}\n")[0]
    return re.findall(r"    is\(.*", body)


@pytest.mark.parametrize("kernel", ["integers", "conversions", "arithmetic"])
def test_each_gives_the_value_beside_it(kernel: str) -> None:
    wanted = lines(kernel)
    out = unset((len(wanted), 2), np.float64)
    assert_clean(run_kernel(FILE, kernel, 1, 1, (out,)))
    wrong = [
        f"{line}: {seen!r}"
        for line, (seen, expected) in zip(wanted, out.tolist(), strict=True)
        if abs(seen - expected) > 2e-7 * abs(expected)
    ]
    assert not wrong


@pytest.mark.parametrize("seed", [0, 1])
def test_reductions_of_a_warp_and_of_its_halves(seed: int) -> None:
    x = np.random.randint(-(2**31), 2**31, 32).astype(np.int32)
    y = unset((11, 32), np.int32)
    assert_clean(run_kernel(FILE, "warp_reductions", 1, 32, (x, y), seed=seed))
    halves, bits = x.reshape(2, 16), x.view(np.uint32).reshape(2, 16)
    assert (y[:2] == x.sum(dtype=np.int32)).all()
    folds = [halves.min(1), bits.min(1), halves.max(1), bits.max(1)]
    folds += [fold.reduce(bits, axis=1) for fold in (np.bitwise_and, np.bitwise_or, np.bitwise_xor)]
    for row, fold in zip(y[2:9], folds, strict=True):
        assert (row.reshape(2, 16) == fold.astype(np.int32)[:, None]).all()
    assert (y[9] == 1).all()
    thirds = [reduce(int.__or__, (1 << j for j in range(i % 3, 32, 3))) for i in range(32)]
    assert (y[10].view(np.uint32) == thirds).all()


def test_loads_and_stores_through_a_cache_of_choice() -> None:
    x, y = np.random.rand(32).astype(np.float32), unset(32)
    report = run_kernel(FILE, "cached", 1, 32, (x, y))
    assert_clean(report)
    assert_close(y.view(np.ndarray), 6 * x, rtol=1e-6)
    assert (report.buffers["x"].loads, report.buffers["y"].stores) == (32, 32)  # g++ loads once
