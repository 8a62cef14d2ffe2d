import numpy as np
import pytest

from aire_katas.checks.gemm import assert_gemm


def draw(rows: int, cols: int) -> np.ndarray:
    return np.random.randn(rows, cols).astype(np.float32)


def test_float32_in_any_order_passes() -> None:
    a, b, c = draw(7, 300), draw(300, 5), draw(7, 5)
    terms = np.stack([a[:, [k]] * b[[k]] for k in range(300)])
    forward, backward = (np.add.accumulate(one)[-1] for one in (terms, terms[::-1]))
    for product in (forward, backward, a @ b):
        assert_gemm(product, a, b)
        assert_gemm(np.float32(2) * product - np.float32(0.5) * c, a, b, alpha=2, beta=-0.5, c=c)


@pytest.mark.parametrize("change", [1e-3, np.nan, np.inf])
def test_one_wrong_entry_is_named(change: float) -> None:
    a, b = draw(4, 6), draw(6, 3)
    product = a @ b
    product[2, 1] += np.float32(change)
    with pytest.raises(AssertionError, match=r"1 of 12 entries are wrong; the worst is C\[2, 1\]"):
        assert_gemm(product, a, b)


def test_half_precision_is_not_enough() -> None:
    a, b = draw(8, 64), draw(64, 8)
    with pytest.raises(AssertionError, match="entries are wrong"):
        assert_gemm((a.astype(np.float16) @ b.astype(np.float16)).astype(np.float32), a, b)


def test_without_beta_what_stood_there_plays_no_part() -> None:
    a, b = draw(2, 3), draw(3, 2)
    assert_gemm(a @ b, a, b, beta=0.0, c=np.full((2, 2), np.nan, np.float32))


def test_another_shape_is_named() -> None:
    with pytest.raises(AssertionError, match=r"has shape \(2, 3\), expected \(3, 2\)"):
        assert_gemm(draw(2, 3), draw(3, 4), draw(4, 2))
