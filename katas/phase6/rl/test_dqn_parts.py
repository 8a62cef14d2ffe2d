import math
from collections import deque
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd
from aire_katas.checks.statistics import assert_distribution, assert_mean
from katas.phase6.rl.dqn_parts import ReplayBuffer, double_target, dqn_loss, dqn_target, polyak

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase6/rl/sarsa_qlearning",),
    forbids={
        "torch.nn.functional.huber_loss": "write the two pieces of h down",
        "torch.nn.functional.smooth_l1_loss": "write the two pieces of h down",
        "torch.nn.HuberLoss": "write the two pieces of h down",
        "torch.nn.SmoothL1Loss": "write the two pieces of h down",
        "torch.optim.swa_utils": "walk over the parameters and move each in place",
    },
)
T = torch.tensor
SHAPES = [(5, 3), (3, 3), (1, 4), (4, 1), (1, 1), (2, 5)]
each_shape = pytest.mark.parametrize(("B", "A"), SHAPES)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def filled(capacity: int, n: int, seed: int = 0) -> ReplayBuffer:
    """A buffer to which n transitions were added, the t-th with a = t and t in all the rest."""
    buffer = ReplayBuffer(capacity, 2, np.random.default_rng(seed))
    for t in range(n):
        buffer.add(np.array([t, -t]), t, t / 2, np.array([t + 1, -t - 1]), t % 3 == 0)
    return buffer


# The memory -----------------------------------------------------------------------------------------------


def test_a_draw_returns_what_was_stored() -> None:
    buffer = ReplayBuffer(5, 3, np.random.default_rng(0))
    buffer.add(np.array([0.5, 1.0, -2.0]), 4, -1.5, np.array([3.0, 2.0, 0.25]), True)
    obs, a, r, next_obs, terminated = buffer.sample(2)
    assert_close(obs, np.array([[0.5, 1.0, -2.0]] * 2), name="obs")
    assert_close(a, np.array([4, 4]), name="a")
    assert_close(r, np.array([-1.5, -1.5]), name="r")
    assert_close(next_obs, np.array([[3.0, 2.0, 0.25]] * 2), name="next_obs")
    assert_close(terminated, np.array([True, True]), name="terminated")


@pytest.mark.parametrize(("capacity", "n"), [(7, 1), (7, 4), (7, 7), (7, 8), (7, 24), (3, 30), (1, 4)])
def test_the_oldest_make_room_for_the_newest(capacity: int, n: int) -> None:
    rng, kept = np.random.default_rng(1), deque(maxlen=capacity)
    buffer = ReplayBuffer(capacity, 2, np.random.default_rng(2))
    for t in range(n):
        obs, next_obs, done = rng.normal(size=2), rng.normal(size=2), bool(rng.random() < 0.5)
        buffer.add(obs, t, t / 2, next_obs, done)
        kept.append((*obs, t, t / 2, *next_obs, done))
        assert len(buffer) == len(kept)
    obs, a, r, next_obs, done = (one.tolist() for one in buffer.sample(400))
    drawn = {(*obs[i], a[i], r[i], *next_obs[i], done[i]) for i in range(400)}
    assert drawn == set(kept)  # one is missed by 400 fair draws from 7 once in 1e26 runs


@pytest.mark.parametrize(("capacity", "n"), [(10, 6), (6, 6), (6, 9), (5, 23), (2, 1)])
def test_all_that_is_held_is_equally_likely(capacity: int, n: int) -> None:
    held = min(n, capacity)
    a = filled(capacity, n).sample(12_000)[1]
    counts = np.bincount(a, minlength=n)
    assert counts[: n - held].sum() == 0, "something was drawn that is no longer held"
    if held > 1:
        assert_distribution(counts[n - held :], np.full(held, 1 / held), name="draws of each transition")
    assert counts.sum() == 12_000


def test_draws_of_one_sample_and_of_the_next_are_independent() -> None:
    buffer = filled(4, 4)
    a = np.stack([buffer.sample(2)[1] for _ in range(4000)])  # (4000, 2)
    within = np.bincount(a[:, 0] * 4 + a[:, 1], minlength=16)
    across = np.bincount(a[::2, 0] * 4 + a[1::2, 0], minlength=16)
    assert_distribution(within, np.full(16, 1 / 16), name="pairs in one sample")
    assert_distribution(across, np.full(16, 1 / 16), name="pairs in two samples, one after the other")


