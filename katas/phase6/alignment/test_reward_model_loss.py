import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase6.alignment.reward_model_loss import accuracy, k_way_loss, last_token_reward, rm_loss

KATA = Kata(
    difficulty=2,
    minutes=30,
    needs=("phase6/alignment/bradley_terry",),
    forbids={
        "trl": "write the loss yourself",
        "torch.nn.functional.margin_ranking_loss": "write the log of the sigmoid; this loss is another one",
        "torch.nn.MarginRankingLoss": "write the log of the sigmoid; this loss is another one",
    },
)
RIGHT = [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0]]
LEFT = [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]]
BETWEEN = [[0, 1, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1], [0, 0, 1, 0, 0]]
each_padding = pytest.mark.parametrize("rows", [RIGHT, LEFT, BETWEEN], ids=["right", "left", "both"])


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def last_position(row: list[int]) -> int:
    return max(t for t, counts in enumerate(row) if counts)


def cost(gap: float) -> float:
    """-log sigmoid(gap), of a gap that is not large."""
    return math.log1p(math.exp(-gap))


def mean_cost(chosen: torch.Tensor, rejected: torch.Tensor, margin: list[float]) -> float:
    gaps = [c - r - m for c, r, m in zip(chosen.tolist(), rejected.tolist(), margin, strict=True)]
    return math.fsum(map(cost, gaps)) / len(gaps)


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@each_padding
def test_an_answer_is_judged_at_its_last_token(rows: list[list[int]]) -> None:
    values = draw(4, 5)
    expected = torch.stack([values[b, last_position(row)] for b, row in enumerate(rows)])
    assert_close(last_token_reward(values, torch.tensor(rows)), expected)


@pytest.mark.parametrize("T", [1, 2, 4])
def test_the_mask_decides_and_nothing_else(T: int) -> None:
    rows = [list(row) for row in itertools.product([0, 1], repeat=T) if any(row)]
    values = draw(len(rows), T)
    expected = torch.stack([values[b, last_position(row)] for b, row in enumerate(rows)])
    assert_close(last_token_reward(values, torch.tensor(rows)), expected)


def test_the_value_is_read_whatever_its_size_and_sign() -> None:
    values, mask = torch.tensor([[3.0, -2.0, 5.0], [-1.0, -4.0, -3.0]]), torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert last_token_reward(values, mask).tolist() == [-2.0, -3.0]


@each_padding
def test_only_the_last_token_gets_a_gradient(rows: list[list[int]]) -> None:
    values, upstream = draw(4, 5).requires_grad_(), draw(4)
    (grad,) = torch.autograd.grad(last_token_reward(values, torch.tensor(rows)), values, upstream)
    expected = torch.zeros(4, 5, dtype=torch.float64)
    for b, row in enumerate(rows):
        expected[b, last_position(row)] = upstream[b]
    assert_close(grad, expected)


@each_padding
@pytest.mark.parametrize("filling", [math.nan, math.inf, -math.inf])
def test_what_stands_in_the_filling_has_no_influence(rows: list[list[int]], filling: float) -> None:
    mask, values = torch.tensor(rows), draw(4, 5)
    spoilt = values.masked_fill(mask == 0, filling).requires_grad_()
    result = last_token_reward(spoilt, mask)
    assert_close(result, torch.stack([values[b, last_position(row)] for b, row in enumerate(rows)]))
    (grad,) = torch.autograd.grad(result.sum(), spoilt)
    assert_close(grad.sum(1), torch.ones(4, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.int32, torch.uint8, torch.float32])
@pytest.mark.parametrize("rows", [RIGHT, LEFT])
def test_the_mask_may_have_any_dtype(dtype: torch.dtype, rows: list[list[int]]) -> None:
    values = draw(4, 5)
    expected = torch.stack([values[b, last_position(row)] for b, row in enumerate(rows)])
    assert_close(last_token_reward(values, torch.tensor(rows).to(dtype)), expected)


def test_equal_scores_cost_log_two() -> None:
    r = draw(7)
    assert_close(rm_loss(r, r.clone()), number(math.log(2)))


@pytest.mark.parametrize("B", [1, 2, 7])
def test_the_loss_is_a_mean_over_pairs(B: int) -> None:
    c, r = draw(B), draw(B)
    assert_close(rm_loss(c, r), number(mean_cost(c, r, [0.0] * B)))


def test_turning_all_pairs_around_costs_the_mean_gap() -> None:
    c, r = draw(5), draw(5)
    assert_close(rm_loss(r, c) - rm_loss(c, r), (c - r).mean())


def test_a_margin_asks_for_more_than_being_ahead() -> None:
    c, r, margins = draw(4), draw(4), [0.0, 0.5, 1.0, 3.0]
    assert_close(rm_loss(c, r, 1.5), number(mean_cost(c, r, [1.5] * 4)), name="loss with a margin of 1.5")
    assert_close(
        rm_loss(c, c - 1.5, margin=1.5), number(math.log(2)), name="loss of who is ahead by that much"
    )
    each = torch.tensor(margins, dtype=torch.float64)
    assert_close(rm_loss(c, r, each), number(mean_cost(c, r, margins)), name="loss with a margin a pair")


