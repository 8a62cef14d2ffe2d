"""Finite differences and the upstream gradients that go with them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas.checks.gradients import finite_difference, random_upstream

Array = np.ndarray


def linear(x: Array, w: Array, b: Array) -> Array:
    """(n, d), (d, d), (d,) -> (n, d)"""
    return x @ w + b


def linear_backward(x: Array, w: Array, dy: Array) -> tuple[Array, Array, Array]:
    return dy @ w.T, x.T @ dy, dy.sum(0)


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


X, W, B, DY = numbers(5, 3), numbers(3, 3, seed=1), numbers(3, seed=2), numbers(5, 3, seed=3)
INPUTS = (X, W, B)
GRADS = linear_backward(X, W, DY)


def test_differences_come_in_the_shape_and_library_of_the_input() -> None:
    expected = linear_backward(X, W, DY)
    for argument in range(3):
        slopes = finite_difference(linear, INPUTS, DY, argument=argument)
        np.testing.assert_allclose(slopes, expected[argument], rtol=1e-8, atol=1e-8)
        tensors = tuple(map(torch.tensor, INPUTS))
        slopes = finite_difference(linear, tensors, torch.tensor(DY), argument=argument)
        assert isinstance(slopes, torch.Tensor)
        np.testing.assert_allclose(slopes, expected[argument], rtol=1e-8, atol=1e-8)


def test_without_upstream_the_result_is_summed() -> None:
    np.testing.assert_allclose(finite_difference(np.square, (X,)), 2 * X, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    "result",
    [
        float,
        np.array,
        np.float64,
        lambda y: np.array([[y]]),
        torch.tensor(0.0, dtype=torch.float64).new_tensor,
    ],
)
def test_a_single_number_may_come_in_any_wrapping(result: Callable[[float], Any]) -> None:
    slopes = finite_difference(lambda x: result(float((x**2).sum())), (X,))
    np.testing.assert_allclose(slopes, 2 * X, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("x", [0.5, np.float64(0.5), np.array(0.5), torch.tensor(0.5)])
def test_a_single_number_may_go_in(x: Any) -> None:
    slope = finite_difference(lambda x: x**3, (x,))
    assert slope.shape == ()
    assert float(slope) == pytest.approx(0.75, rel=1e-8)


def test_the_step_grows_with_the_number() -> None:
    seen: list[float] = []

    def f(x: Array) -> Array:
        seen.extend(x)
        return x

    finite_difference(f, (np.array([-1000.0]),), eps=0.25)
    finite_difference(f, (np.array([0.5]),), eps=0.25)
    assert seen == [-750.0, -1250.0, 0.75, 0.25]


@pytest.mark.parametrize("x", [X.astype(np.float32), X.astype(np.float16)])
def test_low_precision_is_widened(x: Array) -> None:
    np.testing.assert_allclose(finite_difference(np.square, (x,)), 2.0 * x, rtol=1e-7, atol=1e-7)
    slopes = finite_difference(torch.square, (torch.tensor(x).bfloat16(),))
    assert slopes.dtype == torch.float64
    np.testing.assert_allclose(slopes, 2 * torch.tensor(x).bfloat16().double(), rtol=1e-7, atol=1e-7)


def test_a_result_that_reuses_its_memory_does_no_harm() -> None:
    buffer = np.empty_like(X)
    slopes = finite_difference(lambda x: np.square(x, out=buffer), (X,))
    np.testing.assert_allclose(slopes, 2 * X, rtol=1e-8, atol=1e-8)


def test_tensors_come_without_grad_and_results_may_have_it() -> None:
    weight = torch.tensor(W, requires_grad=True)

    def f(x: torch.Tensor) -> torch.Tensor:
        assert not x.requires_grad
        return x @ weight

    slopes = finite_difference(f, (torch.tensor(X, requires_grad=True),), torch.tensor(DY))
    np.testing.assert_allclose(slopes, GRADS[0], rtol=1e-8, atol=1e-8)
    assert weight.grad is None


# Upstream gradients -------------------------------------------------------------------------------------


def test_an_upstream_gradient_is_normal_in_the_shape_of_the_result() -> None:
    upstream = random_upstream(lambda x: x.repeat(1000, 0), (X,), np.random.default_rng(0))
    assert upstream.shape == (5000, 3)
    assert abs(upstream.mean()) < 5 / 15_000**0.5  # five standard errors
    assert abs(upstream.var() - 1) < 5 * (2 / 15_000) ** 0.5


def test_an_upstream_gradient_is_of_the_results_kind() -> None:
    rng = np.random.default_rng(0)
    weight = torch.ones(3, 2, dtype=torch.float32, requires_grad=True)
    upstream = random_upstream(torch.matmul, (torch.ones(5, 3), weight), rng)
    assert (upstream.dtype, upstream.shape, upstream.requires_grad) == (torch.float32, (5, 2), False)
    assert np.shape(random_upstream(lambda x: float(x.sum()), (X,), rng)) == ()
    assert not np.array_equal(random_upstream(linear, INPUTS, rng), random_upstream(linear, INPUTS, rng))
