"""Betas and alpha_bar are two ways of writing one schedule: a running product one way, ratios of neighbours the other.
Designers work on alpha_bar, or on the SNR, because that is what the network meets; the betas are what the chain needs.

Plot log SNR against t / T for all three. The network sees nothing else of a schedule, so two schedules with the same
range of SNR differ only in how often each noise level is trained and visited.
"""

import numpy as np

HINTS = (
    "numpy has a function for evenly spaced numbers with both ends, and one for running products. T = 1 needs no special case "
    "in either schedule.",
    "For the cosine compute f at all T + 1 times from 0 to T first: the ratios are those of neighbours in that one array.",
    "To rescale, think of two moves: shift the roots until the last is 0, then stretch them until the first is back where it was. "
    "The last one is then exactly 0, since it is a number minus itself.",
    "From roots back to betas: square them, divide each by the one before, and mind that there is none before the first.",
)


def linear_betas(T: int, b1: float = 1e-4, bT: float = 0.02) -> np.ndarray:
    """beta_1 ... beta_T (T,) in equal steps from b1 to bT."""
    # wrong: pass  # a schedule without steps is refused
    # wrong: if T < 0:  # a schedule without steps is refused
    #            raise ValueError(f"T = {T}")
    if T < 1:
        raise ValueError(f"T = {T}: a schedule has at least one step")
    # wrong: return np.linspace(bT, b1, T)  # the schedule is reversed: little noise comes first
    # wrong: return np.linspace(b1, bT, T, endpoint=False)  # the last beta is bT itself
    # wrong: return np.linspace(b1, bT, T + 1)[1:]  # the first beta is b1 itself
    # wrong: return np.linspace(b1, bT, T + 1)  # there are T betas, one for each step
    # wrong: return np.linspace(b1**0.5, bT**0.5, T) ** 2  # this is linear in the root of beta, as in Stable Diffusion; here beta itself is linear
    # wrong: return np.geomspace(b1, bT, T)  # the betas differ by equal steps, not by equal factors
    return np.linspace(b1, bT, T)


def cosine_betas(T: int, s: float = 0.008, max_beta: float = 0.999) -> np.ndarray:
    """beta_1 ... beta_T (T,) whose alpha_bar follows f, none above max_beta."""
    # wrong: pass  # a schedule without steps is refused
    if T < 1:
        raise ValueError(f"T = {T}: a schedule has at least one step")
    # wrong: t = np.arange(1, T + 2) / T  # the times run from 0 to T
    # wrong: t = np.arange(T + 1) / (T + 1)  # the last time is T, where f is 0
    t = np.arange(T + 1) / T  # (T + 1,)
    # wrong: f = np.cos((t + s) * np.pi / 2) ** 2  # the denominator 1 + s is missing: f passes its zero before the end
    # wrong: f = np.cos(t / (1 + s) * np.pi / 2) ** 2  # the offset s belongs in the numerator as well
    # wrong: f = np.cos((t + s) / (1 + s) * np.pi / 2)  # the cosine is squared: f is a variance
    # wrong: f = np.cos((t + s) / (1 + s) * np.pi) ** 2  # f uses a quarter of a period: it falls from 1 to 0
    # wrong: f = np.sin((t + s) / (1 + s) * np.pi / 2) ** 2  # f falls: it is the signal that is left
    # wrong: f = np.cos((t + 0.008) / 1.008 * np.pi / 2) ** 2  # s is an argument
    f = np.cos((t + s) / (1 + s) * np.pi / 2) ** 2
    # wrong: return 1 - f[1:] / f[:-1]  # no beta is above max_beta
    # wrong: return np.minimum(1 - f[1:] / f[:-1], 0.999)  # the largest beta is an argument
    # wrong: return np.minimum(1 - f[1:] / f[:-1], 0.02)  # 0.02 is where the linear schedule ends; here the bound is max_beta
    # wrong: return np.maximum(1 - f[1:] / f[:-1], max_beta)  # max_beta is the most a beta may be, not the least
    # wrong: return np.minimum(1 - f[1:] / f[0], max_beta)  # beta is what one step takes: divide by the time before, not by the start
    # wrong: return np.minimum(f[1:] / f[:-1], max_beta)  # the ratio is what is left; beta is what is taken
    # wrong: return np.minimum(f[1:] / f[0], max_beta)  # this is alpha_bar; betas are asked for
    # wrong: return np.minimum(1 - f[1:] / f[:-1], max_beta)[::-1]  # the schedule is reversed: little noise comes first
    return np.minimum(1 - f[1:] / f[:-1], max_beta)


