"""Gradient descent with momentum

Gradient descent forgets each gradient as soon as it has stepped. Momentum remembers: pushes that agree from
step to step add up, pushes that alternate cancel, and a narrow valley is crossed many times faster. The
method has a few lines and circulates in several conventions that do not agree, so a learning rate from one
code base can be ten times too large for another. Here is PyTorch's. With momentum mu and dampening d,

    v = g                         at the first step
    v = mu v + (1 - d) g          at every later step
    p = p - lr v                  heavy ball
    p = p - lr (g + mu v)         Nesterov, with the v of this step

where p is a parameter, g its gradient and v its velocity. The learning rate stands outside v: when it
changes, the very next step has the new one in full. With mu = 0 there is no velocity and dampening has no
effect: p = p - lr g.

`sgd(params, grads, state, lr, ...)` is one step, as a pure function. It returns (new_params, new_state), and
the training loop hands both to the next step.

params and grads are lists of numpy arrays; lists that are not equally long are a ValueError. grads[i] has
the shape and the dtype (float64 or float32) of params[i]. Shapes differ from one parameter to the next; any
will do, () and sizes of 0 included. Each parameter has a velocity of its own. new_params is a list with the
same shapes and dtypes; for a parameter of shape () a numpy scalar is as good as an array. The list may be
empty.

state is a dict: {} before the first step of a run, afterwards what the last step returned. What it holds is
yours to design. All memory of a run is in there, so that many runs can go on side by side.

Nothing that comes in is changed, neither params and grads nor the state and what it holds: a step that is
taken twice from the same state gives the same result twice. Nothing that goes out shares memory with params
or grads: the loop may overwrite those as soon as the step has returned. lr may change from step to step; the
other options stay the same throughout a run, with 0 <= mu < 1 and 0 <= d < 1. Nesterov with mu <= 0 or
with d other than 0 is a ValueError.

`velocity_limit(g, mu, lr)` answers what momentum does to the step size. Let every gradient be the same
number g (of either sign), without dampening: return the number that lr v tends to as the steps go on.

Polyak 1964; Sutskever et al. 2013; PyTorch documentation, torch.optim.SGD; Prince 2023, section 6.3.
"""

from typing import Any

import numpy as np


def sgd(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step: the new parameters and the new state."""
    raise NotImplementedError


def velocity_limit(g: float, mu: float, lr: float) -> float:
    """What lr v tends to when every gradient is g; 0 <= mu < 1."""
    raise NotImplementedError
