"""The rows of the ring are out of order after the first lap, and attention does not care: it averages a set, and what is
known of order is in the keys already, put there by RoPE. Mistral's window of 4096 reaches 131,041 tokens back through
its 32 layers, but only as a rumour passed on 32 times.
"""

import torch

from solutions.phase4.attention.sdpa import sdpa

HINTS = (
    "For the mask, put the positions of the queries in a column and those of the keys in a row. Three comparisons, joined by "
    "& and |, say it all.",
    "In a ring of w rows, position n has the row n % w: what stands there is w positions old. Think of the sinks as rows "
    "in front of the ring that are written once.",
    "Until the ring is full, rows that were never written must not take part: count what has been appended.",
    "One layer reaches w - 1 positions further back. How far do two reach, and how many positions is that with its own?",
)


def window_mask(Tq: int, Tk: int, w: int, sinks: int = 0) -> torch.Tensor:
    """(Tq, Tk): the last Tq of Tk positions see the last w up to their own, and the first `sinks`."""
    # wrong: if w < 0 or Tq > Tk:  # a window of no positions at all is a ValueError too
    #            raise ValueError("bad size")
    # wrong: if w < 1:  # more queries than keys is a ValueError
    #            raise ValueError("bad size")
    # wrong: if w < 1 or Tq >= Tk:  # as many queries as keys is the usual case
    #            raise ValueError("bad size")
    if w < 1 or Tq > Tk:
        raise ValueError(f"a window of {w} for {Tq} queries and {Tk} keys")
    # wrong: p = torch.arange(Tq)[:, None]  # the queries are the last Tq positions, not the first
    p = torch.arange(Tk - Tq, Tk)[:, None]
    j = torch.arange(Tk)
    # wrong: return (j <= p) & ((j >= p - w) | (j < sinks))  # this window has w + 1 keys: it ends with the position itself
    # wrong: return (j <= p) & ((j > p - w + 1) | (j < sinks))  # this window has w - 1 keys: count the position itself once
    # wrong: return (j < p) & ((j > p - w) | (j < sinks))  # a position sees itself
    # wrong: return (j > p - w) | (j < sinks)  # no key after the query may be seen
    # wrong: return (j <= p) & (j > p - w) | (j < sinks)  # a sink is a key like the others: positions before it do not see it
    # wrong: return (j <= p) & ((j > p - w) | (j <= sinks))  # one sink too many
    # wrong: return (j <= p) & (j > p - w)  # the sinks stay in sight
    # wrong: return (j <= p) & (j > p - w - sinks)  # sinks are the first positions of all, not those before the window
    # wrong: return (j <= p) & ((j > p - w) | (j < p.min() + sinks))  # sinks are counted from the start of the text, not from the first query
    # wrong: return (p - j).abs() < w  # a window on both sides lets a position see the future
    # wrong: return ~((j <= p) & ((j > p - w) | (j < sinks)))  # True means "may attend"
    return (j <= p) & ((j > p - w) | (j < sinks))


class RingKV:
    """Keys k and values v, each (sinks + w, dh), of the positions that the latest one sees."""

    def __init__(self, w: int, dh: int, dtype: torch.dtype, sinks: int = 0) -> None:
        # wrong: pass  # a ring without rows is a ValueError
        if w < 1:
            raise ValueError(f"a window of {w}")
        self.w, self.sinks, self.count = w, sinks, 0
        # wrong: self.k = torch.zeros(w, dh, dtype=dtype)  # the sinks need rows of their own
        # wrong: self.k = torch.zeros(sinks + w, dh)  # the rows have the dtype that was asked for
        self.k = torch.empty(sinks + w, dh, dtype=dtype)
        # wrong: self.v = self.k  # keys and values need rows of their own: these are two names for the same ones
        self.v = torch.empty_like(self.k)

    def append(self, k: torch.Tensor, v: torch.Tensor) -> None:
        """Take key and value of the next position, each (dh,)."""
        n = self.count
        # wrong: row = n % len(self.k)  # the sinks are overwritten in the second lap
        # wrong: row = n if n < self.sinks else self.sinks + n % self.w  # the ring starts after the sinks: its first row is for position `sinks`
        # wrong: row = min(n, len(self.k) - 1)  # it is the oldest row that goes, not the newest
        # wrong: row = n if n < len(self.k) else self.sinks  # the oldest row is another one every time
        # wrong: row = n  # the rows run out: start again at the oldest
        # wrong: row = n if n < self.sinks else self.sinks + (n - self.sinks) % (self.w - 1)  # the ring has w rows
        row = n if n < self.sinks else self.sinks + (n - self.sinks) % self.w
        # wrong: self.k = torch.cat((self.k[: self.sinks], self.k[self.sinks + 1 :], k[None]))  # moving all rows for each token is what a ring avoids
        # wrong: if n >= len(self.k):  # moving all rows for each token is what a ring avoids
        #            self.k[self.sinks : -1], self.v[self.sinks : -1] = self.k[self.sinks + 1 :].clone(), self.v[self.sinks + 1 :].clone()
        #            row = -1
        #        self.k[row] = k
        self.k[row] = k
        # wrong: pass  # values are kept like keys
        # wrong: self.v[row] = k  # the value is v
        self.v[row] = v
        # wrong: pass  # without counting every position goes into the same row
        # wrong: self.count = (n + 1) % len(self.k)  # after one lap all rows are in use: the count has to go on
        self.count += 1

    def attend(self, q: torch.Tensor) -> torch.Tensor:
        """Attention of q (dh,) to all that the latest position sees; returns (dh,)."""
        # wrong: return sdpa(q[None], self.k, self.v)[0]  # rows that were never written take part
        # wrong: return sdpa(q[None], self.k[: self.count], self.v[: self.count], scale=1.0)[0]  # the scores are scaled by 1/sqrt(dh)
        # wrong: return sdpa(q[None], self.k[self.sinks : self.count], self.v[self.sinks : self.count])[0]  # the sinks are seen too
        # wrong: return sdpa(q[None], self.k[: self.count], self.v[: self.count])  # one query gives one row: its shape is (dh,)
        # wrong: return sdpa(q[None], self.k[: self.count - 1], self.v[: self.count - 1])[0]  # the latest position sees itself
        # wrong: return sdpa(q[None], self.k[self.count % self.w :], self.v[self.count % self.w :])[0]  # once the ring is full every row counts, whatever its order
        return sdpa(q[None], self.k[: self.count], self.v[: self.count])[0]


def receptive(layers: int, w: int) -> int:
    """Number of input positions that one output of `layers` stacked windows of width w can depend on."""
    # wrong: pass  # a window of no positions is a ValueError
    if w < 1:
        raise ValueError(f"a window of {w}")
    # wrong: return layers * w  # the windows of two layers share the position where they meet
    # wrong: return layers * (w - 1)  # the position itself counts too
    # wrong: return w**layers  # reach adds up from layer to layer, it does not multiply
    # wrong: return w + layers - 1  # every layer adds w - 1 positions, not one
    return layers * (w - 1) + 1
