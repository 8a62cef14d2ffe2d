"""FlashAttention's backward pass, tile by tile

At a context of 32k the weights P of a single head take 2 GB in bfloat16, and a plain backward pass holds two
or three matrices of that size. FlashAttention keeps one number per query and computes P again, tile by tile:
more arithmetic, far less memory, and the reason why long contexts can be trained at all.

For query i and key j of one head

    s_ij = scale * q_i . k_j        lse_i = log sum_j exp(s_ij)
    p_ij = exp(s_ij - lse_i)        o_i   = sum_j p_ij v_j

`flash_bwd(do, q, k, v, o, lse, causal, scale)` takes do, the gradient of a loss with respect to o, and
returns dq, dk, dv, those with respect to q, k and v. q, o and do are (B, H, T, D), k and v are (B, Hk, S, D),
all in one dtype: float32, float16 or bfloat16. lse (B, H, T) is float32, in natural logarithms; o and lse are
what a forward pass has made of q, k and v with the same `causal` and `scale`, where None stands for
1/sqrt(D). dq, dk and dv have shape and dtype of q, k and v. D is 16, 32, 64 or 128. All sizes are at least 1,
T and S may differ, B * H is below 65536. Hk divides H, and query head h belongs to head h // (H / Hk) of keys
and values: several query heads may share one, whose gradients are sums over all of them.

If `causal`, query i sees the keys j <= i + S - T only (the last query sees all), else every query sees every
key. What is not seen has p_ij = 0. A query that sees no key has o_i = 0 and lse_i = -inf: its dq is 0, and it
has no say in dk and dv. Scores may be in the hundreds, of either sign. Nothing that comes out is nan.

The work is done in at most three launches, without atomics:

1. delta_i = sum_c do_ic o_ic for each query, float32: all that the softmax has to know of a whole row, as
   attention_backward shows;
2. dk and dv: a program owns a block of keys, and walks along the queries, of every head that shares them;
3. dq: a program owns a block of queries, and walks along the keys.

2 and 3 may be one launch. What is stored has a single owner, so a second call gives the same bits. A tile has
16 to 128 queries and 16 to 128 keys, and no tensor that a kernel gets has more elements than the largest of q
and k: none is (T, S). If `causal`, tiles in which no query sees any key are skipped, in 2 and in 3.

Products of tiles (`tl.dot`) take operands in the dtype of q, so p and its like are converted to it; their
sums and all other arithmetic are float32, and a result is rounded once, when it is stored. float32 operands
stay as they are (`input_precision="ieee"`): on a GPU tl.dot rounds them to ten bits otherwise.

The inputs may have any strides; do may be one number expanded. `Tensor.contiguous` is allowed, torch computes
nothing else, but may allocate. No input is changed. On an H100 the goal, an estimate so far, is 0.4 of the
speed of torch's flash backend at B=4, H=Hk=16, T=S=4096, D=64 and 128 in bfloat16.

Dao 2023 (FlashAttention-2), algorithm 2; Dao et al. 2022 (FlashAttention), appendix B; Triton's tutorial 06.
"""

import torch
import triton
import triton.language as tl


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
    raise NotImplementedError
