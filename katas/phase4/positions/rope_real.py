"""RoPE in real arithmetic: two layouts

Kernels and exporters dislike complex numbers, so production code turns pairs with cos and sin. And there are
two conventions for which entries make pair j: neighbours, as in Meta's LLaMA code, or halves, as in GPT-NeoX
and Hugging Face. Load weights made for one into code for the other and nothing fails: the model runs, and
talks nonsense, the more the longer the text. It is the classic bug of porting a checkpoint.

With the angle a = p w_j, where p is the position and w_j = base^(-2j/d), j = 0 ... d/2 - 1, pair j becomes

    first  <- first cos a - second sin a
    second <- first sin a + second cos a

    rope_interleaved    first = x[..., 2j]    second = x[..., 2j + 1]
    rope_half           first = x[..., j]     second = x[..., j + d/2]

Each writes the pair back to where it was read.

Shapes: x (..., T, d), result the same. `positions` is an integer tensor: (T,), one for each row whatever the
batch, or (B, T) for x (B, ..., T, d), where every sequence of a batch has its own and all axes between B and
T, such as heads, share them. They need not start at 0, nor grow: a decoder passes the position of its one new
token, left-padded batches pass what they like at the padding, and negative positions turn back.

x is float64, float32, bfloat16 or float16; the result has its dtype, is computed in float32 at least (float64
for float64) and rounded once. Angles are computed in float64 and are right to eight decimals at position 1e5.
Gradients flow to x, inputs stay unchanged, T may be 0. ValueError for a d that is odd or below 2, and for
positions of any other shape, even if they would broadcast.

`interleaved_to_half` converts the weights W (H d, D) of a query or key projection y = W x, where head h owns
the rows h d ... h d + d - 1. It permutes rows within each head, so that the heads of the new y, given to
rope_half, make the same pairs with the same speeds, first and second in their roles, as those of the old y
given to rope_interleaved. Then all scores are the same. The result has the dtype of W, which stays unchanged.
ValueError unless the rows of W make H heads of even width. Complex numbers are not allowed anywhere.

Su et al. 2021, section 3.4.2; Hugging Face's convert_llama_weights_to_hf, 2023.
"""

import torch


def rope_interleaved(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn the pairs (2j, 2j + 1) of each row of x (..., T, d) to its position, (T,) or (B, T)."""
    raise NotImplementedError


def rope_half(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn the pairs (j, j + d/2) of each row of x (..., T, d) to its position, (T,) or (B, T)."""
    raise NotImplementedError


def interleaved_to_half(W: torch.Tensor, H: int) -> torch.Tensor:
    """The rows of W (H d, D), permuted within each of H >= 1 heads for use with rope_half."""
    raise NotImplementedError
