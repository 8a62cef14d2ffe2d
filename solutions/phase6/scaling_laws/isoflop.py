"""No formula of the loss was assumed, only that a valley looks like a parabola near its bottom. It does not quite: its two
sides are exponentials of different rates. But on a surface E + A/N^alpha + B/D^beta the valleys of all budgets have one
shape in log N, so each bottom is off by the same factor and the exponent is exact, as long as every budget is sampled
equally far to both sides. Let the window drift from budget to budget and the exponent bends.

A thousandth of noise in the loss moves a bottom by one or two per cent and the best run by a whole step of the grid, for
a valley is flat where it matters. The same flatness is the good news: to miss the optimum by a little costs very little.
"""

import numpy as np

from solutions.phase6.scaling_laws.power_law_fit import fit_power

HINTS = (
    "A matrix with the columns 1, u, u^2 and np.linalg.lstsq give the parabola. Numbers like u = 20 have squares that are "
    "nearly a straight line in u: subtract the mean of u first, and add it again at the end.",
    "Where is the derivative q + 2 s u zero, and what is p + q u + s u^2 there? Only then take the exponential.",
    "Take every budget's bottom, and nothing else of its runs, into the second fit. log N_opt = log G + a log C is a straight "
    "line; fit_power knows it, but its exponent has the other sign.",
)


def parabola_min(N: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """(N_opt, loss_opt) at the bottom of the parabola through loss (m,) against log N (m,)."""
    # wrong: pass  # runs that fix no parabola are refused
    # wrong: if len(N) != len(loss) or len(N) < 3 or not (N > 0).all():  # three runs at two sizes fix no parabola
    #            raise ValueError("too few runs")
    # wrong: if len(N) != len(loss) or len(np.unique(N)) < 4 or not (N > 0).all():  # three sizes are enough
    #            raise ValueError("too few runs")
    if len(N) != len(loss) or len(np.unique(N)) < 3 or not (N > 0).all():
        raise ValueError("three different positive N and as many losses as N are needed")
    # wrong: p, q, s = np.linalg.lstsq(np.vander(N / N.max(), 3, increasing=True), loss, rcond=None)[0]  # the valley is a parabola in log N, not in N
    #        return float(-q / (2 * s) * N.max()), float(p - q**2 / (4 * s))
    middle = np.log(N).mean()
    # wrong: u = np.log10(N) - middle / np.log(10)  # one log for both ways: this one is undone by 10**, not by exp
    u = np.log(N) - middle  # centred: else the columns below are nearly dependent
    # wrong: p, q, s = np.linalg.lstsq(np.vander(u, 3), loss, rcond=None)[0]  # the columns come in the other order: highest power first
    # wrong: p, q, s = np.linalg.lstsq(np.vander(u, 3, increasing=True), np.log(loss), rcond=None)[0]  # the parabola is in the loss, only N is logarithmic
    p, q, s = np.linalg.lstsq(np.vander(u, 3, increasing=True), loss, rcond=None)[0]
    # wrong: pass  # a parabola that is open below has a top, not a bottom: refuse it
    # wrong: if s < 0:  # a straight line has no bottom, but rounding gives it a tiny curvature
    #            raise ValueError("no bottom")
    # wrong: if s * np.ptp(u) ** 2 > 1e-6 * np.abs(loss).max():  # a valley is open above: s is positive
    #            raise ValueError("no bottom")
    # wrong: if s * np.ptp(u) ** 2 <= 1e-2 * np.abs(loss).max():  # a shallow valley has a bottom, too
    #            raise ValueError("no bottom")
    # wrong: if s * np.ptp(u) ** 2 <= 1e-6 * np.abs(loss).max() or np.abs(q / (2 * s)) > np.abs(u).max():  # the bottom may lie outside the runs
    #            raise ValueError("no bottom")
    if s * np.ptp(u) ** 2 <= 1e-6 * np.abs(loss).max():
        raise ValueError("the parabola has no bottom")
    # wrong: bottom = u[loss.argmin()]  # the best run is only near the bottom: take the parabola's
    # wrong: bottom = -q / s  # the derivative is q + 2 s u
    # wrong: bottom = q / (2 * s)  # the derivative q + 2 s u is zero at a negative multiple of q
    bottom = -q / (2 * s)
    # wrong: return float(middle + bottom), float(p + q * bottom + s * bottom**2)  # that is log N
    # wrong: return float(np.exp(bottom)), float(p + q * bottom + s * bottom**2)  # the mean of log N was subtracted: add it again
    # wrong: return float(np.exp(middle + bottom)), float(loss.min())  # the height is the parabola's, not that of the best run
    # wrong: return float(np.exp(middle + bottom)), float(p)  # p is the height at u = 0, not at the bottom
    # wrong: return float(np.exp(middle + bottom)), float(p - q**2 / (2 * s))  # mind the 4: q bottom + s bottom^2 is half of q bottom
    return float(np.exp(middle + bottom)), float(p + q * bottom / 2)


def isoflop_fit(runs: dict[float, tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """(a, G) of N_opt = G C^a, from {C: (N, loss)}."""
    # wrong: bottoms = [N[loss.argmin()] for N, loss in runs.values()]  # the best run is only near the bottom
    # wrong: bottoms = [parabola_min(N, loss)[1] for N, loss in runs.values()]  # that is the lowest loss, not the best size
    # wrong: bottoms = [float(np.exp(np.log(N).mean())) for N, _ in runs.values()]  # the middle of the sizes says nothing about the losses
    bottoms = [parabola_min(N, loss)[0] for N, loss in runs.values()]
    # wrong: G, k = fit_power(np.array(list(runs)), np.array(sorted(bottoms)))  # each bottom belongs to its own budget
    G, k = fit_power(np.array(list(runs)), np.array(bottoms))
    # wrong: return k, G  # fit_power's law falls, with x^(-k): this one rises
    # wrong: return G, -k  # the exponent comes first
    # wrong: k, G = (lambda g, j: (1 / j, g ** (1 / j)))(*fit_power(np.array(bottoms), np.array(list(runs))))  # the errors are in N_opt: fit it on C, not C on it
    #        return -(-k), G
    return -k, G


def predict(a: float, G: float, C: float) -> tuple[float, float]:
    """(N, D) at the budget C."""
    # wrong: N = G * a * C  # C is raised to the power a
    # wrong: N = (G * C) ** a  # the power is of C alone
    # wrong: N = G * (C / 6) ** a  # this law is in C itself
    # wrong: N = np.exp(G) * C**a  # G is the factor, not its logarithm
    N = G * C**a
    # wrong: return N, C / N  # the cost is 6 N D
    # wrong: return N, 20 * N  # D follows from the budget
    # wrong: return N, 6 * C / N  # the cost is 6 N D: divide by 6
    # wrong: return C / (6 * N), N  # N comes first, then D
    return N, C / (6 * N)
