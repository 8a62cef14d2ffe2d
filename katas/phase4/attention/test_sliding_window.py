import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.attention.sliding_window import RingKV, receptive, window_mask

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/attention/kv_cache",),
    forbids={
        "torch.nn.functional.scaled_dot_product_attention": "call sdpa on the rows that are seen",
        "torch.nn.functional.multi_head_attention_forward": "call sdpa on the rows that are seen",
        "torch.nn.MultiheadAttention": "call sdpa on the rows that are seen",
    },
)


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype)


def seen_by(p: int, w: int, sinks: int) -> list[int]:
    """The positions that position p sees, from the first to p itself."""
    window = range(max(0, p - w + 1), p + 1)
    return sorted({*window, *range(min(sinks, p + 1))})


def by_loops(Tq: int, Tk: int, w: int, sinks: int) -> list[list[bool]]:
    return [[j in seen_by(p, w, sinks) for j in range(Tk)] for p in range(Tk - Tq, Tk)]


def decoded(ring: RingKV, Q: torch.Tensor, K: torch.Tensor, V: torch.Tensor) -> torch.Tensor:
    """One position after another is appended, and attends."""
    outputs = []
    for q, k, v in zip(Q, K, V, strict=True):
        ring.append(k, v)
        outputs.append(ring.attend(q))
    return torch.stack(outputs)


def masked(Q: torch.Tensor, K: torch.Tensor, V: torch.Tensor, w: int, sinks: int = 0) -> torch.Tensor:
    """The same for all positions at once."""
    return F.scaled_dot_product_attention(Q, K, V, torch.tensor(by_loops(len(Q), len(K), w, sinks)))


@pytest.mark.parametrize(
    ("w", "sinks", "picture"),
    [
        (1, 0, ["#....", ".#...", "..#..", "...#.", "....#"]),
        (2, 0, ["#....", "##...", ".##..", "..##.", "...##"]),
        (2, 1, ["#....", "##...", "###..", "#.##.", "#..##"]),
        (1, 3, ["#....", "##...", "###..", "####.", "###.#"]),
        (9, 0, ["#....", "##...", "###..", "####.", "#####"]),
    ],
)
def test_the_mask_looks_like_this(w: int, sinks: int, picture: list[str]) -> None:
    assert window_mask(5, 5, w, sinks).tolist() == [[dot == "#" for dot in row] for row in picture]


@given(st.tuples(st.integers(1, 7), st.integers(1, 7)).map(sorted), st.integers(1, 9), st.integers(0, 9))
def test_the_mask_agrees_with_the_definition_by_loops(sizes: list[int], w: int, sinks: int) -> None:
    Tq, Tk = sizes
    mask = window_mask(Tq, Tk, w, sinks)
    assert mask.dtype == torch.bool
    assert mask.tolist() == by_loops(Tq, Tk, w, sinks)


def test_there_are_no_sinks_unless_asked_for() -> None:
    assert window_mask(3, 6, 2).tolist() == by_loops(3, 6, 2, 0)


@pytest.mark.parametrize(
    ("T", "w", "dh"), [(5, 5, 4), (4, 6, 3), (14, 4, 3), (13, 3, 1), (9, 2, 5), (3, 1, 2)]
)
def test_decoding_with_the_ring_is_attention_under_the_mask(T: int, w: int, dh: int) -> None:
    Q, K, V = draw(T, dh), draw(T, dh), draw(T, dh)
    assert_close(decoded(RingKV(w, dh, torch.float64), Q, K, V), masked(Q, K, V, w))


@pytest.mark.parametrize(("T", "w", "sinks"), [(15, 4, 2), (12, 3, 3), (9, 2, 5), (4, 2, 7), (9, 1, 1)])
def test_the_ring_never_drops_its_sinks(T: int, w: int, sinks: int) -> None:
    Q, K, V = draw(T, 3), draw(T, 3), draw(T, 3)
    assert_close(decoded(RingKV(w, 3, torch.float64, sinks), Q, K, V), masked(Q, K, V, w, sinks))


def test_a_window_of_one_gives_the_latest_value() -> None:
    Q, K, V = draw(5, 3), draw(5, 3), draw(5, 3)
    assert_close(decoded(RingKV(1, 3, torch.float64), Q, K, V), V)


def test_a_key_of_zeros_counts_like_any_other() -> None:
    Q, K, V = draw(5, 3), draw(5, 3), draw(5, 3)
    K[1:3] = 0
    assert_close(decoded(RingKV(2, 3, torch.float64, 1), Q, K, V), masked(Q, K, V, 2, 1))


