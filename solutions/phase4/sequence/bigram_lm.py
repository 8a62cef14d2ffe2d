"""Counting is training: the fraction of times that j followed i is the minimum of the loss, found without a gradient. And
the loss of the right table on its own source is the entropy rate: a model that is right still pays for what
cannot be known.

A loss below the floor is therefore never a good sign. It means that the model was shown the answer.
"""

import numpy as np

HINTS = (
    "Pair each id with the next. np.add.at counts pairs that occur more than once; fancy indexing with += does not.",
    "A periodic chain never settles, so stepping on and on does not find its stationary law. Read the definition as linear "
    "equations instead: pi (P - I) = 0 leaves one direction open, and sum pi = 1 closes it.",
    "The floor is a weighted mean of row entropies. Which weights? And give the logarithm something harmless where P is 0.",
)


def fit_bigram(ids: list[int], V: int, alpha: float) -> np.ndarray:
    """P (V, V) by counting the pairs in ids, with add-alpha smoothing."""
    # wrong: pass  # an id outside the vocabulary, or a negative alpha, is a ValueError
    # wrong: if any(i >= V for i in ids) or alpha < 0:  # a negative id would count from the end of the table: refuse it
    #            raise ValueError("ids")
    # wrong: if any(not 0 <= i < V for i in ids):  # a negative alpha is a ValueError, too
    #            raise ValueError("ids")
    # wrong: if any(not 0 <= i < V for i in ids) or alpha <= 0:  # alpha = 0 is plain counting, and allowed
    #            raise ValueError("ids")
    if any(not 0 <= i < V for i in ids) or alpha < 0:
        raise ValueError(f"ids outside 0 ... {V - 1}, or alpha = {alpha} below 0")
    # wrong: counts = np.zeros((V, V))  # smoothing adds alpha to every count
    # wrong: counts = np.ones((V, V))  # alpha is an argument
    counts = np.full((V, V), float(alpha))
    # wrong: counts[ids[:-1], ids[1:]] += 1  # a pair that occurs twice is counted once here: indexing with += does not add up
    # wrong: np.add.at(counts, (ids[1:], ids[:-1]), 1)  # P[i, j] is for j after i: the earlier word is the row
    # wrong: np.add.at(counts, (ids[:-2], ids[2:]), 1)  # a pair is a word and the one directly after it
    # wrong: np.add.at(counts, (ids, [*ids[1:], *ids[:1]]), 1)  # the text is no ring: nothing follows its last word
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    # wrong: total = counts.sum(0, keepdims=True)  # it is the rows that sum to 1
    # wrong: total = counts.sum(1, keepdims=True) - V * alpha  # alpha is added V times to the sum of a row, too
    # wrong: total = counts.sum(1, keepdims=True) - V * alpha + alpha  # alpha is added V times to the sum of a row, not once
    # wrong: total = counts.sum()  # this is the joint law of a pair: given i, divide by the sum of its row
    total = counts.sum(1, keepdims=True)
    # wrong: return counts / np.where(total > 0, total, 1)  # a word that nothing follows has a uniform row, not one of zeros
    # wrong: return np.where(total > 0, counts / np.where(total > 0, total, 1), np.eye(V))  # a word that nothing follows has a uniform row
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / V)


def nll(P: np.ndarray, ids: list[int]) -> float:
    """The mean of -log P over the transitions of ids, in nats."""
    # wrong: pass  # without a transition there is nothing to average: a ValueError
    # wrong: if len(ids) < 1:  # one id alone has no transition
    #            raise ValueError("no transition")
    # wrong: if len(ids) < 3:  # two ids have a transition
    #            raise ValueError("no transition")
    if len(ids) < 2:
        raise ValueError(f"{len(ids)} ids have no transition")
    # wrong: p = P[ids[1:], ids[:-1]]  # the earlier word is the row
    # wrong: p = P[np.ix_(ids[:-1], ids[1:])]  # this is a table of all pairs; take each word with its successor
    # wrong: p = np.maximum(P[ids[:-1], ids[1:]], 1e-10)  # what has probability 0 and happens all the same costs inf
    p = P[ids[:-1], ids[1:]]
    with np.errstate(divide="ignore"):
        # wrong: return float(-np.log2(p).mean())  # nats: the natural logarithm
        # wrong: return float(-np.log(p).sum() / len(ids))  # there are len(ids) - 1 transitions
        # wrong: return float(-np.log(p).sum())  # the mean, not the sum
        # wrong: return float(np.log(p).mean())  # the loss is minus the log probability
        # wrong: return float(np.exp(-np.log(p).mean()))  # this is the perplexity
        # wrong: return float(-np.log(p.mean()))  # the logarithm of a mean is not the mean of logarithms
        return float(-np.log(p).mean())


def stationary(P: np.ndarray) -> np.ndarray:
    """The law pi (V,) that P (V, V) leaves as it is."""
    V = len(P)
    # wrong: return np.linalg.matrix_power(P, 1000)[0]  # a periodic chain does not settle, and a slow one not in a thousand steps
    # wrong: return np.linalg.matrix_power((P + np.eye(V)) / 2, 1000)[0]  # staying put every other time cures the period, but a slow chain needs more steps
    # wrong: return np.linalg.matrix_power(P, 1 << 40)[0]  # a periodic chain does not settle
    # wrong: return np.full(V, 1 / V)  # words are not equally frequent
    # wrong: return P.mean(0)  # this is the law of the second word of a text whose first is uniform
    # wrong: equations = np.vstack([P - np.eye(V), np.ones(V)])  # the sum goes over the word before: pi P, not P pi
    equations = np.vstack([P.T - np.eye(V), np.ones(V)])
    # wrong: return np.linalg.lstsq(equations[:-1], np.zeros(V))[0]  # the equations alone are solved by zeros: sum pi = 1 belongs to them
    # wrong: return np.linalg.lstsq(equations, np.append(np.zeros(V), V))[0]  # a law sums to 1
    return np.linalg.lstsq(equations, np.append(np.zeros(V), 1))[0]


def entropy_rate(P: np.ndarray) -> float:
    """The entropy of the next word in nats, averaged over the stationary law."""
    # wrong: with np.errstate(divide="ignore", invalid="ignore"):  # 0 log 0 counts as 0, and it is nan here
    #            surprise = -np.log(P)
    # wrong: surprise = -np.log2(np.where(P > 0, P, 1))  # nats: the natural logarithm
    # wrong: surprise = np.log(np.where(P > 0, P, 1))  # an entropy is positive
    surprise = -np.log(np.where(P > 0, P, 1))
    # wrong: return float((P * surprise).sum(1).mean())  # the text is not in all words equally often: weight the rows by pi
    # wrong: return float(stationary(P) @ surprise @ stationary(P))  # what comes next is drawn from P[i], not from pi
    # wrong: return float(-stationary(P) @ np.log(np.maximum(stationary(P), 1e-300)))  # this is the entropy of a word without the one before it
    # wrong: return float((P * surprise).sum())  # a mean over the rows, weighted by pi
    # wrong: return float((P * surprise).sum(0) @ stationary(P))  # each row has an entropy: sum over j
    return float((P * surprise).sum(1) @ stationary(P))
