"""Whether a timed result is right: `assert_close`, preceded by a look on the device, where most calls end

`assert_close` takes seconds for the ten million entries of a kernel's output, and a contest has a hundred.
"""

from typing import Any

from aire_katas.checks.arrays import PRECISION, assert_close, dtype_name, is_tensor


def agree(actual: Any, expected: Any) -> None:
    """`actual` is close to `expected` by its dtype's default tolerance; else AssertionError says where."""
    __tracebackhide__ = True
    if not _at_a_glance(actual, expected):
        assert_close(actual, expected)


def _at_a_glance(actual: Any, expected: Any) -> bool:
    """True where assert_close would pass; False where it is to be asked."""
    if type(expected) in (tuple, list) and type(actual) in (tuple, list) and len(actual) == len(expected):
        return all(map(_at_a_glance, actual, expected))
    if not (is_tensor(actual) and is_tensor(expected) and expected.is_floating_point() and expected.numel()):
        return False
    if (actual.shape, actual.dtype) != (expected.shape, expected.dtype):
        return False
    rtol = PRECISION.get(str(dtype_name(expected)), 0.0)
    if expected.dtype.itemsize < 4:
        actual, expected = actual.float(), expected.float()
    atol = rtol * expected.abs().max().item()
    return 0 < atol < float("inf") and bool(actual.isclose(expected, rtol=rtol, atol=atol).all())
