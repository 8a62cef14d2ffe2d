"""silu and gelu are one idea, x times a gate that opens from 0 to 1; relu is the gate that is open or shut. So y(x) - y(-x) = x
for all three, and by the product rule the slope is the gate plus x times the gate's slope: past 1 for large x, below 0 for
negative x. A sigmoid is never steeper than 1/4: ten of them in a chain leave a millionth of a gradient, which is why deep
networks had to wait for relu.
"""

import math

import numpy as np

HINTS = (
    "exp is safe where its argument is not positive. exp(-|x|) serves both halves: write the sigmoid twice, for x >= 0 and for x < 0, "
    "with this one number, and choose.",
    "sigmoid' can be said in terms of the sigmoid, and is the same at x and -x. With exp(-|x|) at hand a single formula does.",
    "silu and gelu are products: the derivative of x times a gate has two terms. For the tanh form the gate's slope is a "
    "chain: that of tanh, 1 - tanh^2, times that of what is inside.",
    "np.vectorize turns math.erf into a function of arrays. Give it otypes: without, it asks the first entry, which an empty array lacks.",
)


def relu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """max(x, 0) and its derivative, which is 0 at 0."""
    # wrong: x[x < 0] = 0  # x belongs to the caller, and the backward pass may need it: make a new array
    #        return x, (x > 0).astype(x.dtype)
    # wrong: return np.maximum(x, 0), (x >= 0).astype(x.dtype)  # at 0 the derivative is 0 by convention
    # wrong: return np.maximum(x, 0), x > 0  # a derivative is a float, in the dtype of x
    # wrong: return np.maximum(x, 0), np.maximum(x, 0)  # the slope of relu is 0 or 1
    # wrong: return np.maximum(x, 0), (x > 0) / 1.0  # float32 goes in, float64 comes out
    # wrong: return np.maximum(x, 0), np.maximum(x, 0) / x  # this is nan at 0: the slope is a comparison
    # wrong: return np.abs(x), np.sign(x)  # what is negative becomes 0
    # wrong: return np.maximum(x, 0), np.where(x > 0, 1, 0.01).astype(x.dtype)  # on the left relu is flat; a leaky relu is another function
    return np.maximum(x, 0), (x > 0).astype(x.dtype)


