"""Inside delta = 1e-3, a tenth of a per cent of the loss, this is least squares; outside it is a median, which a few failed
runs cannot move. Softmax weights turn up in the gradient because log-sum-exp is what softmax is the gradient of: they are
the shares of the loss that size, data and the floor account for.

Minimise the mean instead of the sum with a tolerance of 1e-9 on its change, and clean runs with beta = 0.37 give 0.48 or
0.52: a long, flat valley leads to the minimum, and there is no hurry in it. By the account of Besiroglu et al. the
published A = 406.4, alpha = 0.34 and so on are such a stop on the way, and everyone has copied them since.
"""

from collections.abc import Sequence

import numpy as np

HINTS = (
    "Subtract the largest of the three terms before the exponentials, run by run. What is left over, divided by its sum, are "
    "weights that add up to one: the derivatives of the log-sum-exp with respect to its three terms.",
    "The derivative of the Huber loss is r, cut off at -delta and delta. Each entry of the gradient is a sum over runs: this, "
    "times the weight of a term, times the derivative of that term: 1 for a, -log N for alpha.",
    "BFGS: keep an estimate H of the inverse Hessian, go along -H g, halve the step until the value falls enough, and update "
    "H with s, the step, and y, the change of the gradient: with rho = 1 / (s y), H becomes (I - rho s y^T) H (I - rho y s^T) "
    "+ rho s s^T.",
    "Stop when the value no longer falls relative to itself, not by an absolute number. Run every start to its end and keep "
    "the one with the lowest value.",
)


def huber(r: np.ndarray, delta: float = 1e-3) -> np.ndarray:
    """The Huber loss of each entry of r."""
    # wrong: return np.where(np.abs(r) <= delta, r**2 / 2, delta * np.abs(r))  # the line has to meet the parabola: subtract delta / 2
    # wrong: return np.where(np.abs(r) <= delta, r**2, delta * (2 * np.abs(r) - delta))  # the parabola is r^2 / 2
    # wrong: return np.where(np.abs(r) <= delta, r**2 / 2, np.abs(r) - delta / 2)  # the line has the slope delta, not 1
    # wrong: return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2))  # large negative residuals are outliers, too
    # wrong: return r**2 / 2  # this is least squares: a failed run pulls as hard as it is bad
    return np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2))


def objective(
    theta: Sequence[float] | np.ndarray, N: np.ndarray, D: np.ndarray, loss: np.ndarray, delta: float = 1e-3
) -> tuple[float, np.ndarray]:
    """Sum of the Huber losses of the log residuals, and its gradient (5,)."""
    a, b, e, alpha, beta = theta
    # wrong: terms = np.stack([a + alpha * np.log(N), b + beta * np.log(D), np.full(len(N), e)])  # the terms fall with N and D
    # wrong: terms = np.stack([a - alpha * np.log10(N), b - beta * np.log10(D), np.full(len(N), e)])  # logs are natural
    # wrong: terms = np.stack([np.log(a) - alpha * np.log(N), np.log(b) - beta * np.log(D), np.full(len(N), e)])  # a and b are logs already
    terms = np.stack([a - alpha * np.log(N), b - beta * np.log(D), np.full(len(N), e)])  # (3, n)
    # wrong: top = 0.0  # without the largest term subtracted the exponentials overflow
    # wrong: top = terms.max()  # every run has its own largest term
    top = terms.max(0)
    weights = np.exp(terms - top)
    total = weights.sum(0)
    # wrong: r = np.log(total) - np.log(loss)  # the largest term was subtracted: add it again
    # wrong: r = np.exp(top) * total - loss  # the residuals are those of log loss
    # wrong: r = np.log(loss) - top - np.log(total)  # prediction minus loss: the gradient below counts on it
    r = top + np.log(total) - np.log(loss)
    # wrong: pull = r * weights / total  # beyond delta the force stays delta
    # wrong: pull = np.sign(r) * delta * weights / total  # within delta the force is r
    # wrong: pull = np.clip(r, -delta, delta) * weights  # the shares add up to one: divide by the sum
    # wrong: pull = np.clip(r, -delta, delta) * np.ones((3, 1)) / 3  # each term pulls by its share of the prediction
    pull = np.clip(r, -delta, delta) * weights / total  # (3, n)
    # wrong: grad = [*pull.sum(1), pull[0] @ np.log(N), pull[1] @ np.log(D)]  # the terms fall as alpha and beta grow
    # wrong: grad = [*pull.sum(1), -pull[0].sum(), -pull[1].sum()]  # alpha multiplies log N, beta log D
    # wrong: grad = [*pull.sum(1), -pull[0] @ N, -pull[1] @ D]  # alpha multiplies log N, not N
    # wrong: grad = [*pull.sum(1), -pull[1] @ np.log(D), -pull[0] @ np.log(N)]  # alpha comes before beta
    grad = [*pull.sum(1), -pull[0] @ np.log(N), -pull[1] @ np.log(D)]
    # wrong: return float(huber(r, delta).mean()), np.array(grad) / len(r)  # a sum over the runs, not a mean
    # wrong: return float(huber(r).sum()), np.array(grad)  # delta is an argument
    return float(huber(r, delta).sum()), np.array(grad)


