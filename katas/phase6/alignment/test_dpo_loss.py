import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase6.alignment.dpo_loss import dpo_grad_weight, dpo_loss, sequence_logprob

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase6/alignment/kl_optimal_policy", "phase6/alignment/bradley_terry"),
)

Four = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, dtype=dtype)


def draw_scores(B: int, dtype: torch.dtype = torch.float64) -> Four:
    """pi_w, pi_l, ref_w and ref_l, log-probabilities of a few tokens."""
    pi_w, pi_l, ref_w, ref_l = 3 * draw(4, B, dtype=dtype) - 10
    return pi_w, pi_l, ref_w, ref_l


def draw_sequences(B: int, T: int, V: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """logits, ids, and a mask with gaps that leaves no sequence without a response."""
    mask = torch.rand(B, T) < 0.6
    mask[:, -1] = True
    return 2 * draw(B, T, V), torch.randint(V, (B, T)), mask


def logprob_by_loops(logits: torch.Tensor, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """In Python floats; a position whose mask is False is not even looked at."""
    scores = []
    for rows, tokens, counts in zip(logits.tolist(), ids.tolist(), mask.tolist(), strict=True):
        score = 0.0
        for t in range(1, len(tokens)):
            if counts[t]:
                top = max(rows[t - 1])
                total = math.fsum(math.exp(x - top) for x in rows[t - 1])
                score += rows[t - 1][tokens[t]] - top - math.log(total)
        scores.append(score)
    return torch.tensor(scores, dtype=torch.float64)


def loss_by_loops(scores: Four, beta: float, eps: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """-log sigmoid(z) as log(1 + exp(-z)), which is enough for margins that are not large."""
    pi_w, pi_l, ref_w, ref_l = (one.tolist() for one in scores)
    total, rewards_w, rewards_l = 0.0, [], []
    for w, l, rw, rl in zip(pi_w, pi_l, ref_w, ref_l, strict=True):
        z = beta * ((w - l) - (rw - rl))
        total += (1 - eps) * math.log1p(math.exp(-z)) + eps * math.log1p(math.exp(z))
        rewards_w.append(beta * (w - rw))
        rewards_l.append(beta * (l - rl))
    results = total / len(pi_w), rewards_w, rewards_l
    loss, good, bad = (torch.tensor(one, dtype=torch.float64) for one in results)
    return loss, good, bad


def test_the_probabilities_of_all_responses_sum_to_one() -> None:
    """The logits of one prompt, repeated for each of the 27 responses of three tokens."""
    responses = torch.tensor(list(itertools.product(range(3), repeat=3)))
    prompt = torch.tensor([[2, 0]]).expand(27, 2)
    mask = torch.tensor([[False, False, True, True, True]]).expand(27, 5)
    logits = draw(1, 5, 3).expand(27, 5, 3)
    scores = sequence_logprob(logits, torch.cat([prompt, responses], 1), mask)
    assert_close(scores.exp().sum(), torch.tensor(1.0, dtype=torch.float64))


def test_the_logits_before_a_token_are_its_own() -> None:
    """Token 2 is predicted at position 0 with probability 3/4, token 0 at position 1 with 1/2."""
    logits = torch.tensor([[[1, 1, 6], [2, 1, 1], [9, 9, 1]]], dtype=torch.float64).log()
    score = sequence_logprob(logits, torch.tensor([[1, 2, 0]]), torch.tensor([[False, True, True]]))
    assert_close(score, torch.tensor([3 / 8], dtype=torch.float64).log())


@pytest.mark.parametrize(("B", "T", "V"), [(3, 6, 5), (2, 3, 4), (1, 2, 3), (4, 4, 1), (1, 9, 2)])
def test_the_score_agrees_with_the_definition_by_loops(B: int, T: int, V: int) -> None:
    logits, ids, mask = draw_sequences(B, T, V)
    assert_close(sequence_logprob(logits, ids, mask), logprob_by_loops(logits, ids, mask), atol=1e-12)


def test_prompt_and_filling_have_no_effect_even_where_they_are_impossible() -> None:
    logits, ids, _ = draw_sequences(2, 6, 4)
    mask = torch.tensor([[0, 0, 1, 1, 0, 0], [0, 1, 1, 0, 1, 1]]).bool()
    expected = logprob_by_loops(logits, ids, mask)
    for b, t in (~mask[:, 1:]).nonzero().tolist():
        logits[b, t, ids[b, t + 1]] = -math.inf
    logits[:, -1] = 1e30
    logits.requires_grad_()
    scores = sequence_logprob(logits, ids, mask)
    assert_close(scores, expected)
    (grad,) = torch.autograd.grad(scores.sum(), logits)
    assert_close((grad != 0).any(-1), torch.cat([mask[:, 1:], torch.zeros(2, 1).bool()], 1))


def test_gradients_of_the_score_agree_with_finite_differences() -> None:
    logits, ids, mask = draw_sequences(2, 4, 3)
    rng = np.random.default_rng(0)
    assert_autograd(lambda x: sequence_logprob(x, ids, mask), (logits,), rng=rng, names=("logits",))


def test_logits_of_any_size_will_do() -> None:
    logits, ids, mask = draw_sequences(3, 5, 4)
    logits = 1e4 * logits
    assert_close(sequence_logprob(logits, ids, mask), logprob_by_loops(logits, ids, mask))


def test_a_sequence_without_a_response_scores_zero() -> None:
    logits, ids, mask = draw_sequences(3, 4, 5)
    mask[1] = False
    mask[2] = torch.tensor([True, False, False, False])  # nothing comes before position 0
    expected = logprob_by_loops(logits, ids, mask)
    assert_close(sequence_logprob(logits, ids, mask), expected)
    assert_close(expected[1:], torch.zeros(2, dtype=torch.float64))
    alone = sequence_logprob(draw(2, 1, 3), torch.ones(2, 1).long(), torch.ones(2, 1).bool())
    assert_close(alone, torch.zeros(2, dtype=torch.float64))


@pytest.mark.parametrize("eps", [0.0, 0.3, 0.5])
def test_a_policy_that_is_the_reference_has_learned_nothing(eps: float) -> None:
    ref_w, ref_l = draw(5), draw(5)
    results = dpo_loss(ref_w.clone(), ref_l.clone(), ref_w, ref_l, 0.3, eps)
    zeros = torch.zeros(5, dtype=torch.float64)
    assert_close(results, [torch.tensor(2.0, dtype=torch.float64).log(), zeros, zeros])


@pytest.mark.parametrize(("beta", "eps"), [(0.1, 0.0), (1.0, 0.0), (0.5, 0.1), (2.0, 0.4), (0.3, 0.5)])
@pytest.mark.parametrize("B", [1, 2, 7])
def test_the_loss_agrees_with_the_definition_by_loops(B: int, beta: float, eps: float) -> None:
    scores = draw_scores(B)
    # torch's softplus, which may stand for the logarithm, rounds what lies beyond 20 by 2e-9.
    assert_close(dpo_loss(*scores, beta, eps), loss_by_loops(scores, beta, eps), rtol=1e-8)


def test_labels_are_trusted_by_default() -> None:
    scores = draw_scores(4)
    assert_close(dpo_loss(*scores, 0.5), loss_by_loops(scores, 0.5, 0.0))


@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_what_a_prompt_adds_to_both_rewards_drops_out(eps: float) -> None:
    """So Z, which differs from prompt to prompt and which nobody can compute, is not needed."""
    pi_w, pi_l, ref_w, ref_l = draw_scores(6)
    log_Z = 5 * draw(6)
    expected, _, _ = loss_by_loops((pi_w, pi_l, ref_w, ref_l), 0.4, eps)
    assert_close(dpo_loss(pi_w + log_Z, pi_l + log_Z, ref_w, ref_l, 0.4, eps)[0], expected)
    assert_close(dpo_loss(pi_w, pi_l, ref_w + log_Z, ref_l + log_Z, 0.4, eps)[0], expected)


def test_the_other_way_round_the_loss_differs_by_the_mean_margin() -> None:
    """-log sigmoid(z) + log sigmoid(-z) = -z."""
    pi_w, pi_l, ref_w, ref_l = draw_scores(6)
    loss, good, bad = dpo_loss(pi_w, pi_l, ref_w, ref_l, 0.4)
    turned, turned_good, turned_bad = dpo_loss(pi_l, pi_w, ref_l, ref_w, 0.4)
    h = (pi_w - ref_w) - (pi_l - ref_l)
    assert_close(loss - turned, -0.4 * h.mean())
    assert_close([turned_good, turned_bad], [bad, good])


@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_gradients_agree_with_finite_differences(eps: float) -> None:
    pi_w, pi_l, ref_w, ref_l = draw_scores(4)
    assert_autograd(
        lambda w, l: dpo_loss(w, l, ref_w, ref_l, 0.5, eps)[0],
        (pi_w, pi_l),
        rng=np.random.default_rng(1),
        names=("pi_w", "pi_l"),
    )


@pytest.mark.parametrize("beta", [0.1, 2.0])
def test_pairs_that_are_ranked_wrong_pull_hardest(beta: float) -> None:
    pi_w, pi_l, ref_w, ref_l = draw_scores(5)
    pi_w.requires_grad_()
    pi_l.requires_grad_()
    h = [a - b for a, b in zip((pi_w - ref_w).tolist(), (pi_l - ref_l).tolist(), strict=True)]
    expected = torch.tensor([beta / 5 / (1 + math.exp(beta * one)) for one in h], dtype=torch.float64)
    loss, _, _ = dpo_loss(pi_w, pi_l, ref_w, ref_l, beta)
    assert_close(torch.autograd.grad(loss, (pi_w, pi_l)), [-expected, expected], rtol=1e-8)


@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 3)])
def test_the_weight_is_the_slope_of_the_loss(shape: tuple[int, ...], beta: float) -> None:
    h = 3 * draw(*shape)
    slope = [(beta * one).exp().add(1).reciprocal().item() for one in h.flatten()]
    assert_close(dpo_grad_weight(h, beta), torch.tensor(slope, dtype=torch.float64).reshape(shape))


