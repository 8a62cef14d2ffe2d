"""MicroGrad III: neuron, layer, MLP

Three small classes make a network out of the engine. Their parameters are Values that last, and every call
builds a fresh graph on top of them: `torch.nn.Module` is no more than this idea, on tensors.

    neuron(x) = act(w_1 x_1 + ... + w_nin x_nin + b)    act is relu if nonlin, else nothing
    layer(x)  = the outputs of nout neurons, which all see the same x
    mlp(x)    = its layers one after the other; nouts[i] is the number of neurons in layer i

In an MLP every layer has the relu but the last: it is linear, for a score may well be negative.

x is a list or tuple of nin numbers or Values; any other length is a ValueError (mind that zip stops at the
shorter one without a word). A Neuron returns a Value, a Layer or an MLP a list of Values; but if it has one
output only, that Value itself. A hidden layer may have one neuron, too. Arguments are not changed.

`parameters()` is a list of all the Values that training may change, each once, and the same objects at every
call. For a neuron: its weights, then its bias. For a layer: neuron after neuron; for an MLP: layer after
layer.

Each weight starts as a draw of its own from the uniform distribution on [-1, 1] / sqrt(nin), with the nin of
its neuron, so that a sum of many terms is no larger than one of few. If two neurons of a layer started alike,
they would get the same gradients and stay alike for ever. Biases start at 0. All randomness comes from `rng`,
in any order you like. nin, nout and the entries of nouts are at least 1, and nouts is not empty.

Karpathy, micrograd, 2020.
"""

from collections.abc import Sequence

import numpy as np

from solutions.phase4.autograd.value_backward import Value


class Neuron:
    """A weighted sum of nin inputs and a bias, followed by a relu if `nonlin`."""

    def __init__(self, nin: int, rng: np.random.Generator, nonlin: bool = True) -> None:
        raise NotImplementedError

    def __call__(self, x: Sequence[Value | float]) -> Value:
        raise NotImplementedError

    def parameters(self) -> list[Value]:
        """The weights in the order of the inputs, then the bias."""
        raise NotImplementedError


class Layer:
    """nout neurons side by side."""

    def __init__(self, nin: int, nout: int, rng: np.random.Generator, nonlin: bool = True) -> None:
        raise NotImplementedError

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        raise NotImplementedError

    def parameters(self) -> list[Value]:
        """The parameters of each neuron, in order."""
        raise NotImplementedError


class MLP:
    """Layers of nouts[0], nouts[1], ... neurons, relu after all but the last."""

    def __init__(self, nin: int, nouts: list[int], rng: np.random.Generator) -> None:
        raise NotImplementedError

    def __call__(self, x: Sequence[Value | float]) -> Value | list[Value]:
        raise NotImplementedError

    def parameters(self) -> list[Value]:
        """The parameters of each layer, in order."""
        raise NotImplementedError
