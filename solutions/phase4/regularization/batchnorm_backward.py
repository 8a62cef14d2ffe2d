"""Read dx as a projection. Apart from the factor gamma / std it is dy less its mean and less its part along xhat: what is
left cannot shift a column, and can hardly stretch it, for the layer would undo both. So weights that feed a batch
norm get no gradient along their own direction, and weights twice as long get half of it: weight decay in front of a
norm sets a learning rate rather than a size.
"""

from typing import Any

import numpy as np

HINTS = (
    "beta and gamma are shared by the rows: their gradients are sums over the batch, of dy and of dy times what gamma multiplies.",
    "There are three ways from an entry of x to the loss: directly, through the mean of its column, and through the variance. "
    "Write the gradient with respect to xhat first, then one term for each.",
    "The sum of x - mean over a column is 0, so of the two ways that end in the mean the one that comes by the variance vanishes. "
    "What remains has the factor gamma / sqrt(var + eps) in common.",
    "Two of the three terms contain sums over the batch that you know already: they are dbeta and dgamma, divided by n.",
)


def bn_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, Any]:
    """y (n, d) of x (n, d), gamma (d,) and beta (d,); and the cache."""
    # wrong: pass  # a gamma or beta of another shape would be broadcast: refuse it
    # wrong: if gamma.shape[-1] != x.shape[1] or beta.shape[-1] != x.shape[1]:  # a gamma with a batch axis is refused as well
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: if gamma.shape != x.shape[1:]:  # beta has to fit, too
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: if beta.shape != x.shape[1:]:  # gamma has to fit, too
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    if not gamma.shape == beta.shape == x.shape[1:]:
        raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: centred = x - x.mean(1, keepdims=True)  # every feature has a mean of its own, over the examples
    # wrong: centred = x - x.mean()  # every feature has a mean of its own
    # wrong: centred = x  # the mean is taken off
    centred = x - x.mean(0)
    # wrong: var = (x**2).mean(0) - x.mean(0) ** 2  # two large numbers that nearly cancel: take differences first
    # wrong: var = x.var(0, ddof=1)  # the variance is divided by n, not by n - 1
    # wrong: var = (centred**2).sum(0)  # a variance is a mean of squares, not their sum
    var = (centred**2).mean(0)
    # wrong: rstd = 1 / (np.sqrt(var) + eps)  # eps stands inside the root
    # wrong: rstd = 1 / np.sqrt(var + 1e-5)  # eps is an argument
    # wrong: rstd = 1 / (var + eps)  # divide by the standard deviation: a root is missing
    rstd = 1 / np.sqrt(var + eps)  # (d,)
    xhat = centred * rstd
    # wrong: return gamma * xhat, (xhat, gamma, rstd)  # beta is missing from y
    # wrong: return xhat + beta, (xhat, gamma, rstd)  # gamma is missing from y
    # wrong: return gamma * (xhat + beta), (xhat, gamma, rstd)  # beta is added last: gamma does not scale it
    # wrong: return gamma * xhat + beta, (x, gamma, rstd)  # dgamma is a sum over dy xhat: gamma multiplies xhat, not x
    # wrong: return gamma * xhat + beta, (gamma * xhat, gamma, rstd)  # gamma multiplies xhat, so its gradient is made with xhat
    # wrong: return gamma * xhat + beta, (centred, gamma, rstd)  # gamma multiplies xhat, which has variance 1
    return gamma * xhat + beta, (xhat, gamma, rstd)


def bn_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx (n, d), dgamma (d,) and dbeta (d,), from dy (n, d)."""
    xhat, gamma, rstd = cache
    # wrong: pass  # a dy of another shape would be broadcast: refuse it
    # wrong: if dy.shape[-1] != xhat.shape[-1]:  # dy has a row for each row of y
    #            raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    # wrong: if dy.size != xhat.size:  # as many numbers as y is not enough: compare the shapes
    #            raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    if dy.shape != xhat.shape:
        raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    n = len(dy)
    # wrong: dbeta = dy.mean(0)  # the examples add up: nothing is averaged here
    # wrong: dbeta = dy.sum(1)  # sum over the batch, keep the features
    # wrong: dbeta = dy  # beta is shared by the batch: its gradient has the shape (d,)
    dbeta = dy.sum(0)
    # wrong: dgamma = (dy * xhat).mean(0)  # the examples add up: nothing is averaged here
    # wrong: dgamma = dy.sum(0)  # gamma multiplies xhat: each row of dy counts with its xhat
    # wrong: dgamma = (dy * xhat * gamma).sum(0)  # y is linear in gamma: gamma itself is not in its gradient
    dgamma = (dy * xhat).sum(0)
    # wrong: dx = gamma * rstd * dy  # mean and variance depend on x as well: this takes them for constants
    # wrong: dx = gamma * rstd * (dy - dbeta / n)  # x reaches the loss through the variance, too
    # wrong: dx = gamma * rstd * (dy - xhat * dgamma / n)  # x reaches the loss through the mean, too
    # wrong: dx = gamma * rstd * (dy - dbeta / (n - 1) - xhat * dgamma / (n - 1))  # mean and variance are divided by n here
    # wrong: dx = gamma * rstd * (dy - dbeta / n - xhat * dgamma / (n - 1))  # the variance is divided by n here
    # wrong: dx = gamma * rstd * (dy - dbeta / n - 2 * xhat * dgamma / n)  # the 2 of the square is cancelled by the 1/2 of the root
    # wrong: dx = gamma * rstd * (dy - dbeta / n - dgamma / n)  # the variance hears most of the rows that lie far out: a factor xhat is missing
    # wrong: dx = gamma * rstd * (dy - dbeta / n + xhat * dgamma / n)  # a larger variance makes xhat smaller: this way counts negative
    # wrong: dx = gamma * rstd * (dy - dbeta - xhat * dgamma)  # a single row moves the mean by 1/n only
    # wrong: dx = rstd * (dy - dbeta / n - xhat * dgamma / n)  # on its way to xhat the gradient passes gamma
    # wrong: dx = gamma * (dy - dbeta / n - xhat * dgamma / n)  # xhat is x divided by the standard deviation, and so is the gradient
    # wrong: dx = rstd * (gamma * dy - dbeta / n - xhat * dgamma / n)  # gamma belongs to all three ways
    # wrong: dx = gamma * rstd * (dy - dy.mean() - xhat * (dy * xhat).mean())  # the means are over the examples, one for each feature
    dx = gamma * rstd * (dy - dbeta / n - xhat * dgamma / n)
    # wrong: return dx / n, dgamma, dbeta  # nothing is averaged here: dy holds the 1/n of a mean already
    # wrong: return dx, dbeta, dgamma  # the gradients come in the order of the inputs: x, gamma, beta
    return dx, dgamma, dbeta
