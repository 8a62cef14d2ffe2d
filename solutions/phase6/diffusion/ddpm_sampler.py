"""Put the guess of x_0 into the posterior, and x_0 cancels: what is left of a step is "take some of eps_hat away and blow up what
remains". The algorithm as it is printed in papers hides that the step is a posterior; the posterior is why it works.

With a perfect model the samples are still not the data: with few steps their variance is off, downward for the small
choice. The posterior is for one known x_0, and the guess is a mean over many. What the mean forgets, the variance of x_0
given x_t, would have to be added to the noise; Bao et al. do that.
"""

from collections.abc import Callable

import numpy as np

from solutions.phase6.diffusion.posterior import posterior_coefs

HINTS = (
    "eps and x_t are jointly Gaussian: the mean of one given the other is a covariance over a variance, times how far the other "
    "is from its mean. What is the variance of x_t, with data of variance s2?",
    "For a step, solve for x_0, then use posterior_coefs. Or put one into the other on paper: the result has x_t, eps_hat, "
    "beta_t and alpha_bar_t, and is shorter.",
    "At t = 1 the small variance is 0 of its own; the large one has to be told.",
    "For the moments write a step with optimal_eps in it as x_{t-1} = k x_t + c + sigma z. Evaluating your own two functions at "
    "two points gives c and k, if you would rather not multiply out.",
)


def optimal_eps(xt: np.ndarray, t: int, betas: np.ndarray, m: float, s2: float) -> np.ndarray:
    """E[eps | x_t] entry by entry, for data N(m, s2), in the shape of xt."""
    # wrong: pass  # times outside 1 ... T are refused
    if not 1 <= t <= len(betas):
        raise ValueError(f"time {t} is not in 1 ... {len(betas)}")
    # wrong: left = np.prod(1 - betas[: t - 1])  # alpha_bar_t has the first t factors
    # wrong: left = 1 - betas[t - 1]  # alpha_bar is the product of all steps up to t
    # wrong: left = np.prod(1 - betas[::-1][:t])  # the schedule is reversed
    left = np.prod(1 - betas[:t])
    # wrong: return (xt - np.sqrt(left) * m) / np.sqrt(1 - left)  # this takes x_0 for m: data that vary take their share of what x_t is off by
    # wrong: return np.sqrt(1 - left) * (xt - m) / (left * s2 + 1 - left)  # the mean of x_t is sqrt(alpha_bar_t) m
    # wrong: return (1 - left) * (xt - np.sqrt(left) * m) / (left * s2 + 1 - left)  # this is the noise as it stands in x_t, with its factor
    # wrong: return np.sqrt(1 - left) * (xt - np.sqrt(left) * m) / (s2 + 1 - left)  # the data's variance shrinks on the way to x_t
    # wrong: return np.sqrt(1 - left) * (xt - np.sqrt(left) * m) / np.sqrt(left * s2 + 1 - left)  # divide by the variance of x_t, not by its root
    # wrong: return np.sqrt(1 - left) * xt  # this is right for standard normal data only
    return np.sqrt(1 - left) * (xt - np.sqrt(left) * m) / (left * s2 + 1 - left)


def ddpm_step(
    xt: np.ndarray, t: int, eps_hat: np.ndarray, betas: np.ndarray, z: np.ndarray, var: str = "small"
) -> np.ndarray:
    """x_{t-1}, in the shape of xt, with the standard normal noise z; var is "small" or "large"."""
    # wrong: pass  # a variance that is neither small nor large is refused
    if var not in ("small", "large"):
        raise ValueError(f"unknown variance {var!r}")
    # wrong: small = betas[t - 1]  # given x_0 the way back is more certain than the way forward was: this is the large variance
    # wrong: small = posterior_coefs(t, betas[::-1])[2]  # the schedule is reversed
    _, _, small = posterior_coefs(t, betas)  # raises where there is no time t
    # wrong: beta, left = betas[t - 1], 1 - betas[t - 1]  # alpha_bar is the product of all steps up to t
    # wrong: beta, left = betas[t - 1], np.prod(1 - betas[: t - 1]) * (1 - 1e-9)  # alpha_bar_t has the first t factors
    # wrong: beta, left = betas[t % len(betas)], np.prod(1 - betas[:t])  # beta_t is at index t - 1
    # wrong: beta, left = betas[-t], np.prod(1 - betas[-t:])  # the schedule is reversed
    beta, left = betas[t - 1], np.prod(1 - betas[:t])
    # wrong: mean = (xt - beta * eps_hat) / np.sqrt(1 - beta)  # the factor of eps_hat is beta over the root of 1 - alpha_bar
    # wrong: mean = (xt - beta / np.sqrt(beta) * eps_hat) / np.sqrt(1 - beta)  # it is the noise of all steps that eps_hat speaks of: 1 - alpha_bar, not 1 - alpha
    # wrong: mean = (xt - np.sqrt(1 - left) * eps_hat) / np.sqrt(left)  # this jumps to the guess of x_0: one step is asked for
    # wrong: mean = xt - beta / np.sqrt(1 - left) * eps_hat  # the step forward has shrunk x_{t-1}: blow it up again
    # wrong: mean = (xt + beta / np.sqrt(1 - left) * eps_hat) / np.sqrt(1 - beta)  # noise is taken away
    # wrong: mean = (xt - beta / np.sqrt(1 - left) * eps_hat) / (1 - beta)  # the step forward has shrunk x_{t-1} by a root
    # wrong: mean = (xt - beta / (1 - left) * eps_hat) / np.sqrt(1 - beta)  # the factor of eps_hat has a root below
    mean = (xt - beta / np.sqrt(1 - left) * eps_hat) / np.sqrt(1 - beta)
    # wrong: variance = small  # the large variance was asked for
    # wrong: variance = small if var == "large" else beta  # small and large are swapped
    # wrong: variance = small if var == "small" else beta  # at t = 1 nothing is added, for the large variance either
    # wrong: variance = (small if var == "small" else beta) if t < len(betas) else 0.0  # it is the last step, t = 1, that adds nothing, not the first
    variance = small if var == "small" or t == 1 else beta
    # wrong: return mean + variance * z  # the noise has the factor sigma: the root of the variance
    # wrong: return mean  # each step but the last adds fresh noise
    # wrong: return mean - variance**0.5 * abs(z)  # z may have either sign
    return mean + np.sqrt(variance) * z


