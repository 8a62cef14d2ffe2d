"""The backward pass needs W_deq for dx, so the 4-bit weights are dequantized twice in a step, layer by layer, and never all at
once: memory is saved for time. Neither gradient of A and B needs them. Training repairs part of what quantization
broke, since the low-rank change sees the model's true outputs, quantization error included.
"""

import numpy as np
import torch

from solutions.phase6.finetuning.absmax_int8 import blockwise

HINTS = (
    "double_quantize is one subtraction and a call of blockwise. To read the codes, each needs its own scale: np.repeat gives "
    "one an entry, and the last block may be short.",
    "Count bits for block1 * block2 weights: that many codes of 4 bits, block2 codes of 8 bits, one scale of 32 bits. Divide.",
    "Name what lies between: low = x A^T (..., r). Then y = x W^T + scale low B^T, and dy reaches low through B; from there it "
    "goes on to A and to x. Two ways lead from y back to x.",
    "The gradients of A and B sum over all batch axes: flatten these into one, and a single matrix product does the sum.",
)


def double_quantize(absmax: np.ndarray, block: int = 256) -> tuple[np.ndarray, np.ndarray, np.float32]:
    """Codes int8 (m,), scales float32 (ceil(m / block),) and the mean of absmax, float32 (m,)."""
    # wrong: mean = np.float32(0)  # without the mean all numbers are positive, and half of the codes go unused
    # wrong: mean = np.float32(np.median(absmax))  # it is the mean that is subtracted
    # wrong: mean = np.float32((absmax.max() + absmax.min()) / 2)  # it is the mean that is subtracted
    # wrong: mean = absmax.mean(dtype=np.float64)  # the mean is a float32
    # wrong: mean = absmax[:block].mean(dtype=np.float32)  # one mean serves all of them, not the first block alone
    mean = np.float32(absmax.mean(dtype=np.float64))
    # wrong: q, scales = blockwise(absmax, block)  # the mean has to go before the codes are made
    # wrong: q, scales = blockwise(mean - absmax, block)  # the mean is subtracted from absmax, not the other way round
    # wrong: q, scales = blockwise(absmax / mean, block)  # the mean is subtracted, it does not divide
    # wrong: q, scales = blockwise(absmax - mean, 256)  # block is an argument
    # wrong: q, scales = blockwise(absmax - mean, len(absmax))  # `block` entries share a scale, not all
    q, scales = blockwise(absmax - mean, block)
    return q, scales, mean


