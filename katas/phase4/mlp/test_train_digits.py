import math
import warnings
from collections.abc import Iterator
from itertools import chain, permutations
from typing import Any

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.statistics import assert_cdf, assert_distribution
from katas.phase4.mlp.train_digits import fit, minibatches, predict, standardise

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase4/mlp/two_layer_numpy",),
    forbids={
        "torch": "numpy and the gradients of the kata before are all that is needed",
        "jax": "numpy and the gradients of the kata before are all that is needed",
        "sklearn": "write the statistics, the batches and the loop",
        "scipy": "write the statistics, the batches and the loop",
    },
)
BATCH, MOMENTUM, CLASSES = 32, 0.9, 10
Params = dict[str, np.ndarray]
normal = np.random.normal


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def epoch(n: int, batch_size: int, generator: np.random.Generator) -> list[list[int]]:
    batches = list(minibatches(n, batch_size, generator))
    assert all(batch.ndim == 1 and batch.dtype.kind in "iu" for batch in batches)
    return [batch.tolist() for batch in batches]


def draw_rows(n: int, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    return normal(size=(n, d)), np.random.randint(CLASSES, size=n)


def gradients(params: Params, X: np.ndarray, t: np.ndarray) -> Params:
    """Of the mean cross-entropy, row by row."""
    grads = {key: np.zeros_like(p) for key, p in params.items()}
    for x, right in zip(X, t, strict=True):
        before = x @ params["W1"] + params["b1"]
        hidden = np.maximum(before, 0)
        weights = np.exp(hidden @ params["W2"] + params["b2"])
        at_logits = weights / weights.sum() - (np.arange(CLASSES) == right)
        at_hidden = params["W2"] @ at_logits * (before > 0)
        for key, grad in (
            ("W1", np.outer(x, at_hidden)),
            ("b1", at_hidden),
            ("W2", np.outer(hidden, at_logits)),
            ("b2", at_logits),
        ):
            grads[key] += grad / len(X)
    return grads


def step(state: tuple[Params, Params], X: np.ndarray, t: np.ndarray, lr: float) -> tuple[Params, Params]:
    """Params and velocities after a step on these rows."""
    params, velocity = state
    grads = gradients(params, X, t)
    velocity = {key: MOMENTUM * velocity[key] + grads[key] for key in params}
    return {key: params[key] - lr * velocity[key] for key in params}, velocity


def at_rest(params: Params) -> tuple[Params, Params]:
    return params, {key: np.zeros_like(p) for key, p in params.items()}


def assert_params(actual: Params, expected: Params, name: str = "params") -> None:
    __tracebackhide__ = True
    assert set(actual) == {"W1", "b1", "W2", "b2"}
    for key in expected:
        assert_close(actual[key], expected[key], rtol=1e-8, atol=1e-9, name=f"{name} {key}")


def same(one: Params, other: Params) -> bool:
    return all(np.allclose(one[key], other[key], rtol=1e-8, atol=1e-9) for key in one)


# Standardise --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m", "d"), [(2, 1, 1), (7, 3, 4), (30, 0, 2), (3, 5, 1)])
def test_the_training_rows_get_mean_zero_and_variance_one(n: int, m: int, d: int) -> None:
    train, test = 3 * normal(size=(n, d)) + 5, normal(size=(m, d))
    result, _, mean, std = standardise(train, test)
    assert_close(result.sum(0) / n, np.zeros(d), atol=1e-12)
    assert_close((result**2).sum(0) / n, np.ones(d))
    assert_close(mean, train.sum(0) / n, name="mean")
    assert_close(std, np.sqrt(((train - train.sum(0) / n) ** 2).sum(0) / n), name="std")


def test_the_test_rows_are_measured_by_the_training_rows() -> None:
    train, test = 3 * normal(size=(20, 4)) + 5, 2 * normal(size=(6, 4))
    scale = np.sqrt(((train - train.sum(0) / 20) ** 2).sum(0) / 20)
    _, result, _, _ = standardise(train, test)
    assert_close(result, (test - train.sum(0) / 20) / scale)


def test_another_test_set_changes_nothing_but_itself() -> None:
    train, test = normal(size=(20, 3)), normal(size=(6, 3))
    before, moved_before, *statistics_before = standardise(train, test)
    after, moved_after, *statistics_after = standardise(train, test + 5)
    assert_close([after, *statistics_after], [before, *statistics_before], rtol=0, atol=0)
    assert_close(moved_after - moved_before, np.tile(5 / statistics_after[1], (6, 1)))


def test_a_column_that_is_constant_in_training_becomes_zero_in_both() -> None:
    train, test = normal(size=(7, 4)), normal(size=(5, 4))
    train[:, 1], train[:, 3] = 0.1, 0.0  # seven times 0.1 has a std of 1e-17
    test[0, 3] = 0.0
    new_train, new_test, mean, std = standardise(train, test)
    assert_close(mean[[1, 3]], np.array([0.1, 0.0]), name="mean")
    assert std[[1, 3]].tolist() == [0, 0]
    assert not new_train[:, [1, 3]].any()
    assert not new_test[:, [1, 3]].any()
    others = standardise(train[:, [0, 2]], test[:, [0, 2]])
    assert_close([new_train[:, [0, 2]], new_test[:, [0, 2]]], list(others[:2]))


def test_a_constant_column_of_the_test_set_is_nothing_special() -> None:
    train, test = normal(size=(9, 2)), np.full((4, 2), 0.7)
    _, result, _, _ = standardise(train, test)
    assert_close(result, (test - train.mean(0)) / train.std(0))


def test_a_column_that_varies_a_little_is_no_constant() -> None:
    train, test = normal(size=(9, 1)), normal(size=(4, 1))
    expected = standardise(train, test)
    assert_close(list(standardise(1e-12 * train, 1e-12 * test)[:2]), list(expected[:2]))


def test_a_single_training_row_is_constant_throughout() -> None:
    new_train, new_test, mean, std = standardise(np.array([[2.0, -1.0]]), np.array([[3.0, 4.0], [2.0, -1.0]]))
    assert_close([new_train, new_test], [np.zeros((1, 2)), np.zeros((2, 2))])
    assert_close([mean, std], [np.array([2.0, -1.0]), np.zeros(2)])


# Batches ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "batch_size"), [(12, 4), (13, 4), (7, 3), (1, 1), (1, 5), (3, 7), (6, 1), (5, 5)]
)
def test_an_epoch_holds_every_index_once(n: int, batch_size: int) -> None:
    batches = epoch(n, batch_size, rng())
    assert sorted(i for batch in batches for i in batch) == list(range(n))
    full, rest = divmod(n, batch_size)
    assert [len(batch) for batch in batches] == [batch_size] * full + [rest] * (rest > 0)


