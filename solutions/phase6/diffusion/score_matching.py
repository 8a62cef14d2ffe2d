"""The target -eps / sigma of denoising is the score of x given its own x0, which anyone can write down; that many x0
could have led to the same x only averages these targets, and least squares wants the average. The same trick, in the
same words, is behind eps prediction and behind flow matching.

The price is that sigma stays in the answer. A small sigma is near to the data's own score, but its targets are as large as
1 / sigma and mostly noise. That is why many sigmas are learned at once.
"""

from collections.abc import Callable

import numpy as np

HINTS = (
    "grad log p = grad p / p. In grad p each component contributes its density times (means[i] - x) / var, so the score is a "
    "weighted mean of such pulls, and its weights add up to 1.",
    "The weights are a softmax over the components of log weights[i] minus the squared distance over 2 var. Subtract each "
    "row's largest exponent first. What all components have in common, the Gaussian's constant, cancels.",
    "In dsm_loss the model is asked at the noised points. Sum the squares along each row, take the mean over rows.",
    "fit_linear_dsm: expand the expected square with E[eps] = 0 and E[eps^2] = 1, and set its derivatives in a and b to 0. "
    "From the one in b follows that the line is 0 at the mean of the data.",
)


def gmm_score(x: np.ndarray, means: np.ndarray, var: float, weights: np.ndarray) -> np.ndarray:
    """grad log p (n, d) at x (n, d), for the mixture of means (k, d) with weights (k,)."""
    # wrong: pass  # a variance has to be above 0
    # wrong: if var < 0:  # with a variance of 0 there is no density
    #            raise ValueError(f"var = {var} is not above 0")
    if var <= 0:
        raise ValueError(f"var = {var} is not above 0")
    pulls = (means - x[:, None]) / var  # (n, k, d)
    # wrong: exponents = -((means - x[:, None]) ** 2).sum(2) / (2 * var)  # heavier components pull more: the weights are missing
    # wrong: exponents = weights - ((means - x[:, None]) ** 2).sum(2) / (2 * var)  # weights multiply densities, so their logarithms add to exponents
    # wrong: exponents = np.log(weights) - ((means - x[:, None]) ** 2).sum(2) / var  # the exponent of a Gaussian has a factor of 1/2
    # wrong: exponents = np.log(weights) - ((means - x[:, None]) ** 2).sum(2) / (2 * var**2)  # var is the variance already
    # wrong: exponents = np.log(weights) - ((means - x[:, None]) ** 2).sum(2) / 2  # the distance is measured against the variance
    exponents = np.log(weights) - ((means - x[:, None]) ** 2).sum(2) / (2 * var)  # (n, k)
    # wrong: shares = np.exp(exponents)  # far out all of these are 0: subtract the largest exponent of each row
    # wrong: shares = np.exp(exponents - exponents.max())  # each point has its own largest exponent
    shares = np.exp(exponents - exponents.max(1, keepdims=True))
    # wrong: pass  # the shares of the components add up to 1 at each point
    # wrong: shares /= shares.sum(0)  # the shares of the components add up to 1 at each point, not the other way round
    shares /= shares.sum(1, keepdims=True)
    # wrong: return -(shares[:, :, None] * pulls).sum(1)  # the score points uphill, towards the means
    # wrong: return (shares[:, :, None] * pulls).sum(1) * np.sqrt(var)  # the pull is the distance over the variance, not over the standard deviation
    # wrong: return pulls[np.arange(len(x)), shares.argmax(1)]  # all components pull, not only the most likely one
    # wrong: return (weights[:, None] * pulls).sum(1)  # a component's share depends on how near it is
    return (shares[:, :, None] * pulls).sum(1)


