import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.transformer.ffn_memory import edit, interference, store

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/mlp/activations",),
    forbids={
        "torch": "a product, a constant and a rank-one change are all it takes",
        "scipy": "a product, a constant and a rank-one change are all it takes",
        "sklearn": "nothing is fitted here: the weights can be written down",
        "numpy.linalg.lstsq": "nothing is fitted here: the weights can be written down",
        "numpy.linalg.pinv": "nothing is fitted here: the weights can be written down",
    },
)

SIZES = [(6, 24, 4), (24, 24, 3), (1, 5, 2), (2, 1, 1), (5, 40, 1), (1, 1, 1)]  # n, d, dv
each_size = pytest.mark.parametrize(("n", "d", "dv"), SIZES)


def unit_rows(n: int, d: int) -> np.ndarray:
    """n keys; for d = 1 there are but two."""
    keys = np.random.normal(size=(n, d)) if d > 1 else np.array([[1.0], [-1.0]])[:n]
    return keys / np.sqrt(np.square(keys).sum(1, keepdims=True))


def largest_dot(keys: np.ndarray) -> float:
    n = len(keys)
    return max((float(keys[i] @ keys[j]) for i in range(n) for j in range(n) if i != j), default=-1.0)


def facts(n: int, d: int, dv: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Keys, values and a margin that these keys allow."""
    keys = unit_rows(n, d)
    return keys, np.random.normal(size=(n, dv)), np.random.uniform(0.3, 0.95) * (1 - largest_dot(keys))


def activations(x: np.ndarray, W1: np.ndarray, b1: np.ndarray) -> np.ndarray:
    return np.maximum(x @ W1 + b1, 0)


def recalled(x: np.ndarray, memory: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    W1, b1, W2 = memory
    return activations(x, W1, b1) @ W2


def draw(n: int, dv: int) -> list[np.ndarray]:
    """W2, act and new_value; most activations are positive, some are not, as GELU makes them."""
    return [np.random.normal(size=(n, dv)), np.random.normal(size=n) + 1, np.random.normal(size=dv)]


@each_size
def test_the_nearest_pair_of_keys_interferes_most(n: int, d: int, dv: int) -> None:
    keys = unit_rows(n, d)
    assert_close(interference(keys), largest_dot(keys))


def test_keys_that_point_away_from_one_another_interfere_least() -> None:
    third = np.pi * 2 / 3
    keys = np.array([[np.cos(third * k), np.sin(third * k)] for k in range(3)])
    assert_close(interference(keys), -0.5)
    assert_close(interference(keys[:1]), -1.0)
    assert_close(interference(np.array([[1.0, 0.0], [-1.0, 0.0]])), -1.0)


@each_size
def test_every_key_is_answered_by_its_value(n: int, d: int, dv: int) -> None:
    keys, values, margin = facts(n, d, dv)
    W1, b1, W2 = store(keys, values, margin)
    assert (W1.shape, b1.shape, W2.shape) == ((d, n), (n,), (n, dv))
    assert_close(recalled(keys, (W1, b1, W2)), values)


@pytest.mark.parametrize("size", [0.2, 1.0, 5.0])
def test_what_is_like_no_key_is_answered_by_zero(size: float) -> None:
    keys, values, margin = facts(6, 24, 4)
    probes = size * unit_rows(4000, 24)
    unlike = probes[(probes @ keys.T).max(1) < 1 - margin - 1e-9]
    assert len(unlike) >= 20
    assert not recalled(unlike, store(keys, values, margin)).any()


@each_size
def test_in_between_a_fact_gets_louder_in_proportion(n: int, d: int, dv: int) -> None:
    keys, values, margin = facts(n, d, dv)
    x = np.concatenate((3 * np.random.normal(size=(20, d)), np.linspace(0, 2, 21)[:, None] * keys[0]))
    expected = np.zeros((len(x), dv))
    for row, y in zip(x, expected, strict=True):
        for key, value in zip(keys, values, strict=True):
            y += max(0.0, float(row @ key) - (1 - margin)) / margin * value
    assert_close(recalled(x, store(keys, values, margin)), expected)


def test_orthogonal_keys_can_have_the_whole_margin() -> None:
    values = np.random.normal(size=(4, 3))
    memory = store(np.eye(4), values, 1.0)
    assert_close(recalled(np.eye(4), memory), values)
    assert_close(recalled(np.array([0.5, 0.0, 2.0, -1.0]), memory), 0.5 * values[0] + 2 * values[2])


def test_keys_that_point_away_allow_for_more_than_one() -> None:
    keys, values = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.random.normal(size=(2, 3))
    memory = store(keys, values, 1.6)
    assert_close(recalled(keys, memory), values)
    assert_close(recalled(np.array([0.0, 1.0]), memory), (values[0] + values[1]) * 0.6 / 1.6)


@pytest.mark.parametrize("n", [1, 2, 5, 30])
@pytest.mark.parametrize("dv", [1, 4])
def test_after_an_edit_the_new_value_is_read_out(n: int, dv: int) -> None:
    W2, act, new_value = draw(n, dv)
    edited = edit(W2, act, new_value)
    assert edited.shape == W2.shape
    assert_close(act @ edited, new_value)


@pytest.mark.parametrize("n", [1, 2, 5, 30])
@pytest.mark.parametrize("dv", [1, 4])
def test_an_edit_is_the_shortest_way_there(n: int, dv: int) -> None:
    W2, act, new_value = draw(n, dv)
    change = edit(W2, act, new_value) - W2
    assert_close(change, np.linalg.pinv(act[None]) @ (new_value - act @ W2)[None], atol=1e-9)
    for _ in range(200):
        other = np.random.normal(size=(n, dv))
        other += np.outer(act, new_value - act @ (W2 + other)) / (act @ act)  # it reads out the same
        assert np.linalg.norm(change) <= np.linalg.norm(other) + 1e-9


def test_an_edit_is_of_rank_one_and_spares_what_is_orthogonal() -> None:
    W2, act, new_value = draw(7, 4)
    edited = edit(W2, act, new_value)
    assert np.linalg.matrix_rank(edited - W2, tol=1e-9) == 1
    others = np.random.normal(size=(5, 7))
    others -= np.outer(others @ act, act) / (act @ act)
    assert_close(others @ edited, others @ W2)


def test_an_edit_to_what_is_there_already_changes_nothing() -> None:
    W2, act, _ = draw(7, 4)
    assert_close(edit(W2, act, act @ W2), W2)


def test_editing_one_fact_of_a_memory_leaves_the_others() -> None:
    keys, values, margin = facts(6, 24, 4)
    W1, b1, W2 = store(keys, values, margin)
    new_value = np.random.normal(size=4)
    edited = edit(W2, activations(keys[2], W1, b1), new_value)
    expected = values.copy()
    expected[2] = new_value
    assert_close(recalled(keys, (W1, b1, edited)), expected)


def test_float32_stays_float32() -> None:
    keys, values, margin = facts(6, 24, 4)
    memory = store(keys.astype(np.float32), values.astype(np.float32), margin)
    assert [one.dtype for one in memory] == [np.float32] * 3
    assert_close(recalled(keys, memory), values, rtol=1e-4, dtype=None)
    W2, act, new_value = (one.astype(np.float32) for one in draw(7, 4))
    expected = W2 + np.outer(act, new_value - act @ W2) / np.square(act.astype(float)).sum()
    assert_close(edit(W2, act, new_value), expected, dtype=np.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    keys, values, margin = facts(6, 24, 4)
    W2, act, new_value = draw(7, 4)
    expected = W2 + np.outer(act, new_value - act @ W2) / np.square(act).sum()
    for (_, k), (_, v), (_, w) in zip(*map(layouts, (keys, values, W2)), strict=True):
        with assert_unchanged(k, v, w):
            assert_close(interference(k), largest_dot(keys))
            assert_close(recalled(keys, store(k, v, margin)), values)
            assert_close(edit(w, act, new_value), expected)
    for (_, a), (_, new) in zip(layouts(act), layouts(new_value), strict=True):
        with assert_unchanged(a, new):
            assert_close(edit(W2, a, new), expected)


@pytest.mark.parametrize("margin", [0.0, -0.5, -1e-9, 0.5001, 0.9])
def test_a_margin_that_keys_do_not_allow_raises(margin: float) -> None:
    keys = np.array([[1.0, 0.0], [0.5, 0.75**0.5], [0.0, -1.0]])
    with pytest.raises(ValueError):
        store(keys, np.ones((3, 2)), margin)


def test_a_margin_that_keys_just_allow_does_not() -> None:
    keys, values = np.array([[1.0, 0.0], [0.5, 0.75**0.5]]), np.random.normal(size=(2, 3))
    assert_close(recalled(keys, store(keys, values, 0.5)), values)


def test_the_same_key_twice_raises() -> None:
    keys = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ValueError):
        store(keys, np.ones((3, 2)), 1e-3)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_another_number_of_values_than_keys_raises(n: int) -> None:
    with pytest.raises(ValueError):
        store(np.eye(3), np.ones((n, 2)), 0.5)


def test_no_activation_at_all_raises() -> None:
    with pytest.raises(ValueError):
        edit(np.ones((3, 2)), np.zeros(3), np.ones(2))


def test_some_activations_may_be_zero() -> None:
    W2, act = np.random.normal(size=(3, 2)), np.array([0.0, 1.5, -1.5])
    edited = edit(W2, act, np.ones(2))
    assert_close(act @ edited, np.ones(2))
    assert edited[0].tolist() == W2[0].tolist()


@pytest.mark.parametrize(
    ("act", "new_value"),
    [((3,), (1,)), ((3,), (3,)), ((3,), ()), ((3,), (1, 2)), ((2,), (2,)), ((4,), (2,)), ((1, 3), (2,))],
)
def test_an_edit_of_shapes_that_do_not_fit_raises(act: tuple[int, ...], new_value: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        edit(np.ones((3, 2)), np.ones(act), np.ones(new_value))
