"""Feed-forward layers: GELU and SwiGLU

Attention moves information between positions; the feed-forward layer works on each position by itself, and
holds two thirds of a Transformer's parameters. GPT-2 uses two matrices with a GELU between them. LLaMA and
most models since use three: one branch is a gate that decides, entry by entry, how much of the other gets
through.

    ffn_gelu    gelu(x W1^T + b1) W2^T + b2              gelu(z) = z Phi(z), Phi the exact normal distribution
    swiglu      (silu(x W1^T) * (x W3^T)) W2^T           silu(z) = z / (1 + exp(-z))

where * is entry by entry, and `swiglu` has no biases.

Weights are used as `nn.Linear` uses them, y = x W^T. Shapes: x (..., D) with any number of leading axes, W1
and W3 (F, D), W2 (D, F), b1 (F,), b2 (D,); the result is (..., D). x and the weights share one float dtype,
which the result keeps. torch's own activations may be used; mind that its gelu has an approximate form, too.
Inputs are not changed.

Three matrices cost more than two. With F = 4D the GELU layer has 8 D^2 weights (biases aside); to have as
many, SwiGLU takes F = 8D/3. Since hardware likes round numbers, `swiglu_hidden` gives the smallest multiple
of `multiple_of` that is not below 8D/3. It is exact for any size of D. D and multiple_of are at least 1.

Hendrycks and Gimpel 2016 (GELU); Shazeer 2020 (SwiGLU); Touvron et al. 2023 (LLaMA).
"""

import torch


def ffn_gelu(
    x: torch.Tensor, W1: torch.Tensor, b1: torch.Tensor, W2: torch.Tensor, b2: torch.Tensor
) -> torch.Tensor:
    """The two-matrix layer with an exact GELU; x (..., D) -> (..., D)."""
    raise NotImplementedError


def swiglu(x: torch.Tensor, W1: torch.Tensor, W3: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
    """The gated layer: W1 makes the gate, W3 what is gated; x (..., D) -> (..., D)."""
    raise NotImplementedError


def swiglu_hidden(D: int, multiple_of: int = 64) -> int:
    """The smallest multiple of `multiple_of` that is at least 8D/3."""
    raise NotImplementedError