def double_dequantize(q: np.ndarray, scales: np.ndarray, mean: np.float32, block: int = 256) -> np.ndarray:
    """absmax (m,), float32, from the three that `double_quantize` returns."""
    # wrong: pass  # more scales than there are blocks go unnoticed otherwise
    # wrong: if len(scales) != len(q) // block:  # the last block may be short, and has a scale all the same
    #            raise ValueError("scales")
    # wrong: if len(scales) < -(-len(q) // block):  # too many scales do not fit either
    #            raise ValueError("scales")
    if len(scales) != -(-len(q) // block):
        raise ValueError(f"{len(scales)} scales for {len(q)} codes in blocks of {block}")
    # wrong: each = np.repeat(scales, -(-len(q) // len(scales)))[: len(q)]  # blocks are full but for the last: this spreads the codes evenly
    # wrong: each = np.tile(scales, block)[: len(q)]  # neighbours share a scale
    # wrong: each = np.repeat(scales, 256)[: len(q)]  # block is an argument
    # wrong: each = np.repeat(scales[::-1], block)[: len(q)]  # the first scale belongs to the first block
    each = np.repeat(scales, block)[: len(q)]
    # wrong: return q * each  # the mean has to come back
    # wrong: return q * each - mean  # what was subtracted is added again
    # wrong: return (q + mean) * each  # first the scale, then the mean: the other way round from before
    # wrong: return q * each / 127 + mean  # the scale holds the 127 already
    # wrong: return (q * each + mean).astype(np.float64)  # the result is float32
    return q * each + mean


def bits_per_param(block1: int = 64, block2: int | None = 256) -> float:
    """Bits a weight, its share of the scales included; 4.127 with the blocks of the paper."""
    # wrong: pass  # without double quantization each scale has 32 bits
    # wrong: if block2 is None:  # without double quantization each scale has 32 bits, not 8
    #            return 4 + 8 / block1
    # wrong: if block2 is None:  # a scale is shared by block1 weights
    #            return 4 + 32
    if block2 is None:
        return 4 + 32 / block1
    # wrong: return 4 + 32 / block1 + 32 / (block1 * block2)  # a scale that is quantized has 8 bits
    # wrong: return 4 + 8 / block1  # the scales of the scales take up room, too
    # wrong: return 4 + 8 / block1 + 32 / block2  # a scale of scales serves block2 codes, and those block1 weights each
    # wrong: return 4 + 8 / block1 + 8 / (block1 * block2)  # the scales of the scales have 32 bits
    # wrong: return 8 + 8 / block1 + 32 / (block1 * block2)  # a weight has 4 bits
    # wrong: return (4 + 8 / block1 + 32 / (block1 * block2)) / 8  # bits are asked for, not bytes
    # wrong: return 4 * block1 + 8 + 32 / block2  # these are the bits of a block: a weight has its share of them
    return 4 + 8 / block1 + 32 / (block1 * block2)


def qlora_forward(
    x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> torch.Tensor:
    """y (..., out) of x (..., in), W_deq (out, in), A (r, in) and B (out, r)."""
    # wrong: return x @ W_deq.T + x @ A.T @ B.T  # the scale is missing
    # wrong: return scale * (x @ W_deq.T + x @ A.T @ B.T)  # the scale belongs to the change, not to the frozen weights
    # wrong: return x @ W_deq.T  # the change is missing
    # wrong: return scale * (x @ A.T @ B.T)  # the frozen weights are missing
    # wrong: return x @ W_deq + scale * (x @ A.T @ B.T)  # weights (out, in) are used as x W^T
    # wrong: return x @ W_deq.T + scale * (x @ (A.T @ B.T).T)  # this is the change transposed, which goes unseen as long as in = out
    # wrong: return x @ W_deq.T - scale * (x @ A.T @ B.T)  # the change is added
    return x @ W_deq.T + scale * (x @ A.T @ B.T)


def qlora_backward(
    dy: torch.Tensor, x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dx (..., in), dA (r, in) and dB (out, r) from dy (..., out)."""
    # wrong: d_low = dy @ B  # the scale stands on the way back as well
    # wrong: d_low = scale**2 * (dy @ B)  # the scale counts once
    # wrong: d_low = scale * (dy @ W_deq @ A.T)  # the way back to x A^T leads through B, not through W
    d_low = scale * (dy @ B)  # (..., r)
    # wrong: dx = dy @ W_deq  # x is an input of the low-rank path, too
    # wrong: dx = d_low @ A  # x is an input of the frozen weights, too: they get no gradient, but x does
    # wrong: dx = dy @ W_deq + scale * (d_low @ A)  # the scale counts once
    # wrong: dx = scale * (dy @ W_deq) + d_low @ A  # the frozen weights have no scale
    # wrong: dx = dy @ W_deq - d_low @ A  # both ways back add up
    dx = dy @ W_deq + d_low @ A
    # wrong: dA = torch.einsum("...r,...i->ir", d_low, x)  # dA has the shape of A, (r, in)
    # wrong: dA = d_low.reshape(-1, len(A)).T @ x.reshape(-1, A.shape[1]) / max(x[..., 0].numel(), 1)  # nothing is averaged
    # wrong: dA = d_low.T @ x  # more batch axes than one are summed over as well, and fewer do no harm
    # wrong: dA = scale * torch.einsum("...r,...i->ri", d_low, x)  # the scale counts once
    # wrong: dA = torch.zeros_like(A)  # A learns, too
    dA = torch.einsum("...r,...i->ri", d_low, x)
    # wrong: dB = torch.einsum("...o,...r->or", dy, x @ A.T)  # the scale is missing
    # wrong: dB = scale * torch.einsum("...o,...r->ro", dy, x @ A.T)  # dB has the shape of B, (out, r)
    # wrong: dB = scale * torch.einsum("...o,...r->or", dy @ W_deq @ A.T @ B.T, x @ A.T)  # dy reaches B directly
    # wrong: dB = scale * torch.einsum("...o,...r->or", dy, d_low)  # what B is multiplied with is x A^T, not its gradient
    # wrong: dB = scale * torch.einsum("...o,...r->or", dy, x @ A.T) / max(x[..., 0].numel(), 1)  # nothing is averaged
    dB = scale * torch.einsum("...o,...r->or", dy, x @ A.T)
    # wrong: return dx, dB, dA  # the order is dx, dA, dB
    # wrong: return dx, torch.einsum("...o,...i->oi", dy, x), dA, dB  # W is frozen: no gradient of it is wanted, and it would be as large as W
    return dx, dA, dB
