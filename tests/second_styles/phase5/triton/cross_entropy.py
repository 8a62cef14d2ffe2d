"""1/n as a number, an atomic sum for the loss, lanes that keep a maximum and a sum each, the target last."""

# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

import torch
import triton
import triton.language as tl


@triton.jit
def _row(x_ptr, start, V, BLOCK: tl.constexpr):
    at = start + tl.arange(0, BLOCK)
    return at, tl.load(x_ptr + at, mask=at < V, other=float("-inf")).to(tl.float32)


@triton.jit
def _fused(loss_ptr, x_ptr, x_row, t_ptr, t_row, ignored, share, z, V, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    x_ptr += row * x_row
    t = tl.load(t_ptr + row * t_row)
    kept = t != ignored
    most = tl.full((BLOCK,), float("-inf"), tl.float32)
    total = tl.zeros((BLOCK,), tl.float32)
    for start in range(0, V, BLOCK):
        _, x = _row(x_ptr, start, V, BLOCK)
        more = tl.maximum(most, x)
        base = tl.where(more > float("-inf"), more, 0.0)
        total = total * tl.exp(most - base) + tl.exp(x - base)
        most = more
    m = tl.max(most)
    s = tl.sum(tl.where(most > float("-inf"), total * tl.exp(most - m), 0.0))
    lse = tl.log(s) + m
    x_t = tl.load(x_ptr + t, mask=kept, other=0.0).to(tl.float32)
    tl.atomic_add(loss_ptr, ((m - x_t) + tl.log(s) + z * lse * lse) * share, mask=kept)
    tl.debug_barrier()
    for start in range(0, V, BLOCK):
        at, x = _row(x_ptr, start, V, BLOCK)
        g = tl.exp(x - m) / s * (share + 2 * z * lse * share)
        g = tl.where(at == t, g - share, g)
        tl.store(x_ptr + at, tl.where(kept, g, 0.0), mask=at < V)


def cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, ignore_index: int = -100, z_loss: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    loss = torch.zeros((), device=logits.device)
    share = 1 / max(1, sum(one != ignore_index for one in target.tolist()))
    _fused[(len(logits),)](
        loss,
        logits,
        logits.stride(0),
        target,
        target.stride(0),
        ignore_index,
        share,
        z_loss,
        logits.shape[1],
        BLOCK=1024,
    )
    return loss, logits
