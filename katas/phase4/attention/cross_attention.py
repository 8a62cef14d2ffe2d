"""Cross-attention

Queries may come from one sequence, and keys and values from another. That is how a decoder reads the sentence
it translates, how an image under construction listens to its caption, and how a few latent vectors sum up a
long input: x asks, ctx answers.

    Q = x Wq^T,   K = ctx Wk^T,   V = ctx Wv^T      split into H heads of width dh = D / H
    result = [O_1 ... O_H] Wo^T                     with O_h = sdpa(Q_h, K_h, V_h), scaled by 1/sqrt(dh)

Shapes: x (B, Tq, D) and ctx (B, Tk, Dc) share nothing but the batch. Wk and Wv (D, Dc) bring the context to
the width of the queries; Wq and Wo are (D, D). Weights are used as y = x W^T, heads own rows as in
`split_heads`, the result is (B, Tq, D) and has the dtype of x. H divides D, or a ValueError is raised.

No mask is causal here: the context exists as a whole before the first query is asked, and a query sees
neither x nor the other queries. But contexts of a batch differ in length. `ctx_lengths` (B,) of integers from
0 to Tk says that only the first ctx_lengths[b] tokens of ctx[b] are real. What lies behind them, even numbers
as large as 1e30, has no effect on the result and gets a gradient of zero. None stands for "all are real". A
context of length 0 has nothing to say: the result is 0, and all gradients stay finite. Filling in x is not a
matter of this function.

`sdpa`, `padding`, `split_heads` and `merge_heads` are at hand, imported below.

Vaswani et al. 2017, section 3.2.3; Prince 2023, section 12.8.
"""

import torch

from solutions.phase4.attention.masks import padding  # for your cross_attention
from solutions.phase4.attention.multi_head import merge_heads, split_heads
from solutions.phase4.attention.sdpa import sdpa


def cross_attention(
    x: torch.Tensor,
    ctx: torch.Tensor,
    Wq: torch.Tensor,
    Wk: torch.Tensor,
    Wv: torch.Tensor,
    Wo: torch.Tensor,
    H: int,
    ctx_lengths: torch.Tensor | None = None,
) -> torch.Tensor:
    """Attend from x (B, Tq, D) to the first ctx_lengths[b] tokens of ctx (B, Tk, Dc); returns (B, Tq, D)."""
    raise NotImplementedError
