"""Signal factors multiply, and variances of independent noises add: each step shrinks the old noise by 1 - beta and adds
beta, which keeps signal and noise at 1 in sum. So x_t of a whole batch costs a table look-up, at any t.

The two forms share their law at each single time, not their paths: x_5 and x_6 of a walk are neighbours, two leaps with
two noises are not. The loss of a diffusion model needs one time of each example only, so it never notices.
"""

import numpy as np

HINTS = (
    "In both formulas the squares of the two factors sum to 1. If yours do not, a root is missing.",
    "A running product of 1 - beta gives all alpha_bar at once; index it with the whole array of times. Mind where time 1 is.",
    "The factors have shape (B,), the batch (B, ...): give the factors as many axes of size 1 as it takes to meet the first "
    "axis of the batch and not the last.",
    "For the moments: what does a factor c do to a mean, and to a variance? The noise has mean 0, and its variance comes on top.",
)


def q_step(x: np.ndarray, beta: float, eps: np.ndarray) -> np.ndarray:
    """x_t, in the shape of x = x_{t-1}; eps in that shape, too."""
    # wrong: return (1 - beta) * x + beta * eps  # shares of variances are not factors: the roots are missing
    # wrong: return np.sqrt(1 - beta) * x + beta * eps  # beta is the variance of the noise: its factor is the root
    # wrong: return (1 - beta) * x + np.sqrt(beta) * eps  # the factor of x is a root, too, else the variance shrinks
    # wrong: return x + np.sqrt(beta) * eps  # without shrinking x the variance grows for ever
    # wrong: return np.sqrt(beta) * x + np.sqrt(1 - beta) * eps  # beta is the share of the noise
    # wrong: return np.sqrt(1 - beta) * x + (1 - np.sqrt(1 - beta)) * eps  # it is the squares of the factors that sum to 1
    # wrong: return np.sqrt(1 - beta) * (x + np.sqrt(beta) * eps)  # only x shrinks: the noise comes afterwards
    return np.sqrt(1 - beta) * x + np.sqrt(beta) * eps


