"""Generalised advantage estimation

PPO pushes up what went better than expected, and by how much is the advantage of an action. Measured over
one step it is as wrong as the value model; measured to the end of the episode it is right on average, and as
noisy as all that happens on the way. lam is the dial between the two, in every actor-critic. The code is ten
lines, and most mistakes in them are about where an episode ends: training still runs, towards something else.

N environments have been run side by side for T steps. Step t of environment n starts in a state of value
values[t, n] and brings rewards[t, n]; then

    terminated[t, n]   is True if this step ended the episode for good: no reward can follow, the next state's
                       value is 0
    truncated[t, n]    is True if it was cut off after this step, by a time limit: the world would have gone
                       on, and the state that the step led to has the value final_values[t, n]

If both are True, the episode has terminated. After either of them the environment starts over, so row t + 1
belongs to a new episode and has nothing to do with this one. Where neither is True, the step led to the state
of row t + 1; the last row's step led to a state of value last_value[n]. With that next state's value,

    delta_t = rewards_t + gamma * (value of the next state) - values_t
    A_t     = delta_t + (gamma lam) delta_{t+1} + (gamma lam)^2 delta_{t+2} + ...

where the sum ends with the step that ends the episode (its delta included), or with the last row.

`gae` returns the advantages A and the returns A + values, both (T, N). The returns are what the value model
learns from.

final_values counts only where an episode was truncated, and last_value only where none ended in the last row.
Elsewhere they may hold anything, nan too, which must not reach the result.

rewards, values and final_values are (T, N) and last_value (N,), all of one float dtype (float64 or float32),
which the results keep; terminated and truncated are (T, N) and bool. T and N are at least 1. Other shapes are
a ValueError, as is a gamma or lam outside [0, 1]. Inputs are not changed.

Schulman et al. 2016, equation 16; Pardo et al. 2018 on time limits.
"""

import numpy as np


def gae(
    rewards: np.ndarray,
    values: np.ndarray,
    last_value: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    final_values: np.ndarray,
    gamma: float,
    lam: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Advantages and returns, both (T, N)."""
    raise NotImplementedError