def test_all_randomness_comes_from_the_generator() -> None:
    one, same, other = (filled(50, 50, seed).sample(20)[1].tolist() for seed in (3, 3, 4))
    assert one == same
    assert one != other


def test_the_memory_keeps_copies_and_gives_copies() -> None:
    buffer = ReplayBuffer(3, 2, np.random.default_rng(0))
    obs, next_obs = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    with assert_unchanged(obs, next_obs):
        buffer.add(obs, 1, 0.5, next_obs, False)
    obs[:], next_obs[:] = 7, 8
    for array in buffer.sample(3):
        array[:] = 9
    fresh = buffer.sample(1)
    assert_close(fresh[0], np.array([[1.0, 2.0]]), name="obs")
    assert_close(fresh[3], np.array([[3.0, 4.0]]), name="next_obs")
    assert [fresh[1][0], fresh[2][0], fresh[4][0]] == [1, 0.5, False]


@pytest.mark.parametrize("B", [1, 3, 50])
def test_a_sample_may_be_larger_than_the_memory(B: int) -> None:
    shapes = [(one.shape, one.dtype.name) for one in filled(10, 3).sample(B)]
    assert shapes == [
        ((B, 2), "float64"),
        ((B,), "int64"),
        ((B,), "float64"),
        ((B, 2), "float64"),
        ((B,), "bool"),
    ]


def test_nothing_can_be_drawn_from_an_empty_memory() -> None:
    buffer = ReplayBuffer(3, 2, np.random.default_rng(0))
    assert len(buffer) == 0
    with pytest.raises(ValueError):
        buffer.sample(1)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_memory_without_room_raises(capacity: int) -> None:
    with pytest.raises(ValueError):
        ReplayBuffer(capacity, 2, np.random.default_rng(0))


@pytest.mark.parametrize("shape", [(1,), (), (2,), (4,), (1, 3), (3, 1)])
def test_an_observation_of_another_shape_raises(shape: tuple[int, ...]) -> None:
    buffer = ReplayBuffer(2, 3, np.random.default_rng(0))
    with pytest.raises(ValueError):
        buffer.add(np.ones(shape), 0, 0.0, np.ones(3), False)
    with pytest.raises(ValueError):
        buffer.add(np.ones(3), 0, 0.0, np.ones(shape), False)


# The targets ----------------------------------------------------------------------------------------------


def test_one_network_chooses_and_the_other_tells_the_value() -> None:
    r, done = T([1.0, 1.0]), T([False, True])
    online, target = T([[1.0, 5.0, 2.0]] * 2), T([[8.0, 4.0, 6.0]] * 2)
    assert_close(dqn_target(r, target, done, 0.5), T([5.0, 1.0]))
    assert_close(double_target(r, online, target, done, 0.5), T([3.0, 1.0]))


@pytest.mark.parametrize("dtype", [torch.bool, torch.float64, torch.float32, torch.int64])
@each_shape
def test_targets_agree_with_loops(B: int, A: int, dtype: torch.dtype) -> None:
    r, online, target = draw(B), draw(B, A), draw(B, A)
    for first in (0, 1):
        done = (torch.arange(B) + first) % 2 == 0
        plain, double = [], []
        for b in range(B):
            best = max(range(A), key=lambda i, b=b: online[b, i].item())
            goes_on = 0.9 * (not done[b])
            plain.append(r[b].item() + goes_on * max(target[b].tolist()))
            double.append(r[b].item() + goes_on * target[b, best].item())
        flag = done.to(dtype)
        assert_close(dqn_target(r, target, flag, 0.9), T(plain, dtype=torch.float64), name="dqn_target")
        result = double_target(r, online, target, flag, 0.9)
        assert_close(result, T(double, dtype=torch.float64), name="double_target")


def test_the_largest_of_noisy_values_is_too_large_and_the_double_target_is_not() -> None:
    """Both actions are worth 0. The larger of two normal numbers has mean 1 / sqrt(pi)."""
    n = 50_000
    online, target = draw(n, 2), draw(n, 2)
    r, goes_on = torch.zeros(n, dtype=torch.float64), torch.zeros(n, dtype=torch.bool)
    plain = dqn_target(r, target, goes_on, 1.0)
    assert_mean(plain, 1 / math.sqrt(math.pi), std=math.sqrt(1 - 1 / math.pi), name="mean of dqn_target")
    assert_mean(double_target(r, online, target, goes_on, 1.0), 0, std=1, name="mean of double_target")


