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
from katas.phase4.regularization.layernorm import ln_backward, ln_forward

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase4/regularization/batchnorm_backward",),
    forbids={
        "torch": "derive the three gradients and write them down in numpy",
        "jax": "derive the three gradients and write them down in numpy",
        "autograd": "derive the three gradients and write them down in numpy",
    },
)

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

# Squares among them, where an axis that was dropped is broadcast to the wrong one without a word.
SHAPES = [(4, 3), (5,), (2, 3, 4), (4, 4), (3, 3, 3), (2, 1, 3, 2), (1, 6)]
NAMES = ["x", "gamma", "beta"]


def draw(shape: tuple[int, ...]) -> Arrays:
    """x, gamma, beta and dy; no two entries of a vector of x are close to each other."""
    *lead, d = shape
    steps = np.random.uniform(size=shape).argsort(-1)
    x = (steps + np.random.uniform(0, 0.5, shape)) * np.random.uniform(0.5, 2, (*lead, 1))
    x += np.random.uniform(-3, 3, (*lead, 1))
    gamma = np.random.choice([-1, 1], d) * np.random.uniform(0.5, 2, d)
    return x, gamma, np.random.normal(size=d), np.random.normal(size=shape)


def formula(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + beta


def by_torch(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dy: np.ndarray) -> list[np.ndarray]:
    """y, dx, dgamma and dbeta in float64."""
    leaves = [torch.from_numpy(one).double().requires_grad_() for one in (x, gamma, beta)]
    y = F.layer_norm(leaves[0], (x.shape[-1],), leaves[1], leaves[2])
    return [
        one.detach().numpy() for one in (y, *torch.autograd.grad(y, leaves, torch.from_numpy(dy).double()))
    ]


def backward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, dy: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return ln_backward(dy, ln_forward(x, gamma, beta, eps)[1])


@pytest.mark.parametrize("shape", SHAPES)
def test_every_vector_gets_mean_0_and_variance_1(shape: tuple[int, ...]) -> None:
    d = shape[-1]
    y, _ = ln_forward(draw(shape)[0], np.ones(d), np.zeros(d), 1e-14)
    assert y.shape == shape
    for vector in y.reshape(-1, d).tolist():
        assert_close(math.fsum(vector), 0.0, atol=1e-9, name="sum of a vector")
        assert_close(statistics.pvariance(vector), 1.0, rtol=1e-9, name="variance of a vector")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_every_vector_is_normalised_then_scaled_and_shifted(shape: tuple[int, ...], eps: float) -> None:
    x, gamma, beta, _ = draw(shape)
    y, _ = ln_forward(x, gamma, beta, eps)
    for position in np.ndindex(shape[:-1]):
        vector = x[position].tolist()
        mean, std = statistics.fmean(vector), math.sqrt(statistics.pvariance(vector) + eps)
        xhat = np.array([(one - mean) / std for one in vector])
        assert_close(y[position], gamma * xhat + beta, name=f"y at {position}")


def test_the_unit_in_which_a_vector_is_measured_does_not_matter() -> None:
    x, gamma, beta, _ = draw((4, 5))
    scale, shift = np.array([[0.01], [3.0], [1e3], [1.0]]), np.array([[5.0], [0.0], [-200.0], [0.3]])
    y, _ = ln_forward(x, gamma, beta, 1e-14)
    assert_close(ln_forward(scale * x + shift, gamma, beta, 1e-14)[0], y, rtol=1e-8)
    assert_close(ln_forward(-x, gamma, 0 * beta, 1e-14)[0], beta - y, rtol=1e-8)


def test_a_token_minds_its_own_business() -> None:
    x, gamma, beta, dy = draw((3, 4, 5))
    y, cache = ln_forward(x, gamma, beta)
    dx, _, _ = ln_backward(dy, cache)
    other_x, other_dy = x.copy(), dy.copy()
    other_x[1, 2], other_dy[1, 2] = 100 * np.random.normal(size=(2, 5))
    other_y, cache = ln_forward(other_x, gamma, beta)
    other_dx, _, _ = ln_backward(other_dy, cache)
    same = np.ones((3, 4), dtype=bool)
    same[1, 2] = False
    assert_close(other_y[same], y[same], rtol=0, atol=0, name="y of the others")
    assert_close(other_dx[same], dx[same], rtol=0, atol=0, name="dx of the others")
    assert (other_y[1, 2] != y[1, 2]).any()


def test_eps_is_a_hundred_thousandth_unless_it_is_given() -> None:
    x, gamma, beta, dy = draw((3, 4))
    x = x * 1e-3  # so that eps counts
    y, cache = ln_forward(x, gamma, beta)
    assert_close(y, formula(x, gamma, beta, 1e-5), name="y")
    assert_close(ln_backward(dy, cache), backward(x, gamma, beta, dy, 1e-5))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shift_of_a_vector_changes_nothing_so_its_gradient_sums_to_0(shape: tuple[int, ...]) -> None:
    dx, _, _ = backward(*draw(shape))
    assert_close(dx.sum(-1), np.zeros(shape[:-1]), atol=1e-10, name="sum of dx over the features")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-3, 0.3])
