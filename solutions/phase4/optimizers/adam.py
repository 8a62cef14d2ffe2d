"""The first step moves every entry by lr, whatever its gradient: -lr sign(g). Without the corrections it would be
(1 - beta1) / sqrt(1 - beta2) = 3.2 times as long, and so would many that follow, just when the weights are still
random. Steps stay near lr as long as the gradients agree with their past; an entry that is silent for long and
then speaks moves by up to those 3.2 lr, which is why rare words want a shorter memory of squares.
"""

from typing import Any

import numpy as np

HINTS = (
    "Write the average out for t = 1, 2, 3: the i-th number has the weight (1 - beta) beta^(t - i). How much do the weights "
    "add up to? It is a geometric sum.",
    "The state holds t and two averages for each parameter; before the first step a plain 0 can stand for an array of zeros. Work out the new t first, once for the whole call, and use it in both "
    "corrections.",
    "Go in the order of the formulas, parameter by parameter, with a new array at each line: m, v, then the new p from m / bias and "
    "v / bias; eps is added to the finished root.",
)


def bias(beta: float, t: int) -> float:
    """The share of the mean of x that an average over t of them contains."""
    # wrong: return 1 - beta  # this is the share after one step only: it grows with t
    # wrong: return beta**t  # this is the share of the zeros at the start
    # wrong: return 1 - beta ** (t - 1)  # after one number the average holds a share 1 - beta of it
    # wrong: return 1 - beta ** (t + 1)  # t counts the numbers that went in, from 1
    # wrong: return 1 - beta * t  # the zeros fade geometrically, not linearly
    # wrong: return (1 - beta) * beta ** (t - 1)  # this is the weight of the oldest number: add up all weights
    # wrong: return 1 / (1 - beta**t)  # this is what to multiply by: the share itself is below 1
    return 1 - beta**t


def adam(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step: the new parameters and the new state, with its "t"."""
    # wrong: t = state.get("t", 0)  # the first step has t = 1: with t = 0 the correction divides by 0
    # wrong: t = state.get("t", 0) + len(params)  # one call is one step, however many parameters there are
    # wrong: t = state.get("t", 0) + 2  # the first step has t = 1
    # wrong: beta1, beta2, t = beta2, beta1, state.get("t", 0) + 1  # beta1 belongs to the gradients, beta2 to their squares
    # wrong: t = 1  # every call is one step more
    # wrong: state["t"] = t = state.get("t", 0) + 1  # the state that came in is not to change: put t into a new dict
    t = state.get("t", 0) + 1
    averages = state.get("averages", [(0.0, 0.0)] * len(params))
    new_params, new_averages = [], []
    for p, g, (m, v) in zip(params, grads, averages, strict=True):
        # wrong: m = beta1 * m + g  # an average: the new gradient counts with 1 - beta1
        # wrong: m = (1 - beta1) * m + beta1 * g  # beta1 is the share of the past that stays
        # wrong: m = beta1 * m + (1 - beta1) * g if state else g  # the average starts at 0, not at the first gradient
        # wrong: m = (1 - beta1**t) * g  # the gradients of the past count, too
        # wrong: m = np.add(beta1 * m, (1 - beta1) * g, out=m) if state else np.multiply(g, 1 - beta1, out=np.empty_like(g))  # this overwrites the arrays in the state that came in
        m = beta1 * m + (1 - beta1) * g
        # wrong: v = beta2 * v + (1 - beta2) * abs(g)  # v is the average of the squares
        # wrong: v = beta2 * v + (1 - beta2) * m**2  # the squares are of the gradients, not of their average
        # wrong: v = beta2 * v + g**2  # an average: the new square counts with 1 - beta2
        # wrong: v = beta1 * v + (1 - beta1) * g**2  # the squares have a memory of their own, beta2
        # wrong: v = beta2 * v + (1 - beta2) * (g - m) ** 2  # nothing is subtracted before squaring
        # wrong: v = np.maximum(v, beta2 * v + (1 - beta2) * g**2)  # v may shrink again: keeping the maximum is AMSGrad
        v = beta2 * v + (1 - beta2) * g**2
        # wrong: m_hat = m  # m is too small at first: its correction is missing
        m_hat = m / bias(beta1, t)
        # wrong: v_hat = v  # v is too small at first, and by more than m: its correction is missing
        # wrong: m_hat, v_hat = m, v  # both corrections are missing: the first step is three times too long
        # wrong: v_hat = v / bias(beta1, t)  # v fills up as slowly as its own beta says
        # wrong: v_hat = v * bias(beta2, t)  # v is too small at first: the correction makes it larger
        v_hat = v / bias(beta2, t)
        # wrong: step = m_hat / np.sqrt(v_hat + eps)  # eps stands outside the root
        # wrong: step = m_hat / (np.sqrt(v) + eps) * bias(beta2, t) ** 0.5  # eps is added after the correction, not before
        # wrong: step = m_hat / np.sqrt(v_hat)  # without eps a gradient of 0 at the start is 0 / 0
        # wrong: step = m_hat / (v_hat + eps)  # the root is missing: the scale of the gradient has to cancel
        # wrong: step = m_hat / (np.sqrt(v_hat) + 1e-8)  # eps is an argument
        # wrong: step = g / (np.sqrt(v_hat) + eps)  # the step follows the average of the gradients
        # wrong: step = m_hat / (np.sqrt(v_hat.mean() if v_hat.size else v_hat) + eps)  # each entry has a scale of its own
        step = m_hat / (np.sqrt(v_hat) + eps)
        # wrong: new_params.append(p + lr * step)  # this climbs: the gradient points uphill
        # wrong: new_params.append(p - step)  # the learning rate is missing
        # wrong: new_params.append(np.subtract(p, lr * step, out=np.asarray(p)))  # the old parameters are not to change
        new_params.append(p - lr * step)
        # wrong: new_averages.append((m_hat, v_hat))  # what is remembered are the averages themselves: correct them anew at each step
        # wrong: new_averages.append((m, 0.0))  # the average of the squares is forgotten
        # wrong: new_averages.append((0.0, v))  # the average of the gradients is forgotten
        new_averages.append((m, v))
    # wrong: return new_params, {"averages": new_averages}  # t is forgotten: the next step is corrected like the first
    # wrong: return new_params, {"t": t}  # the averages are forgotten
    return new_params, {"t": t, "averages": new_averages}
