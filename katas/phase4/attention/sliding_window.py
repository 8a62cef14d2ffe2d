"""Sliding window with a ring buffer and sinks

A cache of all keys and values grows with the text. Let each position see the last w only, and memory and work
per token stay the same however long the text gets; stacked layers still see further than one, since each
passes on what the one below has seen.

A position p sees the w positions that end with itself, p - w + 1 to p, as far as they exist, and besides
these the first `sinks` positions, however far back, but none after p. Sinks are there because softmax has to
put its weight somewhere: models learn to leave what they do not need on the first tokens, and break down when
these slide out of the window.

`window_mask(Tq, Tk, w, sinks)` has dtype bool and is True where a query may attend. The queries are the last
Tq of Tk positions: row i stands at p = i + Tk - Tq. More queries than keys is a ValueError.

`RingKV(w, dh, dtype, sinks)` is all that one head needs to decode one sequence. Its attributes k and v, each
(sinks + w, dh) in that dtype, are allocated once; the order of their rows is up to you. `append` copies key
and value of the next position into one row of each, over a position that is out of sight by now once there
are no free rows, and leaves the other rows alone. `attend(q)` gives what the position appended last gets: the
attention of q to the keys that this position sees, with the usual scale 1/sqrt(dh); zeros if there is none
yet. It changes nothing.

`receptive(layers, w)`: attention layers with window w and no sinks are stacked, the outputs of one being the
inputs of the next. How many positions of the first input, far from the start of the text, can influence the
last output at one position?

In all three, w < 1 is a ValueError. `sinks` is never negative, `layers` at least 1.

Beltagy et al. 2020, section 3.1; Jiang et al. 2023 (Mistral 7B), section 2; Xiao et al. 2023 (sinks).
"""

import torch

from solutions.phase4.attention.sdpa import sdpa  # for your attend


def window_mask(Tq: int, Tk: int, w: int, sinks: int = 0) -> torch.Tensor:
    """(Tq, Tk): the last Tq of Tk positions see the last w up to their own, and the first `sinks`."""
    raise NotImplementedError


class RingKV:
    """Keys k and values v, each (sinks + w, dh), of the positions that the latest one sees."""

    k: torch.Tensor
    v: torch.Tensor

    def __init__(self, w: int, dh: int, dtype: torch.dtype, sinks: int = 0) -> None:
        raise NotImplementedError

    def append(self, k: torch.Tensor, v: torch.Tensor) -> None:
        """Take key and value of the next position, each (dh,)."""
        raise NotImplementedError

    def attend(self, q: torch.Tensor) -> torch.Tensor:
        """Attention of q (dh,) to all that the latest position sees; returns (dh,)."""
        raise NotImplementedError


def receptive(layers: int, w: int) -> int:
    """Number of input positions that one output of `layers` stacked windows of width w can depend on."""
    raise NotImplementedError
