"""Forward, zero, backward, step: PyTorch's loop has the same four lines, and its zero_grad is there for the same reason.
The graph of one loss has nearly 5,000 Values, each a Python object. On tensors the same loss is a dozen nodes, and a
step takes a fiftieth of the time for 20 rows and hardly more for 2,000: that is why the engines of the world are made
of tensors.
"""

from typing import cast

from solutions.phase4.autograd.neuron_mlp import MLP
from solutions.phase4.autograd.value_backward import Value, zero_grad

HINTS = (
    "The losses are plain expressions of Values: numbers on either side are fine, and sum() can start from Value(0.0).",
    "Each step builds the loss anew from the parameters as they are now: all scores, svm_loss, l2, and note the number.",
    "Before backward the gradients have to be 0, or those of all earlier steps are added in. Between backward and the update "
    "they must not be touched.",
    "The update changes p.data in place: no new Values, for the model would not know of them. Keep one velocity for each "
    "parameter, outside the loop over steps.",
)


def svm_loss(scores: list[Value], y: list[int]) -> Value:
    """Mean of relu(1 - y s) over the scores; ValueError if there are not as many labels y, each -1 or 1."""
    # wrong: costs = [(1 - label * score).relu() for score, label in zip(scores, y, strict=False)]  # zip stops at the shorter one: different lengths have to raise
    # wrong: costs = [(1 + label * score).relu() for score, label in zip(scores, y, strict=True)]  # a score of the label's sign lowers the cost
    # wrong: costs = [1 - label * score for score, label in zip(scores, y, strict=True)]  # beyond the margin the cost is 0, not negative
    # wrong: costs = [(-label * score).relu() for score, label in zip(scores, y, strict=True)]  # the right side is not enough: the margin of 1 is missing
    # wrong: costs = [(1 - label * score).relu() ** 2 for score, label in zip(scores, y, strict=True)]  # the hinge is not squared
    # wrong: costs = [(1 - (label + 1) // 2 * score).relu() for score, label in zip(scores, y, strict=True)]  # labels are -1 and 1: with 0 and 1 one class has no gradient
    costs = [(1 - label * score).relu() for score, label in zip(scores, y, strict=True)]
    # wrong: return sum(costs, Value(0.0))  # a mean over the rows, not a sum
    # wrong: return sum(costs, Value(0.0)) / max(1, sum(cost.data > 0 for cost in costs))  # the mean is over all rows, not over those that cost something
    return sum(costs, Value(0.0)) / len(costs)


def l2(params: list[Value], lam: float) -> Value:
    """lam times the sum of the squares of params, of which there is at least one."""
    # wrong: return lam * sum(params, Value(0.0))  # the sum is over squares, not over the parameters themselves
    # wrong: return lam / 2 * sum((p * p for p in params), Value(0.0))  # there is no factor of 1/2
    # wrong: return lam / len(params) * sum((p * p for p in params), Value(0.0))  # a sum over the parameters, not a mean
    # wrong: return Value(lam * sum(p.data**2 for p in params))  # made of bare numbers, this has no gradient
    # wrong: return lam * sum((p * p for p in params), Value(0.0)) ** 0.5  # the norm is squared
    return lam * sum((p * p for p in params), Value(0.0))


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
    losses: list[float] = []
    parameters = model.parameters()
    velocity = dict.fromkeys(parameters, 0.0)
    for _ in range(steps):
        scores = [cast(Value, model(x)) for x in X]
        # wrong: loss = svm_loss(scores, y)  # the l2 part is missing
        loss = svm_loss(scores, y) + l2(parameters, lam)
        # wrong: losses.append(svm_loss(scores, y).data)  # the total has both parts
        losses.append(loss.data)
        # wrong: pass  # backward adds: without zeroing, each step uses the gradients of all earlier ones as well
        # wrong: zero_grad(parameters if not losses[1:] else [])  # gradients are zeroed before every step, not once
        zero_grad(parameters)
        # wrong: loss.backward()  # zeroed after backward, the gradients are lost before the step
        #        zero_grad(parameters)
        # wrong: svm_loss(scores, y).backward()  # the gradient is that of the total, with l2 in it
        loss.backward()
        for p in parameters:
            # wrong: velocity[p] = p.grad  # the velocity keeps a share of what it was: momentum is not used
            # wrong: velocity[p] = momentum * velocity[p] + (1 - momentum) * p.grad  # this averages gradients; the heavy ball adds the whole gradient
            # wrong: velocity[p] += p.grad  # the velocity decays: it is multiplied by momentum first
            # wrong: velocity = dict.fromkeys(parameters, momentum * velocity[p] + p.grad)  # each parameter has a velocity of its own
            # wrong: velocity[p] = momentum * p.grad  # what is carried over is the velocity of the step before
            velocity[p] = momentum * velocity[p] + p.grad
            # wrong: p.data += lr * velocity[p]  # this climbs: the loss falls against the gradient
            # wrong: p.data -= velocity[p]  # the learning rate is missing
            # wrong: p.data -= lr * (p.grad + momentum * velocity[p])  # this is Nesterov's look-ahead; the heavy ball moves by its velocity
            # wrong: p = Value(p.data - lr * velocity[p])  # a new Value is not in the model: change the data of the old one
            p.data -= lr * velocity[p]
    # wrong: return losses[1:] + [(svm_loss([cast(Value, model(x)) for x in X], y) + l2(parameters, lam)).data]  # each loss is noted before its step
    return losses
