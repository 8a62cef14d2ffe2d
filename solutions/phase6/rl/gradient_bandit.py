"""A baseline that is the same for all actions multiplies a score whose mean is zero: the mean of the gradient does not
see it, the noise does. The best one weighs each reward with the chance of its action and the squared length of its
score, so that rare actions, which throw the parameters about most, count more than in the mean reward. The difference
is small enough that everyone uses the mean: GRPO that of a group of answers, actor-critic methods a learned v(s).

With two actions the best baseline removes the noise altogether. With more, no single number can; a baseline that knew
the action could, and would change the mean.
"""

import numpy as np

HINTS = (
    "Differentiate log pi[a] = h[a] - log(sum of exp h): the first term gives a one-hot row, the second one you have seen "
    "in the softmax cross-entropy.",
    "For all actions at once the scores are a table (k, k), one action a row. Everything in this kata is an average over "
    "its rows with the weights pi.",
    "The variance of an entry is the average of its squared distance from its mean, over the actions; then add up the "
    "entries.",
    "The mean does not depend on the baseline, so only the average of (r[a] - b)^2 times the squared length of a score "
    "matters. Set its derivative in b to zero: what comes out is a weighted mean of r.",
)


def expected_grad(h: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The gradient (k,) of the expected reward with respect to h (k,); r (k,) holds the rewards."""
    # wrong: pass  # rewards of another shape would be broadcast: raise
    _check(h, r)
    # wrong: pi = np.exp(h) / np.exp(h).sum()  # a large preference overflows: subtract the largest first
    pi = _softmax(h)
    # wrong: return pi * r  # raising one chance lowers the others: the mean reward is missing
    # wrong: return pi * (1 - pi) * r  # h[a] changes all chances, not that of its own action alone
    # wrong: return r - pi @ r  # an action that is never taken has no say: each entry has a factor of pi
    # wrong: return pi * (r - r.mean())  # the mean reward is the one under pi
    # wrong: return pi * (pi @ r - r)  # this goes down: better actions are to become likelier
    return pi * (r - pi @ r)


def sample_grad(h: np.ndarray, a: int, reward: float, baseline: float) -> np.ndarray:
    """The estimate (k,) of that gradient from one action and its reward."""
    # wrong: pass  # a negative index counts from the end, and a negative action is none: raise
    # wrong: if a >= len(h):  # a negative index counts from the end, and a negative action is none: raise
    #            raise ValueError(f"there is no action {a}")
    # wrong: if not 0 <= a <= len(h):  # the last action has the number k - 1
    #            raise ValueError(f"there is no action {a}")
    if not 0 <= a < len(h):
        raise ValueError(f"there is no action {a} of {len(h)}")
    # wrong: return (reward - baseline) * np.eye(len(h))[a]  # the gradient of log pi has a second part, from the normaliser
    # wrong: return -(reward - baseline) * _softmax(h)  # the action that was taken has a part of its own: a one-hot
    # wrong: return (reward - baseline) * (_softmax(h) - np.eye(len(h))[a])  # the sign is that of a loss; this is to go up
    # wrong: return reward * (np.eye(len(h))[a] - _softmax(h)) - baseline  # the baseline is subtracted from the reward, not from the gradient
    # wrong: return reward * (np.eye(len(h))[a] - _softmax(h))  # the baseline is to be used
    # wrong: return (reward + baseline) * (np.eye(len(h))[a] - _softmax(h))  # the baseline is subtracted
    # wrong: return (reward - baseline) * (np.eye(len(h))[a] - 1 / len(h))  # the actions are not equally likely
    # wrong: return (reward - baseline) * _softmax(h)[a] * (np.eye(len(h))[a] - _softmax(h))  # this is the gradient of pi[a]: that of its logarithm lacks the factor
    # wrong: return (reward - baseline) * (np.eye(len(h))[a] - np.exp(h) / np.exp(h).sum())  # a large preference overflows: subtract the largest first
    return (reward - baseline) * (np.eye(len(h))[a] - _softmax(h))


def grad_moments(h: np.ndarray, r: np.ndarray, baseline: float) -> tuple[np.ndarray, float]:
    """The mean (k,) and the total variance of the estimate, over the actions that pi might take."""
    # wrong: pass  # rewards of another shape would be broadcast: raise
    _check(h, r)
    pi = _softmax(h)
    # wrong: g = (r - baseline * pi)[:, None] * _scores(h)  # the same baseline for all actions: else the mean changes
    # wrong: g = r[:, None] * _scores(h) - baseline  # the baseline is subtracted from the reward, not from the gradient
    # wrong: g = (r - baseline) * _scores(h)  # rows are actions, and each row has the reward of its action
    # wrong: g = r[:, None] * _scores(h)  # the baseline is to be used
    g = (r - baseline)[:, None] * _scores(h)  # (actions, k)
    # wrong: mean = g.mean(0)  # actions come with the chances pi, not equally often
    # wrong: mean = g.T.dot(pi) - baseline  # the mean needs no correction: the scores average to zero
    # wrong: mean = g @ pi  # the average is over the actions, the rows
    mean = pi @ g
    # wrong: return mean, float(pi @ (g**2).sum(1))  # this is the mean square: the squared mean has to be taken off
    # wrong: return mean, float(g.var(0).sum())  # actions come with the chances pi, not equally often
    # wrong: return mean, float(pi @ ((g - mean) ** 2).mean(1))  # the total is the sum over the entries, not their mean
    # wrong: return mean, float(np.sqrt(pi @ ((g - mean) ** 2).sum(1)))  # a variance is asked for, not a standard deviation
    # wrong: return mean, float(pi @ (g - mean).sum(1) ** 2)  # square each entry before they are added up
    # wrong: return mean, pi @ (g - mean) ** 2  # the total is one number: the sum over the entries
    return mean, float(pi @ ((g - mean) ** 2).sum(1))


def optimal_baseline(h: np.ndarray, r: np.ndarray) -> float:
    """The baseline with which the total variance is least."""
    # wrong: pass  # rewards of another shape would be broadcast: raise
    _check(h, r)
    # wrong: pass  # with one action the score is zero, and so is what to divide by
    # wrong: if len(h) == 1:  # with one action the answer is its reward
    #            return 0.0
    if len(h) == 1:
        return float(r[0])
    # wrong: weights = _softmax(h)  # the mean reward is near the best baseline, but the lengths of the scores count as well
    # wrong: weights = np.ones(len(h))  # actions count by their chances and by the lengths of their scores
    # wrong: weights = (_scores(h) ** 2).sum(1)  # each action counts with its chance, too
    # wrong: weights = _softmax(h) * np.sqrt((_scores(h) ** 2).sum(1))  # the variance has the squared length of the score
    # wrong: weights = _softmax(h) * (1 - _softmax(h)) ** 2  # the score of an action has k entries, and the others count as well
    # wrong: weights = _softmax(h) * (_scores(h) ** 2).sum(0)  # the squared length is that of each action's row
    weights = _softmax(h) * (_scores(h) ** 2).sum(1)
    # wrong: return float(weights @ r)  # a weighted mean divides by the sum of the weights
    # wrong: return float(-(weights @ r) / weights.sum())  # at the minimum the baseline is the weighted mean itself
    # wrong: return weights @ r / weights * np.ones(len(h))  # one baseline is asked for, not one for each action
    return float(weights @ r / weights.sum())


def _softmax(h: np.ndarray) -> np.ndarray:
    # wrong: weights = np.exp(h)  # a large preference overflows: subtract the largest first
    weights = np.exp(h - h.max())
    return weights / weights.sum()


def _scores(h: np.ndarray) -> np.ndarray:
    """The gradients of log pi[a] with respect to h, one action a row: (k, k)."""
    # wrong: return np.eye(len(h)) - _softmax(h)[:, None]  # rows are actions, and in each row pi runs along the entries
    # wrong: return np.eye(len(h))  # the gradient of log pi has a second part, from the normaliser
    return np.eye(len(h)) - _softmax(h)


def _check(h: np.ndarray, r: np.ndarray) -> None:
    # wrong: if r.size != h.size:  # as many numbers are not enough: a column of rewards would be broadcast
    #            raise ValueError("shapes")
    if r.shape != h.shape:
        raise ValueError(f"rewards of shape {r.shape} for preferences of shape {h.shape}")
