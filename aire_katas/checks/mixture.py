"""A law whose every noisy version is known: a mixture of round Gaussians, for the tests of diffusion models

With x_0 from the mixture and eps ~ N(0, I) independent of it, x = a x_0 + s eps is such a mixture again. So
its density, its score, E[x_0 | x], E[eps | x] and the mean velocity at x have closed forms: oracles for
whatever a denoiser, a score or a flow is to compute. With a = sqrt(alpha_bar), s = sqrt(1 - alpha_bar)
this is a step of DDPM, with a = 1, s = sigma a VE process, with a = t, s = 1 - t flow matching's path.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Mixture:
    """sum over i of weights[i] N(means[i], variances[i] I), in d dimensions.

    means (k, d), variances (k,) and weights (k,) are float64. A variance of 0 is a point mass: it can be
    sampled and noised, but has neither density nor score. Points are x (n, d). `a` and `s`, where asked for,
    are numbers or arrays (n,), one a point.
    """

    means: np.ndarray
    variances: np.ndarray
    weights: np.ndarray

    def __post_init__(self) -> None:
        k = len(self.means)
        if self.means.ndim != 2 or self.variances.shape != (k,) or self.weights.shape != (k,):
            shapes = ", ".join(str(one.shape) for one in (self.means, self.variances, self.weights))
            raise ValueError(f"means, variances, weights are {shapes}, not (k, d), (k,), (k,)")
        if (self.variances < 0).any() or (self.weights < 0).any() or abs(self.weights.sum() - 1) > 1e-12:
            raise ValueError("variances and weights are not negative, and the weights sum to 1")

    def noised(self, a: float, s: float) -> "Mixture":
        """The law of a x_0 + s eps."""
        return Mixture(a * self.means, a**2 * self.variances + s**2, self.weights)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n independent points (n, d)."""
        component = rng.choice(len(self.weights), size=n, p=self.weights)
        noise = rng.standard_normal((n, self.means.shape[1]))
        return self.means[component] + np.sqrt(self.variances[component])[:, None] * noise

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """log p(x), (n,)."""
        logs = self._log_joint(x, 1.0, 0.0)
        top = logs.max(1)
        return top + np.log(np.exp(logs - top[:, None]).sum(1))

    def score(self, x: np.ndarray) -> np.ndarray:
        """The gradient of log p at x, (n, d)."""
        return self._mean_of(x, 1.0, 0.0, -1 / self._variances(1.0, 0.0), 0.0)

    def posterior_mean(self, x: np.ndarray, a: float | np.ndarray, s: float | np.ndarray) -> np.ndarray:
        """E[x_0 | a x_0 + s eps = x], (n, d)."""
        gain = np.asarray(a)[..., None] * self.variances / self._variances(a, s)
        return self._mean_of(x, a, s, gain, 1.0)

    def posterior_noise(self, x: np.ndarray, a: float | np.ndarray, s: float | np.ndarray) -> np.ndarray:
        """E[eps | a x_0 + s eps = x], (n, d): minus s times the score of `noised(a, s)`."""
        return self._mean_of(x, a, s, np.asarray(s)[..., None] / self._variances(a, s), 0.0)

    def velocity(
        self,
        x: np.ndarray,
        a: float | np.ndarray,
        s: float | np.ndarray,
        da: float | np.ndarray,
        ds: float | np.ndarray,
    ) -> np.ndarray:
        """E[da x_0 + ds eps | a x_0 + s eps = x], (n, d): the field that carries the law along a(t), s(t).

        da and ds are the derivatives of a and s in t, numbers or arrays (n,).
        """
        da, ds = (np.asarray(one)[..., None] for one in (da, ds))
        return da * self.posterior_mean(x, a, s) + ds * self.posterior_noise(x, a, s)

    # Inside ----------------------------------------------------------------------------------------------

    def _variances(self, a: float | np.ndarray, s: float | np.ndarray) -> np.ndarray:
        """(k,) or (n, k): of a x_0 + s eps within each component."""
        result = np.asarray(a)[..., None] ** 2 * self.variances + np.asarray(s)[..., None] ** 2
        if (result == 0).any():
            raise ValueError("a point mass without noise has no density: give it a variance, or s > 0")
        return result

    def _offsets(self, x: np.ndarray, a: float | np.ndarray) -> np.ndarray:
        """(n, k, d): x from the mean of each component."""
        if x.ndim != 2 or x.shape[1] != self.means.shape[1]:
            raise ValueError(f"points of shape {x.shape} for means {self.means.shape}: (n, d) is needed")
        return x[:, None] - np.asarray(a)[..., None, None] * self.means

    def _log_joint(self, x: np.ndarray, a: float | np.ndarray, s: float | np.ndarray) -> np.ndarray:
        """(n, k): log of weights[i] times the density of component i at x."""
        variances, d = self._variances(a, s), self.means.shape[1]
        squares = (self._offsets(x, a) ** 2).sum(2)
        with np.errstate(divide="ignore"):  # a weight of 0
            return np.log(self.weights) - squares / (2 * variances) - d / 2 * np.log(2 * np.pi * variances)

    def _mean_of(
        self, x: np.ndarray, a: float | np.ndarray, s: float | np.ndarray, gain: np.ndarray, constant: float
    ) -> np.ndarray:
        """(n, d): the mean of constant * means[i] + gain[i] * offset from i, over the posterior of i at x."""
        logs = self._log_joint(x, a, s)
        share = np.exp(logs - logs.max(1, keepdims=True))
        share /= share.sum(1, keepdims=True)
        each = constant * self.means + np.asarray(gain)[..., None] * self._offsets(x, a)  # (n, k, d)
        return (share[:, :, None] * each).sum(1)
