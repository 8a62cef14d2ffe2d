"""REINFORCE with baseline, exactly checked

A policy gradient is an average over all that might happen, and training sees one noisy sample of it. PPO,
GRPO and every other method that fine-tunes a language model on rewards starts from this sample; whether its
mean is right cannot be seen in a training curve, but here it can: the world is small enough to compute the
average itself.

theta (S, A) are the logits of a policy over A actions in each of S states: pi[s] = softmax(theta[s]). P (S,
A, S) holds the chance P[s, a, s'] that action a leads from s to s', R (S, A) the expected reward of a in s,
and mu0 (S,) the chance of each state to be the first. With gamma as discount, v[s] is the expected sum of
discounted rewards from s on, q[s, a] the same if the first action is a, and

    J(theta)  =  sum over s of mu0[s] v[s]

what the policy is to increase. `exact_grad` returns dJ/dtheta by the policy gradient theorem,

    dJ/dtheta  =  sum over s of d[s] sum over a of pi[s, a] q[s, a] dlog pi[s, a]/dtheta

    d[s]       =  sum over t = 0, 1, 2 ... of gamma^t * (chance to be in s at time t)

Note that d adds up to 1 / (1 - gamma): it is not divided by that. The sums over time have no end; as linear
systems they are solved exactly.

`reinforce_grad` knows neither P nor R. It sees one episode, a list of T tuples (s_t, a_t, r_t) for t = 0 ...
T - 1: state, action, and the reward of that action; states are likely to come again. It returns the estimate

    sum over t of  gamma^t (G_t - baseline[s_t]) dlog pi[s_t, a_t]/dtheta

    G_t  =  sum over k = t ... T - 1 of  gamma^(k-t) r_k

(S, A), which is dJ/dtheta on average, whatever numbers the baseline (S,) holds; with good ones it is less
noisy. An episode of no steps gives zeros.

`returns_to_go` returns G_0 ... G_{T-1} (T,) as float64. rewards is a list or an array (T,) of floats or
integers, T at least 0. Its time grows like T, not like T^2: it takes 100,000 steps in well under a second.
Then gamma^T may be 0 as far as a float can tell, and the result is still right.

Arrays are float64, S and A at least 1; rows of P and mu0 sum to 1. theta may be as large as 1000 in size:
nothing overflows, nothing warns. A gamma outside 0 <= gamma < 1 is a ValueError in exact_grad; in the other
two functions episodes end, so gamma = 1 is allowed there, and what is outside 0 <= gamma <= 1 is a
ValueError. Inputs are not changed.

Williams 1992; Sutton et al. 2000 (the theorem); Sutton & Barto 2018, sections 13.2 to 13.4.
"""

from collections.abc import Sequence

import numpy as np


def returns_to_go(rewards: Sequence[float] | np.ndarray, gamma: float) -> np.ndarray:
    """G (T,), the discounted sum of the rewards (T,) from each step on."""
    raise NotImplementedError


def reinforce_grad(
    episode: list[tuple[int, int, float]], theta: np.ndarray, gamma: float, baseline: np.ndarray
) -> np.ndarray:
    """The estimate (S, A) of dJ/dtheta from one episode of (s, a, r); baseline (S,)."""
    raise NotImplementedError


def exact_grad(P: np.ndarray, R: np.ndarray, theta: np.ndarray, gamma: float, mu0: np.ndarray) -> np.ndarray:
    """dJ/dtheta (S, A), exactly."""
    raise NotImplementedError
