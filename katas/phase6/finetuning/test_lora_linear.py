import math
from statistics import NormalDist

import numpy as np
import pytest
import torch
from torch import nn

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from aire_katas.checks.statistics import assert_cdf, assert_distribution
from katas.phase6.finetuning.lora_linear import LoRALinear

KATA = Kata(
    difficulty=2,
    minutes=25,
    needs=("phase4/mlp/linear_backward",),
    forbids={
        "peft": "two parameters and a sum of two paths are all it takes",
        "loralib": "two parameters and a sum of two paths are all it takes",
    },
)

# out, in, r, alpha
SIZES = [(5, 4, 2, 3.0), (3, 6, 3, 1.0), (4, 4, 3, 16.0), (1, 7, 1, 0.5), (6, 1, 1, 8.0), (1, 1, 1, 2.0)]
each_size = pytest.mark.parametrize(("d_out", "d_in", "r", "alpha"), SIZES)


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def adapted(
    d_out: int,
    d_in: int,
    r: int,
    alpha: float,
    *,
    bias: bool = True,
    dropout_p: float = 0.0,
    dtype: torch.dtype = torch.float64,
) -> LoRALinear:
    """A layer that has been trained: B is no longer zero."""
    W, b = draw(d_out, d_in, dtype=dtype), draw(d_out, dtype=dtype) if bias else None
    layer = LoRALinear(W, r, alpha, generator(), b, dropout_p)
    set_factors(layer, draw(r, d_in, dtype=dtype), draw(d_out, r, dtype=dtype))
    return layer


def set_factors(layer: LoRALinear, A: torch.Tensor, B: torch.Tensor) -> None:
    with torch.no_grad():
        layer.A.copy_(A)
        layer.B.copy_(B)


def by_loops(layer: LoRALinear, scale: float) -> torch.Tensor:
    """W + scale * B A, entry by entry."""
    out = layer.W.detach().clone()
    for i, j in np.ndindex(*out.shape):
        out[i, j] += scale * sum(layer.B[i, k].item() * layer.A[k, j].item() for k in range(len(layer.A)))
    return out


@each_size
def test_it_begins_as_the_layer_it_adapts(d_out: int, d_in: int, r: int, alpha: float) -> None:
    W, bias, x = draw(d_out, d_in), draw(d_out), draw(3, d_in)
    layer = LoRALinear(W, r, alpha, generator(), bias)
    assert_close((layer.A.shape, layer.B.shape), ((r, d_in), (d_out, r)), name="shapes of A and B")
    assert not layer.B.any(), "B starts at zero"
    assert_close(layer(x), torch.einsum("ni,oi->no", x, W) + bias)
    assert_close(LoRALinear(W, r, alpha, generator())(x), torch.einsum("ni,oi->no", x, W))


def test_it_begins_with_normal_numbers_in_a() -> None:
    for d_in, r in [(400, 20), (40, 40)]:
        A = LoRALinear(draw(40, d_in), r, 7.0, generator()).A.detach()
        law = NormalDist(0, 1 / math.sqrt(d_in))
        # A right solution fails once in a million; its double or half, or uniform numbers, fail always.
        assert_cdf(A.flatten(), np.vectorize(law.cdf), name=f"distribution of A (in = {d_in})")


def test_a_comes_from_the_generator_alone() -> None:
    W = draw(6, 5)
    first, again, other = (LoRALinear(W, 3, 1.0, generator(seed)).A.detach() for seed in (1, 1, 2))
    assert_close(first, again)
    assert (first != other).all()


@each_size
@pytest.mark.parametrize("bias", [True, False])
def test_the_change_is_a_product_of_two_thin_matrices(
    d_out: int, d_in: int, r: int, alpha: float, bias: bool
) -> None:
    layer, x = adapted(d_out, d_in, r, alpha, bias=bias), draw(3, d_in)
    expected = torch.einsum("ni,oi->no", x, by_loops(layer, alpha / r))
    assert_close(layer(x), expected if layer.bias is None else expected + layer.bias)


@each_size
def test_merged_weights_do_the_same_as_the_two_paths(d_out: int, d_in: int, r: int, alpha: float) -> None:
    layer, x = adapted(d_out, d_in, r, alpha), draw(3, d_in)
    assert layer.bias is not None
    assert_close(layer.merge(), by_loops(layer, alpha / r))
    expected = torch.einsum("ni,oi->no", x, by_loops(layer, alpha / r)) + layer.bias
    assert_close(layer.merged_forward(x), expected)
    unbiased = adapted(d_out, d_in, r, alpha, bias=False)
    expected = torch.einsum("ni,oi->no", x, by_loops(unbiased, alpha / r))
    assert_close(unbiased.merged_forward(x), expected)


