"""J(pi*) - J(pi) = beta KL(pi || pi*): maximising J and moving towards pi* are the same thing, and the reward enters only
through the tilt. Read backwards, every policy is the optimum of the reward beta log(pi / ref): a language model is
secretly a reward model, as the DPO paper has it, and Z drops out as soon as two answers are compared.

The frontier has slope beta: one more nat of KL buys beta of reward. It starts out steep, since for large beta the KL is
var(r) / (2 beta^2) and the gain var(r) / beta, and it ends at -log of what ref gives to the best answers.
"""

import numpy as np

HINTS = (
    "Subtracting one number from all rewards leaves pi* as it is, since Z changes by the same factor. Which number makes "
    "every exponent at most 0? Mind that the best reward may belong to an answer that ref never gives.",
    "In the KL, look only at the answers that pi gives. What is then divided by a zero of ref ought to be infinite.",
    "Put pi* into J: the logarithm of pi*/ref is r/beta - log Z, and most of it cancels. What you subtracted from the rewards "
    "has to be added to the result again.",
    "Solve the formula of pi* for r(x). The unknown log Z is the same for all x, and the mean under ref settles it.",
)


def _weights(ref: np.ndarray, r: np.ndarray, beta: float) -> tuple[np.ndarray, float]:
    """ref exp((r - best) / beta) (V,), and best, the largest reward that ref can reach."""
    _check(beta)
    # wrong: reachable = r  # the largest reward may be out of reach of ref: then all weights that count underflow to 0
    reachable = np.where(ref > 0, r, -np.inf)
    # wrong: best = 0.0  # exp overflows: take a constant from all rewards first
    # wrong: best = ref @ r  # above the mean exp still overflows: every exponent has to be at most 0
    best = reachable.max()
    # wrong: return np.exp((reachable - best) / beta), best  # the tilt starts from ref: its weights are missing
    # wrong: return ref * np.exp((reachable - best) * beta), best  # a small beta makes distance cheap, so it tilts more
    # wrong: return ref * np.exp((best - np.where(ref > 0, r, np.inf)) / beta), best  # a higher reward is given more weight, not less
    # wrong: return ref * np.exp(reachable - best), best  # beta is missing from the tilt
    # wrong: return ref * np.exp((reachable - best) / beta) ** 2, best  # the exponent is r / beta, once
    return ref * np.exp((reachable - best) / beta), best


def _kl(pi: np.ndarray, ref: np.ndarray) -> float:
    # wrong: says = np.ones(len(pi), bool)  # 0 log 0 is nan in numpy, and 0 in a KL
    # wrong: says = (pi > 0) & (ref > 0)  # a policy that says what ref never says is infinitely far away
    says = pi > 0
    with np.errstate(divide="ignore"):
        # wrong: return -float(np.sum(pi[says] * np.log(pi[says])))  # this is the entropy of pi: ref is missing
        # wrong: return float(np.sum(ref[says] * np.log(ref[says] / pi[says])))  # this is KL(ref || pi): the mean is taken under pi
        # wrong: return float(np.sum(np.log(pi[says] / ref[says])))  # the mean under pi needs the weights pi(x)
        # wrong: return float(np.sum(pi[says] * np.log(ref[says] / pi[says])))  # the sign is off: a KL is never negative
        # wrong: return float(np.sum(pi[says] * np.log2(pi[says] / ref[says])))  # logs are natural: this KL is in bits
        return float(np.sum(pi[says] * np.log(pi[says] / ref[says])))


def _check(beta: float) -> None:
    # wrong: pass  # a beta that is not above 0 is a ValueError
    # wrong: if beta < 0:  # a beta of 0 is refused as well
    #            raise ValueError(f"beta = {beta} is not above 0")
    if not beta > 0:
        raise ValueError(f"beta = {beta} is not above 0")


def tilted(ref: np.ndarray, r: np.ndarray, beta: float) -> np.ndarray:
    """pi* (V,), proportional to ref exp(r / beta)."""
    weights, _ = _weights(ref, r, beta)
    # wrong: return weights  # a policy sums to 1
    # wrong: return weights / weights.max()  # a policy sums to 1
    return weights / weights.sum()