def fit(
    N: np.ndarray, D: np.ndarray, loss: np.ndarray, inits: list[tuple[float, float, float, float, float]]
) -> dict[str, float]:
    """E, A, B, alpha and beta with the lowest objective that a descent from any of inits reaches."""
    # wrong: ends = [_descend(inits[0], N, D, loss)]  # a single start may lead nowhere: try them all
    # wrong: ends = [_descend(inits[-1], N, D, loss)]  # the last start may be the useless one: keep the best
    # wrong: ends = [np.mean([_descend(init, N, D, loss) for init in inits], axis=0)]  # between two minima there is none: keep the best
    ends = [_descend(init, N, D, loss) for init in inits]
    # wrong: best = min(ends, key=lambda theta: np.abs(objective(theta, N, D, loss)[1]).max())  # a useless start has a small gradient, too: compare values
    # wrong: best = max(ends, key=lambda theta: objective(theta, N, D, loss)[0])  # the lowest objective is wanted
    best = min(ends, key=lambda theta: objective(theta, N, D, loss)[0])
    a, b, e, alpha, beta = best.tolist()
    # wrong: return {"E": e, "A": a, "B": b, "alpha": alpha, "beta": beta}  # theta holds logs: exponentiate them
    # wrong: return {"E": float(np.exp(e)), "A": float(np.exp(a)), "B": float(np.exp(b)), "alpha": -alpha, "beta": -beta}  # alpha is positive as it stands
    return {"E": float(np.exp(e)), "A": float(np.exp(a)), "B": float(np.exp(b)), "alpha": alpha, "beta": beta}


def _descend(init: Sequence[float], N: np.ndarray, D: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """BFGS with a step that is halved until the value falls enough."""
    theta = np.array(init, dtype=float)
    value, grad = objective(theta, N, D, loss)
    H = np.eye(5) / (1 + np.linalg.norm(grad))  # of the inverse Hessian
    for _ in range(500):
        s = -H @ grad
        after, slope = objective(theta + s, N, D, loss), s @ grad
        while after[0] > value + 1e-4 * slope and slope < -1e-300:
            s, slope = s / 2, slope / 2
            after = objective(theta + s, N, D, loss)
        # wrong: if not after[0] < value - 1e-6:  # the values are small: an absolute tolerance stops in the middle of the valley
        #            break
        # wrong: if np.linalg.norm(grad) < 1e-3:  # the gradient is small all along the valley: look at the value
        #            break
        if not after[0] < value * (1 - 1e-12):
            break
        theta, y = theta + s, after[1] - grad
        value, grad = after
        if s @ y > 0:
            V = np.eye(5) - np.outer(s, y) / (s @ y)
            H = V @ H @ V.T + np.outer(s, s) / (s @ y)
    return theta
