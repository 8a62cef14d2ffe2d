"""A step says: this is what I take for x_0, and this for the noise; mix them anew as they are mixed at time s. With eta = 0
nothing is random, so x_T is a code for x_0 that can be computed, interpolated and edited.

Without noise this is Euler's method for an ODE, and its error falls as 1/n: twice the steps, half the error. Solvers of higher
order with the same network (DPM-Solver, Heun) are why 20 steps are enough today.
"""

import itertools
from collections.abc import Callable

import numpy as np

from solutions.phase6.diffusion.noise_schedules import alpha_bar

HINTS = (
    "For a step, solve for the guess of x_0 first. What remains is to choose the factor of eps_hat so that eps_hat and z together "
    "have the variance that the noise has at time s.",
    "alpha_bar with a 1 in front is indexed by time itself; then the last step, to time 0, is like all others. With "
    "itertools.pairwise, a list of times becomes a list of steps.",
    "To invert, write the deterministic step from t to s and solve it for x_t. It is the same formula with t and s swapped: "
    "the eps that it takes is the one thing that cannot be had.",
)


def ddim_step(
    xt: np.ndarray, eps_hat: np.ndarray, ab_t: float, ab_s: float, eta: float, z: np.ndarray
) -> np.ndarray:
    """x_s, in the shape of xt, with the standard normal noise z; 0 < ab_t < ab_s <= 1 and 0 <= eta <= 1."""
    # wrong: x0 = (xt - np.sqrt(1 - ab_s) * eps_hat) / np.sqrt(ab_s)  # x_t is mixed as at time t, not as at time s
    # wrong: x0 = (xt - (1 - ab_t) * eps_hat) / ab_t  # alpha_bar is a share of the variance: the factors are roots
    # wrong: x0 = np.clip((xt - np.sqrt(1 - ab_t) * eps_hat) / np.sqrt(ab_t), -1, 1)  # clipping is for images with values in [-1, 1]; nothing is said of that here
    x0 = (xt - np.sqrt(1 - ab_t) * eps_hat) / np.sqrt(ab_t)
    # wrong: sigma = eta * np.sqrt((1 - ab_t) / (1 - ab_s + 1e-300) * (1 - ab_t / ab_s))  # s and t are swapped in the first ratio
    # wrong: sigma = eta * np.sqrt((1 - ab_s) / (1 - ab_t) * (1 - ab_s / ab_t) + 0j).real  # s and t are swapped in the second ratio
    # wrong: sigma = eta * (1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s)  # this is the variance: sigma is its root
    # wrong: sigma = np.sqrt(eta * (1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s))  # eta multiplies sigma itself: it is not under the root
    # wrong: sigma = eta * np.sqrt(1 - ab_t / ab_s)  # this is the noise of the way forward: given x_0 the way back is more certain
    # wrong: sigma = np.sqrt((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s))  # eta is missing
    # wrong: sigma = eta * np.sqrt(1 - ab_s)  # for eta = 1 a step is that of DDPM, and still knows the direction
    sigma = eta * np.sqrt((1 - ab_s) / (1 - ab_t) * (1 - ab_t / ab_s))
    # wrong: direction = np.sqrt(1 - ab_s)  # z brings variance sigma^2: eps_hat has that much less
    # wrong: direction = np.sqrt(1 - ab_s) - sigma  # variances are what adds up, not factors
    # wrong: direction = np.sqrt(np.maximum(1 - ab_s - sigma, 0))  # sigma is squared among variances
    # wrong: direction = np.sqrt(1 - ab_t - sigma**2)  # x_s has the noise of time s
    # wrong: direction = np.sqrt(1 - ab_s + sigma**2)  # z brings variance: eps_hat has that much less
    # wrong: direction = 1 - ab_s - sigma**2  # the factor of eps_hat is a root
    direction = np.sqrt(1 - ab_s - sigma**2)
    # wrong: return np.sqrt(ab_t) * x0 + direction * eps_hat + sigma * z  # x_s has the signal of time s
    # wrong: return x0 + direction * eps_hat + sigma * z  # the signal has its factor at time s
    # wrong: return np.sqrt(ab_s) * x0 + direction * z + sigma * eps_hat  # eps_hat points the way, z is the fresh noise
    # wrong: return np.sqrt(ab_s) * x0 + direction * eps_hat  # fresh noise is missing
    # wrong: return np.sqrt(ab_s) * x0 - direction * eps_hat + sigma * z  # eps_hat is what the noise was: it stays noise, with a smaller factor
    return np.sqrt(ab_s) * x0 + direction * eps_hat + sigma * z


def timesteps(T: int, n: int) -> list[int]:
    """n different times from T down to 1, evenly spaced but for rounding; [T] for n = 1."""
    # wrong: pass  # a number of steps outside 1 ... T is refused
    # wrong: if n < 1:  # more steps than there are times would visit some twice
    #            raise ValueError("no steps")
    # wrong: if not 1 <= n < T:  # n = T is allowed: every time is visited
    #            raise ValueError("too many steps")
    # wrong: if not 1 < n <= T:  # a single step, from T to 0, is allowed
    #            raise ValueError("too few steps")
    if not 1 <= n <= T:
        raise ValueError(f"{n} steps for {T} times")
    # wrong: return [round(t) for t in np.linspace(1, T, n)]  # the way goes from T down
    # wrong: return [round(t) for t in np.linspace(T, 0, n)]  # time 0 is where the last step leads: it is not among the n
    # wrong: return [*(round(t) for t in np.linspace(T, 1, n)), 0]  # time 0 is where the last step leads: it is not among the n
    # wrong: return [round(t) for t in np.linspace(T - 1, 0, n)]  # these are indices; times run from 1 to T
    # wrong: return [int(t) for t in np.linspace(T, 1, n)]  # int cuts off: round
    # wrong: return list(range(T, 0, -(T // n)))[:n]  # equal whole strides end far from 1 where n does not divide T
    # wrong: return [float(t) for t in np.linspace(T, 1, n)]  # times are ints
    return [round(t) for t in np.linspace(T, 1, n)]


