"""Monte Carlo, TD(0), n-step

When nobody tells you the transition chances, values have to be learned from what happened. One can wait for
the end and average the returns: no bias, but much noise. Or one can trust the estimate of the next state and
correct towards it at once: less noise, but a bias as long as that estimate is wrong. Every critic sits
somewhere between the two, and n is where.

States are the integers 0 to S - 1. An episode is a list of one or more steps (s, r, s_next, done): in state s
the reward r came, and s_next followed. The s_next of a step is the s of the one after it. done is True in the
last step of each episode and in no other; what follows it is the end, worth 0, and the s_next of that step
means nothing, whatever it is. The return from a step on is its own reward, plus gamma times the next one,
plus gamma^2 times the one after, and so on to the end of the episode.

`mc_first_visit` estimates the value of s as the mean of the returns from the first visit to s in each episode
that has one. Later visits in the same episode do not count.

`td0` goes through all steps, one by one in their order, starting from the values v0 (S,). At each of them it
moves v[s] by a share alpha of the TD error, before it looks at the next step:

    v[s]  <-  v[s] + alpha * (r + gamma * v[s_next] - v[s])        with 0 for v[s_next] where done

`n_step_return` looks at one episode with T rewards; rewards[t] is that of step t, from 0 on, and values[t] an
estimate of the state in which step t began. It returns the target of n-step TD for step t: n rewards from
step t on, discounted, and gamma^n times the estimate of the state reached then. If the episode ends within
these n steps, it is the return to the end, without any estimate. So values has T + 1 entries, of which the
last one, that of the end, means nothing and may hold anything.

`batch_td_fixed_point` answers where TD goes if the same episodes are shown again and again with an ever
smaller alpha: to the values v at which the TD errors of each visited state, over all its steps, sum to 0. It
computes them directly, by solving a linear system. They are the exact values of the process that fits the
episodes best.

Values are float64 arrays (S,), and nan for states that were never visited, but in td0, where these keep v0.
Nothing warns. Inputs are not changed; episodes may be an empty list. ValueError for gamma outside 0 <= gamma
<= 1, alpha outside 0 < alpha <= 1, n < 1, a t that is no step of the episode, and values of another length
than T + 1.

Sutton & Barto, Reinforcement Learning: An Introduction, 2018, sections 5.1, 6.1 to 6.3 and 7.1.
"""

import numpy as np

Episode = list[tuple[int, float, int, bool]]  # steps (s, r, s_next, done)


def mc_first_visit(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    """v (S,): the mean return from the first visit in an episode."""
    raise NotImplementedError


def td0(episodes: list[Episode], S: int, gamma: float, alpha: float, v0: np.ndarray) -> np.ndarray:
    """v (S,) after one TD update for each step, starting from v0 (S,)."""
    raise NotImplementedError


def n_step_return(rewards: list[float], values: list[float], t: int, n: int, gamma: float) -> float:
    """The n-step target for step t of an episode, from its T rewards and T + 1 values."""
    raise NotImplementedError


def batch_td_fixed_point(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    """v (S,) at which the TD errors of each visited state sum to 0."""
    raise NotImplementedError
