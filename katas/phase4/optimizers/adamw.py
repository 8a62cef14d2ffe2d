"""AdamW: weight decay that Adam does not rescale

To pull weights towards 0 one can add wd/2 |p|^2 to the loss, which adds wd p to the gradient. For plain
gradient descent that is the same as shrinking p a little at every step. For Adam it is not: the pull goes
through the division by sqrt(v), so weights with large gradients are hardly decayed at all. AdamW takes the
decay out of the gradient and is what language models are trained with.

Write Adam's step as p = p - lr u, where u = m_hat / (sqrt(v_hat) + eps) comes from the averages, with
beta1, beta2 = betas. With weight decay wd it becomes

    p = (1 - lr wd) p - lr u        adamw: the averages take in g and nothing else
    p = p - lr u                    adam_l2: the averages take in g + wd p in the place of g

where p on the right is the parameter before the step. The decay of adamw goes with lr and shrinks and grows
with its schedule.

`decay_mask` is a list of one bool for each parameter: True where it decays; where False, that parameter takes
a step of Adam without decay, in both functions. None stands for True everywhere. A list that is not as long
as params is a ValueError. The function `decay_mask(shapes)` makes the usual one: parameters of two or more
axes decay (weight matrices, convolution kernels, embeddings), those of fewer do not (biases, the gains
of a norm), whatever their sizes.

`adamw` and `adam_l2` are one step each, as pure functions. They return (new_params, new_state), and the
training loop hands both to the next step. `adam`, imported below, is the reference of the kata before, with
the same conventions; use it as it is, or your own.

params and grads are lists of numpy arrays; lists that are not equally long are a ValueError. grads[i] has
the shape and the dtype (float64 or float32) of params[i]. Shapes differ from one parameter to the next; any
will do, () and sizes of 0 included. Each parameter has averages of its own. new_params is a list with the
same shapes and dtypes; for a parameter of shape () a numpy scalar is as good as an array. The list may be
empty.

state is a dict: {} before the first step of a run, afterwards what the last step returned. What it holds is
yours to design. All memory of a run is in there, so that many runs can go on side by side.

Nothing that comes in is changed, neither params, grads and the mask nor the state and what it holds: a step
that is taken twice from the same state gives the same result twice. Nothing that goes out shares memory with
params or grads: the loop may overwrite those as soon as the step has returned. lr may change from step to
step; the other options stay the same throughout a run. eps is above 0, or 0 where no v can be 0.

Loshchilov and Hutter 2019; Karpathy, nanoGPT, configure_optimizers, 2022; Prince 2023, section 9.1.
"""

from typing import Any

import numpy as np

from solutions.phase4.optimizers.adam import adam


def decay_mask(shapes: list[tuple[int, ...]]) -> list[bool]:
    """For each shape whether a parameter of that shape is to decay."""
    raise NotImplementedError


def adamw(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
    weight_decay: float = 0.1,
    decay_mask: list[bool] | None = None,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step with decoupled decay: the new parameters and the new state."""
    raise NotImplementedError


def adam_l2(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
    weight_decay: float = 0.1,
    decay_mask: list[bool] | None = None,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step with the decay in the gradient: the new parameters and the new state."""
    raise NotImplementedError
