"""Tiles in registers, strips in shared memory, bands in the cache: each level reads what the next one has to
read less often. The kernel's text is the same for all of them; sizes are left open, and measured. That the
order of programs is a plain function is worth keeping: it can be tested by counting, without a GPU.
"""

# pyright: reportArgumentType=false, reportCallIssue=false, reportGeneralTypeIssues=false

from typing import Any

import torch
import triton
import triton.language as tl

HINTS = (
    "group_order is division with remainder, twice: which band, and which place in it. How many tiles has a band above, and "
    "how many rows has the last one?",
    "A step of the K loop loads a tile of a and a tile of b and adds their tl.dot to a tile of float32. Lanes beyond K have "
    "to add nothing, so say what they hold.",
    "Rows and columns beyond the result may compute anything, but must neither be loaded nor stored. The activation belongs "
    "behind the loop, ahead of the store.",
    "triton.autotune goes above triton.jit and takes a list of triton.Config and `key`, names of parameters: for new values "
    "of these it measures again. The grid is then a function of the configuration: lambda meta: (..., ).",
)


def group_order(pid: int, num_m: int, num_n: int, group: int) -> tuple[int, int]:
    """The tile of program `pid`, (row, column) among num_m x num_n tiles, in bands of `group` rows."""
    # wrong: first = pid // (group * num_n)  # this is the band's number; its first row of tiles lies `group` times as far down
    # wrong: first = pid // (group * num_m) * group  # a band has `group` rows of num_n tiles each
    first = pid // (group * num_n) * group
    # wrong: place = pid  # places are counted from the band's first tile
    place = pid % (group * num_n)
    # wrong: rows = group  # the last band may have fewer rows: these programs would compute tiles below the result
    # wrong: rows = min(num_m, group)  # what the last band has left is counted from its own first row
    rows = min(num_m - first, group)
    # wrong: return first + place // num_n, place % num_n  # within a band programs go down the columns, not along the rows
    # wrong: return place % rows, place // rows  # every band lies below the one before
    # wrong: return place // rows, first + place % rows  # the row of tiles comes first
    # wrong: return pid // num_n, pid % num_n  # row by row, a few programs at work need all columns of b
    return first + place % rows, place // rows


_group_order = triton.jit(group_order)

# wrong: _sizes = ((64, 64, 32, 4, 4), (128, 128, 64, 4, 4))  # with two configurations there is little to choose from
# wrong: _sizes = ((64, 64, 32, 4, 4), (64, 128, 64, 4, 4), (128, 128, 64, 4, 4), (128, 256, 64, 4, 3))  # 4 warps have no registers for a tile of 128 x 256: it spills to memory
_sizes = (  # BLOCK_M, BLOCK_N, BLOCK_K, num_warps, num_stages
    (64, 64, 32, 4, 4),
    (64, 128, 64, 4, 4),
    (128, 128, 64, 4, 4),
    (128, 256, 64, 8, 3),
    (128, 256, 64, 8, 4),
    (256, 128, 64, 8, 3),
)
_configs = [
    triton.Config({"BLOCK_M": m, "BLOCK_N": n, "BLOCK_K": k, "GROUP": 8}, num_warps=warps, num_stages=stages)
    for m, n, k, warps, stages in _sizes
]
# wrong: _key = []  # the first call would settle the configuration for every size that comes later
# wrong: _key = ["M", "N"]  # the best tile depends on the length of the sum, too
# wrong: _key = ["N", "K"]  # a batch of another size may want another tile
# wrong: _key = ["M", "K"]  # the width of the result matters, too
_key = ["M", "N", "K"]


