"""Each phase is a fraction of the way done, between 0 and 1, and a shape that maps it to a rate. The comparisons are
in the order of the phases, so an empty phase is never divided by: no special case for a warmup of 0.

Plot both with the same number of steps: WSD spends far more of them at the full rate. It can branch, too: decay a copy
of the run today, go on from the plateau tomorrow.
"""

import math

HINTS = (
    "Which of the phases is this step in? Ask in their order, and no phase of length 0 is ever divided by.",
    "Within a phase measure the fraction done: 0 at its first step, 1 at the first step of the next one.",
    "A cosine goes from 1 to -1 over half its period. Shift and halve it to go from 1 to 0, and let that weigh the two rates.",
)


def warmup_cosine(step: int, max_lr: float, min_lr: float, warmup: int, total: int) -> float:
    """The learning rate at `step` with a linear warmup and half a cosine down to min_lr at `total`."""
    # wrong: pass  # a negative step or length and a warmup longer than the run are refused
    # wrong: if step < 0 or warmup < 0:  # a warmup longer than the whole run is a mistake to refuse
    #            raise ValueError("negative")
    # wrong: if step < 0 or warmup < 0 or warmup >= total:  # a warmup as long as the run is allowed
    #            raise ValueError("warmup too long")
    if step < 0 or not 0 <= warmup <= total:
        raise ValueError(f"step {step}, warmup {warmup}, total {total}")
    # wrong: if step <= warmup:  # the warmup ends before step = warmup: a warmup of 0 is divided by
    #            return max_lr * step / warmup
    # wrong: if step < warmup:  # step 0 has the rate 0: the warmup reaches max_lr at step = warmup, not one before
    #            return max_lr * (step + 1) / warmup
    # wrong: if step < warmup:  # the warmup starts from 0, not from min_lr
    #            return min_lr + (max_lr - min_lr) * step / warmup
    if step < warmup:
        return max_lr * step / warmup
    # wrong: if step >= total:  # after the end the rate stays at min_lr
    #            return 0.0
    # wrong: if step == total:  # after the end a cosine rises again: the rate has to stay at min_lr
    #            return min_lr
    # wrong: if step > total:  # where warmup equals total the cosine has no steps, and its length is divided by
    #            return min_lr
    if step >= total:
        return min_lr
    # wrong: done = step / total  # the cosine begins where the warmup ends, not at step 0
    # wrong: done = (step - warmup) / total  # the cosine has only the steps that the warmup left
    # wrong: done = (step - warmup) / (total - warmup - 1)  # min_lr is reached at step = total, not one before
    done = (step - warmup) / (total - warmup)
    # wrong: return min_lr + (max_lr - min_lr) * (1 + math.cos(2 * math.pi * done)) / 2  # a whole period comes back up to max_lr
    # wrong: return max_lr * (1 + math.cos(math.pi * done)) / 2  # the cosine ends at min_lr, not at 0
    # wrong: return min_lr + max_lr * (1 + math.cos(math.pi * done)) / 2  # the height of the cosine is max_lr - min_lr
    # wrong: return min_lr + (max_lr - min_lr) * (1 - math.cos(math.pi * done)) / 2  # the rate has to go down, not up
    # wrong: return min_lr + (max_lr - min_lr) * math.cos(math.pi * done / 2)  # a quarter period is flat at the top only
    # wrong: return max_lr + (min_lr - max_lr) * done  # this is a straight line
    return min_lr + (max_lr - min_lr) * (1 + math.cos(math.pi * done)) / 2


def wsd(step: int, max_lr: float, min_lr: float, warmup: int, stable: int, decay: int) -> float:
    """The learning rate at `step` with a linear warmup, a plateau and a straight decay to min_lr."""
    # wrong: pass  # a negative step or length is refused
    # wrong: if step < 0:  # the lengths must not be negative either
    #            raise ValueError("negative step")
    if min(step, warmup, stable, decay) < 0:
        raise ValueError(f"step {step}, warmup {warmup}, stable {stable}, decay {decay}")
    # wrong: if step < warmup:  # step 0 has the rate 0
    #            return max_lr * (step + 1) / warmup
    if step < warmup:
        return max_lr * step / warmup
    # wrong: into = step - stable  # the plateau begins after the warmup, so the decay does not begin at step = stable
    into = step - warmup - stable
    if into < 0:
        return max_lr
    # wrong: if into > decay:  # a decay of 0 steps is divided by
    #            return min_lr
    # wrong: if into >= decay:  # after the end the rate stays at min_lr
    #            return 0.0
    # wrong: pass  # without an end the line goes on below min_lr
    if into >= decay:
        return min_lr
    # wrong: return max_lr * (1 - into / decay)  # the line ends at min_lr, not at 0
    # wrong: return max_lr + (min_lr - max_lr) * (into + 1) / decay  # the decay starts from max_lr itself
    # wrong: return min_lr + (max_lr - min_lr) * (1 + math.cos(math.pi * into / decay)) / 2  # this decay is a straight line
    return max_lr + (min_lr - max_lr) * into / decay
