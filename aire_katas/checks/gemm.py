"""Judging a matrix product that a kernel has made in float32: C = alpha A B + beta C"""

import numpy as np


def assert_gemm(
    actual: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    alpha: float = 1.0,
    beta: float = 0.0,
    c: np.ndarray | None = None,
) -> None:
    """`actual` (M, N) is alpha a b + beta c up to what float32 may lose, in any order of summation.

    a is (M, K), b (K, N), c (M, N) as it was before; with beta = 0 it plays no part. The bound on each entry
    is (K + 4) u (|alpha| |a| |b| + |beta| |c|), u = 2**-24: Higham 2002, section 3.5.
    """
    __tracebackhide__ = True
    a, b = a.astype(np.float64), b.astype(np.float64)
    expected, scale = alpha * (a @ b), abs(alpha) * (np.abs(a) @ np.abs(b))
    if beta and c is not None:
        expected, scale = expected + beta * c.astype(np.float64), scale + abs(beta) * np.abs(c)
    if actual.shape != expected.shape:
        raise AssertionError(f"the product has shape {actual.shape}, expected {expected.shape}")
    allowed = (a.shape[1] + 4) * 2.0**-24 * scale
    excess = np.where(np.isfinite(actual), np.abs(actual - expected) - allowed, np.inf)
    if excess.max(initial=0) > 0:
        row, column = (int(i) for i in np.unravel_index(excess.argmax(), excess.shape))
        raise AssertionError(
            f"{int((excess > 0).sum())} of {excess.size} entries are wrong; the worst is "
            f"C[{row}, {column}] = {actual[row, column]:.7g}, expected {expected[row, column]:.7g} "
            f"(+- {allowed[row, column]:.1g} for float32)"
        )
