import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase6.alignment.ppo_clip import policy_loss, value_loss, whiten

KATA = Kata(difficulty=3, minutes=30, needs=("phase6/alignment/gae",))

SIZES = [(3, 5), (2, 4), (1, 6), (5, 1), (1, 1)]
each_size = pytest.mark.parametrize(("B", "T"), SIZES)
# Far enough from the ends of the range for c = 0.2, which are log 0.8 = -0.223 and log 1.2 = 0.182.
LOG_RATIOS = torch.tensor([-1.5, -0.4, -0.3, -0.21, -0.1, 0.05, 0.17, 0.19, 0.5, 1.2], dtype=torch.float64)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64)


def draw_mask(B: int, T: int) -> torch.Tensor:
    """Responses of different lengths, one of them T, and from T = 4 on a gap in it."""
    mask = torch.arange(T) < torch.randint(1, T + 1, (B, 1))
    mask[0] = True
    if T > 3:
        mask[0, 1] = False
    return mask


def draw_policies(B: int, T: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """logp, old_logp and advantages; some of the ratios are out of range."""
    old_logp = -1 - draw(B, T).abs()
    return old_logp + LOG_RATIOS[torch.randint(len(LOG_RATIOS), (B, T))], old_logp, draw(B, T)


def draw_values(B: int, T: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """v, old_v and returns; some v are further than 0.2 from old_v."""
    old_v = draw(B, T)
    moves = torch.tensor([-0.9, -0.3, -0.15, 0.05, 0.19, 0.21, 1.5], dtype=torch.float64)
    return old_v + moves[torch.randint(7, (B, T))], old_v, old_v + draw(B, T)


def tokens(mask: torch.Tensor, *tensors: torch.Tensor) -> list[tuple[float, ...]]:
    """What the tensors hold at each real token, in Python floats."""
    places = itertools.product(range(mask.shape[0]), range(mask.shape[1]))
    return [tuple(one[place].item() for one in tensors) for place in places if mask[place]]


def policy_by_loops(
    logp: torch.Tensor, old_logp: torch.Tensor, adv: torch.Tensor, mask: torch.Tensor, clip: float
) -> tuple[torch.Tensor, dict[str, float]]:
    """By cases: the gain is linear in r, and flat where r is out of range on the side that A pays for."""
    losses, outside, kls = [], [], []
    for new, old, A in tokens(mask, logp, old_logp, adv):
        r = math.exp(new - old)
        losses.append(-A * (min(r, 1 + clip) if A > 0 else max(r, 1 - clip)))
        outside.append(r > 1 + clip or r < 1 - clip)
        kls.append(r - 1 - (new - old))
    n = len(losses)
    loss = torch.tensor(math.fsum(losses) / n, dtype=torch.float64)
    return loss, {"clip_frac": sum(outside) / n, "approx_kl": math.fsum(kls) / n}


def value_by_loops(
    v: torch.Tensor, old_v: torch.Tensor, ret: torch.Tensor, mask: torch.Tensor, clip: float
) -> torch.Tensor:
    errors = []
    for new, old, target in tokens(mask, v, old_v, ret):
        clipped = max(old - clip, min(old + clip, new))
        errors.append(max((new - target) ** 2, (clipped - target) ** 2))
    return torch.tensor(math.fsum(errors) / len(errors) / 2, dtype=torch.float64)


def whitened_by_loops(adv: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    real = [one for (one,) in tokens(mask, adv)]
    mean = math.fsum(real) / len(real)
    std = math.sqrt(math.fsum((one - mean) ** 2 for one in real) / len(real))
    out = torch.zeros(adv.shape, dtype=torch.float64)
    for place in mask.nonzero().tolist():
        out[tuple(place)] = (adv[tuple(place)].item() - mean) / (std + 1e-8)
    return out


def assert_policy_loss(
    result: tuple[torch.Tensor, dict[str, float]], expected: tuple[torch.Tensor, dict[str, float]]
) -> None:
    __tracebackhide__ = True
    (loss, stats), (right, wanted) = result, expected
    assert_close(loss.detach(), right, name="loss")
    assert set(stats) == {"clip_frac", "approx_kl"}, f"stats has the keys {sorted(stats)}"
    for key, value in stats.items():
        assert isinstance(value, float), f'"{key}" is a {type(value).__name__}, expected a float'
    assert_close(stats["approx_kl"], wanted["approx_kl"], name="approx_kl")
    # Counts divided in torch's default dtype, which is float32, will do.
    assert_close(stats["clip_frac"], wanted["clip_frac"], rtol=1e-6, name="clip_frac")


# The advantage, r, the gain by hand for c = 0.2, and the gradient of the gain with respect to logp, which is
# r A or, where a further step would gain nothing, 0.
CASES = [
    (2.0, 1.1, 2.2, 2.2),
    (2.0, 1.5, 2.4, 0.0),
    (2.0, 0.5, 1.0, 1.0),
    (-2.0, 0.9, -1.8, -1.8),
    (-2.0, 0.5, -1.6, 0.0),
    (-2.0, 1.5, -3.0, -3.0),
    (0.0, 1.5, 0.0, 0.0),
]


@pytest.mark.parametrize(("A", "r", "gain", "slope"), CASES)
def test_only_what_could_be_gained_is_clipped(A: float, r: float, gain: float, slope: float) -> None:
    old_logp = torch.tensor([[-1.3]], dtype=torch.float64)
    logp = (old_logp + math.log(r)).requires_grad_()
    loss, _ = policy_loss(logp, old_logp, torch.full_like(old_logp, A), torch.ones(1, 1).bool())
    assert_close(loss.detach(), torch.tensor(-gain, dtype=torch.float64))
    (grad,) = torch.autograd.grad(loss, logp)
    assert_close(grad, torch.tensor([[-slope]], dtype=torch.float64))


@each_size
def test_the_first_step_is_a_plain_policy_gradient(B: int, T: int) -> None:
    """At logp = old_logp the gradient is -A / n."""
    _, old_logp, adv = draw_policies(B, T)
    mask, logp = draw_mask(B, T), old_logp.clone().requires_grad_()
    loss, stats = policy_loss(logp, old_logp, adv, mask)
    (grad,) = torch.autograd.grad(loss, logp)
    assert_close(grad, -adv * mask / mask.sum())
    assert stats == {"clip_frac": 0, "approx_kl": 0}


@each_size
@pytest.mark.parametrize("clip", [0.1, 0.2, 0.45])
def test_the_policy_loss_agrees_with_its_cases_by_loops(B: int, T: int, clip: float) -> None:
    inputs = (*draw_policies(B, T), draw_mask(B, T))
    assert_policy_loss(policy_loss(*inputs, clip), policy_by_loops(*inputs, clip))


def test_the_range_is_a_fifth_by_default() -> None:
    inputs = (*draw_policies(4, 6), draw_mask(4, 6))
    assert_policy_loss(policy_loss(*inputs), policy_by_loops(*inputs, 0.2))


def test_clipping_never_makes_the_loss_smaller() -> None:
    for _ in range(20):
        logp, old_logp, adv = draw_policies(1, 1)
        loss, _ = policy_loss(logp, old_logp, adv, torch.ones(1, 1).bool())
        assert loss >= -(logp - old_logp).exp() * adv - 1e-12


def test_gradients_of_the_policy_loss_agree_with_finite_differences() -> None:
    logp, old_logp, adv = draw_policies(2, 5)
    mask = draw_mask(2, 5)
    assert_autograd(
        lambda logp: policy_loss(logp, old_logp, adv, mask)[0],
        (logp,),
        rng=np.random.default_rng(0),
        names=("logp",),
    )


def test_a_token_counts_as_clipped_whatever_its_advantage() -> None:
    old_logp = torch.zeros(1, 5, dtype=torch.float64)
    logp = torch.tensor([[1.25, 0.75, 1.15, 0.85, 1.0]], dtype=torch.float64).log()
    for adv in (torch.ones_like(logp), -torch.ones_like(logp)):
        _, stats = policy_loss(logp, old_logp, adv, torch.ones(1, 5).bool())
        assert_close(stats["clip_frac"], 2 / 5, rtol=1e-6)


def test_the_kl_is_estimated_without_bias() -> None:
    """Each token of the vocabulary as often as the old policy draws it: 4, 3, 2 and 1 times in 10."""
    old = torch.tensor([0.4, 0.3, 0.2, 0.1], dtype=torch.float64)
    new = draw(4).softmax(0)
    drawn = torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])[None]
    _, stats = policy_loss(new.log()[drawn], old.log()[drawn], draw(1, 10), torch.ones(1, 10).bool())
    assert_close(stats["approx_kl"], float((old * (old / new).log()).sum()), rtol=1e-8)


# v, the return, the larger error by hand for old_v = 0 and c = 0.2, and half its derivative.
VALUES = [
    (0.1, 1.0, 0.81, -0.9),
    (0.5, 1.0, 0.64, 0.0),
    (0.5, 0.0, 0.25, 0.5),
    (-0.5, -1.0, 0.64, 0.0),
    (-0.5, 1.0, 2.25, -1.5),
    (-0.5, -0.3, 0.04, -0.2),
]


@pytest.mark.parametrize("old", [0.0, 3.0, -7.0])
@pytest.mark.parametrize(("v", "target", "error", "slope"), VALUES)
def test_a_value_that_has_run_ahead_of_its_range_rests(
    v: float, target: float, error: float, slope: float, old: float
) -> None:
    old_v, ret = (torch.tensor([[one]], dtype=torch.float64) for one in (old, old + target))
    value = (old_v + v).requires_grad_()
    loss = value_loss(value, old_v, ret, torch.ones(1, 1).bool(), 0.2)
    assert_close(loss.detach(), torch.tensor(error / 2, dtype=torch.float64))
    (grad,) = torch.autograd.grad(loss, value)
    assert_close(grad, torch.tensor([[slope]], dtype=torch.float64))


@each_size
@pytest.mark.parametrize("clip", [0.1, 0.2, 1.0])
def test_the_value_loss_agrees_with_the_definition_by_loops(B: int, T: int, clip: float) -> None:
    inputs = (*draw_values(B, T), draw_mask(B, T))
    assert_close(value_loss(*inputs, clip), value_by_loops(*inputs, clip))


def test_a_wide_range_gives_half_the_mean_squared_error() -> None:
    v, old_v, ret = draw_values(3, 4)
    mask = draw_mask(3, 4)
    assert_close(value_loss(v, old_v, ret, mask, 100.0), 0.5 * (v - ret)[mask].square().mean())


def test_gradients_of_the_value_loss_agree_with_finite_differences() -> None:
    v, old_v, ret = draw_values(2, 5)
    mask = draw_mask(2, 5)
    assert_autograd(
        lambda v: value_loss(v, old_v, ret, mask, 0.2), (v,), rng=np.random.default_rng(1), names=("v",)
    )


def test_whitened_advantages_have_mean_zero_and_deviation_one() -> None:
    mask = draw_mask(4, 6)
    real = whiten(5 * draw(4, 6) + 3, mask)[mask]
    assert_close(real.mean(), torch.tensor(0.0, dtype=torch.float64), atol=1e-12, name="mean")
    assert_close(real.square().mean(), torch.tensor(1.0, dtype=torch.float64), rtol=1e-6, name="mean square")


@each_size
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e-7])
def test_whitening_agrees_with_the_definition_by_loops(B: int, T: int, scale: float) -> None:
    adv, mask = scale * (draw(B, T) + 2), draw_mask(B, T)
    assert_close(whiten(adv, mask), whitened_by_loops(adv, mask), atol=1e-7)


