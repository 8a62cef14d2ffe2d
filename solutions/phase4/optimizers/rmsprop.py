"""Multiply every gradient by a thousand and the steps stay the same: what is left of the gradient is its sign and how
unusual it is. Under steady gradients AdaGrad's k-th step is lr / sqrt(k). RMSProp's settle at lr, but the zeros at the start
make the first one lr / sqrt(1 - alpha), ten times too long by default: the flaw that Adam's bias correction mends.
"""

from typing import Any

import numpy as np

HINTS = (
    "The state holds an array or two for each parameter; before the first step they are zeros, and a plain 0 can "
    "stand for an array of zeros.",
    "Go parameter by parameter and make new arrays: first the averages from the state and the gradient, then the new p from them.",
    "The centered form differs in what stands under the root. Keep the second average beside the first and raise "
    "their difference to at least 0 before you take the root; eps is added to the root.",
)


def adagrad(
    params: list[np.ndarray], grads: list[np.ndarray], state: dict[str, Any], lr: float, eps: float = 1e-10
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step of AdaGrad: the new parameters and the new state."""
    sums = state.get("s", [0.0] * len(params))
    new_params, new_sums = [], []
    for p, g, s in zip(params, grads, sums, strict=True):
        # wrong: s = s + abs(g)  # it is squares that add up
        # wrong: s = 0.99 * s + g**2  # AdaGrad forgets nothing: the sum does not fade
        # wrong: s = 0.9 * s + 0.1 * g**2  # this is RMSProp's average; AdaGrad has a sum
        # wrong: s = g**2  # the history counts, not only the newest gradient
        # wrong: s = s + np.sum(g**2)  # each entry has a history of its own
        s = s + g**2
        # wrong: step = g / np.sqrt(s + eps)  # eps stands outside the root
        # wrong: step = g / np.sqrt(s)  # without eps a gradient of 0 at the first step is 0 / 0
        # wrong: step = g / (s + eps)  # the root is missing: a larger gradient now makes a smaller step
        # wrong: step = g * np.sqrt(s)  # large gradients are to be scaled down, not up
        # wrong: step = g / (np.sqrt(np.asarray(s).max(initial=0)) + eps)  # each entry is measured against its own history
        # wrong: step = g / (np.sqrt(s) + 1e-10)  # eps is an argument
        step = g / (np.sqrt(s) + eps)
        # wrong: new_params.append(p + lr * step)  # this climbs: the gradient points uphill
        # wrong: new_params.append(np.subtract(p, lr * step, out=np.asarray(p)))  # the old parameters are not to change
        new_params.append(p - lr * step)
        new_sums.append(s)
    # wrong: return new_params, {}  # the history is lost: the next step is a first one again
    return new_params, {"s": new_sums}


def rmsprop(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    alpha: float = 0.99,
    eps: float = 1e-8,
    centered: bool = False,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step of RMSProp: the new parameters and the new state."""
    averages = state.get("averages", [(0.0, 0.0)] * len(params))
    new_params, new_averages = [], []
    for p, g, (v, a) in zip(params, grads, averages, strict=True):
        # wrong: v = (1 - alpha) * v + alpha * g**2  # alpha is the share of the past that stays
        # wrong: v = alpha * v + g**2  # an average: the new square counts with 1 - alpha
        # wrong: v = v + (1 - alpha) * g**2  # the past has to fade by alpha
        # wrong: v = alpha * v + (1 - alpha) * abs(g)  # the average is of squares
        # wrong: v = 0.99 * v + 0.01 * g**2  # alpha is an argument
        # wrong: v = alpha * v + (1 - alpha) * g**2 if state else g**2  # the first square counts with 1 - alpha, too: the average starts at 0
        # wrong: v = np.add(alpha * v, (1 - alpha) * g**2, out=v) if state else np.multiply(g**2, 1 - alpha, out=np.empty_like(g))  # this overwrites the arrays in the state that came in
        v = alpha * v + (1 - alpha) * g**2
        # wrong: a = alpha * a + (1 - alpha) * g**2  # a is the average of the gradient itself
        # wrong: a = g  # the mean that is taken off is the running one, not the newest gradient
        # wrong: a = alpha * a + (1 - alpha) * g if state else g  # the average of the gradient starts at 0, too
        a = alpha * a + (1 - alpha) * g
        # wrong: square = v  # centered is an argument
        # wrong: square = v - a**2 if centered else v  # rounding can take this below 0, where the root is nan
        # wrong: square = np.maximum(v - v**2, 0) if centered else v  # the square of the mean is taken off, not the mean of the squares again
        # wrong: square = np.maximum(v - a, 0) if centered else v  # a variance is the mean square less the square of the mean
        # wrong: square = abs(v + a**2) if centered else v  # the square of the mean is taken off
        # wrong: square = np.maximum(v - a**2, 0)  # only the centered form takes the mean off
        square = np.maximum(v - a**2, 0) if centered else v
        # wrong: step = g / np.sqrt(square + eps)  # eps stands outside the root
        # wrong: step = g / np.sqrt(square)  # without eps a gradient of 0 at the first step is 0 / 0
        # wrong: step = g / (square + eps)  # the root is missing: the scale of the gradient has to cancel
        # wrong: step = g / (np.sqrt(square / (1 - alpha)) + eps)  # nothing makes up for the zeros at the start here: that is Adam's idea
        # wrong: step = (g - a if centered else g) / (np.sqrt(square) + eps)  # the mean is taken off under the root only: the step still follows g
        # wrong: step = g / (np.sqrt(square) + 1e-8)  # eps is an argument
        step = g / (np.sqrt(square) + eps)
        # wrong: new_params.append(p + lr * step)  # this climbs: the gradient points uphill
        # wrong: new_params.append(np.subtract(p, lr * step, out=np.asarray(p)))  # the old parameters are not to change
        new_params.append(p - lr * step)
        # wrong: new_averages.append((v, 0.0))  # the mean of the gradient has to last as long as that of its square
        # wrong: new_averages.append((square, a))  # what is remembered is the mean of the squares, not what stood under the root
        new_averages.append((v, a))
    # wrong: return new_params, {}  # the history is lost: the next step is a first one again
    return new_params, {"averages": new_averages}
