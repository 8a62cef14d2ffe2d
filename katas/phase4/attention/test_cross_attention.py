import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.attention.cross_attention import cross_attention

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/attention/multi_head",),
    forbids={
        "torch.nn.MultiheadAttention": "project, split into heads, call sdpa, merge",
        "torch.nn.functional.multi_head_attention_forward": "project, split into heads, call sdpa, merge",
        "torch.nn.functional.scaled_dot_product_attention": "call sdpa, which the stub imports",
    },
)
Weights = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def weights(D: int, Dc: int, dtype: torch.dtype = torch.float64) -> Weights:
    """Wq (D, D), Wk and Wv (D, Dc), Wo (D, D)."""
    Wq, Wk, Wv, Wo = draw(D, D), draw(D, Dc), draw(D, Dc), draw(D, D)
    return (Wq / D**0.5).to(dtype), (Wk / Dc**0.5).to(dtype), (Wv / Dc**0.5).to(dtype), Wo.to(dtype)


def one_by_one(
    x: torch.Tensor, ctx: torch.Tensor, W: Weights, H: int, lengths: list[int] | None = None
) -> torch.Tensor:
    """The same in float64, for one sequence and one head at a time, on a context cut to its length."""
    x, ctx, (Wq, Wk, Wv, Wo) = x.double(), ctx.double(), (one.double() for one in W)
    out, dh = torch.zeros_like(x), x.shape[-1] // H
    for b, n in enumerate(lengths or len(x) * [ctx.shape[1]]):
        for h in range(H if n else 0):
            mine = slice(h * dh, (h + 1) * dh)
            q, k, v = F.linear(x[b], Wq[mine]), F.linear(ctx[b, :n], Wk[mine]), F.linear(ctx[b, :n], Wv[mine])
            out[b] += F.scaled_dot_product_attention(q, k, v) @ Wo[:, mine].mT
    return out


def test_a_context_of_one_token_answers_every_query_alike() -> None:
    x, ctx, W = draw(2, 3, 4), draw(2, 1, 5), weights(4, 5)
    answer = F.linear(F.linear(ctx, W[2]), W[3])  # (2, 1, 4)
    assert_close(cross_attention(x, ctx, *W, 2), answer.expand(2, 3, 4))


@pytest.mark.parametrize(
    ("B", "Tq", "Tk", "D", "Dc", "H"),
    [(2, 3, 5, 6, 4, 3), (3, 5, 2, 4, 7, 2), (2, 4, 4, 4, 4, 4), (1, 1, 6, 6, 2, 1), (1, 1, 1, 1, 1, 1)],
)
def test_agrees_with_one_sequence_and_one_head_at_a_time(
    B: int, Tq: int, Tk: int, D: int, Dc: int, H: int
) -> None:
    x, ctx, W = draw(B, Tq, D), draw(B, Tk, Dc), weights(D, Dc)
    assert_close(cross_attention(x, ctx, *W, H), one_by_one(x, ctx, W, H))


@pytest.mark.parametrize("lengths", [None, [5, 1, 3]])
def test_agrees_with_the_library(lengths: list[int] | None) -> None:
    x, ctx, W = draw(3, 4, 6), draw(3, 5, 7), weights(6, 7)
    layer = torch.nn.MultiheadAttention(6, 2, bias=False, kdim=7, vdim=7, batch_first=True, dtype=x.dtype)
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight", "out_proj.weight")
    layer.load_state_dict(dict(zip(names, W, strict=True)))
    filling = torch.arange(5) >= torch.tensor(lengths or [5, 5, 5])[:, None]
    expected, _ = layer(x, ctx, ctx, key_padding_mask=filling)
    given = torch.tensor(lengths) if lengths else None
    assert_close(cross_attention(x, ctx, *W, 2, given), expected.detach())


def test_with_itself_as_context_it_is_self_attention() -> None:
    x, W = draw(2, 5, 6), weights(6, 6)
    layer = torch.nn.MultiheadAttention(6, 3, bias=False, batch_first=True, dtype=torch.float64)
    layer.load_state_dict({"in_proj_weight": torch.cat(W[:3]), "out_proj.weight": W[3]})
    assert_close(cross_attention(x, x, *W, 3), layer(x, x, x)[0].detach())