def test_weights_of_large_margins_are_exact() -> None:
    h = torch.tensor([-1e4, -1.0, 0.0, 500.0, 1e6], dtype=torch.float64)
    expected = [1.0, 1 / (1 + math.exp(-0.1)), 0.5, math.exp(-50), 0.0]
    assert_close(dpo_grad_weight(h, 0.1), torch.tensor(expected, dtype=torch.float64), atol=0)


def optimum() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, float]:
    """ref, r, beta of one prompt with four responses, and log pi* of its tilted optimum."""
    ref, r, beta = draw(4).log_softmax(0), draw(4), 0.7
    return ref, r, (ref + r / beta).log_softmax(0), beta


def test_the_best_policy_for_all_preferences_is_the_tilted_one() -> None:
    """Every ordered pair, as often as a judge with the rewards r prefers it (Bradley-Terry)."""
    ref, r, best, beta = optimum()
    shares = torch.sigmoid(r[:, None] - r)  # (4, 4): how often the first is preferred to the second

    def loss(theta: torch.Tensor) -> torch.Tensor:
        pi = theta.log_softmax(0)
        pairs = itertools.permutations(range(4), 2)
        each = [shares[i, j] * dpo_loss(pi[[i]], pi[[j]], ref[[i]], ref[[j]], beta)[0] for i, j in pairs]
        return torch.stack(each).sum()

    theta = best.clone().requires_grad_()
    (grad,) = torch.autograd.grad(loss(theta), theta)
    assert grad.abs().max() < 1e-9, f"at the tilted policy the gradient is {grad.tolist()}"
    with torch.no_grad():
        for _ in range(5):
            assert loss(best + 0.1 * draw(4)) > loss(best)


