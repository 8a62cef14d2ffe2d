"""With B = 0 the gradient of A is zero at the first step and that of B is not: B moves first, then both. Zeros in both would
be a saddle point that gradient descent never leaves. The cost in training is a few per cent of the layer's; what is
saved are the gradients and optimizer states of W, which are three quarters of the memory with Adam.
"""

import torch
import torch.nn.functional as F
from torch import nn

HINTS = (
    "What has to be saved with a model and is not to be trained is a buffer: look at register_buffer. A tensor that required "
    "gradients needs to be cut off first.",
    "Read the formula from the left: x meets A first and becomes r numbers wide, and only then B. Multiplying A and B with "
    "one another first costs a matrix as large as W.",
    "Dropout touches one of the two terms, so x is needed twice in forward: as it is, and dropped. F.dropout has to be told "
    "whether this is training.",
)


class LoRALinear(nn.Module):
    """The linear layer x W^T + bias, frozen, and a trainable change of W of rank r."""

    W: torch.Tensor
    bias: torch.Tensor | None
    A: nn.Parameter
    B: nn.Parameter

    def __init__(
        self,
        W: torch.Tensor,
        r: int,
        alpha: float,
        generator: torch.Generator,
        bias: torch.Tensor | None = None,
        dropout_p: float = 0.0,
    ) -> None:
        super().__init__()
        d_out, d_in = W.shape
        # wrong: pass  # a rank that no change of W can have is a ValueError
        # wrong: if not 0 <= r <= min(d_out, d_in):  # a change of rank 0 changes nothing, and the scale divides by r
        #            raise ValueError(f"rank {r}")
        # wrong: if not 1 <= r < min(d_out, d_in):  # a change of full rank is allowed
        #            raise ValueError(f"rank {r}")
        # wrong: if not 1 <= r <= max(d_out, d_in):  # the smaller side of W bounds the rank of a change
        #            raise ValueError(f"rank {r}")
        # wrong: if not 1 <= r <= d_in:  # both sides of W bound the rank of a change
        #            raise ValueError(f"rank {r}")
        if not 1 <= r <= min(d_out, d_in):
            raise ValueError(f"a change of a {d_out} x {d_in} matrix cannot have rank {r}")
        # wrong: self.W = nn.Parameter(W)  # W is frozen: this trains all of it
        # wrong: self.register_buffer("W", W)  # a W that requires gradients still gets them: cut it off
        # wrong: self.W = W.detach()  # an attribute like this is neither saved nor moved with the model
        # wrong: self.register_buffer("W", W.requires_grad_(False))  # the tensor that was given is the caller's: this switches its gradients off, too
        self.register_buffer("W", W.detach())
        # wrong: self.register_buffer("bias", bias)  # a bias that requires gradients still gets them: cut it off
        # wrong: self.bias = None if bias is None else nn.Parameter(bias.detach())  # the bias is frozen as W is
        # wrong: self.bias = None if bias is None else bias.detach()  # an attribute like this is neither saved nor moved with the model
        self.register_buffer("bias", None if bias is None else bias.detach())
        # wrong: A = torch.zeros(r, d_in, dtype=W.dtype)  # with zeros in A and B neither ever gets a gradient
        # wrong: A = torch.randn(r, d_in, generator=generator, dtype=W.dtype) / r  # the spread comes from the width of x, not from the rank
        # wrong: A = torch.randn(r, d_in, generator=generator, dtype=W.dtype) / r**0.5  # the spread comes from the width of x, not from the rank
        # wrong: A = torch.randn(r, d_in, generator=generator, dtype=W.dtype) / d_in  # 1/in is the variance; the standard deviation is its root
        # wrong: A = torch.randn(r, d_in, generator=generator, dtype=W.dtype)  # numbers of size 1 make the width of x blow up the change
        # wrong: A = (2 * torch.rand(r, d_in, generator=generator, dtype=W.dtype) - 1) * (3 / d_in) ** 0.5  # normal numbers are asked for, not uniform ones
        # wrong: A = torch.randn(r, d_in, dtype=W.dtype) / d_in**0.5  # all randomness of A comes from the generator
        # wrong: A = torch.randn(r, d_in, generator=generator) / d_in**0.5  # A has the dtype of W
        A = torch.randn(r, d_in, generator=generator, dtype=W.dtype) / d_in**0.5
        self.A = nn.Parameter(A)
        # wrong: self.B = nn.Parameter(torch.randn(d_out, r, generator=generator, dtype=W.dtype) / r**0.5)  # the layer should begin as the one it adapts: B starts at zero
        # wrong: self.B = nn.Parameter(torch.zeros(d_out, r))  # B has the dtype of W
        # wrong: self.register_buffer("B", torch.zeros(d_out, r, dtype=W.dtype))  # B is to be trained: a buffer is not
        self.B = nn.Parameter(torch.zeros(d_out, r, dtype=W.dtype))
        # wrong: self.scale = alpha  # the change is scaled by alpha / r
        # wrong: self.scale = alpha / r**0.5  # this is the scale of rsLoRA; here it is alpha / r
        # wrong: self.scale = r / alpha  # the scale is the other way round
        # wrong: self.scale = alpha / d_in  # alpha is divided by the rank, not by the width
        # wrong: self.scale = alpha // r  # alpha / r need not be whole
        self.scale = alpha / r
        self.dropout_p = dropout_p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """y (..., out) of x (..., in)."""
        # wrong: return F.linear(x, self.merge(), self.bias)  # this builds a matrix as large as W at every step, and forgets dropout
        # wrong: dropped = x = F.dropout(x, self.dropout_p, self.training)  # the frozen path sees x as it is: dropout acts on the other alone
        # wrong: dropped = x  # dropout is missing
        # wrong: dropped = F.dropout(x, self.dropout_p)  # outside training nothing is dropped
        # wrong: dropped = F.dropout(x, 1 - self.dropout_p, self.training)  # dropout_p is the probability of dropping, not of keeping
        # wrong: dropped = F.dropout(torch.ones_like(x[..., :1]), self.dropout_p, self.training) * x  # every entry of x is decided by itself, not a whole row at once
        dropped = F.dropout(x, self.dropout_p, self.training)
        # wrong: change = F.dropout(x @ self.A.T, self.dropout_p, self.training) @ self.B.T  # it is x that is dropped, not what A makes of it
        # wrong: change = F.dropout(x @ self.A.T @ self.B.T, self.dropout_p, self.training)  # it is x that is dropped, not the change of y
        # wrong: change = dropped @ (self.B @ self.A).T  # the product of B and A is as large as W: keep the factors apart
        # wrong: change = dropped.detach() @ self.A.T @ self.B.T  # the gradient of x goes through both paths
        # wrong: change = dropped @ self.A.detach().T @ self.B.T  # A learns, too
        change = dropped @ self.A.T @ self.B.T
        # wrong: return x @ self.W.T + self.scale * change  # the bias is missing
        # wrong: return F.linear(x, self.W, self.bias) + change  # the scale is missing
        # wrong: return self.scale * (F.linear(x, self.W, self.bias) + change)  # the scale belongs to the change, not to the layer
        # wrong: return F.linear(x, self.W, self.bias) - self.scale * change  # the change is added
        # wrong: return self.scale * change  # the frozen layer is missing
        return F.linear(x, self.W, self.bias) + self.scale * change

    def merge(self) -> torch.Tensor:
        """The weights of one layer that does the same: W + (alpha / r) B A, (out, in)."""
        # wrong: self.W += self.scale * (self.B @ self.A).detach()  # a second call adds the change again: leave W as it is
        #        return self.W
        # wrong: return self.W + self.B @ self.A  # the scale is missing
        # wrong: return self.scale * self.B @ self.A  # this is the change alone: W is missing
        # wrong: return self.W + self.scale * (self.A.T @ self.B.T)  # this is the change transposed, which goes unseen as long as in = out
        # wrong: return self.W + self.scale**2 * self.B @ self.A  # the scale counts once
        return self.W + self.scale * self.B @ self.A

    def merged_forward(self, x: torch.Tensor) -> torch.Tensor:
        """y (..., out) of x (..., in) by the merged weights."""
        # wrong: return F.linear(x, self.merge())  # the bias is missing
        # wrong: return self.forward(x)  # in training this drops entries: the merged layer never does
        # wrong: return F.linear(F.dropout(x, self.dropout_p, self.training), self.merge(), self.bias)  # the merged layer drops nothing
        # wrong: return F.linear(x, self.W, self.bias)  # these are the weights before the change
        # wrong: return x @ self.merge() if self.bias is None else x @ self.merge() + self.bias  # weights (out, in) are used transposed
        return F.linear(x, self.merge(), self.bias)