def test_a_vector_gets_no_gradient_along_itself_but_for_eps(shape: tuple[int, ...], eps: float) -> None:
    """A vector that is stretched gives the same y, as far as eps does not count."""
    x, gamma, beta, dy = draw(shape)
    dx, _, _ = backward(x, gamma, beta, dy, eps)
    var = x.var(-1)
    xhat = formula(x, np.ones_like(gamma), 0 * beta, eps)
    rest = eps / (var + eps) ** 1.5 * (dy * gamma * xhat).sum(-1)
    assert_close((dx * xhat).sum(-1), rest, atol=1e-10, name="sum of dx xhat")


def test_the_same_gradient_at_every_feature_of_xhat_stops_there() -> None:
    x, gamma, beta, _ = draw((3, 4))
    dy = np.array([[1.0], [-2.0], [5.0]]) / gamma
    dx, _, dbeta = backward(x, gamma, beta, dy)
    assert_close(dx, np.zeros((3, 4)), atol=1e-10, name="dx")
    assert_close(dbeta, 4 / gamma, name="dbeta")


def test_a_gradient_at_one_feature_reaches_all_features_of_its_vector() -> None:
    x, gamma, beta, _ = draw((2, 3, 4))
    dy = np.zeros((2, 3, 4))
    dy[1, 0, 2] = 1.0
    dx, dgamma, dbeta = backward(x, gamma, beta, dy)
    reached = np.zeros((2, 3), dtype=bool)
    reached[1, 0] = True
    assert (dx[reached] != 0).all()
    assert not dx[~reached].any()
    assert np.flatnonzero(dgamma).tolist() == np.flatnonzero(dbeta).tolist() == [2]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_gradients_agree_with_finite_differences(shape: tuple[int, ...], eps: float) -> None:
    x, gamma, beta, dy = draw(shape)
    grads = backward(x, gamma, beta, dy, eps)
    assert_gradients(
        lambda x, gamma, beta: formula(x, gamma, beta, eps),
        [x, gamma, beta],
        grads,
        upstream=dy,
        names=NAMES,
    )


@pytest.mark.parametrize("shape", [*SHAPES, (3, 10, 40)])
def test_agrees_with_torch(shape: tuple[int, ...]) -> None:
    x, gamma, beta, dy = draw(shape)
    y, cache = ln_forward(x, gamma, beta)
    assert_close([y, *ln_backward(dy, cache)], by_torch(x, gamma, beta, dy), rtol=1e-8)


def test_a_case_by_hand() -> None:
    """x = -1, 1 and eps = 3: std is 2, so xhat = -1/2, 1/2."""
    x, gamma, beta = np.array([-1.0, 1.0]), np.array([3.0, 4.0]), np.array([7.0, 0.0])
    y, cache = ln_forward(x, gamma, beta, 3.0)
    assert_close(y, np.array([5.5, 2.0]), name="y")
    dx, dgamma, dbeta = ln_backward(np.array([0.0, 1.0]), cache)
    assert_close(dbeta, np.array([0.0, 1.0]), name="dbeta")
    assert_close(dgamma, np.array([0.0, 0.5]), name="dgamma")
    assert_close(dx, np.array([-0.75, 0.75]), name="dx")  # (0 - 2 + 1/2) / 2, (4 - 2 - 1/2) / 2


def test_a_batch_adds_up_what_its_vectors_say() -> None:
    x, gamma, beta, dy = draw((2, 3, 4))
    dx, dgamma, dbeta = backward(x, gamma, beta, dy)
    each = [backward(x[at], gamma, beta, dy[at]) for at in np.ndindex(2, 3)]
    assert_close(dx, np.stack([one[0] for one in each]).reshape(2, 3, 4), name="dx")
    assert_close(dgamma, np.sum([one[1] for one in each], axis=0), name="dgamma")
    assert_close(dbeta, np.sum([one[2] for one in each], axis=0), name="dbeta")


def test_one_cache_serves_many_backward_passes_and_they_are_linear() -> None:
    x, gamma, beta, dy = draw((2, 3, 4))
    other = np.random.normal(size=dy.shape)
    _, cache = ln_forward(x, gamma, beta)
    passes: Any = [ln_backward(one, cache) for one in (dy, other, 2 * dy - 3 * other)]
    for of_dy, of_other, of_both in zip(*passes, strict=True):
        assert_close(of_both, 2 * of_dy - 3 * of_other)


