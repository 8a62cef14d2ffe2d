"""Gradient clipping by global norm

One bad batch can produce a gradient a thousand times as long as usual, and one step along it undoes a day of
training. Every pretraining loop therefore looks at the length of the whole gradient before it steps, shortens
it where it is too long, and logs the length: it is the first curve to look at when a run goes wrong.

A model's gradient is a list of arrays, one for each parameter, and None for a parameter that got none. Its
global norm is the length of all of them laid end to end,

    norm = sqrt(sum over all entries g of all arrays of g^2)

None counts as nothing, and an empty list has norm 0. The sum is taken in float64, whatever the arrays are:
float16 gradients of 300 have squares that float16 cannot hold.

`clip(grads, max_norm)` returns (clipped, norm), norm being the one before clipping. Where norm <= max_norm
the arrays come back bit for bit as they were. Where it is longer, every array is multiplied by the one number
max_norm / norm, so that the new global norm is max_norm and the direction is the same. There is no eps in it,
and nothing is ever made longer.

Where norm is inf or nan there is no direction to keep: the gradients come back as they were, with that norm,
and the loop can skip the step.

The list that is returned is as long as `grads` and has None where `grads` had it. Arrays have any shapes,
with sizes of 0 too, and float dtypes (float64, float32, float16), which are kept. Inputs are not changed;
arrays that need no change may be returned themselves or as copies. No warning is given. A max_norm that is
not above 0 is a ValueError, nan included; inf clips nothing.

Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013, algorithm 1.
"""

from collections.abc import Sequence

import numpy as np

Grads = Sequence[np.ndarray | None]


def global_norm(grads: Grads) -> float:
    """The Euclidean length of all entries of all arrays together, summed in float64."""
    raise NotImplementedError


def clip(grads: Grads, max_norm: float) -> tuple[list[np.ndarray | None], float]:
    """The gradients, shortened to max_norm where they are longer, and their norm before that."""
    raise NotImplementedError
