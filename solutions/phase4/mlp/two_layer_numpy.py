"""The gradient of the mean cross-entropy is computed once, and divided by n once, at the logits; everything before is
linear in it. Compare the work: two matrix products forward, three backward, for the input needs no gradient.
Feed this to plain gradient descent, and it learns to tell handwritten digits.
"""

import numpy as np

HINTS = (
    "Write the forward pass and keep what you will need: X, the hidden layer A, the probabilities. Check the loss alone "
    "first.",
    "At the logits the gradient is softmax minus one-hot, divided by n. This is the only place where n appears.",
    "From there two layers of the same kind: what went in, transposed, times what comes back gives the weights; the sum over "
    "the examples gives the bias; times the transposed weights goes on to the left, through the ReLU.",
    "The decay adds its own derivative to W1 and W2. The half in the loss is there to make it simple.",
)


def loss_and_grads(
    params: dict[str, np.ndarray], X: np.ndarray, t: np.ndarray, l2: float = 0.0
) -> tuple[float, dict[str, np.ndarray]]:
    """The loss on the batch X (n, d), t (n,), and its gradients, shaped like `params`."""
    W1, b1, W2, b2 = (params[key] for key in ("W1", "b1", "W2", "b2"))
    n = np.arange(len(X))
    Z1 = X @ W1 + b1  # (n, h)
    # wrong: A = Z1  # the hidden layer needs its ReLU: without it both layers are one
    A = np.maximum(Z1, 0)
    Z2 = A @ W2 + b2  # (n, C)
    # wrong: shifted = Z2  # exp overflows for logits in the thousands: subtract the largest of each row
    # wrong: shifted = Z2 - Z2.max()  # one maximum for the whole batch lets the other rows underflow
    shifted = Z2 - Z2.max(1, keepdims=True)
    # wrong: log_p = shifted - np.log(np.exp(shifted).sum(0))  # classes are along the last axis
    log_p = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    # wrong: loss = -log_p[n, t].mean() + l2 * ((W1**2).sum() + (W2**2).sum())  # the decay has a factor of one half
    # wrong: loss = -log_p[n, t].sum() + l2 / 2 * ((W1**2).sum() + (W2**2).sum())  # the data term is a mean over the examples
    # wrong: loss = -log_p[n, t].mean()  # the decay belongs to the loss
    # wrong: loss = -log_p[n, t].mean() + l2 / 2 * sum((p**2).sum() for p in params.values())  # biases are not decayed
    loss = -log_p[n, t].mean() + l2 / 2 * ((W1**2).sum() + (W2**2).sum())
    dZ2 = np.exp(log_p)
    # wrong: pass  # the one-hot of the right class is missing
    dZ2[n, t] -= 1
    # wrong: pass  # the loss is a mean: its gradient has a 1/n
    # wrong: dZ2 /= len(X) ** 2  # divide by n once
    dZ2 /= len(X)
    dA = dZ2 @ W2.T
    # wrong: dZ1 = dA  # what does not pass the ReLU forward does not pass it backward
    # wrong: dZ1 = dA * (dA > 0)  # the ReLU asks whether its input was positive, not the gradient
    # wrong: dZ1 = dA * (Z1 >= 0)  # at 0 the slope of the ReLU is 0 by convention
    # wrong: dZ1 = dA * A  # the slope of the ReLU is 1 where it lets through
    dZ1 = dA * (Z1 > 0)
    # wrong: grads = {"W1": X.T @ dZ1, "W2": A.T @ dZ2}  # the decay has a gradient, too
    # wrong: grads = {"W1": X.T @ dZ1 + 2 * l2 * W1, "W2": A.T @ dZ2 + 2 * l2 * W2}  # the half in the loss takes care of the 2
    # wrong: grads = {"W1": X.T @ dZ1 + l2 * W1, "W2": Z1.T @ dZ2 + l2 * W2}  # what went into the second layer is A
    # wrong: grads = {"W1": X.T @ dZ1 / len(X) + l2 * W1, "W2": A.T @ dZ2 / len(X) + l2 * W2}  # this divides by n a second time
    grads = {"W1": X.T @ dZ1 + l2 * W1, "W2": A.T @ dZ2 + l2 * W2}
    # wrong: return float(loss), grads | {"b1": dZ1.mean(0), "b2": dZ2.mean(0)}  # the 1/n is in dZ2 already: sum over the examples
    # wrong: return float(loss), grads | {"b1": dZ1.sum(0) + l2 * b1, "b2": dZ2.sum(0) + l2 * b2}  # biases are not decayed
    return float(loss), grads | {"b1": dZ1.sum(0), "b2": dZ2.sum(0)}
