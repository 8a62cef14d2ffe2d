"""With gradients of 0 AdamW shrinks a weight by the factor 1 - lr wd at each step, while Adam with an L2 penalty walks
towards 0 at the pace of lr, however strong the penalty: sqrt(v) divides wd out. What decays in AdamW is set by lr wd
alone, so 1 / (lr wd) is the number of steps that a weight remembers. Vectors are left out since a norm's gain or
a bias has no reason to be near 0.
"""

from typing import Any

import numpy as np

from solutions.phase4.optimizers.adam import adam

HINTS = (
    "Neither function needs a line of Adam's arithmetic: change what goes into `adam`.",
    "One of the two changes the parameters that go in, the other the gradients. The parameters that `adam` gets are only "
    "ever used in p - lr u, so shrinking them first is the same as shrinking p in the formula.",
    "Turn None into a list of True, then walk through parameters and mask together; zip with strict=True raises the "
    "ValueError by itself. The number of axes of a shape is its length.",
)


def decay_mask(shapes: list[tuple[int, ...]]) -> list[bool]:
    """For each shape whether a parameter of that shape is to decay."""
    # wrong: return [True for shape in shapes]  # biases and the gains of norms are left alone
    # wrong: return [len(shape) == 2 for shape in shapes]  # kernels of convolutions have more than two axes, and decay
    # wrong: return [len(shape) >= 1 for shape in shapes]  # a bias is a vector: it is left alone
    # wrong: return [len(shape) < 2 for shape in shapes]  # True stands for what decays
    # wrong: return [bool(shape) and shape[-1] > 1 for shape in shapes]  # the number of axes decides, not a size
    # wrong: return [sum(size > 1 for size in shape) >= 2 for shape in shapes]  # an axis of size 1 is an axis
    # wrong: return [np.prod(shape) > 64 for shape in shapes]  # the number of axes decides, not the number of entries
    return [len(shape) >= 2 for shape in shapes]


def adamw(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
    weight_decay: float = 0.1,
    decay_mask: list[bool] | None = None,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step with decoupled decay: the new parameters and the new state."""
    # wrong: mask = [True] * len(params)  # the mask is ignored: what it leaves out is decayed all the same
    # wrong: mask = [not on for on in decay_mask or [False] * len(params)]  # True stands for what decays
    # wrong: mask = [p.ndim >= 2 for p in params] if decay_mask is None else decay_mask  # without a mask everything decays
    # wrong: mask = [False] * len(params) if decay_mask is None else decay_mask  # without a mask everything decays, not nothing
    # wrong: mask = ([True] * len(params) if decay_mask is None else decay_mask + [True] * len(params))[: len(params)]  # a mask of another length is a mistake that has to be heard
    mask = [True] * len(params) if decay_mask is None else decay_mask
    # wrong: shrunk = [p * (1 - weight_decay) if on else p for p, on in zip(params, mask, strict=True)]  # the decay goes with the learning rate: without lr it is hundreds of times too strong
    # wrong: shrunk = [p * (1 + lr * weight_decay) if on else p for p, on in zip(params, mask, strict=True)]  # the weights are to shrink, not to grow
    # wrong: shrunk = [p * (1 - lr) if on else p for p, on in zip(params, mask, strict=True)]  # the strength of the decay is an argument
    # wrong: shrunk = [p * (1 - lr * 0.1) if on else p for p, on in zip(params, mask, strict=True)]  # the strength of the decay is an argument
    # wrong: shrunk = [p - lr * weight_decay * np.sign(p) if on else p for p, on in zip(params, mask, strict=True)]  # the decay is in proportion to the weight
    # wrong: shrunk = [p / (1 + lr * weight_decay) if on else p for p, on in zip(params, mask, strict=True)]  # close for a small lr wd, yet the factor is 1 - lr wd
    # wrong: shrunk = [np.multiply(p, 1 - lr * weight_decay, out=np.asarray(p)) if on else p for p, on in zip(params, mask, strict=True)]  # the old parameters are not to change
    # wrong: shrunk = [p * (1 - lr * weight_decay) if on else p for p, on in zip(params, mask, strict=False)]  # zip stops at the shorter list and drops parameters without a word
    # wrong: shrunk = [p * (1 - lr * weight_decay * state.get("t", 0)) if on else p for p, on in zip(params, mask, strict=True)]  # every step decays alike, the first as well
    shrunk = [p * (1 - lr * weight_decay) if on else p for p, on in zip(params, mask, strict=True)]
    # wrong: return adam(shrunk, [g + weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)], state, lr, *betas, eps)  # this decays twice: once decoupled and once in the gradient
    # wrong: return adam(params, [g + weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)], state, lr, *betas, eps)  # decay in the gradient goes through the averages: that is adam_l2
    # wrong: return adam(params, grads, state, lr, *betas, eps)  # the decay is missing
    # wrong: new, after = adam(params, grads, state, lr, *betas, eps)  # it is the parameter before the step that decays
    #        return [p * (1 - lr * weight_decay) if on else p for p, on in zip(new, mask, strict=True)], after
    # wrong: return adam(shrunk, grads, state, lr, betas[1], betas[0], eps)  # beta1 comes first
    # wrong: return adam(shrunk, grads, state, lr)  # betas and eps are arguments, and their defaults differ from those of adam
    # wrong: return adam(shrunk, grads, state, lr, *betas)  # eps is an argument
    # wrong: return adam(shrunk, grads, {}, lr, *betas, eps)  # the averages of the earlier steps are lost
    return adam(shrunk, grads, state, lr, *betas, eps)


def adam_l2(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
    weight_decay: float = 0.1,
    decay_mask: list[bool] | None = None,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step with the decay in the gradient: the new parameters and the new state."""
    # wrong: mask = [True] * len(params)  # the mask is ignored: what it leaves out is decayed all the same
    # wrong: mask = [False] * len(params) if decay_mask is None else decay_mask  # without a mask everything decays, not nothing
    # wrong: mask = ([True] * len(params) if decay_mask is None else decay_mask + [True] * len(params))[: len(params)]  # a mask of another length is a mistake that has to be heard
    mask = [True] * len(params) if decay_mask is None else decay_mask
    # wrong: pulled = [g - weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)]  # the penalty grows with |p|: its gradient points away from 0
    # wrong: pulled = [g + lr * weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)]  # the penalty knows no lr: its gradient is wd p
    # wrong: pulled = [g + 2 * weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)]  # the penalty is wd/2 |p|^2: the 2 cancels
    # wrong: pulled = [g + weight_decay * np.sign(p) if on else g for g, p, on in zip(grads, params, mask, strict=True)]  # this is the gradient of |p|, an L1 penalty
    # wrong: pulled = [np.add(g, weight_decay * p, out=np.asarray(g)) if on else g for g, p, on in zip(grads, params, mask, strict=True)]  # the gradients that came in are not to change
    # wrong: pulled = grads  # the decay is missing
    pulled = [g + weight_decay * p if on else g for g, p, on in zip(grads, params, mask, strict=True)]
    # wrong: return adam([p * (1 - lr * weight_decay) if on else p for p, on in zip(params, mask, strict=True)], grads, state, lr, *betas, eps)  # this is adamw: here the decay goes through the averages
    # wrong: return adam(pulled, grads, state, lr, *betas, eps)  # it is the gradients that have changed, not the parameters
    # wrong: return adam(params, pulled, state, lr)  # betas and eps are arguments, and their defaults differ from those of adam
    return adam(params, pulled, state, lr, *betas, eps)
