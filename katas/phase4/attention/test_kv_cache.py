from collections.abc import Callable, Iterable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.attention.kv_cache import KVCache, attend

Rope = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/attention/masks", "phase4/positions/rope_real"),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "call sdpa with a mask",
        "torch.nn.functional.multi_head_attention_forward": "split the heads and call sdpa with a mask",
        "torch.nn.MultiheadAttention": "split the heads and call sdpa with a mask",
    },
)


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def matrices(D: int, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    return {name: draw(D, D, dtype=dtype) / D**0.5 for name in "qkvo"}


def rotate(u: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """RoPE on pairs (2j, 2j + 1) of the last axis, as a multiplication by exp(i angle)."""
    frequencies = 10_000 ** -(torch.arange(0, u.shape[-1], 2, dtype=torch.float64) / u.shape[-1])
    turn = torch.exp(1j * positions[:, None] * frequencies)
    pairs = torch.view_as_complex(u.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2).to(u.dtype)


def whole(x: torch.Tensor, W: dict[str, torch.Tensor], H: int, rope: Rope | None = None) -> torch.Tensor:
    """Causal attention over all of x at once, one head after another."""
    T, D = x.shape[1:]
    heads = []
    for own in torch.arange(D).chunk(H):  # the features of one head
        q, k, v = (torch.einsum("btd,ed->bte", x, W[name][own])[:, None] for name in "qkv")
        if rope is not None:
            q, k = (rope(u, torch.arange(T)) for u in (q, k))
        heads.append(F.scaled_dot_product_attention(q, k, v, is_causal=True)[:, 0])
    return torch.einsum("btd,ed->bte", torch.cat(heads, -1), W["o"])


def in_chunks(
    x: torch.Tensor, cuts: Iterable[int], W: dict[str, torch.Tensor], H: int, rope: Rope | None = None
) -> torch.Tensor:
    """What `attend` makes of x, cut at the given positions, with one cache that is full at the end."""
    B, T, D = x.shape
    cache = KVCache(B, H, T, D // H, x.dtype)
    outputs = [attend(chunk, W, H, cache, rope) for chunk in x.tensor_split(sorted(cuts), 1)]
    assert cache.length == T
    return torch.cat(outputs, 1)


@pytest.mark.parametrize(("B", "H", "dh"), [(2, 3, 4), (1, 1, 2), (3, 1, 1), (1, 4, 3)])
def test_the_cache_gives_back_all_it_was_given(B: int, H: int, dh: int) -> None:
    k, v = draw(B, H, 6, dh), draw(B, H, 6, dh)
    cache = KVCache(B, H, 9, dh, torch.float64)
    assert cache.length == 0
    for start, stop in [(0, 2), (2, 3), (3, 6)]:
        held = cache.append(k[:, :, start:stop], v[:, :, start:stop])
        assert_close(held, (k[:, :, :stop], v[:, :, :stop]))
        assert cache.length == stop


@pytest.mark.parametrize(
    ("B", "T", "H", "dh"), [(2, 5, 3, 4), (1, 4, 1, 2), (1, 7, 4, 2), (3, 1, 2, 6), (2, 6, 2, 1)]
)
def test_prefill_is_causal_attention(B: int, T: int, H: int, dh: int) -> None:
    x, W = draw(B, T, H * dh), matrices(H * dh)
    assert_close(in_chunks(x, [], W, H), whole(x, W, H))


@pytest.mark.parametrize("rope", [None, rotate])
def test_decoding_token_by_token_gives_the_outputs_of_prefill(rope: Rope | None) -> None:
    x, W = draw(2, 6, 12), matrices(12)
    assert_close(in_chunks(x, range(1, 6), W, 3, rope), whole(x, W, 3, rope))


@pytest.mark.parametrize("rope", [None, rotate])
@settings(max_examples=15)
@given(cuts=st.sets(st.integers(1, 7)))
def test_it_does_not_matter_how_a_sequence_is_cut(rope: Rope | None, cuts: set[int]) -> None:
    x, W = draw(1, 8, 8), matrices(8)
    assert_close(in_chunks(x, cuts, W, 2, rope), whole(x, W, 2, rope))


def test_new_tokens_are_rotated_once_by_their_absolute_positions() -> None:
    x, W = draw(1, 6, 8), matrices(8)
    cache, seen = KVCache(1, 2, 6, 4, torch.float64), []

    def watched(u: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        assert u.shape[-2:] == (len(positions), 4)
        seen.extend(positions.tolist())
        return rotate(u, positions)

    for chunk, expected in zip(x.split([3, 1, 2], 1), [[0, 1, 2], [3], [4, 5]], strict=True):
        attend(chunk, W, 2, cache, watched)
        # Once where queries and keys are rotated together, else twice.
        assert sorted(seen) in (expected, sorted(2 * expected)), f"rotated {sorted(seen)}, not {expected}"
        seen.clear()


def test_nothing_moves_when_the_cache_grows() -> None:
    k, v = draw(2, 3, 5, 4), draw(2, 3, 5, 4)
    cache = KVCache(2, 3, 5, 4, torch.float64)
    held = [cache.append(k[:, :, i : i + 1], v[:, :, i : i + 1]) for i in range(5)]
    for views in zip(*held, strict=True):  # all of the keys, then all of the values
        homes = {view.untyped_storage().data_ptr() for view in views}
        assert len(homes) == 1, (
            "append returned memory of its own: return views of the same buffer every time"
        )
    assert_close(held[1], (k[:, :, :2], v[:, :, :2]))


def test_keys_and_values_of_earlier_tokens_come_from_the_cache_alone() -> None:
    B, H, dh, held, t = 2, 3, 4, 5, 2
    cache, k, v = KVCache(B, H, held + t, dh, torch.float64), draw(B, H, held, dh), draw(B, H, held, dh)
    cache.append(k, v)  # of tokens that attend has never seen
    x, W = draw(B, t, H * dh), matrices(H * dh)
    new = {name: torch.einsum("btd,hed->bhte", x, W[name].unflatten(0, (H, dh))) for name in "qkv"}
    positions, visible = torch.arange(held, held + t), torch.ones(t, held + t).tril(held).bool()
    K = torch.cat((k, rotate(new["k"], positions)), 2)
    V = torch.cat((v, new["v"]), 2)
    heads = F.scaled_dot_product_attention(rotate(new["q"], positions), K, V, visible)
    expected = torch.einsum("bhte,dhe->btd", heads, W["o"].unflatten(1, (H, dh)))
    assert_close(attend(x, W, H, cache, rotate), expected)


@pytest.mark.parametrize("kept", [0, 1, 4, 5])
def test_after_truncation_other_tokens_can_follow(kept: int) -> None:
    x, other, W = draw(2, 5, 8), draw(2, 3, 8), matrices(8)
    cache = KVCache(2, 2, 8, 4, torch.float64)
    attend(x, W, 2, cache, rotate)
    cache.truncate(kept)
    assert cache.length == kept
    expected = whole(torch.cat((x[:, :kept], other), 1), W, 2, rotate)
    assert_close(attend(other, W, 2, cache, rotate), expected[:, kept:])


@pytest.mark.parametrize("n", [-1, 4])
def test_truncation_keeps_no_more_than_there_is(n: int) -> None:
    cache = KVCache(1, 1, 5, 2, torch.float64)
    cache.append(draw(1, 1, 3, 2), draw(1, 1, 3, 2))
    with pytest.raises(ValueError):
        cache.truncate(n)
    assert cache.length == 3


@pytest.mark.parametrize("t", [2, 3, 6])
def test_an_overflow_leaves_the_cache_as_it_was(t: int) -> None:
    k, v = draw(2, 3, 5, 4), draw(2, 3, 5, 4)
    cache = KVCache(2, 3, 5, 4, torch.float64)
    cache.append(k[:, :, :4], v[:, :, :4])
    with pytest.raises(ValueError):
        cache.append(draw(2, 3, t, 4), draw(2, 3, t, 4))
    assert cache.length == 4
    assert_close(cache.append(k[:, :, 4:], v[:, :, 4:]), (k, v))


def test_a_full_cache_takes_no_more_tokens() -> None:
    x, W = draw(1, 4, 4), matrices(4)
    cache = KVCache(1, 2, 3, 2, torch.float64)
    attend(x[:, :3], W, 2, cache)
    with pytest.raises(ValueError):
        attend(x[:, 3:], W, 2, cache)
    assert cache.length == 3


def test_every_cache_has_its_own_memory() -> None:
    k, v = draw(1, 2, 3, 4), draw(1, 2, 3, 4)
    one, other = (KVCache(1, 2, 3, 4, torch.float64) for _ in range(2))
    held = one.append(k, v)
    other.append(-k, -v)
    assert_close(held, (k, v))


def test_the_cache_keeps_copies() -> None:
    k, v = draw(1, 2, 3, 4), draw(1, 2, 3, 4)
    expected = (k.clone(), v.clone())
    held = KVCache(1, 2, 3, 4, torch.float64).append(k, v)
    k.zero_()
    v.zero_()
    assert_close(held, expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    x, W = draw(2, 6, 8, dtype=dtype), matrices(8, dtype)
    expected = whole(x.double(), {name: w.double() for name, w in W.items()}, 2, rotate)
    assert_close(in_chunks(x, [4], W, 2, rotate), expected, dtype=dtype)
    k = draw(1, 1, 2, 3, dtype=dtype)
    assert_close(KVCache(1, 1, 2, 3, dtype).append(k, -k), (k, -k))


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, W = draw(2, 3, 4), matrices(4)
    expected = whole(x, W, 2)
    for _, given_x in layouts(x):
        with assert_unchanged(given_x, W):
            assert_close(in_chunks(given_x, [1], W, 2), expected)
