"""One launch for all three gradients, by strides, natural exponentials, every tile masked."""

# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

import torch
import triton
import triton.language as tl


@triton.jit
def _row_sums(o, do, sums, T, H, o_b, o_h, o_t, o_d, d_b, d_h, d_t, d_d, D: tl.constexpr, ROWS: tl.constexpr):
    b, h = tl.program_id(1).to(tl.int64) // H, tl.program_id(1).to(tl.int64) % H
    t, c = tl.program_id(0) * ROWS + tl.arange(0, ROWS), tl.arange(0, D)
    there = t[:, None] < T
    x = tl.load(o + b * o_b + h * o_h + t[:, None] * o_t + c * o_d, mask=there, other=0).to(tl.float32)
    y = tl.load(do + b * d_b + h * d_h + t[:, None] * d_t + c * d_d, mask=there, other=0).to(tl.float32)
    tl.store(sums + (b * H + h) * T + t, tl.sum(x * y, axis=1), mask=t < T)


@triton.jit
def _weights(q, k, lse, i, j, T, S, shift, scale):
    """p for rows i and columns j, 0 where nothing is seen."""
    s = scale * tl.dot(q, tl.trans(k), input_precision="ieee")
    seen = (i[:, None] < T) & (j[None, :] < S) & (j[None, :] <= i[:, None] + shift)
    safe = tl.where(lse == float("-inf"), 0.0, lse)
    return tl.where(seen, tl.exp(tl.where(seen, s - safe[:, None], 0.0)), 0.0)


@triton.jit
def _gradients(
    do, q, k, v, lse, sums, dq, dk, dv, T, S, H, Hk, shift, scale, key_programs,
    D: tl.constexpr, SIDE: tl.constexpr,
):  # fmt: skip
    """Programs below key_programs own keys, the others queries."""
    c = tl.arange(0, D)[None, :]
    me = tl.program_id(0)
    key_blocks, query_blocks = tl.cdiv(S, SIDE), tl.cdiv(T, SIDE)
    if me < key_programs:
        head = (me // key_blocks).to(tl.int64)
        b, hk, group = head // Hk, head % Hk, H // Hk
        j = me % key_blocks * SIDE + tl.arange(0, SIDE)
        mine = (head * S + j)[:, None] * D + c
        kt = tl.load(k + mine, mask=j[:, None] < S, other=0)
        vt = tl.load(v + mine, mask=j[:, None] < S, other=0)
        sum_k, sum_v = tl.zeros((SIDE, D), tl.float32), tl.zeros((SIDE, D), tl.float32)
        begin = tl.maximum(me % key_blocks * SIDE - shift, 0) // SIDE * SIDE
        for number in range(group):
            top = (b * H + hk * group + number) * T
            for start in range(begin, T, SIDE):
                i = start + tl.arange(0, SIDE)
                at, there = (top + i)[:, None] * D + c, i[:, None] < T
                qt, dot_ = tl.load(q + at, mask=there, other=0), tl.load(do + at, mask=there, other=0)
                l = tl.load(lse + top + i, mask=i < T, other=0)
                r = tl.load(sums + top + i, mask=i < T, other=0)
                p = _weights(qt, kt, l, i, j, T, S, shift, scale)
                sum_v = tl.dot(tl.trans(p.to(vt.dtype)), dot_, sum_v, input_precision="ieee")
                dp = tl.dot(dot_, tl.trans(vt), input_precision="ieee")
                ds = scale * p * (dp - r[:, None])
                sum_k = tl.dot(tl.trans(ds.to(qt.dtype)), qt, sum_k, input_precision="ieee")
        tl.store(dk + mine, sum_k, mask=j[:, None] < S)
        tl.store(dv + mine, sum_v, mask=j[:, None] < S)
    else:
        me -= key_programs
        head = (me // query_blocks).to(tl.int64)
        i = me % query_blocks * SIDE + tl.arange(0, SIDE)
        top = (head // H * Hk + head % H // (H // Hk)) * S
        mine, here = (head * T + i)[:, None] * D + c, i[:, None] < T
        qt, dot_ = tl.load(q + mine, mask=here, other=0), tl.load(do + mine, mask=here, other=0)
        l = tl.load(lse + head * T + i, mask=i < T, other=0)
        r = tl.load(sums + head * T + i, mask=i < T, other=0)
        sum_q = tl.zeros((SIDE, D), tl.float32)
        for start in range(0, tl.minimum(S, (me % query_blocks + 1) * SIDE + shift), SIDE):
            j = start + tl.arange(0, SIDE)
            at = (top + j)[:, None] * D + c
            kt = tl.load(k + at, mask=j[:, None] < S, other=0)
            vt = tl.load(v + at, mask=j[:, None] < S, other=0)
            p = _weights(qt, kt, l, i, j, T, S, shift, scale)
            ds = scale * p * (tl.dot(dot_, tl.trans(vt), input_precision="ieee") - r[:, None])
            sum_q = tl.dot(ds.to(kt.dtype), kt, sum_q, input_precision="ieee")
        tl.store(dq + mine, sum_q, mask=here)


def flash_bwd(
    do: torch.Tensor,
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    o: torch.Tensor,
    lse: torch.Tensor,
    causal: bool,
    scale: float | None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dq (B, H, T, D), dk and dv (B, Hk, S, D) of attention whose forward pass gave o and lse (B, H, T)."""
    B, H, T, D = q.shape
    Hk, S = k.shape[1], k.shape[2]
    sums = torch.empty((B, H, T), dtype=torch.float32, device=q.device)
    grid = (triton.cdiv(T, 32), B * H)
    _row_sums[grid](o, do, sums, T, H, *o.stride(), *do.stride(), D=D, ROWS=32)
    do, q, k, v, lse = (one.contiguous() for one in (do, q, k, v, lse))
    dq, dk, dv = (torch.empty(one.shape, dtype=q.dtype, device=q.device) for one in (q, k, v))
    side = 32
    keys, queries = B * Hk * triton.cdiv(S, side), B * H * triton.cdiv(T, side)
    shift = S - T if causal else S + T
    _gradients[(keys + queries,)](
        do, q, k, v, lse, sums, dq, dk, dv, T, S, H, Hk, shift,
        1 / D**0.5 if scale is None else scale, keys, D=D, SIDE=side,
    )  # fmt: skip
    return dq, dk, dv
