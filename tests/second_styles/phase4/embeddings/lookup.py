"""take for indexing, and a sort by id with a sum over each run for add.at."""

import numpy as np


def embed(ids: np.ndarray, E: np.ndarray) -> np.ndarray:
    if not np.issubdtype(ids.dtype, np.integer):
        raise TypeError("ids")
    if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < len(E):
        raise IndexError("ids")
    return E.take(ids.astype(np.intp), axis=0)


def embed_backward(dy: np.ndarray, ids: np.ndarray, V: int, padding_idx: int | None = None) -> np.ndarray:
    embed(ids, np.empty((V, 0)))  # the same refusals
    flat, rows = ids.reshape(-1).astype(np.intp), dy.reshape(-1, dy.shape[-1])
    kept = np.argsort(flat, kind="stable")
    if padding_idx is not None:
        kept = kept[flat[kept] != padding_idx]
    dE = np.zeros((V, dy.shape[-1]), dy.dtype)
    seen, starts = np.unique(flat[kept], return_index=True)
    if len(seen):
        dE[seen] = np.add.reduceat(rows[kept], starts)
    return dE
