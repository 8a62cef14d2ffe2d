"""An estimate that is right on average need not have a gradient that is: the average also moves because other samples
become likely, and that part is lost when samples are taken as they are. For k1 it was all there is. k3 is the fine
estimate for a plot and, as a loss, pulls towards the mass of p, like maximum likelihood; k2 is biased as an estimate and
exact as a loss. As a penalty inside the reward, where the score function does the differentiating, k1 is right again.
"""

import numpy as np

from solutions.phase4.mlp.stable_softmax_ce import log_softmax

HINTS = (
    "Near 0, exp(x) - 1 throws digits away that numpy has a function to keep.",
    "Mean and variance are weighted sums: weight each outcome's estimate by q. An outcome of weight 0 has an infinite "
    "log ratio, and 0 times infinity is nan: drop it first.",
    "In all three, theta enters through log q(x) alone. So d k / d theta = c(x) d log q(x) / d theta, with a number c(x) "
    "for each kind: what is dk / d log q? And d log q(x) / d theta_j is 1[x = j] - q_j.",
    "For any c the sum over x of q(x) c(x) (1[x = j] - q_j) is q_j (c_j - mean of c). The true gradient has that form as "
    "well: the part of it in which q is differentiated brings c = log q - log p, the other part vanishes.",
)


def k1(logr: np.ndarray) -> np.ndarray:
    """-logr, entry by entry."""
    # wrong: return logr  # r is p / q, and the divergence of q from p the mean of -log r
    # wrong: return np.abs(logr)  # a single estimate may be negative: that is what makes the mean right
    # wrong: return np.maximum(-logr, 0)  # a single estimate may be negative: that is what makes the mean right
    return -logr


def k2(logr: np.ndarray) -> np.ndarray:
    """logr^2 / 2, entry by entry."""
    # wrong: return logr**2  # half the square
    return 0.5 * logr**2


def k3(logr: np.ndarray) -> np.ndarray:
    """exp(logr) - 1 - logr, entry by entry."""
    # wrong: return np.exp(logr) - 1 - logr  # for small logr this cancels: digits are lost, and the sign may be
    # wrong: return np.expm1(logr) + logr  # the logarithm is subtracted, else the estimate has the slope 2 at 0
    # wrong: return np.expm1(-logr) + logr  # this is for samples from p: with r = p / q the ratio stands as it is
    # wrong: return np.maximum(np.exp(logr) - 1 - logr, 0)  # this mends the sign; the digits are lost all the same
    # wrong: return 0.5 * logr**2 * (1 + logr / 3)  # two terms of the series are not enough for large logr
    return np.expm1(logr) - logr


def exact_moments(q: np.ndarray, p: np.ndarray, which: str) -> tuple[float, float]:
    """Mean and variance of an estimate of KL(q||p) from one sample of q; q and p (V,)."""
    _check(q, p, which)
    # wrong: drawn = np.ones(len(q), bool)  # an outcome that is never drawn has an infinite log ratio and adds nothing
    drawn = q > 0
    q, p = q[drawn], p[drawn]
    # wrong: estimates = {"k1": k1, "k2": k2, "k3": k3}[which](np.log(q / p))  # the ratio is p over q
    # wrong: estimates = {"k1": k1, "k2": k2, "k3": k3}[which](p / q)  # the estimates take the logarithm of the ratio
    # wrong: q, estimates = q / q.sum(), {"k1": k1, "k2": k2, "k3": k3}[which](np.log(p / p.sum() / q))  # p keeps its values where q is positive
    estimates = {"k1": k1, "k2": k2, "k3": k3}[which](np.log(p / q))
    # wrong: mean = float(estimates.mean())  # outcomes are not equally likely: weight them by q
    # wrong: mean = float(p @ estimates)  # the samples come from q
    mean = float(q @ estimates)
    # wrong: return mean, float(estimates.var())  # outcomes are not equally likely: weight them by q
    # wrong: return mean, float(q @ estimates**2)  # this is the second moment: the square of the mean is to be subtracted
    # wrong: return mean, float(q @ (estimates - mean) ** 2) * len(q) / max(len(q) - 1, 1)  # this is the exact variance of one sample: nothing to correct
    # wrong: return mean, float(np.sqrt(q @ (estimates - mean) ** 2))  # the variance, not its root
    # wrong: return mean, float(p @ (estimates - mean) ** 2)  # the samples come from q
    return mean, float(q @ (estimates - mean) ** 2)


def grad_of_expected_estimator(theta: np.ndarray, p: np.ndarray, which: str) -> np.ndarray:
    """(V,): the mean under q = softmax(theta) of the gradient of k, samples fixed; theta and p (V,)."""
    _check(theta, p, which)
    # wrong: log_q = np.log(np.exp(theta) / np.exp(theta).sum())  # exp overflows: a softmax starts by subtracting the largest
    log_q = log_softmax(theta)
    # wrong: logr = log_q - np.log(p)  # the ratio is p over q
    logr = np.log(p) - log_q
    # wrong: slopes = {"k1": -np.ones_like(logr), "k2": logr, "k3": np.expm1(logr)}[which]  # log r falls as log q grows: the sign turns
    # wrong: slopes = {"k1": np.ones_like(logr), "k2": -2 * logr, "k3": -np.expm1(logr)}[which]  # the half cancels the 2 of the square
    slopes = {"k1": np.ones_like(logr), "k2": -logr, "k3": -np.expm1(logr)}[which]  # dk / d log q
    # wrong: slopes = slopes + {"k1": k1, "k2": k2, "k3": k3}[which](logr)  # q(x) in front is not differentiated: that would be the score function's part
    # wrong: return np.exp(log_q) * slopes  # log q(x) depends on every theta, through the sum in the softmax
    return _through_softmax(np.exp(log_q), slopes)


def true_kl_grad(theta: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(V,): the gradient of KL(softmax(theta)||p) with respect to theta; theta and p (V,)."""
    _check(theta, p)
    log_q = log_softmax(theta)
    logr = np.log(p) - log_q
    # wrong: return np.exp(log_q) - p  # this is the gradient of the other divergence, KL(p||q)
    # wrong: return np.exp(log_q) * -logr  # log q(x) depends on every theta, through the sum in the softmax
    # wrong: return _through_softmax(np.exp(log_q), logr)  # this climbs: the divergence is the mean of -log r
    # wrong: return _through_softmax(np.exp(log_q), np.ones_like(logr))  # the probability of the outcomes moves as well, not only their estimate
    return _through_softmax(np.exp(log_q), -logr)


def _check(a: np.ndarray, p: np.ndarray, which: str = "k1") -> None:
    # wrong: if a.shape != p.shape:  # another name is a ValueError
    #            raise ValueError(f"shapes {a.shape} and {p.shape}, {which!r}")
    # wrong: if which not in ("k1", "k2", "k3"):  # one number against many broadcasts, and then nobody notices
    #            raise ValueError(f"shapes {a.shape} and {p.shape}, {which!r}")
    # wrong: if a.size != p.size or which not in ("k1", "k2", "k3"):  # (V, 1) against (V,) makes a table
    #            raise ValueError(f"shapes {a.shape} and {p.shape}, {which!r}")
    if a.shape != p.shape or which not in ("k1", "k2", "k3"):
        raise ValueError(f"shapes {a.shape} and {p.shape}, {which!r}: two of one shape, and k1, k2 or k3")


def _through_softmax(q: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """The sum over x of q(x) slopes(x) d log q(x) / d theta."""
    # wrong: return q * (slopes - slopes.mean())  # the mean that is subtracted is the mean under q
    return q * (slopes - q @ slopes)