@pytest.mark.parametrize("r", [1, 2, 5])
def test_the_change_has_rank_r(r: int) -> None:
    layer = adapted(7, 6, r, 4.0)
    assert torch.linalg.matrix_rank((layer.merge() - layer.W).detach(), rtol=1e-9) == r


def test_idle_ranks_change_nothing_where_alpha_grows_with_r() -> None:
    layer, x = adapted(5, 6, 2, 3.0), draw(4, 6)
    wider = LoRALinear(layer.W, 4, 6.0, generator(), layer.bias)
    zeros_a, zeros_b = torch.zeros(2, 6, dtype=torch.float64), torch.zeros(5, 2, dtype=torch.float64)
    set_factors(wider, torch.cat((layer.A, zeros_a)), torch.cat((layer.B, zeros_b), 1))
    assert_close(wider(x), layer(x))
    assert_close(wider.merge(), layer.merge())


@pytest.mark.parametrize("lead", [(), (1,), (3,), (2, 3), (2, 1, 3), (0,)])
def test_every_position_goes_through_the_same_layer(lead: tuple[int, ...]) -> None:
    layer, x = adapted(5, 4, 2, 3.0), draw(*lead, 4)
    assert layer.bias is not None
    expected = torch.einsum("...i,oi->...o", x, by_loops(layer, 1.5)) + layer.bias
    assert_close(layer(x), expected, name="forward")
    assert_close(layer.merged_forward(x), expected, name="merged_forward")


@each_size
def test_gradients_reach_a_and_b_and_x(d_out: int, d_in: int, r: int, alpha: float) -> None:
    layer, x, upstream = adapted(d_out, d_in, r, alpha), draw(3, d_in).requires_grad_(), draw(3, d_out)
    W, bias = layer.W.detach(), layer.bias
    assert bias is not None

    def formula(x: torch.Tensor, A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
        return x @ W.T + bias + alpha / r * torch.einsum("ni,ri,or->no", x, A, B)

    layer(x).backward(upstream)
    assert x.grad is not None
    inputs = [x.detach(), layer.A.detach(), layer.B.detach()]
    grads = [x.grad, layer.A.grad, layer.B.grad]
    assert_gradients(formula, inputs, grads, upstream=upstream, names=["x", "A", "B"])


def test_at_the_start_b_learns_and_a_waits() -> None:
    layer = LoRALinear(draw(5, 4), 2, 3.0, generator())
    layer(draw(6, 4)).backward(draw(6, 5))
    assert layer.A.grad is not None
    assert layer.B.grad is not None
    assert not layer.A.grad.any()
    assert (layer.B.grad != 0).all()


@pytest.mark.parametrize("asks", [True, False])
def test_only_a_and_b_are_trained(asks: bool) -> None:
    W, bias = draw(5, 4).requires_grad_(asks), draw(5).requires_grad_(asks)
    layer = LoRALinear(W, 2, 3.0, generator(), bias)
    assert {name for name, one in layer.named_parameters() if one.requires_grad} == {"A", "B"}
    layer(draw(3, 4)).sum().backward()
    assert W.grad is None
    assert bias.grad is None
    assert (W.requires_grad, bias.requires_grad) == (asks, asks), "the tensors given are the caller's"


def test_training_leaves_the_frozen_weights_alone() -> None:
    layer, x = adapted(5, 4, 2, 3.0), draw(3, 4)
    before = layer(x)
    with assert_unchanged(layer.W, layer.bias):
        before.square().sum().backward()
        with torch.no_grad():
            for one in (layer.A, layer.B):
                assert one.grad is not None
                one -= 0.01 * one.grad
    assert (layer(x) != before).all()


def test_no_matrix_as_large_as_w_is_built() -> None:
    """What autograd keeps for the way back shows what the forward pass has multiplied by."""
    layer, x = adapted(12, 16, 2, 3.0), draw(3, 16).requires_grad_()
    own = {one.untyped_storage().data_ptr() for one in layer.state_dict().values()}
    large = []

    def note(kept: torch.Tensor) -> torch.Tensor:
        if kept.numel() >= 12 * 16 and kept.untyped_storage().data_ptr() not in own:
            large.append(tuple(kept.shape))
        return kept

    with torch.autograd.graph.saved_tensors_hooks(note, lambda kept: kept):
        layer(x)
    assert not large, f"forward has built tensors of the shapes {large}: W is (12, 16)"


def test_merging_is_no_change_of_the_layer() -> None:
    layer, x = adapted(5, 4, 2, 3.0), draw(3, 4)
    y, expected = layer(x), by_loops(layer, 1.5)
    with assert_unchanged(layer.W, layer.bias, layer.A, layer.B):
        merged = layer.merge()
        layer.merged_forward(x)
        assert_close(layer.merge(), expected, name="merged a second time")
        merged.detach().zero_()  # it belongs to the caller
    assert_close(layer(x), y, name="forward after merging")


def test_dropout_acts_on_each_entry_of_x_on_the_way_to_a() -> None:
    """x = 1, 2, 4 and A of ones: what arrives is the binary number of the entries that were kept."""
    p, n = 0.3, 6000
    layer = LoRALinear(torch.zeros(2, 3, dtype=torch.float64), 1, 5.0, generator(), dropout_p=p)
    set_factors(layer, torch.ones(1, 3), torch.ones(2, 1))
    arrived = layer(torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64).repeat(n, 1)) * (1 - p) / 5.0
    assert_close(arrived, arrived.round())
    assert_close(arrived[:, 0], arrived[:, 1], name="the other output")
    kept = np.array([number.bit_count() for number in range(8)])
    # A right solution fails once in 500,000 runs: the rarest of the 8 cells expects 160 counts.
    assert_distribution(
        np.bincount(arrived[:, 0].detach().round().int(), minlength=8),
        (1 - p) ** kept * p ** (3 - kept),
        name="number of the entries kept",
    )


