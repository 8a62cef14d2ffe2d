import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.attention.multi_head import merge_heads, mha, split_heads

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/attention/sdpa", "phase4/attention/masks"),
    forbids={
        "torch.nn.MultiheadAttention": "split into heads, call sdpa, merge",
        "torch.nn.functional.multi_head_attention_forward": "split into heads, call sdpa, merge",
        "torch.nn.functional.scaled_dot_product_attention": "call sdpa, which the stub imports",
    },
)
CASES = [(2, 5, 6, 3), (3, 4, 8, 2), (1, 7, 4, 4), (2, 1, 4, 2), (2, 3, 5, 1), (1, 1, 1, 1)]  # B, T, D, H


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def weights(D: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Wq, Wk, Wv, Wo, (D, D)."""
    Wq, Wk, Wv, Wo = draw(4, D, D) / D**0.5
    return Wq, Wk, Wv, Wo


def contribution(x: torch.Tensor, W: tuple[torch.Tensor, ...], H: int, h: int, causal: bool) -> torch.Tensor:
    """What head h adds to the result: attention in its rows of Wq, Wk, Wv, then its columns of Wo."""
    dh = x.shape[-1] // H
    mine = slice(h * dh, (h + 1) * dh)
    q, k, v = (F.linear(x, one[mine]) for one in W[:3])
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal) @ W[3][:, mine].mT


def by_heads(x: torch.Tensor, W: tuple[torch.Tensor, ...], H: int, causal: bool) -> torch.Tensor:
    return sum((contribution(x, W, H, h, causal) for h in range(H)), torch.zeros_like(x))


@pytest.mark.parametrize(("B", "T", "D", "H"), CASES)
def test_a_head_holds_neighbouring_features_of_every_position(B: int, T: int, D: int, H: int) -> None:
    x = draw(B, T, D)
    heads = torch.stack(x.chunk(H, dim=-1), dim=1)
    assert_close(split_heads(x, H), heads)


@pytest.mark.parametrize(("B", "T", "D", "H"), CASES)
def test_merging_puts_heads_side_by_side(B: int, T: int, D: int, H: int) -> None:
    heads = draw(B, H, T, D // H)
    assert_close(merge_heads(heads), torch.cat(heads.unbind(1), dim=-1))


def test_merging_undoes_splitting() -> None:
    x = draw(2, 5, 12)
    for H in (1, 2, 3, 4, 6, 12):
        assert_close(merge_heads(split_heads(x, H)), x)


@pytest.mark.parametrize("causal", [False, True])
def test_one_head_is_plain_attention(causal: bool) -> None:
    x, W = draw(2, 5, 6), weights(6)
    q, k, v = (F.linear(x, one) for one in W[:3])
    plain = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert_close(mha(x, *W, 1, causal), F.linear(plain, W[3]))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("B", "T", "D", "H"), CASES)
def test_the_result_is_the_sum_of_what_each_head_adds(B: int, T: int, D: int, H: int, causal: bool) -> None:
    x, W = draw(B, T, D), weights(D)
    assert_close(mha(x, *W, H, causal), by_heads(x, W, H, causal))


def test_without_its_columns_of_the_output_weights_a_head_adds_nothing() -> None:
    x, W = draw(2, 5, 6), weights(6)
    Wo = W[3].clone()
    Wo[:, 2:4] = 0
    silenced = mha(x, *W[:3], Wo, 3, True)
    assert_close(mha(x, *W, 3, True) - silenced, contribution(x, W, 3, 1, True))


@pytest.mark.parametrize("causal", [False, True])
def test_agrees_with_the_library(causal: bool) -> None:
    x, W = draw(2, 5, 8), weights(8)
    layer = torch.nn.MultiheadAttention(8, 4, bias=False, batch_first=True, dtype=torch.float64)
    layer.load_state_dict({"in_proj_weight": torch.cat(W[:3]), "out_proj.weight": W[3]})
    blocked = torch.ones(5, 5).triu(1).bool() if causal else None
    expected, _ = layer(x, x, x, attn_mask=blocked, need_weights=False)
    assert_close(mha(x, *W, 4, causal), expected.detach())


def test_heads_have_no_order() -> None:
    x, W = draw(2, 5, 6), weights(6)
    order = torch.tensor([4, 5, 0, 1, 2, 3])  # three heads of width 2, the last one first
    Wq, Wk, Wv = (one[order] for one in W[:3])
    assert_close(mha(x, Wq, Wk, Wv, W[3][:, order], 3, True), mha(x, *W, 3, True))


def test_causal_attention_never_looks_ahead() -> None:
    x, W = draw(2, 6, 4), weights(4)
    changed = x.clone()
    changed[:, 3] += 3 * draw(2, 4)
    before, after = mha(x, *W, 2, True), mha(changed, *W, 2, True)
    assert_close(after[:, :3], before[:, :3])
    assert ((after - before)[:, 3:].abs().amax(-1) > 1e-9).all(), "the later positions should see the change"


def test_without_the_causal_mask_the_first_position_sees_the_last() -> None:
    x, W = draw(1, 6, 4), weights(4)
    changed = x.clone()
    changed[:, 5] += draw(1, 4)
    difference = mha(changed, *W, 2, False) - mha(x, *W, 2, False)
    assert (difference.abs().amax(-1) > 1e-9).all()


def test_gradients_reach_the_input_and_every_weight() -> None:
    inputs = (draw(1, 3, 4), *weights(4))
    assert_autograd(
        lambda x, Wq, Wk, Wv, Wo: mha(x, Wq, Wk, Wv, Wo, 2, True),
        inputs,
        rng=np.random.default_rng(0),
        names=("x", "Wq", "Wk", "Wv", "Wo"),
    )


@pytest.mark.parametrize(("D", "H"), [(6, 4), (4, 3), (3, 6)])
def test_heads_that_do_not_divide_the_width_are_a_value_error(D: int, H: int) -> None:
    with pytest.raises(ValueError):
        split_heads(draw(2, 5, D), H)
    with pytest.raises(ValueError):
        mha(draw(2, 5, D), *weights(D), H, False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    x, (Wq, Wk, Wv, Wo) = draw(2, 5, 8, dtype=dtype), (draw(8, 8, dtype=dtype) / 8**0.5 for _ in range(4))
    expected = by_heads(x.double(), tuple(W.double() for W in (Wq, Wk, Wv, Wo)), 2, True)
    assert_close(mha(x, Wq, Wk, Wv, Wo, 2, True), expected, dtype=dtype)
    assert split_heads(x, 2).dtype == merge_heads(split_heads(x, 2)).dtype == dtype


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, heads, W = draw(2, 3, 4), draw(2, 2, 3, 5), weights(4)
    expected = by_heads(x, W, 2, True)
    for (_, one), (_, other), (_, Wq) in zip(layouts(x), layouts(heads), layouts(W[0]), strict=True):
        with assert_unchanged(one, other, *W):
            assert_close(mha(one, Wq, *W[1:], 2, True), expected)
            assert_close(split_heads(one, 2), torch.stack(x.chunk(2, dim=-1), dim=1))
            assert_close(merge_heads(other), torch.cat(heads.unbind(1), dim=-1))
