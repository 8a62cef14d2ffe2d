"""A mask from two triangles; a ring that notes the position in each row; loops for attention and reach."""

import math

import torch

FREE = -1


def window_mask(Tq: int, Tk: int, w: int, sinks: int = 0) -> torch.Tensor:
    if w <= 0 or Tk < Tq:
        raise ValueError("bad sizes")
    past = torch.ones(Tk, Tk, dtype=torch.bool).tril()
    forgotten = past.tril(-w)
    forgotten[:, :sinks] = False
    return (past ^ forgotten)[Tk - Tq :]


class RingKV:
    def __init__(self, w: int, dh: int, dtype: torch.dtype, sinks: int = 0) -> None:
        if w <= 0:
            raise ValueError("bad size")
        self.rows = torch.full((2, w + sinks, dh), torch.nan, dtype=dtype)
        self.k, self.v = self.rows
        self.positions = [FREE] * (w + sinks)
        self.sinks = sinks

    def append(self, k: torch.Tensor, v: torch.Tensor) -> None:
        replaceable = [p for p in self.positions if p == FREE or p >= self.sinks]
        row = self.positions.index(min(replaceable))
        self.positions[row] = max(self.positions) + 1
        self.rows[:, row] = torch.stack((k, v))

    def attend(self, q: torch.Tensor) -> torch.Tensor:
        rows = [row for row, position in enumerate(self.positions) if position != FREE]
        scores = [float(q.double() @ self.k[row].double()) / math.sqrt(len(q)) for row in rows]
        weights = [math.exp(score - max(scores)) for score in scores]
        out = torch.zeros(len(q), dtype=torch.float64)
        for row, weight in zip(rows, weights, strict=True):
            out += weight / math.fsum(weights) * self.v[row].double()
        return out.to(q.dtype)


def receptive(layers: int, w: int) -> int:
    if w <= 0:
        raise ValueError("bad size")
    first = last = 0
    for _ in range(layers):
        first -= w - 1
    return last - first + 1
