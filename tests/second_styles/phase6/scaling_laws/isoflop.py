"""Normal equations in log10 N without a shift, and sums in Python for the law"""

import math

import numpy as np


def parabola_min(N: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    if N.shape != loss.shape or len({*N.tolist()}) < 3 or min(N) <= 0:
        raise ValueError("these runs fix no parabola")
    u = np.log10(N)
    powers = np.stack([u**2, u, np.ones_like(u)])
    s, q, p = np.linalg.solve(powers @ powers.T, powers @ loss)
    if s * (u.max() - u.min()) ** 2 < 1e-6 * max(abs(loss)):
        raise ValueError("no valley")
    bottom = -0.5 * q / s
    return 10.0 ** float(bottom), float(np.polyval([s, q, p], bottom))


def isoflop_fit(runs: dict[float, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    if len(runs) < 2:
        raise ValueError("one budget fixes no law")
    points = [(math.log(C), math.log(parabola_min(*pair)[0])) for C, pair in runs.items()]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    a = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    return a, math.exp(mean_y - a * mean_x)


def predict(a: float, G: float, C: float) -> tuple[float, float]:
    N = math.exp(math.log(G) + a * math.log(C))
    return N, C / N / 6