@triton.autotune(_configs, key=_key)
@triton.jit
def _matmul(
    a_ptr,
    b_ptr,
    c_ptr,
    M,
    N,
    K,
    a_m,
    a_k,
    b_k,
    b_n,
    ACTIVATION: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
    GROUP: tl.constexpr,
):
    # wrong: pm, pn = group_order(tl.program_id(0), tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N), GROUP)  # the interpreter lets a kernel call a plain function, the compiler does not
    # wrong: pm, pn = tl.program_id(0) // tl.cdiv(N, BLOCK_N), tl.program_id(0) % tl.cdiv(N, BLOCK_N)  # this is the order row by row: the grouped one is there and not used
    # wrong: pm, pn = _group_order(tl.program_id(0), tl.cdiv(N, BLOCK_N), tl.cdiv(M, BLOCK_M), GROUP)  # rows and columns of tiles are exchanged
    # wrong: pm, pn = _group_order(tl.program_id(0), M // BLOCK_M, N // BLOCK_N, GROUP)  # the last tiles are rarely full, and count
    # wrong: pm, pn = _group_order(tl.program_id(0), tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N), 1)  # a band of one row is no band: the configuration says how many
    pm, pn = _group_order(tl.program_id(0), tl.cdiv(M, BLOCK_M), tl.cdiv(N, BLOCK_N), GROUP)
    # wrong: m = pm * BLOCK_M + tl.arange(0, BLOCK_M)  # an int32 row number times an int32 stride wraps around at 2**31
    # wrong: m = ((pm * BLOCK_M + tl.arange(0, BLOCK_M)) % M).to(tl.int64)  # rows that wrap around may be loaded, but their store lands in another program's tile
    # wrong: m = (pm + tl.arange(0, BLOCK_M)).to(tl.int64)  # a tile begins where the one above ends: a block further
    m = (pm * BLOCK_M + tl.arange(0, BLOCK_M)).to(tl.int64)
    # wrong: n = pn * BLOCK_N + tl.arange(0, BLOCK_N)  # columns of b can be just as far apart as rows of a
    # wrong: n = ((pn * BLOCK_N + tl.arange(0, BLOCK_N)) % N).to(tl.int64)  # columns that wrap around may be loaded, but their store lands in another program's tile
    # wrong: n = (pn * BLOCK_M + tl.arange(0, BLOCK_N)).to(tl.int64)  # a tile is BLOCK_N columns wide
    n = (pn * BLOCK_N + tl.arange(0, BLOCK_N)).to(tl.int64)
    k = tl.arange(0, BLOCK_K)
    # wrong: a_ptrs = a_ptr + m[:, None] * K + k[None, :]  # a may be transposed, or part of a wider matrix
    # wrong: a_ptrs = a_ptr + m[:, None] * a_k + k[None, :] * a_m  # each axis has its own stride: these are exchanged
    a_ptrs = a_ptr + m[:, None] * a_m + k[None, :] * a_k  # (BLOCK_M, BLOCK_K)
    # wrong: b_ptrs = b_ptr + k[:, None] * N + n[None, :]  # b may be transposed, or part of a wider matrix
    # wrong: b_ptrs = b_ptr + k[:, None] * b_n + n[None, :] * b_k  # each axis has its own stride: these are exchanged
    b_ptrs = b_ptr + k[:, None] * b_k + n[None, :] * b_n  # (BLOCK_K, BLOCK_N)
    total = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    # wrong: for start in range(0, K // BLOCK_K * BLOCK_K, BLOCK_K):  # the last step is rarely full, and counts
    #            a = tl.load(a_ptrs, mask=(m < M)[:, None], other=0.0)
    #            b = tl.load(b_ptrs, mask=(n < N)[None, :], other=0.0)
    #            total = tl.dot(a, b, total, input_precision="ieee")
    #            a_ptrs += BLOCK_K * a_k
    #            b_ptrs += BLOCK_K * b_k
    for start in range(0, K, BLOCK_K):
        # wrong: a = tl.load(a_ptrs, mask=(m < M)[:, None], other=0.0)  # in the last step some lanes lie beyond K
        # wrong: a = tl.load(a_ptrs, mask=(m < M)[:, None] & (k < K)[None, :], other=0.0)  # each step leaves less of K
        # wrong: a = tl.load(a_ptrs, mask=(k < K - start)[None, :], other=0.0)  # the last tile of rows is rarely full
        # wrong: a = tl.load(a_ptrs, mask=(m < M)[:, None] & (k < K - start)[None, :])  # what lanes beyond K hold goes into the sum: say 0
        # wrong: a = tl.load(a_ptrs, mask=(m < M)[:, None] & (k <= K - start)[None, :], other=0.0)  # the last place along K is K - 1
        a = tl.load(a_ptrs, mask=(m < M)[:, None] & (k < K - start)[None, :], other=0.0)
        # wrong: b = tl.load(b_ptrs, mask=(n < N)[None, :], other=0.0)  # in the last step some lanes lie beyond K
        # wrong: b = tl.load(b_ptrs, mask=(k < K - start)[:, None], other=0.0)  # the last tile of columns is rarely full
        # wrong: b = tl.load(b_ptrs, mask=(k < K - start)[:, None] & (n < N)[None, :])  # zero times what lanes beyond K hold may be nan: say 0
        b = tl.load(b_ptrs, mask=(k < K - start)[:, None] & (n < N)[None, :], other=0.0)
        # wrong: total = tl.dot(a, b, total)  # without a word about precision float32 is cut to TF32
        # wrong: total = tl.dot(a, b, input_precision="ieee")  # this forgets the steps before
        # wrong: total = tl.dot(a, b, total, input_precision="ieee").to(a_ptr.dtype.element_ty).to(tl.float32)  # the sum loses digits at every step: it stays in float32
        # wrong: total = tl.dot(a, b, tl.maximum(total, 0.0) if ACTIVATION == "relu" else total, input_precision="ieee")  # the activation waits until the sum is complete
        # wrong: total = tl.dot(a.to(tl.float32), b.to(tl.float32), total, input_precision="ieee")  # tensor cores take half precision as it is, and sum it in float32: do not convert what you load
        # wrong: total = tl.dot(a.to(tl.float16), b.to(tl.float16), total)  # operands keep their dtype: half precision has neither the digits nor the range of the others
        total = tl.dot(a, b, total, input_precision="ieee")
        # wrong: a_ptrs += BLOCK_K  # neighbours along K need not be neighbours in memory
        # wrong: a_ptrs += BLOCK_K * a_m  # a step goes along K, not down the rows
        # wrong: pass  # every step needs the next part of the rows
        a_ptrs += BLOCK_K * a_k
        # wrong: b_ptrs += BLOCK_K * b_n  # a step goes along K, not along the columns
        # wrong: pass  # every step needs the next part of the columns
        b_ptrs += BLOCK_K * b_k
    if ACTIVATION == "relu":
        # wrong: total = tl.minimum(total, 0.0)  # relu keeps what is positive
        # wrong: total = tl.abs(total)  # relu drops what is negative
        total = tl.maximum(total, 0.0)
    if ACTIVATION == "gelu":
        # wrong: total = total.to(c_ptr.dtype.element_ty).to(tl.float32)  # the activation is taken of the sum in float32: round once, at the store
        #        total = 0.5 * total * (1 + tl.erf(total * 0.5**0.5))
        # wrong: total = total / (1 + tl.exp(-1.702 * total))  # that is an approximation
        # wrong: total = 0.5 * total * (1 + tl.erf(total))  # the error function is taken of x / sqrt(2)
        # wrong: total = total * (1 + tl.erf(total * 0.5**0.5))  # half of it: the probability is between 0 and 1
        # wrong: total = 0.5 * (1 + tl.erf(total * 0.5**0.5))  # this is the probability alone: x is a factor
        total = 0.5 * total * (1 + tl.erf(total * 0.5**0.5))
    # wrong: tl.store(c_ptr + m[:, None] * N + n[None, :], total)  # tiles at the edge reach beyond the result
    # wrong: tl.store(c_ptr + m[:, None] * N + n[None, :], total, mask=(m < M)[:, None])  # columns beyond the last one are the next row's first
    # wrong: tl.store(c_ptr + m[:, None] * M + n[None, :], total, mask=(m < M)[:, None] & (n < N)[None, :])  # a row of the result has N entries
    tl.store(c_ptr + m[:, None] * N + n[None, :], total, mask=(m < M)[:, None] & (n < N)[None, :])


