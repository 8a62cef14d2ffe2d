"""With mu = 0.9 steady gradients make steps ten times as long as lr says: momentum is in part a larger learning rate,
and to compare two values of mu fairly one keeps lr / (1 - mu). Nesterov tends to the same limit; what it adds is a
look ahead, which damps the swing across a valley. Averaging conventions, v = mu v + (1 - mu) g, have no such factor.
"""

from typing import Any

import numpy as np

HINTS = (
    "The state needs one entry: the list of velocities. Whether this is the first step can be seen from whether the "
    "entry is there, which is safer than looking at its numbers: a gradient may be 0.",
    "Go parameter by parameter and make new arrays: the velocity first, then the direction (the velocity itself, or "
    "Nesterov's), then the new p. At the first step the velocity has the numbers of the gradient, in memory of its own.",
    "At the limit one more step changes nothing: put the same v on both sides of v = mu v + g and solve.",
)


def sgd(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """One step: the new parameters and the new state."""
    # wrong: pass  # Nesterov without momentum, or with dampening, is a ValueError
    # wrong: if nesterov and (momentum < 0 or dampening != 0):  # without momentum there is nothing to look ahead with
    #            raise ValueError("Nesterov needs momentum and no dampening")
    # wrong: if nesterov and momentum <= 0 and dampening != 0:  # each of the two alone is a reason to refuse
    #            raise ValueError("Nesterov needs momentum and no dampening")
    # wrong: if nesterov and momentum <= 0:  # the look ahead is not made for dampening: refuse it, too
    #            raise ValueError("Nesterov needs momentum and no dampening")
    # wrong: if momentum <= 0 or dampening != 0:  # plain steps and dampening are fine; it is Nesterov that needs momentum
    #            raise ValueError("Nesterov needs momentum and no dampening")
    if nesterov and (momentum <= 0 or dampening != 0):
        raise ValueError("Nesterov needs momentum above 0 and no dampening")
    # wrong: velocities = [state["v"][0] if "v" in state else None] * len(params)  # each parameter has a velocity of its own
    velocities = state.get("v", [None] * len(params))
    new_params, new_velocities = [], []
    for p, g, v in zip(params, grads, velocities, strict=True):
        # wrong: v = (0 if v is None else momentum * v) + (1 - dampening) * g  # dampening spares the first step, where v is g in full
        # wrong: v = (0 if v is None else momentum * v) + (1 - momentum) * g  # (1 - mu) g makes an average; this velocity is a sum of pushes
        # wrong: v = (0 if v is None else momentum * v) + g  # dampening is an argument
        # wrong: v = g.copy() if v is None else momentum * v + (1 - dampening) * g  # without momentum there is no velocity to dampen: the gradient counts in full at every step
        # wrong: v = g.copy() if v is None or not momentum or not np.any(v) else momentum * v + (1 - dampening) * g  # a velocity of 0 is not a first step: a gradient can be 0
        # wrong: v = (0 if v is None else momentum * v) + lr * (1 if v is None or not momentum else 1 - dampening) * g  # lr stands outside the velocity, or old steps keep the old rate
        #        new_params.append(p - (lr * g + momentum * v if nesterov else v))
        #        new_velocities.append(v)
        #        continue
        # wrong: v = g if v is None or not momentum else momentum * v + (1 - dampening) * g  # the same array under another name: when the loop overwrites its gradients, the velocity changes
        # wrong: v = 0 * g if v is None or not momentum else momentum * v + (1 - dampening) * g  # the first step goes down the first gradient
        # wrong: v = g.copy() if v is None or not momentum else momentum * v + dampening * g  # dampening is the share that is taken away
        # wrong: v = g.copy() if v is None or not momentum else (1 - dampening) * (momentum * v + g)  # only the gradient is dampened, not the old velocity
        # wrong: v = g.copy() if v is None or not momentum else v + (1 - dampening) * g  # the velocity has to fade by mu, else it never stops
        # wrong: v = g.copy() if v is None or not momentum else momentum * v - (1 - dampening) * g  # p - lr v has the minus sign already
        # wrong: v = g.copy() if v is None or not momentum else np.add(momentum * v, (1 - dampening) * g, out=np.asarray(v))  # this overwrites the arrays in the state that came in
        v = g.copy() if v is None or not momentum else momentum * v + (1 - dampening) * g
        # wrong: step = v  # nesterov is an argument
        # wrong: step = momentum * v if nesterov else v  # Nesterov adds this step's gradient once more
        # wrong: step = g + v if nesterov else v  # Nesterov looks ahead by mu v, not by v
        # wrong: step = v + momentum * g if nesterov else v  # it is the velocity that mu multiplies
        # wrong: step = g + (v - g) if nesterov else v  # Nesterov's v is that of this step, not the old one
        step = g + momentum * v if nesterov else v
        # wrong: new_params.append(p + lr * step)  # this climbs: the gradient points uphill
        # wrong: new_params.append(p - step)  # the learning rate is missing
        # wrong: new_params.append(np.subtract(p, lr * step, out=np.asarray(p)))  # the old parameters are not to change
        new_params.append(p - lr * step)
        # wrong: new_velocities.append(step)  # what is remembered is the velocity, not Nesterov's step
        new_velocities.append(v)
    # wrong: return new_params, {}  # the velocity is lost: the next step is a first one again
    return new_params, {"v": new_velocities}


def velocity_limit(g: float, mu: float, lr: float) -> float:
    """What lr v tends to when every gradient is g; 0 <= mu < 1."""
    # wrong: return lr * g  # this is the first step only: later ones add to it
    # wrong: return g / (1 - mu)  # this is the limit of v: the step is lr times that
    # wrong: return lr * g * (1 - mu)  # momentum makes steady steps longer, not shorter
    # wrong: return lr * g / mu  # without momentum the limit is lr g
    # wrong: return lr * g * mu / (1 - mu)  # the newest gradient counts in full, not with mu
    # wrong: return lr * abs(g) / (1 - mu)  # the velocity has the sign of the gradient
    return lr * g / (1 - mu)
