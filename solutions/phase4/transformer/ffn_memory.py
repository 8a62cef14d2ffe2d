"""Random directions in d dimensions have dot products of about 1/sqrt(d), so a layer can keep far more facts than it has
dimensions before they disturb one another. Trained layers mix many features into an activation; there an edit reaches
all facts whose activations are not orthogonal to act, which is why ROME weighs the update by how keys are distributed.
"""

import numpy as np

HINTS = (
    "All dot products of pairs stand in one matrix product. Its diagonal, a key with itself, has to be kept out of the maximum.",
    "A column of W1 compares x with one key. Which constant must b1 be, so that the comparison begins to count at 1 - margin? "
    "How large is the activation then at the key itself, and what makes it 1?",
    "For edit call the change C. It has to satisfy act C = new_value - act W2. Column by column that is one linear equation in "
    "n unknowns: its shortest solution is a multiple of act. Which multiple?",
)


def interference(keys: np.ndarray) -> float:
    """The largest dot product of two different rows of keys (n, d); -1 for n = 1."""
    # wrong: dots = keys.T @ keys  # keys are rows: this compares coordinates
    # wrong: dots = np.abs(keys @ keys.T)  # keys that point away from one another do not interfere
    dots = keys @ keys.T  # (n, n)
    # wrong: pass  # a key with itself is no pair
    # wrong: np.fill_diagonal(dots, 0)  # all keys may point away from one another: then the largest is below 0
    # wrong: np.fill_diagonal(dots, -np.inf)  # a single key has -1, not minus infinity
    np.fill_diagonal(dots, -1)
    # wrong: return float(dots.min())  # the largest is asked for: it is the one that disturbs
    # wrong: return float(dots.mean())  # one pair that is too near is enough to disturb
    # wrong: return float(np.triu(dots, 1).max())  # the triangle is filled up with zeros, which may be the largest
    return float(dots.max())


def store(keys: np.ndarray, values: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """W1 (d, n), b1 (n,) and W2 (n, dv) that answer each of keys (n, d) with its value of values (n, dv)."""
    # wrong: pass  # every key needs a value, and every value a key
    if len(values) != len(keys):
        raise ValueError(f"{len(keys)} keys and {len(values)} values")
    # wrong: pass  # where keys lie too near, facts disturb one another: a ValueError
    # wrong: if interference(keys) > 1 - margin:  # with a margin of 0 or less nothing is heard at its own key
    #            raise ValueError("margin")
    # wrong: if margin <= 0 or interference(keys) >= 1 - margin:  # at 1 - margin itself a fact is still silent: this is allowed
    #            raise ValueError("margin")
    # wrong: if not 0 < margin <= 1 or interference(keys) > 1 - margin:  # keys that point away from one another allow margins above 1
    #            raise ValueError("margin")
    # wrong: if margin <= 0 or interference(keys) > margin:  # a fact begins to be heard at 1 - margin
    #            raise ValueError("margin")
    if margin <= 0 or interference(keys) > 1 - margin:
        raise ValueError(f"a margin of {margin} with an interference of {interference(keys)}")
    # wrong: W1 = keys / margin  # the columns of W1 are the keys: (d, n)
    # wrong: W1 = keys.T  # the gain is missing: at its key a fact has the activation `margin`, not 1
    # wrong: W1 = keys.T * margin  # the gain is 1 / margin
    # wrong: W1 = keys.T / margin**2  # the gain counts once
    W1 = keys.T / margin
    # wrong: b1 = np.full(len(keys), (1 - margin) / margin, keys.dtype)  # the bias holds facts back: its sign is negative
    # wrong: b1 = np.full(len(keys), margin - 1, keys.dtype)  # the bias has the gain of W1
    # wrong: b1 = np.full(len(keys), -margin, keys.dtype)  # a fact begins to be heard at 1 - margin
    # wrong: b1 = np.zeros(len(keys), keys.dtype)  # without a bias everything near a key is heard
    # wrong: b1 = np.full(len(keys), (margin - 1) / margin)  # the dtype is that of the keys
    # wrong: b1 = np.full(values.shape[1], (margin - 1) / margin, keys.dtype)  # there is one bias a fact
    b1 = np.full(len(keys), (margin - 1) / margin, keys.dtype)
    # wrong: return W1, b1, values / margin  # the gain counts once, in W1 or in W2
    # wrong: return W1, b1, values[::-1]  # each key has its own value
    # wrong: return W1, b1, values.T  # the rows of W2 are the values
    # wrong: return W1, b1, np.linalg.inv(keys @ keys.T) @ values  # the activations of different keys do not mix: nothing needs to be undone
    return W1, b1, values


def edit(W2: np.ndarray, act: np.ndarray, new_value: np.ndarray) -> np.ndarray:
    """The weights (n, dv) nearest to W2 that answer act (n,) with new_value (dv,)."""
    # wrong: if act.shape != W2.shape[:1]:  # a new_value of another shape may be broadcast, and then nobody notices
    #            raise ValueError("act")
    # wrong: if act.shape + new_value.shape != W2.shape and new_value.size > 1:  # a single number is no value of a wider memory
    #            raise ValueError("shapes")
    if act.shape != W2.shape[:1] or new_value.shape != W2.shape[1:]:
        raise ValueError(f"act {act.shape} and new_value {new_value.shape} do not fit W2 {W2.shape}")
    # wrong: pass  # no weights answer an act of zeros with anything but zero: a ValueError
    # wrong: if not act.all():  # some activations may be zero, all of them may not
    #            raise ValueError("act")
    # wrong: if not act.sum():  # activations may cancel in a sum without being zero
    #            raise ValueError("act")
    if not act.any():
        raise ValueError("activations of zero read nothing out")
    # wrong: missing = new_value  # what is read out already must not be added once more
    # wrong: missing = new_value + act @ W2  # what is missing is the new value less the old one
    # wrong: missing = act @ W2 - new_value  # what is missing is the new value less the old one
    # wrong: missing = new_value - W2[act.argmax()]  # what is read out is a mix of all rows, not the loudest one
    missing = new_value - act @ W2  # (dv,)
    # wrong: return W2 + np.outer(act, missing) / np.linalg.norm(act)  # divide by the square of the length: act stands here twice
    # wrong: return W2 + np.outer(act, missing)  # reading it out multiplies by act once more: divide by act . act
    # wrong: return W2 + np.outer(act, missing) / act.sum() ** 2  # it is the sum of the squares that has to be divided by
    # wrong: W2 = W2.copy()  # this puts the whole change on the loudest row: shared out by activation it is smaller
    #        W2[np.abs(act).argmax()] += missing / act[np.abs(act).argmax()]
    #        return W2
    # wrong: return W2 + missing / act.sum()  # this is one solution, but not the nearest: louder rows change more
    # wrong: return np.outer(act, new_value) / (act @ act)  # this forgets all that was stored
    # wrong: W2 += np.outer(act, missing) / (act @ act)  # W2 belongs to the caller, who may want it back
    #        return W2
    # wrong: return W2 + np.outer(act > 0, missing) / act.sum()  # louder rows change more, in proportion
    return W2 + np.outer(act, missing) / (act @ act)
