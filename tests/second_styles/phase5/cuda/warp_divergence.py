"""Padded matrices of warps by lanes, and a heap for the order"""

import heapq

import numpy as np


def _grid(values: np.ndarray, warp: int, fill: int) -> np.ndarray:
    """(warps, lanes), absent lanes filled"""
    missing = -len(values) % warp
    return np.pad(values.astype(object), (0, missing), constant_values=fill).reshape(-1, warp)


def warp_cycles(path: np.ndarray, cost: dict[int, int], warp: int = 32) -> int:
    total = 0
    for p in np.unique(path):
        number = np.arange(len(path))[path == p] // warp
        total += cost[int(p)] * len(np.unique(number))
    return total


def loop_cycles(trips: np.ndarray, body: int, warp: int = 32) -> int:
    return int(_grid(trips, warp, 0).max(axis=1, initial=0).sum()) * body


def best_order(trips: np.ndarray) -> np.ndarray:
    heap = [(-int(t), i) for i, t in enumerate(trips)]
    heapq.heapify(heap)
    return np.array([heapq.heappop(heap)[1] for _ in range(len(trips))], dtype=np.int64)


def simd_efficiency(trips: np.ndarray, warp: int = 32) -> float:
    lanes = _grid(trips, warp, 0)
    busy = issued = 0
    for row in lanes:
        for k in range(max(row)):
            busy += int((row > k).sum())
            issued += warp
    return busy / issued if issued else 1.0
