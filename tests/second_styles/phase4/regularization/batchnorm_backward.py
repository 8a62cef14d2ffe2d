"""Step by step along the graph, one small operation at a time, as in the notes to CS231n."""

from typing import Any

import numpy as np


def bn_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, Any]:
    n, d = x.shape
    if gamma.shape != (d,) or beta.shape != (d,):
        raise ValueError("gamma and beta are (d,)")
    mean = np.sum(x, axis=0) / n
    centred = np.subtract(x, mean)
    std = np.sqrt(np.sum(np.square(centred), axis=0) / n + eps)
    xhat = centred / std
    return xhat * gamma + beta, {"centred": centred, "std": std, "gamma": gamma}


def bn_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    centred, std, gamma = cache["centred"], cache["std"], cache["gamma"]
    if dy.shape != centred.shape:
        raise ValueError("dy has the shape of y")
    n = dy.shape[0]
    dbeta = np.einsum("nd->d", dy)
    dgamma = np.einsum("nd,nd->d", dy, centred / std)
    dxhat = np.einsum("nd,d->nd", dy, gamma)
    dstd = -np.einsum("nd,nd->d", dxhat, centred) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + 2 * centred * dvar / n
    dmean = -dcentred.sum(axis=0)
    dx = np.empty_like(dcentred)
    for row in range(n):
        dx[row] = dcentred[row] + dmean / n
    return dx, dgamma, dbeta
