"""Score matching: explicit, implicit, denoising

The score of a density p, grad_x log p(x), points to where data are denser, and it does not know the constant
that makes p sum to 1, which for images nobody can compute. A model of the score is enough to make samples.
Here are three losses to train one with, the last two on data alone, without ever seeing a true score; and the
last is that of every diffusion model.

`gmm_score` is a score that can be written down, to practise on: that of the mixture

    p(x) = sum over i of weights[i] N(x; means[i], var I)

All components have the same variance var. weights are above 0 and sum to 1. Points may be 1e3 away from all
means and var as small as 1e-2: nothing overflows, and no result is nan.

A model s is a function that takes points (n, d) and returns their scores (n, d). With | | the Euclidean norm
of a row, and means over the n rows, not over all entries,

    esm_loss  =  mean of |s(x) - target(x)|^2 / 2          where somebody knows the true score, target
    ism_loss  =  mean of |s(x)|^2 / 2 + tr ds/dx(x)        with the d x d matrix of derivatives of s at x
    dsm_loss  =  mean of |s(x0 + sigma eps) + eps / sigma|^2 / 2

`ism_loss` is given the trace as a function jac_trace, from points (n, d) to (n,). It differs from esm_loss
on average by a constant that does not depend on s (Hyvarinen): integration by parts has removed the target.

`dsm_loss` has no trace either (Vincent). x0 (n, d) are data and eps (n, d) is the noise drawn for them. Its
best s is the score of the *noised* data x0 + sigma eps, not that of the data.

`fit_linear_dsm` finds that best s among the lines s(x) = a x + b. x0 (n,) holds n numbers, each with
probability 1/n, and the mean over eps ~ N(0, 1) is exact: no noise is drawn. It returns the two floats (a, b)
that make the mean of dsm_loss smallest.

Arrays are float64, n and d at least 1. The losses are floats. Inputs are not changed. A var or a sigma that
is not above 0 is a ValueError.

Hyvarinen 2005; Vincent 2011; Song and Ermon 2019 train with many sigmas at once.
"""

from collections.abc import Callable

import numpy as np


def gmm_score(x: np.ndarray, means: np.ndarray, var: float, weights: np.ndarray) -> np.ndarray:
    """grad log p (n, d) at x (n, d), for the mixture of means (k, d) with weights (k,)."""
    raise NotImplementedError


def esm_loss(
    score: Callable[[np.ndarray], np.ndarray], target: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> float:
    """Explicit score matching: mean of |score(x) - target(x)|^2 / 2 over the rows of x (n, d)."""
    raise NotImplementedError


def ism_loss(
    score: Callable[[np.ndarray], np.ndarray], jac_trace: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> float:
    """Implicit score matching: mean of |score(x)|^2 / 2 + jac_trace(x) over the rows of x (n, d)."""
    raise NotImplementedError


def dsm_loss(
    score: Callable[[np.ndarray], np.ndarray], x0: np.ndarray, eps: np.ndarray, sigma: float
) -> float:
    """Denoising score matching: its mean over the rows of data x0 and noise eps, both (n, d)."""
    raise NotImplementedError


def fit_linear_dsm(x0: np.ndarray, sigma: float) -> tuple[float, float]:
    """(a, b) of the line a x + b with the smallest expected dsm_loss on data x0 (n,)."""
    raise NotImplementedError
