"""A grid of three axes, one masked loop, base e, keys loaded transposed, o normalised throughout.

Scores have a finite floor instead of -inf, and whether a query sees anything is told from its number.
"""

# pyright: reportArgumentType=false, reportCallIssue=false, reportOptionalOperand=false

import torch
import triton
import triton.language as tl

FLOOR = tl.constexpr(-1e30)


@triton.jit
def _seen(query, key, T, S, CAUSAL: tl.constexpr):
    seen = (key < S) & (query < T)
    if CAUSAL:
        seen &= query - T >= key - S
    return seen


@triton.jit
def _attend(q, k, v, o, lse, qs0, qs1, qs2, ks0, ks1, ks2, vs0, vs1, vs2, T, S, group, scale, CAUSAL: tl.constexpr, D: tl.constexpr, BLOCK: tl.constexpr):  # fmt: skip  # noqa: E501
    b, h, i0 = tl.program_id(2).to(tl.int64), tl.program_id(1).to(tl.int64), tl.program_id(0) * BLOCK
    i, d = i0 + tl.arange(0, BLOCK)[:, None], tl.arange(0, D)
    queries = tl.load(q + b * qs0 + h * qs1 + i * qs2 + d[None, :], mask=i < T, other=0)
    mean = tl.zeros((BLOCK, D), tl.float32)
    total = tl.full((BLOCK, 1), FLOOR, tl.float32)  # the lse so far
    j0, stop = 0, S
    if CAUSAL:
        stop = min(S, S - T + i0 + BLOCK)
    while j0 < stop:
        j = j0 + tl.arange(0, BLOCK)[None, :]
        keys = tl.load(k + b * ks0 + h // group * ks1 + j * ks2 + d[:, None], mask=j < S, other=0)
        s = tl.dot(queries, keys, input_precision="ieee") * scale
        s = tl.where(_seen(i, j, T, S, CAUSAL), s, FLOOR)
        m = tl.maximum(total, tl.max(s, 1, keep_dims=True))
        p = tl.where(_seen(i, j, T, S, CAUSAL), tl.exp(s - m), 0.0)
        z = tl.exp(total - m) + tl.sum(p, 1, keep_dims=True)
        z = tl.where(total == FLOOR, z - tl.exp(total - m), z)  # nothing was seen before
        z = tl.where(z == 0, 1.0, z)
        values = tl.load(
            v + b * vs0 + h // group * vs1 + tl.trans(j) * vs2 + d[None, :], mask=tl.trans(j) < S, other=0
        )
        kept = tl.where(total == FLOOR, 0.0, tl.exp(total - m)) / z
        mean = mean * kept + tl.dot(p.to(values.dtype), values, input_precision="ieee") / z
        total = tl.where(m == FLOOR, FLOOR, m + tl.log(z))
        j0 += BLOCK
    at = (b * tl.num_programs(1) + h) * T + i
    tl.store(o + at * D + d[None, :], mean.to(queries.dtype), mask=i < T)
    tl.store(lse + at, tl.where(total == FLOOR, float("-inf"), total), mask=i < T)


def flash_fwd(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    B, H, T, D = q.shape
    o, lse = q.new_empty(q.shape), q.new_empty((B, H, T, 1), dtype=torch.float32)
    grid = (triton.cdiv(T, 64), H, B)
    steps = (x.stride(axis) for x in (q, k, v) for axis in range(3))
    group = H // k.shape[1]
    _attend[grid](q, k, v, o, lse, *steps, T, k.shape[2], group, scale or D**-0.5, causal, D, 64)
    return o, lse[..., 0]
