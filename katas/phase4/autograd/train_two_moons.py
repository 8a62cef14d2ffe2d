"""MicroGrad IV: train on two moons

Two interlocked half circles: no straight line parts them, but a network of 24 hidden neurons does, after a
second or two of training. Every training loop you will ever write does what this one does, in the same order;
and here it first shows that backward adds to the gradients that are there already.

A model gives one score s for each row x of X: above 0 it says +1, below 0 it says -1. With labels y, each -1
or 1, the loss has two parts,

    svm_loss   =  mean over the rows of relu(1 - y s)
    l2         =  lam * sum over the parameters of p ** 2         biases too; no factor of 1/2

so a row on the right side costs nothing once its score is beyond 1. The total is the sum of the two.

`train` takes `steps` steps down the gradient of the total over all rows (a full batch) with heavy-ball
momentum. For every parameter p, with its own velocity v that is 0 before the first step,

    v  <-  momentum * v + d total / d p
    p  <-  p - lr * v

It changes the data of the model's parameters and nothing else of the model, X or y. What the gradients hold
when it is called has no influence. It returns `steps` floats, each the total before the step was made; so the
first is the loss of the model as it came, and for no steps the list is empty.

X is a list of rows of floats, y a list of as many labels, neither empty; the model has one output, so that
model(x) is a Value. If scores and y differ in length, svm_loss raises a ValueError.

Karpathy, micrograd, 2020 (demo.ipynb); Polyak 1964.
"""

from solutions.phase4.autograd.neuron_mlp import MLP
from solutions.phase4.autograd.value_backward import Value


def svm_loss(scores: list[Value], y: list[int]) -> Value:
    """Mean of relu(1 - y s) over the scores; ValueError if there are not as many labels y, each -1 or 1."""
    raise NotImplementedError


def l2(params: list[Value], lam: float) -> Value:
    """lam times the sum of the squares of params, of which there is at least one."""
    raise NotImplementedError


def train(
    model: MLP,
    X: list[list[float]],
    y: list[int],
    steps: int,
    lr: float,
    lam: float,
    momentum: float = 0.0,
) -> list[float]:
    """Full-batch heavy-ball descent on svm_loss + l2; the total loss before each step."""
    raise NotImplementedError
