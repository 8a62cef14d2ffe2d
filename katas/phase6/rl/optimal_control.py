"""Value iteration and policy iteration

What is the best that can be done in a decision process, and how is it done? Where the process is known and
small, two loops of a few lines answer exactly. Q-learning and DQN are the first of them with samples in the
place of P, actor-critic methods the second, and SAC is its soft version; all are graded against what you
write here.

As before, P (S, A, S) holds the chances P[s, a, s'], R (S, A) the expected rewards, and q is what `q_from_v`
makes of v (S,). The best values are the only ones for which v[s] is the largest q[s, a] over the actions.
Here an action is *greedy* for q in a state if its q is within 1e-9 of the largest one there: what differs by
less is a tie.

`value_iteration` improves v in synchronous sweeps, v <- max over a of q, until the change that the last sweep
made shows that no entry of v is off from the best value by more than tol. A change of no more than tol does
not show that yet: how far the values have still to go depends on gamma as well. It returns the v that it
ended with, and the lowest greedy action of each state for the q of that very v, (S,) of int64.

`policy_iteration` starts with action 0 in every state. It evaluates the policy exactly, looks at its q, and
changes the action of every state at once: where the old action is greedy it stays, even if a lower one is
greedy, too; else the lowest greedy action takes its place. When no action changes, it is done. It returns the
policy (S,) of int64, its exact values v (S,), and how many times some action was changed, a Python int: 0
where the first policy was the best.

`soft_value_iteration` also values keeping one's options open. The policy earns alpha times its entropy on top
of each reward, and then the best is not a maximum but a smooth one:

    v[s]      =  alpha * log( sum over a of exp(q[s, a] / alpha) )
    pi[s, a]  =  exp(q[s, a] / alpha), normalised to sum to 1 over a

Again it returns a v that is off by at most tol from the only one that obeys the first line, and pi (S, A) for
the q of that very v. q / alpha may be as large as 1e7 in size: nothing overflows, warns or gives nan.

Arrays are float64, S and A at least 1, shapes fit. No tol asks for more digits than float64 has. ValueError
for gamma outside 0 <= gamma < 1, and for a tol or an alpha that is not positive. Inputs are not changed.

Sutton & Barto, Reinforcement Learning: An Introduction, 2018, sections 4.3 and 4.4; Haarnoja et al. 2017.
"""

import numpy as np

from solutions.phase6.rl.policy_evaluation import evaluate_exact, q_from_v


def value_iteration(P: np.ndarray, R: np.ndarray, gamma: float, tol: float) -> tuple[np.ndarray, np.ndarray]:
    """v (S,), within tol of the best values, and the lowest greedy action (S,) for it."""
    raise NotImplementedError


def policy_iteration(P: np.ndarray, R: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray, int]:
    """The best policy (S,), found from action 0 everywhere, its v (S,), and how often it was improved."""
    raise NotImplementedError


def soft_value_iteration(
    P: np.ndarray, R: np.ndarray, gamma: float, alpha: float, tol: float
) -> tuple[np.ndarray, np.ndarray]:
    """v (S,), within tol of the best values with an entropy bonus, and the policy (S, A) for it."""
    raise NotImplementedError
