from typing import Any

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.mlp.linear_backward import linear_backward, linear_forward

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={
        "torch": "numpy's matrix product and sums are all it takes",
        "jax": "numpy's matrix product and sums are all it takes",
        "autograd": "derive the three gradients and write them down",
    },
)

SIZES = [
    ((4,), 3, 2),
    ((), 3, 2),
    ((2, 3), 3, 2),
    ((3, 1, 2), 2, 4),
    ((5,), 1, 3),
    ((2, 2), 3, 1),
    ((1,), 1, 1),
]


def draw(lead: tuple[int, ...], d_in: int, d_out: int) -> list[np.ndarray]:
    """x, W, b and dy."""
    shapes = (*lead, d_in), (d_in, d_out), (d_out,), (*lead, d_out)
    return [np.random.normal(size=shape) for shape in shapes]


def by_loops(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    y = np.zeros((*x.shape[:-1], len(b))) + b
    for *position, i, j in np.ndindex(*x.shape, len(b)):
        y[(*position, j)] += x[(*position, i)] * W[i, j]
    return y


def backward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, dy: np.ndarray) -> tuple[Any, ...]:
    return linear_backward(dy, linear_forward(x, W, b)[1])


@pytest.mark.parametrize(("lead", "d_in", "d_out"), SIZES)
def test_every_position_goes_through_the_same_layer(lead: tuple[int, ...], d_in: int, d_out: int) -> None:
    x, W, b, _ = draw(lead, d_in, d_out)
    assert_close(linear_forward(x, W, b)[0], by_loops(x, W, b), name="y")
    assert_close(linear_forward(x, W, None)[0], by_loops(x, W, 0 * b), name="y without a bias")


@pytest.mark.parametrize(("lead", "d_in", "d_out"), SIZES)
def test_gradients_agree_with_finite_differences(lead: tuple[int, ...], d_in: int, d_out: int) -> None:
    x, W, b, dy = draw(lead, d_in, d_out)
    assert_gradients(
        lambda x, W, b: x @ W + b, [x, W, b], backward(x, W, b, dy), upstream=dy, names=["x", "W", "b"]
    )


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_without_a_bias_the_other_gradients_stay_the_same(lead: tuple[int, ...]) -> None:
    x, W, _, dy = draw(lead, 3, 2)
    dx, dW, db = backward(x, W, None, dy)
    assert db is None
    assert_gradients(lambda x, W: x @ W, [x, W], [dx, dW], upstream=dy, names=["x", "W"])


def test_a_batch_adds_up_what_its_examples_say() -> None:
    x, W, b, dy = draw((6,), 3, 2)
    dx, dW, db = backward(x, W, b, dy)
    each = [backward(x[i], W, b, dy[i]) for i in range(6)]
    assert_close(dx, np.stack([one[0] for one in each]), name="dx")
    assert_close(dW, np.sum([one[1] for one in each], axis=0), name="dW")
    assert_close(db, np.sum([one[2] for one in each], axis=0), name="db")


@pytest.mark.parametrize(("lead", "d_in", "d_out"), [*SIZES, ((2, 1, 3, 2), 4, 3)])
def test_backward_is_the_adjoint_of_forward(lead: tuple[int, ...], d_in: int, d_out: int) -> None:
    """<dy, change of y> = <gradient, change of the input>, for a change of each of the three."""
    x, W, b, dy = draw(lead, d_in, d_out)
    change_x, change_W, change_b, _ = draw(lead, d_in, d_out)
    dx, dW, db = backward(x, W, b, dy)
    assert_close(np.sum(dx * change_x), np.sum(dy * (change_x @ W)), atol=1e-9, name="<dx, change of x>")
    assert_close(np.sum(dW * change_W), np.sum(dy * (x @ change_W)), atol=1e-9, name="<dW, change of W>")
    assert_close(np.sum(db * change_b), np.sum(dy * change_b), atol=1e-9, name="<db, change of b>")


def test_one_cache_serves_many_backward_passes_and_they_are_linear() -> None:
    x, W, b, dy = draw((2, 3), 3, 2)
    other = np.random.normal(size=dy.shape)
    _, cache = linear_forward(x, W, b)
    passes: Any = [linear_backward(one, cache) for one in (dy, other, 2 * dy - 3 * other)]
    for of_dy, of_other, of_both in zip(*passes, strict=True):
        assert_close(of_both, 2 * of_dy - 3 * of_other)


def test_nothing_but_the_cache_connects_the_two_passes() -> None:
    x, W, b, dy = draw((4,), 3, 2)
    other_x, other_W, _, other_dy = draw((2, 2), 5, 7)
    expected = backward(x, W, b, dy)
    _, cache = linear_forward(x, W, b)
    backward(other_x, other_W, None, other_dy)
    assert_close(linear_backward(dy, cache), expected)


@pytest.mark.parametrize("lead", [(0,), (3, 0), (0, 2)])
def test_an_empty_batch_leaves_the_weights_alone(lead: tuple[int, ...]) -> None:
    x, W, b, dy = draw(lead, 3, 2)
    y, cache = linear_forward(x, W, b)
    assert y.shape == (*lead, 2)
    assert_close(linear_backward(dy, cache), [np.zeros((*lead, 3)), np.zeros((3, 2)), np.zeros(2)])


@pytest.mark.parametrize("lead", [(), (4,), (2, 3)])
def test_float32_stays_float32(lead: tuple[int, ...]) -> None:
    x, W, b, dy = (one.astype(np.float32) for one in draw(lead, 3, 2))
    y, cache = linear_forward(x, W, b)
    assert_close(y, by_loops(x, W, b), dtype=np.float32, name="y")
    expected = backward(*(one.astype(np.float64) for one in (x, W, b, dy)))
    assert_close(linear_backward(dy, cache), expected, dtype=np.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    inputs = draw((2, 3), 3, 2)
    x, W, b, dy = inputs
    expected = backward(x, W, b, dy)
    for (_, x), (_, W), (_, dy) in zip(*(layouts(inputs[i]) for i in (0, 1, 3)), strict=True):
        with assert_unchanged(x, W, b, dy):
            y, cache = linear_forward(x, W, b)
            assert_close(y, by_loops(x, W, b), name="y")
            assert_close(linear_backward(dy, cache), expected)


@pytest.mark.parametrize(
    ("x", "b"), [((4,), (2,)), ((5, 2), (2,)), ((3, 5), (2,)), ((3,), (1,)), ((5, 3), (3,)), ((5, 3), (5, 2))]
)
def test_a_forward_pass_of_shapes_that_do_not_fit_raises(x: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        linear_forward(np.ones(x), np.ones((3, 2)), np.ones(b))


@pytest.mark.parametrize(
    "shape",
    [(2,), (5, 2), (20, 2), (5, 4, 2), (1, 4, 5, 2), (4, 5, 1, 2), (4, 5, 3, 2), (4, 5, 1), (4, 5, 3), (40,)],
)
@pytest.mark.parametrize("b", [np.ones(2), None])
def test_a_dy_of_another_shape_than_y_raises(shape: tuple[int, ...], b: np.ndarray | None) -> None:
    _, cache = linear_forward(np.ones((4, 5, 3)), np.ones((3, 2)), b)
    with pytest.raises(ValueError):
        linear_backward(np.ones(shape), cache)