def test_all_orders_are_equally_likely() -> None:
    generator = rng()
    orders = [tuple(chain.from_iterable(epoch(4, 3, generator))) for _ in range(2400)]
    assert_distribution([orders.count(one) for one in permutations(range(4))], np.full(24, 1 / 24))


def test_every_epoch_has_an_order_of_its_own_and_the_seed_decides() -> None:
    one, other = rng(1), rng(1)
    runs = [[epoch(50, 8, generator) for _ in range(3)] for generator in (one, other)]
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] != runs[0][2] != runs[0][0]
    assert epoch(50, 8, rng(2)) != runs[0][0]


def test_of_nothing_there_are_no_batches() -> None:
    assert epoch(0, 4, rng()) == []


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batches_of_none_are_a_value_error(batch_size: int) -> None:
    with pytest.raises(ValueError):
        list(minibatches(5, batch_size, rng()))


# Training -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "d", "hidden"), [(1, 1, 1), (5, 4, 3), (40, 2, 7)])
def test_ten_classes_and_biases_of_zero_to_begin_with(n: int, d: int, hidden: int) -> None:
    params = fit(normal(size=(n, d)), np.zeros(n, dtype=int), hidden, 0, 0.1, rng())
    assert {key: p.shape for key, p in params.items()} == {
        "W1": (d, hidden),
        "b1": (hidden,),
        "W2": (hidden, 10),
        "b2": (10,),
    }
    assert all(p.dtype == np.float64 for p in params.values())
    assert not params["b1"].any()
    assert not params["b2"].any()


