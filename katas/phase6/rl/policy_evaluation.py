"""Bellman expectation: solve and iterate

The value of a state is what a policy will earn from there on. It obeys one linear equation, and everything
else in reinforcement learning is a way around solving it: a critic, temporal differences, GAE all push some
estimate of v towards the right-hand side. Write the equation once with all its parts known, and you have the
numbers that every learner can be judged by.

A Markov decision process has S states and A actions. P (S, A, S) holds the chance P[s, a, s'] that action a
leads from s to s'; R (S, A) the expected reward of a in s, paid at once; pi (S, A) the chance pi[s, a] that
the policy takes a in s. Rewards of the future count less by a factor of gamma a step. With

    q[s, a]  =  R[s, a] + gamma * (v[s'] on average over where a leads from s)

the values v (S,) of the policy are the only ones for which

    v[s]  =  q[s, a] on average over the actions that pi takes in s        for every s

`q_from_v` evaluates the first line for any v. `bellman_residual` says how far a given v is from obeying the
second: the largest absolute difference of its two sides over all states (the sup norm). `evaluate_exact`
solves the equation as a linear system, without iterating.

`evaluate_iterative` does what one does when there are too many states for that: start from v = 0, and in each
sweep replace v by the right-hand side. A sweep is synchronous: all its right-hand sides are computed from the
v of the sweep before. It stops after the first sweep in which no entry of v has changed by tol or more, and
returns the v after that sweep and the number of sweeps made, a Python int that counts the last one.

Arrays are float64, S and A at least 1. Each P[s, a] and each pi[s] is not negative and sums to 1; the shapes
fit. Nothing is said of rewards and values but that they are finite. Inputs are not changed. In every function
a gamma outside 0 <= gamma < 1 is a ValueError, and so is a tol that is not positive.

Sutton & Barto, Reinforcement Learning: An Introduction, 2018, sections 3.5 and 4.1.
"""

import numpy as np


def q_from_v(P: np.ndarray, R: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    """q (S, A): the reward of each action, and v (S,) of where it leads."""
    raise NotImplementedError


def bellman_residual(v: np.ndarray, P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> float:
    """The largest |v[s] - right-hand side for s| over the states; v (S,) is any guess."""
    raise NotImplementedError


def evaluate_exact(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> np.ndarray:
    """v (S,) of the policy pi (S, A), by solving a linear system."""
    raise NotImplementedError


def evaluate_iterative(
    P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float, tol: float
) -> tuple[np.ndarray, int]:
    """v (S,) after the first sweep that changes every entry by less than tol, and the number of sweeps."""
    raise NotImplementedError
