"""SARSA and Q-learning on the cliff

Both learn the value of each action in each state from single steps, and their targets differ in one number:
what the next state is worth. SARSA (s, a, r, s', a') takes the action that it is going to take, stumbles
included; Q-learning takes the best one, whatever it is going to do. On the edge of a cliff that is a matter
of life and death; and Q-learning with a network in the place of the table is DQN.

q_next (A,) holds the values of the A actions in the next state, A at least 1. The targets, each a number, are
r plus gamma times

    sarsa_target             the value of the next action a_next
    q_target                 the value of the best action
    expected_sarsa_target    the mean value of an action that is drawn eps-greedily

and r alone if done is True: then the episode has ended, and nothing follows. To draw eps-greedily means: with
probability eps uniformly among all A actions, the best ones included; otherwise uniformly among the best
ones, which are those that equal the largest value exactly.

`learn` plays `episodes` episodes in a world `env` and returns Q (S, A), float64. Q starts with zeros. An
episode begins with env.reset() and ends with the first step that is done, whose s' may be any state, even the
first of another episode. All actions are drawn eps-greedily from Q as it is at that time, and after each step
from s by a, with reward r, to s', right away,

    Q[s, a]  <-  Q[s, a] + alpha * (target - Q[s, a])

algo is "sarsa", "q_learning" or "expected_sarsa", and says which target. The order matters:

    sarsa         first draws the action for s', then updates Q with it as a_next, and then does take it
    the others    update Q, then draw the action for s'

The actions are drawn with rng alone, in whatever way: rng and env in the same state give the same Q. For no
episodes Q is zeros. Another algo is a ValueError, and so is an eps outside 0 <= eps <= 1, in learn as in
expected_sarsa_target. Everything else is in range: 0 < alpha <= 1, 0 <= gamma <= 1, and every episode ends.
Inputs are not changed.

The cliff (class Cliff in the tests): 4 rows of 12 cells, the start bottom left, the goal bottom right, and
between them the cliff. Each step costs 1; a step over the edge costs 100 and leads back to the start. The
shortest way runs along the edge. Watch both algorithms with eps = 0.1: the one that knows the shortest way
earns less.

Watkins 1989 (Q-learning); Rummery & Niranjan 1994 (SARSA); Sutton & Barto 2018, sections 6.4 to 6.6.
"""

from typing import Protocol

import numpy as np


class World(Protocol):
    """What `learn` plays in: states are 0 ... states - 1, actions 0 ... actions - 1."""

    states: int
    actions: int

    def reset(self) -> int:
        """Begin an episode; its first state."""
        ...

    def step(self, action: int) -> tuple[int, float, bool]:
        """The next state, the reward, and whether the episode is over."""
        ...


def sarsa_target(r: float, q_next: np.ndarray, a_next: int, gamma: float, done: bool) -> float:
    """The target with the next action; q_next (A,)."""
    raise NotImplementedError


def q_target(r: float, q_next: np.ndarray, gamma: float, done: bool) -> float:
    """The target with the best action; q_next (A,)."""
    raise NotImplementedError


def expected_sarsa_target(r: float, q_next: np.ndarray, gamma: float, done: bool, eps: float) -> float:
    """The target with the mean over eps-greedy actions; q_next (A,)."""
    raise NotImplementedError


def learn(
    env: World, algo: str, episodes: int, alpha: float, gamma: float, eps: float, rng: np.random.Generator
) -> np.ndarray:
    """Q (S, A) after so many episodes of "sarsa", "q_learning" or "expected_sarsa"."""
    raise NotImplementedError
