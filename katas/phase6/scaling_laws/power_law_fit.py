"""Fitting a power law with an irreducible loss

Whoever pays for a large run wants to know its loss before it starts, and a handful of small runs can tell:
over many powers of ten the loss falls along a power law in compute, parameters or data. It is a straight
line in log-log, but only once the floor E is subtracted, the loss that no model can beat: with the floor
left in, the curve flattens, and a line through it promises what no run will deliver.

    y = a x^(-k)            a pure power law
    y = E + a x^(-k)        the same above a floor E

`fit_power` returns the a and k that minimise

    sum over i of (log y_i - log(a x_i^(-k)))^2         natural logs

They have a closed form. k is negative where y rises with x.

`fit_power_floor` returns E, a and k. For a given floor E, with 0 <= E < min y, let a(E) and k(E) be what
`fit_power` gives for x and y - E. The floor to return is the one that minimises

    S(E) = sum over i of (log y_i - log(E + a(E) x_i^(-k(E))))^2

that is, the whole law is judged on log y, not on y and not on log(y - E). Find it to within a millionth of
min y or better. In all tests the last points still lie well above the floor; then S falls to a single
minimum, which may be at E = 0, and rises from there. (Where the floor is nearly reached S has more than
one, and no fit can be trusted.)

`extrapolate` takes what either fit returned, (a, k) or (E, a, k), and gives the y of that law at each x, in
the shape of x.

x and y are float64 arrays (n,) of positive numbers, in any order; values of x may repeat and may be as
large as 1e26. Results of the fits are tuples of floats. Inputs are not changed. A ValueError is due in
every function for an x or y that is not positive, and in the fits for x and y of different lengths and for
fewer than two different values of x, three for `fit_power_floor`.

Kaplan et al. 2020, equations 1.1 to 1.3 (without a floor); Henighan et al. 2020, equation 1.1 (with one);
Hestness et al. 2017.
"""

from collections.abc import Sequence

import numpy as np


def fit_power(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(a, k) of y = a x^(-k), by least squares in log y."""
    raise NotImplementedError


def fit_power_floor(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """(E, a, k) of y = E + a x^(-k), with the floor that fits log y best."""
    raise NotImplementedError


def extrapolate(params: Sequence[float], x: np.ndarray) -> np.ndarray:
    """y at each x, from (a, k) or (E, a, k)."""
    raise NotImplementedError