def test_the_first_weights_are_normal_with_two_over_the_inputs_as_variance() -> None:
    X, t = draw_rows(3, 8)
    params = fit(X, t, 1500, 0, 0.1, rng())
    Phi = np.vectorize(lambda z: (1 + math.erf(z / math.sqrt(2))) / 2)
    for key, inputs in (("W1", 8), ("W2", 1500)):
        W = params[key]
        assert_cdf((W * math.sqrt(inputs / 2)).ravel(), Phi, name=f"{key}, standardised,")
        assert len(np.unique(W)) == W.size, f"entries of {key} are equal"


@pytest.mark.parametrize(("n", "d", "hidden"), [(1, 1, 1), (5, 3, 4), (32, 2, 6)])
@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_up_to_32_rows_an_epoch_is_one_step_with_momentum(n: int, d: int, hidden: int, epochs: int) -> None:
    X, t = draw_rows(n, d)
    state = at_rest(fit(X, t, hidden, 0, 0.2, rng()))
    for _ in range(epochs):
        state = step(state, X, t, 0.2)
    assert_params(fit(X, t, hidden, epochs, 0.2, rng()), state[0])


@pytest.mark.parametrize(("n", "steps"), [(31, 1), (33, 2), (64, 2), (65, 3), (100, 4)])
def test_an_epoch_takes_a_step_for_each_batch(n: int, steps: int) -> None:
    """All rows are the same one, so that every batch has the same gradient."""
    x, t = normal(size=(1, 3)), np.array([4])
    X, labels = np.repeat(x, n, axis=0), np.repeat(t, n)
    state = at_rest(fit(X, labels, 5, 0, 0.1, rng(1)))
    for _ in range(2 * steps):
        state = step(state, x, t, 0.1)
    assert_params(fit(X, labels, 5, 2, 0.1, rng(1)), state[0])


def test_of_33_rows_one_makes_the_last_batch_and_it_is_another_in_every_epoch() -> None:
    """Whichever row is left for the second batch, the params tell; six epochs with the same: 3e-8."""
    X, t = draw_rows(33, 5)
    state, last_rows = at_rest(fit(X, t, 16, 0, 0.1, rng(2))), []
    for epochs in range(1, 7):
        after = fit(X, t, 16, epochs, 0.1, rng(2))
        ends = [
            step(step(state, np.delete(X, i, 0), np.delete(t, i), 0.1), X[[i]], t[[i]], 0.1)
            for i in range(33)
        ]
        matches = [i for i, (params, _) in enumerate(ends) if same(params, after)]
        assert matches, f"epoch {epochs} is no step on 32 rows and one on the row that is left"
        last_rows += matches
        state = ends[matches[0]]
    assert len(set(last_rows)) > 1, f"row {last_rows[0]} is the last in every epoch"


def test_the_seed_decides() -> None:
    X, t = draw_rows(70)
    one, again, other = (fit(X, t, 4, 2, 0.1, rng(seed)) for seed in (3, 3, 4))
    assert_params(again, one)
    assert not any(np.allclose(one[key], other[key]) for key in one)


