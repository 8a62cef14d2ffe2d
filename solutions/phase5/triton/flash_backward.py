"""P is computed twice and stored never: what the forward pass has left, one number a query, is enough.

Each of the two walks owns what it writes, so nothing is added by atomics and every run gives the same bits. The
price is that scores are computed in both; one walk with atomics for dq would compute them once, and is what
FlashAttention-2 does. Its order of additions then changes from run to run.
"""

# pyright: reportArgumentType=false, reportGeneralTypeIssues=false

import torch
import triton
import triton.language as tl

HINTS = (
    "Write attention_backward once more for a tile of queries and a tile of keys: which of its steps need a whole "
    "row? Only delta does, and it is one sum over do * o.",
    "p is exp(s - lse), at once and right, with no running maximum. Powers of 2 want both times log2(e).",
    "For dk and dv a program keeps two sums of shape (keys, D) and walks along queries; with p as (keys, queries) "
    "no tile has to be turned for the products with do and q.",
    "The first query that sees key j is j - (S - T). Rows without keys have lse = -inf: their p is inf before the "
    "mask, and 0 behind it, if the mask is a choice and not a product.",
)

_LOG2E = tl.constexpr(1.4426950408889634)  # exp2 is what the hardware has


@triton.jit
def _delta(o_ptr, do_ptr, delta_ptr, rows, D: tl.constexpr, M: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * M + tl.arange(0, M)
    at, inside = row[:, None] * D + tl.arange(0, D), (row < rows)[:, None]
    o = tl.load(o_ptr + at, mask=inside, other=0.0).to(tl.float32)
    do = tl.load(do_ptr + at, mask=inside, other=0.0).to(tl.float32)
    # wrong: tl.store(delta_ptr + row, tl.sum(do, 1), mask=row < rows)  # delta sums the products of do and o
    # wrong: tl.store(delta_ptr + row, tl.sum(0.0 * o, 1), mask=row < rows)  # without delta the gradient of the softmax is that of a plain exponential
    # wrong: tl.store(delta_ptr + row, tl.sum(o * do, 1))  # the last program has rows that do not exist
    tl.store(delta_ptr + row, tl.sum(o * do, 1), mask=row < rows)


@triton.jit
def _dkdv(
    do_ptr, q_ptr, k_ptr, v_ptr, lse_ptr, delta_ptr, dk_ptr, dv_ptr, T, S, shift, scale,
    GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """N keys of a head, for which queries come in tiles of M; p is (N, M), so that no tile is transposed."""
    head = tl.program_id(1).to(tl.int64)
    key = tl.program_id(0) * N + tl.arange(0, N)
    own, real = (head * S + key)[:, None] * D + tl.arange(0, D), (key < S)[:, None]
    k = tl.load(k_ptr + own, mask=real, other=0.0)
    v = tl.load(v_ptr + own, mask=real, other=0.0)
    dk, dv = tl.zeros((N, D), tl.float32), tl.zeros((N, D), tl.float32)
    # wrong: first = 0  # queries that see none of the keys are walked over: skip their tiles
    # wrong: first = tl.program_id(0) * N  # query i sees key i + S - T as well: begin where the first key is seen
    first = tl.maximum(tl.program_id(0) * N - shift, 0)  # the first query that sees any of the keys
    # wrong: clear = first  # the first tiles reach over the diagonal and need the mask
    clear = tl.minimum(first + N, T)  # from here on each sees them all
    # wrong: factor = scale  # exp2 counts in powers of 2: scores want log2(e)
    # wrong: factor = _LOG2E  # the scores are scaled
    factor = scale * _LOG2E
    for g in range(GROUP):
        # wrong: row = head * GROUP * T  # each query head of the group has queries of its own
        # wrong: row = (head + g * tl.num_programs(1)) * T  # the query heads that share keys lie side by side
        row = (head * GROUP + g) * T
        for masked in tl.static_range(1, -1, -1):
            for start in range(first if masked else clear, clear if masked else T, M):
                query = start + tl.arange(0, M)
                here = query < T
                at, inside = (row + query)[:, None] * D + tl.arange(0, D), here[:, None]
                q = tl.load(q_ptr + at, mask=inside, other=0.0)
                do = tl.load(do_ptr + at, mask=inside, other=0.0)
                lse = tl.load(lse_ptr + row + query, mask=here, other=0.0)
                delta = tl.load(delta_ptr + row + query, mask=here, other=0.0)
                # wrong: s = tl.dot(k, tl.trans(q)) * factor  # a GPU would cut float32 to ten bits: ask for "ieee"
                s = tl.dot(k, tl.trans(q), input_precision="ieee") * factor
                # wrong: p = tl.exp2(s - lse)  # lse is a natural logarithm, and exp2 counts in powers of 2
                # wrong: p = tl.exp2(s)  # p is divided by its sum, which is what lse is for
                p = tl.exp2(s - lse * _LOG2E)
                if masked:
                    # wrong: p = tl.where(key[:, None] <= query, p, 0.0)  # the last query sees the last key: queries are behind by S - T
                    # wrong: p = tl.where(key[:, None] < query + shift, p, 0.0)  # a query sees the key at its own place
                    # wrong: pass  # what a query does not see has p = 0
                    p = tl.where(key[:, None] <= query + shift, p, 0.0)
                # wrong: dv += tl.dot(p.to(do.dtype), q, input_precision="ieee")  # what reaches the values is do
                # wrong: dv = tl.dot(p.to(do.dtype), do, input_precision="ieee")  # every tile of queries has a share
                dv += tl.dot(p.to(do.dtype), do, input_precision="ieee")
                # wrong: ds = p * tl.dot(v, tl.trans(do), input_precision="ieee")  # the softmax holds the sum of its row at 1: delta is taken off
                # wrong: ds = tl.dot(v, tl.trans(do), input_precision="ieee") - delta  # the slope of the softmax is p
                # wrong: ds = p * (tl.dot(v, tl.trans(do), input_precision="ieee") + delta)  # delta is taken off
                ds = p * (tl.dot(v, tl.trans(do), input_precision="ieee") - delta)
                # wrong: dk += tl.dot(ds.to(q.dtype), do, input_precision="ieee")  # a score is q . k, so what reaches k is q
                dk += tl.dot(ds.to(q.dtype), q, input_precision="ieee")
    # wrong: tl.store(dk_ptr + own, dk, mask=real)  # scores are scaled, and so are their gradients
    # wrong: tl.store(dk_ptr + own, dk * scale * scale, mask=real)  # scale has been applied once already
    # wrong: tl.store(dk_ptr + own, dk * factor, mask=real)  # log2(e) belongs to the power of 2 alone
    tl.store(dk_ptr + own, dk * scale, mask=real)
    # wrong: tl.store(dv_ptr + own, dv * scale, mask=real)  # the values meet no scale
    # wrong: tl.store(dv_ptr + own, dv)  # the last program has keys that do not exist
    tl.store(dv_ptr + own, dv, mask=real)


@triton.jit
def _dq(
    do_ptr, q_ptr, k_ptr, v_ptr, lse_ptr, delta_ptr, dq_ptr, T, S, shift, scale,
    GROUP: tl.constexpr, D: tl.constexpr, M: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """M queries of a head, for which keys come in tiles of N; p is (M, N)."""
    head = tl.program_id(1).to(tl.int64)
    query = tl.program_id(0) * M + tl.arange(0, M)
    row, here = head * T + query, query < T
    own, real = row[:, None] * D + tl.arange(0, D), here[:, None]
    q = tl.load(q_ptr + own, mask=real, other=0.0)
    do = tl.load(do_ptr + own, mask=real, other=0.0)
    lse = tl.load(lse_ptr + row, mask=here, other=0.0)[:, None] * _LOG2E
    delta = tl.load(delta_ptr + row, mask=here, other=0.0)[:, None]
    dq = tl.zeros((M, D), tl.float32)
    # wrong: last = tl.minimum(query, S - 1)[:, None]  # the last query sees the last key
    last = tl.minimum(query + shift, S - 1)[:, None]  # the last key that each query sees
    fewest = tl.program_id(0) * M + shift + 1  # keys that the first query sees, and so the others
    # wrong: clear = tl.maximum(tl.minimum(fewest + M - 1, S), 0) // N * N  # keys that only the later queries of the tile see need the mask
    clear = tl.maximum(tl.minimum(fewest, S), 0) // N * N
    # wrong: end = S  # keys that none of the queries sees are walked over: skip their tiles
    # wrong: end = tl.minimum(fewest, S)  # the later queries of the tile see more keys than the first
    end = tl.minimum(fewest + M - 1, S)
    factor = scale * _LOG2E
    for masked in tl.static_range(2):
        for start in range(clear if masked else 0, end if masked else clear, N):
            key = start + tl.arange(0, N)
            at, inside = (head // GROUP * S + key)[:, None] * D + tl.arange(0, D), (key < S)[:, None]
            k = tl.load(k_ptr + at, mask=inside, other=0.0)
            v = tl.load(v_ptr + at, mask=inside, other=0.0)
            s = tl.dot(q, tl.trans(k), input_precision="ieee") * factor
            p = tl.exp2(s - lse)
            if masked:
                # wrong: p = p * (key <= last)  # where lse is -inf, p is inf, and inf times 0 is nan: choose instead
                # wrong: p = tl.where(key < last, p, 0.0)  # a query sees its last key
                p = tl.where(key <= last, p, 0.0)
            # wrong: ds = p * tl.dot(do, tl.trans(v), input_precision="ieee")  # delta is taken off
            ds = p * (tl.dot(do, tl.trans(v), input_precision="ieee") - delta)
            # wrong: dq += tl.dot(ds.to(k.dtype), v, input_precision="ieee")  # a score is q . k, so what reaches q is k
            dq += tl.dot(ds.to(k.dtype), k, input_precision="ieee")
    # wrong: tl.store(dq_ptr + own, dq, mask=real)  # scores are scaled, and so are their gradients
    tl.store(dq_ptr + own, dq * scale, mask=real)


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
    # wrong: q, k, v, o, lse = (one.contiguous() for one in (q, k, v, o, lse))  # do may be one number expanded
    do, q, k, v, o, lse = (one.contiguous() for one in (do, q, k, v, o, lse))
    (B, H, T, D), (Hk, S) = q.shape, k.shape[1:3]
    delta = torch.empty_like(lse)
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    # wrong: shift = 0 if causal else S  # the last query sees the last key, also where T and S differ
    # wrong: shift = S - T  # without causal every query sees every key
    shift = S - T if causal else S  # query i sees the keys up to i + shift
    # wrong: scale = 1 / D if scale is None else scale  # the default is one over the root of D
    # wrong: scale = D**-0.5  # the caller may choose the scale
    scale = D**-0.5 if scale is None else scale
    # A program owns a large block, and walks in tiles as small as keep the tensor cores busy.
    own, walked, stages = (64, 32, 1) if q.dtype == torch.float32 else (128, 64, 2)
    _delta[(triton.cdiv(B * H * T, 64),)](o, do, delta, B * H * T, D=D, M=64)
    args, options = (
        (do, q, k, v, lse, delta),
        {"GROUP": H // Hk, "D": D, "num_warps": 8, "num_stages": stages},
    )
    _dkdv[(triton.cdiv(S, own), B * Hk)](*args, dk, dv, T, S, shift, scale, M=walked, N=own, **options)
    _dq[(triton.cdiv(T, own), B * H)](*args, dq, T, S, shift, scale, M=own, N=walked, **options)
    # wrong: return dq, dv, dk  # dk comes before dv
    return dq, dk, dv
