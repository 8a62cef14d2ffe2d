"""The formulas of batch norm with the other axis: mean and variance run over what a token has, not over who is in the
batch. Hence two kinds of sums in the backward pass, along the features for dx and along everything else for dgamma and dbeta;
a GPU likes only the first, and the second is what llm.c spends most of its layer norm kernel on. Mind where gamma stands: in
batch norm it was constant along the sums and could wait outside them, here it changes from feature to feature.
"""

from typing import Any

import numpy as np

HINTS = (
    "gamma and beta are shared by all vectors: their gradients are sums over every axis but the last, of dy and of dy times what "
    "gamma multiplies. With no axis in front there is nothing to sum; an empty tuple of axes says so.",
    "Take the gradient with respect to xhat first. gamma belongs there, and differs from feature to feature: it must not come "
    "out of the means that follow.",
    "From xhat on there are three ways to an entry of x: directly, through the mean, and through the variance. The closed form is "
    "that of batch norm, with means along the last axis.",
    "A statistic keeps its axis, of size 1, so that it meets its own vector when it is broadcast. Test with a square x.",
)


def ln_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, Any]:
    """y (..., d) of x (..., d), gamma (d,) and beta (d,); and the cache."""
    # wrong: pass  # a gamma or beta of another shape would be broadcast: refuse it
    # wrong: if gamma.shape[-1:] != x.shape[-1:] or beta.shape[-1:] != x.shape[-1:]:  # a gamma with a batch axis is refused as well
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: if gamma.shape != x.shape[-1:]:  # beta has to fit, too
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: if beta.shape != x.shape[-1:]:  # gamma has to fit, too
    #            raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    if not gamma.shape == beta.shape == x.shape[-1:]:
        raise ValueError(f"gamma {gamma.shape} or beta {beta.shape} does not fit x {x.shape}")
    # wrong: centred = x - x.mean(0)  # this is batch norm: every vector has a mean of its own, over its features
    # wrong: centred = x - x.mean()  # every vector has a mean of its own
    # wrong: centred = x - x.mean(-1)  # the mean has lost its axis: on a square x it meets the features, not its own vector
    # wrong: centred = x  # the mean is taken off
    # wrong: centred = x - x.mean(tuple(range(x.ndim))[-2:], keepdims=True)  # the mean is over the features of one vector alone
    centred = x - x.mean(-1, keepdims=True)
    # wrong: var = (x**2).mean(-1, keepdims=True) - x.mean(-1, keepdims=True) ** 2  # two large numbers that nearly cancel: take differences first
    # wrong: var = (centred**2).sum(-1, keepdims=True) / (x.shape[-1] - 1)  # the variance is divided by d, not by d - 1
    # wrong: var = (centred**2).sum(-1, keepdims=True)  # a variance is a mean of squares, not their sum
    # wrong: var = (centred**2).mean(0)  # this is batch norm: the variance is over the features of a vector
    # wrong: var = (centred**2).mean(-1)  # the variance has lost its axis: on a square x it meets the features, not its own vector
    var = (centred**2).mean(-1, keepdims=True)
    # wrong: rstd = 1 / (np.sqrt(var) + eps)  # eps stands inside the root
    # wrong: rstd = 1 / np.sqrt(var + 1e-5)  # eps is an argument
    # wrong: rstd = 1 / (var + eps)  # divide by the standard deviation: a root is missing
    # wrong: rstd = 1 / np.sqrt(var)  # without eps a constant vector gives nan
    rstd = 1 / np.sqrt(var + eps)  # (..., 1)
    xhat = centred * rstd
    # wrong: return gamma * xhat, (xhat, gamma, rstd)  # beta is missing from y
    # wrong: return xhat + beta, (xhat, gamma, rstd)  # gamma is missing from y
    # wrong: return gamma * (xhat + beta), (xhat, gamma, rstd)  # beta is added last: gamma does not scale it
    # wrong: return gamma * xhat + beta, (gamma * xhat, gamma, rstd)  # gamma multiplies xhat, so its gradient is made with xhat
    # wrong: return gamma * xhat + beta, (x, gamma, rstd)  # dgamma is a sum over dy xhat: gamma multiplies xhat, not x
    return gamma * xhat + beta, (xhat, gamma, rstd)


def ln_backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """dx (..., d), dgamma (d,) and dbeta (d,), from dy (..., d)."""
    xhat, gamma, rstd = cache
    # wrong: pass  # a dy of another shape would be broadcast: refuse it
    # wrong: if dy.shape[-1] != xhat.shape[-1]:  # dy has a vector for each vector of y
    #            raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    # wrong: if dy.size != xhat.size:  # as many numbers as y is not enough: compare the shapes
    #            raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    if dy.shape != xhat.shape:
        raise ValueError(f"dy has shape {dy.shape}, y {xhat.shape}")
    # wrong: batch = (0,)  # every axis but the last is a batch axis, not the first alone; and there may be none
    # wrong: batch = (-1,)  # sum over the batch, keep the features
    batch = tuple(range(dy.ndim - 1))  # the axes that share gamma and beta
    # wrong: dbeta = dy.mean(batch)  # the vectors add up: nothing is averaged here
    # wrong: dbeta = dy.sum(0)  # beta serves all batch axes: sum over all of them
    dbeta = dy.sum(batch)
    # wrong: dgamma = (dy * xhat).mean(batch)  # the vectors add up: nothing is averaged here
    # wrong: dgamma = (dy * xhat).sum(0)  # gamma serves all batch axes: sum over all of them
    # wrong: dgamma = dy.sum(batch)  # gamma multiplies xhat: each dy counts with its xhat
    # wrong: dgamma = (gamma * dy * xhat).sum(batch)  # y is linear in gamma: gamma itself is not in its gradient
    dgamma = (dy * xhat).sum(batch)
    # wrong: dxhat = dy  # on its way to xhat the gradient passes gamma
    dxhat = gamma * dy
    along = (dxhat * xhat).mean(-1, keepdims=True)
    # wrong: dx = rstd * dxhat  # mean and variance depend on x as well: this takes them for constants
    # wrong: dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True))  # x reaches the loss through the variance, too
    # wrong: dx = rstd * (dxhat - xhat * along)  # x reaches the loss through the mean, too
    # wrong: dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) + xhat * along)  # a larger variance makes xhat smaller: this way counts negative
    # wrong: dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) - 2 * xhat * along)  # the 2 of the square is cancelled by the 1/2 of the root
    # wrong: dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) - along)  # the variance hears most of the features that lie far out: a factor xhat is missing
    # wrong: dx = rstd * (dxhat - dxhat.sum(-1, keepdims=True) - xhat * dxhat.shape[-1] * along)  # a single feature moves the mean by 1/d only
    # wrong: dx = dxhat - dxhat.mean(-1, keepdims=True) - xhat * along  # xhat is x divided by the standard deviation, and so is the gradient
    # wrong: dx = gamma * rstd * (dy - dy.mean(-1, keepdims=True) - xhat * (dy * xhat).mean(-1, keepdims=True))  # gamma changes from feature to feature: it belongs inside the means
    # wrong: dx = rstd * (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0))  # this is the way back of batch norm: the means run along the features
    dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * along)
    # wrong: return dx / max(dy[..., 0].size, 1), dgamma, dbeta  # nothing is averaged here: dy holds the 1/n of a mean already
    # wrong: return dx, dbeta, dgamma  # the gradients come in the order of the inputs: x, gamma, beta
    return dx, dgamma, dbeta