def test_neither_unit_nor_offset_of_the_advantages_matters() -> None:
    adv, mask = draw(3, 5), draw_mask(3, 5)
    assert_close(whiten(1000 * adv - 7, mask), whiten(adv, mask), rtol=1e-5)


def test_a_single_token_or_equal_advantages_are_whitened_to_zero() -> None:
    mask = torch.tensor([[False, False, True], [False, False, False]])
    assert_close(whiten(draw(2, 3), mask), torch.zeros(2, 3, dtype=torch.float64))
    same = torch.full((2, 3), 0.7, dtype=torch.float64)
    assert_close(whiten(same, torch.ones(2, 3).bool()), torch.zeros(2, 3, dtype=torch.float64), atol=1e-6)


@pytest.mark.parametrize("filling", [1e30, -1e30, math.nan, math.inf, -math.inf])
def test_filling_has_no_effect(filling: float) -> None:
    policies, values, mask = draw_policies(3, 5), draw_values(3, 5), draw_mask(3, 5)
    mask[2] = torch.tensor([True, True, False, False, False])
    expected = policy_by_loops(*policies, mask, 0.2), value_by_loops(*values, mask, 0.2)
    white = whitened_by_loops(policies[2], mask)
    for which in range(3):
        (logp, old_logp, adv), (v, old_v, ret) = (
            [torch.where(mask, one, filling) if i == which else one for i, one in enumerate(three)]
            for three in (policies, values)
        )
        logp.requires_grad_()
        v.requires_grad_()
        result = policy_loss(logp, old_logp, adv, mask)
        assert_policy_loss(result, expected[0])
        loss = value_loss(v, old_v, ret, mask, 0.2)
        assert_close(loss.detach(), expected[1])
        for grad in torch.autograd.grad(result[0] + loss, (logp, v)):
            assert grad.isfinite().all(), "filling has reached a gradient"
            assert not grad[~mask].any(), "filling has a gradient of its own"
        assert_close(whiten(adv, mask), white)


