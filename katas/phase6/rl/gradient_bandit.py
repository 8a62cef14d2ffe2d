"""The gradient bandit: REINFORCE with one state

Policy gradients train language models on rewards that nobody can differentiate, and they are famous for their
noise. With one state and k actions everything about them can be written down exactly: the gradient, what a
sample of it looks like, how much it scatters, and which baseline scatters least.

A policy prefers actions by numbers h (k,) and takes action a with the chance

    pi[a]  =  exp(h[a]) / (sum over b of exp(h[b]))

Action a always pays r[a], so the policy earns J(h) = the sum over a of pi[a] r[a] on average. `expected_grad`
returns the gradient of J with respect to h, (k,).

Who does not know r takes an action, sees its reward, and steps along a sample of the gradient,

    g(a)  =  (reward - baseline) * (gradient of log pi[a] with respect to h)

which `sample_grad` returns, (k,), for any reward and baseline. `grad_moments` looks at all the samples that
might have come: for a drawn from pi, the reward r[a] and the same baseline for all actions, it returns

    mean             (k,), the expected value of g(a)
    total variance   a float, the sum over the k entries of their variances: the trace of the covariance

both exactly, by summing over the actions. `optimal_baseline` returns the one number, the same for all
actions, for which the total variance is least: a float. It is not the mean reward, though that comes near.
For k = 1 there is nothing to learn and any baseline will do: then it returns r[0].

All arrays are float64 with k >= 1, all entries finite; h may hold numbers up to 1e4 in size, without
overflow, warnings or nan. Some chances may then be so small that they are 0; but in `optimal_baseline` two of
them are at least 1e-6, unless k = 1. Actions are integers from 0 to k - 1. Inputs are not changed. ValueError
where the shape of r is not that of h, or a is not one of the actions; a negative a is none.

Sutton & Barto, Reinforcement Learning: An Introduction, 2018, section 2.8; Greensmith, Bartlett & Baxter
2004.
"""

import numpy as np


def expected_grad(h: np.ndarray, r: np.ndarray) -> np.ndarray:
    """The gradient (k,) of the expected reward with respect to h (k,); r (k,) holds the rewards."""
    raise NotImplementedError


def sample_grad(h: np.ndarray, a: int, reward: float, baseline: float) -> np.ndarray:
    """The estimate (k,) of that gradient from one action and its reward."""
    raise NotImplementedError


def grad_moments(h: np.ndarray, r: np.ndarray, baseline: float) -> tuple[np.ndarray, float]:
    """The mean (k,) and the total variance of the estimate, over the actions that pi might take."""
    raise NotImplementedError


def optimal_baseline(h: np.ndarray, r: np.ndarray) -> float:
    """The baseline with which the total variance is least."""
    raise NotImplementedError
