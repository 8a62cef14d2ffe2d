"""With a^2 + s^2 = 1 the pair (x_t, v) is the pair (x_0, eps) turned by an angle: that is why the way from v needs no division
and is as good at pure noise as at clean data. From eps, x_0 is divided by a, so at high noise errors explode; from x_0, eps
is divided by s, so they do at low noise.

Plot the four weights over log snr. "Predict eps with plain squares" is one choice among many; v adds 1, which keeps the
noisy end alive, and min-SNR caps the clean end.
"""

import numpy as np

HINTS = (
    "Do not write sixteen formulas. From any kind find x_0 and eps first; from these every kind is its definition.",
    "x_t and v are two linear equations for x_0 and eps. Multiply one by a and the other by s, add or subtract, and "
    "a^2 + s^2 = 1 removes what you do not want.",
    "For a weight write the kind as a function of x_0 at fixed x_t: it is linear, and w is the square of the factor of x_0. "
    "1 / (1 - alpha_bar) in terms of snr is shorter than it looks.",
)


def convert(
    pred: np.ndarray, kind_from: str, kind_to: str, xt: np.ndarray, alpha_bar: float | np.ndarray
) -> np.ndarray:
    """The prediction `pred` of kind "eps", "x0", "v" or "score" as one of another kind, in the same shape."""
    # wrong: a, s = alpha_bar, 1 - alpha_bar  # alpha_bar is a share of the variance: the factors are roots
    # wrong: a, s = np.sqrt(alpha_bar), 1 - np.sqrt(alpha_bar)  # it is the squares of a and s that sum to 1
    # wrong: a, s = np.sqrt(1 - alpha_bar), np.sqrt(alpha_bar)  # alpha_bar is the share of the signal
    a, s = np.sqrt(alpha_bar), np.sqrt(1 - alpha_bar)
    if kind_from == "eps":
        # wrong: x0, eps = xt - s * pred, pred  # what is left of x_t without the noise is a x_0: divide by a
        # wrong: x0, eps = (xt - pred) / a, pred  # the noise in x_t has the factor s
        # wrong: x0, eps = (xt + s * pred) / a, pred  # the noise is taken away from x_t
        # wrong: x0, eps = np.clip((xt - s * pred) / a, -1, 1), pred  # clipping is for samplers of images; here nothing is said of the range of x_0
        x0, eps = (xt - s * pred) / a, pred
    elif kind_from == "x0":
        # wrong: x0, eps = pred, xt - a * pred  # what is left of x_t without the signal is s eps: divide by s
        # wrong: x0, eps = pred, (xt - pred) / s  # the signal in x_t has the factor a
        # wrong: x0, eps = pred, (xt - a * pred) / s**2  # the factor of the noise is s, not its square
        x0, eps = pred, (xt - a * pred) / s
    elif kind_from == "v":
        # wrong: x0, eps = a * xt + s * pred, s * xt - a * pred  # mind the sign of v: it holds minus s x_0
        # wrong: x0, eps = a * xt - s * pred, a * xt + s * pred  # in eps the roles of a and s are swapped
        # wrong: x0, eps = (xt - s * (pred + s * xt)) / a, s * xt + a * pred  # eps is s x_t + a v, both with their factors
        # wrong: x0, eps = (xt - s * (s * xt + a * pred)) / a, s * xt + a * pred  # where alpha_bar is 0 this divides by 0; x_0 follows from v without a division
        # wrong: x0, eps = a * xt - s * pred, (xt - a * (a * xt - s * pred)) / s  # where alpha_bar is 1 this divides by 0; eps follows from v without a division
        x0, eps = a * xt - s * pred, s * xt + a * pred
    elif kind_from == "score":
        # wrong: x0, eps = (xt - s**2 * pred) / a, s * pred  # the score points against the noise: mind the sign
        # wrong: x0, eps = (xt + s**3 * pred) / a, -(s**2) * pred  # the score is the noise over s, not over its square
        # wrong: x0, eps = (xt + pred) / a, -pred / s  # the score is divided by s already: multiply
        x0, eps = (xt + s**2 * pred) / a, -s * pred
    else:
        # wrong: x0, eps = pred, pred  # kinds outside the four are refused
        raise ValueError(f"unknown kind {kind_from!r}")
    if kind_to == "eps":
        return eps
    if kind_to == "x0":
        return x0
    if kind_to == "v":
        # wrong: return s * x0 - a * eps  # the sign of v: it is the noise that counts positively
        # wrong: return a * eps + s * x0  # x_0 enters v with a minus
        # wrong: return s * eps - a * x0  # in v the factors change places: a goes with eps
        # wrong: return eps - x0  # this is the velocity of a straight path; here v has the factors a and s
        return a * eps - s * x0
    if kind_to == "score":
        # wrong: return eps / s  # the score points from the noisy to the clean: it has a minus
        # wrong: return -eps / s**2  # the noise over s, not over its square: eps itself is s times smaller than x_t - a x_0
        # wrong: return -eps  # the score is divided by s: near the data it is steep
        # wrong: return -s * eps  # the score is divided by s: near the data it is steep
        return -eps / s
    # wrong: return pred  # kinds outside the four are refused
    raise ValueError(f"unknown kind {kind_to!r}")


def loss_weight(kind: str, snr: np.ndarray) -> np.ndarray:
    """w in the shape of snr: squared errors in `kind` over squared errors in x_0."""
    if kind == "eps":
        # wrong: return 1 / snr  # upside down: at low noise a small error in x_0 is a large one in eps
        # wrong: return np.sqrt(snr)  # errors are squared, and so is their factor
        return snr
    if kind == "x0":
        # wrong: return 1.0  # the weights have the shape of snr
        return np.ones_like(snr)
    if kind == "v":
        # wrong: return snr  # v is not eps: where there is no signal its weight is 1
        # wrong: return 1 / (snr + 1)  # this is 1 - alpha_bar: the weight is its inverse
        # wrong: return snr / (snr + 1)  # this is alpha_bar
        # wrong: return (np.sqrt(snr) + 1) ** 2  # at fixed x_t, x_0 enters v twice, directly and through eps: add the factors, then square
        return snr + 1
    if kind == "score":
        # wrong: return snr  # the score is eps over s: its square has 1 / (1 - alpha_bar) more
        # wrong: return snr / (snr + 1)  # dividing by s makes errors larger, not smaller
        # wrong: return snr**2  # 1 / (1 - alpha_bar) is snr + 1
        return snr * (snr + 1)
    # wrong: return snr  # kinds outside the four are refused
    raise ValueError(f"unknown kind {kind!r}")


def min_snr(snr: np.ndarray, gamma: float = 5.0) -> np.ndarray:
    """Factors of an eps-loss, in the shape of snr, that cap the weight on x_0 at gamma."""
    # wrong: return np.minimum(snr, gamma)  # this is the weight on x_0; an eps-loss brings snr with it
    # wrong: return np.minimum(snr, gamma) / (snr + 1)  # this is the factor for a v-loss
    # wrong: return np.maximum(snr, gamma) / snr  # the cap is on large weights
    # wrong: return np.minimum(snr, 5.0) / snr  # gamma is an argument
    # wrong: return snr / np.minimum(snr, gamma)  # upside down: the easy images get less say
    return np.minimum(snr, gamma) / snr
