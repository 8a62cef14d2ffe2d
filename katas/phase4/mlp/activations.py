"""Activations and their derivatives

Without something bent between them, two linear layers are one. What bends is one of a handful of functions;
its derivative is a factor in every backward pass, and two bugs that stop a training run in its first minute
live here: an exponential that overflows, and units whose derivative is 0 everywhere.

Four functions of a number, taken entry by entry. Each returns the value y and the derivative dy/dx.

    relu      y = max(x, 0)
    sigmoid   y = 1 / (1 + exp(-x))
    silu      y = x sigmoid(x)
    gelu      y = x Phi(x)

Phi is the distribution function of the standard normal, Phi(x) = (1 + erf(x / sqrt(2))) / 2; numpy has no
erf, but Python's math module does. Its derivative is the density phi(x) = exp(-x^2 / 2) / sqrt(2 pi).
With approximate=True, gelu is the function that GPT-2 was trained with,

    y = x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))

which is close to the exact one and yet another function, with a derivative of its own. relu has a corner at
0, where we take 0 for its derivative.

x is an array of any shape, of no axis and of size 0 too, with finite entries up to 1e4 in size, and y and
dy/dx have its shape and its dtype, float64 or float32; for an x of shape () numpy's scalars will do. x is not
changed.

In float64 y and dy/dx are exact to 1e-12, relative to the larger of 1 and their own size; in float32 to 1e-5.
Nothing overflows, is divided by 0 or becomes nan on the way: numpy would warn of it, and the tests take
its warnings for errors. An exponential of a very negative number may underflow to 0 without a warning.

Hendrycks & Gimpel 2016 (GELU); Ramachandran et al. 2017 (SiLU, as Swish); Prince 2023, section 3.3.
"""

import math

import numpy as np


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """max(x, 0) and its derivative, which is 0 at 0."""
    raise NotImplementedError


def sigmoid(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 / (1 + exp(-x)) and its derivative."""
    raise NotImplementedError


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x sigmoid(x) and its derivative."""
    raise NotImplementedError


def gelu(x: np.ndarray, approximate: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """x Phi(x), or the form with tanh if `approximate`; and the derivative of the one that was asked for."""
    raise NotImplementedError
