from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import BroadcastableShapes, mutually_broadcastable_shapes

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.autograd.broadcast_vjp import matmul_vjp, mul_vjp, sum_vjp, unbroadcast

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/mlp/linear_backward",),
    forbids={
        "torch": "sum over the axes that were broadcast, with numpy",
        "jax": "sum over the axes that were broadcast, with numpy",
        "autograd": "sum over the axes that were broadcast, with numpy",
    },
)

Shape = tuple[int, ...]
UNBROADCASTS = [
    ((2, 3), (3,)),
    ((2, 3), (2, 1)),
    ((2, 3), (1, 1)),
    ((3, 3), (3,)),
    ((3, 3), (3, 1)),
    ((4, 2, 3), (2, 1)),
    ((4, 2, 3), (1, 2, 3)),
    ((4, 1, 3), (1, 3)),
    ((1, 1, 3), (1,)),
    ((1,), ()),
    ((0, 3), (1, 3)),
    ((2, 0), ()),
]
PRODUCTS = [
    ((2, 3), (2, 3)),
    ((3, 1), (1, 4)),
    ((), (2, 3)),
    ((1,), (5,)),
    ((2, 1, 3), (4, 1)),
    ((2, 3), (3,)),
    ((), ()),
    ((1, 1), (1,)),
    ((0, 3), (1, 3)),
    ((4, 1), (0,)),
]
MATRIX_PRODUCTS = [
    ((2, 3), (3, 4)),
    ((5, 1, 2, 3), (4, 3, 2)),
    ((2, 3, 3), (3, 3)),
    ((1, 3), (2, 3, 1)),
    ((1, 2, 3), (4, 3, 2)),
    ((2, 1, 1), (3, 1, 1, 4)),
    ((3, 2, 2), (3, 2, 2)),
    ((0, 2, 3), (1, 3, 2)),
    ((2, 0), (0, 3)),
]
SUMS = [
    ((2, 3, 4), None),
    ((2, 3, 4), 0),
    ((2, 3, 4), -1),
    ((2, 3, 4), -3),
    ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (-1, 0)),
    ((2, 3, 4), (0, 1, 2)),
    ((2, 3, 4), ()),
    ((3, 3, 3), 1),
    ((3, 3, 3), (0, -1)),
    ((2, 1, 3), 1),
    ((5,), 0),
    ((5,), None),
    ((), None),
    ((0, 3), 0),
    ((0, 3), 1),
]


def draw(*shape: int) -> np.ndarray:
    return np.asarray(np.random.normal(size=shape))


def by_loops(g: np.ndarray, shape: Shape) -> np.ndarray:
    """Each entry of g is added to the one entry that it is a copy of."""
    out = np.zeros(shape)
    for index in np.ndindex(g.shape):
        aligned = zip(index[g.ndim - len(shape) :], shape, strict=True)
        out[tuple(0 if size == 1 else i for i, size in aligned)] += g[index]
    return out


@pytest.mark.parametrize(("g_shape", "shape"), UNBROADCASTS)
def test_an_entry_collects_the_gradients_of_all_its_copies(g_shape: Shape, shape: Shape) -> None:
    g = draw(*g_shape)
    assert_close(unbroadcast(g, shape), by_loops(g, shape))


@pytest.mark.parametrize("shape", [(2, 3), (2, 1, 3), (1, 1), (3,), (1,), (), (0, 2)])
def test_without_broadcasting_nothing_is_summed(shape: Shape) -> None:
    g = draw(*shape)
    assert_close(unbroadcast(g, shape), g)


@pytest.mark.parametrize(("a_shape", "b_shape"), PRODUCTS)
def test_gradients_of_a_product_agree_with_finite_differences(a_shape: Shape, b_shape: Shape) -> None:
    a, b = draw(*a_shape), draw(*b_shape)
    g = draw(*np.broadcast_shapes(a_shape, b_shape))
    assert_gradients(lambda a, b: a * b, [a, b], mul_vjp(g, a, b), upstream=g, names=["a", "b"])


@pytest.mark.parametrize(("a_shape", "b_shape"), MATRIX_PRODUCTS)
def test_gradients_of_a_matrix_product_agree_with_finite_differences(a_shape: Shape, b_shape: Shape) -> None:
    a, b = draw(*a_shape), draw(*b_shape)
    g = draw(*(a @ b).shape)
    assert_gradients(lambda a, b: a @ b, [a, b], matmul_vjp(g, a, b), upstream=g, names=["a", "b"])


@pytest.mark.parametrize(("shape", "axis"), SUMS)
def test_an_entry_gets_the_gradient_of_the_sum_it_went_into(shape: Shape, axis: Any) -> None:
    x = draw(*shape)
    for keepdims in (False, True):
        g = draw(*x.sum(axis, keepdims=keepdims).shape)
        grad = sum_vjp(g, shape, axis, keepdims)
        assert_gradients(
            lambda x, keepdims=keepdims: x.sum(axis, keepdims=keepdims), [x], [grad], upstream=g, names=["x"]
        )
        assert np.isin(grad, g).all(), "the gradient of a sum holds nothing but entries of g"