def test_one_row_is_written_and_the_others_stay() -> None:
    w, sinks, dh = 4, 2, 3
    ring = RingKV(w, dh, torch.float64, sinks)
    at_first = (ring.k, ring.v)
    for new in draw(3 * (w + sinks), 2, dh):
        before = (ring.k.clone(), ring.v.clone())
        ring.append(*new)
        for rows, old, home, row in zip((ring.k, ring.v), before, at_first, new, strict=True):
            assert rows.shape == (sinks + w, dh)
            assert rows.data_ptr() == home.data_ptr(), "the rows were allocated anew"
            changed = (rows.view(torch.int64) != old.view(torch.int64)).any(1)  # nan may stand in unused rows
            assert changed.sum() == 1, f"rows {changed.nonzero().flatten().tolist()} changed"
            assert_close(rows[changed][0], row)


def test_attending_changes_nothing() -> None:
    ring, K, V, Q = RingKV(3, 2, torch.float64), draw(5, 2), draw(5, 2), draw(2, 2)
    for k, v in zip(K, V, strict=True):
        ring.append(k, v)
    expected = F.scaled_dot_product_attention(Q, K[2:], V[2:])
    for _ in range(2):
        with assert_unchanged(Q, ring.k, ring.v):
            assert_close(torch.stack([ring.attend(q) for q in Q]), expected)


@pytest.mark.parametrize("sinks", [0, 2])
def test_an_empty_ring_gives_zeros(sinks: int) -> None:
    out = RingKV(3, 4, torch.float64, sinks).attend(draw(4))
    assert out.tolist() == [0.0] * 4


@pytest.mark.parametrize(("layers", "w"), [(1, 4), (2, 2), (2, 5), (3, 3), (4, 1), (5, 2)])
def test_outputs_depend_on_the_inputs_in_the_receptive_field(layers: int, w: int) -> None:
    inputs = draw(layers * w + 3, 4).requires_grad_()
    outputs = inputs
    for _ in range(layers):
        outputs = masked(outputs, outputs, outputs, w)
    (slopes,) = torch.autograd.grad(outputs[-1].sum(), inputs)
    assert receptive(layers, w) == int(slopes.any(1).sum())


def test_the_reach_of_mistral() -> None:
    assert receptive(32, 4096) == 131_041


@pytest.mark.parametrize("w", [0, -1])
def test_a_window_holds_at_least_one_position(w: int) -> None:
    with pytest.raises(ValueError):
        window_mask(2, 3, w)
    with pytest.raises(ValueError):
        RingKV(w, 2, torch.float64)
    with pytest.raises(ValueError):
        receptive(2, w)


def test_more_queries_than_keys_are_an_error() -> None:
    with pytest.raises(ValueError):
        window_mask(4, 3, 2)


def test_every_ring_has_its_own_rows() -> None:
    Q, K, V = draw(4, 3), draw(4, 3), draw(4, 3)
    one, other = RingKV(2, 3, torch.float64), RingKV(2, 3, torch.float64)
    decoded(one, Q, K, V)
    assert_close(decoded(other, Q, K, -V), masked(Q, K, -V, 2))
    assert_close(one.attend(Q[3]), masked(Q, K, V, 2)[3])


def test_the_ring_keeps_copies() -> None:
    Q, K, V = draw(5, 3), draw(5, 3), draw(5, 3)
    ring, k, v = RingKV(3, 3, torch.float64), draw(3), draw(3)
    for i in range(5):
        ring.append(k.copy_(K[i]), v.copy_(V[i]))
    assert_close(ring.attend(Q[4]), masked(Q, K, V, 3)[4])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    Q, K, V = (draw(7, 4, dtype=dtype) for _ in range(3))
    ring = RingKV(3, 4, dtype, 1)
    assert_close(decoded(ring, Q, K, V), masked(Q.double(), K.double(), V.double(), 3, 1), dtype=dtype)
    assert ring.k.dtype == ring.v.dtype == dtype


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    Q, K, V = draw(6, 3), draw(6, 3), draw(6, 3)
    for (_, q), (_, k), (_, v) in zip(layouts(Q), layouts(K), layouts(V), strict=True):
        with assert_unchanged(q, k, v):
            assert_close(decoded(RingKV(2, 3, torch.float64, 1), q, k, v), masked(Q, K, V, 2, 1))
