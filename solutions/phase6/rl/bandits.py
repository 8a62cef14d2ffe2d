"""Every estimate moves by a step towards what it sees: 1/n makes it a mean, a constant an average that forgets. It is
the line of TD learning, of Adam's moments and of batch norm's running mean.

eps-greedy pays for exploring for ever, a fixed share of all pulls. UCB1 is optimistic: it plays an arm as if it were
as good as it might still be, so every disappointment makes the bound tighter, and the loss grows only with log t. Its
doubt is the same term that drives the tree search of AlphaZero.
"""

import numpy as np

HINTS = (
    "Keep, beside q, the number of rewards of each arm. Count the new reward first, then the step is 1 over the count.",
    "One uniform number decides whether to explore. For a fair choice among equals, np.flatnonzero of q == q.max() lists "
    "them, and rng.choice draws one.",
    "UCB1: the counts tell which arms have had no reward; np.argmax of a comparison finds the first one. t is the sum of "
    "the counts.",
    "Weights: unroll Q_n = (1 - alpha) Q_(n-1) + alpha R_n twice. How often has the oldest been multiplied by 1 - alpha, "
    "how often the latest?",
)


class EpsGreedy:
    """Pulls the arm that looks best, and with probability eps any arm."""

    q: np.ndarray  # (k,)

    def __init__(self, k: int, eps: float, rng: np.random.Generator, step: float | None = None) -> None:
        """An agent for k arms; the mean of the rewards is the estimate where step is None."""
        # wrong: pass  # without arms, with an eps that is no probability or with a step outside (0, 1] there is nothing to do: raise
        # wrong: if k < 1 or not 0 < eps < 1 or not (step is None or 0 < step <= 1):  # eps of 0 and 1 are allowed
        #            raise ValueError("no such agent")
        # wrong: if k < 1 or not 0 <= eps <= 1 or not (step is None or 0 < step < 1):  # a step of 1 is allowed: the last reward is the estimate
        #            raise ValueError("no such agent")
        # wrong: if k < 1 or not 0 <= eps <= 1:  # a step has to lie in (0, 1]
        #            raise ValueError("no such agent")
        if k < 1 or not 0 <= eps <= 1 or not (step is None or 0 < step <= 1):
            raise ValueError(f"no agent with k = {k}, eps = {eps}, step = {step}")
        self.eps, self.rng, self.step = eps, rng, step
        # wrong: self.q, self.n = np.ones(k), np.zeros(k, int)  # the estimates begin at zero
        # wrong: self.q, self.n = np.zeros(k, int), np.zeros(k, int)  # estimates are floats: in an array of integers they are cut off
        self.q, self.n = np.zeros(k), np.zeros(k, int)

    def act(self) -> int:
        """The next arm to pull."""
        # wrong: if np.random.random() < self.eps:  # all chance comes from rng, so that a run can be repeated
        #            return int(self.rng.integers(len(self.q)))
        # wrong: if self.rng.random() > self.eps:  # eps is the chance to explore, not to exploit
        #            return int(self.rng.integers(len(self.q)))
        # wrong: if self.rng.random() < self.eps / len(self.q):  # eps is the chance to draw from all arms, not that of one of them
        #            return int(self.rng.integers(len(self.q)))
        if self.rng.random() < self.eps:
            # wrong: return int(self.rng.choice(np.flatnonzero(self.q < self.q.max()))) if np.ptp(self.q) else 0  # the draw is from all arms, the best one included
            # wrong: return int(self.rng.integers(len(self.q) - 1))  # the last arm never gets its turn
            # wrong: return int(self.rng.choice(len(self.q), p=np.exp(self.q) / np.exp(self.q).sum()))  # the draw is uniform, whatever the estimates
            # wrong: return self.rng.integers(len(self.q))  # a Python int is asked for
            return int(self.rng.integers(len(self.q)))
        # wrong: return int(self.q.argmax())  # among equals the draw is fair: argmax always takes the first
        # wrong: return int(self.rng.choice(np.flatnonzero(self.q == self.q.min())))  # the largest estimate is the best
        # wrong: return int(np.flatnonzero(self.q == self.q.max())[-1])  # among equals the draw is fair
        return int(self.rng.choice(np.flatnonzero(self.q == self.q.max())))

    def update(self, a: int, r: float) -> None:
        """Take into account that arm a has paid r."""
        # wrong: self.n += 1  # each arm has a count of its own
        self.n[a] += 1
        # wrong: step = 1 / self.n[a]  # where a constant step is given, it is used
        # wrong: step = 1 / (self.n[a] + 1) if self.step is None else self.step  # the count has this reward in it already
        # wrong: step = 1 / self.n.sum() if self.step is None else self.step  # the rewards of this arm count, not those of all
        # wrong: step = (self.step or 1) / self.n[a]  # a constant step stays what it is
        # wrong: step = 0.1 if self.step is None else self.step  # without a step the estimate is the mean
        step = 1 / self.n[a] if self.step is None else self.step
        # wrong: self.q[a] += r * step  # the estimate moves towards the reward: by a part of the difference
        # wrong: self.q[a] -= (r - self.q[a]) * step  # this moves away from the reward
        # wrong: self.q += (r - self.q) * step  # only the arm that was pulled has shown anything
        self.q[a] += (r - self.q[a]) * step


