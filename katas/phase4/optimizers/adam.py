"""Adam

Nearly every large model has been trained with Adam or a relative of it. It joins momentum, an average of the
gradients, to RMSProp's scale, an average of their squares. Both averages start at 0 and so are too small at
first, the one of the squares by a factor of 1000; Adam divides that out, and the first step is as long as the
others.

At step t = 1, 2, 3, ..., with m = 0 and v = 0 before the first:

    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    m_hat = m / (1 - beta1^t)
    v_hat = v / (1 - beta2^t)
    p = p - lr m_hat / (sqrt(v_hat) + eps)

entry by entry, where p is a parameter and g its gradient. eps stands outside the root and is added after the
correction.

`bias(beta, t)` is where the corrections come from. Let the average v = beta v + (1 - beta) x start at 0 and
take in t random numbers x, independent and each of mean M. Then v has the mean bias(beta, t) M: return that
factor, a Python float. 0 <= beta < 1 and t >= 1.

`adam(params, grads, state, lr, beta1, beta2, eps)` is one step, as a pure function. It returns (new_params,
new_state), and the training loop hands both to the next step.

params and grads are lists of numpy arrays; lists that are not equally long are a ValueError. grads[i] has
the shape and the dtype (float64 or float32) of params[i]. Shapes differ from one parameter to the next; any
will do, () and sizes of 0 included. Each parameter has averages of its own. new_params is a list with the
same shapes and dtypes; for a parameter of shape () a numpy scalar is as good as an array. The list may be
empty.

state is a dict: {} before the first step of a run, afterwards what the last step returned. state["t"] is the
number of steps taken so far, an int: 1 after the first call, 2 after the second, however many parameters
there are. What else it holds is yours to design. All memory of a run is in there, so that many runs can go on
side by side, and a run that goes on from a copy.deepcopy of its state repeats the original bit for bit.

Nothing that comes in is changed, neither params and grads nor the state and what it holds: a step that is
taken twice from the same state gives the same result twice. Nothing that goes out shares memory with params
or grads: the loop may overwrite those as soon as the step has returned. lr may change from step to step; the
other options stay the same throughout a run, with 0 <= beta1 < 1 and 0 <= beta2 < 1. eps is above 0; it may
be 0 in a run in which the first gradient has no entry of 0.

Kingma and Ba 2015, algorithm 1 and section 3; Prince 2023, section 6.4.
"""

from typing import Any

import numpy as np


def bias(beta: float, t: int) -> float:
    """The share of the mean of x that an average over t of them contains."""
    raise NotImplementedError


def adam(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step: the new parameters and the new state, with its "t"."""
    raise NotImplementedError
