"""Nothing here knows of derivatives: whoever writes modules composes Values, and gradients come for free. And the graph is
new at every call, so that a module may branch and loop as it likes: only the leaves, the parameters, remain.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from solutions.phase4.autograd.value_backward import Value

HINTS = (
    "Make the Values once, in __init__, and keep them. A call multiplies and adds; parameters() lists what is kept.",
    "sum() takes a second argument to start from, and the bias is a good one. zip has an option that makes it raise when one "
    "of the two is longer.",
    "Write the layer with lists first and unpack a single output at its end. Then the MLP has to pack it again before the "
    "next layer can read it.",
    "The sizes of an MLP are nin, nouts[0], nouts[1], ...: each layer takes two neighbours of that row.",
)


class Neuron:
    """A weighted sum of nin inputs and a bias, followed by a relu if `nonlin`."""

    def __init__(self, nin: int, rng: np.random.Generator, nonlin: bool = True) -> None:
        # wrong: self.weights = [Value(w) for w in rng.uniform(-1, 1, nin)]  # the width of the distribution shrinks with the root of nin
        # wrong: self.weights = [Value(w) for w in rng.uniform(-1, 1, nin) / nin]  # divide by the root of nin, not by nin
        # wrong: self.weights = [Value(w) for w in rng.normal(size=nin) / nin**0.5]  # uniform draws are asked for, not normal ones
        # wrong: self.weights = [Value(w) for w in rng.uniform(0, 1, nin) / nin**0.5]  # weights may be negative: the draws are from -1 to 1
        # wrong: self.weights = [Value(rng.uniform(-1, 1) / nin**0.5)] * nin  # this is one Value in nin places: each weight needs its own
        # wrong: self.weights = [Value(nin**-0.5) for _ in range(nin)]  # equal weights get equal gradients and never become different: draw them
        # wrong: self.weights = [Value(w) for w in np.random.uniform(-1, 1, nin) / nin**0.5]  # draw from the generator that is given, not from numpy's global one
        self.weights = [Value(w) for w in rng.uniform(-1, 1, nin) / nin**0.5]
        # wrong: self.bias = Value(rng.uniform(-1, 1))  # biases start at 0
        self.bias = Value(0.0)
        # wrong: self.nonlin = True  # a neuron with nonlin=False has no relu
        self.nonlin = nonlin

    def __call__(self, x: Sequence[Value | float]) -> Value:
        # wrong: total = sum((w * one for w, one in zip(self.weights, x, strict=False)), self.bias)  # zip stops at the shorter one: a wrong length has to raise
        # wrong: total = sum((w * one for w, one in zip(self.weights, x, strict=True)), Value(0.0))  # the bias is missing from the sum
        # wrong: total = Value(sum((w * one for w, one in zip(self.weights, x, strict=True)), self.bias).data)  # a new Value from the bare number has no parents: no gradient comes back
        total = sum((w * one for w, one in zip(self.weights, x, strict=True)), self.bias)
        # wrong: return total.tanh() if self.nonlin else total  # the activation is relu
        # wrong: return total if self.nonlin else total.relu()  # this is the wrong way round: nonlin asks for the relu
        return total.relu() if self.nonlin else total

    def parameters(self) -> list[Value]:
        """The weights in the order of the inputs, then the bias."""
        # wrong: return self.weights  # the bias is a parameter, too
        # wrong: return [self.bias, *self.weights]  # the weights come first, then the bias
        # wrong: return [Value(p.data) for p in (*self.weights, self.bias)]  # these are copies: training would change them and not the neuron
        return [*self.weights, self.bias]


class Layer:
    """nout neurons side by side."""

    def __init__(self, nin: int, nout: int, rng: np.random.Generator, nonlin: bool = True) -> None:
        # wrong: self.neurons = [Neuron(nin, rng, nonlin)] * nout  # this is one neuron in nout places: make nout of them
        # wrong: self.neurons = [Neuron(nin, np.random.default_rng(0), nonlin) for _ in range(nout)]  # neurons that start alike stay alike: draw all from the same rng
        # wrong: self.neurons = [Neuron(nin, rng) for _ in range(nout)]  # nonlin has to be handed on to the neurons
        self.neurons = [Neuron(nin, rng, nonlin) for _ in range(nout)]

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        out = [neuron(x) for neuron in self.neurons]
        # wrong: return out  # a single output is returned as the Value itself, not in a list
        return out if len(out) > 1 else out[0]

    def parameters(self) -> list[Value]:
        """The parameters of each neuron, in order."""
        # wrong: return [w for neuron in self.neurons for w in neuron.weights] + [neuron.bias for neuron in self.neurons]  # neuron after neuron: each bias stands right after its own weights
        return [p for neuron in self.neurons for p in neuron.parameters()]


class MLP:
    """Layers of nouts[0], nouts[1], ... neurons, relu after all but the last."""

    def __init__(self, nin: int, nouts: list[int], rng: np.random.Generator) -> None:
        # wrong: nouts.insert(0, nin)  # this changes the caller's list: make a new one
        #        *hidden, last = pairwise(nouts)
        *hidden, last = pairwise([nin, *nouts])
        # wrong: self.layers = [Layer(*sizes, rng) for sizes in [*hidden, last]]  # the last layer is linear: a relu there could not give a negative score
        # wrong: self.layers = [Layer(*sizes, rng, nonlin=False) for sizes in [*hidden, last]]  # without a relu between them, layers collapse to a single one
        self.layers = [*(Layer(*sizes, rng) for sizes in hidden), Layer(*last, rng, nonlin=False)]

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        *hidden, last = self.layers
        for layer in hidden:
            out = layer(x)
            # wrong: x = out  # a hidden layer with one neuron returns no list, but the next layer reads one
            x = out if isinstance(out, list) else [out]
        return last(x)

    def parameters(self) -> list[Value]:
        """The parameters of each layer, in order."""
        # wrong: return [p for layer in reversed(self.layers) for p in layer.parameters()]  # layers come in the order in which they are applied
        # wrong: return self.layers[-1].parameters()  # the hidden layers have parameters, too
        return [p for layer in self.layers for p in layer.parameters()]
