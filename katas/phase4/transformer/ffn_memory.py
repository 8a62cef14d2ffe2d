"""The feed-forward layer as a key-value memory

Two thirds of a Transformer's weights sit in its feed-forward layers, and much of what a model knows is stored
there. Read one layer as a memory: the columns of W1 are keys that an input is compared with, the rows of W2
are values, and the activations between say which values are read out, and how loudly. Here you store facts in
one by hand, and change one without touching the others, as model editing does in networks that were trained.

    act = relu(x W1 + b1)          (..., n): one activation a fact
    y = act W2                     (..., dv)

`interference(keys)` is the largest dot product of two different keys (rows) in keys (n, d). For n = 1 there
is none: return -1, the least that two unit vectors can have.

`store(keys, values, margin)` takes keys (n, d), whose rows have length 1, and values (n, dv), and returns W1
(d, n), b1 (n,) and W2 (n, dv) such that for every x

    y = sum over i of value_i * relu(x . key_i - (1 - margin)) / margin

So a fact begins to be heard where x . key_i exceeds 1 - margin, at x = key_i it is heard in full, and an x
that no key exceeds this for is answered by 0. Where the division by margin takes place is yours to choose.
Facts would disturb one another, and the recall would be wrong, if a key exceeded 1 - margin for another: an
interference(keys) above 1 - margin is a ValueError. So is a margin that is not above 0.

`edit(W2, act, new_value)` takes W2 (n, dv), activations act (n,) and new_value (dv,) and returns the W2' (n,
dv) with

    act W2' = new_value

that is nearest to W2: the sum of the squares of W2' - W2 is as small as it can be. Then W2' - W2 has rank
one, and what is read out with activations orthogonal to act stays as it was. An act of zeros only is a
ValueError.

Arrays share a dtype, float64 or float32, which results keep; interference returns a float. n, d and dv are at
least 1. Other shapes are a ValueError: as many values as keys, an act (n,), a new_value (dv,), which numpy
might broadcast. That keys have length 1 need not be checked. Inputs are not changed.

Geva et al. 2021; Meng et al. 2022 (ROME), section 3.
"""

import numpy as np


def interference(keys: np.ndarray) -> float:
    """The largest dot product of two different rows of keys (n, d); -1 for n = 1."""
    raise NotImplementedError


def store(keys: np.ndarray, values: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W1 (d, n), b1 (n,) and W2 (n, dv) that answer each of keys (n, d) with its value of values (n, dv)."""
    raise NotImplementedError


def edit(W2: np.ndarray, act: np.ndarray, new_value: np.ndarray) -> np.ndarray:
    """The weights (n, dv) nearest to W2 that answer act (n,) with new_value (dv,)."""
    raise NotImplementedError
