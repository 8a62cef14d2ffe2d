"""Both gradients are adjoints of what the forward pass did at this x: the maximum copied one entry, so the way back copies
once; the mean is linear, so the way back does not need x at all. An average keeps the mean brightness and blurs, a
maximum keeps peaks. Many newer networks drop both for convolutions with a stride, which learn what to keep; the
global average at the end has stayed.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

HINTS = (
    "np.lib.stride_tricks.sliding_window_view shows all windows without copying one; every stride-th of them is a slice. "
    "Two loops over rows and columns of the output do as well.",
    "An argmax over a flattened window counts inside that window. Split it into a row and a column, add where the window "
    "begins, and only then make the flat index of the channel.",
    "On the way back several windows may point to one entry, and a fancy index with += keeps but one of them: look at "
    "np.add.at, or loop.",
    "The gradient of the means is easiest tap by tap: the entries that stand at place i, j of their windows form a slice "
    "with a step, and no entry comes twice in it.",
)


def _windows(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    """(N, C, H', W', k, k), without a copy; ValueError where k is too large."""
    # wrong: return sliding_window_view(x, (k, k), (2, 3))[:, :, :-1:stride, :-1:stride]  # a last window that fits is a window
    # wrong: return sliding_window_view(x, (k, k), (2, 3))[:, :, ::k, ::k]  # windows begin `stride` apart, not k
    # wrong: return sliding_window_view(x, (k, k), (2, 3))  # windows begin `stride` apart
    return sliding_window_view(x, (k, k), (2, 3))[:, :, ::stride, ::stride]


def maxpool(x: np.ndarray, k: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """y and argmax (N, C, H', W'): the largest entry of each window of x (N, C, H, W), and where it is."""
    windows = _windows(x, k, stride)
    rows, columns = windows.shape[2:4]
    flat = windows.reshape(*windows.shape[:4], k * k)
    # wrong: first = flat.argmin(-1)  # the largest entry is wanted, not the smallest
    # wrong: first = k * k - 1 - flat[..., ::-1].argmax(-1)  # of equal entries the first counts
    # wrong: first = windows.swapaxes(-1, -2).reshape(flat.shape).argmax(-1)  # the window is read row by row
    first = flat.argmax(-1)
    h = np.arange(rows)[:, None] * stride + first // k
    # wrong: w = np.arange(columns) + first % k  # the windows begin `stride` apart
    # wrong: w = np.arange(columns) * k + first % k  # the windows begin `stride` apart, not k
    w = np.arange(columns) * stride + first % k
    # wrong: return np.maximum(flat.max(-1), 0), h * x.shape[3] + w  # a window may be negative all over: do not start from 0
    # wrong: return flat.max(-1), first  # the index counts in the whole channel, not in the window
    # wrong: return flat.max(-1), h * columns + w  # a row of the image has W entries, a row of the output fewer
    # wrong: return flat.max(-1), h * x.shape[2] + w  # a row has W entries, a column H
    # wrong: return flat.max(-1), w * x.shape[2] + h  # the index goes row by row: h W + w
    return flat.max(-1), h * x.shape[3] + w


def maxpool_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple[int, int, int, int]) -> np.ndarray:
    """dx of shape x_shape from dy and argmax (N, C, H', W')."""
    # wrong: pass  # a dy of another shape may be broadcast, and then nobody notices
    if dy.shape != argmax.shape:
        raise ValueError(f"dy has shape {dy.shape}, argmax {argmax.shape}")
    N, C, H, W = x_shape
    # wrong: dx = np.zeros((N, C, H * W))  # dx keeps the dtype of dy
    dx = np.zeros((N, C, H * W), dy.dtype)
    n, c = np.ogrid[:N, :C]
    at = n[..., None, None], c[..., None, None], argmax
    # wrong: dx[at] = dy  # windows that share a winner add up
    # wrong: dx[at] += dy  # a fancy index with += keeps one of several contributions
    # wrong: np.add.at(dx, at, 1)  # the gradient is passed on, not replaced by ones
    # wrong: np.add.at(dx.reshape(-1), argmax.ravel(), dy.ravel())  # the index counts in its own channel of its own image
    np.add.at(dx, at, dy)
    # wrong: return dx  # dx has the shape of x
    return dx.reshape(x_shape)


def avgpool(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    """y (N, C, H', W'): the mean over each window of x (N, C, H, W)."""
    # wrong: return _windows(x, k, stride).sum((-1, -2))  # a mean is the sum over the number of entries
    # wrong: return _windows(x, k, stride).sum((-1, -2)) / stride**2  # a window has k^2 entries, however far the next one is
    # wrong: return _windows(x, k, stride).sum((-1, -2)) / k  # a window has k rows and k columns
    return _windows(x, k, stride).mean((-1, -2))


def avgpool_backward(dy: np.ndarray, x_shape: tuple[int, int, int, int], k: int, stride: int) -> np.ndarray:
    """dx of shape x_shape from dy (N, C, H', W')."""
    dx = np.zeros(x_shape, dy.dtype)
    # wrong: shape = dy.shape  # a dy that avgpool cannot have given is a ValueError
    shape = _windows(dx, k, stride).shape[:4]
    if dy.shape != shape:
        raise ValueError(f"dy has shape {dy.shape}, the means of x {shape}")
    for i, j in np.ndindex(k, k):
        # wrong: seen = dx[:, :, i :: stride, j :: stride][:, :, : shape[3], : shape[2]]  # rows are H', columns W'
        seen = dx[:, :, i::stride, j::stride][:, :, : shape[2], : shape[3]]
        # wrong: seen[...] = dy / k**2  # where windows overlap the shares are summed
        # wrong: seen += dy  # each of the k^2 entries has but its share of the mean
        # wrong: seen += dy / k  # a window has k rows and k columns
        # wrong: seen += dy / stride**2  # a window has k^2 entries, however far the next one is
        seen += dy / k**2
    return dx
