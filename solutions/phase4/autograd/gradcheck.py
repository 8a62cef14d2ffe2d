"""A check like this costs two forward passes an entry, a backward pass costs two in all: that ratio is why
backpropagation exists, and why the slow way is kept for testing. With steps near 6e-6 central differences agree
with a right gradient to about ten digits; forward differences, at their best step of 1.5e-8, to about eight.
"""

from collections.abc import Callable

import numpy as np

HINTS = (
    "np.ndindex(x.shape) walks through the entries of an array of any shape, and an array takes its tuples as index: "
    "there is no need to flatten anything.",
    "Let f have two fresh float64 copies of x for each entry: then nothing needs to be put back, whatever f does or raises.",
    "In gradcheck settle the shapes and the finiteness first. nan makes every comparison False, `>` as well as `<=`; an "
    "infinite gradient makes the tolerance infinite.",
    "Solve h^order = eps_mach / h for h: multiply by h and take a root.",
)


def numerical_grad(f: Callable[[np.ndarray], float], x: np.ndarray, eps: float = 1e-6) -> np.ndarray:
    """Central differences of f at x, entry by entry; float64, in the shape of x."""
    # wrong: pass  # a float32 cannot move by 1e-6 without a rounding error as large: differences need float64
    x = x.astype(np.float64)
    grad = np.empty_like(x)
    # wrong: for index in np.ndindex(x.shape):  # an entry has to be put back before the next one moves
    #            x[index] += eps
    #            above = f(x)
    #            x[index] -= 2 * eps
    #            grad[index] = (above - f(x)) / (2 * eps)
    # wrong: for index in np.ndindex(x.shape):  # adding and subtracting eps does not give back the last bit: keep the old number
    #            x[index] += eps
    #            above = f(x.copy())
    #            x[index] -= 2 * eps
    #            grad[index] = (above - f(x.copy())) / (2 * eps)
    #            x[index] += eps
    # wrong: for index in np.ndindex(x.shape):  # each call of f gets an array of its own: f may keep it, or change it
    #            old = x[index]
    #            x[index] = old + eps
    #            above = f(x)
    #            x[index] = old - eps
    #            grad[index] = (above - f(x)) / (2 * eps)
    #            x[index] = old
    for index in np.ndindex(x.shape):
        # wrong: above, below = x, x  # these are two names of one array: what is done to one happens to the other
        above, below = x.copy(), x.copy()
        # wrong: above.flatten()[:1] += eps  # flatten copies: the array that f sees has not moved
        # wrong: above[index] += eps * max(1.0, abs(x[index]))  # the step is eps as it stands, not in proportion to x
        above[index] += eps
        # wrong: below -= eps  # only the entry in question moves
        below[index] -= eps
        # wrong: grad[index] = (f(above) - f(x.copy())) / eps  # a forward difference: its error is of first order in eps
        # wrong: grad[index] = (f(above) - f(below)) / eps  # from below to above it is two steps
        # wrong: grad[index] = (f(below) - f(above)) / (2 * eps)  # a slope is the value above minus the value below
        # wrong: grad[index] = (f(above) - f(below)) / 2e-6  # the step is an argument
        # wrong: grad[index] = (f(above.ravel()) - f(below.ravel())) / (2 * eps)  # f expects an array of the shape of x
        grad[index] = (f(above) - f(below)) / (2 * eps)
    # wrong: return grad.ravel()  # the gradient has the shape of x
    return grad


def gradcheck(
    f: Callable[[np.ndarray], float],
    grad: np.ndarray,
    x: np.ndarray,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    eps: float = 1e-6,
) -> bool:
    """Whether `grad` agrees at every entry with the central differences of f at x."""
    # wrong: numerical = numerical_grad(f, x)  # the step is an argument of gradcheck, too
    numerical = numerical_grad(f, x, eps)
    # wrong: if not np.isfinite([grad, numerical]).all():  # a gradient of another shape broadcasts: compare the shapes first
    #            return False
    # wrong: if grad.size != numerical.size or not np.isfinite([grad.ravel(), numerical.ravel()]).all():  # the same number of entries is not the same shape
    #            return False
    # wrong: if grad.shape != numerical.shape:  # an infinite gradient makes its own tolerance infinite: ask whether all is finite
    #            return False
    # wrong: if grad.shape != numerical.shape or np.isnan([grad, numerical]).any():  # infinity is no right gradient either
    #            return False
    if grad.shape != numerical.shape or not np.isfinite([grad, numerical]).all():
        return False
    # wrong: tolerance = atol + rtol * np.abs(numerical)  # the share is of the larger of the two numbers
    # wrong: tolerance = atol + rtol * (np.abs(grad) + np.abs(numerical))  # the share is of the larger number, not of the sum
    # wrong: tolerance = np.maximum(atol, rtol * np.maximum(np.abs(grad), np.abs(numerical)))  # the two tolerances add up
    # wrong: tolerance = atol + rtol * np.maximum(grad, numerical)  # the size of a number is its absolute value
    # wrong: tolerance = atol + rtol * np.abs(numerical).max(initial=0)  # entry by entry, else large entries hide small ones
    tolerance = atol + rtol * np.abs([grad, numerical]).max(axis=0)
    # wrong: return bool((np.abs(grad - numerical) <= tolerance).any())  # one wrong entry spoils a gradient: all have to agree
    # wrong: return bool(np.linalg.norm(grad - numerical) <= np.linalg.norm(tolerance))  # a norm hides a small entry behind large ones
    # wrong: return bool((np.abs(grad - numerical) / np.maximum(np.abs(grad), np.abs(numerical)) <= rtol).all())  # 0/0 is nan where both are zero
    # wrong: return bool((grad - numerical <= tolerance).all())  # a gradient can be too small as well as too large
    return bool((np.abs(grad - numerical) <= tolerance).all())


def best_step(order: int) -> float:
    """The step at which an error of h^order equals the rounding error eps_mach / h."""
    # wrong: return 2.0**-52  # this is the spacing of floats at 1: so small a step leaves no digit of the difference
    # wrong: return 2.0 ** (-52 / order)  # multiply by h before you take the root: there are order + 1 factors of h
    # wrong: return 2.0 ** (-52 / 3)  # this is right for central differences only
    # wrong: return float(np.finfo(np.float32).eps) ** (1 / (order + 1))  # f is computed in float64
    return 2.0 ** (-52 / (order + 1))
