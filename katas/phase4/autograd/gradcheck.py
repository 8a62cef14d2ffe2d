"""A gradient checker you can trust

A wrong backward pass does not crash. The model still learns, a little worse, and the fault is looked for
everywhere else. What finds it within a second is to move each entry of x a little and see what f makes of it:

    n_i = (f(x + eps e_i) - f(x - eps e_i)) / (2 eps)        e_i is 1 at entry i and 0 elsewhere

`numerical_grad` returns n for an array x of any shape, also () and shapes without entries, and a function f
that makes a number of such an array. n is float64 and has the shape of x. A difference of close numbers needs
all their digits: f is called with float64 arrays of the shape of x, whatever float or integer dtype x has.
Each call gets an array of its own, which f may change or keep, and in which all entries but the one in
question are those of x to the last bit. x itself is never changed. What f raises passes through. eps is the
step as it stands, not in proportion to x.

`gradcheck` says whether `grad`, as a backward pass computed it at x, is right. At every entry

    |grad - n| <= atol + rtol * max(|grad|, |n|)

has to hold, and both numbers have to be finite; mind how comparisons treat nan and inf. A grad of another
shape than x is wrong, even if it would broadcast. If x has no entries, a grad of its shape is right.

`best_step` answers which eps to take. Two errors add up: what a difference leaves out of Taylor's series,
about h^order (order 1 for forward differences, (f(x + h) - f(x)) / h, order 2 for central ones), and the
rounding of f, about eps_mach / h with eps_mach = 2^-52, which grows as h shrinks. The best h, up to constant
factors, is the one at which the two are equal:

    h^order = eps_mach / h

eps is positive, order at least 1.

Nocedal and Wright 2006, section 8.1; Stanford's CS231n, notes on gradient checks, 2016.
"""

from collections.abc import Callable

import numpy as np


def numerical_grad(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Central differences of f at x, entry by entry; float64, in the shape of x."""
    raise NotImplementedError


def gradcheck(
    f: Callable[[np.ndarray], float],
    grad: np.ndarray,
    x: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    eps: float = 1e-6,
) -> bool:
    """Whether `grad` agrees at every entry with the central differences of f at x."""
    raise NotImplementedError


def best_step(order: int) -> float:
    """The step at which an error of h^order equals the rounding error eps_mach / h."""
    raise NotImplementedError
