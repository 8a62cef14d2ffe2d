"""The matrix of windows holds every entry of the image up to kH kW times: memory is what the speed costs, and real
libraries build it in tiles that never leave the cache. Since y is w times cols, the gradient with respect to cols
is w^T dy, and `col2im(w^T dy)` is that with respect to x: half of the backward pass is written already.
A 1 x 1 convolution needs no copies at all, it *is* the matrix product.
"""

import numpy as np

from solutions.phase4.cnn.conv_arithmetic import out_size

HINTS = (
    "Turn the loops round: few taps, many places. Fix one tap i, j: the entries that it sees from all places form a slice "
    "of the padded image, with a step.",
    "Six axes before three: fill an array (N, C, kH, kW, H', W') tap by tap and reshape it at the very end.",
    "col2im takes the same walk with source and target exchanged. A fancy index with += keeps one of several contributions "
    "to an entry; within one tap no entry comes twice.",
    "Flattened, a kernel is a row as long as a column of cols is high. A matrix times a stack of matrices is a stack.",
)


def _places(
    shape: tuple[int, ...], kH: int, kW: int, stride: int, pad: int, dilation: int
) -> tuple[int, int]:
    """(H', W') of images of shape (N, C, H, W)."""
    return out_size(shape[2], kH, stride, pad, dilation), out_size(shape[3], kW, stride, pad, dilation)


def _seen(i: int, j: int, places: tuple[int, int], stride: int, dilation: int) -> tuple[slice, ...]:
    """What tap i, j sees of the padded images (N, C, ., .) from all places: (N, C, H', W')."""
    return (
        slice(None),
        slice(None),
        slice(i * dilation, i * dilation + places[0] * stride, stride),
        slice(j * dilation, j * dilation + places[1] * stride, stride),
    )