def matmul(a: torch.Tensor, b: torch.Tensor, activation: str | None = None) -> torch.Tensor:
    """activation(a @ b), (M, N), for a (M, K) and b (K, N) of any strides, in their dtype."""
    (M, K), N = a.shape, b.shape[1]
    # wrong: out = torch.empty(M, N, device=a.device)  # the result has the dtype of a and b
    # wrong: out = torch.empty(N, M, dtype=a.dtype, device=a.device).T  # the result is contiguous
    out = torch.empty(M, N, dtype=a.dtype, device=a.device)

    def grid(meta: dict[str, int]) -> Any:
        # wrong: return (M // meta["BLOCK_M"] * (N // meta["BLOCK_N"]),)  # the last tiles are rarely full: round up
        # wrong: return (triton.cdiv(M * N, meta["BLOCK_M"] * meta["BLOCK_N"]),)  # tiles are counted along each side: round up both
        # wrong: return (triton.cdiv(M, 64) * triton.cdiv(N, 64),)  # how many tiles there are depends on the configuration
        return (triton.cdiv(M, meta["BLOCK_M"]) * triton.cdiv(N, meta["BLOCK_N"]),)

    # wrong: _matmul[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), None)  # the activation is asked for, and not passed on
    # wrong: _matmul[grid](a, b, out, M, N, K, *a.stride(), *b.stride()[::-1], activation)  # the strides of b are exchanged
    # wrong: _matmul[grid](a, b, out, M, N, K, K, 1, N, 1, activation)  # a and b may be transposed, or parts of wider matrices
    # wrong: _matmul[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), None)  # a second pass over the result costs what the fused one saves
    #        out = out.clamp(min=0) if activation == "relu" else torch.special.ndtr(out) * out if activation else out
    _matmul[grid](a, b, out, M, N, K, *a.stride(), *b.stride(), activation)
    return out
