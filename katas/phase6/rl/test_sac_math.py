import math
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from katas.phase6.rl.sac_math import actor_loss, alpha_loss, soft_target, squashed_sample

KATA = Kata(
    difficulty=4,
    minutes=35,
    needs=("phase6/rl/optimal_control", "phase6/rl/dqn_parts"),
    forbids={
        "torch.distributions": "write the density of a normal number down and divide it by the slope of tanh",
        "torch.nn.functional.gaussian_nll_loss": "write the density of a normal number down",
    },
)
SHAPES = [(5, 3), (4, 1), (1, 2), (3,), (1,), (2, 3, 2)]
SOFTPLUS = 1e-8  # torch's softplus is off by 2e-9 where it takes a shortcut
T = torch.tensor


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def batch(n: int) -> tuple[torch.Tensor, ...]:
    """r, q1, q2 and logp of n transitions: each critic is the smaller one somewhere if n is above 1."""
    r, q1, gap, logp = draw(4, n)
    sign = 1.0 - 2 * (torch.arange(n) % 2)
    return r, q1, q1 + sign * (gap.abs() + 0.1), logp


def leaf(x: torch.Tensor) -> torch.Tensor:
    return x.clone().requires_grad_()


# Squashed Gaussians ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_an_action_is_the_squashed_normal_number(shape: tuple[int, ...]) -> None:
    mu, log_std, eps = draw(3, *shape)
    a, _ = squashed_sample(mu, log_std, eps)
    assert_close(a, (mu + log_std.exp() * eps).tanh())


@pytest.mark.parametrize(("mu", "std"), [(0.0, 0.6), (0.4, 0.3), (-1.0, 0.5), (-0.3, 0.9)])
def test_the_density_of_one_component_integrates_to_one(mu: float, std: float) -> None:
    node, weight = map(torch.from_numpy, np.polynomial.legendre.leggauss(300))  # over (-1, 1)
    eps = (node.atanh() - mu) / std
    a, logp = squashed_sample(torch.full((300, 1), mu), torch.full((300, 1), math.log(std)), eps[:, None])
    assert_close(a[:, 0], node, dtype=None, rtol=1e-6)
    assert_close((logp.exp() @ weight), T(1.0), dtype=None, rtol=1e-6, name="integral over (-1, 1)")


def test_the_density_of_two_components_integrates_to_one_over_the_square() -> None:
    node, weight = map(torch.from_numpy, np.polynomial.legendre.leggauss(60))
    mu, std = T([0.2, -0.4], dtype=torch.float64), T([0.5, 0.6], dtype=torch.float64)
    a = torch.cartesian_prod(node, node).reshape(60, 60, 2)
    eps = (a.atanh() - mu) / std
    _, logp = squashed_sample(mu.expand_as(eps), std.log().expand_as(eps), eps)
    assert_close(weight @ logp.exp() @ weight, T(1.0).double(), rtol=1e-5, name="integral over the square")


