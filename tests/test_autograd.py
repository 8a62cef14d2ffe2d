"""Functions for torch to differentiate: cut off from their inputs, or with a wrong backward of their own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas.checks.gradients import assert_autograd

X, W = (torch.tensor(np.random.default_rng(seed).normal(size=(4, 4))) for seed in (1, 2))


class WrongSquare(torch.autograd.Function):
    """Its backward forgets the two."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        return x * grads[0]


def judged(f: Callable[..., Any], *inputs: Any) -> str:
    """What is said of autograd's gradients, the inputs being called x and w."""
    with pytest.raises(AssertionError) as error:
        assert_autograd(f, inputs, rng=np.random.default_rng(0), names=("x", "w")[: len(inputs)])
    return str(error.value)


def test_what_torch_differentiates_passes() -> None:
    rng = np.random.default_rng(0)
    assert_autograd(torch.matmul, (X, W), rng=rng)
    assert_autograd(torch.matmul, [X.float(), W.float()], rng=rng)
    assert_autograd(torch.nn.functional.embedding, (torch.tensor([2, 0, 2]), X), rng=rng)
    assert_autograd(lambda x: (x**2).sum(), (X,), rng=rng)
    assert_autograd(lambda x, unused: x.exp(), (X, W), rng=rng)


def test_a_wrong_backward_of_an_autograd_function_fails() -> None:
    said = judged(WrongSquare.apply, X)
    assert said.startswith("gradient of x is not close to what was expected")
    assert said.endswith("it looks like 1/2 x the expected value, in every entry")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.detach() * 2,
        lambda x: torch.tensor(x.detach().numpy() * 2),
        lambda x: torch.tensor(x.sum().item()),
        lambda x: x.sum().item(),
        lambda x: x.detach().numpy(),
    ],
)
def test_a_result_that_is_cut_off_is_told(f: Callable[[torch.Tensor], Any]) -> None:
    assert judged(f, X) == (
        "the result is cut off from its inputs: was .item(), .detach(), .numpy() or torch.tensor(...) used?"
    )


def test_a_result_that_is_cut_off_from_one_input_is_told() -> None:
    assert judged(lambda x, w: x @ w.detach(), X, W) == (
        "the result is cut off from w: was .item(), .detach(), .numpy() or torch.tensor(...) used?"
    )
    said = judged(lambda x: x * x.detach(), X)
    assert said.endswith("it looks like 1/2 x the expected value, in every entry")


def test_a_result_that_is_missing_or_loses_precision_is_told() -> None:
    assert judged(lambda x: None, X) == "the forward pass returns None: is a return missing?"
    assert "has dtype float32, expected float64" in judged(lambda x: x.float(), X)


def test_the_gradients_of_parameters_outside_stay_as_they_are() -> None:
    weight = W.clone().requires_grad_()
    x = X.clone().requires_grad_()
    assert_autograd(lambda x: x @ weight, (x,), rng=np.random.default_rng(0))
    assert (weight.grad, x.grad) == (None, None)
