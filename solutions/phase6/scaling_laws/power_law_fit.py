"""With the floor left in, the local slope of log y is k times the share of the loss that can still be removed: it flattens as
the floor comes near, and a line through it says that progress is slow when it is only nearly done. Look at how far E
moves when a single loss changes by 1%, and how little a forecast one decade ahead does: the three parameters of a floor
are known far less well than the curve itself.

Given E the rest is linear, so three unknowns became a search in one: that trick (variable projection) works for every
model in which most of the parameters enter linearly.
"""

from collections.abc import Sequence

import numpy as np

HINTS = (
    "Take the logarithm of both sides of the pure law: which straight line is it, and where in it do a and k stand?",
    "The slope of a least-squares line is the covariance of its two axes over the variance of the horizontal one; the "
    "line goes through the point of the two means.",
    "For the floor, write down the number S for one given E first: subtract, fit the line, predict y with the floor added "
    "again, compare logs. Then try a few hundred values of E below the smallest y.",
    "The best of a grid lies within one step of the minimum: lay a finer grid there, and again. A few rounds leave no "
    "more than a billionth.",
)


def fit_power(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(a, k) of y = a x^(-k), by least squares in log y."""
    _check(x, y, 2)
    u, v = np.log(x), np.log(y)
    # wrong: u = np.log10(x)  # the intercept is exponentiated with e, so both logs are natural
    #        v = np.log10(y)
    # wrong: v = y  # the line is straight in log y, not in y
    u = u - u.mean()
    # wrong: k = u @ v / (u @ u)  # the slope is -k: the loss falls
    # wrong: k = -(v - v.mean()) @ (v - v.mean()) / (u @ v)  # this regresses x on y: the errors are in y
    # wrong: k = -(u @ v) / ((v - v.mean()) @ (v - v.mean()))  # divide by the variance of log x, not of log y
    k = -(u @ v) / (u @ u)
    # wrong: return float(v.mean() + k * np.log(x).mean()), float(k)  # the intercept is log a: exponentiate it
    # wrong: return float(np.exp(v.mean())), float(k)  # a is the height at x = 1, not in the middle of the runs
    # wrong: return float(np.exp(v.mean() - k * np.log(x).mean())), float(k)  # mind the sign: the line falls from log a to the mean
    # wrong: return float(k), float(np.exp(v.mean() + k * np.log(x).mean()))  # a comes first, then k
    # wrong: return float((y * x**k).mean()), float(k)  # the mean is taken of log a, not of a
    return float(np.exp(v.mean() + k * np.log(x).mean())), float(k)


def fit_power_floor(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """(E, a, k) of y = E + a x^(-k), with the floor that fits log y best."""
    _check(x, y, 3)

    def law(E: float) -> tuple[float, float, float]:
        # wrong: return E, *fit_power(x, y)  # the line is fitted to what lies above the floor
        return E, *fit_power(x, y - E)

    def error(E: float) -> float:
        # wrong: return float(((y - extrapolate(law(E), x)) ** 2).sum())  # the floor is chosen by the errors of log y, not of y
        # wrong: return float((np.log((y - E) / extrapolate(law(E)[1:], x)) ** 2).sum())  # compare log y: the log of y - E blows up the errors near the floor
        # wrong: return float(np.abs(np.log(y / extrapolate(law(E), x))).sum())  # the errors are squared
        # wrong: return float((np.log(y / extrapolate(law(E)[1:], x)) ** 2).sum())  # the law that is compared with y includes the floor
        return float((np.log(y / extrapolate(law(E), x)) ** 2).sum())

    # wrong: low, high, best = 0.0, 2 * float(y.min()), 0.0  # a floor above the smallest loss leaves negative numbers to take the log of
    # wrong: low, high, best = 0.01 * float(y.min()), float(y.min()), 0.0  # there may be no floor at all: E = 0 belongs to the search
    # wrong: low, high, best = 0.0, float(y.min()) / 2, 0.0  # the floor may be anywhere below the smallest loss
    low, high, best = 0.0, float(y.min()), 0.0
    for _ in range(7):
        floors = np.linspace(low, high, 40, endpoint=False)
        # wrong: best, step = max(floors, key=error), (high - low) / 40  # the smallest sum of squares is wanted
        best, step = min(floors, key=error), (high - low) / 40
        # wrong: pass  # a single grid is too coarse: refine it around its best point
        # wrong: low, high = best, min(best + step, high)  # the minimum may lie on either side of the best point
        low, high = max(best - step, low), min(best + step, high)
    # wrong: return float(y.min()) * (1 - 1e-9), *law(best)[1:]  # the smallest loss seen is not the floor
    return law(float(best))


def extrapolate(params: Sequence[float], x: np.ndarray) -> np.ndarray:
    """y at each x, from (a, k) or (E, a, k)."""
    # wrong: pass  # a power law says nothing about an x that is not positive: refuse it
    if not (x > 0).all():
        raise ValueError("x must be positive")
    *floor, a, k = params
    # wrong: return a * x**-k  # a law with a floor never falls below it: add E
    # wrong: return sum(floor) + a * x**k  # the exponent is -k: the loss falls
    # wrong: return sum(floor) + (a * x) ** -k  # the power is of x alone
    return sum(floor) + a * x**-k


def _check(x: np.ndarray, y: np.ndarray, least: int) -> None:
    # wrong: pass  # what fixes no law is refused
    # wrong: if len(x) != len(y) or len(x) < least or not ((x > 0) & (y > 0)).all():  # runs at one and the same x fix no slope, however many they are
    #            raise ValueError("too few runs")
    # wrong: if len(x) != len(y) or len(np.unique(x)) < least or not (x > 0).all():  # a loss of 0 or below has no logarithm: refuse it
    #            raise ValueError("too few runs")
    # wrong: if len(x) != len(y) or len(np.unique(x)) < 2 or not ((x > 0) & (y > 0)).all():  # three unknowns need three different x
    #            raise ValueError("too few runs")
    if len(x) != len(y) or len(np.unique(x)) < least or not ((x > 0) & (y > 0)).all():
        raise ValueError(f"{least} different x and as many y are needed, all positive")
