import math

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase6.alignment.grpo import group_advantages, grpo_loss

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/alignment/ppo_clip", "phase6/alignment/kl_estimators"),
)

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
GROUPS = [(3, 4), (4, 3), (1, 5), (2, 2), (5, 7)]
SIZES = [(3, 5), (4, 4), (1, 6), (5, 1), (1, 1)]
each_size = pytest.mark.parametrize(("B", "T"), SIZES)
each_norm = pytest.mark.parametrize("norm", ["sequence", "token", "constant"])
# Far enough from log 0.8 = -0.223, log 0.9 = -0.105, log 1.2 = 0.182 and log 1.28 = 0.247, ends of ranges.
LOG_RATIOS = torch.tensor([-1.5, -0.4, -0.21, -0.15, -0.08, 0.05, 0.16, 0.2, 0.3, 1.2], dtype=torch.float64)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def draw_policies(B: int, T: int) -> Three:
    """logp, old_logp and ref_logp; some of the ratios are out of range."""
    old_logp = -1 - draw(B, T).abs()
    return old_logp + LOG_RATIOS[torch.randint(10, (B, T))], old_logp, old_logp + 0.5 * draw(B, T)


def draw_mask(B: int, T: int) -> torch.Tensor:
    """Answers of different lengths, the first with a gap where it is long enough."""
    mask = torch.arange(T) < torch.randint(1, T + 1, (B, 1))
    mask[0] = torch.arange(T) != 1
    return mask


def advantages_by_loops(
    rewards: torch.Tensor, K: int, normalize_std: bool = True, eps: float = 1e-6
) -> torch.Tensor:
    R, out = rewards.tolist(), []
    for i in range(len(R)):
        group = R[i // K * K : i // K * K + K]
        mean = math.fsum(group) / K
        std = math.sqrt(math.fsum((x - mean) ** 2 for x in group) / K)
        out.append((R[i] - mean) / (std + eps if normalize_std else 1))
    return torch.tensor(out, dtype=torch.float64)


def loss_by_loops(
    policies: Three,
    adv: torch.Tensor,
    mask: torch.Tensor,
    low: float = 0.2,
    high: float = 0.2,
    beta: float = 0.0,
    norm: str = "sequence",
    L_max: int = 1,
) -> torch.Tensor:
    """By cases: the gain is linear in r, and flat where r is out of range on the side that A pays for."""
    logp, old_logp, ref_logp = (one.tolist() for one in policies)
    answers = []
    for b, A in enumerate(adv.tolist()):
        answer = []
        for t in range(mask.shape[1]):
            if mask[b, t]:
                r = math.exp(logp[b][t] - old_logp[b][t])
                gain = A * (min(r, 1 + high) if A > 0 else max(r, 1 - low))
                to_ref = ref_logp[b][t] - logp[b][t]
                answer.append(beta * (math.exp(to_ref) - 1 - to_ref) - gain)
        answers.append(answer)
    total = math.fsum(math.fsum(answer) for answer in answers)
    loss = {
        "sequence": math.fsum(math.fsum(answer) / len(answer) for answer in answers) / len(answers),
        "token": total / sum(len(answer) for answer in answers),
        "constant": total / (len(answers) * L_max),
    }[norm]
    return torch.tensor(loss, dtype=torch.float64)


def first_step(mask: torch.Tensor, adv: torch.Tensor, norm: str, L_max: int) -> torch.Tensor:
    """The gradient with respect to logp (B, T) where the policy is still the one that drew the answers."""
    logp = -1 - draw(*mask.shape).abs()
    new = logp.clone().requires_grad_()
    loss = grpo_loss(new, logp, logp, adv, mask, norm=norm, L_max=L_max)
    return torch.autograd.grad(loss, new)[0]


def test_two_groups_by_hand() -> None:
    rewards = torch.tensor([1, 0, 0, 1, 5, 5, 9, 5], dtype=torch.float64)
    centred = torch.tensor([0.5, -0.5, -0.5, 0.5, -1, -1, 3, -1], dtype=torch.float64)
    assert_close(group_advantages(rewards, 4, normalize_std=False), centred)
    std = torch.tensor([0.5, math.sqrt(3)], dtype=torch.float64).repeat_interleave(4)
    assert_close(group_advantages(rewards, 4), centred / (std + 1e-6))


@pytest.mark.parametrize(("G", "K"), GROUPS)
@pytest.mark.parametrize("normalize_std", [True, False])
def test_every_group_sums_to_zero(G: int, K: int, normalize_std: bool) -> None:
    A = group_advantages(draw(G * K), K, normalize_std)
    assert A.any()
    assert_close(A.reshape(G, K).sum(1), torch.zeros(G, dtype=torch.float64), atol=1e-9)


@pytest.mark.parametrize(("G", "K"), GROUPS)
@pytest.mark.parametrize("normalize_std", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e-5])
def test_advantages_agree_with_the_definition_by_loops(
    G: int, K: int, normalize_std: bool, scale: float
) -> None:
    rewards = scale * draw(G * K)
    for eps in (1e-6, 0.5):
        expected = advantages_by_loops(rewards, K, normalize_std, eps)
        assert_close(group_advantages(rewards, K, normalize_std, eps), expected)
    assert_close(group_advantages(rewards, K), advantages_by_loops(rewards, K))


