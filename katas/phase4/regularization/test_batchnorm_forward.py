import math
import statistics
from itertools import product

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.regularization.batchnorm_forward import BatchNorm1d

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "torch": "numpy's mean and variance over an axis are all it takes",
        "jax": "numpy's mean and variance over an axis are all it takes",
    },
)

SIZES = [(2, 1), (3, 2), (4, 4), (5, 3), (2, 6), (30, 1)]


def draw(n: int, d: int) -> np.ndarray:
    """Columns of different means and spreads, no two entries of a column close to each other."""
    columns = [np.random.permutation(n) + np.random.uniform(0, 0.5, n) for _ in range(d)]
    return np.stack(columns, axis=1) * np.linspace(0.5, 2, d) + np.linspace(-2, 3, d)


def layer(d: int, eps: float = 1e-5, momentum: float = 0.1) -> BatchNorm1d:
    """A layer with some history: no array is as it began."""
    bn = BatchNorm1d(d, eps, momentum)
    bn.gamma, bn.beta, bn.running_mean = np.random.normal(size=(3, d))
    bn.running_var = np.random.uniform(0.5, 2, size=d)
    return bn


def arrays(bn: BatchNorm1d) -> list[np.ndarray]:
    return [one.copy() for one in (bn.gamma, bn.beta, bn.running_mean, bn.running_var)]


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_in_training_every_feature_gets_mean_0_and_variance_1(n: int, d: int) -> None:
    y = BatchNorm1d(d, eps=1e-12)(draw(n, d), True)
    for column in y.T.tolist():
        assert_close(math.fsum(column), 0.0, atol=1e-9, name="sum of a column")
        assert_close(statistics.pvariance(column), 1.0, rtol=1e-9, name="variance of a column")


@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_eps_makes_the_variance_a_little_smaller(eps: float) -> None:
    x = draw(5, 3)
    y = BatchNorm1d(3, eps)(x, True)
    for before, after in zip(x.T.tolist(), y.T.tolist(), strict=True):
        var = statistics.pvariance(before)
        assert_close(statistics.pvariance(after), var / (var + eps), rtol=1e-9)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_gamma_and_beta_choose_another_scale_and_mean(n: int, d: int) -> None:
    bn = layer(d, eps=1e-12)
    y = bn(draw(n, d), True)
    for j, column in enumerate(y.T.tolist()):
        assert_close(statistics.fmean(column), float(bn.beta[j]), rtol=1e-9, atol=1e-9, name="mean")
        assert_close(statistics.pstdev(column), abs(float(bn.gamma[j])), rtol=1e-9, name="spread")


def test_the_unit_of_a_feature_does_not_matter_in_training() -> None:
    x, bn = draw(6, 4), layer(4, eps=1e-14)
    assert_close(bn(x * [1e3, 2.0, 0.01, 7.0] + [5.0, -300.0, 0.0, 0.1], True), bn(x, True), rtol=1e-8)
    assert_close(BatchNorm1d(4, eps=1e-14)(-x, True), -BatchNorm1d(4, eps=1e-14)(x, True), rtol=1e-8)


@pytest.mark.parametrize("train", [True, False])
def test_only_in_training_does_a_row_depend_on_its_neighbours(train: bool) -> None:
    x = draw(5, 3)
    other = x.copy()
    other[4] += 10
    bn, twin = BatchNorm1d(3), BatchNorm1d(3)
    changed = bn(x, train)[:4] != twin(other, train)[:4]
    assert changed.tolist() == [[train] * 3] * 4


@pytest.mark.parametrize(("n", "d"), [(1, 3), (4, 4), (5, 2), (1, 1), (0, 3)])
def test_outside_training_the_running_statistics_are_used(n: int, d: int) -> None:
    bn, x = layer(d, eps=0.1), draw(n, d)
    expected = np.empty((n, d))
    for i, j in np.ndindex(n, d):
        xhat = (x[i, j] - bn.running_mean[j]) / math.sqrt(bn.running_var[j] + 0.1)
        expected[i, j] = bn.gamma[j] * xhat + bn.beta[j]
    assert_close(bn(x, False), expected)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_outside_training_nothing_moves(n: int) -> None:
    bn = layer(3)
    before = arrays(bn)
    bn(draw(n, 3), False)
    assert_close(arrays(bn), before, rtol=0, atol=0)


def test_a_new_layer_knows_nothing() -> None:
    ones, zeros = np.ones(3), np.zeros(3)
    assert_close(arrays(BatchNorm1d(3)), [ones, zeros, zeros, ones], rtol=0, atol=0)


def test_eps_is_a_hundred_thousandth_unless_it_is_given() -> None:
    bn = BatchNorm1d(2)
    bn.running_var = np.zeros(2)
    x = draw(3, 2)
    assert_close(bn(x, False), x / math.sqrt(1e-5))


def test_the_first_batch_moves_the_statistics_by_a_tenth() -> None:
    bn = BatchNorm1d(2)
    bn(np.array([[1.0, 0.0], [3.0, 6.0]]), True)
    assert_close(bn.running_mean, np.array([0.2, 0.3]), name="running_mean")
    assert_close(bn.running_var, np.array([0.9 + 0.2, 0.9 + 1.8]), name="running_var")


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("momentum", [0.0, 0.1, 0.75, 1.0])
def test_momentum_is_the_share_of_the_batch(n: int, d: int, momentum: float) -> None:
    bn, x = layer(d, momentum=momentum), draw(n, d)
    gamma, beta, mean, var = arrays(bn)
    bn(x, True)
    of_batch = [statistics.fmean(column) for column in x.T.tolist()]
    assert_close(bn.running_mean, (1 - momentum) * mean + momentum * np.array(of_batch), name="running_mean")
    of_batch = [statistics.variance(column) for column in x.T.tolist()]
    assert_close(bn.running_var, (1 - momentum) * var + momentum * np.array(of_batch), name="running_var")
    assert_close([bn.gamma, bn.beta], [gamma, beta], rtol=0, atol=0)


