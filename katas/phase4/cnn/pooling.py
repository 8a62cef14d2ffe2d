"""Max and average pooling, forward and backward

Pooling makes an image smaller and asks less exactly where something was: the maximum of a window stays the
same while a peak moves about inside. On the way back the two kinds differ. A maximum sends all its gradient
to the one entry that won, an average shares it out equally.

Images x are (N, C, H, W). A window has k rows and k columns, the first one is in the top left corner, and
windows begin `stride` rows or columns apart; k and stride are the same in both directions. There is no
padding: windows lie inside the image, H' = (H - k) // stride + 1 of them down and W' = (W - k) // stride + 1
across, and what is left at the lower and right edges goes unused. Where stride < k windows overlap.

`maxpool` returns y (N, C, H', W'), the largest entry of each window, and argmax (N, C, H', W') of int64,
which says where in its channel it stands: h W + w for x[n, c, h, w]. Where several entries of a window are
the largest, the first of them counts, row by row.

`maxpool_backward` takes dy (N, C, H', W'), the gradient of a loss with respect to y, such an argmax, and
x_shape = (N, C, H, W). It returns dx of that shape: each entry of dy goes to where argmax points, in the
same image and channel, and what meets there is summed. All else is zero.

`avgpool` returns the mean over each window, y (N, C, H', W'). `avgpool_backward` returns dx (N, C, H, W):
each entry of a window gets 1/k^2 of the window's dy, and where windows overlap the shares are summed.

ValueError: a k larger than H or W, in avgpool_backward too; a dy that has not the shape of argmax; in
avgpool_backward, a dy that has not the shape that avgpool gives for images of x_shape. What argmax holds need
not be checked; N and C of argmax are those of x_shape.

N may be 0; C, H, W, k and stride are at least 1. x has no nan, but may hold -inf. Results keep the float
dtype of x or dy, argmax apart. Inputs are not changed.

Prince 2023, section 10.4; Stanford's CS231n, assignment 2; Scherer, Mueller & Behnke 2010.
"""

import numpy as np


def maxpool(x: np.ndarray, k: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """y and argmax (N, C, H', W'): the largest entry of each window of x (N, C, H, W), and where it is."""
    raise NotImplementedError


def maxpool_backward(dy: np.ndarray, argmax: np.ndarray, x_shape: tuple[int, int, int, int]) -> np.ndarray:
    """dx of shape x_shape from dy and argmax (N, C, H', W')."""
    raise NotImplementedError


def avgpool(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    """y (N, C, H', W'): the mean over each window of x (N, C, H, W)."""
    raise NotImplementedError


def avgpool_backward(dy: np.ndarray, x_shape: tuple[int, int, int, int], k: int, stride: int) -> np.ndarray:
    """dx of shape x_shape from dy (N, C, H', W')."""
    raise NotImplementedError