def test_neither_offset_nor_unit_of_the_rewards_matters() -> None:
    rewards = draw(12)
    A = advantages_by_loops(rewards, 4)
    assert_close(group_advantages(rewards + 100, 4), A, rtol=1e-8, name="with an offset, the result")
    assert_close(group_advantages(1000 * rewards, 4), A, rtol=1e-3, name="in another unit, the result")


def test_a_question_is_judged_by_its_own_answers() -> None:
    rewards = draw(12)
    other = torch.cat([rewards[:4], 10 * draw(4), rewards[8:]])
    kept = [0, 1, 2, 3, 8, 9, 10, 11]
    assert_close(group_advantages(other, 4)[kept], advantages_by_loops(rewards, 4)[kept])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("K", [1, 2, 3, 6, 7, 11])
def test_equal_rewards_have_nothing_to_teach(K: int, dtype: torch.dtype) -> None:
    rewards = torch.tensor([0.7, 1.0, 0.3, -0.1, 0.0], dtype=dtype).repeat_interleave(K)
    for normalize_std in (True, False):
        A = group_advantages(rewards, K, normalize_std)
        assert A.shape == rewards.shape
        assert (A == 0).all(), f"equal rewards got the advantages {A.tolist()}"


# The advantage, r, the gain by hand for a range from 0.8 to 1.28, and the gradient of the gain with respect
# to logp, which is r A or, where a further step would gain nothing, 0.
CASES = [
    (2.0, 1.25, 2.5, 2.5),
    (2.0, 1.5, 2.56, 0.0),
    (2.0, 0.75, 1.5, 1.5),
    (-2.0, 0.85, -1.7, -1.7),
    (-2.0, 0.75, -1.6, 0.0),
    (-2.0, 1.5, -3.0, -3.0),
]


@each_norm
@pytest.mark.parametrize(("A", "r", "gain", "slope"), CASES)
def test_the_range_may_reach_further_up_than_down(
    A: float, r: float, gain: float, slope: float, norm: str
) -> None:
    old_logp = torch.tensor([[-1.3]], dtype=torch.float64)
    logp, adv = (old_logp + math.log(r)).requires_grad_(), torch.tensor([A], dtype=torch.float64)
    mask = torch.ones(1, 1).bool()
    loss = grpo_loss(logp, old_logp, old_logp, adv, mask, clip_high=0.28, norm=norm, L_max=1)
    assert_close(loss.detach(), torch.tensor(-gain, dtype=torch.float64))
    (grad,) = torch.autograd.grad(loss, logp)
    assert_close(grad, torch.tensor([[-slope]], dtype=torch.float64))


@each_norm
@each_size
@pytest.mark.parametrize(("low", "high", "beta"), [(0.2, 0.28, 0.0), (0.1, 0.2, 0.5), (0.2, 0.2, 2.0)])
def test_the_loss_agrees_with_its_cases_by_loops(
    B: int, T: int, low: float, high: float, beta: float, norm: str
) -> None:
    policies, adv, mask = draw_policies(B, T), draw(B), draw_mask(B, T) if T > 1 else torch.ones(B, 1).bool()
    loss = grpo_loss(*policies, adv, mask, low, high, beta, norm, 9)
    assert_close(loss, loss_by_loops(policies, adv, mask, low, high, beta, norm, 9), atol=1e-12)


def test_by_default_answers_weigh_the_same_and_the_reference_nothing() -> None:
    policies, adv, mask = draw_policies(4, 6), draw(4), draw_mask(4, 6)
    assert_close(grpo_loss(*policies, adv, mask), loss_by_loops(policies, adv, mask), atol=1e-12)


def test_the_three_norms_agree_where_all_answers_are_full() -> None:
    policies, adv, mask = draw_policies(3, 5), draw(3), torch.ones(3, 5).bool()
    expected = loss_by_loops(policies, adv, mask, beta=0.1)
    for norm in ("sequence", "token", "constant"):
        loss = grpo_loss(*policies, adv, mask, beta=0.1, norm=norm, L_max=5)
        assert_close(loss, expected, atol=1e-12, name=norm)


