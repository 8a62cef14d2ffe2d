"""A gate multiplies two things that both come from x: the layer is quadratic where the gate is open, which two matrices with an
activation between them cannot be. Why that helps nobody has shown; Shazeer's paper credits "divine
benevolence".
"""

import torch
import torch.nn.functional as F

HINTS = (
    "F.linear(x, W, b) is x W^T + b for any number of leading axes, and so is x @ W.T + b.",
    "Only one of the two branches of SwiGLU goes through the activation. Which matrix makes it?",
    "Rounding up without floats: the ceiling of a/b is -(-a // b). How many multiples fit, if 8D/3 must be reached?",
)


def ffn_gelu(
    x: torch.Tensor, W1: torch.Tensor, b1: torch.Tensor, W2: torch.Tensor, b2: torch.Tensor
) -> torch.Tensor:
    """The two-matrix layer with an exact GELU; x (..., D) -> (..., D)."""
    # wrong: hidden = F.gelu(x @ W1.T + b1, approximate="tanh")  # the tanh form is an approximation; the exact GELU is asked for
    # wrong: hidden = F.gelu(x @ W1.T) + b1  # the bias is added before the activation
    # wrong: hidden = F.relu(x @ W1.T + b1)  # this is a ReLU
    # wrong: hidden = x @ W1.T + b1  # without its activation the layer is one linear map
    # wrong: hidden = F.gelu(x @ W1.T)  # the first bias is missing
    hidden = F.gelu(x @ W1.T + b1)  # (..., F)
    # wrong: return hidden @ W2.T  # the second bias is missing
    # wrong: return F.gelu(hidden @ W2.T + b2)  # nothing follows the second matrix
    # wrong: return x + hidden @ W2.T + b2  # the residual is added by the block, not here
    return hidden @ W2.T + b2


def swiglu(x: torch.Tensor, W1: torch.Tensor, W3: torch.Tensor, W2: torch.Tensor) -> torch.Tensor:
    """The gated layer: W1 makes the gate, W3 what is gated; x (..., D) -> (..., D)."""
    # wrong: gate = torch.sigmoid(x @ W1.T)  # this is the plain GLU: silu(z) is z times the sigmoid
    # wrong: gate = F.gelu(x @ W1.T)  # this is GEGLU: the gate goes through silu
    # wrong: gate = F.silu(x @ W3.T)  # W1 makes the gate
    #        W3 = W1
    gate = F.silu(x @ W1.T)  # (..., F)
    # wrong: return gate @ W2.T  # the gate has nothing to gate: multiply by x W3^T
    # wrong: return (gate * F.silu(x @ W3.T)) @ W2.T  # only the gate goes through the activation
    # wrong: return (gate + x @ W3.T) @ W2.T  # a gate multiplies
    # wrong: return (gate * (x @ W3.T)) @ W2  # W2 is used as nn.Linear does: y = x W^T
    return (gate * (x @ W3.T)) @ W2.T


def swiglu_hidden(D: int, multiple_of: int = 64) -> int:
    """The smallest multiple of `multiple_of` that is at least 8D/3."""
    # wrong: return 8 * D // (3 * multiple_of) * multiple_of  # this rounds down
    # wrong: return (8 * D // (3 * multiple_of) + 1) * multiple_of  # where it is a multiple already, this goes one too far
    # wrong: return -(-2 * D // (3 * multiple_of)) * multiple_of  # two thirds of 4D, not of D
    # wrong: return -(-4 * D // multiple_of) * multiple_of  # 4D is the width of the layer with two matrices
    # wrong: return round(8 * D / 3 / multiple_of) * multiple_of  # the nearest multiple may be below 8D/3
    # wrong: return -int(-8 * D / (3 * multiple_of) // 1) * multiple_of  # floats lose the last digits of large numbers: stay with integers
    return -(-8 * D // (3 * multiple_of)) * multiple_of
