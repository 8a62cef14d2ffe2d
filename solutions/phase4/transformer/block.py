"""In a pre-norm block the derivative of the result with respect to x is the identity plus something: however bad the
sublayers are, the gradient arrives. A post-norm block multiplies it by the slope of a norm each time. Try
both with 24 blocks, and with sublayers ten times as large.
"""

from collections.abc import Callable

import torch

HINTS = (
    "Write each formula as it stands, one line for each of its halves. The second half of pre- and post-norm builds on y, "
    "not on x.",
    "x + something makes a new tensor, x += something writes into the caller's.",
    "For gradient_gain work on a copy of x that is cut off from its history and requires a gradient; torch.autograd.grad "
    "returns a gradient without leaving it in anybody's .grad.",
)

Layer = Callable[[torch.Tensor], torch.Tensor]


def pre_norm_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm1: Layer, norm2: Layer) -> torch.Tensor:
    """x (..., D) through a block whose sublayers see a normed stream."""
    # wrong: y = norm1(x) + attn(norm1(x))  # the residual is x itself, not the normed x
    # wrong: y = x + norm1(attn(x))  # the norm stands in front of the sublayer
    # wrong: y = x - attn(norm1(x))  # a residual adds
    # wrong: y = attn(norm1(x))  # the residual is missing: x has to be added
    # wrong: x += attn(norm1(x))  # this writes into the caller's tensor
    #        y = x
    y = x + attn(norm1(x))
    # wrong: return x + ffn(norm2(y))  # the second residual adds to y, which has the attention in it
    # wrong: return y + ffn(norm1(y))  # the second sublayer has a norm of its own
    # wrong: return y + ffn(y)  # the feed-forward layer sees a normed stream, too
    # wrong: return y + ffn(norm2(x))  # the feed-forward layer works on y
    # wrong: return norm2(y + ffn(norm2(y)))  # a pre-norm block does not norm its result
    return y + ffn(norm2(y))


def post_norm_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm1: Layer, norm2: Layer) -> torch.Tensor:
    """x (..., D) through a block that norms the stream behind each residual."""
    # wrong: y = x + norm1(attn(x))  # the norm takes the sum, not the sublayer alone
    # wrong: y = norm1(attn(x))  # the residual is missing: x has to be added
    # wrong: y = norm2(x + attn(x))  # norm1 belongs to the attention
    y = norm1(x + attn(x))
    # wrong: return norm2(x + ffn(y))  # the second residual adds to y
    # wrong: return y + ffn(norm2(y))  # the second half is post-norm as well
    # wrong: return y + ffn(y)  # the second norm is missing
    return norm2(y + ffn(y))


def parallel_block(x: torch.Tensor, attn: Layer, ffn: Layer, norm: Layer) -> torch.Tensor:
    """x (..., D) through a block whose sublayers work side by side on one normed input."""
    # wrong: return x + attn(norm(x)) + ffn(norm(x))  # one norm serves both: compute it once
    # wrong: u = x  # the sublayers see the normed x
    u = norm(x)
    # wrong: return x + ffn(u + attn(u))  # side by side: the feed-forward layer does not see the attention's result
    # wrong: return u + attn(u) + ffn(u)  # the residual is x itself, not the normed x
    # wrong: return 2 * x + attn(u) + ffn(u)  # one residual serves both sublayers
    return x + attn(u) + ffn(u)


def gradient_gain(block: Layer, x: torch.Tensor, L: int) -> float:
    """|gradient at x| / |r| for the direction r at the output of L blocks."""
    # wrong: start = x  # a copy cut off from its history leaves the caller's graph and .grad alone
    #        start.requires_grad_()
    start = x.detach().requires_grad_()
    y = start
    # wrong: for _ in range(L - 1):  # the block is applied L times
    #            y = block(y)
    # wrong: for _ in range(L):  # each block works on the result of the one before
    #            y = block(start)
    for _ in range(L):
        y = block(y)
    # wrong: r = torch.ones_like(x)  # the direction is drawn at random with seed 0
    # wrong: r = torch.randn(x.shape, dtype=x.dtype)  # the direction is drawn with a generator of seed 0, so that gains can be compared
    r = torch.randn(x.shape, generator=torch.Generator().manual_seed(0), dtype=x.dtype)
    # wrong: (y * r).sum().backward()  # this adds to the grads of the block's parameters
    #        g = start.grad
    (g,) = torch.autograd.grad((y * r).sum(), start)
    # wrong: return float(g.norm())  # the gain is relative to the size of r
    # wrong: return float(r.norm() / g.norm())  # this is one over the gain
    # wrong: return float((g.norm() / r.norm()) ** 2)  # the root of the sum of squares, not the sum
    return float(g.norm() / r.norm())
