"""rf grows by (k - 1) steps of the layer's *input*, and such a step is worth `jump` entries of the picture. So stacked
3 x 3 kernels see further linearly in depth, strides and growing dilations exponentially: the reason for pyramids
of features in vision and for WaveNet's dilations 1, 2, 4, ... 512. Two neighbours share rf - jump entries.
"""

HINTS = (
    "Mark the places by hand for 7 entries, 3 taps and stride 2, then for 8 entries: when does one more appear? The first "
    "place costs the effective size, each further one costs the stride.",
    "For the receptive field walk from the input to the output and keep both numbers. Neighbouring taps of a layer are "
    "`dilation` entries of *its own input* apart; how many entries of the picture is that?",
    "A layer's stride moves the outputs of that layer apart, so only layers behind it feel it.",
    "same_padding: a kernel of size k_eff costs k_eff - 1 entries. Both ends share them equally, if they can.",
)


def out_size(n: int, k: int, stride: int = 1, pad: int = 0, dilation: int = 1) -> int:
    """How many places a kernel has on n entries; ValueError where it has none."""
    # wrong: slack = n + pad - dilation * (k - 1) - 1  # both ends are padded
    # wrong: slack = n + 2 * pad - dilation * k  # k taps have k - 1 gaps: the last tap covers a single entry
    # wrong: slack = n + 2 * pad - k  # dilation spreads the taps: the kernel covers more entries than it has taps
    # wrong: slack = n + 2 * pad - dilation * (k - 1)  # the last tap covers an entry, too
    slack = n + 2 * pad - dilation * (k - 1) - 1
    # wrong: pass  # a kernel that does not fit is a ValueError, not a size of zero or less
    # wrong: if slack <= 0:  # a kernel as wide as the padded axis fits, once
    #            raise ValueError("the kernel does not fit")
    # wrong: if k > n + 2 * pad:  # it is the effective size that has to fit
    #            raise ValueError("the kernel does not fit")
    # wrong: if slack // stride + 1 < 0:  # a size of zero is no size: the kernel does not fit
    #            raise ValueError("the kernel does not fit")
    # wrong: if dilation * (k - 1) + 1 > n:  # padding makes room for the kernel
    #            raise ValueError("the kernel does not fit")
    if slack < 0:
        raise ValueError(f"{k} taps, {dilation} apart, do not fit {n} entries with {pad} zeros at both ends")
    # wrong: return -(-slack // stride) + 1  # a last step that is too short is not taken: round down
    # wrong: return slack // stride  # the place at the very beginning costs no step
    # wrong: return (slack + 1) // stride  # the first place costs no step: round the steps alone, then add it
    # wrong: return slack + 1  # the kernel moves on by `stride`
    # wrong: return slack / stride + 1  # a size is an int: what is left at the end goes unused
    return slack // stride + 1


def receptive_field(layers: list[tuple[int, int, int]]) -> tuple[int, int]:
    """(rf, jump) of a stack of (k, stride, dilation), the input's layer first."""
    # wrong: rf, jump = 0, 1  # without a layer an entry sees itself
    rf, jump = 1, 1
    # wrong: for k, stride, dilation in reversed(layers):  # layers come from the input to the output, as they are
    #            rf += dilation * (k - 1) * jump
    #            jump *= stride
    # wrong: for k, stride, dilation in layers:  # a layer's stride spreads its outputs, not its taps: it counts from the next layer on
    #            jump *= stride
    #            rf += dilation * (k - 1) * jump
    for k, stride, dilation in layers:
        # wrong: rf += dilation * (k - 1)  # behind a stride neighbouring taps are further apart in the picture: by jump
        # wrong: rf += (k - 1) * jump  # dilation spreads the taps
        # wrong: rf += (dilation * k - 1) * jump  # k taps have k - 1 gaps, and each gap is `dilation` wide
        # wrong: rf += dilation * k * jump  # the first tap was counted before: only k - 1 are new
        # wrong: rf += dilation * (k - 1) * stride  # the steps of all the layers before count, not of this one
        # wrong: rf *= dilation * (k - 1) + 1  # sizes multiply only where outputs do not share entries: add what is new
        rf += dilation * (k - 1) * jump
        # wrong: jump += stride - 1  # strides multiply: every other one of every other one is every fourth
        # wrong: jump = stride  # the strides of all layers multiply
        # wrong: jump *= stride * dilation  # dilation spreads taps, it does not move outputs apart
        jump *= stride
    # wrong: return jump, rf  # the receptive field comes first
    return rf, jump


def same_padding(k: int, dilation: int = 1) -> int:
    """The pad that keeps the size at stride 1; ValueError where the effective kernel is even."""
    # wrong: pass  # an even effective kernel has no middle: no padding of equal ends keeps the size
    # wrong: if k % 2 == 0:  # it is the effective size that counts: 2 taps, 2 apart, cover 3 entries
    #            raise ValueError("even")
    # wrong: if dilation * (k - 1) % 2 == 0:  # the effective size is one more than that: an odd kernel is the good one
    #            raise ValueError("even")
    if dilation * (k - 1) % 2:
        raise ValueError(f"the effective kernel has the even size {dilation * (k - 1) + 1}")
    # wrong: return k // 2  # dilation makes the kernel wider, and the padding with it
    # wrong: return dilation * (k - 1)  # both ends are padded: each gets half
    # wrong: return dilation * k // 2  # k taps have k - 1 gaps
    return dilation * (k - 1) // 2
