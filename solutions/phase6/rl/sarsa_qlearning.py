"""Q-learning finds the shortest way and falls off it, for it reckons with a policy that it does not follow; SARSA reckons with
its own stumbles and keeps away from the edge. Neither is wrong: they answer different questions. Let eps go to 0 and the
answers meet. Language models that are trained off-policy, on samples of an older self, meet the same gap.
"""

from typing import Protocol

import numpy as np

HINTS = (
    "Write the three targets first: they differ only in what they make of q_next, and none of them looks at it when done.",
    "An eps-greedy draw of `learn` has two kinds of randomness: whether to explore, and which one of several. np.flatnonzero "
    "of a comparison gives all the best actions.",
    "Carry the next action from one step to the next: in SARSA it is the one that stood in the target, otherwise one that is drawn "
    "after the update.",
)


class World(Protocol):
    """What `learn` plays in: states are 0 ... states - 1, actions 0 ... actions - 1."""

    states: int
    actions: int

    def reset(self) -> int:
        """Begin an episode; its first state."""
        ...

    def step(self, action: int) -> tuple[int, float, bool]:
        """The next state, the reward, and whether the episode is over."""
        ...


def sarsa_target(r: float, q_next: np.ndarray, a_next: int, gamma: float, done: bool) -> float:
    """The target with the next action; q_next (A,)."""
    # wrong: return r + gamma * q_next[a_next]  # nothing follows the last step
    # wrong: return r if done else r + gamma * q_next.max()  # the action that is going to be taken, not the best one: that is Q-learning
    # wrong: return r if done else r + q_next[a_next]  # what follows is discounted
    # wrong: return 0.0 if done else r + gamma * q_next[a_next]  # the last reward counts
    # wrong: return r + gamma * q_next[a_next] if done else r  # it is where the episode goes on that something follows
    return r if done else r + gamma * float(q_next[a_next])


def q_target(r: float, q_next: np.ndarray, gamma: float, done: bool) -> float:
    """The target with the best action; q_next (A,)."""
    # wrong: return r + gamma * q_next.max()  # nothing follows the last step
    # wrong: return r if done else r + q_next.max()  # what follows is discounted
    # wrong: return r if done else r + gamma * q_next.mean()  # the best action, not any
    # wrong: return r if done else r + gamma * q_next.argmax()  # the value of the best action, not its number
    # wrong: return r if done else r + gamma * np.abs(q_next).max()  # the largest value, with its sign
    # wrong: return 0.0 if done else r + gamma * q_next.max()  # the last reward counts
    # wrong: return r if done else gamma * (r + q_next.max())  # the reward comes at once: only what follows is discounted
    return r if done else r + gamma * float(q_next.max())


def expected_sarsa_target(r: float, q_next: np.ndarray, gamma: float, done: bool, eps: float) -> float:
    """The target with the mean over eps-greedy actions; q_next (A,)."""
    # wrong: pass  # eps is a probability: refuse what is none
    # wrong: if not 0 < eps <= 1:  # eps = 0 is allowed: always the best
    #            raise ValueError(f"eps = {eps}")
    # wrong: if not 0 <= eps < 1:  # eps = 1 is allowed: always a draw among all
    #            raise ValueError(f"eps = {eps}")
    if not 0 <= eps <= 1:
        raise ValueError(f"eps = {eps} lies outside [0, 1]")
    # wrong: mean = (1 - eps) * q_next.max() + eps * np.sort(q_next)[:-1].mean() if len(q_next) > 1 else q_next[0]  # exploration may draw the best action as well
    # wrong: mean = eps * q_next.max() + (1 - eps) * q_next.mean()  # eps is the probability of exploring
    # wrong: mean = (eps / len(q_next) + (1 - eps) * (q_next == q_next.max())) @ q_next  # several best actions share one probability
    # wrong: mean = (1 - eps) * q_next.max() + eps * q_next.sum()  # exploration is a mean over the actions
    mean = (1 - eps) * float(q_next.max()) + eps * float(q_next.mean())
    # wrong: return r + gamma * mean  # nothing follows the last step
    # wrong: return r if done else r + mean  # what follows is discounted
    # wrong: return 0.0 if done else r + gamma * mean  # the last reward counts
    return r if done else r + gamma * mean


