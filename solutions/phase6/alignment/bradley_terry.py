"""At the best scores every item wins exactly as often as its scores predict: that is the whole content of "gradient zero",
and it is why the fit needs only the total of each item's wins, not whom it won against. (It does need to know whom it
met.) The likelihood is a logistic regression without features, and convex; what can go wrong is that its minimum lies at
infinity, which the votes themselves show before any step is taken.
"""

import numpy as np

HINTS = (
    "log(sigmoid(x)) = -log(1 + exp(-x)), and numpy has a function for log(exp(a) + exp(b)) that does not overflow. "
    "exp of that logarithm is a sigmoid which keeps its digits.",
    "With r as a column against r as a row, the table of all differences is one subtraction. For the gradient ask which "
    "terms contain r_i: row i and column i of wins.",
    "Zermelo: with s_i = exp(r_i), 'expected wins = observed wins' reads W_i = sum_j N_ij s_i / (s_i + s_j), where N "
    "counts the votes between two items. Solve for the s_i in front, and repeat.",
    "For the ValueError, grow the table 'i has beaten j' to 'there is a way from i to j': for each item k in turn, whoever "
    "reaches k also reaches whatever k reaches.",
)


def win_prob(ri: float | np.ndarray, rj: float | np.ndarray) -> float | np.ndarray:
    """The chance that an item of score ri beats one of score rj, entry by entry."""
    # wrong: return np.exp(-np.logaddexp(0, ri - rj))  # the higher score is the one that wins more often
    # wrong: return 1 / (1 + np.exp(-(ri - rj)))  # exp overflows where the underdog is far behind
    # wrong: return 1 - np.exp(-np.logaddexp(0, ri - rj))  # 1 - (nearly 1) has lost the underdog's digits
    # wrong: return np.exp(-np.logaddexp(0, np.clip(rj - ri, -30, 30)))  # a clipped difference is another difference
    # wrong: return np.exp(ri) / (np.exp(ri) + np.exp(rj))  # exp of a score overflows: only differences are safe
    # wrong: return 1 / (1 + 10 ** ((rj - ri) / 400))  # this is the scale of chess ratings, not the natural one
    return np.exp(-np.logaddexp(0, rj - ri))


def nll(r: np.ndarray, wins: np.ndarray) -> float:
    """The negative log-likelihood of all votes, a Python float; r (n,), wins (n, n)."""
    # wrong: pass  # an r of another length may broadcast, and then nobody notices
    _check(r, wins)
    # wrong: costs = -np.log(win_prob(r[:, None], r))  # where the sigmoid underflows, its log is infinite
    # wrong: costs = np.logaddexp(0, r[:, None] - r)  # row i holds the wins of i: it is r_i - r_j that makes them likely
    costs = np.logaddexp(0, r - r[:, None])  # (n, n): -log P(i beats j)
    # wrong: return float((np.triu(wins) * costs).sum())  # wins[i, j] and wins[j, i] are two counts: both cost something
    # wrong: return float((wins * costs).sum() / wins.sum())  # nothing is averaged
    # wrong: return -float((wins * costs).sum())  # the loss is minus the log-likelihood, and positive
    # wrong: return float(((wins + wins.T) * costs).sum())  # this counts every vote in both directions
    # wrong: return (wins * costs).sum(1)  # one number for all votes
    # wrong: return float(((wins > wins.T) * costs).sum())  # every vote counts, not only who won more of them
    return float((wins * costs).sum())


def nll_grad(r: np.ndarray, wins: np.ndarray) -> np.ndarray:
    """The gradient (n,) of nll with respect to r."""
    # wrong: pass  # an r of another length may broadcast, and then nobody notices
    _check(r, wins)
    chances = win_prob(r[:, None], r)
    # wrong: return (wins - (wins + wins.T) * chances).sum(1)  # this climbs the loss: the gradient is of the negative log-likelihood
    # wrong: return -(wins * (1 - chances)).sum(1)  # r_i is also in the votes that i lost
    # wrong: return ((wins + wins.T) * chances - wins).sum(0)  # column i holds the votes against i: its sum is minus the gradient
    # wrong: return ((wins + wins.T) * chances - wins).sum(1) / wins.sum()  # nothing is averaged
    return ((wins + wins.T) * chances - wins).sum(1)  # wins expected minus wins observed


