"""Bandwidth is spent in sectors: 31 lanes that ask for the same sector as the first cost nothing more.

Going down a column every lane has a sector of its own, and 28 of its 32 bytes are thrown away. copy_fast has the
same threads, the same blocks and the same work; only who does what has changed.
"""

import numpy as np

from aire_katas.checks.cuda import Kernels

HINTS = (
    "Look at one warp at a time. Dividing a byte's address by 32, rounded down, gives the number of its sector.",
    "An item has a first and a last byte. A set holds every sector once, however many lanes ask for it.",
    "For the efficiency let a set hold the bytes that the lanes of one warp ask for.",
    "The 256 threads of copy_slow's block have 32 rows of 8 elements, and 8 elements of a row are one sector. Number "
    "the threads so that a warp comes first, then deal them out along the rows.",
)

SECTOR = 32  # bytes
WARP = 32  # lanes

kernels = Kernels(__file__)


def sectors(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> int:
    """Sectors of 32 bytes that the warps touch, each warp counted for itself."""
    # wrong: return len({byte // SECTOR for warp in _bytes(addresses, itemsize, active) for byte in warp})  # every warp moves its sectors for itself
    # wrong: return sum(len({byte // 128 for byte in warp}) for warp in _bytes(addresses, itemsize, active))  # a line of the cache has 128 bytes; what moves is a sector of 32
    # wrong: return sum(len({byte // SECTOR for byte in warp}) for warp in _bytes(addresses, 1, active))  # an item has a last byte, too: it may lie in the next sector
    # wrong: return sum(len({byte // SECTOR for byte in warp}) for warp in _bytes(addresses, itemsize + 1, active))  # the last byte is at address + itemsize - 1
    # wrong: return sum(len({byte // SECTOR for byte in warp}) for warp in _bytes(addresses, itemsize, None))  # lanes that take no part ask for nothing
    # wrong: return sum(-(-len(warp) // SECTOR) for warp in _bytes(addresses, itemsize, active))  # that is the fewest that could hold the bytes, not where they lie
    # wrong: return sum(len(warp) // itemsize for warp in _bytes(addresses, itemsize, active))  # lanes that touch the same sector share it
    # wrong: return sum(len({byte // SECTOR for byte in warp}) for warp in _bytes(addresses if active is None else addresses[active], itemsize, None))  # lanes that take no part keep their place in the warp
    return sum(len({byte // SECTOR for byte in warp}) for warp in _bytes(addresses, itemsize, active))


def efficiency(addresses: np.ndarray, itemsize: int, active: np.ndarray | None = None) -> float:
    """Share of the bytes moved that a lane of the warp has asked for; 1.0 where nothing is moved."""
    # wrong: useful = itemsize * len(addresses)  # a byte that many lanes ask for is one byte, and some lanes may take no part
    # wrong: useful = itemsize * (len(addresses) if active is None else int(active.sum()))  # a byte that many lanes ask for is one byte
    # wrong: useful = len({byte for warp in _bytes(addresses, itemsize, active) for byte in warp})  # what two warps ask for is moved twice, and counts twice
    # wrong: useful = sum(map(len, _bytes(addresses, 1, active)))  # an item has itemsize bytes
    useful = sum(map(len, _bytes(addresses, itemsize, active)))
    moved = SECTOR * sectors(addresses, itemsize, active)
    # wrong: return useful / moved  # there may be nobody who asks for anything
    # wrong: return useful / moved if moved else 0.0  # where nothing moved, nothing was wasted
    # wrong: return moved / useful if moved else 1.0  # it is the share of the bytes moved that was wanted
    return useful / moved if moved else 1.0


def pattern(kind: str, width: int) -> np.ndarray:
    """Byte addresses that a block of 32 x 8 reads, by "row" or by "col"; ValueError for another kind."""
    # wrong: x, y = np.divmod(np.arange(256), 8)  # x runs fastest, and there are 32 of it
    y, x = np.divmod(np.arange(256), 32)
    if kind not in ("row", "col"):
        raise ValueError(f'kind is "row" or "col", not {kind!r}')
    # wrong: row, col = (x, y) if kind == "row" else (y, x)  # reading by rows, lanes side by side are in the same row
    row, col = (y, x) if kind == "row" else (x, y)
    # wrong: return row * width + col  # addresses are in bytes, and a float32 has four
    # wrong: return 4 * (row + width * col)  # the matrix is stored row after row
    # wrong: return 4 * (row * 32 + col)  # a row has `width` elements
    return 4 * (row * width + col)


def _bytes(addresses: np.ndarray, itemsize: int, active: np.ndarray | None) -> list[set[int]]:
    """The bytes that the lanes of each warp ask for."""
    lanes = [
        range(at, at + itemsize) if active is None or active[i] else range(0)
        for i, at in enumerate(addresses.tolist())
    ]
    return [set().union(*lanes[i : i + WARP]) for i in range(0, len(lanes), WARP)]
