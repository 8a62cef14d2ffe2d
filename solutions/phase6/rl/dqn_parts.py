"""All three parts fight one thing, a network that believes what it has just said. The memory breaks up runs of similar
steps, the slow copy keeps the target still, and the double target keeps luck and value apart: its bias is 0 where that
of the plain maximum is 1 / sqrt(pi), for two actions alone. Huber's loss, last, lets a transition with a huge error pull
no harder than one with an error of delta.
"""

import numpy as np
import torch

HINTS = (
    "Arrays of `capacity` rows and one counter of all additions are enough of a memory: the counter says which row comes next, "
    "and how many are held.",
    "Row b of a table and column a[b]: torch.gather along the actions, or a pair of index tensors, one of which counts the rows.",
    "In the double target one table is only asked where its maximum lies, the other only for a value there.",
    "Parameters that require a gradient may be changed in place under torch.no_grad. parameters() and buffers() of both modules "
    "come in the same order, a shared parameter once, and buffers() has those that are not saved, too.",
)


class ReplayBuffer:
    """The last `capacity` transitions, to draw from."""

    def __init__(self, capacity: int, obs_dim: int, rng: np.random.Generator) -> None:
        """An empty buffer; ValueError for a capacity below 1."""
        # wrong: pass  # a memory without room can hold nothing: refuse it
        # wrong: if capacity < 0:  # no room at all is refused, too
        #            raise ValueError(f"a capacity of {capacity}")
        if capacity < 1:
            raise ValueError(f"a capacity of {capacity}")
        self.capacity, self.obs_dim, self.rng = capacity, obs_dim, rng
        self.added = 0
        self.obs, self.next_obs = np.zeros((2, capacity, obs_dim))
        # wrong: self.a, self.r = np.zeros((2, capacity))  # actions are integers: they will be indices
        self.a, self.r = np.zeros(capacity, np.int64), np.zeros(capacity)
        # wrong: self.terminated = np.zeros(capacity)  # terminated is bool
        self.terminated = np.zeros(capacity, bool)

    def __len__(self) -> int:
        """The number of transitions held."""
        # wrong: return self.added  # no more than the capacity are held
        # wrong: return self.capacity  # at first there are fewer
        # wrong: return self.added % self.capacity  # when the ring is full it stays full
        return min(self.added, self.capacity)

    def add(self, obs: np.ndarray, a: int, r: float, next_obs: np.ndarray, terminated: bool) -> None:
        """Store a transition, in the place of the oldest if full; obs and next_obs (obs_dim,)."""
        # wrong: pass  # numpy would broadcast an observation of the wrong shape
        # wrong: if np.size(obs) != self.obs_dim or np.size(next_obs) != self.obs_dim:  # the shape counts, not the number of entries
        #            raise ValueError("a wrong size")
        # wrong: if np.shape(obs) != (self.obs_dim,):  # the next observation has to fit as well
        #            raise ValueError(f"an observation of shape {np.shape(obs)}")
        if np.shape(obs) != (self.obs_dim,) or np.shape(next_obs) != (self.obs_dim,):
            raise ValueError(f"observations of shapes {np.shape(obs)} and {np.shape(next_obs)}")
        # wrong: i = min(self.added, self.capacity - 1)  # a full ring goes on with its first place, not again with its last
        # wrong: i = int(self.rng.integers(self.capacity)) if self.added >= self.capacity else self.added  # the oldest goes, not any one
        # wrong: i = self.added  # a full ring goes on at its first place
        # wrong: i = (self.added + 1) % self.capacity  # the first transition belongs into the first place, or an empty one is drawn
        i = self.added % self.capacity
        # wrong: self.obs[i], self.next_obs[i] = obs, obs  # the state after the step is the next one
        self.obs[i], self.next_obs[i] = obs, next_obs
        # wrong: self.a[i], self.r[i], self.terminated[i] = a, r, not terminated  # terminated is stored as it comes
        # wrong: self.a[i], self.r[i], self.terminated[i - 1] = a, r, terminated  # what belongs together is stored in one place
        self.a[i], self.r[i], self.terminated[i] = a, r, terminated
        self.added += 1

    def sample(self, B: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """obs, a, r, next_obs, terminated of B transitions, each drawn uniformly; ValueError if empty."""
        # wrong: i = self.rng.integers(len(self) or 1, size=B)  # nothing can be drawn from an empty memory: raise
        # wrong: i = self.rng.choice(len(self), B, replace=False)  # draws are with replacement: more than are held may be asked for
        # wrong: i = self.rng.integers(self.capacity, size=B)  # places that are still empty hold zeros, not experience
        # wrong: i = self.rng.integers(max(len(self) - 1, 1), size=B)  # the upper end of integers is left out already
        # wrong: i = self.rng.permutation(len(self))[:B]  # each draw is from all that is held, whatever came before
        # wrong: i = np.arange(self.added - B, self.added) % len(self)  # the newest resemble each other: draw from all
        # wrong: i = np.random.default_rng(0).integers(len(self), size=B)  # this draws the same every time
        # wrong: i = np.repeat(self.rng.integers(len(self)), B)  # each row is a draw of its own
        # wrong: i = np.random.randint(len(self), size=B)  # all randomness comes from rng
        i = self.rng.integers(len(self), size=B)  # raises ValueError itself where nothing is held
        # wrong: return self.obs[i], self.a[i], self.r[i], self.next_obs[self.rng.integers(len(self), size=B)], self.terminated[i]  # what belongs together is drawn together
        # wrong: return self.obs[i], self.a[i], self.r[i], self.next_obs[(i + 1) % len(self)], self.terminated[i]  # the next row need not be the next step
        # wrong: return self.obs[i], self.a[i], self.r[i], self.terminated[i], self.next_obs[i]  # the order is that of add
        return self.obs[i], self.a[i], self.r[i], self.next_obs[i], self.terminated[i]


def dqn_target(
    r: torch.Tensor, next_q_target: torch.Tensor, terminated: torch.Tensor, gamma: float
) -> torch.Tensor:
    """Detached targets (B,) with the largest next value; next_q_target (B, A), r and terminated (B,)."""
    # wrong: return double_target(r, -next_q_target, next_q_target, terminated, gamma)  # the largest value, not the smallest
    # wrong: return double_target(r, next_q_target, next_q_target, ~terminated.bool(), gamma)  # it is where the episode goes on that something follows
    # wrong: return (r + gamma * (1 - terminated.to(r.dtype)) * next_q_target.max(1).values).detach()  # shapes that do not fit are refused, not broadcast
    # wrong: return (r + gamma * (1 - terminated.to(r.dtype)) * next_q_target.mean(1)).detach()  # the largest value, not the mean
    return double_target(r, next_q_target, next_q_target, terminated, gamma)


def double_target(
    r: torch.Tensor,
    next_q_online: torch.Tensor,
    next_q_target: torch.Tensor,
    terminated: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    """Detached targets (B,) with the next value of the action that is best online; both values (B, A)."""
    # wrong: pass  # a (B, 1) among (B,) makes (B, B) targets without a word: refuse it
    # wrong: _check(next_q_target, r, terminated)  # the online values have to fit as well
    _check(next_q_target, r, terminated, same=next_q_online)
    # wrong: best = next_q_target.argmax(1)  # the online network chooses: a choice by the other is the plain maximum
    # wrong: best = next_q_online.argmin(1)  # the best action has the largest value
    best = next_q_online.argmax(1)  # (B,)
    # wrong: value = next_q_online.gather(1, best[:, None])[:, 0]  # the value comes from the target network
    # wrong: value = next_q_target.gather(0, best[None])[0]  # rows are the batch, columns the actions: gather along the actions
    # wrong: value = next_q_target[0, best]  # each row of the batch has values of its own
    # wrong: value = next_q_target.max(1).values  # the value of the action that is best online, which need not be the largest
    value = next_q_target.gather(1, best[:, None])[:, 0]
    # wrong: return (r + gamma * terminated.to(r.dtype) * value).detach()  # it is where the episode goes on that something follows
    # wrong: return (r + gamma * value).detach()  # nothing follows a terminal state
    # wrong: return (r + (1 - terminated.to(r.dtype)) * value).detach()  # what follows is discounted
    # wrong: return ((1 - terminated.to(r.dtype)) * (r + gamma * value)).detach()  # the last reward counts
    # wrong: return r + gamma * (1 - terminated.to(r.dtype)) * value  # a target is a constant: detach
    # wrong: return r + gamma * (1 - terminated.to(r.dtype)) * value.detach()  # a target is a constant all through
    return (r + gamma * (1 - terminated.to(r.dtype)) * value).detach()


def dqn_loss(q: torch.Tensor, a: torch.Tensor, target: torch.Tensor, delta: float = 1.0) -> torch.Tensor:
    """Mean Huber loss, shape (), of q[b, a[b]] against target[b]; q (B, A), a and target (B,)."""
    # wrong: pass  # a (B, 1) among (B,) makes (B, B) errors without a word: refuse it
    _check(q, a, target)
    # wrong: error = q.gather(1, a[:, None])[:, 0] - target  # the target is a constant: only q learns
    # wrong: error = q.max(1).values - target.detach()  # the action that was taken is judged, not the best one
    # wrong: error = (q - target.detach()[:, None]).flatten()  # only the action that was taken has a target
    # wrong: error = q.gather(1, a[:, None]) - target.detach()  # (B, 1) less (B,) is (B, B)
    error = q.gather(1, a[:, None])[:, 0] - target.detach()  # (B,)
    # wrong: small, large = error**2, delta * (error.abs() - delta / 2)  # half the square
    # wrong: small, large = error**2 / 2, delta * error.abs()  # the two pieces meet at delta: a constant is missing
    # wrong: small, large = error**2 / 2, error.abs() - delta / 2  # beyond delta the slope is delta
    # wrong: small, large = error**2 / (2 * delta), error.abs() - delta / 2  # this is the smooth L1 loss, Huber's over delta
    small, large = error**2 / 2, delta * (error.abs() - delta / 2)
    # wrong: return small.mean()  # a large error is not squared
    # wrong: return torch.where(error <= delta, small, large).mean()  # a large negative error is large, too
    # wrong: return torch.where(error.abs() <= 1, small, large).mean()  # delta is an argument
    # wrong: return torch.where(error.abs() > delta, small, large).mean()  # the square is for the small ones
    # wrong: return torch.where(error.abs() <= delta, small, large).sum()  # a mean over the batch
    return torch.where(error.abs() <= delta, small, large).mean()


def polyak(target: torch.nn.Module, online: torch.nn.Module, tau: float) -> None:
    """Move target's parameters by a share tau towards online's, copy its buffers; in place."""
    # wrong: pass  # a share is a number from 0 to 1
    # wrong: if not 0 < tau <= 1:  # tau = 0 is allowed: nothing moves
    #            raise ValueError(f"tau = {tau}")
    # wrong: if not 0 <= tau < 1:  # tau = 1 is allowed: a full copy
    #            raise ValueError(f"tau = {tau}")
    if not 0 <= tau <= 1:
        raise ValueError(f"tau = {tau} lies outside [0, 1]")
    with torch.no_grad():
        # wrong: for p, q in zip(target.state_dict().values(), online.state_dict().values(), strict=True):  # a shared parameter stands there twice, and buffers are to be copied
        #            p.copy_(p.lerp(q, tau) if p.is_floating_point() else q)
        for p, towards in zip(target.parameters(), online.parameters(), strict=True):
            # wrong: p.copy_(tau * p + (1 - tau) * towards)  # tau is the share of the online network
            # wrong: p.add_(towards, alpha=tau)  # the old parameter keeps a share of 1 - tau only
            # wrong: p.copy_(towards)  # only a share tau of the way
            # wrong: p.data = p.lerp(towards, tau) if tau < 1 else towards.data  # memory that both networks share is no copy
            # wrong: towards.lerp_(p, tau)  # it is the target network that moves
            # wrong: p.requires_grad_(False).lerp_(towards, tau)  # whether a parameter requires a gradient is not ours to change
            p.lerp_(towards, tau)
        for old, new in zip(target.buffers(), online.buffers(), strict=True):
            # wrong: pass  # buffers, such as running statistics, are copied
            # wrong: old.copy_((1 - tau) * old + tau * new)  # buffers are copied whole: counters cannot be averaged
            # wrong: old.copy_(new if tau else old)  # buffers are copied whatever tau is
            old.copy_(new)


def _check(table: torch.Tensor, *rows: torch.Tensor, same: torch.Tensor | None = None) -> None:
    """ValueError unless the table is (B, A), rows are (B,) and `same` is (B, A), too."""
    # wrong: if any(row.shape != table.shape[:1] for row in rows):  # the tables have to fit, too
    #            raise ValueError("shapes do not fit")
    if table.ndim != 2 or any(row.shape != table.shape[:1] for row in rows):
        raise ValueError(f"shapes do not fit: {[tuple(one.shape) for one in (table, *rows)]}")
    if same is not None and same.shape != table.shape:
        raise ValueError(f"shapes differ: {tuple(same.shape)} and {tuple(table.shape)}")
