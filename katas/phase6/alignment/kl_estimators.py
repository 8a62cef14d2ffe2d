"""Three ways to estimate KL from samples

In RLHF (reinforcement learning from human feedback) a policy is kept near its starting point by a KL
divergence, and all that is ever seen of this leash is one sample at a time. Of three estimates in use one is
noisy, one is biased and one is neither; differentiate them, and their roles change.

Samples x are drawn from the policy q, and p is the reference. With r = p(x) / q(x) and logr = log r,

    KL(q||p) = sum over x of q(x) (log q(x) - log p(x))        the mean of -logr under q

    k1 = -logr        k2 = logr^2 / 2        k3 = r - 1 - logr

`k1`, `k2` and `k3` take logr, an array of any shape with float64 or float32 entries from -80 to 80, and
return an array of the same shape and dtype. Policies that have just parted differ little, so small logr are
the rule: in float64, k3 is right to 8 digits for |logr| from 1e-5 up, and positive from 1e-10 up.

All that follows is exact: no samples, but sums over all V outcomes, in float64. `which` is "k1", "k2" or
"k3"; anything else is a ValueError. So are two arrays of different shapes. p is positive everywhere, and p
and q sum to 1.

`exact_moments(q, p, which)` returns mean and variance of the estimate when x is drawn from q, as Python
floats. Some q(x) may be 0: such an x is never drawn and adds nothing.

The other two functions look at gradients: q = softmax(theta), with entries of theta up to 1e3 in size and at
most 50 apart.

`true_kl_grad(theta, p)` is the gradient of KL(q||p) with respect to theta.

`grad_of_expected_estimator(theta, p, which)` is what autograd gives, on average, to one who draws samples
from q and uses the mean of their k as a loss: the samples are taken as they are, and only log q(x) inside k
depends on theta,

    sum over x of q(x) d k(log p(x) - log q(x)) / d theta        where the factor q(x) is not differentiated

Work out what it comes to for each of the three. One is the gradient you want, one is that of another
divergence, and one is a surprise.

Logarithms are natural. Nothing warns or gives nan. Inputs are not changed.

Schulman, Approximating KL Divergence, 2020; Tang and Munos 2025.
"""

import numpy as np

from solutions.phase4.mlp.stable_softmax_ce import log_softmax  # for your gradients


def k1(logr: np.ndarray) -> np.ndarray:
    """-logr, entry by entry."""
    raise NotImplementedError


def k2(logr: np.ndarray) -> np.ndarray:
    """logr^2 / 2, entry by entry."""
    raise NotImplementedError


def k3(logr: np.ndarray) -> np.ndarray:
    """exp(logr) - 1 - logr, entry by entry."""
    raise NotImplementedError


def exact_moments(q: np.ndarray, p: np.ndarray, which: str) -> tuple[float, float]:
    """Mean and variance of an estimate of KL(q||p) from one sample of q; q and p (V,)."""
    raise NotImplementedError


def grad_of_expected_estimator(theta: np.ndarray, p: np.ndarray, which: str) -> np.ndarray:
    """(V,): the mean under q = softmax(theta) of the gradient of k, samples fixed; theta and p (V,)."""
    raise NotImplementedError


def true_kl_grad(theta: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(V,): the gradient of KL(softmax(theta)||p) with respect to theta; theta and p (V,)."""
    raise NotImplementedError