def assert_only_the_first_has_a_gradient(loss: torch.Tensor, inputs: tuple[torch.Tensor, ...]) -> None:
    trained, *constants = torch.autograd.grad(loss, inputs, allow_unused=True)
    assert trained is not None
    assert trained.any()
    assert all(grad is None or not grad.any() for grad in constants)


def test_no_gradient_reaches_what_is_constant() -> None:
    """On the cases by hand, some of which are clipped and some of which are not."""
    A, r = (torch.tensor([column], dtype=torch.float64) for column in tuple(zip(*CASES, strict=True))[:2])
    v, ret = (torch.tensor([column], dtype=torch.float64) for column in tuple(zip(*VALUES, strict=True))[:2])
    policies, values = (r.log(), torch.zeros_like(r), A), (v, torch.zeros_like(v), ret)
    for one in (*policies, *values):
        one.requires_grad_()
    loss, _ = policy_loss(*policies, torch.ones_like(A).bool(), 0.2)
    assert_only_the_first_has_a_gradient(loss, policies)
    assert_only_the_first_has_a_gradient(value_loss(*values, torch.ones_like(v).bool(), 0.2), values)


@pytest.mark.parametrize("A", [2.0, -2.0])
@pytest.mark.parametrize("log_ratio", [50.0, -50.0])
def test_large_log_ratios_stay_finite(log_ratio: float, A: float) -> None:
    old_logp = torch.full((1, 2), -60.0, dtype=torch.float64)
    logp = (old_logp + torch.tensor([[log_ratio, 0.0]], dtype=torch.float64)).requires_grad_()
    adv, mask = torch.full_like(old_logp, A), torch.ones(1, 2).bool()
    result = policy_loss(logp, old_logp, adv, mask)
    assert_policy_loss(result, policy_by_loops(logp, old_logp, adv, mask, 0.2))
    (grad,) = torch.autograd.grad(result[0], logp)
    moves = log_ratio * A < 0  # away from what A pays for
    expected = [-A * math.exp(log_ratio) / 2 if moves else 0.0, -A / 2]
    assert_close(grad, torch.tensor([expected], dtype=torch.float64))


