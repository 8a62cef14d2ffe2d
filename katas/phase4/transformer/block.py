"""Pre-norm, post-norm and parallel blocks

A Transformer is one block, repeated. Each has two sublayers, attention and feed-forward, each wrapped into a
residual and a norm, and where the norm stands decides whether fifty of them train at all. Behind the
residual, as in the first Transformers, it rescales the stream in every block, and training needs a careful
warmup. In front of the sublayer it leaves the stream alone: x runs from the first block to the last as a sum
to which each sublayer adds.

    pre-norm     y = x + attn(norm1(x))          result = y + ffn(norm2(y))
    post-norm    y = norm1(x + attn(x))          result = norm2(y + ffn(y))
    parallel     u = norm(x)                     result = x + attn(u) + ffn(u)

x has any shape (..., D); attn, ffn and the norms are functions from such a tensor to one of the same shape
and dtype. Each is called once. Nobody's input may be changed: autograd, and the caller, still need it.
Gradients flow.

`gradient_gain` measures what a deep stack does to a gradient. Apply `block` L times, beginning with x,

    y = block(block(... block(x)))               L times; for L = 0, y = x

and take a direction r of x's shape and dtype: torch.randn with a torch.Generator of seed 0. The gain is |g| /
|r|, where g is the gradient of sum(y * r) with respect to x, and |.| the root of the sum of squares over all
entries. A gain near 1 means that the first block hears what the last one learns. Returns a Python float and
leaves x, its grad and the grads of the block's own parameters as they were; x may require a gradient, or not.

Xiong et al. 2020 (pre- and post-norm); Wang and Komatsuzaki 2021 (parallel); Prince 2023, section 12.4.
"""

from collections.abc import Callable

import torch

Layer = Callable[[torch.Tensor], torch.Tensor]


def pre_norm_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm1: Layer, norm2: Layer) -> torch.Tensor:
    """x (..., D) through a block whose sublayers see a normed stream."""
    raise NotImplementedError


def post_norm_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm1: Layer, norm2: Layer) -> torch.Tensor:
    """x (..., D) through a block that norms the stream behind each residual."""
    raise NotImplementedError


def parallel_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm: Layer) -> torch.Tensor:
    """x (..., D) through a block whose sublayers work side by side on one normed input."""
    raise NotImplementedError


def gradient_gain(block: Layer, x: torch.Tensor, L: int) -> float:
    """|gradient at x| / |r| for the direction r at the output of L blocks."""
    raise NotImplementedError