def objective(pi: np.ndarray, ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    """J(pi): mean reward minus beta times KL(pi || ref); -inf where pi leaves the support of ref."""
    # wrong: pass  # here, too, a beta that is not above 0 is a ValueError
    _check(beta)
    # wrong: return float(pi @ r + beta * _kl(pi, ref))  # distance is a cost
    # wrong: return float(pi @ r - _kl(pi, ref) / beta)  # beta is the price of a nat of KL: it multiplies
    # wrong: return float(pi @ r - _kl(pi, ref))  # the KL has a price: beta
    # wrong: return float(ref @ r - beta * _kl(pi, ref))  # the reward is that of the policy, not of the reference
    # wrong: return float(pi @ r / beta - _kl(pi, ref))  # this is J over beta: same optimum, other value
    # wrong: return float(r.mean() - beta * _kl(pi, ref))  # the mean reward is taken under pi
    return float(pi @ r - beta * _kl(pi, ref))


def optimal_value(ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    """The largest J of all policies."""
    weights, best = _weights(ref, r, beta)
    # wrong: return float(beta * np.log(weights.sum()))  # what was subtracted from the rewards has to be added again
    # wrong: return float(best + np.log(weights.sum()))  # log Z is worth beta times its size
    # wrong: return float(best / beta + np.log(weights.sum()))  # this is log Z: J is in units of reward
    # wrong: return float(best)  # going for the best answer alone costs KL
    # wrong: return float(best + beta * np.log(weights.mean()))  # Z is a sum that ref weights already: no division by V
    # wrong: return float(weights @ r / weights.sum())  # this is the reward of the optimum: its distance from ref has a price
    return float(best + beta * np.log(weights.sum()))


def implied_reward(pi: np.ndarray, ref: np.ndarray, beta: float) -> np.ndarray:
    """The reward (V,) of which pi is the optimum, with mean 0 under ref and 0 where ref is 0."""
    # wrong: pass  # here, too, a beta that is not above 0 is a ValueError
    _check(beta)
    says = ref > 0
    # wrong: pass  # no finite reward moves mass to where ref has none, or all mass away from where it has some
    # wrong: if (pi[~says] > 0).any():  # an answer that pi never gives, though ref does, would need the reward -inf
    #            raise ValueError("pi gives answers that ref never gives")
    # wrong: if (pi[says] == 0).any():  # pi must not give what ref never gives, either
    #            raise ValueError("ref gives answers that pi never gives")
    if ((pi > 0) != says).any():
        raise ValueError("pi and ref are not positive at the same places: no finite reward makes pi optimal")
    # wrong: reward = np.full(len(ref), np.nan)  # where ref is 0 no reward can be read off: 0
    reward = np.zeros(len(ref))
    # wrong: reward[says] = np.log(pi[says] / ref[says]) / beta  # solve for r: beta comes to the other side
    # wrong: reward[says] = beta * np.log(ref[says] / pi[says])  # what pi says more often than ref is what was rewarded
    # wrong: reward[says] = beta * np.log(pi[says])  # part of pi comes from ref, not from the reward
    # wrong: reward[says] = np.log(pi[says] / ref[says])  # beta is missing
    reward[says] = beta * np.log(pi[says] / ref[says])
    # wrong: return reward  # the constant has to be settled: the mean under ref is 0
    # wrong: return np.where(says, reward - reward.mean(), 0)  # it is the mean under ref that is 0, not the plain one
    # wrong: return np.where(says, reward - reward[says].mean(), 0)  # it is the mean under ref that is 0, not the plain one
    # wrong: return np.where(says, reward - pi @ reward, 0)  # the mean is taken under ref, not under pi
    # wrong: return np.where(says, reward - reward.max(), 0)  # it is the mean under ref that is 0, not the best reward
    # wrong: return reward - ref @ reward  # where ref is 0 the reward stays 0
    return np.where(says, reward - ref @ reward, 0)


def reward_kl_frontier(ref: np.ndarray, r: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """KL(pi* || ref) and the mean reward of pi*, each (n,), for each of betas (n,)."""
    # wrong: policies = [tilted(ref, r, beta) for beta in np.sort(betas)]  # the results are in the order of betas
    policies = [tilted(ref, r, beta) for beta in betas]
    # wrong: kls = np.array([beta * _kl(pi, ref) for pi, beta in zip(policies, betas, strict=True)])  # the KL itself is asked for, not its price
    kls = np.array([_kl(pi, ref) for pi in policies])
    # wrong: return np.array([pi @ r for pi in policies]), kls  # KLs come first, then rewards
    # wrong: return kls, np.array([optimal_value(ref, r, beta) for beta in betas])  # the reward alone is asked for, before the price of the KL
    # wrong: return kls, np.array([pi @ r - ref @ r for pi in policies])  # the reward itself, not what it gains over ref
    return kls, np.array([pi @ r for pi in policies])
