"""What assert_close lets pass, and what it says of the rest."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aire_katas.checks.arrays import PRECISION, assert_close

X = np.random.default_rng(1).normal(size=(3, 4))
FINITE = st.floats(-1e6, 1e6)


def failure(actual: Any, expected: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        assert_close(actual, expected, **options)
    return str(error.value)


# What passes --------------------------------------------------------------------------------------------


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4), elements=FINITE))
def test_everything_is_close_to_itself(x: np.ndarray) -> None:
    assert_close(x, x.copy())
    assert_close(torch.tensor(x), torch.tensor(x))


@given(
    x=hnp.arrays(np.float64, hnp.array_shapes(min_dims=1), elements=st.floats(-1e3, 1e3)),
    entry=st.integers(0, 10_000),
    by=st.sampled_from([-1.0, 1.0, 1e-6, -1e6, np.nan, np.inf, -np.inf]),
)
def test_nothing_is_close_to_itself_with_one_entry_changed(x: np.ndarray, entry: int, by: float) -> None:
    off = x.copy()
    off.flat[entry % x.size] += by
    with pytest.raises(AssertionError):
        assert_close(off, x)


@pytest.mark.parametrize(("dtype", "tolerance"), PRECISION.items())
def test_the_tolerance_is_what_the_dtype_can_hold(dtype: str, tolerance: float) -> None:
    expected = torch.tensor([1.0, -2.0], dtype=getattr(torch, dtype))
    assert_close(expected * (1 + 0.9 * tolerance), expected)
    with pytest.raises(AssertionError):
        assert_close(expected * (1 + 3 * tolerance), expected)


def test_the_narrower_dtype_decides() -> None:
    narrow = torch.tensor(X).bfloat16()
    assert_close(narrow, torch.tensor(X), dtype=torch.bfloat16)
    assert_close(torch.tensor(X), narrow, dtype=None)
    assert_close(torch.tensor(X), narrow, dtype=torch.float64)
    assert_close(np.float32(0.1), 0.1)


def test_entries_near_zero_are_measured_by_the_largest() -> None:
    assert_close(np.array([1e-12, 1.0]), np.array([0.0, 1.0]))
    assert "worst at [0]: got 1e-09, expected 0" in failure(np.array([1e-9, 1.0]), np.array([0.0, 1.0]))


def test_tolerances_can_be_given() -> None:
    assert_close(1.1, 1.0, rtol=0.2)
    assert_close(np.array([0.1, 1.0]), np.array([0.0, 1.0]), rtol=0, atol=0.2)
    assert "tolerance rtol=0.05, atol=0.01" in failure(1.1, 1.0, rtol=0.05, atol=0.01)
    assert "tolerance rtol=0, atol=0" in failure(1 + 1e-15, 1.0, rtol=0)


def test_expected_zeros_can_be_missed() -> None:
    assert_close(np.zeros(3), np.zeros(3))
    assert "off in 3 of 3 entries" in failure(np.full(3, 1e-9), np.zeros(3))


def test_infinities_agree_with_their_like_only() -> None:
    expected = np.array([np.inf, -np.inf, 1.0])
    assert_close(expected.copy(), expected)
    assert "worst at [1]: got inf, expected -inf" in failure(np.array([np.inf, np.inf, 1]), expected)
    assert "worst at [2]: got inf, expected 1" in failure(np.array([np.inf, -np.inf, np.inf]), expected)
    assert "worst at [0]: got 1e+300, expected inf" in failure(np.array([1e300, -np.inf, 1]), expected)


@pytest.mark.parametrize(
    "expected", [X, np.full((3, 4), np.inf), np.zeros((3, 4)), X + 1j, np.ones((3, 4), int)]
)
@pytest.mark.parametrize("options", [{}, {"rtol": 0.5, "atol": 0.0}])
def test_nan_never_passes(expected: np.ndarray, options: dict[str, float]) -> None:
    actual = expected.astype(complex if np.iscomplexobj(expected) else float)
    actual[1, 2] = np.nan
    said = failure(actual, expected, dtype=None, **options)
    assert "worst at [1, 2]: got nan" in said.replace("(", "")
    assert said.endswith("  1 of 12 entries are nan")


def test_integers_and_booleans_are_exact() -> None:
    assert_close(np.array([1, 2]), np.array([1, 2]))
    assert "got 3, expected 2" in failure(np.array([1, 3]), np.array([1, 2]))
    assert "got 9007199254740993, expected 9007199254740992" in failure(
        np.array([2**53 + 1]), np.array([2**53])
    )
    assert_close(torch.tensor([True, False]), torch.tensor([True, False]))
    assert "worst at [1]: got True, expected False" in failure(
        np.array([True, True]), np.array([True, False])
    )
    assert "got 0.3, expected True" in failure(np.array([0.3]), np.array([True]))
    assert "got 3, expected 2" in failure(3, 2)


def test_integers_may_come_as_floats_where_any_dtype_will_do() -> None:
    assert_close(np.array([1.0, 2.0]), np.array([1, 2]), dtype=None)
    assert_close(np.array([1, 2 + 1e-6], np.float32), np.array([1, 2]), dtype=None)
    assert "got 2.001" in failure(np.array([1.0, 2.001]), np.array([1, 2]), dtype=None)


def test_complex_numbers_differ_in_either_part() -> None:
    assert_close(X + 2j, X + 2j)
    assert "expected 1-2j" in failure(1 + 2j, 1 - 2j).replace("(", "").replace(")", "")
    z = torch.tensor([1 + 2j])
    assert_close(z.conj(), torch.tensor([1 - 2j]))
    assert_close(z.conj().imag, torch.tensor([-2.0]))


def test_a_tensor_that_requires_grad_is_judged_by_its_values() -> None:
    x = torch.tensor(X, requires_grad=True)
    assert_close(x * 1, torch.tensor(X))
    assert_close([x[0, 0], x[0, 1]], [float(X[0, 0]), float(X[0, 1])])


def test_tuples_are_judged_part_by_part() -> None:
    assert_close((X, 2.0), (X, 2.0))
    assert_close([X, [X, 1]], (X, (X, 1)))
    assert failure((X, 2 * X), (X, X), name="grads").startswith("grads[1] is not close")
    assert failure([X, [X, X]], (X, (X, -X)), name="y").startswith("y[1][1] is not close")
    assert failure((X,), (X, X)) == "result has 1 parts, expected 2"
    assert failure(X, (X, X)) == "result has type numpy.ndarray, expected a tuple or list of 2"


def test_lists_of_numbers_are_arrays() -> None:
    assert_close([1, 2.5], [1, 2.5])
    assert_close(np.array([1.0, 2.5]), [1, 2.5])
    assert_close([], [])
    assert failure([1, 2, 3, 5], [1, 2, 3, 4]) == (
        "result is not close to what was expected (shape (4,))\n"
        "  worst at [3]: got 5, expected 4\n"
        "  off in 1 of 4 entries; tolerance rtol=0, atol=0\n"
        "  it looks right but for its last entry"
    )
    assert failure([[1], [2, 3]], [1.0, 2.0]) == "result has type list, expected equally long rows of numbers"


# What a failure says ------------------------------------------------------------------------------------


def test_a_failure_names_the_worst_entry_both_values_and_the_tolerance() -> None:
    actual = X.astype(np.float32)
    actual[[0, 1, 2], [0, 2, 0]] += [0.125, 0.25, 0.5]
    assert failure(actual, X.astype(np.float32), name="scores") == (
        "scores is not close to what was expected (shape (3, 4), dtype float32)\n"
        f"  worst at [2, 0]: got {actual[2, 0]:.12g}, expected {np.float32(X[2, 0]):.12g}\n"
        f"  off in 3 of 12 entries; tolerance rtol=1e-05, atol={1e-5 * np.abs(X).max():g}"
    )


def test_the_worst_entry_is_the_one_furthest_beyond_its_tolerance() -> None:
    said = failure(np.array([1000.1, 1.01]), np.array([1000.0, 1.0]), rtol=1e-5, atol=0.0)
    assert "worst at [1]: got 1.01, expected 1" in said


def test_a_single_number_has_no_index() -> None:
    assert failure(0.7, 0.3) == (
        "result is not close to what was expected (shape ())\n"
        "  worst: got 0.7, expected 0.3\n"
        "  off in 1 of 1 entries; tolerance rtol=1e-10, atol=3e-11"
    )


def test_a_failure_tells_what_the_difference_looks_like() -> None:
    assert failure(-X, X).endswith("\n  it looks like the expected value with its sign flipped")
    assert failure(X.T, X) == (
        "result has shape (4, 3), expected (3, 4)\n  it looks transposed: swap the last two axes"
    )
    assert failure(torch.tensor(X).bfloat16() / 8**0.5, torch.tensor(X).bfloat16()).endswith(
        "it looks like 1/sqrt(8) x the expected value, in every entry"
    )


@pytest.mark.parametrize("shape", [(), (3,), (4, 3, 1), (3, 4, 1, 1), (0,), (5, 4)])
def test_any_wrong_shape_is_told(shape: tuple[int, ...]) -> None:
    assert failure(np.ones(shape), X) == f"result has shape {shape}, expected (3, 4)"
    softmax = np.exp(X) / np.exp(X).sum(-1, keepdims=True)
    assert failure(np.ones(shape), softmax).startswith(f"result has shape {shape}, expected (3, 4)")


def test_nothing_is_said_to_look_like_an_infinity() -> None:
    assert "looks" not in failure(np.array([np.inf, 1]), np.array([1.0, 2.0]))
    assert "looks" not in failure(np.array([-np.inf, 1]), np.array([np.inf, 1.0]))


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (None, X, "result is None: is a return missing?"),
        (None, 1.0, "result is None: is a return missing?"),
        (X, torch.tensor(X), "result has type numpy.ndarray, expected a torch.Tensor"),
        (1.0, torch.tensor(1.0), "result has type float, expected a torch.Tensor"),
        (torch.tensor(X), X, "result has type torch.Tensor, expected a numpy array"),
        ([1.0, 2.0], np.ones(2), "result has type list, expected a numpy array"),
        ("abc", 1.0, "result has type str, expected numbers"),
        (object(), 1.0, "result has type object, expected numbers"),
        ({"a": 1}, [1.0], "result has type dict, expected numbers"),
        (len, 1.0, "result has type builtin_function_or_method, expected numbers"),
        ([None, 1.0], [1.0, 2.0], "result has type list, expected numbers"),
    ],
)
def test_the_wrong_kind_is_told(actual: Any, expected: Any, said: str) -> None:
    assert failure(actual, expected) == said


def test_a_number_will_do_for_an_array_of_no_axes() -> None:
    assert_close(2.0, np.array(2.0))
    assert_close(np.float64(2.0), np.array(2.0))
    assert_close(torch.tensor(2.0), 2.0)
    assert_close(np.array(2.0), 2.0)


# Dtypes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "expected", "options", "said"),
    [
        (X.astype(np.float32), X, {}, "float32, expected float64"),
        (torch.tensor(X), torch.tensor(X).float(), {}, "float64, expected float32"),
        (np.array([1.0]), np.array([1]), {}, "float64, expected int64"),
        (np.array([1]), np.array([True]), {}, "int64, expected bool"),
        (np.array([1], np.int32), np.array([1]), {}, "int32, expected int64"),
        (X, X, {"dtype": np.float32}, "float64, expected float32"),
        (X, X, {"dtype": "float32"}, "float64, expected float32"),
        (X, X, {"dtype": np.dtype("float32")}, "float64, expected float32"),
        (torch.tensor(X), torch.tensor(X), {"dtype": torch.float16}, "float64, expected float16"),
        (X, X, {"dtype": X.astype(np.float32)}, "float64, expected float32"),
    ],
)
def test_right_values_in_the_wrong_dtype_are_told(
    actual: Any, expected: Any, options: dict[str, Any], said: str
) -> None:
    assert failure(actual, expected, **options) == f"result has dtype {said}; its values are right"
    assert_close(actual, expected, dtype=None)


def test_the_dtype_can_be_asked_for() -> None:
    assert_close(X.astype(np.float32), X, dtype=np.float32)
    assert_close(X, X, dtype=float)
    assert_close(torch.tensor(X).half(), torch.tensor(X), dtype=torch.float16)


def test_wrong_values_are_told_before_a_wrong_dtype() -> None:
    assert failure(2 * X.astype(np.float32), X).startswith("result is not close")


# The test author's faults -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "options"),
    [
        (np.array([1e-9, -1e-9]), {"atol": 1e-8}),
        (np.array([0.0, 1e-9]), {"atol": 1e-8}),
        (X, {"rtol": 1.0}),
        (X, {"rtol": 0.5, "atol": 10.0}),
        (np.array([3, 4]), {"atol": 5}),
        (0.001, {"atol": 0.01}),
        (np.array([np.inf, 1e-9]), {"atol": 1e-8}),
    ],
)
def test_a_tolerance_that_zeros_would_satisfy_is_refused(expected: Any, options: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"^zeros would pass: tolerances rtol=.*, atol=.* swallow the expected"
    ):
        assert_close(expected, expected, **options)


@given(hnp.arrays(np.float64, hnp.array_shapes(min_side=1), elements=FINITE))
def test_a_default_tolerance_never_swallows(expected: np.ndarray) -> None:
    assert_close(expected, expected)
    if expected.any():
        with pytest.raises(AssertionError):
            assert_close(0 * expected, expected)


def test_an_expected_nan_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the expected value holds nan: nothing could pass$"):
        assert_close(X, np.where(X > 0, X, np.nan))