def sigmoid(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 / (1 + exp(-x)) and its derivative."""
    # wrong: y = 1 / (1 + np.exp(-x))  # exp(1000) overflows: let no exponent be positive
    #        return y, y * (1 - y)
    # wrong: y = np.exp(x) / (1 + np.exp(x))  # this only moves the overflow to the other side
    #        return y, y * (1 - y)
    # wrong: y = np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))  # np.where computes both sides everywhere, and each overflows somewhere
    #        return y, y * (1 - y)
    # wrong: y = 1 / (1 + np.exp(-np.clip(x, -20, 20)))  # at 30 the sigmoid is 1 - 1e-13, and at -25 it is not what it is at -20
    #        return y, y * (1 - y)
    small = np.exp(-np.abs(x))
    # wrong: y = 1 / (1 + small)  # for negative x the sigmoid is below a half
    y = np.where(x >= 0, 1, small) / (1 + small)
    # wrong: return y, y * (1 + y)  # the slope is small on both sides
    # wrong: return y, y  # the slope is not the value
    # wrong: return y, 1 - y**2  # that is the slope of tanh in terms of tanh
    # wrong: return y, x * (1 - x)  # the slope is y (1 - y): y, not x
    # wrong: return y, small / (1 + small)  # the denominator is squared
    # wrong: return y.astype(np.float64), small / (1 + small) ** 2  # float32 goes in, float64 comes out
    return y, small / (1 + small) ** 2


def silu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x sigmoid(x) and its derivative."""
    gate, slope = sigmoid(x)
    # wrong: return x * gate, gate  # the gate moves with x, too: the product rule has two terms
    # wrong: return x * gate, x * slope  # x moves as well as the gate: the product rule has two terms
    # wrong: return x * gate, gate + slope  # in the product rule the gate's slope is multiplied by x
    # wrong: return x * gate, gate - x * slope  # the terms of the product rule are added
    # wrong: return gate, slope  # silu is x times the sigmoid
    return x * gate, gate + x * slope


def gelu(x: np.ndarray, approximate: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """x Phi(x), or the form with tanh if `approximate`; and the derivative of the one that was asked for."""
    # wrong: gate, slope = _tanh_gate(x)  # the form with tanh only where it is asked for
    # wrong: gate, slope = _normal_gate(x)  # the form with tanh is another function, and here it is asked for
    # wrong: gate, slope = _normal_gate(x) if approximate else _tanh_gate(x)  # it is the other way round
    gate, slope = _tanh_gate(x) if approximate else _normal_gate(x)
    # wrong: return x * gate, gate  # the gate moves with x, too: the product rule has two terms
    # wrong: return x * gate, gate + slope  # in the product rule the gate's slope is multiplied by x
    # wrong: return x * gate, x * slope  # x moves as well as the gate: the product rule has two terms
    return x * gate, gate + x * slope


def _tanh_gate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # wrong: scale, cubic = math.sqrt(2 * math.pi), 0.044715  # the scale is the root of 2 / pi
    # wrong: scale, cubic = 2 / math.pi, 0.044715  # the scale is the root of 2 / pi
    # wrong: scale, cubic = math.sqrt(2 / math.pi), 0.0  # the cubic term is missing
    # wrong: scale, cubic = math.sqrt(2 / math.pi), 0.0447  # the constant has more digits
    scale, cubic = math.sqrt(2 / math.pi), 0.044715
    # wrong: bend = np.tanh(scale * x + cubic * x**3)  # the scale multiplies both terms
    bend = np.tanh(scale * (x + cubic * x**3))
    # wrong: slope = (1 - bend**2) / 2 * scale  # what is inside tanh has a cubic term, and that a slope
    # wrong: slope = (1 - bend**2) / 2 * scale * (1 + cubic * x**2)  # the derivative of x^3 is 3 x^2
    # wrong: slope = (1 - bend) / 2 * scale * (1 + 3 * cubic * x**2)  # the slope of tanh is 1 - tanh^2
    # wrong: slope = (1 - bend**2) * scale * (1 + 3 * cubic * x**2)  # the gate is half of 1 + tanh, so is its slope
    # wrong: slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)  # that is the slope of the exact gate: this one has its own
    slope = (1 - bend**2) / 2 * scale * (1 + 3 * cubic * x**2)
    return (1 + bend) / 2, slope


def _normal_gate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # wrong: erf = np.vectorize(math.erf)  # an empty array has no entry that could tell the dtype
    # wrong: erf = np.vectorize(math.erf, otypes=[np.float64])  # float32 goes in, float64 comes out
    erf = np.vectorize(math.erf, otypes=[x.dtype])
    # wrong: gate = (1 + erf(x)) / 2  # erf belongs to a normal of variance 1/2: divide x by the root of 2
    # wrong: gate = 1 / (1 + np.exp(-1.702 * x))  # the form with a sigmoid is a rougher approximation
    # wrong: gate = (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2  # the exact form takes erf
    gate = (1 + erf(x / math.sqrt(2))) / 2
    # wrong: slope = 0 * x  # Phi moves with x: the term x phi(x) is missing
    # wrong: slope = np.exp(-(x**2) / 2) / (2 * math.pi)  # a density has total 1: the 2 pi stands under a root
    # wrong: slope = np.exp(-(x**2)) / math.sqrt(2 * math.pi)  # the exponent of the normal density is halved
    # wrong: slope = np.exp(-(x**2) / 2) / math.sqrt(math.pi)  # the slope of Phi at 0 is 1 over the root of 2 pi
    slope = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return gate, slope
