"""Two-layer backprop in numpy

The derivation on paper was for one example and one network. As code it is seven matrix products for a whole
batch, and it trains: this function and a loop around it were how people trained networks before there were
frameworks, and it is still the quickest way to see whether you understand them.

    Z1     = X W1 + b1                                         (n, h)
    A      = max(Z1, 0)                                        (n, h) the hidden layer, a ReLU
    Z2     = A W2 + b2                                         (n, C) the logits
    data   = mean over the n examples of -log softmax(Z2)[t]   natural log
    loss   = data + l2 / 2 * (sum of W1**2 + sum of W2**2)

`params` is a dict of float arrays W1 (d, h), b1 (h,), W2 (h, C), b2 (C,); X is (n, d) with n >= 1, and t (n,)
holds the right classes, integers from 0 to C - 1. The biases are not decayed. The slope of the ReLU at 0 is
0.

`loss_and_grads` returns the loss, a Python float, and a dict with the same keys: the derivatives of the whole
loss, each in the shape and dtype of its parameter. Logits may be in the thousands: nothing warns or gives
nan. Nothing that comes in is changed.

Prince 2023, section 7.5; Stanford's CS231n, assignment 1, 2017.
"""

import numpy as np


def loss_and_grads(
    params: dict[str, np.ndarray], X: np.ndarray, t: np.ndarray, l2: float = 0.0
) -> tuple[float, dict[str, np.ndarray]]:
    """The loss on the batch X (n, d), t (n,), and its gradients, shaped like `params`."""
    raise NotImplementedError