@settings(max_examples=20)
@given(mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3), st.integers(0, 10**6))
def test_mul_vjp_is_the_adjoint_of_a_change_of_either_factor(shapes: BroadcastableShapes, seed: int) -> None:
    np.random.seed(seed)
    (a, b), (change_a, change_b) = ([draw(*shape) for shape in shapes.input_shapes] for _ in range(2))
    g = draw(*shapes.result_shape)
    da, db = mul_vjp(g, a, b)
    assert (np.shape(da), np.shape(db)) == (a.shape, b.shape)
    assert_close(np.sum(da * change_a), np.sum(g * (change_a * b)), atol=1e-9, name="<da, change of a>")
    assert_close(np.sum(db * change_b), np.sum(g * (a * change_b)), atol=1e-9, name="<db, change of b>")


@settings(max_examples=20)
@given(mutually_broadcastable_shapes(signature="(n,k),(k,m)->(n,m)", max_side=3), st.integers(0, 10**6))
def test_matmul_vjp_is_the_adjoint_of_a_change_of_either_factor(
    shapes: BroadcastableShapes, seed: int
) -> None:
    np.random.seed(seed)
    (a, b), (change_a, change_b) = ([draw(*shape) for shape in shapes.input_shapes] for _ in range(2))
    g = draw(*shapes.result_shape)
    da, db = matmul_vjp(g, a, b)
    assert (np.shape(da), np.shape(db)) == (a.shape, b.shape)
    assert_close(np.sum(da * change_a), np.sum(g * (change_a @ b)), atol=1e-9, name="<da, change of a>")
    assert_close(np.sum(db * change_b), np.sum(g * (a @ change_b)), atol=1e-9, name="<db, change of b>")


def test_together_they_differentiate_a_layer() -> None:
    """(x W + b) * scale, summed over positions, with a scale for each example and feature."""
    x, W, b, scale, g = draw(2, 4, 3), draw(3, 5), draw(5), draw(2, 1, 5), draw(2, 5)
    of_sum, d_scale = mul_vjp(sum_vjp(g, (2, 4, 5), 1, False), x @ W + b, scale)
    grads = [*matmul_vjp(of_sum, x, W), unbroadcast(of_sum, (5,)), d_scale]
    assert_gradients(
        lambda x, W, b, scale: ((x @ W + b) * scale).sum(1),
        [x, W, b, scale],
        grads,
        upstream=g,
        names=["x", "W", "b", "scale"],
    )


@pytest.mark.parametrize(
    ("shape", "axis", "keepdims"),
    [((2, 3), 0, False), ((2, 3), 1, True), ((1, 3), 0, True), ((2, 3), (), False), ((), None, False)],
)
def test_the_gradient_of_a_sum_is_no_view_of_g(shape: Shape, axis: Any, keepdims: bool) -> None:
    g = np.asarray(draw(*shape).sum(axis, keepdims=keepdims))
    with assert_unchanged(g):
        grad = sum_vjp(g, shape, axis, keepdims)
        grad += 1.0
    assert not np.may_share_memory(grad, g)


def test_numpy_scalars_count_as_arrays_without_axes() -> None:
    scalars: list[Any] = [np.float64(1.5), np.float64(3.0), np.float64(-2.0)]
    g, a, b = scalars
    x = draw(2, 3)
    assert_close(unbroadcast(g, ()), np.array(1.5))
    assert_close(sum_vjp(g, (2, 3), None, False), np.full((2, 3), 1.5))
    assert_close(mul_vjp(g, a, b), [np.array(-3.0), np.array(4.5)])
    assert_close(mul_vjp(x, a, x), [np.asarray(np.vdot(x, x)), 3 * x])


def test_float32_stays_float32() -> None:
    g, a, b = (draw(*shape).astype(np.float32) for shape in ((2, 4, 3), (2, 4, 1), (3,)))
    wide = [one.astype(np.float64) for one in (g, a, b)]
    assert_close(unbroadcast(g, (4, 1)), by_loops(g, (4, 1)), dtype=np.float32)
    assert_close(mul_vjp(g, a, b), mul_vjp(*wide), dtype=np.float32)
    assert_close(matmul_vjp(g, a, b[None]), matmul_vjp(wide[0], wide[1], wide[2][None]), dtype=np.float32)
    assert_close(sum_vjp(g, (2, 4, 5, 3), -2, False), np.stack([g] * 5, axis=-2), dtype=np.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    inputs = draw(2, 4, 3), draw(4, 5), draw(2, 5, 3)
    expected = matmul_vjp(*inputs)
    for (_, g), (_, a), (_, b) in zip(*map(layouts, inputs), strict=True):
        with assert_unchanged(g, a, b):
            assert_close(matmul_vjp(g, a, b), expected)
            assert_close(mul_vjp(g, g, g)[0], inputs[0] ** 2)
            assert_close(unbroadcast(g, (4, 1)), by_loops(inputs[0], (4, 1)))
            assert_close(sum_vjp(g, (2, 2, 4, 3), 1, False), np.stack([inputs[0]] * 2, axis=1))