def ddim_sample(
    eps_model: Callable[[np.ndarray, int], np.ndarray],
    xT: np.ndarray,
    betas: np.ndarray,
    n: int,
    eta: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """x_0, in the shape of xT, by n steps; nothing is drawn from rng where eta is 0."""
    # wrong: left = np.append(1.0, alpha_bar(betas[::-1]))  # the schedule is reversed
    # wrong: left = np.append(1.0, 1 - betas)  # alpha_bar is the product of all steps up to t
    # wrong: left = np.append(alpha_bar(betas)[0], alpha_bar(betas))  # alpha_bar_0 is 1: the last step leads to the data
    # wrong: left = np.append(alpha_bar(betas), 1.0)  # alpha_bar_t is at index t - 1
    left = np.append(1.0, alpha_bar(betas))  # (T + 1,), indexed by time
    x = xT
    # wrong: for t, s in itertools.pairwise(timesteps(len(betas), n)):  # the last step, to time 0, is missing
    #            z = rng.standard_normal(x.shape) if eta else np.zeros_like(x)
    #            x = ddim_step(x, eps_model(x, t), left[t], left[s], eta, z)
    # wrong: for t, s in ((t, t - 1) for t in timesteps(len(betas), n)):  # a step leads to the next time of the list, not to the time before
    #            z = rng.standard_normal(x.shape) if eta else np.zeros_like(x)
    #            x = ddim_step(x, eps_model(x, t), left[t], left[s], eta, z)
    for t, s in itertools.pairwise([*timesteps(len(betas), n), 0]):
        # wrong: z = rng.standard_normal(x.shape)  # without noise nothing is to be drawn
        # wrong: z = np.zeros_like(x)  # for eta above 0 the noise is missing
        # wrong: z = np.full_like(x, rng.standard_normal()) if eta else np.zeros_like(x)  # each entry needs noise of its own
        # wrong: z = np.random.standard_normal(x.shape) if eta else np.zeros_like(x)  # all noise comes from rng
        # wrong: z = rng.uniform(-1, 1, x.shape) if eta else np.zeros_like(x)  # the noise is standard normal
        # wrong: z = np.random.default_rng(0).standard_normal(x.shape) if eta else np.zeros_like(x)  # use the generator that is given, else each step has the same noise
        z = rng.standard_normal(x.shape) if eta else np.zeros_like(x)
        # wrong: x = ddim_step(x, eps_model(x, s), left[t], left[s], eta, z)  # the model is asked at the time of x, t
        # wrong: x = ddim_step(x, eps_model(xT, t), left[t], left[s], eta, z)  # the model is asked about x as it is now
        # wrong: x = ddim_step(x, eps_model(x, t), left[s], left[t], 0 * eta, z)  # s and t are swapped
        # wrong: x = ddim_step(x, eps_model(x, t), left[t], left[s], 1.0, z)  # eta is an argument
        x = ddim_step(x, eps_model(x, t), left[t], left[s], eta, z)
    return x


def ddim_invert(
    eps_model: Callable[[np.ndarray, int], np.ndarray], x0: np.ndarray, betas: np.ndarray, n: int
) -> np.ndarray:
    """x_T, in the shape of x0, from which `ddim_sample` with eta = 0 comes back to x0, nearly."""
    # wrong: left = np.append(1.0, alpha_bar(betas[::-1]))  # the schedule is reversed
    left = np.append(1.0, alpha_bar(betas))
    x = x0
    # wrong: for s, t in itertools.pairwise(timesteps(len(betas), n)[::-1]):  # the first step, from time 0, is missing
    #            eps = eps_model(x, t)
    #            x = np.sqrt(left[t] / left[s]) * (x - np.sqrt(1 - left[s]) * eps) + np.sqrt(1 - left[t]) * eps
    for s, t in itertools.pairwise([0, *timesteps(len(betas), n)[::-1]]):
        # wrong: eps = eps_model(x, s)  # the step that is undone asked at time t; there is no time 0 to ask at
        # wrong: eps = eps_model(x0, t)  # the model is asked about x as it is now
        eps = eps_model(x, t)
        # wrong: clean = x - np.sqrt(1 - left[s]) * eps  # what is left of x_s without noise is still shrunk: divide
        # wrong: clean = (x - np.sqrt(1 - left[t]) * eps) / np.sqrt(left[t])  # x is x_s, and mixed as at time s
        clean = (x - np.sqrt(1 - left[s]) * eps) / np.sqrt(left[s])
        # wrong: x = np.sqrt(left[s]) * clean + np.sqrt(1 - left[s]) * eps  # this mixes as at time s again and gets nowhere
        # wrong: x = np.sqrt(left[t]) * clean - np.sqrt(1 - left[t]) * eps  # the noise is put back, not taken away
        # wrong: x = np.sqrt(left[t]) * x + np.sqrt(1 - left[t]) * eps  # it is the guess of x_0 that is mixed anew, not x_s
        # wrong: x = np.sqrt(left[t] / left[s]) * x + np.sqrt(1 - left[t] / left[s]) * eps  # this adds fresh noise, as the forward process does: variances instead of one direction
        x = np.sqrt(left[t]) * clean + np.sqrt(1 - left[t]) * eps
    return x
