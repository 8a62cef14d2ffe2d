"""sum over a of pi[s, a] dlog pi[s, a] is zero: that one line is why a baseline costs nothing, why a row of the gradient sums
to zero, and why q may be replaced by the advantage q - v. The factor gamma^t stands in the theorem, and nearly every
implementation leaves it out: what such code climbs is the gradient of no objective, though it often gets there.
"""

from collections.abc import Sequence

import numpy as np

HINTS = (
    "G_t = r_t + gamma G_{t+1}: begin at the end.",
    "The derivative of log softmax(h)[a] with respect to h is a one-hot of a, minus softmax(h). Only the row of s is touched.",
    "v solves (I - gamma P_pi) v = r_pi, where P_pi[s, s'] is the chance to get from s to s' under pi. d obeys an equation of the "
    "same kind, in which probability flows forward: d[s'] = mu0[s'] + gamma sum over s of d[s] P_pi[s, s'].",
    "Do the sum over a by hand: of pi[s, a] q[s, a] (one-hot of a - pi[s]) not much is left.",
)


def returns_to_go(rewards: Sequence[float] | np.ndarray, gamma: float) -> np.ndarray:
    """G (T,), the discounted sum of the rewards (T,) from each step on."""
    # wrong: pass  # a gamma outside [0, 1] is no discount: raise
    # wrong: if not 0 <= gamma < 1:  # an episode ends, so gamma = 1 is allowed here
    #            raise ValueError(f"gamma = {gamma}")
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma = {gamma} lies outside [0, 1]")
    # wrong: returns = np.array(rewards)  # integers would cut the discounted sums off
    returns = np.array(rewards, dtype=float)
    # wrong: return np.full_like(returns, sum(gamma**k * r for k, r in enumerate(returns)))  # from each step on: what came before does not count
    # wrong: return np.cumsum(returns)  # what is to come counts, not what was
    # wrong: return np.cumsum(returns[::-1])[::-1].copy()  # what is later counts less, by gamma a step
    # wrong: powers = gamma ** np.arange(len(returns))  # each return counts from its own step: this one is discounted back to the start
    #        return np.cumsum((powers * returns)[::-1])[::-1].copy()
    # wrong: powers = np.where(gamma ** np.arange(len(returns)) > 0, gamma ** np.arange(len(returns)), 1)  # gamma^t becomes too small to divide by
    #        return np.cumsum((powers * returns)[::-1])[::-1] / powers
    # wrong: for t in range(len(returns) - 1):  # begin at the end: the return of the next step has to be known
    #            returns[t] += gamma * returns[t + 1]
    for t in range(len(returns) - 2, -1, -1):
        # wrong: returns[t] = gamma * (returns[t] + returns[t + 1])  # the first reward is not discounted
        # wrong: returns[t] += returns[t + 1]  # what is later counts less
        # wrong: returns[t] += gamma**t * returns[t + 1]  # from one step to the next it is gamma once
        returns[t] += gamma * returns[t + 1]
    return returns


