import numpy as np

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)


def _distinct(addresses: np.ndarray, itemsize: int, active: np.ndarray | None, unit: int) -> int:
    """Different (warp, piece of `unit` bytes) that are touched."""
    warp = np.arange(len(addresses)) // 32
    piece = (addresses[:, None] + np.arange(itemsize)) // unit
    pairs = np.stack([np.broadcast_to(warp[:, None], piece.shape), piece], axis=-1)
    if active is not None:
        pairs = pairs[active]
    return len(np.unique(pairs.reshape(-1, 2), axis=0))


def sectors(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> int:
    return _distinct(addresses, itemsize, active, 32)


def efficiency(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> float:
    touched = _distinct(addresses, itemsize, active, 32)
    return _distinct(addresses, itemsize, active, 1) / (32 * touched) if touched else 1.0


def pattern(kind: str, width: int) -> np.ndarray:
    strides = {"row": (4 * width, 4), "col": (4, 4 * width)}
    if kind not in strides:
        raise ValueError(kind)
    by_y, by_x = strides[kind]
    return np.add.outer(by_y * np.arange(8), by_x * np.arange(32)).reshape(-1)