def sample(
    eps_model: Callable[[np.ndarray, int], np.ndarray],
    shape: tuple[int, ...],
    betas: np.ndarray,
    rng: np.random.Generator,
    var: str = "small",
) -> np.ndarray:
    """x_0 of the given shape, by T steps from standard normal noise."""
    # wrong: x = np.zeros(shape)  # the start is noise
    # wrong: x = rng.uniform(-1, 1, shape)  # the start is standard normal noise
    # wrong: x = np.sqrt(1 - np.prod(1 - betas)) * rng.standard_normal(shape)  # the start has the variance 1
    # wrong: x = np.random.standard_normal(shape)  # all noise comes from rng
    # wrong: x = np.random.default_rng(0).standard_normal(shape)  # use the generator that is given
    x = rng.standard_normal(shape)
    # wrong: z = rng.standard_normal(shape)  # each step needs fresh noise: with the same z it adds up
    #        for t in range(len(betas), 0, -1):
    #            x = ddpm_step(x, t, eps_model(x, t), betas, z, var)
    # wrong: for t in range(1, len(betas) + 1):  # the way back begins at T
    #            x = ddpm_step(x, t, eps_model(x, t), betas, rng.standard_normal(shape), var)
    # wrong: for t in range(len(betas), 1, -1):  # the step at t = 1 is missing
    #            x = ddpm_step(x, t, eps_model(x, t), betas, rng.standard_normal(shape), var)
    for t in range(len(betas), 0, -1):
        # wrong: x = ddpm_step(x, t, eps_model(x, t - 1), betas, rng.standard_normal(shape), var)  # the model is asked at the time of x, t
        # wrong: x = ddpm_step(x, t, eps_model(x, t), betas, rng.standard_normal(), var)  # each entry needs noise of its own
        # wrong: x = ddpm_step(x, t, eps_model(x, t), betas, rng.uniform(-1, 1, shape), var)  # the noise is standard normal
        # wrong: x = ddpm_step(x, t, eps_model(x, t), betas, np.random.standard_normal(shape), var)  # all noise comes from rng
        # wrong: x = ddpm_step(x, t, eps_model(x, t), betas, rng.standard_normal(shape))  # the variance that was asked for does not reach the step
        # wrong: x = ddpm_step(x, t, eps_model(x, t), betas, np.zeros(shape), var)  # each step but the last adds fresh noise
        x = ddpm_step(x, t, eps_model(x, t), betas, rng.standard_normal(shape), var)
    return x


def moment_recursion(betas: np.ndarray, m: float, s2: float, var: str) -> tuple[float, float]:
    """Mean and variance of each number that `sample` returns when eps_model is `optimal_eps` for N(m, s2)."""
    # wrong: mean, variance = m, s2  # it starts from x_T, which is N(0, 1)
    mean, variance = 0.0, 1.0
    # wrong: for t in range(len(betas), 0, -1):  # the noise adds its variance in every step
    #            ends = np.array([0.0, 1.0])
    #            c, after = ddpm_step(ends, t, optimal_eps(ends, t, betas, m, s2), betas, np.zeros(2), var)
    #            mean, variance = c + (after - c) * mean, (after - c) ** 2 * variance
    for t in range(len(betas), 0, -1):
        x, z = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
        # wrong: eps = optimal_eps(x, t, betas, 0.0, s2)  # the data have the mean m
        # wrong: eps = optimal_eps(x, t, betas, m, 1.0)  # the data have the variance s2
        eps = optimal_eps(x, t, betas, m, s2)
        # wrong: c, of_x, of_z = ddpm_step(x, t, eps, betas, z)  # the variance that was asked for does not reach the step
        c, of_x, of_z = ddpm_step(x, t, eps, betas, z, var)
        # wrong: mean = (of_x - c) * mean  # the step is not linear only: it moves x by a constant as well
        # wrong: mean = c + of_x * mean  # the factor of x is what an x of 1 makes more than an x of 0
        mean = c + (of_x - c) * mean
        # wrong: variance = (of_x - c) * variance + (of_z - c) ** 2  # a factor k multiplies a variance by its square
        # wrong: variance = (of_x - c) ** 2 * variance + (of_z - c)  # it is the variance of the noise that is added, not its root
        variance = (of_x - c) ** 2 * variance + (of_z - c) ** 2
    # wrong: return mean, variance**0.5  # the variance is asked for, not its root
    return mean, variance
