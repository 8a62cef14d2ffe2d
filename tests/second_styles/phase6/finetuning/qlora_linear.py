"""Block by block, and one matrix [W, B] that meets [x, scale x A^T]: both paths in one product."""

import numpy as np
import torch


def double_quantize(absmax: np.ndarray, block: int = 256) -> tuple[np.ndarray, np.ndarray, np.float32]:
    mean = np.mean(absmax)
    codes, scales = [], []
    for start in range(0, len(absmax), block):
        away = absmax[start : start + block].astype(np.float64) - np.float64(mean)
        step = np.float32(max(away.max(), -away.min()) / 127) or np.float32(1)
        scales.append(step)
        codes.append(np.rint(away / step).clip(-127, 127))
    return np.concatenate(codes).astype(np.int8), np.array(scales), np.float32(mean)


def double_dequantize(q: np.ndarray, scales: np.ndarray, mean: np.float32, block: int = 256) -> np.ndarray:
    if len(scales) != (len(q) + block - 1) // block:
        raise ValueError("scales")
    return np.array([float(q[i]) * scales[i // block] + mean for i in range(len(q))], np.float32)


def bits_per_param(block1: int = 64, block2: int | None = 256) -> float:
    if block2 is None:
        return (4 * block1 + 32) / block1
    weights = block1 * block2
    return (4 * weights + 8 * block2 + 32) / weights


def qlora_forward(
    x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> torch.Tensor:
    both = torch.cat((x, torch.nn.functional.linear(x, scale * A)), -1)  # (..., in + r)
    return torch.nn.functional.linear(both, torch.cat((W_deq, B), 1))


def qlora_backward(
    dy: torch.Tensor, x: torch.Tensor, W_deq: torch.Tensor, A: torch.Tensor, B: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows, d_rows = x.reshape(-1, A.shape[1]), dy.reshape(-1, B.shape[0])
    low = rows @ A.mT  # (n, r)
    dx = torch.einsum("no,oi->ni", d_rows, W_deq)
    dx = dx + torch.einsum("no,or,ri->ni", d_rows, B, A) * scale
    return dx.reshape(x.shape), (scale * rows.mT @ d_rows @ B).mT, (low.mT @ (d_rows * scale)).mT