def test_only_without_lengths_does_a_longer_answer_pull_harder() -> None:
    """Answers of 2 and 4 tokens, then the first drawn out to 4: what it pulls in all, and its share."""
    adv = torch.tensor([1.5, -0.5], dtype=torch.float64)
    short, drawn_out = (torch.arange(4) < torch.tensor([[n], [4]]) for n in (2, 4))
    for norm, before, after in (
        ("sequence", 1 / 2, 1 / 2),
        ("token", 2 / 6, 4 / 8),
        ("constant", 2 / 20, 4 / 20),
    ):
        for mask, weight in ((short, before), (drawn_out, after)):
            pull = first_step(mask, adv, norm, 10)[0].sum()
            assert_close(pull, torch.tensor(-1.5 * weight, dtype=torch.float64), name=f"pull under {norm}")


@each_size
def test_the_first_step_is_a_plain_policy_gradient(B: int, T: int) -> None:
    mask, adv = torch.arange(T) <= torch.randint(T, (B, 1)), draw(B)
    n = mask.sum(1, keepdim=True)
    for norm, share in (("sequence", B * n), ("token", n.sum()), ("constant", 7 * B)):
        assert_close(first_step(mask, adv, norm, 7), -adv[:, None] * mask / share, name=norm)


@each_norm
def test_gradients_agree_with_finite_differences(norm: str) -> None:
    (logp, old_logp, ref_logp), adv, mask = draw_policies(2, 5), draw(2), draw_mask(2, 5)
    assert_autograd(
        lambda logp: grpo_loss(logp, old_logp, ref_logp, adv, mask, 0.2, 0.28, 0.3, norm, 6),
        (logp,),
        rng=np.random.default_rng(0),
        names=("logp",),
    )


def test_the_reference_pulls_tokens_back_from_both_sides() -> None:
    """Without advantages the gradient is beta (1 - exp(ref_logp - logp)) / n."""
    ref_logp = torch.full((1, 3), -2.0, dtype=torch.float64)
    logp = torch.tensor([[-3.0, -2.0, -0.5]], dtype=torch.float64, requires_grad=True)
    mask, adv = torch.ones(1, 3).bool(), torch.zeros(1, dtype=torch.float64)
    loss = grpo_loss(logp, logp.detach(), ref_logp, adv, mask, beta=0.6)
    (grad,) = torch.autograd.grad(loss, logp)
    expected = [[0.2 * (1 - math.e), 0.0, 0.2 * (1 - math.exp(-1.5))]]
    assert_close(grad, torch.tensor(expected, dtype=torch.float64))


@each_norm
@pytest.mark.parametrize("filling", [1e30, -1e30, math.nan, math.inf, -math.inf])
def test_filling_has_no_effect(filling: float, norm: str) -> None:
    policies, adv = draw_policies(3, 5), draw(3)
    mask = torch.tensor([[1, 0, 1, 1, 1], [1, 1, 0, 0, 0], [0, 0, 1, 1, 0]]).bool()
    expected = loss_by_loops(policies, adv, mask, beta=0.4, norm=norm, L_max=6)
    for which in range(3):
        logp, old_logp, ref_logp = (
            torch.where(mask, one, filling) if i == which else one for i, one in enumerate(policies)
        )
        logp = logp.clone().requires_grad_()
        loss = grpo_loss(logp, old_logp, ref_logp, adv, mask, beta=0.4, norm=norm, L_max=6)
        assert_close(loss.detach(), expected, atol=1e-12)
        (grad,) = torch.autograd.grad(loss, logp)
        assert grad.isfinite().all(), "filling has reached a gradient"
        assert not grad[~mask].any(), "filling has a gradient of its own"


@each_norm
def test_no_gradient_reaches_what_is_constant(norm: str) -> None:
    (logp, old_logp, ref_logp), adv, mask = draw_policies(3, 4), draw(3), draw_mask(3, 4)
    inputs = logp, old_logp, ref_logp, adv
    for one in inputs:
        one.requires_grad_()
    loss = grpo_loss(*inputs, mask, 0.9, 5.0, 0.3, norm, 4)  # a range in which all ratios are
    trained, *constants = torch.autograd.grad(loss, inputs, allow_unused=True)
    assert trained is not None
    assert trained.any()
    assert all(grad is None or not grad.any() for grad in constants)


