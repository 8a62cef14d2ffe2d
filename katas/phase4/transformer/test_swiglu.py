import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.transformer.swiglu import ffn_gelu, swiglu, swiglu_hidden

KATA = Kata(
    difficulty=2,
    minutes=15,
    needs=("phase4/mlp/linear_backward",),
    forbids={
        "torch.nn.TransformerEncoderLayer": "write the matrix products and the activation",
        "torch.nn.TransformerDecoderLayer": "write the matrix products and the activation",
    },
)
SIZES = [
    ((4,), 3, 5),
    ((), 3, 4),
    ((2, 3), 4, 4),
    ((1,), 1, 1),
    ((2, 1, 3), 2, 7),
    ((0,), 3, 5),
]  # leading axes, D, F


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def gelu(z: float) -> float:
    return z * (1 + math.erf(z / math.sqrt(2))) / 2


def silu(z: float) -> float:
    return z / (1 + math.exp(-z))


def dot(row: list[float], x: list[float], bias: float = 0.0) -> float:
    return sum(a * b for a, b in zip(row, x, strict=True)) + bias


def gelu_by_loops(
    x: torch.Tensor, W1: torch.Tensor, b1: torch.Tensor, W2: torch.Tensor, b2: torch.Tensor
) -> torch.Tensor:
    out = []
    for one in x.double().reshape(-1, x.shape[-1]).tolist():
        hidden = [gelu(dot(row, one, bias)) for row, bias in zip(W1.tolist(), b1.tolist(), strict=True)]
        out.append([dot(row, hidden, bias) for row, bias in zip(W2.tolist(), b2.tolist(), strict=True)])
    return torch.tensor(out, dtype=torch.float64).reshape(x.shape)


def swiglu_by_loops(x: torch.Tensor, W1: torch.Tensor, W3: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
    out = []
    for one in x.double().reshape(-1, x.shape[-1]).tolist():
        hidden = [silu(dot(g, one)) * dot(u, one) for g, u in zip(W1.tolist(), W3.tolist(), strict=True)]
        out.append([dot(row, hidden) for row in W2.tolist()])
    return torch.tensor(out, dtype=torch.float64).reshape(x.shape)


def gelu_weights(D: int, F: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    return draw(F, D, dtype=dtype), draw(F, dtype=dtype), draw(D, F, dtype=dtype), draw(D, dtype=dtype)


def swiglu_weights(D: int, F: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    return draw(F, D, dtype=dtype), draw(F, D, dtype=dtype), draw(D, F, dtype=dtype)


@pytest.mark.parametrize(("lead", "D", "F"), SIZES)
def test_the_gelu_layer_agrees_with_loops(lead: tuple[int, ...], D: int, F: int) -> None:
    x, W = draw(*lead, D), gelu_weights(D, F)
    assert_close(ffn_gelu(x, *W), gelu_by_loops(x, *W))


def test_at_zero_the_biases_decide() -> None:
    W1, b1, W2, b2 = gelu_weights(3, 5)
    x = torch.zeros(2, 3, dtype=torch.float64)
    assert_close(ffn_gelu(x, W1, torch.zeros(5, dtype=torch.float64), W2, b2), b2.expand(2, 3))
    assert_close(ffn_gelu(x, W1, b1, W2, b2), gelu_by_loops(x, W1, b1, W2, b2))


@pytest.mark.parametrize(("lead", "D", "F"), SIZES)
def test_the_gated_layer_agrees_with_loops(lead: tuple[int, ...], D: int, F: int) -> None:
    x, W = draw(*lead, D), swiglu_weights(D, F)
    assert_close(swiglu(x, *W), swiglu_by_loops(x, *W))


def test_a_closed_gate_lets_nothing_through_and_an_open_one_multiplies() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    assert_close(swiglu(50 * one, -one, one, one), torch.zeros(1, 1, dtype=torch.float64))
    assert_close(swiglu(50 * one, one, 3 * one, 2 * one), 50 * 50 * 3 * 2 * one)
    assert (swiglu(0 * one, *swiglu_weights(1, 4)) == 0).all()


def test_every_position_is_on_its_own() -> None:
    x, W = draw(2, 5, 4), swiglu_weights(4, 6)
    order = torch.tensor([3, 1, 4, 0, 2])
    assert_close(swiglu(x[:, order], *W), swiglu_by_loops(x, *W)[:, order])
    V = gelu_weights(4, 6)
    assert_close(ffn_gelu(x[:, order], *V), gelu_by_loops(x, *V)[:, order])


def test_gradients_flow_to_the_input_and_every_weight() -> None:
    assert_autograd(ffn_gelu, (draw(2, 3), *gelu_weights(3, 4)), rng=np.random.default_rng(0))
    assert_autograd(swiglu, (draw(2, 3), *swiglu_weights(3, 4)), rng=np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    x, W, V = draw(5, 8, dtype=dtype), gelu_weights(8, 16, dtype), swiglu_weights(8, 16, dtype)
    assert_close(ffn_gelu(x, *W), gelu_by_loops(x, *W), dtype=dtype)
    assert_close(swiglu(x, *V), swiglu_by_loops(x, *V), dtype=dtype)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, W, V = draw(2, 3, 4), gelu_weights(4, 5), swiglu_weights(4, 5)
    for (_, one), (_, W1), (_, V1) in zip(layouts(x), layouts(W[0]), layouts(V[0]), strict=True):
        with assert_unchanged(one, W1, V1, *W, *V):
            assert_close(ffn_gelu(one, W1, *W[1:]), gelu_by_loops(x, *W))
            assert_close(swiglu(one, V1, *V[1:]), swiglu_by_loops(x, *V))


@pytest.mark.parametrize(
    ("D", "multiple_of", "expected"),
    [(4096, 256, 11008), (5120, 256, 13824), (768, 64, 2048), (1, 1, 3), (3, 8, 8), (3, 1, 8)],
)
def test_known_widths(D: int, multiple_of: int, expected: int) -> None:
    assert swiglu_hidden(D, multiple_of) == expected


def test_the_width_is_a_multiple_of_64_by_default() -> None:
    assert swiglu_hidden(100) == 320


@given(D=st.integers(1, 10**20), multiple_of=st.integers(1, 1000))
def test_the_width_is_the_smallest_multiple_that_reaches_the_weights_of_the_gelu_layer(
    D: int, multiple_of: int
) -> None:
    F = swiglu_hidden(D, multiple_of)
    assert isinstance(F, int)
    assert F % multiple_of == 0
    assert F >= Fraction(8 * D, 3) > F - multiple_of
    assert 0 <= 3 * D * F - 8 * D * D < 3 * D * multiple_of