def test_when_both_networks_agree_the_double_target_is_the_plain_one() -> None:
    r, q, done = draw(6), draw(6, 4), torch.arange(6) == 2
    assert_close(double_target(r, q, q, done, 0.9), dqn_target(r, q, done, 0.9))
    other = double_target(r, draw(6, 4), q, done, 0.9)
    assert (other <= dqn_target(r, q, done, 0.9)).all(), "no choice has more value than the largest"


def test_targets_carry_no_gradient() -> None:
    r, online, target = (one.requires_grad_() for one in (draw(4), draw(4, 3), draw(4, 3)))
    done = torch.arange(4) == 1
    assert not dqn_target(r, target, done, 0.9).requires_grad
    assert not double_target(r, online, target, done, 0.9).requires_grad


@pytest.mark.parametrize("B", [1, 3])
def test_a_target_of_shapes_that_do_not_fit_raises(B: int) -> None:
    r, q, done = draw(B), draw(B, 3), torch.zeros(B, dtype=torch.bool)
    wrong: list[Any] = [
        (r[:, None], q, done),
        (r, q, done[:, None]),
        (r, q[:, 0], done),
        (r, draw(B + 1, 3), done),
        (r, q[:, :, None], done),
        (r.repeat(2), q, done.repeat(2)),
    ]
    for one_r, one_q, one_done in wrong:
        with pytest.raises(ValueError):
            dqn_target(one_r, one_q, one_done, 0.9)
        with pytest.raises(ValueError):
            double_target(one_r, one_q, one_q, one_done, 0.9)
    for other in (draw(B, 4), draw(B, 2), draw(B), draw(B, 1), draw(B + 1, 3)):
        with pytest.raises(ValueError):
            double_target(r, other, q, done, 0.9)
        with pytest.raises(ValueError):
            double_target(r, q, other, done, 0.9)


# The loss -------------------------------------------------------------------------------------------------


def test_a_small_error_is_squared_and_a_large_one_is_not() -> None:
    q = T([[0.5, 9.0], [9.0, 3.0], [-4.0, 9.0]])  # errors 0.5, 3 and -4
    a, target = T([0, 1, 0]), torch.zeros(3)
    assert_close(dqn_loss(q, a, target), T((0.125 + 2.5 + 3.5) / 3))
    assert_close(dqn_loss(q, a, target, 2.0), T((0.125 + 4.0 + 6.0) / 3))


@pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])
@each_shape
def test_the_loss_agrees_with_torch(B: int, A: int, delta: float) -> None:
    q, a, target = 2 * draw(B, A), torch.randint(A, (B,)), 2 * draw(B)
    taken = torch.stack([q[b, a[b]] for b in range(B)])
    assert_close(dqn_loss(q, a, target, delta), torch.nn.functional.huber_loss(taken, target, delta=delta))


@pytest.mark.parametrize("delta", [0.5, 2.0])
@each_shape
def test_the_gradient_reaches_the_actions_that_were_taken(B: int, A: int, delta: float) -> None:
    q, a, target = 2 * draw(B, A), torch.randint(A, (B,)), 2 * draw(B)
    rng = np.random.default_rng(0)
    assert_autograd(lambda q: dqn_loss(q, a, target, delta), (q,), rng=rng, names=("q",))


def test_no_gradient_reaches_the_target() -> None:
    q, target = draw(4, 3).requires_grad_(), draw(4).requires_grad_()
    dqn_loss(q, T([0, 2, 1, 1]), target).backward()
    assert target.grad is None or not target.grad.any()
    assert (q.grad != 0).sum() == 4  # type: ignore[operator]


@pytest.mark.parametrize("B", [1, 3])
def test_a_loss_of_shapes_that_do_not_fit_raises(B: int) -> None:
    q, a, target = draw(B, 3), torch.zeros(B, dtype=torch.int64), draw(B)
    wrong: list[Any] = [
        (q, a[:, None], target),
        (q, a, target[:, None]),
        (q[:, 0], a, target),
        (draw(B + 1, 3), a, target),
        (q, a.repeat(2), target),
        (q, a, target.repeat(2)),
    ]
    for one_q, one_a, one_target in wrong:
        with pytest.raises(ValueError):
            dqn_loss(one_q, one_a, one_target)


# The copy that lags behind --------------------------------------------------------------------------------


