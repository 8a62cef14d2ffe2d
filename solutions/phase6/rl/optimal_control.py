"""The same maximum, used in two ways. Value iteration takes cheap steps towards the fixed point and needs about log(1 /
tol) / (1 - gamma) of them; policy iteration solves a system each time and is done after a handful, for there are only
so many policies. Change max to logsumexp and the first of them is SAC on a table; its pi is a softmax of q, never
quite greedy, and alpha is the temperature.

The bound in the stopping rule is the geometric series again: after a last change d, no more than gamma d + gamma^2 d
+ ... = d gamma / (1 - gamma) can follow.
"""

from collections.abc import Callable

import numpy as np

from solutions.phase6.rl.policy_evaluation import evaluate_exact, q_from_v

TIE = 1e-9

HINTS = (
    "Both value iterations are the loop of evaluate_iterative with another way to get from q (S, A) to v (S,). Write the "
    "loop once and hand it that way as a function.",
    "If the last sweep changed v by d, the next one changes it by at most gamma d, the one after by gamma^2 d. What is "
    "the sum of all that can still come? It must not exceed tol. Mind gamma = 0 if you divide.",
    "For policy_iteration make a table of booleans, which actions are greedy. It says whether the old action may stay, "
    "and where the first True of each row is. evaluate_exact wants the policy as a table of chances (S, A).",
    "exp(q / alpha) overflows. Subtract the row's largest q before, and add it back to v after the logarithm.",
)


def value_iteration(P: np.ndarray, R: np.ndarray, gamma: float, tol: float) -> tuple[np.ndarray, np.ndarray]:
    """v (S,), within tol of the best values, and the lowest greedy action (S,) for it."""
    # wrong: v = _fixed_point(lambda q: q.min(1), P, R, gamma, tol)  # the best action is the one with the largest q
    # wrong: v = _fixed_point(lambda q: q.mean(1), P, R, gamma, tol)  # this is the value of acting at random
    # wrong: v = evaluate_exact(P, R, np.eye(R.shape[1])[R.argmax(1)], gamma)  # the action with the best reward need not be the best
    v = _fixed_point(lambda q: q.max(1), P, R, gamma, tol)
    # wrong: return v, np.argmax(R, axis=1)  # the future counts: an action is greedy for q, not for its reward
    # wrong: return v, q_from_v(P, R, v, gamma).argmax(1)  # what differs by less than 1e-9 is a tie, and of those the lowest is asked for
    # wrong: return v, R.shape[1] - 1 - _greedy(q_from_v(P, R, v, gamma))[:, ::-1].argmax(1)  # among equals the lowest action is asked for
    # wrong: return v, q_from_v(P, R, v, gamma).argmin(1)  # the best action is the one with the largest q
    return v, _greedy(q_from_v(P, R, v, gamma)).argmax(1)


def policy_iteration(P: np.ndarray, R: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray, int]:
    """The best policy (S,), found from action 0 everywhere, its v (S,), and how often it was improved."""
    states, actions = R.shape
    # wrong: pi, count = R.argmax(1), 0  # the first policy takes action 0 everywhere
    # wrong: pi, count = np.full(states, actions - 1), 0  # the first policy takes action 0 everywhere
    # wrong: pi, count = np.zeros(states, int), 1  # only changes are counted
    pi, count = np.zeros(states, int), 0
    while True:
        # wrong: v = _fixed_point(lambda q: q[np.arange(states), pi], P, R, gamma, 1e-3)  # the policy is evaluated exactly
        v = evaluate_exact(P, R, np.eye(actions)[pi], gamma)
        # wrong: greedy = _greedy(R)  # an action is greedy for q, which looks ahead
        # wrong: greedy = _greedy(-q_from_v(P, R, v, gamma))  # the best action is the one with the largest q
        greedy = _greedy(q_from_v(P, R, v, gamma))
        # wrong: new = greedy.argmax(1)  # where the old action is as good as any, it stays: else ties may go on for ever
        # wrong: new = q_from_v(P, R, v, gamma).argmax(1)  # a tie is no reason to change, and rounding even less
        # wrong: new = np.where(greedy[np.arange(states), pi], pi, actions - 1 - greedy[:, ::-1].argmax(1))  # among equals the lowest action is taken
        # wrong: new = np.where(greedy[np.arange(states), pi], pi, q_from_v(P, R, v, gamma).argmax(1))  # among actions that differ by less than 1e-9 the lowest is taken
        # wrong: new = np.where(np.cumsum(~greedy[np.arange(states), pi]) == 1, greedy.argmax(1), pi)  # all states are improved at once, not the first one alone
        new = np.where(greedy[np.arange(states), pi], pi, greedy.argmax(1))
        # wrong: if True:  # one improvement is a start: go on until nothing changes
        #            return new, v, count + 1
        # wrong: if (new == pi).all():  # the last round changes nothing and does not count
        #            return pi, v, count + 1
        # wrong: if (new == pi).any():  # done is when no state changes any more
        #            return pi, v, count
        # wrong: if (new == pi).all():  # what is returned are the values of the policy, not what is largest after one more step
        #            return pi, R.max(1) + gamma * v, count
        # wrong: if (new == pi).all():  # a policy (S,) of actions is asked for, not a table
        #            return np.eye(actions)[pi], v, count
        if (new == pi).all():
            return pi, v, count
        # wrong: pi, count = new, count + int((new != pi).sum())  # a round counts once, however many states it changes
        pi, count = new, count + 1