def learn(
    env: World, algo: str, episodes: int, alpha: float, gamma: float, eps: float, rng: np.random.Generator
) -> np.ndarray:
    """Q (S, A) after so many episodes of "sarsa", "q_learning" or "expected_sarsa"."""
    # wrong: pass  # an algorithm that is none of the three has to raise
    if algo not in ("sarsa", "q_learning", "expected_sarsa"):
        raise ValueError(f"no such algorithm: {algo}")
    # wrong: pass  # eps is a probability, whatever the algorithm
    if not 0 <= eps <= 1:
        raise ValueError(f"eps = {eps} lies outside [0, 1]")
    # wrong: Q = rng.normal(size=(env.states, env.actions))  # Q starts with zeros
    # wrong: Q = np.zeros((env.states, env.actions), np.float32)  # Q is float64
    Q = np.zeros((env.states, env.actions))

    def draw(s: int) -> int:
        # wrong: best = np.array([Q[s].argmax()])  # argmax always takes the first: of several best actions each gets its chance
        # wrong: best = np.flatnonzero(Q[s] == Q[s].min())  # the best actions have the largest value
        best = np.flatnonzero(Q[s] == Q[s].max())
        # wrong: if rng.random() < eps and len(best) < env.actions:  # exploration may draw the best action as well
        #            best = np.flatnonzero(Q[s] != Q[s].max())
        # wrong: if rng.random() >= eps:  # eps is the probability of exploring
        #            best = np.arange(env.actions)
        # wrong: pass  # without exploration most actions are never tried
        if rng.random() < eps:
            best = np.arange(env.actions)
        # wrong: return int(best[np.random.randint(len(best))])  # all randomness comes from rng
        # wrong: return int(best[-1])  # of several actions each gets its chance
        return int(best[rng.integers(len(best))])

    for _ in range(episodes):
        s, done = env.reset(), False
        a = draw(s)
        while not done:
            s_next, r, done = env.step(a)
            a_next = draw(s_next)
            # wrong: if algo == "expected_sarsa":  # SARSA needs the action that it is going to take, and no mean
            #            target = sarsa_target(r, Q[s_next], a_next, gamma, done)
            #        elif algo == "q_learning":
            #            target = q_target(r, Q[s_next], gamma, done)
            #        else:
            #            target = expected_sarsa_target(r, Q[s_next], gamma, done, eps)
            if algo == "sarsa":
                # wrong: target = sarsa_target(r, Q[s_next], a, gamma, done)  # the next action, not the one that has been taken
                # wrong: target = q_target(r, Q[s_next], gamma, done)  # the maximum belongs to Q-learning
                # wrong: target = sarsa_target(r, Q[s_next], a_next, gamma, False)  # whether the episode has ended has to reach the target
                # wrong: target = sarsa_target(r, Q[s], a_next, gamma, done)  # the next action is valued in the next state
                target = sarsa_target(r, Q[s_next], a_next, gamma, done)
            elif algo == "q_learning":
                # wrong: target = sarsa_target(r, Q[s_next], a_next, gamma, done)  # Q-learning takes the best action, whatever comes next
                # wrong: target = q_target(r, Q[s], gamma, done)  # the best action of the next state
                # wrong: target = q_target(r, Q[s_next], gamma, False)  # whether the episode has ended has to reach the target
                # wrong: target = q_target(r, Q[s_next], 1.0, done)  # gamma is an argument
                target = q_target(r, Q[s_next], gamma, done)
            else:
                # wrong: target = expected_sarsa_target(r, Q[s_next], gamma, done, 0)  # the mean is over the actions as they are drawn, with eps
                # wrong: target = expected_sarsa_target(r, Q[s_next], gamma, False, eps)  # whether the episode has ended has to reach the target
                target = expected_sarsa_target(r, Q[s_next], gamma, done, eps)
            # wrong: Q[s, a] += alpha * target  # a step of alpha towards the target is a share of the difference
            # wrong: Q[s, a] = target  # only a share alpha of the way
            # wrong: Q[s, a] -= alpha * (target - Q[s, a])  # towards the target, not away
            # wrong: Q[s_next, a] += alpha * (target - Q[s_next, a])  # it is the state that was left that learns
            # wrong: Q[s] += alpha * (target - Q[s])  # only the action that was taken learns
            Q[s, a] += alpha * (target - Q[s, a])
            # wrong: s, a = s_next, draw(s_next)  # SARSA takes the action that stood in its target: drawn anew it would be another
            # wrong: s, a = s_next, a_next  # Q-learning chooses after it has learned
            # wrong: a = a_next if algo == "sarsa" else draw(s_next)  # the next state is now the state
            # wrong: s, a = s_next, a_next if algo == "sarsa" else int(Q[s_next].argmax())  # it learns from the best action, but explores all the same
            s, a = s_next, a_next if algo == "sarsa" else draw(s_next)
    return Q
