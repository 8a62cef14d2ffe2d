"""Temperature, top-k, top-p, min-p

A language model gives logits for the next token, and someone has to pick one. Always the best makes dull text
that repeats itself; a fair draw picks something absurd once in a few dozen tokens, because the thousands of
unlikely tokens are, together, not so unlikely. What lies between is a handful of filters, run in every
decoder millions of times a second: first a temperature, then filters, then a draw.

All functions take logits (V,), float64 or float32; p is their softmax. A logit of -inf is a token that is
ruled out (p = 0); at least one is finite, none is nan or +inf. What a filter keeps, it returns unchanged to
the last bit; what it rules out becomes -inf; and what was ruled out before stays so. Results are new arrays
of the same dtype. "The largest" tokens are ordered by logit, and where logits are equal the lower id comes
first.

    apply_temperature    logits / tau. For tau = 0 the limit: 0 for the largest token, -inf for all others
    top_k                keeps the k largest tokens; fewer, if fewer are finite top_p                keeps the
    smallest number of largest tokens whose p add up to at least `mass`, at least
                         one; all of them for a mass of 1
    min_p                keeps the tokens whose p is at least `share` times the largest p
    sample               draws a token id from p

Logits may be as large as 1e4 in size, and tau as small as 1e-3: nothing warns or gives nan. Sums of p are
rounded, so no test asks for a mass closer than 1e-9 to such a sum.

ValueError for tau < 0, k < 1, a mass outside (0, 1] and a share outside [0, 1].

Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p); Nguyen et al. 2024 (min-p).
"""

import numpy as np


def apply_temperature(logits: np.ndarray, tau: float) -> np.ndarray:
    """Logits (V,) at temperature tau >= 0."""
    raise NotImplementedError


def top_k(logits: np.ndarray, k: int) -> np.ndarray:
    """Logits (V,) of the k largest tokens, -inf elsewhere."""
    raise NotImplementedError


def top_p(logits: np.ndarray, mass: float) -> np.ndarray:
    """Logits (V,) of the fewest largest tokens that hold `mass` of the probability, -inf elsewhere."""
    raise NotImplementedError


def min_p(logits: np.ndarray, share: float) -> np.ndarray:
    """Logits (V,) of the tokens at least `share` times as probable as the largest, -inf elsewhere."""
    raise NotImplementedError


def sample(logits: np.ndarray, rng: np.random.Generator) -> int:
    """A token id, a Python int, drawn with the probabilities softmax(logits)."""
    raise NotImplementedError