def q_sample(x0: np.ndarray, t: np.ndarray, eps: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """x_t (B, ...) of x0 and eps (B, ...), where example b is at time t[b], 1 to T; else ValueError."""
    # wrong: pass  # times outside 1 ... T are refused: index -1 would be the last beta
    # wrong: if (t > len(betas)).any():  # a time below 1 is refused, too: index -1 would be the last beta
    #            raise ValueError("too late")
    # wrong: if (t < 1).any() or (t >= len(betas)).any():  # T itself is a time
    #            raise ValueError("no such time")
    # wrong: if (t < 0).any() or (t > len(betas)).any():  # time 0 is the data: there is no step that leads there
    #            raise ValueError("no such time")
    # wrong: if t[0] < 1 or t[0] > len(betas):  # every time of the batch has to exist, not the first alone
    #            raise ValueError("no such time")
    # wrong: if (t < 1).all() or (t > len(betas)).all():  # one time that does not exist is enough to refuse
    #            raise ValueError("no such time")
    if (t < 1).any() or (t > len(betas)).any():
        raise ValueError(f"times {t} are not all in 1 ... {len(betas)}")
    # wrong: left = np.cumprod(1 - betas)[t % len(betas)]  # alpha_bar_t is at index t - 1
    # wrong: left = np.append(1.0, np.cumprod(1 - betas))[t - 1]  # this is alpha_bar of the time before
    # wrong: left = (1 - betas)[t - 1]  # this is what one step leaves: alpha_bar is the product of all up to t
    # wrong: left = 1 - np.cumsum(betas)[t - 1]  # shares of what is left multiply; they do not add up
    # wrong: left = np.cumprod(1 - betas[::-1])[t - 1]  # the schedule is reversed
    # wrong: left = np.full(t.shape, np.cumprod(1 - betas)[t[0] - 1])  # each example has a time of its own
    left = np.cumprod(1 - betas)[t - 1]  # (B,)
    # wrong: left = np.broadcast_to(left, x0.shape)  # the times belong to the first axis; as it is, they meet the last
    left = left.reshape(-1, *[1] * (x0.ndim - 1))  # (B, 1, ..., 1)
    # wrong: return left * x0 + (1 - left) * eps  # alpha_bar is a share of the variance: the factors are roots
    # wrong: return np.sqrt(left) * x0 + (1 - left) * eps  # the noise has the variance 1 - alpha_bar: its factor is the root
    # wrong: return np.sqrt(left) * x0 + (1 - np.sqrt(left)) * eps  # it is the squares of the factors that sum to 1
    # wrong: return np.sqrt(left) * x0 + np.sqrt(betas[t - 1]).reshape(left.shape) * eps  # beta_t is the noise of the last step alone; all before it count
    # wrong: return np.sqrt(1 - left) * x0 + np.sqrt(left) * eps  # signal and noise are swapped
    # wrong: return np.sqrt(left) * x0 + np.sqrt(1 - left) * eps[:1]  # each example has its own noise
    # wrong: return np.sqrt(left) * (x0 + np.sqrt(1 - left) * eps)  # only x_0 shrinks
    return np.sqrt(left) * x0 + np.sqrt(1 - left) * eps


def chain_moments(m0: float, v0: float, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (T,) and variances (T,) of x_1 ... x_T, one step after the other."""
    m, v = m0, v0
    means, variances = [], []
    # wrong: for beta in betas[::-1]:  # the schedule is reversed: the first step has beta_1
    #            m, v = np.sqrt(1 - beta) * m, (1 - beta) * v + beta
    #            means.append(m)
    #            variances.append(v)
    for beta in betas:
        # wrong: m = (1 - beta) * m  # the factor of the step is a root
        # wrong: m = np.sqrt(1 - beta) * m + np.sqrt(beta)  # the noise has mean 0
        # wrong: m = np.sqrt(1 - beta) * m0  # each step starts where the one before ended
        m = np.sqrt(1 - beta) * m
        # wrong: v = np.sqrt(1 - beta) * v + np.sqrt(beta)  # a factor c multiplies a variance by its square
        # wrong: v = (1 - beta) ** 2 * v + beta**2  # the factors are roots: squared, they are 1 - beta and beta
        # wrong: v = v + beta  # the step shrinks what is there before it adds noise
        # wrong: v = (1 - beta) * v0 + beta  # each step starts where the one before ended
        # wrong: v = (1 - beta) * v  # the noise adds its variance
        v = (1 - beta) * v + beta
        means.append(m)
        # wrong: variances.append(np.sqrt(v))  # variances are asked for, not standard deviations
        variances.append(v)
    # wrong: return np.array([m0, *means]), np.array([v0, *variances])  # x_0 is not among the T results
    # wrong: return np.array([m0, *means[:-1]]), np.array([v0, *variances[:-1]])  # index t - 1 holds the moments of x_t, after step t
    return np.array(means), np.array(variances)


def closed_moments(m0: float, v0: float, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (T,) and variances (T,) of x_1 ... x_T, from alpha_bar."""
    # wrong: left = 1 - betas  # alpha_bar is the product of all up to t
    # wrong: left = np.cumprod(1 - betas[::-1])  # the schedule is reversed
    left = np.cumprod(1 - betas)
    # wrong: return left * m0, left * v0 + 1 - left  # the factor of the mean is the root of alpha_bar
    # wrong: return np.sqrt(left) * m0, 1 - left  # the data's own variance shrinks, too; it is not gone
    # wrong: return np.sqrt(left) * m0, left**2 * v0 + (1 - left) ** 2  # the factors are roots: squared, they are alpha_bar and 1 - alpha_bar
    # wrong: return np.sqrt(left) * m0, left * v0 + betas  # beta_t is the noise of the last step alone
    # wrong: return np.sqrt(left) * m0, np.sqrt(left * v0 + 1 - left)  # variances are asked for, not standard deviations
    # wrong: return np.sqrt(left) * m0, left * (v0 - m0**2) + 1 - left  # v0 is the variance already, not the mean square
    return np.sqrt(left) * m0, left * v0 + 1 - left
