"""Seven sums in the definition, three loops here: numpy takes the batch, the channels and the taps at once. Each output
is a scalar product of a kernel with a window, the largest where the window looks like the kernel, which is why
trained kernels can be looked at. Count the multiplications: N O H' W' times kH kW C / groups. Groups divide the
work and the weights by their number, and depthwise layers do almost nothing; MobileNet lives on that.
"""

import numpy as np

from solutions.phase4.cnn.conv_arithmetic import out_size

HINTS = (
    "Make the zeros real: pad a copy of x first, and no index can leave the image any more. Then write the sum for a single "
    "output o, r, s.",
    "Which rows of the padded image does output row r see? They start at r stride and lie `dilation` apart: a slice with a "
    "step gives all of them at once, and its end has to keep the last tap in.",
    "Window and kernel are multiplied entry by entry and summed over channels and taps. Count the outputs of a group to find "
    "the group of o, and from the group its first channel.",
)


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
    (N, C, H, W), (O, width, kH, kW) = x.shape, w.shape  # width: the channels that one output sees
    # wrong: pass  # shapes that do not fit broadcast or lose channels: refuse them
    # wrong: if C < width * groups:  # channels that no kernel sees are a mistake, too
    #            raise ValueError("channels")
    # wrong: if C != width:  # w holds the channels of one group
    #            raise ValueError("channels")
    if width * groups != C:
        raise ValueError(f"x has {C} channels, w sees {width} in each of {groups} groups")
    # wrong: pass  # the groups have to share the outputs equally
    if O % groups:
        raise ValueError(f"{groups} groups cannot share {O} outputs")
    # wrong: pass  # a b of another shape than (O,) would be broadcast: refuse it
    # wrong: if b is not None and b.size != O:  # as many numbers is not the same shape
    #            raise ValueError("b")
    # wrong: if b is not None and len(b) not in (1, O):  # one number for all channels is no bias of this layer
    #            raise ValueError("b")
    if b is not None and b.shape != (O,):
        raise ValueError(f"b has shape {b.shape}, expected ({O},)")
    # wrong: rows, columns = out_size(H, kH, stride, pad), out_size(W, kW, stride, pad)  # dilation makes the kernel cover more
    # wrong: rows, columns = out_size(W, kW, stride, pad, dilation), out_size(H, kH, stride, pad, dilation)  # rows are the second axis from the end, columns the last
    # wrong: rows, columns = out_size(H, kH, stride, pad, dilation), out_size(W, kH, stride, pad, dilation)  # the kernel has its own height and width
    rows, columns = out_size(H, kH, stride, pad, dilation), out_size(W, kW, stride, pad, dilation)
    # wrong: padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="edge")  # beyond the border there are zeros
    # wrong: padded = np.pad(x, pad)  # batch and channels are not padded
    # wrong: padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))  # the zeros go on all four sides
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    # wrong: y = np.empty((N, O, rows, columns))  # y keeps the dtype of x
    y = np.empty((N, O, rows, columns), x.dtype)
    for o, r, s in np.ndindex(O, rows, columns):
        # wrong: first = 0  # the outputs of a group see that group's channels alone
        # wrong: first = o % groups * width  # the outputs of a group are neighbours: o // (O / groups)
        # wrong: first = o // groups * width  # a group has O / groups outputs
        # wrong: first = o // (O // groups)  # a group has C / groups channels: its first is that many times further on
        first = o // (O // groups) * width
        # wrong: top, left = r, s  # the window moves on by `stride`
        # wrong: top, left = s * stride, r * stride  # r counts rows, s columns
        # wrong: top, left = r * stride * dilation, s * stride * dilation  # dilation spreads the taps; the window moves by `stride`
        # wrong: top, left = r * stride - pad, s * stride - pad  # in the padded image the first window starts at 0
        top, left = r * stride, s * stride
        # wrong: window = padded[:, first : first + width, top : top + kH, left : left + kW]  # the taps are `dilation` apart
        # wrong: window = padded[:, first : first + width, top : top + kH * stride : stride, left : left + kW * stride : stride]  # the taps are `dilation` apart; the stride moves the window
        window = padded[
            :,
            first : first + width,
            top : top + dilation * kH : dilation,
            left : left + dilation * kW : dilation,
        ]  # (N, width, kH, kW): numpy cuts a slice off at the end of the image, behind the last tap
        # wrong: y[:, o, r, s] = (window * w[o, :, ::-1, ::-1]).sum((1, 2, 3))  # the kernel is not flipped here
        # wrong: y[:, o, r, s] = (window * w[o]).mean((1, 2, 3))  # the products are summed, not averaged
        # wrong: y[:, o, r, s] = (window * w[o]).sum((0, 1, 2, 3))  # every image of the batch has its own sum
        # wrong: y[:, o, r, s] = (window * w[o]).sum((1, 2, 3)) + (0 if b is None else b[o] * kH * kW)  # the bias is added once, not once a tap
        y[:, o, r, s] = (window * w[o]).sum((1, 2, 3))
    # wrong: return y  # the bias is missing
    # wrong: return y if b is None else y + b.sum()  # every output channel has its own bias
    # wrong: return y if b is None else (y.swapaxes(1, 3) + b[-1]).swapaxes(1, 3)  # every output channel has its own bias
    return y if b is None else y + b[:, None, None]
