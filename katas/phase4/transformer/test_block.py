import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.transformer.block import gradient_gain, parallel_block, post_norm_block, pre_norm_block

KATA = Kata(
    difficulty=3,
    minutes=20,
    needs=("phase4/transformer/swiglu",),
    forbids={
        "torch.nn.TransformerEncoderLayer": "write the two residuals and the norms",
        "torch.nn.TransformerDecoderLayer": "write the two residuals and the norms",
    },
)
Layer = Callable[[torch.Tensor], torch.Tensor]


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def linear(D: int, size: float = 1.0, dtype: torch.dtype = torch.float64) -> Layer:
    W = size * draw(D, D, dtype=dtype) / math.sqrt(D)
    return lambda x: torch.tanh(x @ W)


def layer_norm(x: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(x, x.shape[-1:])


def nothing(x: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(x)


class Recorder:
    """Functions that note their name and input, and return what they are told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, torch.Tensor]] = []

    def layer(self, name: str, result: torch.Tensor) -> Layer:
        def call(x: torch.Tensor) -> torch.Tensor:
            self.calls.append((name, x.clone()))
            return result.clone()

        return call

    def names(self) -> list[str]:
        return sorted(name for name, _ in self.calls)

    def seen(self, name: str) -> torch.Tensor:
        [x] = [x for called, x in self.calls if called == name]
        return x


def test_pre_norm_with_silent_sublayers_is_the_identity() -> None:
    x = draw(2, 3, 4)
    assert_close(pre_norm_block(x, nothing, nothing, layer_norm, layer_norm), x)


def test_pre_norm_norms_what_the_sublayers_see_and_nothing_else() -> None:
    x, n1, n2, a, f = (draw(2, 3, 4) for _ in range(5))
    note = Recorder()
    parts = {
        name: note.layer(name, one) for name, one in (("attn", a), ("ffn", f), ("norm1", n1), ("norm2", n2))
    }
    assert_close(pre_norm_block(x, **parts), x + a + f)
    assert note.names() == ["attn", "ffn", "norm1", "norm2"]
    for name, expected in (("norm1", x), ("attn", n1), ("norm2", x + a), ("ffn", n2)):
        assert_close(note.seen(name), expected, name=f"input of {name}")


def test_post_norm_with_silent_sublayers_norms_twice() -> None:
    x = draw(2, 3, 4)
    assert_close(post_norm_block(x, nothing, nothing, lambda x: 2 * x, lambda x: x + 1), 2 * x + 1)


def test_post_norm_norms_behind_each_residual() -> None:
    x, n1, n2, a, f = (draw(2, 3, 4) for _ in range(5))
    note = Recorder()
    parts = {
        name: note.layer(name, one) for name, one in (("attn", a), ("ffn", f), ("norm1", n1), ("norm2", n2))
    }
    assert_close(post_norm_block(x, **parts), n2)
    assert note.names() == ["attn", "ffn", "norm1", "norm2"]
    for name, expected in (("attn", x), ("norm1", x + a), ("ffn", n1), ("norm2", n1 + f)):
        assert_close(note.seen(name), expected, name=f"input of {name}")


def test_a_post_norm_result_is_normed() -> None:
    out = post_norm_block(draw(5, 64), linear(64), linear(64), layer_norm, layer_norm)
    assert_close(out.square().mean(-1), torch.ones(5, dtype=torch.float64), rtol=1e-4)


def test_parallel_sublayers_share_one_normed_input() -> None:
    x, n, a, f = (draw(2, 3, 4) for _ in range(4))
    note = Recorder()
    parts = {name: note.layer(name, one) for name, one in (("attn", a), ("ffn", f), ("norm", n))}
    assert_close(parallel_block(x, **parts), x + a + f)
    assert note.names() == ["attn", "ffn", "norm"]
    for name, expected in (("norm", x), ("attn", n), ("ffn", n)):
        assert_close(note.seen(name), expected, name=f"input of {name}")


def test_gradients_flow_through_all_three() -> None:
    attn, ffn, x = linear(3), linear(3), draw(2, 3)
    rng = np.random.default_rng(0)
    assert_autograd(lambda x: pre_norm_block(x, attn, ffn, layer_norm, layer_norm), (x,), rng=rng)
    assert_autograd(lambda x: post_norm_block(x, attn, ffn, layer_norm, layer_norm), (x,), rng=rng)
    assert_autograd(lambda x: parallel_block(x, attn, ffn, layer_norm), (x,), rng=rng)


@pytest.mark.parametrize("factor", [0.5, 1.0, -3.0])
@pytest.mark.parametrize("L", [0, 1, 2, 5])
def test_a_factor_in_each_block_is_multiplied_up(factor: float, L: int) -> None:
    assert_close(gradient_gain(lambda x: factor * x, draw(3, 4), L), abs(factor) ** L)


def test_the_gain_is_that_of_the_jacobian() -> None:
    x, W = draw(2, 3), draw(6, 6)
    r = torch.randn(2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).flatten()
    expected = float((W.T @ (W.T @ r)).norm() / r.norm())
    assert_close(gradient_gain(lambda x: (W @ x.flatten()).reshape(x.shape), x, 2), expected)


def test_the_gain_depends_on_where_it_is_measured() -> None:
    x = draw(4, 5)
    r = torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    slope = 1 - torch.tanh(x) ** 2
    second = 1 - torch.tanh(torch.tanh(x)) ** 2
    assert_close(gradient_gain(torch.tanh, x, 2), float((r * slope * second).norm() / r.norm()))


def test_a_deep_pre_norm_stack_keeps_the_gradient_alive_where_a_chain_loses_it() -> None:
    attn, ffn, x = linear(32, 0.3), linear(32, 0.3), draw(8, 32)
    gain = gradient_gain(lambda x: pre_norm_block(x, attn, ffn, layer_norm, layer_norm), x, 24)
    assert 0.3 < gain < 30
    assert gradient_gain(lambda x: ffn(attn(x)), x, 24) < 1e-3


def test_the_gain_leaves_no_gradients_behind() -> None:
    W, x = draw(4, 4).requires_grad_(), draw(3, 4).requires_grad_()
    y = 2 * x
    gain = gradient_gain(lambda x: torch.tanh(x @ W), y, 3)
    assert isinstance(gain, float)
    assert W.grad is None
    assert x.grad is None
    plain = y.detach()
    assert_close(gradient_gain(lambda x: torch.tanh(x @ W), plain, 3), gain)
    assert plain.grad is None
    assert not plain.requires_grad


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_kept_and_inputs_stay_unchanged(dtype: torch.dtype) -> None:
    attn, ffn, x = linear(4, dtype=dtype), linear(4, dtype=dtype), draw(2, 3, 4, dtype=dtype)
    for _, one in layouts(x):
        y = x + attn(layer_norm(x))
        z = layer_norm(x + attn(x))
        with assert_unchanged(one):
            assert_close(pre_norm_block(one, attn, ffn, layer_norm, layer_norm), y + ffn(layer_norm(y)))
            assert_close(post_norm_block(one, attn, ffn, layer_norm, layer_norm), layer_norm(z + ffn(z)))
            parallel = x + attn(layer_norm(x)) + ffn(layer_norm(x))
            assert_close(parallel_block(one, attn, ffn, layer_norm), parallel)
            assert gradient_gain(attn, one, 2) > 0