@pytest.mark.parametrize("shape", SHAPES)
def test_the_log_density_agrees_with_torch_distributions(shape: tuple[int, ...]) -> None:
    mu, log_std, eps = draw(*shape).tanh(), -draw(*shape).sigmoid(), draw(*shape).clamp(-2, 2)
    kinds = torch.distributions
    squashed = kinds.TransformedDistribution(kinds.Normal(mu, log_std.exp()), [kinds.TanhTransform()])
    a, logp = squashed_sample(mu, log_std, eps)
    assert a.shape == shape
    assert_close(logp, squashed.log_prob((mu + log_std.exp() * eps).tanh()).sum(-1), rtol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_flow_through_the_draw(shape: tuple[int, ...]) -> None:
    mu, log_std, eps = draw(*shape), draw(*shape) - 1, draw(*shape)
    rng = np.random.default_rng(0)
    for part in (0, 1):
        assert_autograd(
            lambda mu, log_std, part=part: squashed_sample(mu, log_std, eps)[part],
            (mu, log_std),
            rng=rng,
            names=("mu", "log_std"),
        )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("size", [5.0, 20.0, 100.0, 998.0])
def test_nothing_breaks_where_tanh_rounds_to_one(size: float, dtype: torch.dtype) -> None:
    """-log(1 - tanh(u)^2) grows like 2 |u|: its slope is 2 tanh(u)."""
    mu, log_std, eps = (T(one, dtype=dtype) for one in ([[size], [-size]], [[0.5], [-1.0]], [[0.7], [1.1]]))
    mu, log_std = leaf(mu), leaf(log_std)
    a, logp = squashed_sample(mu, log_std, eps)
    u = (mu + log_std.exp() * eps).detach().double()
    normal = -(eps.double() ** 2) / 2 - log_std.detach().double() - math.log(2 * math.pi) / 2
    expected = normal + 2 * (u.abs() - math.log(2) + torch.log1p((-2 * u.abs()).exp()))
    assert_close(a, u.tanh(), dtype=dtype, rtol=2e-7, name="a")  # so 1 - 1e-6 is no 1
    assert_close(logp, expected[:, 0], dtype=dtype, rtol=SOFTPLUS if dtype == torch.float64 else 1e-6)
    grads = torch.autograd.grad(logp.sum(), (mu, log_std))
    by_hand = [2 * u.tanh(), 2 * u.tanh() * (log_std.exp() * eps).detach() - 1]
    assert_close(grads, by_hand, dtype=dtype, rtol=1e-6, name="gradients for mu, log_std")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_very_small_deviation_is_no_reason_to_lose_the_noise(dtype: torch.dtype) -> None:
    mu, log_std, eps = (T(one, dtype=dtype) for one in ([[0.9, -3.0]], [[-20.0, -18.0]], [[2.5, -1.5]]))
    _, logp = squashed_sample(mu, log_std, eps)
    u = mu.double() + log_std.double().exp() * eps
    normal = -(eps.double() ** 2) / 2 - log_std.double() - math.log(2 * math.pi) / 2
    assert_close(logp, (normal + 2 * u.cosh().log()).sum(-1), dtype=dtype, rtol=1e-6)


# The target of the critics --------------------------------------------------------------------------------


def test_a_target_is_the_reward_and_the_soft_value_of_what_follows() -> None:
    r, q1, q2, logp, done = T([[1.0, 1.0], [5.0, 5.0], [3.0, 7.0], [-2.0, 2.0], [0.0, 0.0]]).double()
    # 1 + 0.5 (3 + 0.1 * 2) and 1 + 0.5 (5 - 0.1 * 2)
    assert_close(soft_target(r, q1, q2, logp, 0.1, done, 0.5), T([2.6, 3.4], dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.bool, torch.float64, torch.float32, torch.int64])
@pytest.mark.parametrize("n", [1, 2, 9])
def test_targets_agree_with_a_loop(n: int, dtype: torch.dtype) -> None:
    r, q1, q2, logp = batch(n)
    for first in (0, 1):
        done = (torch.arange(n) + first) % 3 == 0
        expected = [
            r[i].item() if done[i] else r[i].item() + 0.9 * (min(q1[i], q2[i]).item() - 0.3 * logp[i].item())
            for i in range(n)
        ]
        assert_close(soft_target(r, q1, q2, logp, 0.3, done.to(dtype), 0.9), T(expected, dtype=torch.float64))


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_with_soft_optimal_values_every_action_gives_the_same_target(alpha: float) -> None:
    """Q - alpha log pi is the soft value V, whatever action was drawn; its mean over next states is Q."""
    S, A, gamma = 4, 3, 0.8
    P, R = torch.rand(S, A, S, dtype=torch.float64) ** 3 + 1e-3, draw(S, A)
    P /= P.sum(-1, keepdim=True)
    Q = torch.zeros_like(R)
    for _ in range(200):
        Q = R + gamma * P @ (alpha * (Q / alpha).logsumexp(-1))
    logp = (Q / alpha).log_softmax(-1)  # (S, A) of the soft optimal policy
    for s, a in np.ndindex(S, A):
        r, goes_on = R[s, a].expand(S), torch.zeros(S, dtype=torch.bool)
        each = [soft_target(r, Q[:, b], Q[:, b] + 1, logp[:, b], alpha, goes_on, gamma) for b in range(A)]
        assert_close(each[1:], each[:-1], rtol=1e-9, name="targets with the next action, and the one before")
        assert_close(P[s, a] @ each[0], Q[s, a], rtol=1e-9, name="mean target")


def test_a_target_carries_no_gradient() -> None:
    r, q1, q2, logp = map(leaf, batch(4))
    alpha, done = leaf(T(0.2, dtype=torch.float64)), torch.zeros(4, dtype=torch.bool)
    target = soft_target(r, q1, q2, logp, alpha, done, 0.9)
    assert not target.requires_grad
    assert_close(target, soft_target(r, q1, q2, logp, 0.2, done, 0.9))


# The two losses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 9])
def test_the_actor_is_paid_for_value_and_for_entropy(n: int) -> None:
    _, q1, q2, logp = batch(n)
    expected = sum(0.3 * logp[i] - min(q1[i], q2[i]) for i in range(n)) / n
    assert_close(actor_loss(q1, q2, logp, 0.3), expected, name="loss")
    before = actor_loss(q1, q2, logp, 0.3)
    assert actor_loss(q1 + 1, q2 + 1, logp, 0.3) < before, "higher values are a lower loss"
    assert actor_loss(q1, q2, logp - 1, 0.3) < before, "less likely actions, more entropy, are a lower loss"


@pytest.mark.parametrize("n", [1, 5])
def test_the_gradient_of_the_actor_agrees_with_finite_differences(n: int) -> None:
    _, q1, q2, logp = batch(n)
    assert_autograd(
        lambda q1, q2, logp: actor_loss(q1, q2, logp, 0.3),
        (q1, q2, logp),
        rng=np.random.default_rng(1),
        names=("q1", "q2", "logp"),
    )


def test_the_actor_has_no_say_in_the_temperature() -> None:
    _, q1, q2, logp = map(leaf, batch(5))
    log_alpha = leaf(T(-0.7, dtype=torch.float64))
    loss = actor_loss(q1, q2, logp, log_alpha.exp())
    loss.backward()
    assert log_alpha.grad is None or log_alpha.grad == 0, "the actor's loss has moved the temperature"
    assert_close(loss, actor_loss(q1, q2, logp, math.exp(-0.7)))


@pytest.mark.parametrize("target", [-2.0, 0.5])
@pytest.mark.parametrize("value", [-1.0, 0.0, 0.8])
@pytest.mark.parametrize("n", [1, 7])
def test_the_temperature_loss_agrees_with_a_loop(n: int, value: float, target: float) -> None:
    logp = draw(n)
    expected = sum(-math.exp(value) * (one + target) for one in logp.tolist()) / n
    loss = alpha_loss(T(value, dtype=torch.float64), logp, target)
    assert_close(loss, T(expected, dtype=torch.float64))


def test_the_gradient_of_the_temperature_agrees_with_finite_differences() -> None:
    logp = draw(6)
    assert_autograd(
        lambda log_alpha: alpha_loss(log_alpha, logp, -3.0),
        (T(-0.4, dtype=torch.float64),),
        rng=np.random.default_rng(2),
        names=("log_alpha",),
    )


@pytest.mark.parametrize("off", [-0.5, 0.5])
def test_too_little_entropy_raises_the_temperature_and_too_much_lowers_it(off: float) -> None:
    target = -2.0
    logp = draw(50)
    logp = logp - logp.mean() - (target + off)  # the entropy is the mean of -logp
    log_alpha = leaf(T(0.1, dtype=torch.float64))
    alpha_loss(log_alpha, logp, target).backward()
    step = -log_alpha.grad  # type: ignore[operator]
    assert (step < 0) == (off > 0), f"entropy {off:+} off its target moves log_alpha by {step:+.3g}"


def test_the_temperature_has_no_say_in_the_actor() -> None:
    logp, log_alpha = leaf(draw(5)), leaf(T(0.3, dtype=torch.float64))
    alpha_loss(log_alpha, logp, -1.0).backward()
    assert logp.grad is None or not logp.grad.any(), "a gradient has reached logp"


# Edges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("odd", range(5))
def test_a_column_among_rows_raises(odd: int, n: int) -> None:
    tensors: Any = [*batch(n), torch.zeros(n, dtype=torch.bool)]
    tensors[odd] = tensors[odd][:, None]
    r, q1, q2, logp, done = tensors
    with pytest.raises(ValueError):
        soft_target(r, q1, q2, logp, 0.1, done, 0.9)
    if odd in (1, 2, 3):
        with pytest.raises(ValueError):
            actor_loss(q1, q2, logp, 0.1)
    if odd < 3:
        with pytest.raises(ValueError):
            squashed_sample(r, q1, q2)


def test_float32_stays_float32() -> None:
    r, q1, q2, logp = (one.float() for one in batch(5))
    done = T([True, False, False, True, False])
    wide = [one.double() for one in (r, q1, q2, logp)]
    assert_close(
        soft_target(r, q1, q2, logp, 0.1, done, 0.9),
        soft_target(wide[0], wide[1], wide[2], wide[3], 0.1, done, 0.9),
        dtype=torch.float32,
    )
    assert_close(
        actor_loss(q1, q2, logp, 0.1), actor_loss(wide[1], wide[2], wide[3], 0.1), dtype=torch.float32
    )
    loss = alpha_loss(T(0.5), logp, -1.0)
    assert_close(loss, alpha_loss(T(0.5).double(), wide[3], -1.0), dtype=torch.float32)
    assert squashed_sample(r[:, None], q1[:, None], logp[:, None])[1].dtype == torch.float32


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    mu, log_std, eps = draw(3, 4, 2)
    plain = squashed_sample(mu, log_std, eps)
    for (_, one), (_, other), (_, noise) in zip(*map(layouts, (mu, log_std, eps)), strict=True):
        with assert_unchanged(one, other, noise):
            assert_close(squashed_sample(one, other, noise), plain, name="a, logp")
    r, q1, q2, logp = batch(4)
    done = T([1.0, 0.0, 0.0, 1.0]).double()
    target, loss = soft_target(r, q1, q2, logp, 0.1, done, 0.9), actor_loss(q1, q2, logp, 0.1)
    for tensors in zip(*map(layouts, (r, q1, q2, logp, done)), strict=True):
        r, q1, q2, logp, done = (one for _, one in tensors)
        with assert_unchanged(r, q1, q2, logp, done):
            assert_close(soft_target(r, q1, q2, logp, 0.1, done, 0.9), target)
            assert_close(actor_loss(q1, q2, logp, 0.1), loss)
            alpha_loss(T(0.1).double(), logp, -1.0)