def test_float32_stays_float32() -> None:
    mask = draw_mask(3, 5)
    logp, old_logp, adv = (one.float() for one in draw_policies(3, 5))
    adv = adv.abs() + 0.1  # so that the loss is no small difference
    loss, stats = policy_loss(logp, old_logp, adv, mask)
    right, wanted = policy_by_loops(logp, old_logp, adv, mask, 0.2)
    assert_close(loss, right, dtype=torch.float32)
    assert_close(stats["approx_kl"], wanted["approx_kl"], rtol=1e-2)
    v, old_v, ret = (one.float() for one in draw_values(3, 5))
    right = value_by_loops(v, old_v, ret, mask, 0.2)
    assert_close(value_loss(v, old_v, ret, mask, 0.2), right, dtype=torch.float32)
    assert_close(whiten(adv, mask), whitened_by_loops(adv, mask), dtype=torch.float32)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    policies, values, mask = draw_policies(3, 5), draw_values(3, 5), draw_mask(3, 5)
    expected, right = policy_by_loops(*policies, mask, 0.2), value_by_loops(*values, mask, 0.2)
    white = whitened_by_loops(policies[2], mask)
    for copies in zip(*map(layouts, (*policies, *values, mask)), strict=True):
        logp, old_logp, adv, v, old_v, ret, real = (one for _, one in copies)
        with assert_unchanged(logp, old_logp, adv, v, old_v, ret, real):
            assert_policy_loss(policy_loss(logp, old_logp, adv, real), expected)
            assert_close(value_loss(v, old_v, ret, real, 0.2), right)
            assert_close(whiten(adv, real), white)


three = pytest.mark.parametrize(
    ("function", "count"),
    [
        (policy_loss, 3),
        (lambda v, old_v, ret, mask: value_loss(v, old_v, ret, mask, 0.2), 3),
        (whiten, 1),
    ],
)


@three
def test_a_mask_without_a_token_is_a_value_error(function: Callable, count: int) -> None:
    for shape in ((3, 4), (0, 4), (3, 0)):
        with pytest.raises(ValueError):
            function(*[draw(*shape) for _ in range(count)], torch.zeros(shape).bool())


@three
@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3), (3, 4), (1,), (3, 3, 1), ()])
def test_a_shape_that_differs_from_the_mask_is_a_value_error(
    shape: tuple[int, ...], function: Callable, count: int
) -> None:
    for odd in range(count):
        inputs = [draw(3, 3) for _ in range(count)]
        inputs[odd] = draw(*shape)
        with pytest.raises(ValueError):
            function(*inputs, torch.ones(3, 3).bool())