def soft_value_iteration(
    P: np.ndarray, R: np.ndarray, gamma: float, alpha: float, tol: float
) -> tuple[np.ndarray, np.ndarray]:
    """v (S,), within tol of the best values with an entropy bonus, and the policy (S, A) for it."""
    # wrong: pass  # without a positive alpha there is no soft maximum: raise
    # wrong: if alpha < 0:  # alpha = 0 would divide by zero: it is refused as well
    #            raise ValueError(f"alpha = {alpha} is not positive")
    if alpha <= 0:
        raise ValueError(f"alpha = {alpha} is not positive")

    # wrong: def weights(q: np.ndarray) -> np.ndarray:  # a large q / alpha overflows: subtract the row's largest q first
    #            return np.exp(q / alpha)
    # wrong: def weights(q: np.ndarray) -> np.ndarray:  # the temperature is missing: q is divided by alpha
    #            return np.exp(q - q.max(1, keepdims=True))
    # wrong: def weights(q: np.ndarray) -> np.ndarray:  # q is divided by alpha, not multiplied
    #            return np.exp((q - q.max(1, keepdims=True)) * alpha)
    # wrong: def weights(q: np.ndarray) -> np.ndarray:  # one number for all states is not enough: others then underflow to zero
    #            return np.exp((q - q.max()) / alpha)
    # wrong: def weights(q: np.ndarray) -> np.ndarray:  # better actions get larger weights
    #            return np.exp((q.min(1, keepdims=True) - q) / alpha)
    def weights(q: np.ndarray) -> np.ndarray:
        return np.exp((q - q.max(1, keepdims=True)) / alpha)

    def soft_max(q: np.ndarray) -> np.ndarray:
        # wrong: return q.max(1) + np.log(weights(q).sum(1))  # the logarithm is multiplied by alpha
        # wrong: return q.max(1) / alpha + np.log(weights(q).sum(1))  # both parts are multiplied by alpha: v is in the units of the rewards
        # wrong: return alpha * np.log(weights(q).sum(1))  # what was subtracted inside the sum has to be added back
        # wrong: return q.max(1) + alpha * np.log(weights(q).mean(1))  # the exponentials are summed, not averaged
        # wrong: return (weights(q) * q).sum(1) / weights(q).sum(1)  # this average of q leaves the entropy bonus out
        # wrong: return q.max(1)  # the soft maximum is larger: it counts the entropy
        return q.max(1) + alpha * np.log(weights(q).sum(1))

    v = _fixed_point(soft_max, P, R, gamma, tol)
    # wrong: pi = weights(R)  # the policy looks ahead: it is made of q
    # wrong: pi = np.exp((q_from_v(P, R, v, gamma) - v[:, None]) / alpha)  # v is not quite the soft maximum of its own q, so these rows do not sum to 1
    #        return v, pi
    # wrong: return v, weights(q_from_v(P, R, v, gamma))  # the chances of a state sum to 1: normalise
    pi = weights(q_from_v(P, R, v, gamma))
    # wrong: return v, pi / pi.sum(0, keepdims=True)  # the chances sum to 1 over the actions of a state
    # wrong: return v, np.eye(R.shape[1])[pi.argmax(1)]  # every action keeps a chance
    return v, pi / pi.sum(1, keepdims=True)


def _greedy(q: np.ndarray) -> np.ndarray:
    """Which actions are greedy (S, A)."""
    # wrong: return q == q.max(1, keepdims=True)  # what rounding makes of equals is a tie, too
    # wrong: return q >= q.max() - TIE  # the largest is that of each state
    return q >= q.max(1, keepdims=True) - TIE


def _fixed_point(
    best: Callable[[np.ndarray], np.ndarray], P: np.ndarray, R: np.ndarray, gamma: float, tol: float
) -> np.ndarray:
    """v (S,) within tol of the fixed point of v = best(q), where `best` maps q (S, A) to (S,)."""
    # wrong: pass  # a tol that is not positive can never be met: raise
    # wrong: if tol < 0:  # a tol of 0 is refused as well
    #            raise ValueError(f"tol = {tol} is not positive")
    if tol <= 0:
        raise ValueError(f"tol = {tol} is not positive")
    v = np.zeros(len(R))
    while True:
        # wrong: v, old = best(q_from_v(P, R, v, gamma)), np.zeros(len(R))  # the change is measured against the sweep before
        v, old = best(q_from_v(P, R, v, gamma)), v
        # wrong: if np.abs(v - old).max() <= tol:  # after a small change a large gamma still has a long way to go
        #            return v
        # wrong: if np.abs(v - old).max() <= tol * (1 - gamma) / gamma:  # gamma = 0 is allowed: do not divide by it
        #            return v
        # wrong: if gamma * np.abs(v - old).mean() <= tol * (1 - gamma):  # every state has to be within tol: the largest change counts
        #            return v
        # wrong: if gamma * (v - old).max() <= tol * (1 - gamma):  # a fall is a change, too: take absolute values
        #            return v
        if gamma * np.abs(v - old).max() <= tol * (1 - gamma):
            return v