def im2col(x: np.ndarray, kH: int, kW: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> np.ndarray:
    """cols (N, C kH kW, H' W'): the windows of x (N, C, H, W) as columns."""
    N, C = x.shape[:2]
    # wrong: places = _places(x.shape, kH, kW, stride, pad, 1)  # dilation makes the kernel cover more
    places = _places(x.shape, kH, kW, stride, pad, dilation)
    # wrong: padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="edge")  # beyond the border there are zeros
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    # wrong: cols = np.empty((N, C, kH, kW, *places))  # cols keeps the dtype of x
    cols = np.empty((N, C, kH, kW, *places), x.dtype)
    # wrong: for r, s in np.ndindex(*places):  # right, and slow: loop over the few taps, not over the many places
    #            top, left = r * stride, s * stride
    #            cols[..., r, s] = padded[:, :, top : top + dilation * kH : dilation, left : left + dilation * kW : dilation]
    for i, j in np.ndindex(kH, kW):
        # wrong: cols[:, :, i, j] = padded[_seen(i, j, places, stride, 1)]  # neighbouring taps are `dilation` apart
        # wrong: cols[:, :, i, j] = padded[_seen(i, j, places, 1, dilation)]  # neighbouring places are `stride` apart
        # wrong: cols[:, :, kH - 1 - i, kW - 1 - j] = padded[_seen(i, j, places, stride, dilation)]  # the window is not flipped
        # wrong: cols[:, :, i, j] = padded[_seen(i * stride, j * stride, places, stride, dilation)]  # the stride moves the window, it does not spread the taps
        cols[:, :, i, j] = padded[_seen(i, j, places, stride, dilation)]
    # wrong: cols = cols.transpose(0, 2, 3, 1, 4, 5)  # the channel changes slowest down a column
    # wrong: cols = cols.transpose(0, 1, 3, 2, 4, 5)  # down a column the rows of the window follow each other
    # wrong: cols = cols.transpose(0, 1, 2, 3, 5, 4)  # places go row by row, too
    # wrong: return cols.reshape(N, C * kH * kW, -1).swapaxes(1, 2)  # a window is a column, not a row
    return cols.reshape(N, C * kH * kW, places[0] * places[1])


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
    N, C, H, W = x_shape
    places = _places(x_shape, kH, kW, stride, pad, dilation)
    # wrong: pass  # other columns may have as many entries, and then nobody notices: compare the shapes
    # wrong: if cols.size != N * C * kH * kW * places[0] * places[1]:  # as many entries is not the same shape
    #            raise ValueError("cols")
    if cols.shape != (N, C * kH * kW, places[0] * places[1]):
        raise ValueError(f"cols has shape {cols.shape}, which is not that of the windows of {x_shape}")
    # wrong: taps = cols.reshape(N, kH, kW, C, *places).transpose(0, 3, 1, 2, 4, 5)  # the channel changes slowest down a column
    # wrong: taps = cols.reshape(N, C, kW, kH, *places).swapaxes(2, 3)  # the row index is (c kH + i) kW + j
    # wrong: taps = cols.reshape(N, C, kH, kW, places[1], places[0]).swapaxes(4, 5)  # places go row by row
    taps = cols.reshape(N, C, kH, kW, *places)
    # wrong: padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad))  # the result keeps the dtype of cols
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    # wrong: for r, s in np.ndindex(*places):  # right, and slow: loop over the few taps, not over the many places
    #            top, left = r * stride, s * stride
    #            padded[:, :, top : top + dilation * kH : dilation, left : left + dilation * kW : dilation] += taps[..., r, s]
    # wrong: for i in range(kH):  # a fancy index with += keeps one of the entries that meet, not their sum
    #            rows = np.arange(places[0])[:, None, None] * stride + i * dilation
    #            columns = np.arange(places[1])[:, None] * stride + np.arange(kW) * dilation
    #            padded[:, :, rows, columns] += np.moveaxis(taps[:, :, i], 2, -1)
    for i, j in np.ndindex(kH, kW):
        # wrong: padded[_seen(i, j, places, stride, dilation)] = taps[:, :, i, j]  # where windows overlap the entries are summed
        # wrong: padded[_seen(i, j, places, stride, 1)] += taps[:, :, i, j]  # neighbouring taps are `dilation` apart
        # wrong: padded[_seen(i, j, places, stride, dilation)] += taps[:, :, kH - 1 - i, kW - 1 - j]  # every tap goes back to where it came from
        # wrong: padded[_seen(i, j, places, stride, dilation)] += taps[:, :, i, j] / (kH * kW)  # contributions are summed, not averaged
        padded[_seen(i, j, places, stride, dilation)] += taps[:, :, i, j]
    # wrong: return padded  # the padding is no part of x: cut it off
    # wrong: return padded[:, :, pad:-pad, pad:-pad]  # without padding this is empty: -0 is the beginning
    # wrong: return padded[:, :, :H, :W]  # the padding is on all four sides
    # wrong: return padded[:, :, pad : H, pad : W]  # H and W count from the first entry that is not padding
    return padded[:, :, pad : pad + H, pad : pad + W]


def conv2d_gemm(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None = None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> np.ndarray:
    """y (N, O, H', W') of x (N, C, H, W), w (O, C, kH, kW) and b (O,) or None."""
    O, C, kH, kW = w.shape
    # wrong: pass  # a b of another shape than (O,) would be broadcast: refuse it
    # wrong: if x.shape[1] != C or (b is not None and b.size != O):  # as many numbers is not the same shape
    #            raise ValueError("shapes")
    if x.shape[1] != C or (b is not None and b.shape != (O,)):
        raise ValueError(f"x {x.shape}, w {w.shape} and b {None if b is None else b.shape} do not fit")
    # wrong: rows, columns = _places(x.shape, kW, kH, stride, pad, dilation)  # kH is the kernel's height, kW its width
    rows, columns = _places(x.shape, kH, kW, stride, pad, dilation)
    # wrong: y = w.T.reshape(O, -1) @ im2col(x, kH, kW, stride, pad, dilation)  # flatten each kernel as it stands, channels first
    # wrong: y = w[:, :, ::-1, ::-1].reshape(O, -1) @ im2col(x, kH, kW, stride, pad, dilation)  # the kernel is not flipped
    # wrong: y = w.reshape(O, -1) @ im2col(x, kH, kW, stride, pad)  # the windows are dilated, too
    # wrong: y = w.reshape(O, -1) @ np.hstack([*im2col(x, kH, kW, stride, pad, dilation)])  # the images then lie side by side: bring the batch back to the front
    y = w.reshape(O, -1) @ im2col(x, kH, kW, stride, pad, dilation)  # (N, O, H' W')
    # wrong: y = y.reshape(len(x), O, columns, rows)  # places go row by row
    y = y.reshape(len(x), O, rows, columns)
    # wrong: return y  # the bias is missing
    # wrong: return y if b is None else y + b.sum()  # every output channel has its own bias
    return y if b is None else y + b[:, None, None]
