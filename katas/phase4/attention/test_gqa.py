import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.attention.gqa import gqa, kv_bytes, mean_pool_kv

KATA = Kata(
    difficulty=3,
    minutes=20,
    needs=("phase4/attention/multi_head",),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "share the keys and values, then call sdpa",
        "torch.nn.functional.multi_head_attention_forward": "share the keys and values, then call sdpa",
        "torch.nn.MultiheadAttention": "share the keys and values, then call sdpa",
    },
)
HEADS = [(4, 2), (6, 2), (6, 3), (8, 4), (3, 3), (4, 1), (1, 1)]  # Hq, Hkv


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def head_by_head(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool) -> torch.Tensor:
    """Each key-value head answers the next Hq / Hkv query heads, in float64."""
    waiting, answers = list(q.double().unbind(1)), []
    group = len(waiting) // k.shape[1]
    for keys, values in zip(k.double().unbind(1), v.double().unbind(1), strict=True):
        for _ in range(group):
            head = waiting.pop(0)
            answers.append(F.scaled_dot_product_attention(head, keys, values, is_causal=causal))
    return torch.stack(answers, 1)


def project(x: torch.Tensor, W: torch.Tensor, H: int) -> torch.Tensor:
    """x (B, T, D), W (H * dh, D) -> (B, H, T, dh)."""
    return torch.stack(F.linear(x, W).chunk(H, -1), 1)


def test_one_key_value_head_answers_all_queries() -> None:
    q, k, v = draw(2, 4, 5, 3), draw(2, 1, 5, 3), draw(2, 1, 5, 3)
    expected = F.scaled_dot_product_attention(q, k.expand(2, 4, 5, 3), v.expand(2, 4, 5, 3), is_causal=True)
    assert_close(gqa(q, k, v), expected)


def test_with_as_many_of_both_it_is_multi_head_attention() -> None:
    q, k, v = draw(2, 4, 5, 3), draw(2, 4, 5, 3), draw(2, 4, 5, 3)
    assert_close(gqa(q, k, v), F.scaled_dot_product_attention(q, k, v, is_causal=True))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("Hq", "Hkv"), HEADS)
def test_neighbouring_query_heads_share_keys_and_values(Hq: int, Hkv: int, causal: bool) -> None:
    q, k, v = draw(2, Hq, 5, 3), draw(2, Hkv, 5, 3), draw(2, Hkv, 5, 3)
    assert_close(gqa(q, k, v, causal), head_by_head(q, k, v, causal))


@pytest.mark.parametrize("causal", [True, False])
def test_agrees_with_the_library(causal: bool) -> None:
    q, k, v = draw(3, 6, 4, 5), draw(3, 2, 4, 5), draw(3, 2, 4, 5)
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    assert_close(gqa(q, k, v, causal), expected)


def test_a_key_value_head_reaches_its_own_group_only() -> None:
    q, k, v = draw(1, 6, 4, 3), draw(1, 3, 4, 3), draw(1, 3, 4, 3)
    before = gqa(q, k, v)
    for shared in (k, v):
        changed = shared.clone()
        changed[:, 1] += draw(4, 3)
        after = gqa(q, changed, v) if shared is k else gqa(q, k, changed)
        moved = (after - before).abs().amax((0, 2, 3)) > 1e-9
        assert moved.tolist() == [False, False, True, True, False, False]


def test_causal_is_the_default_and_never_looks_ahead() -> None:
    q, k, v = draw(2, 4, 6, 3), draw(2, 2, 6, 3), draw(2, 2, 6, 3)
    before = gqa(q, k, v)
    k[:, :, 4:], v[:, :, 4:] = draw(2, 2, 2, 3), draw(2, 2, 2, 3)
    after = gqa(q, k, v)
    assert_close(after[:, :, :4], before[:, :, :4])
    assert ((after - before)[:, :, 4:].abs().amax(-1) > 1e-9).all()


def test_gradients_of_shared_keys_and_values_add_up() -> None:
    inputs = (draw(1, 4, 3, 2), draw(1, 2, 3, 2), draw(1, 2, 3, 2))
    assert_autograd(gqa, inputs, rng=np.random.default_rng(0), names=("q", "k", "v"))


