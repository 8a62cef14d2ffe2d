"""Convolution is a matrix product

Computers multiply matrices faster than they do anything else, so a fast convolution copies its windows into
the columns of a matrix and multiplies once. The way back, from columns to an image, is what a convolution's
gradient with respect to its input needs, and what a transposed convolution is.

`im2col` takes x (N, C, H, W) to cols (N, C kH kW, H' W'), a column for each place of the kernel:

    cols[n, (c kH + i) kW + j, r W' + s] = xp[n, c, r stride + i dilation, s stride + j dilation]

So the channel changes slowest down a column, and places go row by row: the layout of torch.nn.Unfold. xp
(N, C, H + 2 pad, W + 2 pad) is x with `pad` rows and columns of zeros on all four sides, H' is
`out_size(H, kH, stride, pad, dilation)` of an earlier kata, imported here, and W' is
`out_size(W, kW, stride, pad, dilation)`; it raises the ValueError that is due where the kernel does not fit.

`col2im` is the adjoint of im2col, not its inverse: every entry of cols goes back to where in xp it came from,
what meets there is summed, and the padding is cut off. The result has the shape x_shape = (N, C, H, W).
Entries that no window sees are zero. With <a, b> for the sum of the products of all entries,

    <im2col(x), cols> = <x, col2im(cols)>        for all x and cols

cols of a shape that im2col would not give for x_shape is a ValueError.

`conv2d_gemm` is the convolution of the kata before with one group, by means of a matrix product: y
(N, O, H', W') of x (N, C, H, W), w (O, C, kH, kW) and b (O,), or None for no bias. A w with other channels
than x, and a b that is not (O,), are a ValueError.

No loop in Python may go over the places, r and s: the tests time that. Loops over the taps i and j are fine,
and so are numpy's views of windows. All results are new arrays, which share no memory with an input. They
keep the float dtype of x or cols; x, w and b share one. Inputs are not changed. N may be 0, all other sizes
are at least 1; stride and dilation are at least 1, pad at least 0: no need to check.

Chellapilla, Puri & Simard 2006; Stanford's CS231n, notes on convolutional networks; Dumoulin & Visin 2016,
chapter 4.
"""

import numpy as np

from solutions.phase4.cnn.conv_arithmetic import out_size


def im2col(x: np.ndarray, kH: int, kW: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> np.ndarray:
    """cols (N, C kH kW, H' W'): the windows of x (N, C, H, W) as columns."""
    raise NotImplementedError


def col2im(
    cols: np.ndarray,
    x_shape: tuple[int, int, int, int],
    kH: int,
    kW: int,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    """x_shape: the columns (N, C kH kW, H' W') put back where they came from, overlaps summed."""
    raise NotImplementedError


def conv2d_gemm(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    """y (N, O, H', W') of x (N, C, H, W), w (O, C, kH, kW) and b (O,) or None."""
    raise NotImplementedError
