"""Double quantization and the QLoRA linear layer

QLoRA fine-tunes a model of 65 billion weights on one GPU: the weights are frozen in 4 bits, and what learns
is a low-rank change in 16. Gradients pass through the frozen weights all the same. A scale in 32 bits for
every 64 weights would cost another half bit a weight, so the scales are quantized, too.

`double_quantize(absmax, block)` takes the scales absmax, float32 (m,), of m blocks of weights. They are all
positive and much alike, so subtract their mean and quantize what is left to int8, as `blockwise` does it:

    mean = the mean of all absmax, in float32
    q, scales = codes and scales of absmax - mean, where the first `block` entries share a scale, and so on

q is int8 (m,), scales float32 (ceil(m / block),), mean a np.float32. m is at least 1. Equal absmax come out
as they went in, to the last digits.

`double_dequantize(q, scales, mean, block)` is q * scale + mean, float32 (m,). As many scales as m and block
do not ask for are a ValueError.

`bits_per_param(block1, block2)` is what a weight takes up: 4 bits of its code, and its share of an 8-bit code
for each `block1` weights and of a 32-bit scale for each `block2` of these codes. The one mean is not counted.
A block2 of None stands for no double quantization, that is, 32 bits for each block1 weights.

`qlora_forward(x, W_deq, A, B, scale)` is the layer; W_deq are the weights as dequantized:

    y = x W_deq^T + scale (x A^T) B^T

Shapes: x (..., in), W_deq (out, in), A (r, in), B (out, r) give y (..., out); ... is any number of batch
axes, none included, of any size, 0 included. All share one float dtype, float64, float32 or bfloat16.

`qlora_backward(dy, x, W_deq, A, B, scale)` returns

    dx, dA, dB        the gradients with respect to x, A and B of a loss whose gradient at y is dy

each in the shape of what it belongs to. W_deq is frozen and gets none. Nothing is averaged: the positions of
the batch add up. Write the three down; autograd is not used. Results keep the dtype, inputs are not changed.

Dettmers et al. 2023 (QLoRA), section 3, equations 5 and 6.
"""

import numpy as np
import torch

from solutions.phase6.finetuning.absmax_int8 import blockwise  # for your double_quantize


def double_quantize(absmax: np.ndarray, block: int = 256) -> tuple[np.ndarray, np.ndarray, np.float32]:
    """Codes int8 (m,), scales float32 (ceil(m / block),) and the mean of absmax, float32 (m,)."""
    raise NotImplementedError


def double_dequantize(q: np.ndarray, scales: np.ndarray, mean: np.float32, block: int = 256) -> np.ndarray:
    """absmax (m,), float32, from the three that `double_quantize` returns."""
    raise NotImplementedError


def bits_per_param(block1: int = 64, block2: int | None = 256) -> float:
    """Bits a weight, its share of the scales included; 4.127 with the blocks of the paper."""
    raise NotImplementedError


def qlora_forward(
    x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> torch.Tensor:
    """y (..., out) of x (..., in), W_deq (out, in), A (r, in) and B (out, r)."""
    raise NotImplementedError


def qlora_backward(
    dy: torch.Tensor, x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dx (..., in), dA (r, in) and dB (out, r) from dy (..., out)."""
    raise NotImplementedError
