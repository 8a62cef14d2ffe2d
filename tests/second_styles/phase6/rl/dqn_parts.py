"""A deque of tuples, one_hot, clamp and named parameters."""

from collections import deque

import numpy as np
import torch


class ReplayBuffer:
    def __init__(self, capacity: int, obs_dim: int, rng: np.random.Generator) -> None:
        if capacity <= 0:
            raise ValueError("no room")
        self.held = deque(maxlen=capacity)
        self.shape, self.rng = (obs_dim,), rng

    def __len__(self) -> int:
        return len(self.held)

    def add(self, obs: np.ndarray, a: int, r: float, next_obs: np.ndarray, terminated: bool) -> None:
        for one in (obs, next_obs):
            if one.shape != self.shape:
                raise ValueError("another shape")
        self.held.append((tuple(map(float, obs)), a, r, tuple(map(float, next_obs)), terminated))

    def sample(self, B: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        if not self.held:
            raise ValueError("nothing is held")
        ids = [int(self.rng.random() * len(self.held)) for _ in range(B)]
        obs, a, r, next_obs, terminated = zip(*(self.held[i] for i in ids), strict=True)
        floats = [np.array(one, dtype=np.float64) for one in (obs, r, next_obs)]
        return floats[0], np.array(a, dtype=np.int64), floats[1], floats[2], np.array(terminated, dtype=bool)


def dqn_target(
    r: torch.Tensor, next_q_target: torch.Tensor, terminated: torch.Tensor, gamma: float
) -> torch.Tensor:
    if next_q_target.dim() != 2 or not (r.shape == terminated.shape == next_q_target.shape[:1]):
        raise ValueError("shapes do not fit")
    with torch.no_grad():
        return torch.where(terminated != 0, r, r + gamma * next_q_target.amax(-1))


def double_target(
    r: torch.Tensor,
    next_q_online: torch.Tensor,
    next_q_target: torch.Tensor,
    terminated: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    if next_q_target.dim() != 2 or next_q_online.shape != next_q_target.shape or len(r) != len(next_q_target):
        raise ValueError("shapes differ")
    chosen = torch.full_like(next_q_target, -torch.inf)
    rows = torch.arange(len(chosen))
    best = next_q_online.max(-1).indices
    chosen[rows, best] = next_q_target.detach()[rows, best]
    return dqn_target(r.detach(), chosen, terminated, gamma)


def dqn_loss(q: torch.Tensor, a: torch.Tensor, target: torch.Tensor, delta: float = 1.0) -> torch.Tensor:
    if q.dim() != 2 or a.shape != target.shape or a.shape != q.shape[:1]:
        raise ValueError("shapes do not fit")
    taken = (q * torch.nn.functional.one_hot(a, q.shape[1])).sum(1)
    size = (taken - target.detach()).abs()
    inner = size.clamp(max=delta)
    return (inner * (size - inner / 2)).sum() / len(q)


def polyak(target: torch.nn.Module, online: torch.nn.Module, tau: float) -> None:
    if tau < 0 or tau > 1:
        raise ValueError("no share")
    new = dict(online.named_parameters()) | dict(online.named_buffers())
    for name, one in target.named_parameters():
        one.data.mul_(1 - tau).add_(tau * new[name].data)
    for name, one in target.named_buffers():
        one.copy_(new[name])