def reinforce_grad(
    episode: list[tuple[int, int, float]], theta: np.ndarray, gamma: float, baseline: np.ndarray
) -> np.ndarray:
    """The estimate (S, A) of dJ/dtheta from one episode of (s, a, r); baseline (S,)."""
    # wrong: returns = np.full(len(episode), sum(gamma**t * r for t, (_, _, r) in enumerate(episode)))  # on average the total return is right, too, but it is noisier: an action has no say in what came before
    # wrong: returns = np.array([r for _, _, r in episode])  # what follows from an action counts, not its own reward alone
    returns = returns_to_go([r for _, _, r in episode], gamma)
    pi, grad = _softmax(theta), np.zeros(theta.shape)
    for t, (s, a, _) in enumerate(episode):
        # wrong: weight = returns[t] - baseline[s]  # a late step counts less for J, by gamma^t
        # wrong: weight = gamma**t * returns[t]  # the baseline is missing
        # wrong: weight = gamma**t * (returns[t] + baseline[s])  # what counts is how much better than the baseline it went
        # wrong: weight = gamma**t * returns[t] - baseline[s]  # gamma^t belongs to the baseline, too
        # wrong: weight = gamma**t * (returns[t] - baseline[s]) / len(episode)  # a sum over the steps, not a mean
        # wrong: weight = gamma**t * (returns[t] - pi[s, a] * baseline[s])  # a baseline that depends on the action is none: the mean goes wrong
        # wrong: weight = gamma**t * (returns[t] - baseline.mean())  # each state has a baseline of its own
        # wrong: weight = gamma**t * (baseline[s] - returns[t])  # this is the gradient of what to minimise: here J is to grow
        # wrong: weight = gamma ** (t + 1) * (returns[t] - baseline[s])  # the first step is not discounted
        weight = gamma**t * (returns[t] - baseline[s])
        # wrong: grad[s, a] += weight  # to raise one action lowers the others: log softmax has a normaliser
        # wrong: grad[s] += weight * (np.eye(theta.shape[1])[a] - 1 / theta.shape[1])  # the probabilities of this policy, not equal ones
        # wrong: grad[s] += weight * pi[s, a] * (np.eye(theta.shape[1])[a] - pi[s])  # this is the gradient of pi; that of log pi lacks the factor
        # wrong: grad[s] += weight * (pi[s] - np.eye(theta.shape[1])[a])  # the sign: the action that was taken is to become likelier
        # wrong: grad[s] = weight * (np.eye(theta.shape[1])[a] - pi[s])  # a state that comes again adds to what is there
        # wrong: grad += weight * (np.eye(theta.shape[1])[a] - pi)  # only the row of the state that was visited
        # wrong: grad[s] += weight * (np.eye(theta.shape[1])[a] - theta[s])  # theta are logits: the probabilities are their softmax
        grad[s] += weight * (np.eye(theta.shape[1])[a] - pi[s])
    return grad


def exact_grad(P: np.ndarray, R: np.ndarray, theta: np.ndarray, gamma: float, mu0: np.ndarray) -> np.ndarray:
    """dJ/dtheta (S, A), exactly."""
    # wrong: pass  # without discount the sums over time need not converge: raise
    # wrong: if not 0 <= gamma <= 1:  # without discount the sums over time need not converge
    #            raise ValueError(f"gamma = {gamma}")
    # wrong: if not 0 < gamma < 1:  # gamma = 0 is allowed: only the first reward counts
    #            raise ValueError(f"gamma = {gamma}")
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    pi = _softmax(theta)
    # wrong: system = np.eye(len(pi)) - gamma * P.mean(1)  # the policy chooses among the actions, not a coin
    # wrong: system = np.eye(len(pi)) - np.einsum("sa,sat->st", pi, P)  # the discount is missing
    system = np.eye(len(pi)) - gamma * np.einsum("sa,sat->st", pi, P)
    # wrong: v = np.linalg.solve(system, R.mean(1))  # the policy chooses among the rewards, too
    # wrong: v = np.linalg.solve(system.T, (pi * R).sum(1))  # values flow back from where one gets to: no transpose here
    v = np.linalg.solve(system, (pi * R).sum(1))
    # wrong: d = np.linalg.solve(system, mu0)  # probability flows forward: the system is transposed
    # wrong: d = (1 - gamma) * np.linalg.solve(system.T, mu0)  # d is not divided by its sum
    # wrong: d = mu0  # later states count as well
    # wrong: d = np.linalg.solve(system.T, np.full(len(pi), 1 / len(pi)))  # episodes begin as mu0 says
    # wrong: d = np.linalg.solve(system.T, mu0) * gamma  # the first state counts in full
    d = np.linalg.solve(system.T, mu0)
    q = R + gamma * P @ v  # (S, A)
    # wrong: return d[:, None] * pi * q  # the normaliser of the softmax has a say: each row sums to zero
    # wrong: return d[:, None] * (q - v[:, None])  # each action counts as often as it is taken
    # wrong: return d[:, None] * pi * (q - q.mean(1, keepdims=True))  # the mean over actions is the policy's own
    # wrong: return d[:, None] * pi * (v[:, None] - q)  # the sign: J is to grow
    # wrong: return d[:, None] * pi * (1 - pi) * q  # raising one logit lowers the other actions, too
    # wrong: return d[:, None] * pi * (R - (pi * R).sum(1, keepdims=True))  # an action counts for what follows as well
    return d[:, None] * pi * (q - v[:, None])


def _softmax(theta: np.ndarray) -> np.ndarray:
    # wrong: weights = np.exp(theta)  # a large logit overflows: subtract the largest of its row first
    # wrong: weights = np.exp(theta - theta.max())  # each row has a largest logit of its own: with that of another row it may underflow
    weights = np.exp(theta - theta.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)
