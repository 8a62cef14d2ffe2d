from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase4.positions.sinusoidal import dot_kernel, shift_matrix, sinusoidal

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={"torch": "numpy has all that is needed"},
)

shifts = st.integers(-300, 300)
sizes = st.sampled_from([2, 4, 6, 10])
bases = st.sampled_from([10000.0, 500.0, 3.5])


def encoding(t: int, d: int, base: float) -> np.ndarray:
    """One row of PE from the formula, entry by entry, with 30 digits."""
    row = np.empty(d)
    with mp.workdps(30):
        for column in range(d):
            i, odd = divmod(column, 2)
            angle = t / mp.mpf(base) ** (mp.mpf(2 * i) / d)
            row[column] = mp.cos(angle) if odd else mp.sin(angle)
    return row


def test_position_zero_alternates_zero_and_one() -> None:
    assert_close(sinusoidal(3, 6)[0], np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]))


@pytest.mark.parametrize(("T", "d", "base"), [(7, 8, 10000.0), (5, 6, 100.0), (9, 2, 10000.0), (1, 10, 2.5)])
def test_agrees_with_the_formula(T: int, d: int, base: float) -> None:
    assert_close(sinusoidal(T, d, base), np.array([encoding(t, d, base) for t in range(T)]))


def test_base_is_ten_thousand_unless_it_is_given() -> None:
    assert_close(sinusoidal(5, 4)[4], encoding(4, 4, 10000))
    assert_close(shift_matrix(3, 4) @ encoding(2, 4, 10000), encoding(5, 4, 10000))
    assert_close(dot_kernel(3, 4), float(encoding(2, 4, 10000) @ encoding(5, 4, 10000)))


def test_late_positions_are_as_accurate_as_early_ones() -> None:
    table = sinusoidal(20_001, 6)
    for t in (1_000, 9_999, 20_000):
        assert_close(table[t], encoding(t, 6, 10000))


def test_hands_turn_by_speeds_in_geometric_progression() -> None:
    first = sinusoidal(2, 16)[1]
    speeds = np.arctan2(first[0::2], first[1::2])
    assert_close(speeds[0], 1.0)
    assert_close(speeds[1:] / speeds[:-1], np.full(7, 10000 ** (-1 / 8)))


def test_all_entries_lie_within_one_and_all_rows_have_one_length() -> None:
    table = sinusoidal(500, 12)
    assert np.abs(table).max() <= 1 + 1e-12
    assert_close((table**2).sum(1), np.full(500, 6.0))


@settings(max_examples=25)
@given(shifts, st.integers(-300, 300), sizes, bases)
def test_a_shift_is_one_matrix_for_all_positions(k: int, t: int, d: int, base: float) -> None:
    assert_close(shift_matrix(k, d, base) @ encoding(t, d, base), encoding(t + k, d, base))


@pytest.mark.parametrize(("k", "other"), [(1, 1), (7, -3), (-20, 300), (12, -12)])
@pytest.mark.parametrize("d", [2, 6])
def test_two_shifts_are_one_shift(k: int, other: int, d: int) -> None:
    assert_close(shift_matrix(k, d) @ shift_matrix(other, d), shift_matrix(k + other, d))


@pytest.mark.parametrize(("k", "d"), [(1, 2), (5, 8), (-40, 6), (3000, 4)])
def test_a_shift_is_a_rotation(k: int, d: int) -> None:
    M = shift_matrix(k, d)
    assert_close(M.T @ M, np.eye(d))
    assert_close(np.linalg.det(M), 1.0)


def test_no_shift_is_the_identity() -> None:
    assert_close(shift_matrix(0, 6), np.eye(6))


@pytest.mark.parametrize("k", [1, -2, 40])
def test_a_shift_mixes_no_two_hands(k: int) -> None:
    M = shift_matrix(k, 6).reshape(3, 2, 3, 2).transpose(0, 2, 1, 3)  # (pair, pair, 2, 2)
    for i, j in [(0, 1), (1, 0), (0, 2), (2, 1)]:
        assert_close(M[i, j], np.zeros((2, 2)))
    assert (np.abs(M[[0, 1, 2], [0, 1, 2]]).max((1, 2)) > 0.7).all()


@pytest.mark.parametrize(("d", "base"), [(2, 10000.0), (8, 10000.0), (12, 20.0)])
@pytest.mark.parametrize("t", [0, 13])
def test_the_kernel_is_the_dot_product_of_two_positions(t: int, d: int, base: float) -> None:
    distances = range(-15, 16)
    expected = np.array([encoding(t, d, base) @ encoding(t + k, d, base) for k in distances])
    assert_close(np.array([dot_kernel(k, d, base) for k in distances]), expected)


def test_the_kernel_is_even_and_largest_at_zero() -> None:
    kernel = np.array([dot_kernel(k, 32) for k in range(-40, 41)])
    assert_close(kernel, kernel[::-1].copy())
    assert_close(kernel[40], 16.0)
    assert kernel.argmax() == 40
    assert isinstance(dot_kernel(3, 32), float)


@pytest.mark.parametrize("d", [1, 3, 7, 0, -2])
@pytest.mark.parametrize("function", [sinusoidal, shift_matrix, dot_kernel])
def test_an_odd_or_empty_width_raises(function: Callable, d: int) -> None:
    with pytest.raises(ValueError):
        function(4, d)


@pytest.mark.parametrize(("T", "d"), [(0, 4), (1, 2), (0, 2)])
def test_small_tables_have_their_shape(T: int, d: int) -> None:
    table = sinusoidal(T, d)
    assert (table.shape, table.dtype) == ((T, d), np.float64)
    assert_close(table, np.array([[0.0, 1.0] * (d // 2)] * T).reshape(T, d))
