"""The forward process as a Markov chain

Noising an image takes a thousand small steps, each of which forgets a little of it. Training asks for images
after 731 steps, then after 12: nobody could afford to walk there each time, and nobody has to, since a sum of
Gaussian noises is one Gaussian noise. This closed form is what makes diffusion models trainable.

One step keeps the variance of data whose variance is 1, and t steps from x_0 are one:

    x_t = sqrt(1 - beta_t) x_{t-1} + sqrt(beta_t) eps_t                  eps_t ~ N(0, I), a new one each step
    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps              eps ~ N(0, I)
    alpha_bar_t = (1 - beta_1) (1 - beta_2) ... (1 - beta_t)

`betas` (T,) holds beta_t, for t = 1 ... T, at index t - 1. All of them are above 0 and at most 1.

`q_step` is one step. x and eps have one shape, any; beta is a number.

`q_sample` goes to time t[b] for example b of a batch at once. x0 and eps have the shape (B, ...), B at least
1 and ... any axes or none, such as channels, height and width; t (B,) is of any integer dtype, in any order,
and times may repeat. A time below 1 or above T is a ValueError, though numpy would find a beta for some of
them.

The last two functions watch a chain of numbers, x_0 drawn from any law of mean m0 and variance v0, and
return the means and the variances of x_1 ... x_T, each (T,). `chain_moments` walks: each pair follows from
the pair before and beta_t alone. `closed_moments` gets them from alpha_bar, without a walk. They agree.

Arrays are float64, and so are the results. Inputs are not changed.

Ho et al. 2020, equations 2 and 4; Prince 2023, section 18.2.
"""

import numpy as np


def q_step(x: np.ndarray, beta: float, eps: np.ndarray) -> np.ndarray:
    """x_t, in the shape of x = x_{t-1}; eps in that shape, too."""
    raise NotImplementedError


def q_sample(x0: np.ndarray, t: np.ndarray, eps: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """x_t (B, ...) of x0 and eps (B, ...), where example b is at time t[b], 1 to T; else ValueError."""
    raise NotImplementedError


def chain_moments(m0: float, v0: float, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (T,) and variances (T,) of x_1 ... x_T, one step after the other."""
    raise NotImplementedError


def closed_moments(m0: float, v0: float, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (T,) and variances (T,) of x_1 ... x_T, from alpha_bar."""
    raise NotImplementedError
