"""DDIM: deterministic and strided

A network trained for a thousand small steps can make pictures in twenty large ones, without being trained
again: the loss knows each noise level alone, not the way between two of them. One is free to choose another
way with the same laws at each time, and it need not be random; then noise and picture belong to each other,
and a picture can be turned back into its noise.

As in DDPM, for t = 1 ... T,

    x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps        eps ~ N(0, I), alpha_bar_0 = 1

and `betas` (T,), all above 0 and below 1, holds beta_t at index t - 1; `alpha_bar` is imported below.

`ddim_step` goes from x_t to x_s, s < t, with ab_t and ab_s the alpha_bar of the two times. What eps_hat says
of x_t settles a guess of x_0. x_s is that guess, eps_hat and the fresh noise z, mixed so that

- the guess of x_0 has the factor that x_0 has at time s,
- z has the factor sigma = eta sqrt((1 - ab_s) / (1 - ab_t)) sqrt(1 - ab_t / ab_s),
- eps_hat has a factor of at least 0 such that, were eps_hat a standard normal noise as z is, the two together
  would have the variance of the noise at time s.

eta = 0 is deterministic, and eta = 1 is the step of DDPM. The guess of x_0 is used as it is, not clipped.

`timesteps` lists the n times at which the model is asked: T first, 1 last, descending, those between evenly
spaced and then rounded to the nearest int, either one where two are equally near. n = 1 gives [T].

`ddim_sample` starts from xT and steps along these times and from the last of them to time 0. It asks
eps_model(x_t, t) once for each time t of the list, with t an int. Each entry of each step has a noise of its
own, from rng; for eta = 0 nothing is drawn from rng.

`ddim_invert` undoes the steps of `ddim_sample` with eta = 0, from x_0 up along the same times. The step from
t to s took eps_model(x_t, t); as x_t is what is looked for, take eps_model(x_s, t), and solve for x_t. With
many steps the difference is small.

x and z have one shape, any. Arrays are float64, and so are the results. Inputs are not changed. An n below 1
or above T is a ValueError.

Song, Meng and Ermon 2021, equations 12 and 16 (their alpha is alpha_bar here).
"""

from collections.abc import Callable

import numpy as np

from solutions.phase6.diffusion.noise_schedules import alpha_bar


def ddim_step(
    xt: np.ndarray, eps_hat: np.ndarray, ab_t: float, ab_s: float, eta: float, z: np.ndarray
) -> np.ndarray:
    """x_s, in the shape of xt, with the standard normal noise z; 0 < ab_t < ab_s <= 1 and 0 <= eta <= 1."""
    raise NotImplementedError


def timesteps(T: int, n: int) -> list[int]:
    """n different times from T down to 1, evenly spaced but for rounding; [T] for n = 1."""
    raise NotImplementedError


def ddim_sample(
    eps_model: Callable[[np.ndarray, int], np.ndarray],
    xT: np.ndarray,
    betas: np.ndarray,
    n: int,
    eta: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """x_0, in the shape of xT, by n steps; nothing is drawn from rng where eta is 0."""
    raise NotImplementedError


def ddim_invert(
    eps_model: Callable[[np.ndarray, int], np.ndarray], x0: np.ndarray, betas: np.ndarray, n: int
) -> np.ndarray:
    """x_T, in the shape of x0, from which `ddim_sample` with eta = 0 comes back to x0, nearly."""
    raise NotImplementedError