def test_only_centring_notices_a_constant_added_to_all_scores() -> None:
    c, r = draw(6), draw(6)
    assert_close(rm_loss(c + 5, r + 5, 0.3), number(mean_cost(c, r, [0.3] * 6)))
    moved = rm_loss(c + 5, r + 5, 0.3, center_coef=0.1) - rm_loss(c, r, 0.3, center_coef=0.1)
    assert_close(moved, 0.1 * (20 * (c + r).mean() + 100))


def test_centring_adds_the_mean_square_of_the_sums() -> None:
    c, r = draw(3), draw(3)
    squares = [(x + y) ** 2 for x, y in zip(c.tolist(), r.tolist(), strict=True)]
    expected = mean_cost(c, r, [0.7] * 3) + 0.4 * math.fsum(squares) / 3
    assert_close(rm_loss(c, r, 0.7, 0.4), number(expected))


@pytest.mark.parametrize("center_coef", [0.0, 0.3])
def test_autograd_differentiates_the_loss(center_coef: float) -> None:
    c, r, margin = draw(4), draw(4), draw(4).abs()
    rng = np.random.default_rng(0)
    assert_autograd(
        lambda c, r, m: rm_loss(c, r, m, center_coef), [c, r, margin], rng=rng, names=["c", "r", "margin"]
    )


def test_the_push_is_the_chance_of_being_wrong() -> None:
    c, r = draw(5).requires_grad_(), draw(5).requires_grad_()
    up, down = torch.autograd.grad(rm_loss(c, r, 0.5), (c, r))
    wrong = 1 / (1 + torch.exp(c - r - 0.5)).detach()
    assert_close(up, -wrong / 5, name="gradient of the chosen scores")
    assert_close(down, wrong / 5, name="gradient of the rejected scores")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_scores_a_thousand_apart_give_finite_losses_and_gradients(dtype: torch.dtype) -> None:
    c = torch.tensor([1e3, -1e3, 0.0, 1e3], dtype=dtype, requires_grad=True)
    r = torch.tensor([-1e3, 1e3, 0.0, 1e3], dtype=dtype, requires_grad=True)
    loss = rm_loss(c, r)
    assert_close(loss, torch.tensor(500 + math.log(2) / 2, dtype=dtype))
    up, down = torch.autograd.grad(loss, (c, r))
    assert_close(up, torch.tensor([0.0, -0.25, -0.125, -0.125], dtype=dtype), name="gradient of the chosen")
    assert_close(down, -up.detach(), name="gradient of the rejected")


@pytest.mark.parametrize("K", [2, 3, 6])
def test_any_ranking_of_equal_scores_costs_log_two(K: int) -> None:
    r = torch.full((K,), 0.7, dtype=torch.float64)
    assert_close(k_way_loss(r, torch.randperm(K).tolist()), number(math.log(2)))


def test_two_answers_make_one_pair() -> None:
    r = torch.tensor([0.3, 2.0], dtype=torch.float64)
    assert_close(k_way_loss(r, [1, 0]), number(cost(1.7)))
    assert_close(k_way_loss(r, [0, 1]), number(cost(-1.7)))


@pytest.mark.parametrize("K", [3, 4])
def test_a_ranking_is_the_mean_over_its_pairs(K: int) -> None:
    r = 2 * draw(K)
    for ranking in itertools.permutations(range(K)):
        pairs = [(i, j) for a, i in enumerate(ranking) for j in ranking[a + 1 :]]
        expected = math.fsum(cost(float(r[i] - r[j])) for i, j in pairs) / (K * (K - 1) / 2)
        assert_close(k_way_loss(r, list(ranking)), number(expected))


def test_a_ranking_names_the_best_first() -> None:
    r = torch.tensor([0.3, 2.0, 1.1], dtype=torch.float64)
    losses = {ranking: k_way_loss(r, list(ranking)).item() for ranking in itertools.permutations(range(3))}
    assert min(losses, key=lambda ranking: losses[ranking]) == (1, 2, 0)
    assert max(losses, key=lambda ranking: losses[ranking]) == (0, 2, 1)


def test_autograd_differentiates_a_ranking() -> None:
    r, ranking = draw(5), torch.randperm(5).tolist()
    assert_autograd(lambda r: k_way_loss(r, ranking), [r], rng=np.random.default_rng(0), names=["r"])


