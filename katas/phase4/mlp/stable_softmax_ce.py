"""Softmax and cross-entropy that survive 1e4

The last kernel of every classifier and language model turns logits x_1 ... x_C into the cost of the right
class t:

    logsumexp(x)      = log sum_j exp(x_j)
    log_softmax(x)_i  = x_i - logsumexp(x)
    loss              = -log_softmax(x)_t

exp(1000) is infinite, and log(softmax(x)) is -inf where softmax underflows; yet all three values above are
small numbers. Adding a constant to every logit of a row changes no loss: use that to keep exp within range,
row by row.

A logit of -inf marks a class that is switched off: its probability is 0, its log-probability -inf. logsumexp
of a row of nothing but -inf is -inf (log_softmax is never called with such a row). No call may warn or give
nan.

`cross_entropy` averages over positions, not over classes: logits (..., C), targets (...) of integers in [0,
C). A position whose target equals `ignore_index` counts nowhere, neither in the sum nor in the number it is
divided by. No position left, or any other target outside [0, C), is a ValueError. Logs are natural. Results
keep the float dtype of the logits, but for the loss, a Python float. Inputs are not changed.

Prince 2023, section 5.5; Blanchard, Higham and Higham 2021.
"""

import numpy as np


def logsumexp(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """log of the sum of exp(x) along `axis`, which is dropped from the shape."""
    raise NotImplementedError


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """x minus its logsumexp along `axis`; same shape and dtype as x."""
    raise NotImplementedError


def cross_entropy(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> float:
    """Mean over the counted positions of -log_softmax(logits)[target]; logits (..., C), targets (...)."""
    raise NotImplementedError


def cross_entropy_grad(logits: np.ndarray, targets: np.ndarray, ignore_index: int = -100) -> np.ndarray:
    """Gradient of `cross_entropy` with respect to the logits (..., C): zero rows at ignored positions."""
    raise NotImplementedError
