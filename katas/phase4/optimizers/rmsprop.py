"""AdaGrad and RMSProp

One learning rate for all parameters is a compromise: the gradient of a rare word's embedding and that of a
norm's gain can differ a thousandfold. These two methods measure each entry's gradient against its own
history, so that its scale cancels. AdaGrad adds up all squares and slows down for good; RMSProp forgets
at a steady rate, and its memory of squares lives on as the second moment of Adam.

AdaGrad, with s = 0 before the first step:

    s = s + g^2
    p = p - lr g / (sqrt(s) + eps)

RMSProp, with v = 0 and a = 0 before the first step:

    v = alpha v + (1 - alpha) g^2
    p = p - lr g / (sqrt(v) + eps)                 plain
    a = alpha a + (1 - alpha) g
    p = p - lr g / (sqrt(v - a^2) + eps)           centered

All of this is entry by entry; p is a parameter and g its gradient. In the centered form v - a^2 estimates the
variance of the gradient. It is never negative, but rounding can take it below 0, where the root is nan:
count it as 0 then. The rest follows the conventions of PyTorch: eps stands outside the root, and
nothing makes up for the zeros at the start.

`adagrad(params, grads, state, lr, eps)` and `rmsprop(params, grads, state, lr, alpha, eps, centered)` are one
step each, as pure functions. They return (new_params, new_state), and the training loop hands both to the
next step.

params and grads are lists of numpy arrays; lists that are not equally long are a ValueError. grads[i] has
the shape and the dtype (float64 or float32) of params[i]. Shapes differ from one parameter to the next; any
will do, () and sizes of 0 included. Each parameter has a history of its own. new_params is a list with the
same shapes and dtypes; for a parameter of shape () a numpy scalar is as good as an array. The list may be
empty.

state is a dict: {} before the first step of a run, afterwards what the last step returned. What it holds is
yours to design. All memory of a run is in there, so that many runs can go on side by side.

Nothing that comes in is changed, neither params and grads nor the state and what it holds: a step that is
taken twice from the same state gives the same result twice. Nothing that goes out shares memory with params
or grads: the loop may overwrite those as soon as the step has returned. lr may change from step to step; the
other options stay the same throughout a run, with 0 <= alpha < 1. eps is above 0; it may be 0 in a run in
which no gradient has an entry of 0.

Duchi et al. 2011; Tieleman and Hinton 2012, lecture 6e; Graves 2013, section 4.2 (centered).
"""

from typing import Any

import numpy as np


def adagrad(
    params: list[np.ndarray], grads: list[np.ndarray], state: dict[str, Any], lr: float, eps: float = 1e-10
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step of AdaGrad: the new parameters and the new state."""
    raise NotImplementedError


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
    raise NotImplementedError
