"""Noise schedules

A diffusion model learns to undo noise that was added in T small steps, and the schedule says how much each of
them adds. It decides at which noise levels the network spends its training: the linear schedule below leaves
small images almost nothing to look at in its last quarter, and one that stops short of pure noise gives
samples that are neither very dark nor very bright.

beta_t, for t = 1 ... T, is the share of the variance that step t replaces by noise. An array `betas` (T,)
holds beta_t at index t - 1, and so do all results. What is left of the signal's variance after t steps, and
its ratio to that of the noise, is

    alpha_bar_t = (1 - beta_1) (1 - beta_2) ... (1 - beta_t)
    snr_t = alpha_bar_t / (1 - alpha_bar_t)

`linear_betas`: equal steps from beta_1 = b1 to beta_T = bT; for T = 1 only b1. Ho et al. 2020, section 4.

`cosine_betas` begins with the alpha_bar that is wanted, and takes the betas that give it:

    f(t) = cos^2( (t / T + s) / (1 + s) * pi / 2 )        t = 0 ... T
    beta_t = 1 - f(t) / f(t - 1), and max_beta where that is more

Without max_beta, alpha_bar_t = f(t) / f(0), and the last step would leave nothing. Nichol and Dhariwal 2021,
equation 17.

`rescale_zero_terminal` mends a schedule that stops short of pure noise. With r_t = sqrt(alpha_bar_t) it takes
the only straight line r' = c r + d that leaves r_1 as it is and makes r_T zero, and returns the betas of r'.
beta_T is exactly 1 then. Lin et al. 2024, section 3.1 (preprint 2023).

Arrays are float64. betas are above 0 and at most 1; the last one may be 1, so that alpha_bar_T and snr_T are
exactly 0, and before it they are below 1. s is at least 0; b1, bT and max_beta are above 0, and b1 and bT
below 1; max_beta may be 1. Inputs are not changed.

ValueError: a T below 1, and a single beta (T = 1) in `rescale_zero_terminal`, whose r_1 is r_T.
"""

import numpy as np


def linear_betas(T: int, b1: float = 1e-4, bT: float = 0.02) -> np.ndarray:
    """beta_1 ... beta_T (T,) in equal steps from b1 to bT."""
    raise NotImplementedError


def cosine_betas(T: int, s: float = 0.008, max_beta: float = 0.999) -> np.ndarray:
    """beta_1 ... beta_T (T,) whose alpha_bar follows f, none above max_beta."""
    raise NotImplementedError


def alpha_bar(betas: np.ndarray) -> np.ndarray:
    """alpha_bar_1 ... alpha_bar_T (T,), the share of the signal's variance that is left after each step."""
    raise NotImplementedError


def snr(betas: np.ndarray) -> np.ndarray:
    """snr_1 ... snr_T (T,), the variance of the signal over that of the noise."""
    raise NotImplementedError


def rescale_zero_terminal(betas: np.ndarray) -> np.ndarray:
    """betas (T,) whose sqrt(alpha_bar) is that of `betas` moved and stretched to end at 0; T at least 2."""
    raise NotImplementedError