def test_queries_do_not_see_one_another() -> None:
    x, ctx, W = draw(2, 4, 6), draw(2, 5, 3), weights(6, 3)
    out = cross_attention(x, ctx, *W, 2)
    for i in range(4):
        assert_close(cross_attention(x[:, i : i + 1], ctx, *W, 2), out[:, i : i + 1])


def test_the_order_of_the_context_does_not_matter() -> None:
    x, ctx, W = draw(2, 3, 4), draw(2, 5, 6), weights(4, 6)
    shuffled = ctx[:, [3, 0, 4, 1, 2]]
    assert_close(cross_attention(x, shuffled, *W, 2), cross_attention(x, ctx, *W, 2))


# With as many heads as sequences, a mask whose batch axis meets that of the heads raises no error.
@pytest.mark.parametrize(("H", "lengths"), [(1, [2, 4, 1]), (3, [1, 4, 2]), (2, [4, 4, 4]), (6, [3, 2, 1])])
def test_a_context_counts_up_to_its_length(H: int, lengths: list[int]) -> None:
    x, ctx, W = draw(3, 5, 6), draw(3, 4, 2), weights(6, 2)
    expected = one_by_one(x, ctx, W, H, lengths)
    assert_close(cross_attention(x, ctx, *W, H, torch.tensor(lengths)), expected)
    for b, n in enumerate(lengths):
        ctx[b, n:] = 1e30
    assert_close(cross_attention(x, ctx, *W, H, torch.tensor(lengths)), expected)


def test_an_empty_context_gives_zeros() -> None:
    x, ctx, W = draw(3, 2, 4), draw(3, 4, 4), weights(4, 4)
    out = cross_attention(x, ctx, *W, 2, torch.tensor([3, 0, 1]))
    assert (out[1] == 0).all(), f"the queries of an empty context got {out[1].tolist()}"
    assert_close(out, one_by_one(x, ctx, W, 2, [3, 0, 1]))


def test_gradients_are_right_and_finite_whatever_the_lengths() -> None:
    lengths = torch.tensor([2, 0])
    assert_autograd(
        lambda x, ctx, Wq, Wk, Wv, Wo: cross_attention(x, ctx, Wq, Wk, Wv, Wo, 2, lengths),
        (draw(2, 3, 4), draw(2, 3, 2), *weights(4, 2)),
        rng=np.random.default_rng(0),
        names=("x", "ctx", "Wq", "Wk", "Wv", "Wo"),
    )


def test_filling_gets_no_gradient() -> None:
    x, ctx, W = draw(2, 3, 4), draw(2, 5, 3).requires_grad_(), weights(4, 3)
    cross_attention(x, ctx, *W, 2, torch.tensor([2, 4])).pow(2).sum().backward()
    assert ctx.grad is not None
    reached = ctx.grad.abs().sum(-1) > 0
    assert reached.tolist() == [[True, True, False, False, False], [True, True, True, True, False]]


def test_heads_that_do_not_divide_the_width_are_a_value_error() -> None:
    with pytest.raises(ValueError):
        cross_attention(draw(2, 3, 6), draw(2, 3, 8), *weights(6, 8), 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    x, ctx, W = draw(2, 3, 8, dtype=dtype), draw(2, 5, 4, dtype=dtype), weights(8, 4, dtype)
    out = cross_attention(x, ctx, *W, 2, torch.tensor([5, 2]))
    assert_close(out, one_by_one(x, ctx, W, 2, [5, 2]), dtype=dtype)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, ctx, W, lengths = draw(2, 3, 4), draw(2, 5, 6), weights(4, 6), torch.tensor([4, 2])
    expected = one_by_one(x, ctx, W, 2, [4, 2])
    for (_, one), (_, other) in zip(layouts(x), layouts(ctx), strict=True):
        with assert_unchanged(one, other, *W, lengths):
            assert_close(cross_attention(one, other, *W, 2, lengths), expected)
