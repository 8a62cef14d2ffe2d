import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase4.attention.heads_by_construction import previous_token_head, same_token_head

KATA = Kata(difficulty=3, minutes=25, needs=("phase4/attention/multi_head",))
SIZES = [(6, 3, 6), (5, 4, 8), (8, 1, 8), (4, 9, 5), (2, 2, 3), (7, 2, 30)]  # T, V, P
Head = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def draw_tokens(T: int, V: int) -> list[int]:
    return torch.randint(V, (T,)).tolist()


def written(tokens: list[int], V: int, P: int) -> torch.Tensor:
    """X (T, V + P): one-hot tokens beside one-hot positions."""
    positions = torch.arange(len(tokens))
    return torch.cat([F.one_hot(torch.tensor(tokens), V), F.one_hot(positions, P)], 1).double()


def scores(X: torch.Tensor, head: Head) -> torch.Tensor:
    return X @ head[0] @ (X @ head[1]).mT


def attend(X: torch.Tensor, head: Head) -> torch.Tensor:
    """What the head writes at each position: causal attention with scale 1."""
    Wq, Wk, Wv = head
    return F.scaled_dot_product_attention(X @ Wq, X @ Wk, X @ Wv, is_causal=True, scale=1.0)


def by_definition(
    tokens: list[int],
    width: int,
    wanted: Callable[[int, int], bool],
    brings: Callable[[int], int],
    sharp: float,
) -> torch.Tensor:
    """Every wanted key weighs exp(sharp) times as much as each of the others up to t."""
    out = torch.zeros(len(tokens), width, dtype=torch.float64)
    for t in range(len(tokens)):
        weights = [math.exp(sharp) if wanted(t, j) else 1.0 for j in range(t + 1)]
        for j, weight in enumerate(weights):
            out[t, brings(j)] += weight / sum(weights)
    return out


def test_the_previous_token_head_repeats_the_string_one_step_late() -> None:
    head = previous_token_head(4, 10)
    for tokens in ([2, 0, 3, 3, 1], [1, 1, 1, 1, 2], [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]):
        out = attend(written(tokens, 4, 10), head)
        assert_close(out[1:].argmax(1), torch.tensor(tokens[:-1]))
        assert_close(out[1:].amax(1), torch.ones(len(tokens) - 1, dtype=torch.float64))


def test_the_same_token_head_finds_where_the_token_stood() -> None:
    out = attend(written([0, 1, 0, 0], 2, 5), same_token_head(2, 5))
    third = 1 / 3
    expected = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0.5, 0, 0.5, 0, 0], [third, 0, third, third, 0]]
    assert_close(out, torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("sharp", [0.0, math.log(2), 3.0, 50.0])
@pytest.mark.parametrize(("T", "V", "P"), SIZES)
def test_the_key_before_weighs_more_by_exactly_the_sharpness(T: int, V: int, P: int, sharp: float) -> None:
    head = previous_token_head(V, P, sharp)
    for _ in range(3):
        tokens = draw_tokens(T, V)
        expected = by_definition(tokens, V, lambda t, j: j == t - 1, tokens.__getitem__, sharp)
        assert_close(attend(written(tokens, V, P), head)[1:], expected[1:])


@pytest.mark.parametrize("sharp", [0.0, math.log(2), 3.0, 50.0])
@pytest.mark.parametrize(("T", "V", "P"), [*SIZES, (1, 1, 1)])
def test_keys_with_the_same_token_weigh_more_by_exactly_the_sharpness(
    T: int, V: int, P: int, sharp: float
) -> None:
    head = same_token_head(V, P, sharp)
    for _ in range(3):
        tokens = draw_tokens(T, V)
        expected = by_definition(tokens, P, lambda t, j, s=tokens: s[j] == s[t], lambda j: j, sharp)
        assert_close(attend(written(tokens, V, P), head), expected)


def test_the_sharpness_is_50_unless_one_is_given() -> None:
    X = written([1, 0, 1], 2, 3)
    before = scores(X, previous_token_head(2, 3))
    assert_close(before[2, 1] - before[2, [0, 2]], torch.tensor([50.0, 50.0], dtype=torch.float64))
    same = scores(X, same_token_head(2, 3))
    assert_close(same[2, [0, 2]] - same[2, 1], torch.tensor([50.0, 50.0], dtype=torch.float64))


def test_what_is_not_wanted_has_a_share_of_at_most_t_times_exp_of_minus_sharpness() -> None:
    tokens = draw_tokens(20, 5)
    X = written(tokens, 5, 20)
    for sharp in (4.0, 8.0, 12.0):
        out = attend(X, previous_token_head(5, 20, sharp))[1:]
        share = 1 - out[torch.arange(19), tokens[:-1]]
        assert (share <= 20 * math.exp(-sharp)).all()
        assert share.max() > 0


def test_one_position_is_enough() -> None:
    assert attend(written([2], 3, 1), previous_token_head(3, 1)).shape == (1, 3)
    assert_close(attend(written([2], 3, 1), same_token_head(3, 1)), torch.ones(1, 1, dtype=torch.float64))


@pytest.mark.parametrize(("V", "P"), [(3, 7), (7, 3), (1, 1)])
def test_matrices_read_rows_of_tokens_and_positions(V: int, P: int) -> None:
    for head, width in ((previous_token_head(V, P), V), (same_token_head(V, P), P)):
        Wq, Wk, Wv = head
        assert Wq.shape == Wk.shape == (V + P, Wq.shape[1])
        assert Wv.shape == (V + P, width)
        assert {one.dtype for one in head} == {torch.float64}
