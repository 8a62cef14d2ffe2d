"""FlashAttention-2, the forward pass

Attention by torch's separate operations writes the scores of T queries and S keys to memory, reads them back
for the softmax, and once more for the average of the values: at 16k tokens a head has 268 million of them. A
kernel that keeps a running softmax needs none of them in memory, and attention becomes several times
faster, at any length: the step that made long contexts affordable.

For each of B * H heads, with q (T, D), k and v (S, D):

    s[i, j] = scale * sum_d q[i, d] * k[j, d]
    lse[i]  = log sum_j exp(s[i, j])              natural logarithm
    o[i]    = sum_j exp(s[i, j] - lse[i]) * v[j]

where j runs over the keys that query i sees: all of them, or with `causal` those with j <= i + S - T. The
last query sees all keys then, as it should when the first keys come from a cache. A query that sees no key
(T > S) has o = 0 and lse = -inf.

`flash_fwd(q, k, v, causal, scale)` takes q (B, H, T, D), k and v (B, Hk, S, D), of one dtype: float32,
float16 or bfloat16. It returns o (B, H, T, D) in that dtype and lse (B, H, T), always float32, which the
backward pass needs; both are contiguous. Query heads share heads of k and v where Hk < H: H is a multiple of
Hk, and query head h uses head h // (H // Hk). `scale` is above 0, by default 1 / sqrt(D). D is 16, 32, 64 or
128; all sizes are at least 1 and need not be multiples of anything. All inputs are finite.

Along D the numbers of q, k and v are neighbours in memory; the other axes have any strides, each tensor its
own, and all are read where they are. Batch entries and heads may be so far apart that offsets pass 2**31 - 1
elements; within a head they do not. No input is changed.

A program takes a block of at most 128 queries of a head and walks once along its keys, in blocks of at most
128. For each query it keeps the largest score so far, m, the sum z of exp(s - m), and the sum of
exp(s - m) * v; where a block of keys brings a larger maximum m', both sums are first multiplied by
exp(m - m'). Only at the end is one divided by the other. A GPU computes powers of 2 faster than of e: scale
and log2(e) can be one factor.

- Scores, exponentials and sums are float32, whatever the dtype. Both products are tl.dot, of operands that
  have the dtype of q (so exp(s - m) is rounded to it), summed in float32: these run on tensor cores. float32
  is multiplied in full, which takes input_precision="ieee"; tl.dot would use TF32 by itself.
- A block of keys that no query of the program sees is not loaded. Masks cost time, too, in blocks where every
  query sees every key: a second loop without them is worthwhile, though no test asks for it.
- In 16 bits, k and v are loaded at most once for every 64 queries, begun ones counted as whole.
- One kernel is launched. torch computes nothing, and allocates nothing but o, lse and, if need be, as many
  numbers as lse has. Compiled for an H100 (sm_90), the kernel uses the tensor cores in float16 with D = 64
  and keeps all numbers in registers; a test asks the compiler, without a GPU.

Write the kernel above the function.

Dao 2023, algorithm 1; Milakov and Gimelshein 2018; Triton's tutorial 06.
"""

import torch
import triton
import triton.language as tl


def flash_fwd(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, causal: bool = False, scale: float | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attend from q (B, H, T, D) to k, v (B, Hk, S, D); returns o (B, H, T, D) and lse (B, H, T), float32."""
    raise NotImplementedError
