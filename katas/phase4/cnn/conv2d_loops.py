"""Convolution in two dimensions, from its definition

A small kernel of weights slides over an image and is compared with what lies beneath: the same few numbers
look for their pattern everywhere. Every library has its own fast way of computing it, and each is checked
against the definition that is written down here; speed is for the next kata.

    y[n, o, r, s] = b[o] + sum over c, i, j of
                    w[o, c, i, j] * xp[n, g C/groups + c, r stride + i dilation, s stride + j dilation]

Shapes: x (N, C, H, W), w (O, C/groups, kH, kW), b (O,), or None for no bias, and y (N, O, H', W'). xp
(N, C, H + 2 pad, W + 2 pad) is x with `pad` rows and columns of zeros on all four sides. H' is
`out_size(H, kH, stride, pad, dilation)` of the kata before, imported here, and W' likewise; it raises the
ValueError that is due where the kernel does not fit.

The kernel is not flipped: mathematicians call this cross-correlation. stride, pad and dilation are the same
for rows and columns; kH and kW may differ, as H and W may.

The channels come in `groups` equal groups, and so do the outputs, in order: the outputs of group g see the
channels of group g alone. With O outputs, output o belongs to group g = o // (O / groups). One group is the
usual convolution; as many groups as channels is a depthwise one.

Other shapes are a ValueError: a C that is not the channels of w times groups, an O that groups does not
divide, a b that is not (O,). Not all of them stop numpy. That x and w have four axes, that stride, dilation
and groups are at least 1 and pad at least 0, needs no check. N may be 0; all other sizes are at least 1.

x, w and b share one float dtype, which y keeps. Inputs are not changed. Images here are tiny: loops are fine.

LeCun et al. 1989; Dumoulin & Visin 2016, chapter 2; Prince 2023, section 10.3. Xie et al. 2017 (ResNeXt) for
the groups.
"""

import numpy as np

from solutions.phase4.cnn.conv_arithmetic import out_size


def conv2d(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> np.ndarray:
    """y (N, O, H', W') of x (N, C, H, W), w (O, C/groups, kH, kW) and b (O,) or None."""
    raise NotImplementedError