def test_dropout_spares_the_frozen_path() -> None:
    W, bias, x = draw(5, 4), draw(5), draw(50, 4)
    layer = LoRALinear(W, 2, 3.0, generator(), bias, dropout_p=0.5)
    assert layer.training
    assert_close(layer(x), torch.einsum("ni,oi->no", x, W) + bias)


def test_nothing_is_dropped_outside_training_or_after_merging() -> None:
    layer, x = adapted(5, 4, 2, 3.0, dropout_p=0.5), draw(20, 4)
    assert layer.bias is not None
    expected = torch.einsum("ni,oi->no", x, by_loops(layer, 1.5)) + layer.bias
    assert_close(layer.merged_forward(x), expected, name="merged, in training")
    assert_close(layer.merge(), by_loops(layer, 1.5), name="merge, in training")
    assert_close(layer.eval()(x), expected, name="outside training")
    assert_close(layer.merged_forward(x), expected, name="merged, outside training")


@pytest.mark.parametrize("bias", [True, False])
def test_it_is_saved_and_moved_as_a_whole(bias: bool) -> None:
    layer, other, x = adapted(5, 4, 2, 3.0, bias=bias), adapted(5, 4, 2, 3.0, bias=bias), draw(3, 4)
    names = {"W", "A", "B", "bias"} if bias else {"W", "A", "B"}
    assert names <= set(layer.state_dict())
    expected = layer(x)
    other.load_state_dict(layer.state_dict())
    assert_close(other(x), expected)
    assert_close(layer.float()(x.float()), expected, dtype=torch.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    fresh = LoRALinear(draw(5, 4, dtype=dtype), 2, 3.0, generator())
    assert (fresh.A.dtype, fresh.B.dtype) == (dtype, dtype)
    layer, x = adapted(5, 4, 2, 1.0, bias=False, dtype=dtype), draw(3, 4, dtype=dtype)
    weights = layer.W.double() + 0.5 * layer.B.double() @ layer.A.double()
    for y in (layer(x), layer.merged_forward(x)):
        assert_close(y, x.double() @ weights.T, dtype=dtype)
    assert_close(layer.merge(), weights, dtype=dtype)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    W, bias, x = draw(5, 4), draw(5), draw(2, 3, 4)
    A, B = draw(2, 4), draw(5, 2)
    expected = torch.einsum("...i,oi->...o", x, W + 1.5 * B @ A) + bias
    for (_, one_x), (_, one_W) in zip(layouts(x), layouts(W), strict=True):
        with assert_unchanged(one_x, one_W, bias):
            layer = LoRALinear(one_W, 2, 3.0, generator(), bias)
            set_factors(layer, A, B)
            assert_close((layer(one_x), layer.merged_forward(one_x)), (expected, expected))


@pytest.mark.parametrize(
    ("d_out", "d_in", "r"), [(5, 4, 0), (5, 4, -1), (5, 4, 5), (3, 6, 4), (6, 3, 4), (1, 1, 2)]
)
def test_a_rank_that_no_change_can_have_raises(d_out: int, d_in: int, r: int) -> None:
    with pytest.raises(ValueError):
        LoRALinear(draw(d_out, d_in), r, 1.0, generator())
