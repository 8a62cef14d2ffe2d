"""Embedding lookup and its scatter-add backward

A language model begins by looking up one row of a table for each token. On paper that is a one-hot vector
times a matrix; at a vocabulary of 100,000 nobody builds the one-hot. The way back is the interesting half: a
row that was looked up many times collects a gradient from each of its places.

E is (V, d), one row a word. `ids` is an array of integers of any shape (...), also () or with a size of 0.

    embed(ids, E)[...] = E[ids[...]]                                            (..., d)

    dE[v] = sum of dy[...] over all places with ids[...] = v                    (V, d)

`embed` returns an array of its own: writing to it leaves E as it was. `embed_backward(dy, ids, V,
padding_idx)` returns the gradient of a loss with respect to E, where dy (..., d) is its gradient with respect
to the output of `embed`. Rows that nobody looked up are exactly 0, and places with the same id add up:
nothing is averaged. Where `padding_idx` is an id, its row of dE is 0: filling up a batch teaches nothing.

Both keep the float dtype of E and of dy (float64 or float32). Ids of any integer dtype will do, signed or
not. No memory is spent on one-hot vectors: a vocabulary of a million words costs the gradient itself and
little more.

An id outside 0 <= id < V is an IndexError, in both functions, negative ids too. Ids of another kind than
integers (floats, booleans) are a TypeError, in both. Inputs are not changed.

Prince 2023, section 12.6; Bengio et al., A Neural Probabilistic Language Model, 2003.
"""

import numpy as np


def embed(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """The rows of E (V, d) that ids (...) name; (..., d)."""
    raise NotImplementedError


def embed_backward(dy: np.ndarray, ids: np.ndarray, V: int, padding_idx: int | None = None) -> np.ndarray:
    """dE (V, d), from dy (..., d) and the ids (...) that were looked up."""
    raise NotImplementedError
