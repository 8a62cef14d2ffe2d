"""Three filters, three notions of "unlikely": a fixed number, a fixed share of the mass, a fixed ratio to the best. Where the
model is sure, top-k keeps junk and top-p keeps one token; where it is not, top-k throws away good ones. A
filter never changes what it keeps, so filters combine in any number, and the softmax at the end normalises
once.
"""

import numpy as np

HINTS = (
    "np.argsort with kind='stable' on the negated logits gives the order that the statement asks for, ties included. All "
    "filters but min_p are about a prefix of it.",
    "For the results, start from an array full of -inf and copy what is kept: by ids, not by places in the sorted order.",
    "The token with which the running sum reaches the mass is still part of the nucleus: ask what the sum was before it.",
    "min_p needs no softmax: a ratio of probabilities is a difference of logits. And subtract the largest logit before you "
    "exponentiate or divide by a small temperature.",
)


def apply_temperature(logits: np.ndarray, tau: float) -> np.ndarray:
    """Logits (V,) at temperature tau >= 0."""
    # wrong: pass  # a negative temperature would turn the order round: raise
    if tau < 0:
        raise ValueError(f"a temperature of {tau} is below 0")
    # wrong: if tau == 0:  # for tau = 0 the others are ruled out: -inf, not 0
    #            return np.where(np.arange(len(logits)) == logits.argmax(), logits, 0).astype(logits.dtype)
    # wrong: if tau == 0:  # on ties the first of the largest tokens alone is kept
    #            return np.where(logits == logits.max(), 0, -np.inf).astype(logits.dtype)
    # wrong: pass  # tau = 0 is a limit of its own, not a division
    if tau == 0:
        return _kept(np.zeros_like(logits), logits.argmax())
    # wrong: return logits * tau  # the temperature divides: a high one makes the distribution flat
    # wrong: return np.exp(logits / tau - (logits / tau).max())  # logits are asked for, not weights
    return (logits / tau).astype(logits.dtype)


def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Logits (V,) of the k largest tokens, -inf elsewhere."""
    # wrong: pass  # at least one token has to be kept
    if k < 1:
        raise ValueError(f"cannot keep {k} tokens")
    # wrong: return np.where(logits >= np.sort(logits)[::-1][min(k, len(logits)) - 1], logits, -np.inf).astype(logits.dtype)  # with ties at the border more than k are kept
    # wrong: return _kept(logits, np.argsort(logits, kind="stable")[:k])  # these are the smallest
    # wrong: return _kept(logits, np.argsort(logits, kind="stable")[::-1][:k])  # among equal logits the lower id comes first
    # wrong: return np.sort(logits)[::-1][:k].copy()  # tokens stay at their ids, and the others become -inf
    # wrong: return np.where(np.isin(np.arange(len(logits)), _order(logits)[:k]), logits, 0).astype(logits.dtype)  # ruled out means -inf: 0 may be a large logit
    return _kept(logits, _order(logits)[:k])


def top_p(logits: np.ndarray, mass: float) -> np.ndarray:
    """Logits (V,) of the fewest largest tokens that hold `mass` of the probability, -inf elsewhere."""
    # wrong: pass  # a mass outside (0, 1] makes no sense: raise
    # wrong: if not 0 <= mass <= 1:  # a mass of 0 is refused as well
    #            raise ValueError(f"a mass of {mass} is outside (0, 1]")
    if not 0 < mass <= 1:
        raise ValueError(f"a mass of {mass} is outside (0, 1]")
    # wrong: order = np.arange(len(logits))  # the sum runs over the tokens from the largest down
    order = _order(logits)
    p = _softmax(logits)[order]
    # wrong: return _kept(logits, order[p.cumsum() <= mass])  # the token that crosses the mass belongs to the nucleus
    # wrong: return _kept(logits, order[p.cumsum() - p > mass])  # this keeps the tail
    # wrong: return _kept(logits, order[: int((p.cumsum() < mass).sum()) + 2])  # one token fewer would hold the mass as well
    # wrong: return _kept(logits, np.arange(len(logits))[p.cumsum() - p < mass])  # the mask is in sorted order: bring it back to the ids
    # wrong: return _kept(logits, order[p >= 1 - mass])  # the mass of a set counts, not the probability of each token
    return logits.copy() if mass == 1 else _kept(logits, order[p.cumsum() - p < mass])


def min_p(logits: np.ndarray, share: float) -> np.ndarray:
    """Logits (V,) of the tokens at least `share` times as probable as the largest, -inf elsewhere."""
    # wrong: pass  # a share outside [0, 1] makes no sense: raise
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} is outside [0, 1]")
    # wrong: return np.where(_softmax(logits) >= share, logits, -np.inf).astype(logits.dtype)  # the bar is relative to the largest probability
    # wrong: return np.where(logits >= share * logits.max(), logits, -np.inf).astype(logits.dtype)  # shares are of probabilities, not of logits
    # wrong: return np.where(_softmax(logits) > share * _softmax(logits).max(), logits, -np.inf).astype(logits.dtype)  # what is at the bar is kept: with share 1 the largest
    return np.where(_softmax(logits) >= share * _softmax(logits).max(), logits, -np.inf).astype(logits.dtype)


def sample(logits: np.ndarray, rng: np.random.Generator) -> int:
    """A token id, a Python int, drawn with the probabilities softmax(logits)."""
    # wrong: return int(logits.argmax())  # this always picks the largest: draw
    # wrong: return int(rng.choice(np.flatnonzero(np.isfinite(logits))))  # tokens are not equally likely
    # wrong: return int(rng.choice(len(logits), p=np.exp(logits) / np.exp(logits).sum()))  # exp overflows: subtract the largest logit first
    # wrong: return int(np.random.default_rng(0).choice(len(logits), p=_softmax(logits)))  # use the generator that is given, else every draw is the same
    return int(rng.choice(len(logits), p=_softmax(logits)))


def _order(logits: np.ndarray) -> np.ndarray:
    """Ids from the largest logit down, equal ones by id."""
    return np.argsort(-logits, kind="stable")


def _kept(logits: np.ndarray, ids: np.ndarray | np.intp) -> np.ndarray:
    result = np.full_like(logits, -np.inf)
    result[ids] = logits[ids]
    return result


def _softmax(logits: np.ndarray) -> np.ndarray:
    """In float64, whatever the dtype of the logits."""
    # wrong: weights = np.exp(logits.astype(np.float64))  # exp overflows for large logits: subtract the largest first
    weights = np.exp(logits.astype(np.float64) - logits.max())
    return weights / weights.sum()
