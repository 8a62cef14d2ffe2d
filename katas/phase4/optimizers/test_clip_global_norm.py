import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.optimizers.clip_global_norm import clip, global_norm

KATA = Kata(
    difficulty=2,
    minutes=15,
    forbids={
        "torch": "squares, a sum and a root in numpy are all it takes",
        "jax": "squares, a sum and a root in numpy are all it takes",
        "optax": "squares, a sum and a root in numpy are all it takes",
    },
)

Grads = list[np.ndarray | None]
SHAPES = [(3, 4), None, (5,), (), (2, 0), (1, 1), None]


def draw(
    shapes: Sequence[tuple[int, ...] | None] = SHAPES, size: float = 1.0, dtype: type = np.float64
) -> Grads:
    return [
        None if shape is None else np.asarray(np.random.normal(scale=size, size=shape)).astype(dtype)
        for shape in shapes
    ]


def flat(grads: Sequence[np.ndarray | None]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *(g.ravel() for g in grads if g is not None)]).astype(np.float64)


def arrays(grads: Sequence[np.ndarray | None]) -> list[np.ndarray]:
    return [g for g in grads if g is not None]


# The norm ------------------------------------------------------------------------------------------------


def test_the_norm_is_a_length_in_all_dimensions_at_once() -> None:
    """2, 3 and 6 in three arrays: 4 + 9 + 36 = 49."""
    assert_close(global_norm([np.array(2.0), np.array([[3.0]]), None, np.array([0.0, -6.0])]), 7.0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_norm_is_that_of_all_entries_laid_end_to_end(dtype: type) -> None:
    grads = draw(dtype=dtype)
    assert_close(global_norm(grads), math.sqrt(math.fsum(float(g) ** 2 for g in flat(grads))))


@pytest.mark.parametrize("grads", [[], [None], [None, None], [np.zeros((2, 0))], [np.zeros(3), None]])
def test_nothing_has_no_length(grads: Grads) -> None:
    assert global_norm(grads) == 0


@pytest.mark.parametrize("entry", [300.0, -60000.0, 1e-4])
def test_squares_that_float16_cannot_hold_are_no_obstacle(entry: float) -> None:
    g = np.full(400, entry, np.float16)
    assert_close(global_norm([g, None, g]), math.sqrt(800) * abs(float(g[0])))


def test_squares_that_float32_cannot_hold_are_no_obstacle() -> None:
    assert_close(global_norm([np.array([3e25, -4e25], np.float32)]), 5e25, rtol=1e-6)


# Clipping ------------------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.integers(-1000, 1000), max_size=4), max_size=4), st.floats(1e-3, 1e4))
def test_the_new_norm_is_the_smaller_of_the_old_one_and_the_limit(
    rows: list[list[int]], limit: float
) -> None:
    grads = [np.array(row, float) for row in rows]
    clipped, norm = clip(grads, limit)
    length = np.linalg.norm(flat(grads))
    assert_close(norm, length)
    assert_close(np.linalg.norm(flat(clipped)), min(length, limit))


def test_the_direction_stays_the_same_across_all_arrays() -> None:
    grads = draw(size=10.0)
    clipped, norm = clip(grads, 0.5)
    for new, old in zip(arrays(clipped), arrays(grads), strict=True):
        assert_close(new, old * (0.5 / np.linalg.norm(flat(grads))))
    assert_close(norm, np.linalg.norm(flat(grads)))


@pytest.mark.parametrize("room", [1.0, 1.5, 1e6, math.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_is_short_enough_comes_back_bit_for_bit(room: float, dtype: type) -> None:
    grads = draw(dtype=dtype)
    clipped, norm = clip(grads, global_norm(grads) * room)
    assert_close(arrays(clipped), arrays(grads), rtol=0, atol=0)
    assert_close(norm, np.linalg.norm(flat(grads)))


def test_gradients_of_zero_stay_zero() -> None:
    clipped, norm = clip([np.zeros((2, 3)), None, np.zeros(2)], 1.0)
    assert norm == 0
    assert_close(arrays(clipped), [np.zeros((2, 3)), np.zeros(2)])


@pytest.mark.parametrize("limit", [0.1, 1e3])
def test_none_keeps_its_place(limit: float) -> None:
    grads = draw()
    clipped, _ = clip(grads, limit)
    assert [g is None for g in clipped] == [g is None for g in grads]
    assert clip([None, None], limit) == ([None, None], 0)
    assert clip([], limit) == ([], 0)


def test_clipping_twice_is_clipping_once() -> None:
    once, _ = clip(draw(size=5.0), 2.0)
    twice, norm = clip(once, 2.0)
    assert_close(arrays(twice), arrays(once))
    assert_close(norm, 2.0)


@pytest.mark.parametrize("limit", [0.01, 1.0, 3.0, 100.0])
def test_agrees_with_torch(limit: float) -> None:
    """Torch divides by norm + 1e-6."""
    grads = draw()
    slots = [torch.nn.Parameter(torch.zeros(1 if g is None else g.shape, dtype=torch.float64)) for g in grads]
    for slot, g in zip(slots, grads, strict=True):
        slot.grad = None if g is None else torch.tensor(g)
    expected = torch.nn.utils.clip_grad_norm_(slots, limit)
    clipped, norm = clip(grads, limit)
    assert_close(norm, float(expected))
    assert_close(
        arrays(clipped), [slot.grad.numpy() for slot in slots if slot.grad is not None], rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("limit", [1.0, math.inf])
def test_a_norm_that_is_not_finite_leaves_the_gradients_alone(bad: float, limit: float) -> None:
    grads = draw()
    first = grads[0]
    assert first is not None
    first[1, 2] = bad
    clipped, norm = clip(grads, limit)
    for new, old in zip(arrays(clipped), arrays(grads), strict=True):
        np.testing.assert_array_equal(new, old)
    assert math.isnan(norm) if math.isnan(bad) else norm == math.inf


# Rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("limit", [0.25, 1e4])
def test_the_dtype_is_kept(dtype: type, limit: float) -> None:
    grads = draw(dtype=dtype)
    clipped, _ = clip(grads, limit)
    factor = min(1.0, limit / np.linalg.norm(flat(grads)))
    for new, old in zip(arrays(clipped), arrays(grads), strict=True):
        assert new.dtype == dtype
        assert_close(new, (old.astype(np.float64) * factor).astype(dtype))


def test_float16_gradients_whose_squares_overflow_are_clipped_all_the_same() -> None:
    clipped, norm = clip([np.full(400, 300.0, np.float16)], 60.0)
    assert_close(norm, 6000.0)
    assert_close(arrays(clipped)[0], np.full(400, 3.0, np.float16))


@pytest.mark.parametrize("limit", [0.1, 1e3])
def test_the_inputs_are_not_changed(limit: float) -> None:
    grads = draw()
    with assert_unchanged(grads):
        clip(grads, limit)
        global_norm(grads)


def test_any_memory_layout_will_do() -> None:
    g = np.random.normal(size=(3, 4))
    for layout, turned in layouts(g):
        clipped, norm = clip([turned], 0.5)
        assert_close(norm, np.linalg.norm(g), name=layout)
        assert_close(arrays(clipped)[0], g * (0.5 / np.linalg.norm(g)), name=layout)


@pytest.mark.parametrize("limit", [0.0, -1.0, -math.inf, math.nan])
@pytest.mark.parametrize("grads", [[np.ones(3)], [], [np.zeros(2), None]])
def test_a_limit_that_is_not_above_zero_raises(limit: float, grads: Grads) -> None:
    with pytest.raises(ValueError):
        clip(grads, limit)