def test_smoothing_sets_the_margin_to_the_log_odds_of_a_label() -> None:
    for eps, beta in ((0.5, 0.3), (0.2, 0.3), (0.01, 2.0)):
        pi_w = torch.tensor([math.log((1 - eps) / eps) / beta - 4.0], dtype=torch.float64)
        pi_w.requires_grad_()
        pi_l, ref_w, ref_l = (torch.tensor([x], dtype=torch.float64) for x in (-6.0, -5.0, -7.0))
        loss, _, _ = dpo_loss(pi_w, pi_l, ref_w, ref_l, beta, eps)
        (grad,) = torch.autograd.grad(loss, pi_w)
        assert abs(grad.item()) < 1e-9, f"with eps = {eps} the gradient is {grad.item()}"


@pytest.mark.parametrize("eps", [0.0, 0.25])
@pytest.mark.parametrize("h", [1e4, -1e4])
def test_large_margins_stay_finite(h: float, eps: float) -> None:
    pi_w = torch.tensor([h, 1.0], dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(2, dtype=torch.float64)
    loss, _, _ = dpo_loss(pi_w, zeros, zeros, zeros, 1.0, eps)
    far = (1 - eps) * max(-h, 0) + eps * max(h, 0)
    near = (1 - eps) * math.log1p(math.exp(-1)) + eps * math.log1p(math.exp(1))
    assert_close(loss.detach(), torch.tensor((far + near) / 2, dtype=torch.float64))
    (grad,) = torch.autograd.grad(loss, pi_w)
    slopes = [eps if h > 0 else eps - 1, eps - 1 / (1 + math.exp(1))]
    assert_close(grad, torch.tensor(slopes, dtype=torch.float64) / 2)


def test_no_gradient_reaches_the_reference_or_comes_from_the_rewards() -> None:
    scores = draw_scores(3)
    for one in scores:
        one.requires_grad_()
    loss, good, bad = dpo_loss(*scores, 0.5, 0.1)
    assert not good.requires_grad
    assert not bad.requires_grad
    grads = torch.autograd.grad(loss, scores, allow_unused=True)
    assert all(grad is not None and grad.abs().min() > 0 for grad in grads[:2])
    assert all(grad is None or not grad.any() for grad in grads[2:])


def test_float32_stays_float32() -> None:
    logits, ids, mask = draw_sequences(2, 5, 4)
    narrow = sequence_logprob(logits.float(), ids, mask)
    assert_close(narrow, logprob_by_loops(logits, ids, mask), dtype=torch.float32)
    scores = draw_scores(4, torch.float32)
    expected = loss_by_loops(scores, 0.5, 0.1)
    assert_close(dpo_loss(*scores, 0.5, 0.1), expected, dtype=torch.float32)
    weight = dpo_grad_weight(scores[0], 0.5)
    assert_close(weight, torch.sigmoid(-0.5 * scores[0].double()), dtype=torch.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    inputs, scores = draw_sequences(3, 5, 4), draw_scores(3)
    score, results = logprob_by_loops(*inputs), loss_by_loops(scores, 0.5, 0.1)
    weight = torch.sigmoid(-0.5 * scores[0])
    for (_, x), (_, ids), (_, mask) in zip(*map(layouts, inputs), strict=True):
        with assert_unchanged(x, ids, mask):
            assert_close(sequence_logprob(x, ids, mask), score)
    for (_, w), (_, l), (_, rw), (_, rl) in zip(*map(layouts, scores), strict=True):
        with assert_unchanged(w, l, rw, rl):
            assert_close(dpo_loss(w, l, rw, rl, 0.5, 0.1), results)
            assert_close(dpo_grad_weight(w, 0.5), weight)


@pytest.mark.parametrize("odd", range(4))
@pytest.mark.parametrize("shape", [(3, 1), (1,), (1, 3), (), (4,)])
def test_scores_of_different_shapes_are_a_value_error(shape: tuple[int, ...], odd: int) -> None:
    scores = list(draw_scores(3))
    scores[odd] = draw(*shape)
    pi_w, pi_l, ref_w, ref_l = scores
    with pytest.raises(ValueError):
        dpo_loss(pi_w, pi_l, ref_w, ref_l, 0.5)


@pytest.mark.parametrize("shape", [(3, 1), ()])
def test_scores_that_are_not_a_row_are_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        dpo_loss(draw(*shape), draw(*shape), draw(*shape), draw(*shape), 0.5)


@pytest.mark.parametrize(("beta", "eps"), [(0.0, 0.0), (-0.1, 0.0), (0.5, -0.1), (0.5, 0.51), (0.5, 1.0)])
def test_an_option_out_of_range_is_a_value_error(beta: float, eps: float) -> None:
    with pytest.raises(ValueError):
        dpo_loss(*draw_scores(3), beta, eps)


@pytest.mark.parametrize("beta", [0.0, -0.1])
def test_a_weight_needs_a_beta_above_zero(beta: float) -> None:
    with pytest.raises(ValueError):
        dpo_grad_weight(draw(3), beta)
