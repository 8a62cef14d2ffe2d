"""One example at a time, in loops, and the softmax by logaddexp."""

import numpy as np


def loss_and_grads(
    params: dict[str, np.ndarray], X: np.ndarray, t: np.ndarray, l2: float = 0.0
) -> tuple[float, dict[str, np.ndarray]]:
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    grads = {"W1": l2 * W1, "b1": np.zeros_like(b1), "W2": l2 * W2, "b2": np.zeros_like(b2)}
    loss = l2 * (np.vdot(W1, W1) + np.vdot(W2, W2)) / 2
    for x, right in zip(X, t, strict=True):
        z = W1.T @ x + b1
        logits = W2.T @ np.where(z > 0, z, 0) + b2
        log_total = np.logaddexp.reduce(logits)
        loss += (log_total - logits[right]) / len(X)
        arriving = np.exp(logits - log_total)
        arriving[right] -= 1
        arriving = (arriving / len(X)).astype(W1.dtype)
        hidden = np.where(z > 0, W2 @ arriving, 0)
        grads["W2"] = grads["W2"] + np.outer(np.where(z > 0, z, 0), arriving)
        grads["b2"] = grads["b2"] + arriving
        grads["W1"] = grads["W1"] + np.outer(x, hidden)
        grads["b1"] = grads["b1"] + hidden
    return float(loss), {key: grad.astype(params[key].dtype) for key, grad in grads.items()}
