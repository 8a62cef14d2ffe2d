"""The optimum of RLHF is a tilted distribution

RLHF asks for a policy that earns reward and stays close to a reference. For one prompt with V possible
answers the best such policy can be written down, and that one line is where DPO, best-of-n and rejection
sampling begin; PPO with a KL penalty is the long way to the same place.

A policy pi and the reference ref are distributions over the V answers, r holds their rewards, and beta > 0 is
the price of distance:

    J(pi) = sum over x of pi(x) r(x)  -  beta KL(pi || ref)
    KL(pi || ref) = sum over x of pi(x) log(pi(x) / ref(x))

    pi*(x) = ref(x) exp(r(x) / beta) / Z,        Z such that the sum is 1

`tilted` returns pi*, the one policy at which J is largest.

`objective` returns J(pi). An x with pi(x) = 0 adds nothing to the KL; if pi(x) > 0 where ref(x) = 0, the KL
is infinite and J is -inf.

`optimal_value` returns the largest value of J over all policies. Look what Z has to do with it.

`implied_reward` turns the question round: given pi, which reward makes it the optimum? That reward is
fixed but for a constant; return the one whose mean under ref, the sum of ref(x) r(x), is 0. Where ref(x) = 0
no reward can be read off: put 0. If pi and ref are not positive at the same places, no finite reward will do:
that is a ValueError.

`reward_kl_frontier` walks through prices: for each of betas (n,), in that order, it takes pi* and returns
KL(pi* || ref) and its mean reward, the sum of pi*(x) r(x), as two arrays (n,). No policy has more reward at
the same KL.

Logs are natural. All arrays are numpy float64, and V is at least 1. pi and ref sum to 1, and r is finite. ref
may hold zeros: what the reference never says, the optimum never says, whatever the reward. Rewards are up to
1e4 in size and beta may be as small as 1e-3: exp(r / beta) overflows, the results do not, and none is nan. A
beta that is not above 0 is a ValueError, in all five functions. Inputs are not changed.

Korbak et al. 2022; Rafailov et al. 2023, appendix A.1.
"""

import numpy as np


def tilted(ref: np.ndarray, r: np.ndarray, beta: float) -> np.ndarray:
    """pi* (V,), proportional to ref exp(r / beta)."""
    raise NotImplementedError


def objective(pi: np.ndarray, ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    """J(pi): mean reward minus beta times KL(pi || ref); -inf where pi leaves the support of ref."""
    raise NotImplementedError


def optimal_value(ref: np.ndarray, r: np.ndarray, beta: float) -> float:
    """The largest J of all policies."""
    raise NotImplementedError


def implied_reward(pi: np.ndarray, ref: np.ndarray, beta: float) -> np.ndarray:
    """The reward (V,) of which pi is the optimum, with mean 0 under ref and 0 where ref is 0."""
    raise NotImplementedError


def reward_kl_frontier(ref: np.ndarray, r: np.ndarray, betas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """KL(pi* || ref) and the mean reward of pi*, each (n,), for each of betas (n,)."""
    raise NotImplementedError