@pytest.mark.parametrize(("Hq", "Hkv"), HEADS)
def test_a_pooled_head_projects_to_the_mean_of_its_group(Hq: int, Hkv: int) -> None:
    W, x = draw(Hq * 3, 5), draw(2, 4, 5)
    pooled = mean_pool_kv(W, Hq, Hkv)
    assert pooled.shape == (Hkv * 3, 5)
    heads, group = project(x, W, Hq), Hq // Hkv
    means = [sum(heads[:, g * group + i] for i in range(group)) / group for g in range(Hkv)]
    assert_close(project(x, pooled, Hkv), torch.stack([torch.as_tensor(mean) for mean in means], 1))


def test_pooling_heads_that_agree_loses_nothing() -> None:
    x, Wq = draw(2, 5, 8), draw(8, 8)
    Wk, Wv = (torch.cat([a, a, b, b]) for a, b in ((draw(2, 8), draw(2, 8)), (draw(2, 8), draw(2, 8))))
    q, k, v = project(x, Wq, 4), project(x, Wk, 4), project(x, Wv, 4)
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    k, v = (project(x, mean_pool_kv(W, 4, 2), 2) for W in (Wk, Wv))
    assert_close(gqa(q, k, v), expected)


def test_pooling_to_as_many_heads_changes_nothing() -> None:
    W = draw(12, 5)
    assert_close(mean_pool_kv(W, 4, 4), W)


@pytest.mark.parametrize(("T", "layers", "Hkv", "dh"), [(1, 1, 1, 1), (7, 3, 2, 5), (4096, 32, 8, 128)])
@pytest.mark.parametrize(
    ("dtype", "bytes_per"), [(torch.int8, 1), (torch.bfloat16, 2), (torch.float32, 4), (torch.float64, 8)]
)
def test_the_cache_takes_what_its_tensors_take(
    T: int, layers: int, Hkv: int, dh: int, dtype: torch.dtype, bytes_per: int
) -> None:
    keys = torch.empty(layers, Hkv, T, dh, dtype=dtype, device="meta")
    values = torch.empty_like(keys)
    assert kv_bytes(T, layers, Hkv, dh, bytes_per) == keys.nbytes + values.nbytes


def test_a_token_costs_llama_2_70b_320_kib() -> None:
    cost = kv_bytes(1, 80, 8, 128)
    assert cost == 320 * 1024
    assert isinstance(cost, int)


@pytest.mark.parametrize(("Hq", "Hkv"), [(4, 3), (6, 4), (2, 4), (3, 2)])
def test_groups_of_unequal_size_are_a_value_error(Hq: int, Hkv: int) -> None:
    with pytest.raises(ValueError):
        gqa(draw(2, Hq, 5, 3), draw(2, Hkv, 5, 3), draw(2, Hkv, 5, 3))
    with pytest.raises(ValueError):
        mean_pool_kv(draw(Hq * 12, 5), Hq, Hkv)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    q, k, v = draw(2, 4, 5, 8, dtype=dtype), draw(2, 2, 5, 8, dtype=dtype), draw(2, 2, 5, 8, dtype=dtype)
    assert_close(gqa(q, k, v), head_by_head(q, k, v, True), dtype=dtype)
    W = draw(8, 3, dtype=dtype)
    assert_close(mean_pool_kv(W, 4, 1), W.double().unflatten(0, (4, 2)).mean(0), dtype=dtype)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    q, k, v, W = draw(2, 4, 5, 3), draw(2, 2, 5, 3), draw(2, 2, 5, 3), draw(8, 3)
    expected = head_by_head(q, k, v, True)
    each = zip(layouts(q), layouts(k), layouts(v), layouts(W), strict=True)
    for (_, one), (_, keys), (_, values), (_, rows) in each:
        with assert_unchanged(one, keys, values, rows):
            assert_close(gqa(one, keys, values), expected)
            assert_close(mean_pool_kv(rows, 4, 1), W.unflatten(0, (4, 2)).mean(0))