class Net(torch.nn.Module):
    """Two layers that share their weight, batch norm between them, and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (torch.nn.Linear(3, 3, dtype=torch.float64) for _ in range(2))
        self.second.weight = self.first.weight
        self.norm = torch.nn.BatchNorm1d(3, dtype=torch.float64)
        self.register_buffer("scratch", draw(2), persistent=False)
        self(draw(int(torch.randint(2, 9, ())), 3))
        for _ in range(int(torch.randint(1, 4, ()))):
            self(draw(4, 3) + 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.norm(self.first(x)))


def numbers(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: one.detach().clone() for name, one in module.named_parameters()}


def buffers(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: one.clone() for name, one in module.named_buffers()}


@pytest.mark.parametrize("tau", [0.0, 0.005, 0.5, 0.8, 1.0])
def test_parameters_move_a_share_of_the_way(tau: float) -> None:
    target, online = Net(), Net()
    with torch.no_grad():
        target.norm.bias.add_(1)
    before, towards = numbers(target), numbers(online)
    polyak(target, online, tau)
    for name, now in numbers(target).items():
        assert_close(now, (1 - tau) * before[name] + tau * towards[name], name=name)


def test_many_small_moves_close_the_gap_geometrically() -> None:
    target, online = torch.nn.Linear(3, 2, dtype=torch.float64), torch.nn.Linear(3, 2, dtype=torch.float64)
    gap = target.weight.detach() - online.weight.detach()
    for _ in range(20):
        polyak(target, online, 0.1)
    assert_close(target.weight - online.weight, 0.9**20 * gap, rtol=1e-9)


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0])
def test_buffers_are_copied_whole(tau: float) -> None:
    target, online = Net(), Net()
    online.norm.num_batches_tracked += 7  # type: ignore[operator]
    polyak(target, online, tau)
    expected = buffers(online)
    for name, now in buffers(target).items():
        assert_close(now, expected[name], rtol=0, atol=0, name=name)


@pytest.mark.parametrize("tau", [0.3, 1.0])
def test_the_two_modules_share_nothing_afterwards(tau: float) -> None:
    target, online = Net(), Net()
    kept, held = numbers(online), buffers(online)
    polyak(target, online, tau)
    assert_close([*numbers(online).values(), *buffers(online).values()], [*kept.values(), *held.values()])
    after = [*numbers(target).values(), *buffers(target).values()]
    with torch.no_grad():
        for one in (*online.parameters(), *online.buffers()):
            one += 1
    assert_close([*numbers(target).values(), *buffers(target).values()], after)


@pytest.mark.parametrize("learns", [False, True])
def test_parameters_stay_the_objects_they_are(learns: bool) -> None:
    target, online = Net().requires_grad_(learns), Net()
    before = list(map(id, target.parameters()))
    polyak(target, online, 0.5)
    assert list(map(id, target.parameters())) == before
    for one in target.parameters():
        assert (one.requires_grad, one.is_leaf, one.grad) == (learns, True, None)
    assert all(one.requires_grad for one in online.parameters())


@pytest.mark.parametrize("tau", [-0.1, 1.1, math.inf])
def test_a_share_outside_its_range_raises(tau: float) -> None:
    with pytest.raises(ValueError):
        polyak(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1), tau)


# Edges ----------------------------------------------------------------------------------------------------


def test_float32_stays_float32() -> None:
    r, q, a, done = draw(4).float(), draw(4, 3).float(), T([0, 2, 1, 1]), T([True, False, False, True])
    assert_close(dqn_target(r, q, done, 0.9), dqn_target(r.double(), q.double(), done, 0.9).float())
    double = double_target(r.double(), -q.double(), q.double(), done, 0.9)
    assert_close(double_target(r, -q, q, done, 0.9), double.float())
    assert_close(dqn_loss(q, a, r), dqn_loss(q.double(), a, r.double()).float())


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    r, online, target, done, a = draw(4), draw(4, 3), draw(4, 3), T([1.0, 0, 0, 1]).double(), T([0, 2, 1, 1])
    plain = (
        dqn_target(r, target, done, 0.9),
        double_target(r, online, target, done, 0.9),
        dqn_loss(target, a, r),
    )
    rows = zip(*map(layouts, (r, done, a)), strict=True)
    tables = [one for _, one in layouts(online)], [one for _, one in layouts(target)]
    for (_, r2), (_, done2), (_, a2) in rows:
        for online2, target2 in zip(*tables, strict=True):
            with assert_unchanged(r2, done2, a2, online2, target2):
                now = (
                    dqn_target(r2, target2, done2, 0.9),
                    double_target(r2, online2, target2, done2, 0.9),
                    dqn_loss(target2, a2, r2),
                )
                assert_close(now, plain)
