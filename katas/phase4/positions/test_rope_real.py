import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from mpmath import mp
from torch.overrides import TorchFunctionMode

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.positions.rope_real import interleaved_to_half, rope_half, rope_interleaved

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/positions/rope_complex",),
    forbids={
        "torch.view_as_complex": "turn each pair with cos and sin",
        "torch.complex": "turn each pair with cos and sin",
        "torch.polar": "turn each pair with cos and sin",
    },
)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def order(d: int) -> list[int]:
    """Which entry of the interleaved layout stands at each place of the half layout."""
    return [*range(0, d, 2), *range(1, d, 2)]


def turned(x: torch.Tensor, rows: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """x (..., T, d) with neighbours as complex numbers, times exp(i p w); rows broadcasts to (..., T)."""
    d = x.shape[-1]
    speeds = torch.tensor([base ** (-2 * j / d) for j in range(d // 2)], dtype=torch.float64)
    pairs = torch.complex(x[..., 0::2], x[..., 1::2]) * torch.exp(1j * rows[..., None] * speeds)
    return torch.view_as_real(pairs).flatten(-2)


def turned_half(x: torch.Tensor, rows: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """The same in the half layout: take x to neighbours, turn, take it back."""
    d = x.shape[-1]
    interleaved = torch.empty_like(x)
    interleaved[..., order(d)] = x
    return turned(interleaved, rows, base)[..., order(d)]


class RealNumbersOnly(TorchFunctionMode):
    """Within, no function of torch may return a complex tensor."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        is_complex = isinstance(result, torch.Tensor) and result.is_complex()
        assert not is_complex, "a complex tensor was made: turn each pair with cos and sin"
        return result


both = pytest.mark.parametrize(
    ("rope", "oracle"), [(rope_interleaved, turned), (rope_half, turned_half)], ids=["interleaved", "half"]
)


def test_neighbours_make_a_pair_in_one_layout_and_halves_in_the_other() -> None:
    x = torch.tensor([[1.0, 0.0, 0.0, 0.0]], dtype=torch.float64)
    cos, sin = math.cos(3), math.sin(3)
    assert_close(rope_interleaved(x, torch.tensor([3])), x.new_tensor([[cos, sin, 0.0, 0.0]]))
    assert_close(rope_half(x, torch.tensor([3])), x.new_tensor([[cos, 0.0, sin, 0.0]]))


@both
def test_position_zero_is_left_alone(rope: Callable, oracle: Callable) -> None:
    x = draw(2, 3, 6)
    assert_close(rope(x, torch.tensor([0, 5, 0]))[:, [0, 2]], x[:, [0, 2]])


@both
@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 4), (2, 3, 5, 8), (3, 3, 2), (1, 4), (2, 1, 3, 5, 6)])
def test_agrees_with_complex_rotation(rope: Callable, oracle: Callable, shape: tuple[int, ...]) -> None:
    x, rows = draw(*shape), torch.arange(shape[-2])
    assert_close(rope(x, rows), oracle(x, rows))


@both
def test_base_is_ten_thousand_unless_it_is_given(rope: Callable, oracle: Callable) -> None:
    x, rows = draw(4, 6), torch.tensor([1, 5, 20, 90])
    assert_close(rope(x, rows), oracle(x, rows, 10000.0))
    assert_close(rope(x, rows, 7.5), oracle(x, rows, 7.5))


def test_the_layouts_differ_by_a_permutation_alone() -> None:
    x, rows = draw(2, 5, 8), torch.arange(5)
    half = torch.tensor(order(8))
    assert_close(rope_half(x[..., half], rows), turned(x, rows)[..., half])
    assert_close(rope_interleaved(x, rows)[..., half], turned_half(x[..., half], rows))


@both
def test_turning_keeps_lengths(rope: Callable, oracle: Callable) -> None:
    x = draw(2, 7, 8)
    assert_close(rope(x, 31 * torch.arange(7)).norm(dim=-1), x.norm(dim=-1))


@both
def test_scores_depend_on_distance_only(rope: Callable, oracle: Callable) -> None:
    q, k, rows = draw(2, 6, 8), draw(2, 6, 8), torch.tensor([4, 0, 9, 2, 7, 7])
    expected = oracle(q, rows) @ oracle(k, rows).mT
    for shift in (1, 90, 2000, -12):
        assert_close(rope(q, rows + shift) @ rope(k, rows + shift).mT, expected)


@both
def test_one_decoded_token_is_turned_as_in_the_prefill(rope: Callable, oracle: Callable) -> None:
    x = draw(2, 3, 9, 6)
    prefill = oracle(x, torch.arange(9))
    assert_close(rope(x[..., 7:8, :], torch.tensor([7])), prefill[..., 7:8, :])
    assert_close(rope(x[..., 5:, :], torch.arange(5, 9)), prefill[..., 5:, :])


@both
def test_positions_come_in_any_order(rope: Callable, oracle: Callable) -> None:
    x, rows = draw(3, 5, 4), torch.tensor([8, 2, 2, 40, 0])
    assert_close(rope(x, rows), oracle(x, rows))


@both
@pytest.mark.parametrize("between", [(), (3,), (2,), (5, 3)])
def test_each_sequence_may_have_its_own_positions(
    rope: Callable, oracle: Callable, between: tuple[int, ...]
) -> None:
    x = draw(2, *between, 4, 6)
    rows = torch.tensor([[0, 1, 2, 3], [0, 0, 0, 1]])  # the second one is padded on the left
    expected = torch.stack([oracle(x[b], rows[b]) for b in range(2)])
    assert_close(rope(x, rows), expected)


@both
def test_batch_and_heads_are_told_apart_where_both_have_the_length_of_the_sequence(
    rope: Callable, oracle: Callable
) -> None:
    x, rows = draw(3, 3, 3, 4), torch.tensor([[0, 1, 2], [5, 7, 11], [40, 3, 3]])
    assert_close(rope(x, rows), torch.stack([oracle(x[b], rows[b]) for b in range(3)]))


@both
def test_negative_positions_turn_back(rope: Callable, oracle: Callable) -> None:
    x, rows = draw(2, 4, 6), torch.tensor([3, 0, 12, 500])
    assert_close(rope(oracle(x, rows), -rows), x)
    assert_close(rope(x, -rows), oracle(x, -rows))


@both
def test_late_positions_are_accurate(rope: Callable, oracle: Callable) -> None:
    x, rows = torch.ones(3, 6).double(), torch.tensor([99_999, 100_000, 100_003])
    with mp.workdps(30):
        angles = [[t / mp.mpf(10000) ** (mp.mpf(j) / 3) for j in range(3)] for t in rows.tolist()]
        cos = x.new_tensor([[float(mp.cos(a)) for a in row] for row in angles])
        sin = x.new_tensor([[float(mp.sin(a)) for a in row] for row in angles])
    # The first entries of the pairs become cos - sin, the second ones cos + sin, in whatever places.
    assert_close(rope(x, rows).sort()[0], torch.cat([cos - sin, cos + sin], -1).sort()[0], atol=1e-8)


@both
def test_no_complex_number_is_involved(rope: Callable, oracle: Callable) -> None:
    x, rows = draw(2, 4, 6), torch.arange(4)
    with RealNumbersOnly():
        out = rope(x, rows)
    assert_close(out, oracle(x, rows))


@both
def test_gradients_agree_with_finite_differences(rope: Callable, oracle: Callable) -> None:
    rows = torch.tensor([[2, 0, 31], [1, 1, 5]])
    rng = np.random.default_rng(0)
    assert_autograd(lambda x: rope(x, rows), (draw(2, 2, 3, 4),), rng=rng, names=("x",))


@pytest.mark.parametrize(("H", "d", "D"), [(1, 8, 5), (3, 4, 6), (2, 6, 1), (4, 2, 3)])
def test_rows_move_within_their_head(H: int, d: int, D: int) -> None:
    W = draw(H * d, D)
    out = interleaved_to_half(W, H)
    assert out.shape == W.shape
    for h in range(H):
        for j in range(d // 2):
            assert_close(out[h * d + j], W[h * d + 2 * j], name=f"first of pair {j} of head {h}")
            assert_close(
                out[h * d + d // 2 + j], W[h * d + 2 * j + 1], name=f"second of pair {j} of head {h}"
            )


@pytest.mark.parametrize("H", [1, 3])
def test_converted_weights_give_the_same_scores_and_others_do_not(H: int) -> None:
    d, D, T = 8, 5, 6
    tokens, rows = draw(2, T, D), torch.arange(T)
    queries, keys = draw(H * d, D), draw(H * d, D)

    def scores(oracle: Callable, *weights: torch.Tensor) -> torch.Tensor:
        """(2, H, T, T)"""
        q, k = (oracle((tokens @ W.T).unflatten(-1, (H, d)).transpose(1, 2), rows) for W in weights)
        return q @ k.mT

    expected = scores(turned, queries, keys)
    converted = interleaved_to_half(queries, H), interleaved_to_half(keys, H)
    assert_close(scores(turned_half, *converted), expected)
    assert (scores(turned_half, queries, keys) - expected).abs().max() > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_converted_weights_keep_their_dtype_and_every_bit(dtype: torch.dtype) -> None:
    W = draw(12, 5).to(dtype)
    for _, view in layouts(W):
        with assert_unchanged(view):
            out = interleaved_to_half(view, 2)
            assert out.dtype == dtype
            assert torch.equal(out[[0, 1, 2, 3, 4, 5]], W[[0, 2, 4, 1, 3, 5]])


@both
@pytest.mark.parametrize(
    ("dtype", "half_a_step"), [(torch.float32, 1e-6), (torch.bfloat16, 2**-8), (torch.float16, 2**-11)]
)
def test_the_dtype_is_kept_and_rounded_to_once(
    rope: Callable, oracle: Callable, dtype: torch.dtype, half_a_step: float
) -> None:
    x, rows = draw(2, 40, 8).to(dtype), 25 * torch.arange(40)
    expected = oracle(x.double(), rows)
    assert_close(rope(x, rows), expected, dtype=dtype, rtol=1.01 * half_a_step, atol=2e-6)


@both
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(
    rope: Callable, oracle: Callable, dtype: torch.dtype
) -> None:
    x, rows = draw(2, 3, 5, 6), torch.tensor([3, 1, 4, 1, 5], dtype=dtype)
    expected = oracle(x, rows)
    heads_last = x.transpose(1, 2).contiguous().transpose(1, 2)
    for view in (heads_last, *(one for _, one in layouts(x))):
        with assert_unchanged(view, rows):
            assert_close(rope(view, rows), expected)


@both
def test_sequences_of_any_length_have_their_shape(rope: Callable, oracle: Callable) -> None:
    assert rope(draw(2, 3, 0, 4), torch.arange(0)).shape == (2, 3, 0, 4)
    assert rope(draw(2, 3, 0, 4), torch.zeros(2, 0, dtype=torch.int64)).shape == (2, 3, 0, 4)
    x = draw(1, 1, 2)
    assert_close(rope(x, torch.tensor([[6]])), oracle(x, torch.tensor([6])))


@both
@pytest.mark.parametrize("d", [1, 3, 7, 0])
def test_an_odd_or_empty_width_raises(rope: Callable, oracle: Callable, d: int) -> None:
    with pytest.raises(ValueError):
        rope(draw(2, 4, d), torch.arange(4))


@both
@pytest.mark.parametrize("shape", [(3,), (1,), (1, 4), (3, 4), (2, 1), (4, 2), (2, 3, 4), ()])
def test_positions_of_another_shape_raise(rope: Callable, oracle: Callable, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        rope(draw(2, 3, 4, 6), torch.ones(shape, dtype=torch.int64))


@both
def test_positions_for_each_sequence_need_a_batch(rope: Callable, oracle: Callable) -> None:
    with pytest.raises(ValueError):
        rope(draw(4, 6), torch.ones(4, 4, dtype=torch.int64))


@pytest.mark.parametrize(("rows", "H"), [(12, 5), (12, 12), (9, 3), (10, 4), (7, 1)])
def test_rows_that_make_no_heads_of_even_width_raise(rows: int, H: int) -> None:
    with pytest.raises(ValueError):
        interleaved_to_half(draw(rows, 3), H)
