"""Only a block of scores exists at any time, in registers. What is kept of all earlier keys is m, z and o, and a new block
joins them as two parts of the keys would be merged by their lse. Blocks that every query sees need no mask at all: the
walk is unrolled into a loop over these and one over the rest, the diagonal and the tail. The sizes of the blocks are those
that torch's own flex attention has measured to be good; on a GPU, try others.
"""

# pyright: reportArgumentType=false, reportCallIssue=false, reportOptionalOperand=false

import math

import torch
import triton
import triton.language as tl

HINTS = (
    "Take the walk along a long row of fused_softmax, for a block of queries at once: m and z become vectors. What is "
    "rescaled when m grows is z, and the sum of exp(s - m) * v as well, row by row.",
    "First write one loop over all keys, masked throughout, and get it right. Two masks are needed: keys beyond S, and keys "
    "that a query does not see yet. A masked score is -inf, and a masked value must be a number: 0 times nan is nan.",
    "A row of nothing but -inf needs care in three places: m - m, s - m, and the division at the end. Subtract 0 where the "
    "maximum is -inf, and divide by 1 where z is 0; lse is right by itself.",
    "The last query of a block sees the most keys, and the loop ends there. The first sees the fewest: the blocks that lie "
    "wholly before its last key need no mask, for any query.",
)


