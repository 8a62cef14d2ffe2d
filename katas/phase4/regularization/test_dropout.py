import math

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, float_dtypes, layouts
from aire_katas.checks.gradients import assert_gradients
from aire_katas.checks.statistics import (
    assert_distribution,
    assert_mean,
    assert_proportion,
    assert_variance,
)
from katas.phase4.regularization.dropout import dropout_backward, dropout_forward

KATA = Kata(
    difficulty=2,
    minutes=15,
    forbids={
        "torch": "a comparison of random numbers and a product are all it takes",
        "jax": "a comparison of random numbers and a product are all it takes",
    },
)

RATE = 1e-6  # of each of 16 statistical checks: a right solution fails at most once in 30,000 runs
SHAPES = [(5,), (1,), (3, 4), (4, 4), (1, 6), (2, 3, 4), (0,), (3, 0, 2)]


def train(x: np.ndarray, p: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """y and the mask of a first call with this seed."""
    y, mask = dropout_forward(x, p, np.random.default_rng(seed), True)
    assert mask is not None, "in training the mask is an array"
    return y, mask


def some_mask(shape: tuple[int, ...], p: float) -> np.ndarray:
    return np.where(np.random.random(shape) < p, 0.0, 1 / (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_on_average_nothing_changes(p: float) -> None:
    x = np.array([1.0, -3.0, 0.2, 50.0])
    y, _ = train(np.tile(x, (50_000, 1)), p)
    assert_mean(y, x, std=np.abs(x) * math.sqrt(p / (1 - p)), false_alarm=RATE, name="mean of y")


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_a_share_p_is_dropped(p: float) -> None:
    y, mask = train(np.ones(200_000), p)
    assert_proportion(np.sum(y == 0), 200_000, p, false_alarm=RATE, name="share of y that is 0")
    assert_close(mask == 0, y == 0, name="where the mask is 0")


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5, 0.8, 0.99])
def test_what_survives_is_scaled_up(p: float) -> None:
    x = np.random.normal(size=(40, 50))
    y, mask = train(x, p)
    dropped = y == 0
    assert 0 < dropped.sum() < x.size
    assert_close(y, np.where(dropped, 0, x / (1 - p)), name="y")
    assert_close(mask, np.where(dropped, 0, 1 / (1 - p)), name="mask")


@pytest.mark.parametrize(
    ("shape", "p"), [((3,), 0.2), ((2, 2), 0.3), ((4, 1), 0.6), ((1, 4), 0.5), ((2, 2, 2), 0.5)]
)
def test_every_entry_is_decided_independently(shape: tuple[int, ...], p: float) -> None:
    """Each pattern of dropped entries comes up as often as in throws of one coin an entry."""
    rng, x, size = np.random.default_rng(1), np.ones(shape), math.prod(shape)
    calls = [dropout_forward(x, p, rng, True)[0] for _ in range(8000)]
    patterns = (np.stack(calls).reshape(8000, size) == 0) @ 2 ** np.arange(size)
    dropped = np.array([pattern.bit_count() for pattern in range(2**size)])
    assert_distribution(
        np.bincount(patterns, minlength=2**size),
        p**dropped * (1 - p) ** (size - dropped),
        false_alarm=RATE,
        name="pattern of dropped entries, read as a binary number,",
    )


@pytest.mark.parametrize("axis", [0, 1])
def test_no_row_or_column_shares_a_decision(axis: int) -> None:
    """The number that a row of 1000 loses varies as the number of heads in 1000 throws does."""
    n, p = 1000, 0.3
    y, _ = train(np.ones((n, n)), p)
    variance = n * p * (1 - p)
    kurtosis = 3 + (1 - 6 * p * (1 - p)) / variance
    lost = (y == 0).sum(axis)
    assert_mean(lost, n * p, std=math.sqrt(variance), false_alarm=RATE, name="number lost")
    assert_variance(lost, variance, kurtosis=kurtosis, false_alarm=RATE, name="variance of the number lost")


def test_every_call_draws_a_new_mask() -> None:
    rng, x = np.random.default_rng(2), np.ones((20, 20))
    first, second = (dropout_forward(x, 0.5, rng, True)[0] for _ in range(2))
    assert_proportion(np.sum((first == 0) & (second == 0)), 400, 0.25, false_alarm=RATE, name="dropped twice")


def test_all_randomness_comes_from_the_generator() -> None:
    x = np.random.normal(size=(20, 20))
    y, mask = train(x, 0.5, seed=3)
    assert_close(train(x, 0.5, seed=3), [y, mask])
    assert (train(x, 0.5, seed=4)[1] != mask).any(), "two seeds have given the same mask"


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
def test_outside_training_nothing_happens(p: float) -> None:
    x, rng = np.random.normal(size=(3, 4)), np.random.default_rng(5)
    before = rng.bit_generator.state
    y, mask = dropout_forward(x, p, rng, False)
    assert_close(y, x, rtol=0, atol=0)
    assert mask is None
    assert rng.bit_generator.state == before, "something was drawn from rng"


@pytest.mark.parametrize("shape", SHAPES)
def test_with_p_zero_nothing_is_dropped(shape: tuple[int, ...]) -> None:
    x = np.random.normal(size=shape)
    assert_close(train(x, 0.0), [x, np.ones(shape)], rtol=0, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_goes_the_way_of_the_signal(shape: tuple[int, ...]) -> None:
    dy, mask = np.random.normal(size=shape), some_mask(shape, 0.4)
    dx = dropout_backward(dy, mask)
    expected = np.zeros(shape)
    for i in np.ndindex(shape):
        if mask[i]:
            expected[i] = dy[i] / (1 - 0.4)
    assert_close(dx, expected)
    assert not dx[mask == 0].any(), "where an entry was dropped, its gradient is exactly 0"


def test_the_gradient_outside_training_is_dy() -> None:
    dy = np.random.normal(size=(3, 4))
    assert_close(dropout_backward(dy, None), dy, rtol=0, atol=0)


@pytest.mark.parametrize("on", [True, False])
def test_gradients_agree_with_finite_differences(on: bool) -> None:
    """The same seed drops the same entries each time the forward pass is called."""
    x, dy = np.random.normal(size=(2, 5, 3)), np.random.normal(size=(2, 5, 3))
    _, mask = dropout_forward(x, 0.4, np.random.default_rng(6), on)
    assert_gradients(
        lambda x: dropout_forward(x, 0.4, np.random.default_rng(6), on)[0],
        (x,),
        (dropout_backward(dy, mask),),
        upstream=dy,
        names=("x",),
    )


@pytest.mark.parametrize("shape", [*SHAPES, (2, 1, 3, 2), (0, 4)])
def test_any_shape_will_do(shape: tuple[int, ...]) -> None:
    x = np.random.normal(size=shape)
    y, mask = train(x, 0.5)
    assert (y.shape, mask.shape) == (shape, shape)
    assert_close(y, np.where(mask == 0, 0, 2 * x))


@pytest.mark.parametrize("dtype", float_dtypes(np))
def test_the_dtype_is_kept(dtype: type) -> None:
    x, rng = np.random.normal(size=(30, 30)).astype(dtype), np.random.default_rng(7)
    y, mask = train(x, 0.3)
    kept = (mask != 0).astype(dtype)
    assert_close(mask, kept / dtype(0.7), name="mask")
    assert_close(y, kept * x / dtype(0.7), name="y")
    assert_close(dropout_forward(x, 0.3, rng, False)[0], x, name="y outside training")
    assert_close(dropout_backward(x, mask), kept * x / dtype(0.7), name="dx")


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, mask = np.random.normal(size=(4, 6)), some_mask((4, 6), 0.5)
    expected = np.where(mask == 0, 0, 2 * x)
    for (_, one), (_, its_mask) in zip(layouts(x), layouts(mask), strict=True):
        with assert_unchanged(one, its_mask):
            y, drawn = train(one, 0.5)
            assert_close(y, np.where(drawn == 0, 0, 2 * x), name="y")
            assert_close(dropout_forward(one, 0.5, np.random.default_rng(8), False)[0], x)
            assert_close(dropout_backward(one, its_mask), expected, name="dx")
            assert_close(dropout_backward(one, None), x, name="dx outside training")


@pytest.mark.parametrize("p", [1.0, 1.5, -0.1, -1e-9, math.inf])
@pytest.mark.parametrize("on", [True, False])
def test_a_p_outside_its_range_raises(p: float, on: bool) -> None:
    with pytest.raises(ValueError):
        dropout_forward(np.ones(3), p, np.random.default_rng(9), on)
