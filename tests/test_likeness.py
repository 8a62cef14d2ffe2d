"""What is said of a wrong array: the right words where they are true, none where they are not."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aire_katas.checks.likeness import likeness


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


VECTOR = random(6, seed=1)
MATRIX = random(4, 4, seed=2)
TENSOR = random(2, 3, 4, seed=3)
SCORES = random(3, 4, seed=4)
SOFTMAX = np.exp(SCORES) / np.exp(SCORES).sum(-1, keepdims=True)


def closeness(expected: np.ndarray, tolerance: float) -> Callable[[np.ndarray, np.ndarray], bool]:
    """As assert_close has it: tolerance * (|y| + the largest |expected|)."""
    atol = tolerance * np.abs(expected).max()

    def close(x: np.ndarray, y: np.ndarray) -> bool:
        return x.shape == y.shape and bool((np.abs(x - y) <= atol + tolerance * np.abs(y)).all())

    return close


def words(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-10) -> str:
    if expected.dtype == bool:
        return likeness(actual, expected, np.array_equal)
    return likeness(actual, expected, closeness(expected, tolerance))


def without(array: np.ndarray, *rows: int) -> np.ndarray:
    """With other numbers in these rows."""
    spoilt = array.copy()
    spoilt[list(rows)] += random(*spoilt[list(rows)].shape)
    return spoilt


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (np.zeros(6), VECTOR, "empty: every entry is zero"),
        (-VECTOR, VECTOR, "like the expected value with its sign flipped"),
        (MATRIX.T, MATRIX, "transposed: swap the last two axes"),
        (np.stack([MATRIX.T, MATRIX]), np.stack([MATRIX, MATRIX.T]), "transposed: swap the last two axes"),
        (2 * VECTOR, VECTOR, "like 2 x the expected value, in every entry"),
        (VECTOR + 3, VECTOR, "like the expected value plus 3, in every entry"),
        (np.exp(SCORES), SOFTMAX, "right but not normalised: along axis 1 the entries should sum to 1"),
        (
            np.exp(SCORES) / np.exp(SCORES).sum(0),
            SOFTMAX,
            "normalised along axis 0; expected along axis 1",
        ),
        (VECTOR[::-1], VECTOR, "reversed along axis 0"),
        (TENSOR[:, ::-1], TENSOR, "reversed along axis 1"),
        (TENSOR[:, [1, 2, 0]], TENSOR, "right but for the order along axis 1"),
        (VECTOR[[1, 0, 3, 2, 5, 4]], VECTOR, "permuted: the right numbers in other places"),
        (without(VECTOR, 0), VECTOR, "right but for its first entry"),
        (without(MATRIX, 3), MATRIX, "right but for its last row"),
        (without(TENSOR.swapaxes(0, 1), 1, 2), TENSOR.swapaxes(0, 1), "right in its first row only"),
        (without(VECTOR, 0, 1, 2, 3, 4), VECTOR, "right in its last entry only"),
    ],
)
def test_a_typical_slip_is_recognised(actual: np.ndarray, expected: np.ndarray, said: str) -> None:
    assert words(actual, expected) == said


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (SCORES.T, SCORES, "transposed: swap the last two axes"),
        (TENSOR.swapaxes(1, 2), TENSOR, "transposed: swap the last two axes"),
        (
            TENSOR.transpose(1, 2, 0),
            TENSOR,
            "right but for the order of the axes: expected axis i is your axis (2, 0, 1)[i]",
        ),
        (VECTOR[:, None], VECTOR, "right but for its shape: the same numbers in the same order"),
        (TENSOR.reshape(6, 4), TENSOR, "right but for its shape: the same numbers in the same order"),
        (
            np.array([[True, False]]),
            np.array([True, False]),
            "right but for its shape: the same numbers in the same order",
        ),
    ],
)
def test_right_numbers_in_a_wrong_shape_are_recognised(
    actual: np.ndarray, expected: np.ndarray, said: str
) -> None:
    assert words(actual, expected) == said


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 3), (2, 3, 4, 5), (1, 2, 1, 3, 1, 4)])
@pytest.mark.parametrize("expected", [VECTOR, SOFTMAX, TENSOR])
def test_other_numbers_in_a_wrong_shape_are_not(shape: tuple[int, ...], expected: np.ndarray) -> None:
    assert words(random(*shape), expected) == ""
    assert words(np.ones(shape), expected) == ""


@pytest.mark.parametrize(
    ("factor", "name"),
    [
        (3, "3"),
        (-2, "-2"),
        (1 / 3, "1/3"),
        (-1 / 7, "-1/7"),
        (8**0.5, "sqrt(8)"),
        (8**-0.5, "1/sqrt(8)"),
        (-(2**0.5), "-sqrt(2)"),
        (512, "512"),
        (1 / 4096, "1/4096"),
        (0.3, "0.3"),
        (1.5, "1.5"),
        (123.456789, "123.457"),
        (0.0123, "0.0123"),
        (2.00001, "2.00001"),
        (1 + 1e-7, "(1 + 1e-07)"),
        (1 - 1e-7, "(1 - 1e-07)"),
        (2j, "(0+2j)"),
    ],
)
def test_a_factor_is_named_as_a_formula_would_have_it(factor: complex, name: str) -> None:
    assert words(factor * TENSOR, TENSOR) == f"like {name} x the expected value, in every entry"


@pytest.mark.parametrize(("factor", "name"), [(2, "2"), (1 / 8**0.5, "1/sqrt(8)"), (-1.7, "-1.")])
def test_a_factor_is_seen_through_coarse_rounding(factor: float, name: str) -> None:
    coarse = TENSOR * (1 + np.tanh(random(*TENSOR.shape)) / 512)  # as bfloat16 rounds
    assert words(factor * coarse, TENSOR, 3e-2).startswith(f"like {name}")


def test_a_single_number_has_whole_factors_only() -> None:
    assert words(np.array(5.6), np.array(0.7)) == "like 8 x the expected value"
    assert words(np.array(-0.7), np.array(5.6)) == "like -1/8 x the expected value"
    assert words(np.array(5.5), np.array(0.7)) == ""
    assert words(np.array(0.7 + 1e-7), np.array(0.7)) == ""
    assert words(np.array(0.7 * 2**0.5), np.array(0.7)) == ""
    assert words(np.array([0, 0.123, 0]), np.array([0, 0.7, 0])) == ""
    assert words(np.array(6), np.array(2)) == ""  # as likely to be chance


@pytest.mark.parametrize(
    ("offset", "said"), [(0.25, "plus 0.25"), (-2, "minus 2"), (2j, "plus (0+2j)"), (-1 - 1j, "minus (1+1j)")]
)
def test_an_offset_is_told_with_its_sign(offset: complex, said: str) -> None:
    assert words(VECTOR + offset, VECTOR) == f"like the expected value {said}, in every entry"


def test_masks_are_recognised_too() -> None:
    mask = np.tri(4, dtype=bool)
    assert words(~mask, mask) == "inverted: True where False is expected and the other way round"
    assert words(mask.T, mask) == "transposed: swap the last two axes"
    assert words(mask ^ np.eye(4, k=2, dtype=bool), mask) == ""
    assert words(np.where(mask, 0.2, 0.7), mask) == ""


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
def test_integers_are_recognised(dtype: type) -> None:
    numbers = np.array([3, 50, 4, 17, 5], dtype=dtype)
    assert words(numbers * dtype(2), numbers, 0.0) == "like 2 x the expected value, in every entry"
    assert words(numbers + dtype(1), numbers, 0.0) == "like the expected value plus 1, in every entry"
    assert words(numbers - dtype(1), numbers, 0.0) == "like the expected value minus 1, in every entry"
    assert words(np.sort(numbers), numbers, 0.0) == "permuted: the right numbers in other places"


def test_unsigned_numbers_have_no_flipped_sign() -> None:
    assert words(np.array([1, 2], np.uint8), np.array([255, 254], np.uint8), 0.0) == ""


def test_complex_numbers_are_recognised() -> None:
    waves = VECTOR + 1j * VECTOR[::-1]
    assert words(waves[[1, 0, 3, 2, 5, 4]], waves) == "permuted: the right numbers in other places"
    assert words(waves.conj(), waves) == ""


def test_equal_numbers_prove_no_order() -> None:
    assert words(np.array([0.0, 1, 1, 0, 1, 0]), np.array([0.0, 0, 1, 1, 0, 1])) == ""


def test_close_numbers_prove_no_order() -> None:
    one, other = random(2, 300)
    assert words(one, other, 0.1) == words(one[:, None], other[:, None], 0.1) == ""


def test_a_distribution_along_an_axis_of_one_proves_nothing() -> None:
    assert words(VECTOR[:, None], np.ones((6, 1))) == ""


def test_long_arrays_are_judged_without_a_loop() -> None:
    long = random(50_000, seed=1)
    assert words(long[::-1], long) == "reversed along axis 0"
    assert words(without(long, 0), long) == "right but for its first entry"
    assert words(random(50_000), long) == ""


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(6,), (7,), (50,), (2, 4), (3, 3), (9, 1), (2, 3, 4)]),
    tolerance=st.sampled_from([1e-10, 1e-5, 3e-2]),
)
def test_unrelated_numbers_look_like_nothing(seed: int, shape: tuple[int, ...], tolerance: float) -> None:
    """Of all claims, "right in its last entry only" is the likeliest by chance: 1 in 1000 at the coarsest."""
    actual, expected = np.random.default_rng(seed).normal(size=(2, *shape))
    said = words(actual, expected, tolerance)
    assert said == "" or (tolerance == 3e-2 and "only" in said)


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(8,), (100,), (4, 4), (10, 1)]),
    tolerance=st.sampled_from([1e-10, 1e-5, 3e-2]),
)
def test_a_near_miss_looks_like_nothing(seed: int, shape: tuple[int, ...], tolerance: float) -> None:
    """Nobody flipped, shifted or shuffled what is merely imprecise."""
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=shape)
    actual = expected + 1.5 * tolerance * np.abs(expected).max() * rng.uniform(-1, 1, shape)
    assume(not closeness(expected, tolerance)(actual, expected))
    assert words(actual, expected, tolerance) == ""
