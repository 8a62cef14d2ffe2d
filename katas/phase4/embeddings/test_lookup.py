import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.embeddings.lookup import embed, embed_backward

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/mlp/linear_backward",),
    forbids={
        "torch": "an index and a sum over places in numpy are all it takes",
        "jax": "an index and a sum over places in numpy are all it takes",
    },
)

SHAPES = [(), (1,), (7,), (4, 5), (2, 3, 2), (0,), (3, 0)]


def draw(shape: tuple[int, ...], V: int = 6, d: int = 3) -> tuple[Any, np.ndarray, np.ndarray]:
    """ids of that shape, a table and a gradient of the output."""
    return (
        np.asarray(np.random.randint(V, size=shape)),
        np.random.normal(size=(V, d)),
        np.random.normal(size=(*shape, d)),
    )


def one_hot(ids: np.ndarray, V: int) -> np.ndarray:
    return (ids[..., None] == np.arange(V)).astype(float)  # (..., V)


# Forward -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_looking_up_is_a_product_with_one_hot_vectors(shape: tuple[int, ...]) -> None:
    ids, E, _ = draw(shape)
    assert_close(embed(ids, E), one_hot(ids, 6) @ E)


def test_the_rows_are_those_of_the_table() -> None:
    E = np.arange(12.0).reshape(4, 3)
    assert_close(embed(np.array([[3, 0], [3, 2]]), E), np.array([[E[3], E[0]], [E[3], E[2]]]))


@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
def test_the_result_is_no_window_onto_the_table(shape: tuple[int, ...]) -> None:
    ids, E, _ = draw(shape)
    before = E.copy()
    embed(ids, E)[...] = 99
    assert_close(E, before, name="the table")


# Backward ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_is_the_product_with_the_one_hots_turned(shape: tuple[int, ...]) -> None:
    ids, _, dy = draw(shape)
    expected = one_hot(ids, 6).reshape(-1, 6).T @ dy.reshape(-1, 3)
    assert_close(embed_backward(dy, ids, 6), expected)


def test_places_with_the_same_id_add_up() -> None:
    dy = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, -40.0], [8.0, 80.0]])
    expected = [[0.0, 0.0], [7.0, -10.0], [8.0, 80.0]]
    assert_close(embed_backward(dy, np.array([1, 1, 1, 2]), 3), np.array(expected))


@pytest.mark.parametrize("shape", [(), (9,), (3, 4)])
def test_the_gradient_is_the_slope(shape: tuple[int, ...]) -> None:
    ids, E, dy = draw(shape, V=5)
    assert_gradients(lambda E: embed(ids, E), (E,), (embed_backward(dy, ids, 5),), upstream=dy)


@pytest.mark.parametrize("padding", [None, 0, 2, 5])
def test_agrees_with_torch(padding: int | None) -> None:
    ids, E, dy = draw((4, 5))
    table = torch.tensor(E, requires_grad=True)
    out = torch.nn.functional.embedding(torch.tensor(ids), table, padding_idx=padding)
    (expected,) = torch.autograd.grad(out, table, torch.tensor(dy))
    assert_close(embed_backward(dy, ids, 6, padding), expected.numpy())


def test_a_row_that_nobody_looked_up_has_no_gradient() -> None:
    dE = embed_backward(np.random.normal(size=(3, 2)), np.array([1, 4, 1]), 7)
    assert (dE[[0, 2, 3, 5, 6]] == 0).all()
    assert (dE[[1, 4]] != 0).all()


@pytest.mark.parametrize("padding", [0, 3])
def test_the_row_of_the_padding_gets_no_gradient_and_all_others_do(padding: int) -> None:
    ids = np.array([[0, 3, 1], [3, 0, 0]])
    dy = np.random.normal(size=(2, 3, 4))
    dE = embed_backward(dy, ids, 4, padding)
    assert (dE[padding] == 0).all()
    expected = one_hot(ids, 4).reshape(-1, 4).T @ dy.reshape(-1, 4)
    expected[padding] = 0
    assert_close(dE, expected)


# Rules ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_float_dtype_is_kept(dtype: type) -> None:
    ids, E, dy = draw((4, 5))
    E, dy = E.astype(dtype), dy.astype(dtype)
    assert_close(embed(ids, E), one_hot(ids, 6).astype(dtype) @ E)
    assert_close(
        embed_backward(dy, ids, 6), one_hot(ids, 6).astype(dtype).reshape(-1, 6).T @ dy.reshape(-1, 3)
    )


@pytest.mark.parametrize("kind", [np.int32, np.uint8, np.int8, np.uint64])
def test_any_integers_are_ids(kind: type) -> None:
    ids, E, dy = draw((4, 5))
    assert_close(embed(ids.astype(kind), E), one_hot(ids, 6) @ E)
    assert_close(
        embed_backward(dy, ids.astype(kind), 6), one_hot(ids, 6).reshape(-1, 6).T @ dy.reshape(-1, 3)
    )


def test_any_memory_layout_will_do() -> None:
    ids, E, dy = draw((4, 5))
    expected = one_hot(ids, 6).reshape(-1, 6).T @ dy.reshape(-1, 3)
    for (layout, i), (_, e), (_, d) in zip(layouts(ids), layouts(E), layouts(dy), strict=False):
        assert_close(embed(i, e), one_hot(ids, 6) @ E, name=layout)
        assert_close(embed_backward(d, i, 6), expected, name=layout)


def test_the_inputs_are_not_changed() -> None:
    ids, E, dy = draw((4, 5))
    with assert_unchanged(ids, E, dy):
        embed(ids, E)
        embed_backward(dy, ids, 6, 2)


@pytest.mark.parametrize("bad", [-1, -6, 6, 100])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2)])
def test_an_id_outside_the_table_raises(bad: int, shape: tuple[int, ...]) -> None:
    ids, E, dy = draw(shape)
    ids[(0,) * len(shape)] = bad
    with pytest.raises(IndexError):
        embed(ids, E)
    with pytest.raises(IndexError):
        embed_backward(dy, ids, 6)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.bool_])
def test_what_is_no_integer_is_no_id(kind: type) -> None:
    ids, E, dy = draw((6,))
    with pytest.raises(TypeError):
        embed(ids.astype(kind), E)
    with pytest.raises(TypeError):
        embed_backward(dy, ids.astype(kind), 6)


def test_a_vocabulary_of_a_million_costs_no_one_hot_vectors() -> None:
    """One row of 10^6 float64 is 8 MB: 64 of them are 512 MB, and dE itself is 32 MB."""
    ids, dy = np.random.randint(10**6, size=64), np.random.normal(size=(64, 4))
    E = np.zeros((10**6, 4))
    tracemalloc.start()
    try:
        embed(ids, E)
        embed_backward(dy, ids, 10**6)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 130e6, f"{peak / 1e6:.0f} MB at the peak for a gradient of 32 MB"
