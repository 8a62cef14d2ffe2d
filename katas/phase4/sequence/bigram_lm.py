"""A bigram language model and the entropy floor

The smallest language model is a table: for each word the probabilities of the next. It is fitted by counting,
it is judged by the same loss as the largest one, and for a source that really is a table (a Markov chain) one
can say exactly how low that loss can go. Katas that train a Transformer are judged by this floor.

Words are numbers 0, ..., V - 1. `P` is (V, V): P[i, j] is the probability that j follows i, so rows sum to 1.

`fit_bigram(ids, V, alpha)` counts: with c[i, j] the number of places where j directly follows i in `ids`,

    P[i, j] = (c[i, j] + alpha) / sum over k of (c[i, k] + alpha)

alpha >= 0 is add-alpha smoothing. Where the sum is 0 (alpha is 0, and nothing ever follows i) the row is
uniform, 1/V. An id outside 0, ..., V - 1 or a negative alpha is a ValueError; V is at least 1, and `ids` may
be empty.

`nll(P, ids)` is the mean of -log P[i, j] over the len(ids) - 1 transitions of `ids`, in nats: what the model
pays per word. It is inf where one of them has probability 0. Fewer than two ids are a ValueError.

`stationary(P)` is the law pi (V,) of a word far into the text: pi[j] = sum over i of pi[i] P[i, j], pi >= 0
and sum pi = 1. It is asked only of chains in which every word leads, in some number of steps, to every other,
so there is exactly one. Such a chain may still be periodic (nouns and verbs in strict turns, say), and it may
mix slowly.

`entropy_rate(P)` is the floor, in nats per word: the entropy of the next word, -sum over j of P[i, j] log
P[i, j] with 0 log 0 = 0, averaged over where the text is, i from pi. No model of any kind has a lower
expected loss on this source.

Results are float64 arrays and Python or numpy floats, P and ids are not changed, and no warning is given.

Shannon 1948; Cover and Thomas, Elements of Information Theory, 2006, section 4.2; Karpathy, makemore, 2022.
"""

import numpy as np


def fit_bigram(ids: list[int], V: int, alpha: float) -> np.ndarray:
    """P (V, V) by counting the pairs in ids, with add-alpha smoothing."""
    raise NotImplementedError


def nll(P: np.ndarray, ids: list[int]) -> float:
    """The mean of -log P over the transitions of ids, in nats."""
    raise NotImplementedError


def stationary(P: np.ndarray) -> np.ndarray:
    """The law pi (V,) that P (V, V) leaves as it is."""
    raise NotImplementedError


def entropy_rate(P: np.ndarray) -> float:
    """The entropy of the next word in nats, averaged over the stationary law."""
    raise NotImplementedError
