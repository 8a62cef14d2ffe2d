"""Small Markov decision processes whose answers are known: what the tests of the rl katas judge against

P (S, A, S) holds the chance P[s, a, s'] that action a leads from s to s', R (S, A) the expected reward of a
in s. A policy pi (S, A) holds the chance of each action; a deterministic one (S,) the action itself. A
terminal state is absorbing with reward 0, whatever the action: its value is 0, so gamma may be 1 where
every policy in question ends.

Nothing here iterates: values are solutions of a linear system, the optimum is the best of all policies.
"""

import numpy as np

MOST_POLICIES = 100_000


def random_mdp(
    rng: np.random.Generator, states: int, actions: int, *, terminal: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """P (S, A, S) and R (S, A): uneven rows, normal rewards; the last `terminal` states are terminal.

    Every other state can lead to every state, so with a terminal one all policies end.
    """
    if not 0 <= terminal <= states:
        raise ValueError(f"{terminal} of {states} states cannot be terminal")
    P = rng.dirichlet(np.full(states, 0.5), size=(states, actions))
    P = (P + 0.01) / (P + 0.01).sum(-1, keepdims=True)
    R = rng.normal(size=(states, actions))
    for s in range(states - terminal, states):
        P[s], R[s] = np.eye(states)[s], 0
    return P, R


def random_policy(rng: np.random.Generator, states: int, actions: int) -> np.ndarray:
    """A stochastic policy (S, A): rows sum to 1, and no action has chance 0."""
    return rng.dirichlet(np.ones(actions), size=states)


def is_terminal(P: np.ndarray, R: np.ndarray) -> np.ndarray:
    """Whether each state (S,) is absorbing with reward 0 under every action."""
    stays = np.diagonal(P, axis1=0, axis2=2)  # (A, S)
    return (stays == 1).all(0) & (R == 0).all(1)


def exact_v(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> np.ndarray:
    """The value (S,) of each state under pi, (S, A) or (S,): v = r + gamma P v, solved.

    Raises LinAlgError for gamma = 1 where some state never leads to a terminal one.
    """
    pi = _one_hot(pi, P.shape[1]) if pi.ndim == 1 else pi
    return _solved(P, R, np.einsum("sa,sat->st", pi, P), np.einsum("sa,sa->s", pi, R), gamma)


def exact_q(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> np.ndarray:
    """The value (S, A) of each action, with pi ever after."""
    return R + gamma * P @ exact_v(P, R, pi, gamma)


def all_policies(states: int, actions: int) -> np.ndarray:
    """Every deterministic policy, (actions ** states, states); ValueError if that is more than 100,000."""
    if actions**states > MOST_POLICIES:
        raise ValueError(f"{actions} actions in {states} states make {actions**states} policies: too many")
    return np.stack(np.unravel_index(np.arange(actions**states), (actions,) * states), axis=1)


def optimal_v(P: np.ndarray, R: np.ndarray, gamma: float) -> np.ndarray:
    """The value (S,) of each state under the best policy: the largest over all deterministic policies."""
    states, actions = R.shape
    policies, row = all_policies(states, actions), np.arange(states)
    return _solved(P, R, P[row, policies], R[row, policies], gamma).max(0)


def optimal_q(P: np.ndarray, R: np.ndarray, gamma: float) -> np.ndarray:
    """The value (S, A) of each action, with the best policy ever after."""
    return R + gamma * P @ optimal_v(P, R, gamma)


def _one_hot(policy: np.ndarray, actions: int) -> np.ndarray:
    return np.eye(actions)[policy]


def _solved(P: np.ndarray, R: np.ndarray, P_pi: np.ndarray, r_pi: np.ndarray, gamma: float) -> np.ndarray:
    """v (..., S) of the chains P_pi (..., S, S) with rewards r_pi (..., S); terminal states are left out."""
    live = np.flatnonzero(~is_terminal(P, R))
    system = np.eye(len(live)) - gamma * P_pi[..., live[:, None], live]
    v = np.zeros(r_pi.shape)
    v[..., live] = np.linalg.solve(system, r_pi[..., live, None])[..., 0]
    return v