@each_norm
@pytest.mark.parametrize("A", [2.0, -2.0])
@pytest.mark.parametrize("log_ratio", [50.0, -50.0])
def test_large_differences_stay_finite(log_ratio: float, A: float, norm: str) -> None:
    old_logp = torch.full((1, 2), -60.0, dtype=torch.float64)
    logp = (old_logp + torch.tensor([[log_ratio, 0.0]], dtype=torch.float64)).requires_grad_()
    adv, mask = torch.tensor([A], dtype=torch.float64), torch.ones(1, 2).bool()
    loss = grpo_loss(logp, old_logp, old_logp, adv, mask, beta=0.1, norm=norm, L_max=2)
    expected = loss_by_loops((logp, old_logp, old_logp), adv, mask, beta=0.1)
    assert_close(loss.detach(), expected)
    (grad,) = torch.autograd.grad(loss, logp)
    moves = log_ratio * A < 0  # away from what A pays for
    slope = (-A * math.exp(log_ratio) if moves else 0.0) + 0.1 * (1 - math.exp(-log_ratio))
    assert_close(grad, torch.tensor([[slope / 2, -A / 2]], dtype=torch.float64))


def test_float32_stays_float32() -> None:
    rewards = draw(12).float()
    A = group_advantages(rewards, 4)
    assert_close(A, advantages_by_loops(rewards, 4), dtype=torch.float32, rtol=1e-3)
    logp, old_logp, ref_logp = (one.float() for one in draw_policies(3, 5))
    adv, mask = draw(3).abs().float() + 1, draw_mask(3, 5)
    for norm in ("sequence", "token", "constant"):
        loss = grpo_loss(logp, old_logp, ref_logp, adv, mask, beta=0.01, norm=norm, L_max=7)
        expected = loss_by_loops((logp, old_logp, ref_logp), adv, mask, beta=0.01, norm=norm, L_max=7)
        assert_close(loss, expected, dtype=torch.float32, rtol=1e-4)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    policies, adv, mask, rewards = draw_policies(3, 5), draw(3), draw_mask(3, 5), draw(12)
    expected, A = loss_by_loops(policies, adv, mask, beta=0.4), advantages_by_loops(rewards, 4)
    for (_, given), (_, one) in zip(layouts(rewards), layouts(adv), strict=True):
        with assert_unchanged(given, one):
            assert_close(group_advantages(given, 4), A)
            assert_close(grpo_loss(*policies, one, mask, beta=0.4), expected, atol=1e-12)
    for copies in zip(*map(layouts, (*policies, mask)), strict=True):
        logp, old_logp, ref_logp, real = (one for _, one in copies)
        with assert_unchanged(logp, old_logp, ref_logp, real):
            assert_close(grpo_loss(logp, old_logp, ref_logp, adv, real, beta=0.4), expected, atol=1e-12)


@pytest.mark.parametrize(("n", "K"), [(6, 4), (3, 5), (6, 0), (6, -2), (7, 2)])
def test_rewards_that_make_no_whole_groups_are_a_value_error(n: int, K: int) -> None:
    with pytest.raises(ValueError):
        group_advantages(draw(n), K)


@pytest.mark.parametrize("odd", range(3))
@pytest.mark.parametrize("shape", [(4,), (4, 1), (1, 4), (4, 3), (1,), (4, 4, 1), ()])
def test_policies_of_another_shape_than_the_mask_are_a_value_error(shape: tuple[int, ...], odd: int) -> None:
    inputs = [draw(4, 4) for _ in range(3)]
    inputs[odd] = draw(*shape)
    logp, old_logp, ref_logp = inputs
    with pytest.raises(ValueError):
        grpo_loss(logp, old_logp, ref_logp, draw(4), torch.ones(4, 4).bool())


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 1), (1, 3), (3, 5), (4,)])
def test_advantages_of_another_shape_than_one_per_answer_are_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        grpo_loss(*draw_policies(3, 5), draw(*shape), torch.ones(3, 5).bool())


@each_norm
def test_an_answer_without_a_token_is_a_value_error(norm: str) -> None:
    mask = torch.tensor([[True, True], [False, False], [True, False]])
    with pytest.raises(ValueError):
        grpo_loss(*draw_policies(3, 2), draw(3), mask, norm=norm, L_max=2)


@pytest.mark.parametrize(
    ("norm", "L_max"), [("mean", 5), ("", None), ("Token", 5), ("constant", None), ("constant", 0)]
)
def test_a_norm_that_cannot_be_is_a_value_error(norm: str, L_max: int | None) -> None:
    with pytest.raises(ValueError):
        grpo_loss(*draw_policies(3, 5), draw(3), torch.ones(3, 5).bool(), norm=norm, L_max=L_max)
