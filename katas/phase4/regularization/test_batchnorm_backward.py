import math
import statistics
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.regularization.batchnorm_backward import bn_backward, bn_forward

KATA = Kata(
    difficulty=4,
    minutes=40,
    needs=("phase4/regularization/batchnorm_forward",),
    forbids={
        "torch": "derive the three gradients and write them down in numpy",
        "jax": "derive the three gradients and write them down in numpy",
        "autograd": "derive the three gradients and write them down in numpy",
    },
)

SIZES = [(3, 2), (2, 1), (2, 5), (4, 4), (7, 5), (6, 1)]
NAMES = ["x", "gamma", "beta"]


Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw(n: int, d: int) -> Arrays:
    """x, gamma, beta and dy; no two entries of a column of x are close to each other."""
    columns = [np.random.permutation(n) + np.random.uniform(0, 0.5, n) for _ in range(d)]
    x = np.stack(columns, axis=1) * np.linspace(0.5, 2, d) + np.linspace(-2, 3, d)
    return x, np.random.normal(size=d), np.random.normal(size=d), np.random.normal(size=(n, d))


def formula(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    return gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + eps) + beta


def by_torch(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dy: np.ndarray) -> list[np.ndarray]:
    leaves = [torch.from_numpy(one).double().requires_grad_() for one in (x, gamma, beta)]
    result = F.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True)
    return [grad.numpy() for grad in torch.autograd.grad(result, leaves, torch.from_numpy(dy).double())]


def backward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dy: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return bn_backward(dy, bn_forward(x, gamma, beta, eps)[1])


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_every_feature_is_normalised_then_scaled_and_shifted(n: int, d: int, eps: float) -> None:
    x, gamma, beta, _ = draw(n, d)
    y, _ = bn_forward(x, gamma, beta, eps)
    for j, column in enumerate(x.T.tolist()):
        mean, std = statistics.fmean(column), math.sqrt(statistics.pvariance(column) + eps)
        expected = [float(gamma[j]) * (one - mean) / std + float(beta[j]) for one in column]
        assert_close(y[:, j], np.array(expected), name=f"column {j} of y")


def test_eps_is_a_hundred_thousandth_unless_it_is_given() -> None:
    x, gamma, beta, dy = draw(5, 3)
    x = x * 1e-3  # so that eps counts
    y, cache = bn_forward(x, gamma, beta)
    assert_close(y, formula(x, gamma, beta, 1e-5), name="y")
    assert_close(bn_backward(dy, cache), backward(x, gamma, beta, dy, 1e-5))


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_a_shift_of_a_column_changes_nothing_so_its_gradient_sums_to_0(n: int, d: int) -> None:
    dx, _, _ = backward(*draw(n, d))
    assert_close(dx.sum(0), np.zeros(d), atol=1e-10, name="sum of dx over the batch")


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("eps", [1e-3, 0.3])
def test_a_column_gets_no_gradient_along_itself_but_for_eps(n: int, d: int, eps: float) -> None:
    """A column that is stretched gives the same y, as far as eps does not count."""
    x, gamma, beta, dy = draw(n, d)
    dx, _, _ = backward(x, gamma, beta, dy, eps)
    var = x.var(0)
    xhat = (x - x.mean(0)) / np.sqrt(var + eps)
    rest = gamma / np.sqrt(var + eps) * eps / (var + eps) * (dy * xhat).sum(0)
    assert_close((dx * xhat).sum(0), rest, atol=1e-10, name="sum of dx xhat")


def test_the_same_gradient_at_every_row_moves_beta_alone() -> None:
    x, gamma, beta, _ = draw(5, 3)
    dx, dgamma, dbeta = backward(x, gamma, beta, np.ones((5, 3)))
    assert_close(dbeta, np.full(3, 5.0), name="dbeta")
    assert_close(dgamma, np.zeros(3), atol=1e-10, name="dgamma")
    assert_close(dx, np.zeros((5, 3)), atol=1e-10, name="dx")


def test_twice_the_input_gets_half_the_gradient() -> None:
    x, gamma, beta, dy = draw(6, 4)
    dx, dgamma, dbeta = backward(x, gamma, beta, dy, 1e-12)
    assert_close(backward(2 * x, gamma, beta, dy, 1e-12), [dx / 2, dgamma, dbeta], rtol=1e-9)


def test_a_gradient_at_one_row_reaches_every_row_of_its_column() -> None:
    x, gamma, beta, _ = draw(5, 3)
    dy = np.zeros((5, 3))
    dy[2, 1] = 1.0
    dx, _, _ = backward(x, gamma, beta, dy)
    assert (dx[:, 1] != 0).all()
    assert_close(dx[:, [0, 2]], np.zeros((5, 2)), name="dx of the other columns")


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_gradients_agree_with_finite_differences(n: int, d: int, eps: float) -> None:
    x, gamma, beta, dy = draw(n, d)
    grads = backward(x, gamma, beta, dy, eps)
    assert_gradients(
        lambda x, gamma, beta: formula(x, gamma, beta, eps), [x, gamma, beta], grads, upstream=dy, names=NAMES
    )


