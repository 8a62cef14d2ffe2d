import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)


def conflict_degree(word_addr: np.ndarray, active: np.ndarray | None = None) -> int:
    mask = np.ones(32, bool) if active is None else active
    words = np.unique(word_addr[mask].astype(np.int64))
    return int(np.bincount(words % 32, minlength=32).max())


def pad_for(width: int) -> int:
    p = 0
    while conflict_degree(np.arange(32) * (width + p)) > 1:
        p += 1
    return p
