"""Quantiles by bisection, all distances and an argmin, bytes by arithmetic; block after block."""

import math

import numpy as np


def quantile(p: float) -> float:
    low, high = 0.0, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + math.erf(middle / math.sqrt(2))) / 2 < p else (low, middle)
    return low


def nf4_codebook() -> np.ndarray:
    o, half = 0.9677083, 0.4677083
    above = np.array([quantile(o - half * k / 8) for k in reversed(range(8))])
    below = np.array([quantile(o - half * k / 7) for k in range(7)])
    return np.concatenate((-below, [0], above)) / above[-1]


def quantize_nf4(w: np.ndarray, block: int = 64) -> tuple[np.ndarray, np.ndarray]:
    if block <= 0 or not len(w):
        raise ValueError("nothing to do")
    if not all(map(math.isfinite, w)):
        raise ValueError("not finite")
    book, codes, scales = nf4_codebook(), [], []
    for start in range(0, len(w), block):
        part = w[start : start + block].astype(float)
        absmax = np.float32(max(part.max(), -part.min()))
        scales.append(absmax)
        x = part / float(absmax) if absmax else 0 * part
        codes += np.abs(x[:, None] - book).argmin(1).tolist()
    codes += [7] * (len(codes) % 2)
    return np.frombuffer(bytes(16 * a + b for a, b in zip(codes[::2], codes[1::2], strict=True)), np.uint8), (
        np.array(scales)
    )


def dequantize_nf4(codes: np.ndarray, absmax: np.ndarray, n: int, block: int = 64) -> np.ndarray:
    if block <= 0 or codes.shape != ((n + 1) // 2,) or absmax.shape != ((n + block - 1) // block,):
        raise ValueError("codes and scales do not fit")
    book, w = nf4_codebook(), np.empty(n, np.float32)
    for i in range(n):
        byte = int(codes[i // 2])
        w[i] = book[byte % 16 if i % 2 else byte // 16] * absmax[i // block]
    return w