@pytest.mark.parametrize(("n", "d"), [*SIZES, (50, 30)])
def test_agrees_with_torch(n: int, d: int) -> None:
    inputs = draw(n, d)
    assert_close(backward(*inputs), by_torch(*inputs), rtol=1e-8, atol=1e-12)


def test_a_case_by_hand() -> None:
    """x = -1, 1 and eps = 3: std is 2, so xhat = -1/2, 1/2."""
    x, gamma, beta = np.array([[-1.0], [1.0]]), np.array([4.0]), np.array([7.0])
    y, cache = bn_forward(x, gamma, beta, 3.0)
    assert_close(y, np.array([[5.0], [9.0]]), name="y")
    dx, dgamma, dbeta = bn_backward(np.array([[0.0], [1.0]]), cache)
    assert_close(dbeta, np.array([1.0]), name="dbeta")
    assert_close(dgamma, np.array([0.5]), name="dgamma")
    assert_close(dx, np.array([[-0.75], [0.75]]), name="dx")  # 4/2 (0 - 1/2 + 1/8), 4/2 (1 - 1/2 - 1/8)


def test_one_cache_serves_many_backward_passes_and_they_are_linear() -> None:
    x, gamma, beta, dy = draw(5, 3)
    other = np.random.normal(size=dy.shape)
    _, cache = bn_forward(x, gamma, beta)
    passes: Any = [bn_backward(one, cache) for one in (dy, other, 2 * dy - 3 * other)]
    for of_dy, of_other, of_both in zip(*passes, strict=True):
        assert_close(of_both, 2 * of_dy - 3 * of_other)


def test_nothing_but_the_cache_connects_the_two_passes() -> None:
    inputs, other = draw(5, 3), draw(4, 2)
    expected = backward(*inputs)
    y, cache = bn_forward(*inputs[:3])
    backward(*other)
    y[:] = np.maximum(y, 0)  # the next layer may work in place
    assert_close(bn_backward(inputs[3], cache), expected)


def test_a_gamma_of_0_stops_dx_alone() -> None:
    x, gamma, beta, dy = draw(5, 3)
    gamma[1] = 0
    grads = backward(x, gamma, beta, dy)
    assert_close(grads[0][:, 1], np.zeros(5), name="dx where gamma is 0")
    assert_gradients(formula, [x, gamma, beta], grads, upstream=dy, names=NAMES)


def test_a_constant_column_has_finite_gradients() -> None:
    x, gamma, beta, dy = draw(4, 3)
    x[:, 1] = 0.25
    dx, dgamma, _ = backward(x, gamma, beta, dy)
    assert_close(dx[:, 1], gamma[1] / math.sqrt(1e-5) * (dy[:, 1] - dy[:, 1].mean()), name="dx")
    assert_close(float(dgamma[1]), 0.0, name="dgamma")


def test_a_large_offset_leaves_six_digits() -> None:
    _, gamma, beta, dy = draw(6, 3)
    x = np.random.randint(-1000, 1000, size=(6, 3)) / 512  # so that adding 1e6 rounds nothing
    x[0] = [3, 4, 5]
    y, cache = bn_forward(x + 1e6, gamma, beta)
    assert_close(y, formula(x, gamma, beta), rtol=1e-6, name="y")
    assert_close(bn_backward(dy, cache), by_torch(x, gamma, beta, dy), rtol=1e-6)


@pytest.mark.parametrize(("n", "d"), [(4, 4), (7, 5), (6, 2)])
def test_float32_stays_float32(n: int, d: int) -> None:
    x, gamma, beta, dy = (one.astype(np.float32) for one in draw(n, d))
    y, cache = bn_forward(x, gamma, beta)
    assert_close(y, formula(x, gamma, beta), dtype=np.float32, rtol=1e-5, name="y")
    assert_close(bn_backward(dy, cache), by_torch(x, gamma, beta, dy), dtype=np.float32, rtol=1e-4)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    inputs = draw(5, 3)
    x, gamma, beta, dy = inputs
    expected = backward(x, gamma, beta, dy)
    for (_, x), (_, dy) in zip(layouts(inputs[0]), layouts(inputs[3]), strict=True):
        with assert_unchanged(x, gamma, beta, dy):
            y, cache = bn_forward(x, gamma, beta)
            assert_close(y, formula(x, gamma, beta), name="y")
            assert_close(bn_backward(dy, cache), expected)


@pytest.mark.parametrize("other", [(1,), (), (1, 3), (5, 3), (2,), (4,), (5,), (5, 1)])
def test_a_gamma_or_beta_that_does_not_fit_raises(other: tuple[int, ...]) -> None:
    x, _, _, _ = draw(5, 3)
    for gamma, beta in ((other, (3,)), ((3,), other), (other, other)):
        with pytest.raises(ValueError):
            bn_forward(x, np.ones(gamma), np.ones(beta))


@pytest.mark.parametrize("shape", [(3,), (1, 3), (5, 1), (4, 3), (5, 2), (3, 5), (15,), (1, 5, 3), (2, 5, 3)])
def test_a_dy_of_another_shape_than_y_raises(shape: tuple[int, ...]) -> None:
    x, gamma, beta, _ = draw(5, 3)
    _, cache = bn_forward(x, gamma, beta)
    with pytest.raises(ValueError):
        bn_backward(np.ones(shape), cache)
