"""In place on copies; the state counts its steps, and the limit is found by walking there."""

from typing import Any

import numpy as np


def sgd(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict[str, Any],
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> tuple[list[np.ndarray], dict[str, Any]]:
    if nesterov and not (momentum > 0 and dampening == 0):
        raise ValueError("Nesterov takes momentum and no dampening")
    steps = state.get("steps", 0)
    share = 1.0 if steps == 0 or momentum == 0 else 1 - dampening
    new_params, velocities = [], []
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        velocity = np.array(state["velocities"][i]) if steps else np.zeros(p.shape, p.dtype)
        velocity *= momentum
        velocity += share * g
        direction = momentum * velocity + g if nesterov else velocity
        moved = np.array(p)
        moved -= lr * direction
        new_params.append(moved)
        velocities.append(velocity)
    return new_params, {"steps": steps + 1, "velocities": velocities}


def velocity_limit(g: float, mu: float, lr: float) -> float:
    v, after = 0.0, g
    while after != v:
        v, after = after, mu * after + g
    return lr * v