def esm_loss(
    score: Callable[[np.ndarray], np.ndarray], target: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> float:
    """Explicit score matching: mean of |score(x) - target(x)|^2 / 2 over the rows of x (n, d)."""
    # wrong: return float(((score(x) - target(x)) ** 2).sum() / 2)  # the mean over the rows is asked for
    # wrong: return float(((score(x) - target(x)) ** 2).mean() / 2)  # squares add up along a row: the mean is over rows, not over entries
    # wrong: return float(((score(x) - target(x)) ** 2).sum(1).mean())  # there is a factor of 1/2
    # wrong: return float(np.linalg.norm(score(x) - target(x), axis=1).mean() / 2)  # the norm is squared
    return float(((score(x) - target(x)) ** 2).sum(1).mean() / 2)


def ism_loss(
    score: Callable[[np.ndarray], np.ndarray], jac_trace: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> float:
    """Implicit score matching: mean of |score(x)|^2 / 2 + jac_trace(x) over the rows of x (n, d)."""
    # wrong: return float((score(x) ** 2).sum(1).mean() / 2)  # without the trace the best score is 0 everywhere
    # wrong: return float(((score(x) ** 2).sum(1) / 2 - jac_trace(x)).mean())  # the trace is added: integration by parts turns the sign
    # wrong: return float(((score(x) ** 2).sum(1) + jac_trace(x)).mean() / 2)  # the factor of 1/2 belongs to the square alone
    # wrong: return float(((score(x) ** 2).sum(1) + jac_trace(x)).mean())  # the square has a factor of 1/2
    # wrong: return float(((score(x) ** 2).sum(1) / 2 + jac_trace(x)).sum())  # the mean over the rows is asked for
    # wrong: return float((score(x) ** 2).mean() / 2 + jac_trace(x).mean())  # squares add up along a row, as the trace does
    return float(((score(x) ** 2).sum(1) / 2 + jac_trace(x)).mean())


def dsm_loss(
    score: Callable[[np.ndarray], np.ndarray], x0: np.ndarray, eps: np.ndarray, sigma: float
) -> float:
    """Denoising score matching: its mean over the rows of data x0 and noise eps, both (n, d)."""
    # wrong: pass  # without noise there is nothing to remove: sigma has to be above 0
    # wrong: if sigma < 0:  # without noise there is nothing to remove: 0 is refused as well
    #            raise ValueError(f"sigma = {sigma} is not above 0")
    if sigma <= 0:
        raise ValueError(f"sigma = {sigma} is not above 0")
    # wrong: error = score(x0) + eps / sigma  # the model is asked at the noised points
    # wrong: error = score(x0 + sigma * eps) - eps / sigma  # the score points back, against the noise
    # wrong: error = score(x0 + sigma * eps) + eps / sigma**2  # the noise is sigma eps, so sigma cancels once
    # wrong: error = score(x0 + sigma * eps) + eps  # this is eps prediction: the score is smaller or larger by sigma
    # wrong: error = score(x0 + sigma * eps) + sigma * eps  # the noise is divided by the variance: eps / sigma
    # wrong: error = score(x0 + sigma**2 * eps) + eps / sigma  # sigma is the standard deviation of the noise
    # wrong: error = score(x0 + eps) + eps / sigma  # the noise has the width sigma
    # wrong: error = sigma * score(x0 + sigma * eps) + eps  # this is the loss times sigma^2, a weight that is not asked for here
    error = score(x0 + sigma * eps) + eps / sigma
    # wrong: return float((error**2).sum() / 2)  # the mean over the rows is asked for
    # wrong: return float((error**2).mean() / 2)  # squares add up along a row: the mean is over rows, not over entries
    # wrong: return float((error**2).sum(1).mean())  # there is a factor of 1/2
    return float((error**2).sum(1).mean() / 2)


def fit_linear_dsm(x0: np.ndarray, sigma: float) -> tuple[float, float]:
    """(a, b) of the line a x + b with the smallest expected dsm_loss on data x0 (n,)."""
    # wrong: pass  # without noise there is nothing to remove: sigma has to be above 0
    # wrong: if sigma < 0:  # without noise there is nothing to remove: 0 is refused as well
    #            raise ValueError(f"sigma = {sigma} is not above 0")
    if sigma <= 0:
        raise ValueError(f"sigma = {sigma} is not above 0")
    # wrong: a = -1 / x0.var() if len(x0) > 1 else -1.0  # that is the score of the data; the noise widens them
    # wrong: a = -1 / (x0.var() + sigma)  # variances add up, not standard deviations
    # wrong: a = -1 / (x0.std() + sigma) ** 2  # variances add up, not standard deviations
    # wrong: a = -1 / (x0.var(ddof=1) + sigma**2) if len(x0) > 1 else -1 / sigma**2  # each number has probability 1/n: divide by n, not n - 1
    # wrong: a = 1 / (x0.var() + sigma**2)  # a score falls: it points back to the mean
    # wrong: a = -1 / sigma**2  # this is the score of x given its own x0: the data have a width, too
    a = -1 / (x0.var() + sigma**2)
    # wrong: return float(a), 0.0  # the line is 0 at the mean of the data, not at 0
    # wrong: return float(a), float(a * x0.mean())  # the line is 0 at the mean: mind the sign of b
    # wrong: return float(-a * x0.mean()), float(a)  # first the slope, then the intercept
    # wrong: return float(a), float(x0.mean())  # b is the intercept, not the place where the line is 0
    return float(a), float(-a * x0.mean())
