"""Three lines, and they are attention for a single query. That the sharpness is a number has a price: to be sure of one
key among n costs beta ~ log(n) / margin, so longer contexts need larger margins or sharper scores. A modern Hopfield
network iterates this lookup with V = K, and beta is its inverse temperature.
"""

import math

import numpy as np

HINTS = (
    "All dot products at once are one matrix-vector product. The mixture is one too: a vector of weights times the rows of V.",
    "The softmax is the one of the kata before: a constant taken off all scores changes no weight. Take it off after beta "
    "has been multiplied in.",
    "Write the winner's weight of the worst store with x = exp(-beta margin): 1 / (1 + (n - 1) x). Set it equal to 1 - eps, "
    "solve for x, then for beta. Below which beta does the answer make no sense?",
)


def soft_lookup(
    q: np.ndarray, K: np.ndarray, V: np.ndarray, beta: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """(out, w): the mixture of the values (dv,), and the weights (n,) it was mixed with."""
    # wrong: s = K @ q  # beta is missing: it multiplies every score
    # wrong: s = K @ q / beta  # beta multiplies the scores; a temperature would divide them
    # wrong: s = beta * (K @ q) / (np.linalg.norm(K, axis=1) * np.linalg.norm(q))  # this is the cosine: here the length of a key counts
    # wrong: s = beta * -((K - q) ** 2).sum(1)  # keys are compared by dot product, not by distance
    # wrong: s = beta * (K @ q) / math.sqrt(len(q))  # beta stands in the place of 1/sqrt(dk): no second scale
    s = beta * (K @ q)  # (n,)
    # wrong: w = np.exp(s)  # exp overflows from 710 on: take the largest score off first
    # wrong: w = np.exp(s - s.mean())  # the scores above the mean can still overflow: take off the largest
    w = np.exp(s - s.max())
    # wrong: pass  # the weights have to sum to 1
    # wrong: w /= np.linalg.norm(w)  # the weights sum to 1; here their squares do
    w /= w.sum()
    # wrong: return K.T @ w, w  # keys are for finding, values are for reading: mix the rows of V
    # wrong: out = np.exp(V - V.max(0))  # the softmax belongs on the scores, the values are mixed as they are
    #        return w @ (out / out.sum(0)), w
    # wrong: return w @ V, s  # the second result is the weights, not the scores
    return w @ V, w


def hard_lookup(q: np.ndarray, K: np.ndarray, V: np.ndarray) -> np.ndarray:
    """The value (dv,) whose key has the largest dot product with q; the first one on ties."""
    # wrong: return V[np.argsort(K @ q)[-1]]  # on ties this is not the first
    # wrong: return V[len(K) - 1 - (K @ q)[::-1].argmax()]  # this takes the last of equal keys, not the first
    # wrong: return V[np.abs(K @ q).argmax()]  # a key that points away has a large negative dot product, and fits worst
    # wrong: return V[((K - q) ** 2).sum(1).argmin()]  # the nearest key need not have the largest dot product
    # wrong: return K[(K @ q).argmax()]  # keys are for finding, values are for reading: return a row of V
    return V[(K @ q).argmax()]


def beta_for_accuracy(q: np.ndarray, K: np.ndarray, eps: float) -> float:
    """The smallest beta >= 0, a Python float, that the margin proves enough for a weight of 1 - eps."""
    # wrong: pass  # eps is a probability strictly between 0 and 1: anything else raises
    if not 0 < eps < 1:
        raise ValueError(f"eps lies strictly between 0 and 1, not {eps}")
    # wrong: pass  # one key alone has no runner-up: it needs no beta
    if len(K) == 1:
        return 0.0
    # wrong: s = K @ q  # the strongest rival is the runner-up, and not the average loser
    #        second, best = (s.sum() - s.max()) / (len(s) - 1), s.max()
    # wrong: second, best = np.sort(K @ q)[[0, -1]]  # the margin is to the strongest rival, not to the weakest
    # wrong: second, best = np.unique(K @ q)[-2:]  # two winners that tie leave no margin: that raises
    second, best = np.sort(K @ q)[-2:]
    # wrong: pass  # without a margin no beta is large enough: raise
    if best == second:
        raise ValueError("two keys tie for the largest dot product: no beta tells them apart")
    # wrong: odds = len(K) * (1 - eps) / eps  # the winner has n - 1 rivals, not n
    # wrong: odds = (1 - eps) / eps  # all n - 1 losers together must stay below eps, not each of them
    # wrong: odds = (len(K) - 1) / eps  # this is nearly right for small eps: the factor 1 - eps is missing
    odds = (len(K) - 1) * (1 - eps) / eps
    # wrong: return math.log(odds) * float(best - second)  # a larger margin needs less beta
    # wrong: return math.log(odds) / float(best - second)  # beta >= 0: an easy eps makes this negative
    # wrong: return max(0.0, math.log10(odds)) / float(best - second)  # the softmax is made of e, so is this logarithm
    return max(0.0, math.log(odds)) / float(best - second)