def test_a_ranking_pushes_scores_apart_and_not_up() -> None:
    r = draw(6).requires_grad_()
    (grad,) = torch.autograd.grad(k_way_loss(r, [3, 0, 5, 1, 2, 4]), r)
    assert_close(grad.sum(), number(0.0), atol=1e-9)
    assert grad[3] < 0 < grad[4]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_ranking_of_scores_far_apart_has_a_finite_loss_and_gradient(dtype: torch.dtype) -> None:
    r = torch.tensor([-1e3, 0.0, 1e3], dtype=dtype, requires_grad=True)
    loss = k_way_loss(r, [0, 1, 2])
    assert_close(loss, torch.tensor(4e3 / 3, dtype=dtype))
    (grad,) = torch.autograd.grad(loss, r)
    assert_close(grad, torch.tensor([-2 / 3, 0.0, 2 / 3], dtype=dtype))
    assert_close(k_way_loss(r, [2, 1, 0]), torch.tensor(0.0, dtype=dtype))


def test_accuracy_counts_the_pairs_in_the_right_order() -> None:
    c, r = torch.tensor([1.0, -2.0, 0.5, 3.0]), torch.tensor([0.0, -1.0, 0.4, -3.0])
    assert accuracy(c, r) == 0.75
    assert accuracy(r, c) == 0.25
    assert type(accuracy(c, r)) is float


def test_a_tie_is_half_right() -> None:
    c, r = torch.tensor([1.0, 2.0, 2.0, 0.0, 5.0]), torch.tensor([1.0, 2.0, 1.0, 3.0, 5.0])
    assert_close(accuracy(c, r), 0.5, rtol=1e-6)
    assert_close(accuracy(c[:3], r[:3]), 2 / 3, rtol=1e-6)
    assert_close(accuracy(c[:1], r[:1]), 0.5, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    c, r, values = draw(4).to(dtype), draw(4).to(dtype), draw(4, 5).to(dtype)
    assert_close(rm_loss(c, r, 0.5), number(mean_cost(c, r, [0.5] * 4)), dtype=dtype, rtol=1e-5)
    assert k_way_loss(r, [2, 0, 3, 1]).dtype == rm_loss(c, r, c * c, 0.1).dtype == dtype
    assert_close(last_token_reward(values, torch.tensor(RIGHT)), values[range(4), [2, 1, 4, 0]])


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    scores, others, table, mask = draw(4), draw(4), draw(4, 5), torch.tensor(RIGHT)
    ranking = [2, 0, 3, 1]
    of_ranking = k_way_loss(scores, ranking)
    for (_, c), (_, r), (_, values), (_, its_mask) in zip(
        *map(layouts, (scores, others, table, mask)), strict=False
    ):
        with assert_unchanged(c, r, values, its_mask, ranking):
            assert_close(rm_loss(c, r, 0.5, 0.0), number(mean_cost(scores, others, [0.5] * 4)))
            assert_close(k_way_loss(c, ranking), of_ranking)
            assert_close(accuracy(c, r), (scores > others).double().mean().item(), rtol=1e-6, atol=1e-9)
            assert_close(last_token_reward(values, its_mask), table[range(4), [2, 1, 4, 0]])


@pytest.mark.parametrize("rows", [[[0, 0, 0]], [[1, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]])
@pytest.mark.parametrize("dtype", [torch.bool, torch.int64])
def test_a_sequence_in_which_nothing_counts_raises(rows: list[list[int]], dtype: torch.dtype) -> None:
    with pytest.raises(ValueError):
        last_token_reward(torch.zeros(len(rows), 3), torch.tensor(rows, dtype=dtype))


@pytest.mark.parametrize("shape", [(3, 4), (3, 6), (1, 5), (3,), (5,), (3, 1), (4, 5)])
def test_a_mask_of_another_shape_than_the_values_raises(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        last_token_reward(torch.zeros(3, 5), torch.ones(shape, dtype=torch.int64))


@pytest.mark.parametrize("shape", [(4, 1), (1, 4), (1,), (3,), ()])
@pytest.mark.parametrize("function", [rm_loss, accuracy])
def test_scores_that_do_not_pair_up_raise(function: Callable, shape: tuple[int, ...]) -> None:
    for pair in ((draw(4), torch.zeros(shape)), (torch.zeros(shape), draw(4))):
        with pytest.raises(ValueError):
            function(*pair)


@pytest.mark.parametrize("shape", [(4, 1), (1, 4), (1,), (3,), (2, 4)])
def test_margins_that_are_not_one_a_pair_raise(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        rm_loss(draw(4), draw(4), torch.zeros(shape))


@pytest.mark.parametrize("ranking", [[0, 1], [0, 1, 1], [1, 2, 3], [0, 1, -1], [0, 1, 2, 0], [], [2, 2, 2]])
def test_a_ranking_that_does_not_name_each_answer_once_raises(ranking: list[int]) -> None:
    with pytest.raises(ValueError):
        k_way_loss(draw(3), ranking)


def test_a_single_answer_makes_no_pair() -> None:
    with pytest.raises(ValueError):
        k_way_loss(draw(1), [0])
