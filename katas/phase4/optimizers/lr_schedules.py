"""Learning rate schedules: warmup, cosine, WSD

Every large run has one of these two. The warmup keeps the first steps small, while Adam's averages know
little; the decay lets the noise of the last batches settle. An off-by-one at a seam, or a schedule that rises
again after its end, spoils a run without any error.

Warmup and cosine:

    step < warmup              max_lr step / warmup, so that step 0 has the rate 0
    warmup <= step < total     from max_lr at step = warmup down to min_lr at step = total, along half a
                               period of a cosine: flat at both ends, half-way down at half time
    total <= step              min_lr

Warmup, stable, decay (WSD), where no total needs to be known before the decay begins; s = warmup + stable:

    step < warmup              max_lr step / warmup
    warmup <= step < s         max_lr
    s <= step < s + decay      from max_lr at step = s down to min_lr at step = s + decay, along a straight
                               line
    s + decay <= step          min_lr

The tables hold at the seams, too, so warmup, stable and decay may be 0 and warmup may equal total: that phase
is left out. With warmup = total, for one, the rate drops from the warmup to min_lr at step = total.

step, warmup, total, stable and decay are integers, and 0 <= min_lr <= max_lr. The result is a Python float. A
negative step, warmup, stable or decay is a ValueError, and so is a warmup above total.

Loshchilov and Hutter 2017, equation 5; Hu et al. 2024, MiniCPM, section 4.
"""


def warmup_cosine(step: int, max_lr: float, min_lr: float, warmup: int, total: int) -> float:
    """The learning rate at `step` with a linear warmup and half a cosine down to min_lr at `total`."""
    raise NotImplementedError


def wsd(step: int, max_lr: float, min_lr: float, warmup: int, stable: int, decay: int) -> float:
    """The learning rate at `step` with a linear warmup, a plateau and a straight decay to min_lr."""
    raise NotImplementedError
