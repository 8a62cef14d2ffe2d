"""Bradley-Terry: from votes to scores

People cannot say how good an answer is, but they can say which of two is better. From many such votes this
model makes one score for each competitor: it ranks chess players and the language models of an arena, and the
reward models of RLHF (reinforcement learning from human feedback) are trained with its loss.

Each item i has a score r_i, a real number, and

    P(i beats j) = sigmoid(r_i - r_j)        with sigmoid(x) = 1 / (1 + exp(-x))

    nll(r) = - sum over all i, j of wins[i, j] log P(i beats j)

where wins[i, j] is how often i beat j: an array (n, n) of int64 with zeros on its diagonal, n at least 2.
wins[i, j] and wins[j, i] are two counts, and each vote is in one of them. There are no draws. The logarithm
is natural, and nothing is averaged.

`win_prob` takes floats or arrays that broadcast. An underdog's chance is right to 10 digits down to 1e-300,
and 0 where float64 has nothing smaller. The other functions take r (n,) of float64. Scores may be 1e3 apart
and more, and nothing may warn, overflow or give nan.

`nll_grad` returns the derivatives of nll with respect to r.

`fit` returns the scores that make nll smallest. Only differences of scores matter, so of all such scores it
returns those whose mean is 0. They are to make every entry of the gradient smaller than 1e-6 in size; in
the tests no score is further than 8 from another, and n is at most 12. How you find them is up to you:
`iters` is the most steps you may take, and the default is plenty for the fixed-point iteration of
Zermelo (1929) as well as for Newton's method. You may stop earlier.

Sometimes there are no such scores. An item that was never beaten would be best off at infinity, and two
groups that never met have no common scale. The rule (Ford 1957): scores exist just where every item can be
reached from every other by going, again and again, from an item to one that it beat. Where that fails, `fit`
raises ValueError, whatever iters is.

All functions of wins raise ValueError for a count below 0, for a wins that is not square, and for an r that
is not (n,). Inputs are not changed.

Bradley and Terry 1952; Hunter 2004 on fitting.
"""

import numpy as np


def win_prob(ri: float | np.ndarray, rj: float | np.ndarray) -> float | np.ndarray:
    """The chance that an item of score ri beats one of score rj, entry by entry."""
    raise NotImplementedError


def nll(r: np.ndarray, wins: np.ndarray) -> float:
    """The negative log-likelihood of all votes, a Python float; r (n,), wins (n, n)."""
    raise NotImplementedError


def nll_grad(r: np.ndarray, wins: np.ndarray) -> np.ndarray:
    """The gradient (n,) of nll with respect to r."""
    raise NotImplementedError


def fit(wins: np.ndarray, iters: int = 500) -> np.ndarray:
    """The scores (n,) of mean 0 that make nll smallest; ValueError where there are none."""
    raise NotImplementedError