def test_nothing_but_the_cache_connects_the_two_passes() -> None:
    x, gamma, beta, dy = draw((3, 4))
    other = draw((2, 2, 5))
    expected = backward(x, gamma, beta, dy)
    y, cache = ln_forward(x, gamma, beta)
    backward(*other)
    y[:] = np.maximum(y, 0)  # the next layer may work in place
    assert_close(ln_backward(dy, cache), expected)


def test_a_gamma_of_0_keeps_its_feature_out_of_dx_but_not_out_of_dgamma() -> None:
    x, gamma, beta, dy = draw((5, 4))
    gamma[1] = 0
    grads = backward(x, gamma, beta, dy)
    dy_without = dy.copy()
    dy_without[:, 1] = 0
    assert_close(backward(x, gamma, beta, dy_without)[0], grads[0], name="dx without the feature")
    assert_gradients(formula, [x, gamma, beta], grads, upstream=dy, names=NAMES)


def test_a_constant_vector_becomes_beta_and_has_finite_gradients() -> None:
    x, gamma, beta, dy = draw((3, 4))
    x[1] = 0.25
    y, cache = ln_forward(x, gamma, beta)
    assert_close(y[1], beta, name="y")
    dxhat = gamma * dy[1]
    assert_close(ln_backward(dy, cache)[0][1], (dxhat - dxhat.mean()) / math.sqrt(1e-5), name="dx")


@pytest.mark.parametrize("shape", [(1,), (3, 1), (1, 1), (2, 3, 1)])
def test_a_single_feature_becomes_beta_and_gets_no_gradient(shape: tuple[int, ...]) -> None:
    x, gamma, beta, dy = draw(shape)
    y, cache = ln_forward(x, gamma, beta)
    assert_close(y, np.broadcast_to(beta, shape), name="y")
    assert_close(ln_backward(dy, cache), [0 * x, 0 * gamma, dy.reshape(-1, 1).sum(0)])


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4), (0, 2, 1)])
def test_an_empty_batch_leaves_gamma_and_beta_alone(shape: tuple[int, ...]) -> None:
    x, gamma, beta, dy = draw(shape)
    y, cache = ln_forward(x, gamma, beta)
    assert y.shape == shape
    assert_close(ln_backward(dy, cache), [np.zeros(shape), 0 * gamma, 0 * beta])


@pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 2, 6)])
def test_a_large_offset_leaves_six_digits(shape: tuple[int, ...]) -> None:
    _, gamma, beta, dy = draw(shape)
    x = np.random.randint(-1000, 1000, size=shape) / 512  # so that adding 1e6 rounds nothing
    x[..., :2] = [-3, 4]
    y, cache = ln_forward(x + 1e6, gamma, beta)
    assert_close([y, *ln_backward(dy, cache)], by_torch(x, gamma, beta, dy), rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 4), (7,), (2, 3, 5)])
def test_float32_stays_float32(shape: tuple[int, ...]) -> None:
    x, gamma, beta, dy = (one.astype(np.float32) for one in draw(shape))
    y, cache = ln_forward(x, gamma, beta)
    expected = by_torch(x, gamma, beta, dy)
    assert_close([y, *ln_backward(dy, cache)], expected, dtype=np.float32, rtol=1e-4)


@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 4)])
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(shape: tuple[int, ...]) -> None:
    inputs = draw(shape)
    expected = by_torch(*inputs)
    kinds = [layouts(one) for one in inputs]
    for (_, x), (_, gamma), (_, beta), (_, dy) in zip(*kinds, strict=False):
        with assert_unchanged(x, gamma, beta, dy):
            y, cache = ln_forward(x, gamma, beta)
            assert_close([y, *ln_backward(dy, cache)], expected, rtol=1e-8)


@pytest.mark.parametrize("other", [(1,), (), (1, 3), (5, 3), (2,), (4,), (5,), (5, 1)])
def test_a_gamma_or_beta_that_does_not_fit_raises(other: tuple[int, ...]) -> None:
    x, _, _, _ = draw((5, 3))
    for gamma, beta in ((other, (3,)), ((3,), other), (other, other)):
        with pytest.raises(ValueError):
            ln_forward(x, np.ones(gamma), np.ones(beta))


@pytest.mark.parametrize(
    "shape", [(3,), (2, 4), (4, 3), (1, 4, 3), (2, 1, 3), (2, 4, 1), (4, 2, 3), (8, 3), (24,), (1, 2, 4, 3)]
)
def test_a_dy_of_another_shape_than_y_raises(shape: tuple[int, ...]) -> None:
    x, gamma, beta, _ = draw((2, 4, 3))
    _, cache = ln_forward(x, gamma, beta)
    with pytest.raises(ValueError):
        ln_backward(np.ones(shape), cache)
