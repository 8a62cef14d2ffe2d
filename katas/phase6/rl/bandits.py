"""Bandits: explore or exploit

A row of slot machines, each with an average pay that you do not know: whoever always plays the best one so
far may never find the best. It is reinforcement learning without states, and it turns up wherever one choice
is made again and again: which data to train on next, which prompt or model to serve, which node of a search
tree to look into.

There are k arms. The `act()` of an agent returns the next arm to pull, a Python int from 0 to k - 1. Its
`update(a, r)` says that arm a has paid the reward r; it may come for any arm, also for one that the agent did
not ask for, as from somebody else's log. `q` is a float64 array (k,) with the estimate of each arm's pay,
zeros to begin with. Only `update` changes the estimates: any number of calls of `act` may go before it.

`EpsGreedy` explores by chance. With probability eps it pulls an arm drawn uniformly from all k, the best one
included; else it exploits: it pulls the arm with the largest q, drawn uniformly from those that share it. All
randomness comes from rng, and every call of `act` draws anew. An update moves q[a] part of the way to the
reward:

    q[a]  <-  q[a] + (r - q[a]) * step

where `step` is a constant if one is given. If step is None, it is 1 over the number of rewards that this arm
has had, this one included: then q[a] is their mean.

`UCB1` explores by doubt, and draws nothing at random. Its q are the means of the rewards. While there are
arms that have had no reward, it pulls the lowest of them; after that the arm with the largest

    q[a] + sqrt(c log(t) / n[a])

where n[a] is the number of rewards that arm a has had, t that of all arms together, and log the natural one.
Of equals it pulls the lowest.

`nonstationary_weights` shows what a constant step alpha does: after rewards R_1 ... R_n, the estimate that
began as Q_0 is a weighted sum of [Q_0, R_1, ..., R_n], the same one whatever they are. It returns those n + 1
weights in this order; for n = 0 that of Q_0 alone.

Nothing warns. ValueError: k < 1; eps outside [0, 1]; a step or alpha outside 0 < step <= 1; c < 0; n < 0.

Sutton & Barto, Reinforcement Learning: An Introduction, 2018, sections 2.2 to 2.7; Auer, Cesa-Bianchi &
Fischer 2002.
"""

import numpy as np


class EpsGreedy:
    """Pulls the arm that looks best, and with probability eps any arm."""

    q: np.ndarray  # (k,)

    def __init__(self, k: int, eps: float, rng: np.random.Generator, step: float | None = None) -> None:
        """An agent for k arms; the mean of the rewards is the estimate where step is None."""
        raise NotImplementedError

    def act(self) -> int:
        """The next arm to pull."""
        raise NotImplementedError

    def update(self, a: int, r: float) -> None:
        """Take into account that arm a has paid r."""
        raise NotImplementedError


class UCB1:
    """Pulls the arm that may be the best, as far as its rewards can tell."""

    q: np.ndarray  # (k,)

    def __init__(self, k: int, c: float = 2.0) -> None:
        """An agent for k arms; the larger c, the longer it doubts."""
        raise NotImplementedError

    def act(self) -> int:
        """The next arm to pull."""
        raise NotImplementedError

    def update(self, a: int, r: float) -> None:
        """Take into account that arm a has paid r."""
        raise NotImplementedError


def nonstationary_weights(alpha: float, n: int) -> np.ndarray:
    """The weights (n + 1,) of Q_0, R_1, ..., R_n in an estimate with the constant step alpha."""
    raise NotImplementedError