@triton.jit
def _flash(
    q_ptr,
    k_ptr,
    v_ptr,
    o_ptr,
    lse_ptr,
    q_batch,
    q_head,
    q_row,
    k_batch,
    k_head,
    k_row,
    v_batch,
    v_head,
    v_row,
    H,
    T,
    S,
    c,  # scale * log2(e): exponentials have base 2 here
    CAUSAL: tl.constexpr,
    GROUP: tl.constexpr,
    D: tl.constexpr,
    M: tl.constexpr,
    N: tl.constexpr,
):
    blocks = tl.cdiv(T, M)
    # wrong: both = tl.program_id(0) // blocks  # batch entries and heads may be more than 2**31 - 1 elements apart
    both = (tl.program_id(0) // blocks).to(tl.int64)
    # wrong: batch, head = both % H, both // H  # programs are counted by batch entry first, then by head, as the rows of o
    batch, head = both // H, both % H
    first = (blocks - 1 - tl.program_id(0) % blocks) * M  # those that see most keys begin first
    query, d = first + tl.arange(0, M), tl.arange(0, D)
    # wrong: q_ptr += both * T * D  # q may be a view: read its strides
    q_ptr += batch * q_batch + head * q_head
    # wrong: k_ptr += batch * k_batch + head % (H // GROUP) * k_head  # neighbours share a head of keys: heads 0 and 1 the first, 2 and 3 the second
    # wrong: k_ptr += batch * k_batch + head * k_head  # there are fewer heads of keys than of queries
    k_ptr += batch * k_batch + head // GROUP * k_head
    # wrong: v_ptr += batch * v_batch + head % (H // GROUP) * v_head  # neighbours share a head of values: heads 0 and 1 the first, 2 and 3 the second
    # wrong: v_ptr += batch * k_batch + head // GROUP * k_head  # v has strides of its own
    v_ptr += batch * v_batch + head // GROUP * v_head
    # wrong: q = tl.load(q_ptr + query[:, None] * q_row + d)  # the last block may have lanes beyond T
    # wrong: q = tl.load(q_ptr + query[:, None] * D + d, mask=query[:, None] < T, other=0.0)  # q may be a view: its rows are q_row apart
    q = tl.load(q_ptr + query[:, None] * q_row + d, mask=query[:, None] < T, other=0.0)
    if CAUSAL:
        # wrong: last = query  # the last query sees all keys, and S - T keys lie before the first query's own
        # wrong: last = query + S - T - 1  # a query sees its own key, too
        # wrong: last = query + T - S  # with a cache there are more keys than queries: S - T come before
        last = query + S - T  # the last key that a query sees
        # wrong: full = tl.minimum(first + M + S - T, S) // N * N  # the first query of the block sees fewest keys: it decides where no mask is needed
        # wrong: full = tl.cdiv(tl.maximum(first + S - T + 1, 0), N) * N  # a block that is begun is not yet seen in full
        full = tl.maximum(first + S - T + 1, 0) // N * N  # every query sees the keys before this one
        # wrong: end = S  # blocks of keys that no query of the program sees are not loaded
        # wrong: end = tl.minimum(first + M + S - T + N, S)  # this loads a block more than the last query sees
        # wrong: end = tl.minimum(first + S - T + 1, S)  # the last query of the block sees more keys than the first
        # wrong: end = tl.minimum(first + M, S)  # with a cache of keys, S - T more are seen
        # wrong: end = tl.minimum(first + M + S - T, S) // N * N  # the block on the diagonal is seen in part
        end = tl.minimum(first + M + S - T, S)  # and none sees this one
    else:
        last = query * 0 + S - 1
        # wrong: full = S  # the last block may have lanes beyond S
        full = S // N * N
        # wrong: end = S // N * N  # the keys of the last block are seen, too
        end = S
    o = tl.zeros((M, D), tl.float32)
    # wrong: m = tl.zeros((M,), tl.float32)  # scores may all be far below 0: their exponentials then vanish
    m = tl.full((M,), -float("inf"), tl.float32)
    z = tl.zeros((M,), tl.float32)
    low = 0
    for MASKED in tl.static_range(2):
        high = end if MASKED else full
        for start in range(low, high, N):
            key = start + tl.arange(0, N)
            k_at, v_at = k_ptr + key[:, None] * k_row + d, v_ptr + key[:, None] * v_row + d
            if MASKED:
                # wrong: k, v = tl.load(k_at), tl.load(v_at)  # the last block may have lanes beyond S
                # wrong: k, v = tl.load(k_at, mask=key[:, None] < S), tl.load(v_at, mask=key[:, None] < S)  # what a masked lane holds is undefined, and 0 times nan is nan
                k = tl.load(k_at, mask=key[:, None] < S, other=0.0)
                v = tl.load(v_at, mask=key[:, None] < S, other=0.0)
            else:
                k, v = tl.load(k_at), tl.load(v_at)
            # wrong: s = tl.dot(q, tl.trans(k))  # float32 would be cut to TF32 on a GPU
            # wrong: s = tl.dot(q, tl.trans(k), input_precision="ieee").to(q.dtype).to(tl.float32)  # scores stay in float32: float16 overflows, bfloat16 has two digits
            s = tl.dot(q, tl.trans(k), input_precision="ieee")
            if MASKED:
                # wrong: s = tl.where(key < S, s, -float("inf"))  # a causal query sees no later keys
                # wrong: s = tl.where(key < last[:, None], s, -float("inf"))  # the last key is seen, too
                # wrong: s = tl.where(key <= last[:, None], s, 0.0)  # a score of 0 is a score: what is not seen counts -inf
                # wrong: pass  # keys beyond S, and keys that come later, must not count
                s = tl.where(key <= last[:, None], s, -float("inf"))
            # wrong: larger = tl.max(s, 1) * c  # the largest score may lie in an earlier block
            # wrong: larger = tl.maximum(m, tl.max(s, 1))  # the maximum must be scaled as the scores are
            larger = tl.maximum(m, tl.max(s, 1) * c)
            # wrong: base = larger  # while a query has seen no key, -inf minus -inf is nan
            base = tl.where(larger == -float("inf"), 0.0, larger)
            # wrong: p = tl.exp(s * c - base[:, None])  # c brings the scores to base 2
            # wrong: p = tl.exp2(s * c)  # without the maximum subtracted the exponential overflows
            # wrong: p = tl.exp2(s - base[:, None])  # the scale is missing
            p = tl.exp2(s * c - base[:, None])
            # wrong: shrink = tl.exp2(base - m)  # old sums shrink when the maximum grows
            # wrong: shrink = tl.exp(m - base)  # m is measured in base 2, as the scores are
            shrink = tl.exp2(m - base)
            # wrong: z = z + tl.sum(p, 1)  # the old sum was measured from the old maximum: rescale it
            # wrong: z = z * shrink + tl.sum(p.to(tl.float16), 1)  # sums stay in float32
            z = z * shrink + tl.sum(p, 1)
            # wrong: o = tl.dot(p.to(v.dtype), v, o, input_precision="ieee")  # the old sum of values was measured from the old maximum: rescale it, too
            # wrong: o = tl.dot((p / z[:, None]).to(v.dtype), v, o * shrink[:, None], input_precision="ieee")  # z is not yet complete: divide once, at the end
            # wrong: o = tl.dot(p.to(v.dtype), v, o * shrink[:, None], input_precision="ieee").to(v.dtype).to(tl.float32)  # sums stay in float32 until the store
            # wrong: o = tl.dot(p.to(v.dtype), v, o * shrink[:, None])  # float32 would be cut to TF32 on a GPU
            o = tl.dot(p.to(v.dtype), v, o * shrink[:, None], input_precision="ieee")
            m = larger
        # wrong: pass  # the second loop goes on where the first has ended
        low = full
    row = both * T + query
    # wrong: o = o / z[:, None]  # a query that sees no key has z = 0, and the result 0
    # wrong: o = o / S  # divide by the sum of the exponentials, not by their number
    # wrong: pass  # the division by the sum is missing
    o = o / tl.where(z == 0, 1.0, z)[:, None]
    # wrong: tl.store(o_ptr + row[:, None] * D + d, o.to(q.dtype))  # lanes beyond T would write into the next head
    tl.store(o_ptr + row[:, None] * D + d, o.to(q.dtype), mask=query[:, None] < T)
    # wrong: tl.store(lse_ptr + row, m + tl.log2(z), mask=query < T)  # the logarithm is the natural one
    # wrong: tl.store(lse_ptr + row, m + tl.log(z), mask=query < T)  # m is measured in base 2, and lse in base e
    # wrong: tl.store(lse_ptr + row, tl.log(z), mask=query < T)  # z is measured from the maximum, which has to be added back
    # wrong: tl.store(lse_ptr + row, m * 0.6931471805599453, mask=query < T)  # the maximum is only the largest part of the logsumexp
    tl.store(lse_ptr + row, m * 0.6931471805599453 + tl.log(z), mask=query < T)


def flash_fwd(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend from q (B, H, T, D) to k, v (B, Hk, S, D); returns o (B, H, T, D) and lse (B, H, T), float32."""
    (B, H, T, D), (Hk, S) = q.shape, k.shape[1:3]
    # wrong: scale = D**-0.5  # a scale that is given counts
    # wrong: scale = 1 / D if scale is None else scale  # the scale is 1 / sqrt(D)
    # wrong: scale = 1.0 if scale is None else scale  # without a scale given it is 1 / sqrt(D)
    scale = D**-0.5 if scale is None else scale
    # wrong: o = torch.empty_like(q)  # the result is contiguous, whatever the strides of q
    # wrong: o = torch.empty(B, H, T, D, device=q.device)  # the result has the dtype of q
    o = torch.empty(B, H, T, D, dtype=q.dtype, device=q.device)
    # wrong: lse = torch.empty(B, H, T, dtype=q.dtype, device=q.device)  # lse is float32, whatever the dtype of q
    lse = torch.empty(B, H, T, dtype=torch.float32, device=q.device)
    half = q.element_size() == 2
    M, N = (128, 64) if half else (64, 32)
    _flash[(B * H * triton.cdiv(T, M),)](
        q,
        k,
        v,
        o,
        lse,
        *q.stride()[:3],
        *k.stride()[:3],
        *v.stride()[:3],
        H,
        T,
        S,
        scale * math.log2(math.e),
        CAUSAL=causal,
        GROUP=H // Hk,
        D=D,
        M=M,
        N=N,
        num_warps=4 if half and D <= 64 else 8,
        num_stages=3 if half else 2,
    )
    return o, lse
