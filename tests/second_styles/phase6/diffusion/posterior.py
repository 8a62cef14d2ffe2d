"""Conditioning alone: the coefficients are what bayes_condition makes of unit inputs"""

from typing import Any

import numpy as np


def bayes_condition(prior_mean: Any, prior_var: Any, a: Any, noise_var: Any, y: Any) -> tuple[Any, Any]:
    seen = a * a * prior_var + noise_var
    return (noise_var * prior_mean + a * prior_var * y) / seen, prior_var * noise_var / seen


def posterior_generic(s: int, t: int, betas: np.ndarray) -> tuple[float, float, float]:
    if t < 1 or t > len(betas) or s < 0 or s >= t:
        raise ValueError("no such times")
    before = float(np.prod(1 - betas[:s]))
    between = float(np.prod(1 - betas[s:t]))

    def of(x0: float, xt: float) -> tuple[float, float]:
        return bayes_condition(before**0.5 * x0, 1 - before, between**0.5, 1 - between, xt)

    return of(1, 0)[0], of(0, 1)[0], of(0, 0)[1]


def posterior_coefs(t: int, betas: np.ndarray) -> tuple[float, float, float]:
    return posterior_generic(t - 1, t, betas)
