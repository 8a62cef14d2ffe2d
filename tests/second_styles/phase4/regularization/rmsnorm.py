"""Einsum for the forward pass; backward a loop over the vectors, with the Jacobian of each as a matrix."""

import torch


def rms_forward(x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    if list(g.shape) != [x.shape[-1]]:
        raise ValueError("g has to be (d,)")
    wide = x.double() if x.dtype == torch.float64 else x.float()
    inverse = torch.rsqrt(torch.einsum("...i,...i->...", wide, wide) / x.shape[-1] + eps)
    return torch.einsum("...i,...,i->...i", wide, inverse, g.to(wide.dtype)).to(x.dtype)


def rms_backward(
    dy: torch.Tensor, x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5
) -> tuple[torch.Tensor, torch.Tensor]:
    if g.shape != (x.shape[-1],) or dy.shape != x.shape:
        raise ValueError("shapes do not fit")
    d = len(g)
    dx, dg = torch.zeros(x.shape, dtype=x.dtype).reshape(-1, d), torch.zeros_like(g)
    for i, (one, upstream) in enumerate(zip(x.reshape(-1, d), dy.reshape(-1, d), strict=True)):
        rms = torch.sqrt(torch.dot(one, one) / d + eps)
        jacobian = torch.eye(d, dtype=x.dtype) / rms - torch.outer(one, one) / (d * rms**3)
        dx[i] = jacobian @ (g * upstream)
        dg += upstream * one / rms
    return dx.reshape(x.shape), dg
