"""tanh for the sigmoid, masks for np.where, a loop for the vectorised erf, derivatives expanded otherwise."""

import math

import numpy as np


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    positive = np.heaviside(x, 0).astype(x.dtype)
    return positive * x, positive


def sigmoid(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = 0.5 * (1 + np.tanh(0.5 * x))
    return y, y * (1 - y)


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gate = np.empty_like(x)
    gate[x >= 0] = 1 / (1 + np.exp(-x[x >= 0]))
    gate[x < 0] = np.exp(x[x < 0]) / (1 + np.exp(x[x < 0]))
    return x * gate, gate * (1 + x * (1 - gate))


def gelu(x: np.ndarray, approximate: bool = False) -> tuple[np.ndarray, np.ndarray]:
    if approximate:
        gate, slope = sigmoid(math.sqrt(8 / math.pi) * x * (1 + 0.044715 * x * x))
        return x * gate, gate + x * slope * math.sqrt(8 / math.pi) * (1 + 0.134145 * x * x)
    pairs = [
        (math.erfc(-one / math.sqrt(2)) / 2, math.exp(-one * one / 2) / math.sqrt(2 * math.pi))
        for one in x.astype(np.float64).flat
    ]
    gate = np.array([one for one, _ in pairs]).reshape(x.shape)
    slope = np.array([one for _, one in pairs]).reshape(x.shape)
    return (x * gate).astype(x.dtype), (gate + x * slope).astype(x.dtype)
