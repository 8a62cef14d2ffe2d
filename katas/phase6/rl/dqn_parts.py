"""Replay, target network, double DQN

Q-learning with a network falls apart when it is fed its experience as it comes: neighbouring steps resemble
each other, and the target moves with every update of the network that chases it. Three parts hold DQN
together, and much that came after: a memory to draw from, a copy of the network that lags behind, and a
target that does not believe its own luck.

`ReplayBuffer` keeps the last `capacity` transitions (obs, a, r, next_obs, terminated): when it is full, each
new one takes the place of the oldest. `len` of it is the number that it holds. It keeps copies: an
environment may go on using its obs. `sample(B)` draws B of those held, B at least 1 and perhaps more than are
held: each uniformly and independently of the others, so that one may come twice, all randomness from `rng`.
It returns new arrays in the order obs, a, r, next_obs, terminated, row i of each from the i-th draw,

    obs and next_obs (B, obs_dim) float64,    a (B,) int64,    r (B,) float64,    terminated (B,) bool

A capacity below 1, an obs or next_obs whose shape is not (obs_dim,), and a sample from an empty buffer are a
ValueError.

The rest is torch. With A actions, at least 1, next_q_target and next_q_online (B, A) hold the values of the
next states by the target network and by the one that learns. Both targets (B,) carry no gradient to anything:

    dqn_target       r + gamma max over a of next_q_target[a]
    double_target    r + gamma next_q_target[a*],    a* = argmax over a of next_q_online[a]

where the episode goes on, and r where it has terminated; terminated (B,) is bool, or integers or floats that
are 0 or 1. The maximum of noisy numbers is too large on average; in the second target, noise that makes an
action look good does not also set its value.

`dqn_loss` is the mean over the batch of h(q[b, a[b]] - target[b]), with Huber's

    h(x) = x^2 / 2                      where |x| <= delta
    h(x) = delta (|x| - delta / 2)      elsewhere                  delta > 0

It has shape (), and its gradient reaches q and never the target. q is (B, A), a (B,) int64, target (B,). In
these three functions B is at least 1, and shapes that do not fit each other are a ValueError: a (B, 1) among
(B,) would make (B, B) without a word. Floats share a dtype, but for terminated; the results keep it.

`polyak(target, online, tau)` moves one module towards another of the same architecture, in place: each
parameter p becomes (1 - tau) p + tau p_online, once, even where two layers share it. Buffers, such as the
running statistics and the counter of batch norm, registered as persistent or not, are copied whole whatever
tau is. tau outside [0, 1] is a ValueError. The parameters remain the objects they are, and whether they
require a gradient does not change; online stays as it is.

Mnih et al. 2015; van Hasselt et al. 2016; Lillicrap et al. 2016 (the slow copy).
"""

import numpy as np
import torch


class ReplayBuffer:
    """The last `capacity` transitions, to draw from."""

    def __init__(self, capacity: int, obs_dim: int, rng: np.random.Generator) -> None:
        """An empty buffer; ValueError for a capacity below 1."""
        raise NotImplementedError

    def __len__(self) -> int:
        """The number of transitions held."""
        raise NotImplementedError

    def add(self, obs: np.ndarray, a: int, r: float, next_obs: np.ndarray, terminated: bool) -> None:
        """Store a transition, in the place of the oldest if full; obs and next_obs (obs_dim,)."""
        raise NotImplementedError

    def sample(self, B: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """obs, a, r, next_obs, terminated of B transitions, each drawn uniformly; ValueError if empty."""
        raise NotImplementedError


def dqn_target(
    r: torch.Tensor, next_q_target: torch.Tensor, terminated: torch.Tensor, gamma: float
) -> torch.Tensor:
    """Detached targets (B,) with the largest next value; next_q_target (B, A), r and terminated (B,)."""
    raise NotImplementedError


def double_target(
    r: torch.Tensor,
    next_q_online: torch.Tensor,
    next_q_target: torch.Tensor,
    terminated: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    """Detached targets (B,) with the next value of the action that is best online; both values (B, A)."""
    raise NotImplementedError


def dqn_loss(q: torch.Tensor, a: torch.Tensor, target: torch.Tensor, delta: float = 1.0) -> torch.Tensor:
    """Mean Huber loss, shape (), of q[b, a[b]] against target[b]; q (B, A), a and target (B,)."""
    raise NotImplementedError


def polyak(target: torch.nn.Module, online: torch.nn.Module, tau: float) -> None:
    """Move target's parameters by a share tau towards online's, copy its buffers; in place."""
    raise NotImplementedError