def test_inputs_stay_unchanged_and_any_memory_layout_will_do() -> None:
    X, t = draw_rows(20)
    expected = fit(X, t, 4, 2, 0.1, rng(5))
    for (_, rows), (_, labels) in zip(layouts(X), layouts(t), strict=False):
        with assert_unchanged(rows, labels):
            params = fit(rows, labels, 4, 2, 0.1, rng(5))
            assert_params(params, expected)
        with assert_unchanged(rows, params):
            predict(params, rows)
        with assert_unchanged(rows):
            standardise(rows, rows)


# Prediction ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "d", "hidden"), [(0, 2, 3), (1, 1, 1), (60, 3, 5), (10, 4, 10)])
def test_the_class_with_the_largest_logit_is_predicted(n: int, d: int, hidden: int) -> None:
    X, params = normal(size=(n, d)), {"W1": normal(size=(d, hidden)), "b1": normal(size=hidden)}
    params |= {"W2": normal(size=(hidden, 10)), "b2": normal(size=10)}
    logits = [np.maximum(x @ params["W1"] + params["b1"], 0) @ params["W2"] + params["b2"] for x in X]
    predicted = predict(params, X)
    assert predicted.shape == (n,)
    assert predicted.dtype.kind in "iu"
    assert predicted.tolist() == [max(range(10), key=row.tolist().__getitem__) for row in logits]


def test_of_equal_logits_the_first_class_is_taken() -> None:
    params = {"W1": np.ones((2, 3)), "b1": np.zeros(3), "W2": np.zeros((3, 10)), "b2": np.zeros(10)}
    assert predict(params, normal(size=(4, 2))).tolist() == [0, 0, 0, 0]
    params["b2"][[3, 7]] = 1.0
    assert predict(params, normal(size=(4, 2))).tolist() == [3, 3, 3, 3]


# Digits -------------------------------------------------------------------------------------------------


def digits() -> tuple[np.ndarray, np.ndarray]:
    """1797 images of 8 x 8 grey values, (n, 64), and what they show."""
    from sklearn.datasets import load_digits  # a second of imports, which only this test need pay

    data: Any = load_digits()
    return data.data, data.target


# Measured over 300 seeds of the weights and the batches: accuracy 0.981 +- 0.004, the least 0.967; 0.95 is
# seven standard deviations down. Over 20 seeds of each, medians and the best run:
#   rows without their classes     0.21   0.30       the last batch dropped          0.984  0.992
#   uphill                         0.09   0.13       no momentum                     0.976  0.990
#   the test set as it came        0.77   0.84       the test set's own mean         0.981  0.990
#   a step an epoch                0.91   0.94       one order for all epochs        0.982  0.990
#   mean subtracted, not divided   0.88   0.94       units that start equal          0.981  0.990
# The left column fails here; what is on the right nobody can tell from the accuracy, so the tests above do.
@pytest.mark.slow
def test_it_reads_handwritten_digits_that_it_has_not_seen() -> None:
    data, target = digits()
    order = rng(0).permutation(len(data))
    rows, fresh = order[:1400], order[1400:]
    X, unseen, _, _ = standardise(data[rows], data[fresh])
    params = fit(X, target[rows], 64, 20, 0.05, rng(1))
    accuracy = (predict(params, unseen) == target[fresh]).mean()
    assert accuracy >= 0.95, f"{accuracy:.1%} of unseen digits are read right"


# Measured over 100 seeds: all training rows right in each run; of the unseen 0.145 +- 0.018, at most 0.204.
def test_labels_without_sense_are_learnt_by_heart_and_say_nothing_of_the_unseen() -> None:
    data, target = digits()
    order = rng(0).permutation(len(data))
    rows, fresh = order[:100], order[1400:]
    X, unseen, _, _ = standardise(data[rows], data[fresh])
    labels = rng(1).integers(CLASSES, size=100)
    params = fit(X, labels, 64, 100, 0.05, rng(2))
    assert (predict(params, X) == labels).mean() >= 0.98
    assert (predict(params, unseen) == target[fresh]).mean() <= 0.4