def test_the_same_batch_again_and_again_is_learned_geometrically() -> None:
    bn, x = layer(3, momentum=0.3), draw(4, 3)
    _, _, mean, var = arrays(bn)
    for _ in range(6):
        bn(x, True)
    forgotten = 0.7**6
    assert_close(bn.running_mean, forgotten * mean + (1 - forgotten) * x.mean(0), name="running_mean")
    assert_close(bn.running_var, forgotten * var + (1 - forgotten) * x.var(0, ddof=1), name="running_var")


@pytest.mark.parametrize("n", [2, 3, 50])
def test_training_and_use_differ_by_the_two_variances(n: int) -> None:
    """Even where the running statistics are those of this very batch."""
    bn, x = BatchNorm1d(3, eps=1e-14, momentum=1.0), draw(n, 3)
    in_training = bn(x, True)
    assert_close(bn(x, False), in_training * math.sqrt((n - 1) / n), rtol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(2, 3), (8, 4), (5, 5)])
@pytest.mark.parametrize(("eps", "momentum"), [(1e-5, 0.1), (0.2, 0.6)])
def test_agrees_with_torch_call_by_call(n: int, d: int, eps: float, momentum: float) -> None:
    mine, other = layer(d, eps, momentum), torch.nn.BatchNorm1d(d, eps, momentum, dtype=torch.float64)
    names = ("weight", "bias", "running_mean", "running_var")
    other.load_state_dict(dict(zip(names, map(torch.from_numpy, arrays(mine)), strict=True)), strict=False)
    for call, train in enumerate([True, False] * 5):
        x = draw(n, d)
        expected = other.train(train)(torch.from_numpy(x))
        assert_close(mine(x, train), expected.detach().numpy(), name=f"y of call {call}")
        theirs = [other.state_dict()[name].numpy() for name in names]
        assert_close(arrays(mine), theirs, name=f"arrays after call {call}")


def test_layers_have_nothing_in_common() -> None:
    one, other = BatchNorm1d(3), BatchNorm1d(3)
    before = arrays(other)
    for _ in range(3):
        one(draw(4, 3), True)
        one.gamma += 1
        one.beta -= 1
    assert_close(arrays(other), before, rtol=0, atol=0)
    assert_close([one.gamma, one.beta], [np.full(3, 4.0), np.full(3, -3.0)], rtol=0, atol=0)


def test_a_large_offset_costs_few_digits() -> None:
    x = np.random.randint(-1000, 1000, size=(6, 3)) / 512  # so that adding 1e6 rounds nothing
    x[0] = [3, 4, 5]
    here, there = BatchNorm1d(3, momentum=1.0), BatchNorm1d(3, momentum=1.0)
    assert_close(there(x + 1e6, True), here(x, True), rtol=1e-7)
    assert_close(there.running_var, here.running_var, rtol=1e-7)
    assert_close(there(x + 1e6, False), here(x, False), rtol=1e-7)


def test_a_constant_feature_becomes_beta() -> None:
    bn = layer(2)
    x = draw(5, 2)
    x[:, 1] = 0.1
    assert_close(bn(x, True)[:, 1], np.full(5, bn.beta[1]), rtol=1e-9)


def test_float32_stays_float32_and_the_statistics_float64() -> None:
    bn = layer(3)
    twin = BatchNorm1d(3)
    twin.gamma, twin.beta, twin.running_mean, twin.running_var = arrays(bn)
    x = draw(6, 3).astype(np.float32)
    for train in (True, False):
        y = bn(x, train)
        assert_close(y, twin(x.astype(np.float64), train), dtype=np.float32, rtol=1e-5)
        assert_close(arrays(bn), arrays(twin), rtol=1e-5)


def test_any_memory_layout_will_do_and_x_stays_unchanged() -> None:
    x = draw(5, 3)
    bn = layer(3)
    of_training, of_use = bn(x, True), BatchNorm1d(3)(x, False)
    for _, one in layouts(x):
        with assert_unchanged(one):
            assert_close(bn(one, True), of_training)
            assert_close(BatchNorm1d(3)(one, False), of_use)


@pytest.mark.parametrize("n", [0, 1])
def test_training_on_fewer_than_two_rows_raises(n: int) -> None:
    bn = layer(3)
    before = arrays(bn)
    with pytest.raises(ValueError):
        bn(draw(n, 3), True)
    assert_close(arrays(bn), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("shape", "train"),
    [*product([(4, 1), (4, 2), (4, 4), (3,), (4,), (2, 4, 3), (1, 3, 3), (4, 3, 1), ()], [True, False])],
)
def test_an_x_that_does_not_fit_raises(shape: tuple[int, ...], train: bool) -> None:
    bn = layer(3)
    before = arrays(bn)
    with pytest.raises(ValueError):
        bn(np.asarray(np.random.normal(size=shape)), train)
    assert_close(arrays(bn), before, rtol=0, atol=0)
