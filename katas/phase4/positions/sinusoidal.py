"""Sinusoidal encodings

Attention sees a set: shuffle the tokens and its answers are shuffled with them. A model of language needs the
order, so the first transformer added to every token a vector that says where it stands: a clock with d/2
hands, one quick, one very slow, and all speeds between.

Position t has, for each pair i = 0 ... d/2 - 1, the angle t w_i in radians, which fills two columns side by
side:

    w_i           = base^(-2i/d)
    PE[t, 2i]     = sin(t w_i)
    PE[t, 2i + 1] = cos(t w_i)

The wavelengths run from 2 pi to almost 2 pi base. t counts from 0.

What makes this code worth having: a shift by k positions is one linear map M_k, wherever it starts,

    M_k @ PE[t] = PE[t + k]    for every t,

and it changes no length, so that the dot product of two positions depends on their distance alone. Hold on to
that thought: moved from the inputs into the dot product of query and key, it becomes RoPE.

d is even and at least 2, otherwise all three functions raise ValueError; base > 1; T >= 0; k is any integer,
negative ones too. Arrays are float64 and right to ten digits, for positions in the thousands as well. The
formula for PE holds for negative t as well, where no row is stored.

Vaswani et al. 2017, section 3.5.
"""

import numpy as np


def sinusoidal(T: int, d: int, base: float = 10000.0) -> np.ndarray:
    """The encodings PE (T, d) of the positions 0 ... T - 1."""
    raise NotImplementedError


def shift_matrix(k: int, d: int, base: float = 10000.0) -> np.ndarray:
    """The one matrix M (d, d) with M @ PE[t] = PE[t + k] for every t."""
    raise NotImplementedError


def dot_kernel(k: int, d: int, base: float = 10000.0) -> float:
    """The dot product of PE[t] and PE[t + k], which is the same for every t; a Python float."""
    raise NotImplementedError
