"""The gradient of the embedding is sparse: a batch touches the rows of its own words and no others. That is why frequent
words learn fast and rare ones hardly at all, and why Adam's averages of a rare row go on moving it long after
it was seen.

On a GPU the sum over places is a race between threads: it needs atomics, or a sort by id first. The order of
a float sum then depends on the race, which is one of the reasons why two runs of a model do not agree bit for
bit.
"""

import numpy as np

HINTS = (
    "numpy counts negative ids from the end and takes booleans for a mask, so both have to be refused before you index.",
    "dE[ids] += dy reads, adds and writes back once for each place, and the last of the places with the same id wins. Which "
    "function of numpy adds at every place?",
    "np.add.at does it. Give it one axis of ids and one row of dy for each, and the shape of ids no longer matters.",
)


def _checked(ids: np.ndarray, V: int) -> np.ndarray:
    """ids, all of them integers of 0, ..., V - 1."""
    # wrong: pass  # ids that are no integers are a TypeError
    # wrong: if ids.dtype.kind == "f":  # booleans are no ids: numpy takes them for a mask
    #            raise TypeError(f"ids are {ids.dtype}")
    # wrong: if ids.dtype.kind != "i":  # unsigned integers are integers, too
    #            raise TypeError(f"ids are {ids.dtype}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"ids are {ids.dtype}, not integers")
    # wrong: pass  # numpy counts negative ids from the end of the table: refuse them
    # wrong: if (ids >= V).any():  # numpy counts negative ids from the end of the table: refuse them
    #            raise IndexError("ids")
    # wrong: if (ids < 0).any() or (ids >= V).any():  # the statement names an IndexError
    #            raise ValueError("ids")
    if (ids < 0).any() or (ids >= V).any():
        raise IndexError(f"ids from {ids.min()} to {ids.max()} in a table of {V} rows")
    return ids


def embed(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    """The rows of E (V, d) that ids (...) name; (..., d)."""
    # wrong: return np.eye(len(E), dtype=E.dtype)[_checked(ids, len(E))] @ E  # the one-hot vectors cost V numbers a place: look the rows up
    # wrong: return E[_checked(ids, len(E)).ravel()]  # the result has the axes of ids, and d behind them
    # wrong: return np.atleast_2d(E[_checked(ids, len(E))])  # a single id gives a single row, (d,)
    # wrong: return E[int(_checked(ids, len(E)))] if ids.ndim == 0 else E[_checked(ids, len(E))]  # a single row is a view: writing to it would change E
    # wrong: return E[_checked(ids, len(E))].astype(np.float64)  # the dtype of E is kept
    # wrong: return E[_checked(ids, len(E)) - 1]  # ids count from 0
    # wrong: return np.moveaxis(E[_checked(ids, len(E))], -1, 0)  # d is the last axis
    # wrong: return E[_checked(ids, len(E))] * (ids != 0)[..., None]  # no id is special here
    return np.array(E[_checked(ids, len(E))])


def embed_backward(dy: np.ndarray, ids: np.ndarray, V: int, padding_idx: int | None = None) -> np.ndarray:
    """dE (V, d), from dy (..., d) and the ids (...) that were looked up."""
    # wrong: dE = np.zeros((V, dy.shape[-1]))  # the dtype of dy is kept
    # wrong: dE = np.zeros((int(ids.max(initial=0)) + 1, dy.shape[-1]), dy.dtype)  # dE has a row for every word, seen or not
    # wrong: dE = np.empty((V, dy.shape[-1]), dy.dtype)  # rows that nobody looked up are 0
    #        dE.fill(1e-8)
    dE = np.zeros((V, dy.shape[-1]), dy.dtype)
    # wrong: dE[_checked(ids, V)] += dy  # of several places with the same id only the last is kept: they have to add up
    # wrong: dE[_checked(ids, V)] = dy  # places with the same id add up, they do not replace each other
    # wrong: np.add.at(dE, ids.ravel(), dy.reshape(-1, dy.shape[-1]))  # a negative id is an IndexError here, too, and booleans are a TypeError
    # wrong: np.subtract.at(dE, _checked(ids, V).ravel(), dy.reshape(-1, dy.shape[-1]))  # this is the step, not the gradient
    # wrong: np.maximum.at(dE, _checked(ids, V).ravel(), dy.reshape(-1, dy.shape[-1]))  # the places add up
    # wrong: dE += np.eye(V, dtype=dy.dtype)[_checked(ids, V).ravel()].T @ dy.reshape(-1, dy.shape[-1])  # the one-hot vectors cost V numbers a place: add the rows where they belong
    np.add.at(dE, _checked(ids, V).ravel(), dy.reshape(-1, dy.shape[-1]))
    # wrong: pass  # the row of the padding gets no gradient
    # wrong: if padding_idx:  # 0 is an id: ask whether padding_idx is None
    #            dE[padding_idx] = 0
    # wrong: dE[0 if padding_idx is None else padding_idx] = 0  # without a padding_idx every row learns
    # wrong: dE[padding_idx] = 0  # indexing with None means every row
    # wrong: dE /= np.maximum(np.bincount(ids.ravel(), minlength=V), 1)[:, None]  # nothing is averaged: dy holds the 1/n of a mean already
    # wrong: if padding_idx is not None:  # padding_idx is an id, not a place
    #            dE[ids.ravel()[padding_idx]] = 0
    if padding_idx is not None:
        dE[padding_idx] = 0
    return dE
