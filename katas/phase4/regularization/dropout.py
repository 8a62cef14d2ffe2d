"""Inverted dropout

Switch off a random part of a layer at every step of training, and no unit can rely on a particular other
one: it is as if one trained, all at once, every network that can be cut out of the big one. The switch is
simple to write and simple to get wrong, and nothing crashes when it is: the model is only a little worse.

With p the probability that an entry is *dropped*, in training

    mask[i] = 0 with probability p, else 1 / (1 - p)        for each entry of x, independently of all others
    y = x * mask

The factor 1 / (1 - p) makes up for what is missing: on average y is x, so the layers above see the same scale
whether dropout is on or off. That is what "inverted" means. The original paper multiplied by 1 - p when
the network was used; with the inverted kind using it costs nothing.

`dropout_forward(x, p, rng, train)` returns (y, mask). In training, mask has the shape and the dtype of x
and holds the factor already: each entry is 0 or 1 / (1 - p), and p = 0 gives a mask of ones. Without training
it returns (x, None), x itself or a copy, and draws nothing from rng.

`dropout_backward(dy, mask)` returns the gradient of a loss with respect to x, given dy, its gradient with
respect to y, and the mask of the forward pass. Where the mask is None, nothing was dropped and dy passes as
it is.

x has at least one axis and any sizes, 0 included; its entries are finite, and its dtype is float64, float32
or float16. The results keep it; dy has the shape and dtype of x. x, dy and mask are not changed. All
randomness comes from rng: two generators in the same state give the same mask, and every call draws a new
one. A p outside 0 <= p < 1 is a ValueError, in training or not.

Srivastava et al. 2014; Prince 2023, section 9.3.
"""

import numpy as np


def dropout_forward(
    x: np.ndarray, p: float, rng: np.random.Generator, train: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """y and the scaled mask, both in the shape of x; x and None where train is False."""
    raise NotImplementedError


def dropout_backward(dy: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """dx, in the shape of dy."""
    raise NotImplementedError
