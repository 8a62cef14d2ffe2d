"""Two loads and one store for a logit, and no memory but B costs. The number of kept rows has to be known before the first
gradient is stored, so it is counted ahead, and stays on the device: nobody waits for it. The target's logit is read
before the walks, not between them: the reductions of the first walk then separate this read from the stores of the second,
also on a GPU, where the threads of a program run at different paces.
"""

# pyright: reportArgumentType=false

import torch
import triton
import triton.language as tl

HINTS = (
    "Write the cost's derivative by x[j] on paper first. The softmax appears twice: from lse, and from lse**2. Where does the "
    "target enter?",
    "The first walk is that of a long row in fused_softmax: it ends with m and s, and lse follows from them. After the "
    "second walk no logit is left: what do you need to have read by then?",
    "1/n belongs in every gradient, so n must be known before any program ends: count the kept rows ahead of the launch. "
    "A row that is not kept needs an `if` of its own: zero times nan is nan.",
    "A program may store its row's cost at its own place among B, to be summed after the launch; what does a row that is not "
    "kept store?",
)


@triton.jit
def _cross_entropy(
    logits_ptr,
    target_ptr,
    kept_ptr,
    cost_ptr,
    x_row,
    target_row,
    V,
    ignore_index,
    z_loss,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    # wrong: x_ptr = logits_ptr + row * V  # rows are stride elements apart, which may be more than V
    x_ptr = logits_ptr + row * x_row
    # wrong: target = tl.load(target_ptr + row)  # target may have a stride of its own
    target = tl.load(target_ptr + row * target_row)
    # wrong: ignored = target < 0  # any integer may stand for ignored, also one of the vocabulary
    # wrong: ignored = target == -100  # the caller says which index is ignored
    # wrong: ignored = target != ignore_index  # these are the rows that are kept
    # wrong: ignored = False  # rows that are not kept have gradient 0, and their target is no column
    ignored = target == ignore_index
    if ignored:
        for start in range(0, V, BLOCK):
            at = start + tl.arange(0, BLOCK)
            # wrong: pass  # rows that are not kept have a gradient, too: zero, not their logits
            # wrong: tl.store(x_ptr + at, tl.load(x_ptr + at, mask=at < V) * 0.0, mask=at < V)  # zero times nan is nan: store zero itself
            # wrong: tl.store(x_ptr + at, 0.0)  # columns beyond the row belong to someone else
            tl.store(x_ptr + at, 0.0, mask=at < V)
        # wrong: pass  # a cost that nobody wrote holds anything, and is summed
        tl.store(cost_ptr + row, 0.0)
    else:
        at_target = tl.load(x_ptr + target).to(tl.float32)
        m, s = -float("inf"), 0.0
        for start in range(0, V, BLOCK):
            at = start + tl.arange(0, BLOCK)
            # wrong: x = tl.load(x_ptr + at, mask=at < V, other=0.0).to(tl.float32)  # columns beyond the row then count exp(0 - m) each in the sum
            # wrong: x = tl.load(x_ptr + at, mask=at < V).to(tl.float32)  # what a masked lane holds is undefined unless `other` says so
            x = tl.load(x_ptr + at, mask=at < V, other=-float("inf")).to(tl.float32)
            # wrong: larger = tl.max(x, 0)  # the largest so far may lie in an earlier block
            # wrong: larger = tl.maximum(tl.maximum(m, 0.0), tl.max(x, 0))  # a row of large negative logits has a negative maximum: without it all exponentials vanish
            larger = tl.maximum(m, tl.max(x, 0))
            # wrong: base = larger  # while all that was seen is -inf, -inf minus -inf is nan
            base = tl.where(larger == -float("inf"), 0.0, larger)
            # wrong: s = s + tl.sum(tl.exp(x - base), 0)  # the old sum was measured from the old maximum: rescale it
            # wrong: s = s * tl.exp(base - m) + tl.sum(tl.exp(x - base), 0)  # the old sum shrinks when the maximum grows
            # wrong: s = tl.sum(tl.exp(x - base), 0)  # earlier blocks belong to the sum
            s = s * tl.exp(m - base) + tl.sum(tl.exp(x - base), 0)
            m = larger
        # wrong: lse = tl.log(s)  # s is measured from the maximum, which has to be added back
        # wrong: lse = m + tl.log2(s)  # the logarithm is the natural one
        # wrong: lse = m  # the maximum is only the largest part of the logsumexp
        lse = m + tl.log(s)
        # wrong: cost = lse - at_target  # the z-loss is part of the cost
        # wrong: cost = lse - at_target + z_loss * lse  # the z-loss is quadratic
        # wrong: cost = lse - at_target + z_loss * s * s  # the z-loss is about the logsumexp, not about the sum
        # wrong: cost = at_target - lse + z_loss * lse * lse  # a log-probability is negative: its cost is the opposite
        # wrong: cost = lse - target + z_loss * lse * lse  # the target's logit is meant, not its number
        cost = lse - at_target + z_loss * lse * lse
        # wrong: tl.store(cost_ptr, cost)  # each row has a place of its own
        tl.store(cost_ptr + row, cost)
        # wrong: n = tl.num_programs(0)  # the mean is over the kept rows, not over all of them
        # wrong: n = 1  # the gradient is that of the mean
        n = tl.load(kept_ptr)
        for start in range(0, V, BLOCK):
            at = start + tl.arange(0, BLOCK)
            x = tl.load(x_ptr + at, mask=at < V).to(tl.float32)
            # wrong: p = tl.exp(x - m)  # divide by the sum: probabilities are measured from lse
            # wrong: p = tl.exp(x - lse).to(tl.bfloat16).to(tl.float32)  # all arithmetic stays in float32 until the store
            p = tl.exp(x - lse)
            # wrong: slope = p  # lse**2 has a gradient, too
            # wrong: slope = p * (1 + z_loss * lse)  # the derivative of a square has a factor 2
            # wrong: slope = p + 2 * z_loss * lse  # the gradient of lse is the softmax, in both terms
            slope = p * (1 + 2 * z_loss * lse)
            # wrong: g = slope  # the target's logit has a gradient of its own
            # wrong: g = tl.where(at == target, 1.0, 0.0) - slope  # this is the gradient of the log-probability: its sign is opposite
            # wrong: g = slope - tl.where(at - start == target, 1.0, 0.0)  # the target is a column of the row, not of the block
            # wrong: g = tl.where(at == target, p - 1, slope)  # the z-loss reaches the target's logit, too
            g = slope - tl.where(at == target, 1.0, 0.0)
            # wrong: tl.store(x_ptr + at, g, mask=at < V)  # the gradient is that of the mean: divide by the kept rows
            # wrong: tl.store(x_ptr + at, g / n)  # columns beyond the row belong to someone else
            tl.store(x_ptr + at, g / n, mask=at < V)


def cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, ignore_index: int = -100, z_loss: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean loss over the kept rows, float32, and logits (B, V), overwritten by the loss's gradient."""
    B, V = logits.shape
    # wrong: kept = torch.tensor(B, device=target.device)  # the mean is over the kept rows, not over all of them
    # wrong: kept = (target == ignore_index).sum()  # these are the rows that are not kept
    # wrong: kept = (target >= 0).sum()  # any integer may stand for ignored, also one of the vocabulary
    kept = (target != ignore_index).sum()
    # wrong: cost = torch.empty(B, dtype=logits.dtype, device=logits.device)  # costs are float32, whatever the dtype of the logits
    cost = torch.empty(B, dtype=torch.float32, device=logits.device)
    # wrong: _cross_entropy[(B,)](logits.clone(), target, kept, cost, V, target.stride(0), V, ignore_index, z_loss, BLOCK=1024)  # a copy of the logits is what the kata is to save
    # wrong: _cross_entropy[(1,)](logits, target, kept, cost, logits.stride(0), target.stride(0), V, ignore_index, z_loss, BLOCK=1024)  # every row needs a program
    _cross_entropy[(B,)](
        logits, target, kept, cost, logits.stride(0), target.stride(0), V, ignore_index, z_loss, BLOCK=1024
    )
    # wrong: return cost.sum() / kept, logits  # if no row is kept this is 0 / 0
    # wrong: return cost.mean(), logits  # the mean is over the kept rows, not over all of them
    # wrong: return cost.sum(), logits  # the loss is a mean
    # wrong: return cost.sum() / kept.clamp(min=1), logits.clone()  # logits itself is returned, not a copy
    return cost.sum() / kept.clamp(min=1), logits
