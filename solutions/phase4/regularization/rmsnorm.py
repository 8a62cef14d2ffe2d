"""One statistic, so one correction: dx is dxhat less its part along xhat, a projection onto the directions that do not
change the length. Layer norm projects onto those that do not change the mean either. In 16 bits the inputs and the result are
rounded, nothing between: the cost is bandwidth, and a kernel that holds its vector in registers reads and
writes 16 bits all the same.
"""

import torch

HINTS = (
    "Write the forward pass for float64 first. Then ask of every intermediate result in float16: can it overflow, and how many "
    "digits does it keep?",
    "Choose the dtype to compute in from that of x, convert x and g on entry and the result on the way out. Which line is the last that "
    "may touch a 16-bit number before the return?",
    "For dx take the gradient with respect to xhat, with g in it; then there are two ways to an entry of x, directly and "
    "through ms. It is layer norm's formula less the term of the mean.",
    "dg sums over every axis but the last. With no axis in front, x.reshape(-1, d) makes a batch of one.",
)


def rms_forward(x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """y (..., d) in the dtype of x (..., d), from g (d,); in 16 bits by way of float32."""
    _check(g, x)
    # wrong: wide = x  # 300 squared is no float16, and bfloat16 keeps two digits: compute in float32
    # wrong: wide = x.float()  # float64 comes in: float32 would lose half its digits
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    # wrong: wide = wide - wide.mean(-1, keepdim=True)  # no mean is taken off: that is layer norm
    #        ms = wide.pow(2).mean(-1, keepdim=True)
    # wrong: ms = x.pow(2).mean(-1, keepdim=True)  # the square is taken in the dtype of x, and has overflowed before anything widens it
    # wrong: ms = wide.pow(2).sum(-1, keepdim=True)  # a mean of squares, not their sum
    # wrong: ms = wide.var(-1, keepdim=True, correction=0)  # no mean is taken off before squaring: that is layer norm
    # wrong: ms = wide.pow(2).mean(0, keepdim=True)  # every vector has a size of its own, over its features
    # wrong: ms = wide.pow(2).mean(-1)  # the mean has lost its axis: on a square x it meets the features, not its own vector
    # wrong: ms = wide.pow(2).mean()  # every vector has a size of its own
    # wrong: ms = wide.abs().mean(-1, keepdim=True).pow(2)  # the mean of the squares, not the square of a mean
    ms = wide.pow(2).mean(-1, keepdim=True)  # (..., 1)
    # wrong: return (wide / torch.sqrt(ms + eps) * g)  # y has the dtype of x
    # wrong: return (wide / (torch.sqrt(ms) + eps) * g).to(x.dtype)  # eps stands inside the root
    # wrong: return (wide / torch.sqrt(ms + 1e-5) * g).to(x.dtype)  # eps is an argument
    # wrong: return (wide / torch.sqrt(ms) * g).to(x.dtype)  # without eps a vector of zeros gives nan
    # wrong: return (wide / (ms + eps) * g).to(x.dtype)  # divide by the root of the mean square
    # wrong: return (wide / torch.sqrt(ms + eps)).to(x.dtype)  # g is missing from y
    # wrong: return (wide / torch.sqrt(ms + eps)).to(x.dtype) * g.to(x.dtype)  # xhat is rounded, and then the product again: round once
    # wrong: return x / torch.sqrt(ms + eps).to(x.dtype) * g.to(x.dtype)  # only the statistics are in float32: the quotient and the product are, too
    # wrong: return (wide / torch.sqrt(ms + eps)).to(x.dtype) * g  # xhat is rounded before the product, and y may get the dtype of g
    # wrong: return (wide.detach() / torch.sqrt(ms + eps) * g).to(x.dtype)  # autograd has to reach x both ways
    # wrong: return (wide / torch.sqrt(ms.detach() + eps) * g).to(x.dtype)  # ms depends on x, and autograd has to know
    return (wide / torch.sqrt(ms + eps) * g).to(x.dtype)


def rms_backward(
    dy: torch.Tensor, x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor]:
    """dx (..., d) and dg (d,), from dy (..., d), x (..., d) and g (d,)."""
    # wrong: pass  # a g of another shape would be broadcast, in the backward pass as well
    _check(g, x)
    # wrong: pass  # a dy of another shape would be broadcast: refuse it
    # wrong: if dy.shape[-1] != x.shape[-1]:  # dy has a vector for each vector of x
    #            raise ValueError(f"dy has shape {dy.shape}, x {x.shape}")
    # wrong: if dy.numel() != x.numel():  # as many numbers as x is not enough: compare the shapes
    #            raise ValueError(f"dy has shape {dy.shape}, x {x.shape}")
    if dy.shape != x.shape:
        raise ValueError(f"dy has shape {dy.shape}, x {x.shape}")
    # wrong: r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)  # eps is an argument
    # wrong: r = 1 / (x.pow(2).mean(-1, keepdim=True).sqrt() + eps)  # eps stands inside the root
    # wrong: r = torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + eps)  # a mean of squares, not their sum
    r = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)  # (..., 1)
    xhat = x * r
    # wrong: dxhat = dy  # on its way to xhat the gradient passes g
    dxhat = g * dy
    # wrong: dx = r * dxhat  # ms depends on x as well: the part along xhat is missing
    # wrong: dx = r * (dxhat - xhat * (dxhat * xhat).sum(-1, keepdim=True))  # a single feature moves the mean by 1/d only
    # wrong: dx = r * (dxhat + xhat * (dxhat * xhat).mean(-1, keepdim=True))  # a larger ms makes xhat smaller: this way counts negative
    # wrong: dx = r * (dxhat - 2 * xhat * (dxhat * xhat).mean(-1, keepdim=True))  # the 2 of the square is cancelled by the 1/2 of the root
    # wrong: dx = dxhat - xhat * (dxhat * xhat).mean(-1, keepdim=True)  # xhat is x divided by the root, and so is the gradient
    # wrong: dx = g * r * (dy - xhat * (dy * xhat).mean(-1, keepdim=True))  # g changes from feature to feature: it belongs inside the mean
    # wrong: dx = r * (dxhat - dxhat.mean(-1, keepdim=True) - xhat * (dxhat * xhat).mean(-1, keepdim=True))  # no mean was taken off: this is layer norm's
    # wrong: dx = r * (dxhat - xhat * (dxhat * xhat).mean(-1))  # the mean has lost its axis and meets the features, not its own vector
    dx = r * (dxhat - xhat * (dxhat * xhat).mean(-1, keepdim=True))
    # wrong: dg = (dy * xhat).sum(0)  # g serves all batch axes: sum over all of them, be there three or none
    # wrong: dg = (dy * xhat).reshape(-1, len(g)).mean(0)  # the vectors add up: nothing is averaged here
    # wrong: dg = (dy * x).reshape(-1, len(g)).sum(0)  # g multiplies xhat, not x
    # wrong: dg = (dxhat * xhat).reshape(-1, len(g)).sum(0)  # y is linear in g: g itself is not in its gradient
    # wrong: dg = dy * xhat  # g is shared by the batch: its gradient has the shape (d,)
    dg = (dy * xhat).reshape(-1, len(g)).sum(0)
    # wrong: return dg, dx  # the gradients come in the order of the inputs: x, g
    return dx, dg


def _check(g: torch.Tensor, x: torch.Tensor) -> None:
    # wrong: pass  # a g of another shape would be broadcast: refuse it
    # wrong: if g.shape[-1:] != x.shape[-1:]:  # a g with a batch axis is refused as well
    #            raise ValueError(f"g has shape {g.shape}, x {x.shape}")
    if g.shape != x.shape[-1:]:
        raise ValueError(f"g has shape {g.shape}, x {x.shape}")