def fit(wins: np.ndarray, iters: int = 500) -> np.ndarray:
    """The scores (n,) of mean 0 that make nll smallest; ValueError where there are none."""
    s = np.ones(len(wins))  # exp of the scores
    _check(s, wins)
    reaches = wins > 0  # reaches[i, j]: from i to j, each having beaten the next
    # wrong: pass  # who beat someone who beat j reaches j as well
    # wrong: reaches = reaches | (wins @ wins > 0)  # a way may be longer than two wins
    # wrong: reaches = np.broadcast_to((wins.any(0) & wins.any(1))[:, None], wins.shape)  # a group that has never lost to the rest is at infinity, too
    for k in range(len(wins)):
        reaches = reaches | (reaches[:, k, None] & reaches[k])
    # wrong: pass  # without a way round the scores run to infinity, and more iterations only hide it
    # wrong: if not (reaches | reaches.T).all():  # the way has to lead there and back: an unbeaten item has no score
    #            raise ValueError("no scores: some items cannot be reached from others by wins")
    # wrong: if not reaches.any(0).all():  # being beaten by someone is not enough: the way has to come from everywhere
    #            raise ValueError("no scores: some items cannot be reached from others by wins")
    if not reaches.all():
        raise ValueError("no scores: some items cannot be reached from others by wins")
    # wrong: votes = wins  # an item takes part in the votes that it loses, too
    votes = wins + wins.T
    # wrong: won = wins.sum(0)  # column i counts how often i was beaten
    # wrong: won = wins.sum(1) + 0.5  # half a win more is a prior, and nobody asked for one
    won = wins.sum(1)
    # wrong: return np.log(won / wins.sum(0)) - np.log(won / wins.sum(0)).mean()  # the share of wins is not enough: it matters against whom
    for _ in range(iters):
        s = won / (votes / (s[:, None] + s)).sum(1)
        # wrong: s = s / s.sum()  # it is the mean of the scores, the logarithms, that is 0
        # wrong: s = s / s.mean()  # it is the mean of the scores, the logarithms, that is 0
        # wrong: s = s / s[0]  # this sets the first score to 0, not the mean
        s = s / np.exp(np.log(s).mean())
    # wrong: return s  # the scores are logarithms
    # wrong: return 400 * np.log10(s)  # this is the scale of chess ratings, not the natural one
    # wrong: r = np.zeros(len(wins))  # updates vote by vote depend on the order of the votes, and never settle
    #        for i, j in [*zip(*wins.nonzero())] * 20:
    #            step = 0.1 * wins[i, j] * (1 - win_prob(r[i], r[j]))
    #            r[i], r[j] = r[i] + step, r[j] - step
    #        return r
    return np.log(s)


def _check(r: np.ndarray, wins: np.ndarray) -> None:
    # wrong: if wins.shape != 2 * r.shape:  # a count below 0 is no count
    #            raise ValueError(f"r has shape {r.shape}, wins {wins.shape}")
    # wrong: if len(wins) != r.size or (wins < 0).any():  # a table of all pairs is square
    #            raise ValueError(f"r has shape {r.shape}, wins {wins.shape}")
    # wrong: if wins.shape != (r.size, r.size) or (wins < 0).any():  # an r with an axis too many broadcasts to a wrong table
    #            raise ValueError(f"r has shape {r.shape}, wins {wins.shape}")
    # wrong: if wins.shape != 2 * r.shape or wins.sum() < 0:  # a single count below 0 is one too many
    #            raise ValueError(f"r has shape {r.shape}, wins {wins.shape}")
    if wins.shape != 2 * r.shape or (wins < 0).any():  # 2 * (n,) is (n, n)
        raise ValueError(f"r has shape {r.shape}, wins {wins.shape}, or a count is below 0")
