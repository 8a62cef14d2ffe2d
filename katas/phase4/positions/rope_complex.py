"""RoPE as complex rotation

The sinusoidal code is added to a token's vector once, at the bottom, and mixes with what the token says.
Rotary position embedding puts the position where it is used, into the dot product of query and key, and into
the angle alone, so that lengths stay what they are. Nearly every open language model since LLaMA does this.

Read a vector of even width d as d/2 complex numbers, each made of two neighbours: z_j = x[2j] + i x[2j + 1].
At position t, counted from 0, pair j is turned by the angle t w_j:

    w_j   = base^(-2j/d)            j = 0 ... d/2 - 1
    cis   = exp(i t w_j)            entry [t, j] of the table
    z_j  <- z_j exp(i t w_j)        the same direction for queries and for keys

The score of a query turned to position m and a key turned to position n is their dot product as real vectors.
It depends on m - n alone.

Shapes: cis (T, d/2), complex128; x (..., T, d) with any number of batch axes, often (batch, heads, T, d), and
x[..., s, :] is turned by row s of cis. A slice of a longer table does as well: cis[7:8] is what a decoder
needs for its eighth token. T may be 0. x is float64, float32, bfloat16 or float16, in any memory layout
(transposed, a slice, beginning anywhere); the result has its dtype, is computed in float32 at least (float64
for float64) and rounded once. Gradients flow to x. Inputs stay unchanged.

Angles reach 1e5 and more, and float32 knows such a number to two decimals only: compute them in float64, and
the table is right to eight decimals even there. So is rope_score for q and k of size 1; it computes in
float64, whatever their dtype, for positions m, n >= 0.

ValueError for a d that is odd or below 2, and by apply_rope when cis is not of shape (T, d/2) for the T and d
of x, even if the shapes would broadcast.

Su et al. 2021, section 3.2; the pairing is that of the LLaMA reference code, 2023.
"""

import torch


def freqs_cis(d: int, T: int, base: float = 10000.0) -> torch.Tensor:
    """The table exp(i t w_j), complex128 (T, d/2), for the positions 0 ... T - 1."""
    raise NotImplementedError


def apply_rope(x: torch.Tensor, cis: torch.Tensor) -> torch.Tensor:
    """Turn each row of x (..., T, d) by its row of cis (T, d/2); returns (..., T, d) in the dtype of x."""
    raise NotImplementedError


def rope_score(q: torch.Tensor, k: torch.Tensor, m: int, n: int, base: float = 10000.0) -> float:
    """The dot product of q (d,) turned to position m and k (d,) turned to position n; a Python float."""
    raise NotImplementedError
