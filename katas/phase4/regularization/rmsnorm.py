"""RMS norm, mixed precision included

LLaMA and most models since have dropped half of layer norm: no mean is taken off and nothing is added. Only
the size of a vector is normalised, which trains as well and costs less. The norm is also where a model in 16
bits is most easily ruined: the square of 300 is no float16, and a sum of many squares in bfloat16 has two
digits. So the statistics are computed in float32, whatever goes in.

For each vector along the last axis of x (..., d)

    ms   = sum of x^2 / d
    xhat = x / sqrt(ms + eps)
    y    = g xhat

with g (d,), one entry for each feature. The axes in front, the ..., are any number of batch axes, or none.

`rms_forward` takes an x of float64, float32, bfloat16 or float16, and gives y the dtype of x. An x in 16 bits
is turned into float32 first; everything up to and including the product with g is computed in float32, and
then rounded once. In LLaMA's first code xhat is rounded before the product and y after it: that is one
rounding too many here. g has the dtype of x, or is float32 where x is in 16 bits, as the master copy of a
weight is. Autograd can differentiate y with respect to x and g.

Some number L, the loss, depends on y. Given dy, the gradient of L with respect to y, and the x, g and eps of
the forward pass, `rms_backward` returns

    dx, dg    the gradients of L with respect to x and g

each in the shape of what it belongs to, derived by hand: autograd is not used. ms depends on x, and dx takes
that into account. g serves every vector of the batch. Nothing is averaged beyond what the formulas say. Here
dy, x and g share one dtype, float64 or float32, which the results keep.

A batch axis may have size 0, and dg is then zeros; d is at least 1. g may be 0 or negative. A vector of zeros
becomes zeros, and its gradients are finite. No input is changed.

Shapes that do not fit are a ValueError: a g that is not (d,), and a dy that has not the shape of x. torch
would broadcast some of them.

Zhang & Sennrich 2019, Root Mean Square Layer Normalization; Stanford CS336, assignment 1, 2025.
"""

import torch


def rms_forward(x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """y (..., d) in the dtype of x (..., d), from g (d,); in 16 bits by way of float32."""
    raise NotImplementedError


def rms_backward(
    dy: torch.Tensor, x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor]:
    """dx (..., d) and dg (d,), from dy (..., d), x (..., d) and g (d,)."""
    raise NotImplementedError
