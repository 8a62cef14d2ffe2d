"""A policy turns the decision process into a plain chain, P_pi with rewards r_pi, and v = r_pi + gamma P_pi v is S
equations for S unknowns. Iterating adds up the series r_pi + gamma P_pi r_pi + ... term by term: after n sweeps v
knows the next n steps and nothing beyond. Each sweep shrinks the error by gamma, for averages never grow; that is all
there is to the contraction, and the reason why gamma = 0.99 needs a hundred times the sweeps of gamma = 0.
"""

import numpy as np

HINTS = (
    "Write the average over where an action leads as a product of P with v over the last axis of P: what shape is left?",
    "The average over actions is a sum weighted by pi. Apply it to P and to R as well, and the actions are gone: what "
    "remains is a matrix (S, S) of transitions and a vector (S,) of rewards.",
    "With these, v = r + gamma * M v. Bring both v to one side, and it is a system that np.linalg.solve takes.",
    "In a sweep, keep the old v until all of the new one is there. The change is their difference, in absolute value, at "
    "its largest.",
)


def q_from_v(P: np.ndarray, R: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    """q (S, A): the reward of each action, and v (S,) of where it leads."""
    # wrong: pass  # a gamma of 1 or more, or below 0, is a ValueError
    # wrong: if not 0 <= gamma <= 1:  # with gamma = 1 the sum of all future rewards need not converge: it is refused
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    # wrong: if not 0 < gamma < 1:  # gamma = 0 is allowed: then only the next reward counts
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    # wrong: if gamma >= 1:  # a negative gamma is refused as well
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    # wrong: return R + P @ v  # what comes later is discounted by gamma
    # wrong: return gamma * (R + P @ v)  # the reward of the action itself is paid at once, without discount
    # wrong: return (R[..., None] + gamma * P * v).sum(-1)  # this adds the reward once for every state that could follow
    # wrong: return R + gamma * np.einsum("tas,t->sa", P, v)  # the last axis of P is where the action leads, the first where it starts
    # wrong: return R + gamma * v[:, None]  # the value that counts is that of the next state
    # wrong: return R + gamma * v[P.argmax(-1)]  # all states that can follow count, each with its chance
    # wrong: return np.add(R, gamma * P @ v, out=R)  # R belongs to the caller: compute into a new array
    return R + gamma * P @ v


def bellman_residual(v: np.ndarray, P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> float:
    """The largest |v[s] - right-hand side for s| over the states; v (S,) is any guess."""
    # wrong: return float((_backup(P, R, pi, v, gamma) - v).max())  # a fault below zero counts as much: take absolute values
    # wrong: return float(np.abs(_backup(P, R, pi, v, gamma) - v).mean())  # the sup norm is the worst state, not the average one
    # wrong: return float(np.linalg.norm(_backup(P, R, pi, v, gamma) - v))  # the sup norm is the worst state, not the Euclidean length
    # wrong: return float(np.abs(q_from_v(P, R, v, gamma).max(1) - v).max())  # a policy is judged, not the best action: average with pi
    # wrong: return float(np.abs(q_from_v(P, R, v, gamma) - v[:, None]).max())  # average over the actions first: v has no say about one of them
    # wrong: return float(np.abs(v - evaluate_exact(P, R, pi, gamma)).max())  # this is the distance to the values; the residual is that of the two sides
    return float(np.abs(_backup(P, R, pi, v, gamma) - v).max())


def evaluate_exact(P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float) -> np.ndarray:
    """v (S,) of the policy pi (S, A), by solving a linear system."""
    # wrong: pass  # a gamma outside [0, 1) is a ValueError here, too
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma = {gamma} lies outside [0, 1)")
    # wrong: P_pi = P.sum(1)  # each action counts with the chance that pi gives it
    # wrong: P_pi = P.mean(1)  # this evaluates the policy that picks actions at random: weigh with pi
    # wrong: P_pi = P[np.arange(len(P)), pi.argmax(1)]  # all actions count, each with its chance, not the likeliest alone
    # wrong: P_pi = np.einsum("sa,tas->st", pi, P)  # the last axis of P is the next state
    P_pi = np.einsum("sa,sat->st", pi, P)
    # wrong: r_pi = R.sum(1)  # rewards are averaged with the chances of the actions
    # wrong: r_pi = R.max(1)  # the policy does not always take the action that pays best
    r_pi = (pi * R).sum(1)
    # wrong: return np.linalg.solve(np.eye(len(R)) + gamma * P_pi, r_pi)  # brought to the other side, gamma P v changes its sign
    # wrong: return np.linalg.solve(np.eye(len(R)) - gamma * P_pi.T, r_pi)  # row s of the system is the equation of state s: no transpose
    # wrong: return np.linalg.solve(np.eye(len(R)) - P_pi, r_pi)  # the discount is missing
    # wrong: return (1 - gamma) * np.linalg.solve(np.eye(len(R)) - gamma * P_pi, r_pi)  # values are not normalised: they are the discounted sum itself
    # wrong: return sum((gamma**t * np.linalg.matrix_power(P_pi, t) @ r_pi for t in range(200)), 0 * r_pi)  # a series that is cut off is not exact: solve the system
    return np.linalg.solve(np.eye(len(R)) - gamma * P_pi, r_pi)


def evaluate_iterative(
    P: np.ndarray, R: np.ndarray, pi: np.ndarray, gamma: float, tol: float
) -> tuple[np.ndarray, int]:
    """v (S,) after the first sweep that changes every entry by less than tol, and the number of sweeps."""
    # wrong: pass  # no change is smaller than 0, so a tol that is not positive is a ValueError
    # wrong: if tol < 0:  # no change is smaller than 0: a tol of 0 is refused as well
    #            raise ValueError(f"tol = {tol} is not positive")
    if tol <= 0:
        raise ValueError(f"tol = {tol} is not positive")
    # wrong: v, sweeps, change = (pi * R).sum(1), 0, np.inf  # the sweeps start from v = 0
    v, sweeps, change = np.zeros(len(R)), 0, np.inf
    # wrong: while change > tol:  # a change of tol itself is not smaller than tol
    #            new = _backup(P, R, pi, v, gamma)
    #            v, sweeps, change = new, sweeps + 1, np.abs(new - v).max()
    while change >= tol:
        # wrong: new = v.copy()  # a sweep is synchronous: every state is computed from the values before the sweep
        #        for s in range(len(v)):
        #            new[s] = _backup(P, R, pi, new, gamma)[s]
        # wrong: new = q_from_v(P, R, v, gamma).max(1)  # a policy is evaluated, not improved: average with pi
        new = _backup(P, R, pi, v, gamma)
        # wrong: change = np.abs(new - v).mean()  # one state that still changes is enough to go on
        # wrong: change = (new - v).max()  # a fall is a change, too: take absolute values
        # wrong: change = np.abs(new).max() - np.abs(v).max()  # compare state by state
        # wrong: change = np.abs(new).min()  # it is the change of v that has to be small, not v
        # wrong: change = np.linalg.norm(new - v)  # the largest change of any state counts, not the Euclidean length
        change = np.abs(new - v).max()
        # wrong: v, sweeps = v if change < tol else new, sweeps + 1  # the last sweep counts, so its values are the ones to return
        v, sweeps = new, sweeps + 1
    # wrong: return v, sweeps - 1  # the sweep that shows that nothing moves any more is counted
    # wrong: return evaluate_exact(P, R, pi, gamma), sweeps  # what is asked for is v after so many sweeps
    return v, sweeps


def _backup(P: np.ndarray, R: np.ndarray, pi: np.ndarray, v: np.ndarray, gamma: float) -> np.ndarray:
    """The right-hand side (S,) of the Bellman equation."""
    # wrong: return q_from_v(P, R, v, gamma).mean(1)  # actions are averaged with the chances that pi gives them
    # wrong: return q_from_v(P, R, v, gamma).sum(1)  # each action counts with the chance that pi gives it
    return (pi * q_from_v(P, R, v, gamma)).sum(1)
