import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase4.positions.rope_complex import apply_rope, freqs_cis, rope_score

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/positions/sinusoidal",),
)

positions = st.integers(0, 500)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def table(rows: Sequence[int], d: int, base: float = 10000.0) -> torch.Tensor:
    """cis at the positions `rows`, entry by entry, with 30 digits."""
    with mp.workdps(30):
        angles = [[t / mp.mpf(base) ** (mp.mpf(2 * j) / d) for j in range(d // 2)] for t in rows]
        entries = [[complex(mp.cos(angle), mp.sin(angle)) for angle in row] for row in angles]
    return torch.tensor(entries, dtype=torch.complex128).reshape(len(rows), d // 2)


def turned(x: torch.Tensor, rows: Sequence[int], base: float = 10000.0) -> torch.Tensor:
    """x (..., T, d) times a 2 x 2 rotation matrix for each position and pair of neighbours."""
    out = torch.empty_like(x)
    for s, t in enumerate(rows):
        for j in range(x.shape[-1] // 2):
            angle = t * base ** (-2 * j / x.shape[-1])
            cos, sin = math.cos(angle), math.sin(angle)
            R = torch.tensor([[cos, -sin], [sin, cos]], dtype=x.dtype)
            out[..., s, 2 * j : 2 * j + 2] = x[..., s, 2 * j : 2 * j + 2] @ R.T
    return out


def test_a_single_pair_turns_by_one_radian_a_position() -> None:
    x = torch.tensor([[1.0, 0.0]] * 4, dtype=torch.float64)
    expected = [[math.cos(t), math.sin(t)] for t in range(4)]
    assert_close(apply_rope(x, table(range(4), 2)), torch.tensor(expected, dtype=torch.float64))


def test_position_zero_is_left_alone() -> None:
    x = draw(3, 5, 8)
    assert_close(apply_rope(x, table(range(5), 8))[:, 0], x[:, 0])


def test_turning_keeps_the_length_of_every_pair() -> None:
    x = draw(2, 9, 6)
    out = apply_rope(x, table(range(9), 6))
    assert_close(out.unflatten(-1, (3, 2)).norm(dim=-1), x.unflatten(-1, (3, 2)).norm(dim=-1))


@pytest.mark.parametrize(("T", "d", "base"), [(6, 8, 10000.0), (4, 6, 500.0), (9, 2, 10000.0), (1, 4, 2.5)])
def test_the_table_agrees_with_the_formula(T: int, d: int, base: float) -> None:
    assert_close(freqs_cis(d, T, base), table(range(T), d, base))


def test_base_is_ten_thousand_unless_it_is_given() -> None:
    q, k = draw(6), draw(6)
    assert_close(freqs_cis(6, 4)[3:], table([3], 6, 10000.0))
    assert_close(rope_score(q, k, 5, 2), rope_score(q, k, 5, 2, 10000.0))


def test_angles_of_late_positions_are_accurate() -> None:
    late = [99_999, 100_000, 100_003]
    assert_close(freqs_cis(6, 100_004)[late], table(late, 6), atol=1e-8)


@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 4), (2, 3, 5, 8), (3, 3, 2), (1, 4)])
def test_every_pair_is_turned_by_a_rotation_matrix(shape: tuple[int, ...]) -> None:
    x = draw(*shape)
    rows = range(shape[-2])
    assert_close(apply_rope(x, table(rows, shape[-1])), turned(x, rows))


def test_a_slice_of_the_table_turns_later_tokens() -> None:
    x = draw(2, 3, 9, 6)
    whole, cis = turned(x, range(9)), table(range(9), 6)
    assert_close(apply_rope(x[..., 7:8, :], cis[7:8]), whole[..., 7:8, :])
    assert_close(apply_rope(x[..., 4:9, :], cis[4:9]), whole[..., 4:9, :])


def test_turning_twice_adds_the_angles() -> None:
    x = draw(5, 6)
    cis = table([3, 1, 4, 1, 5], 6)
    assert_close(apply_rope(apply_rope(x, cis), table([2, 7, 1, 8, 2], 6)), turned(x, [5, 8, 5, 9, 7]))


def test_the_conjugate_table_turns_back() -> None:
    x, cis = draw(2, 5, 6), table(range(5), 6)
    assert_close(apply_rope(turned(x, range(5)), cis.conj()), x)


@settings(max_examples=25)
@given(positions, positions, st.integers(0, 3000))
def test_the_score_depends_on_the_distance_alone(m: int, n: int, shift: int) -> None:
    q, k = 1 + draw(6), 1 + draw(6)
    here, there = rope_score(q, k, m, n), rope_score(q, k, m + shift, n + shift)
    assert_close(there, here, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("m", [0, 3, 70])
def test_the_score_at_distance_zero_is_the_plain_dot_product(m: int) -> None:
    q, k = draw(8), draw(8)
    assert_close(rope_score(q, k, m, m), float(q @ k))


@pytest.mark.parametrize(("m", "n"), [(5, 2), (2, 5), (0, 9), (9, 0), (1, 1)])
@pytest.mark.parametrize(("d", "base"), [(2, 10000.0), (8, 10000.0), (6, 7.5)])
def test_the_score_is_the_dot_product_of_the_turned_vectors(m: int, n: int, d: int, base: float) -> None:
    q, k = draw(d), draw(d)
    expected = float(turned(q[None], [m], base)[0] @ turned(k[None], [n], base)[0])
    score = rope_score(q, k, m, n, base)
    assert_close(score, expected, rtol=1e-10, atol=1e-12)
    assert isinstance(score, float)


def test_scores_of_late_positions_are_accurate() -> None:
    q, k = torch.linspace(0.2, 1.2, 8).double(), torch.linspace(1.0, 0.3, 8).double()
    for m, n in [(100_000, 0), (100_003, 100_000), (17, 100_000)]:
        z, w = (torch.view_as_complex(x.reshape(-1, 2)) for x in (q, k))
        expected = (z * table([m], 8)[0] * (w * table([n], 8)[0]).conj()).sum().real
        assert_close(rope_score(q, k, m, n), float(expected), rtol=0, atol=1e-8)


def test_the_score_of_float32_vectors_is_computed_in_float64() -> None:
    q, k = draw(8).float(), draw(8).float()
    expected = float(turned(q.double()[None], [40])[0] @ turned(k.double()[None], [3])[0])
    assert_close(rope_score(q, k, 40, 3), expected, rtol=1e-10, atol=1e-12)


def test_the_gradient_is_turned_back() -> None:
    x, upstream = draw(2, 5, 6).requires_grad_(), draw(2, 5, 6)
    apply_rope(x, table(range(5), 6)).backward(upstream)
    assert x.grad is not None
    assert_close(x.grad, turned(upstream, [0, -1, -2, -3, -4]))


def test_gradients_agree_with_finite_differences() -> None:
    cis = table([2, 0, 31], 4)
    rng = np.random.default_rng(0)
    assert_autograd(lambda x: apply_rope(x, cis), (draw(2, 3, 4),), rng=rng, names=("x",))


@pytest.mark.parametrize(
    ("dtype", "half_a_step"), [(torch.float32, 1e-6), (torch.bfloat16, 2**-8), (torch.float16, 2**-11)]
)
def test_the_dtype_is_kept_and_rounded_to_once(dtype: torch.dtype, half_a_step: float) -> None:
    x = draw(2, 40, 8).to(dtype)
    out = apply_rope(x, table(range(40), 8))
    assert_close(out, turned(x.double(), range(40)), dtype=dtype, rtol=1.01 * half_a_step, atol=2e-6)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, cis = draw(2, 3, 5, 6), table(range(5), 6)
    expected = turned(x, range(5))
    heads_last = x.transpose(1, 2).contiguous().transpose(1, 2)
    odd_offset = torch.cat([draw(1), x.flatten()])[1:].view(x.shape)
    for view in (heads_last, odd_offset, *(one for _, one in layouts(x))):
        with assert_unchanged(view, cis):
            assert_close(apply_rope(view, cis), expected)
    assert_close(apply_rope(x, cis.T.contiguous().T), expected)


def test_vectors_of_a_score_may_be_strided() -> None:
    q, k = draw(6), draw(6)
    expected = float(turned(q[None], [4])[0] @ turned(k[None], [1])[0])
    for (_, one), (_, other) in zip(layouts(q), layouts(k), strict=True):
        with assert_unchanged(one, other):
            assert_close(rope_score(one, other, 4, 1), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("d", [1, 5, 0, -2])
def test_an_odd_or_empty_width_raises(d: int) -> None:
    with pytest.raises(ValueError):
        freqs_cis(d, 4)


def test_a_score_of_odd_width_raises() -> None:
    with pytest.raises(ValueError):
        rope_score(draw(5), draw(5), 2, 1)


@pytest.mark.parametrize("shape", [(2, 4, 6), (2, 1, 6), (4, 5, 2, 6), (2, 5, 8), (2, 5, 7), (2, 5, 2)])
def test_a_table_that_does_not_fit_raises(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        apply_rope(draw(*shape), table(range(5), 6))


@pytest.mark.parametrize("rows", [1, 5])
def test_a_table_that_would_broadcast_raises(rows: int) -> None:
    cis = table(range(rows), 2) if rows > 1 else table([3], 6)
    with pytest.raises(ValueError):
        apply_rope(draw(2, 5, 6), cis)


def test_no_token_at_all_is_turned_to_nothing() -> None:
    cis = freqs_cis(6, 0)
    assert (cis.shape, cis.dtype) == ((0, 3), torch.complex128)
    assert apply_rope(draw(2, 0, 6), table([], 6)).shape == (2, 0, 6)