class UCB1:
    """Pulls the arm that may be the best, as far as its rewards can tell."""

    q: np.ndarray  # (k,)

    def __init__(self, k: int, c: float = 2.0) -> None:
        """An agent for k arms; the larger c, the longer it doubts."""
        # wrong: pass  # without arms there is nothing to pull, and a negative c has no root: raise
        # wrong: if k < 1 or c <= 0:  # c = 0 is allowed: an agent without doubts
        #            raise ValueError("no such agent")
        if k < 1 or c < 0:
            raise ValueError(f"no agent with k = {k}, c = {c}")
        self.c = c
        self.q, self.n = np.zeros(k), np.zeros(k, int)

    def act(self) -> int:
        """The next arm to pull."""
        # wrong: if self.n.sum() < len(self.n):  # rewards may have come for other arms: pull the lowest that has had none
        #            return int(self.n.sum())
        # wrong: if (self.n == 0).any():  # of the arms without a reward the lowest comes first
        #            return int(np.flatnonzero(self.n == 0)[-1])
        # wrong: if self.n.sum() == 0:  # every arm is tried once before the bounds decide
        #            return 0
        #        self.n = np.maximum(self.n, 1)
        if (self.n == 0).any():
            return int((self.n == 0).argmax())
        # wrong: bound = self.q + self.c * np.sqrt(np.log(self.n.sum()) / self.n)  # c stands inside the root
        # wrong: bound = self.q + self.c * np.log(self.n.sum()) / self.n  # the doubt falls with the root of n
        # wrong: bound = self.q + np.sqrt(self.c * np.log(self.n.sum()))  # the doubt about an arm falls with the number of its rewards
        # wrong: bound = self.q + np.sqrt(self.c * np.log(self.n.sum() + 1) / self.n)  # t counts the rewards so far, not the pull to come
        # wrong: bound = self.q + np.sqrt(self.c * np.log2(self.n.sum()) / self.n)  # the logarithm is the natural one
        # wrong: bound = self.q + np.sqrt(self.c * np.log(self.n) / self.n)  # the logarithm is that of all rewards together
        # wrong: bound = self.q - np.sqrt(self.c * np.log(self.n.sum()) / self.n)  # be optimistic: the bound is the upper one
        # wrong: bound = self.q  # without the bonus a bad start is never made up for
        bound = self.q + np.sqrt(self.c * np.log(self.n.sum()) / self.n)
        # wrong: return len(bound) - 1 - int(bound[::-1].argmax())  # of equals the lowest arm is pulled
        # wrong: return int(bound.argmin())  # the arm that may be the best has the largest bound
        return int(bound.argmax())

    def update(self, a: int, r: float) -> None:
        """Take into account that arm a has paid r."""
        # wrong: self.n += 1  # each arm has a count of its own
        self.n[a] += 1
        # wrong: self.q[a] += (r - self.q[a]) / self.n.sum()  # the rewards of this arm count, not those of all
        # wrong: self.q[a] += r  # the estimate is the mean of the rewards, not their sum
        self.q[a] += (r - self.q[a]) / self.n[a]


def nonstationary_weights(alpha: float, n: int) -> np.ndarray:
    """The weights (n + 1,) of Q_0, R_1, ..., R_n in an estimate with the constant step alpha."""
    # wrong: pass  # an alpha outside (0, 1] and a negative n make no sense: raise
    # wrong: if not 0 < alpha <= 1:  # a negative number of rewards makes no sense
    #            raise ValueError(f"alpha = {alpha}")
    # wrong: if not 0 < alpha < 1 or n < 0:  # alpha = 1 is allowed: then the last reward is all
    #            raise ValueError(f"alpha = {alpha}")
    if not 0 < alpha <= 1 or n < 0:
        raise ValueError(f"no weights for alpha = {alpha}, n = {n}")
    # wrong: age = np.arange(n)  # the latest reward is the last one, and it has the largest weight
    # wrong: age = np.arange(n, 0, -1)  # the latest reward has not been multiplied by 1 - alpha yet
    age = np.arange(n)[::-1]  # of R_1 ... R_n
    # wrong: return np.append(alpha * (1 - alpha) ** age, (1 - alpha) ** n)  # Q_0 comes first
    # wrong: return np.append((1 - alpha) ** n, (1 - alpha) ** age)  # each reward enters with a factor of alpha
    # wrong: return np.append(alpha * (1 - alpha) ** n, alpha * (1 - alpha) ** age)  # Q_0 was there from the start: it never entered with alpha
    # wrong: return np.append((1 - alpha) ** n, alpha**age * (1 - alpha))  # what is kept at each step is 1 - alpha
    # wrong: return np.append(0.0, alpha * (1 - alpha) ** age)  # the first estimate is never quite forgotten
    # wrong: return np.full(n + 1, 1 / (n + 1))  # a constant step is no mean: it forgets
    return np.append((1 - alpha) ** n, alpha * (1 - alpha) ** age)