def alpha_bar(betas: np.ndarray) -> np.ndarray:
    """alpha_bar_1 ... alpha_bar_T (T,), the share of the signal's variance that is left after each step."""
    # wrong: return np.cumsum(1 - betas)  # shares multiply
    # wrong: return 1 - np.cumsum(betas)  # each step takes a share of what is left, not of the start
    # wrong: return np.exp(-np.cumsum(betas))  # 1 - beta is exp(-beta) only for small betas
    # wrong: return np.cumprod(betas)  # what is left after a step is 1 - beta
    # wrong: return 1 - np.cumprod(betas)  # the product runs over 1 - beta
    # wrong: return 1 - betas  # this is alpha_t, what one step leaves: alpha_bar is the product of all up to t
    # wrong: return np.cumprod(1 - betas[::-1])  # the schedule is reversed: the product begins with beta_1
    # wrong: return np.append(1.0, np.cumprod(1 - betas)[:-1])  # index t - 1 holds alpha_bar_t, with beta_t in it
    # wrong: return np.sqrt(np.cumprod(1 - betas))  # alpha_bar is a share of the variance: no root
    # wrong: return np.cumprod(1 - betas**2)  # beta is a variance already
    return np.cumprod(1 - betas)


def snr(betas: np.ndarray) -> np.ndarray:
    """snr_1 ... snr_T (T,), the variance of the signal over that of the noise."""
    left = np.cumprod(1 - betas)
    # wrong: return (1 - left) / left  # this is noise over signal
    # wrong: return (1 - betas) / betas  # the ratio is that after all steps up to t: alpha_bar, not alpha
    # wrong: return np.sqrt(left / (1 - left))  # the ratio is one of variances: no root
    # wrong: return np.log(left / (1 - left))  # the ratio itself is asked for, not its logarithm
    # wrong: return left / (1 - left**2)  # the variance of the noise is 1 - alpha_bar
    # wrong: return left  # this is the signal alone
    return left / (1 - left)


def rescale_zero_terminal(betas: np.ndarray) -> np.ndarray:
    """betas (T,) whose sqrt(alpha_bar) is that of `betas` moved and stretched to end at 0; T at least 2."""
    # wrong: pass  # a single beta cannot both stay and become 1
    if len(betas) < 2:
        raise ValueError("a single step cannot both stay as it is and end at 0")
    # wrong: roots = np.cumprod(1 - betas)  # it is the root of alpha_bar that is moved
    roots = np.sqrt(np.cumprod(1 - betas))
    # wrong: roots = roots - roots[-1]  # stretched, the first root is back where it was
    # wrong: roots = (roots - roots[-1]) / (roots[0] - roots[-1])  # the first root stays as it is: it does not become 1
    # wrong: roots = (roots - roots[-1]) / (1 - roots[-1])  # it is r_1 that stays, not the start before any noise
    # wrong: roots = np.append(roots[:-1], 0.0)  # all roots move along a line, not the last alone
    roots = (roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])
    # wrong: left = roots  # alpha_bar is the square of the root
    left = roots**2
    # wrong: return 1 - left  # this is 1 - alpha_bar: the betas come from ratios of neighbours
    # wrong: return left  # the betas are asked for, not alpha_bar
    # wrong: return 1 - np.append(1.0, left[1:] / left[:-1])  # nothing comes before the first: its beta is 1 - alpha_bar_1
    # wrong: return 1 - np.append(left[0], left[1:] / left[:-1])[::-1]  # the schedule is reversed
    return 1 - np.append(left[0], left[1:] / left[:-1])
