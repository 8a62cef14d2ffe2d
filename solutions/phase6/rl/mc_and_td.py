"""Monte Carlo fits the returns that were seen; TD fits the process that made them, and then computes. Where states
really are states, so that the past adds nothing, TD is the better guess from the same data: B is worth 3/4, and so is
all that leads to B. Where they are not, MC does not mind.

The system of the fixed point is LSTD: counts on the diagonal, minus gamma times the counts of what followed. n-step
targets blend the two, and a geometric blend over all n is TD(lambda), which policy gradients call GAE.
"""

import numpy as np

Episode = list[tuple[int, float, int, bool]]  # steps (s, r, s_next, done)

HINTS = (
    "Go through an episode from its end: the return from a step is its reward plus gamma times the return from the next. "
    "Written into a dict by state, the last one written is that of the first visit.",
    "td0 is a loop with one line of arithmetic, on a copy of v0. Only done decides whether there is a next value.",
    "n-step: which step comes first, t + n or the end? Start there, with the estimate or with 0, and go backwards to t.",
    "Write the condition of the fixed point for one state and collect what multiplies each v: the number of its steps for "
    "v[s] itself, and minus gamma for every v that followed. Solve for the visited states alone.",
)


def mc_first_visit(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    """v (S,): the mean return from the first visit in an episode."""
    # wrong: pass  # a gamma outside [0, 1] is a ValueError
    _check(gamma)
    total, visits = np.zeros(S), np.zeros(S)
    for episode in episodes:
        first: dict[int, float] = {}
        G = 0.0
        # wrong: for s, r, _, _ in episode:  # a return is what comes from a step on, not what has come up to it
        #            G = r + gamma * G
        #            first[s] = G
        # wrong: for s, r, _, _ in reversed(episode):  # the reward of the step itself is not discounted
        #            G = gamma * (r + G)
        #            first[s] = G
        # wrong: for s, r, _, _ in reversed(episode):  # this is the last visit of the episode: the first one counts
        #            G = r + gamma * G
        #            first.setdefault(s, G)
        # wrong: for s, r, _, _ in reversed(episode):  # every visit is counted here: only the first one of an episode is
        #            G = r + gamma * G
        #            total[s] += G
        #            visits[s] += 1
        # wrong: for s, r, _, _ in reversed(episode):  # this puts the return on the reward, and forgets to discount
        #            G = r + G
        #            first[s] = G
        for s, r, _, _ in reversed(episode):
            G = r + gamma * G
            first[s] = G
        # wrong: for s in first:  # each state has the return from its own first visit
        #            total[s] += G
        #            visits[s] += 1
        # wrong: for s, G in first.items():  # each episode that visits s adds its return, not the first of them alone
        #            total[s] += G * (visits[s] == 0)
        #            visits[s] = 1
        # wrong: for s, G in first.items():  # the mean is over the episodes that visit s, not over all of them
        #            total[s] += G
        #            visits += 1 / len(first)
        for s, G in first.items():
            total[s] += G
            visits[s] += 1
    # wrong: return total / np.maximum(visits, 1)  # of a state that was never visited nothing is known: nan
    # wrong: return total / visits  # 0 / 0 warns: fill in the nan without dividing
    # wrong: return np.divide(total, len(episodes), out=np.full(S, np.nan), where=visits > 0)  # the mean is over the episodes that visit s
    # wrong: return np.where(visits > 0, total, np.nan)  # the mean of the returns is asked for, not their sum
    return np.divide(total, visits, out=np.full(S, np.nan), where=visits > 0)


def td0(episodes: list[Episode], S: int, gamma: float, alpha: float, v0: np.ndarray) -> np.ndarray:
    """v (S,) after one TD update for each step, starting from v0 (S,)."""
    _check(gamma)
    # wrong: pass  # with an alpha outside (0, 1] nothing is learned, or too much: raise
    # wrong: if not 0 <= alpha <= 1:  # with alpha = 0 nothing would be learned: it is refused
    #            raise ValueError(f"alpha = {alpha} lies outside (0, 1]")
    # wrong: if not 0 < alpha < 1:  # alpha = 1 is allowed: then the target takes the place of the value
    #            raise ValueError(f"alpha = {alpha} lies outside (0, 1]")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha = {alpha} lies outside (0, 1]")
    # wrong: v = v0  # v0 belongs to the caller: work on a copy
    # wrong: v = np.zeros(S)  # the updates start from v0
    v = v0.copy()
    for episode in episodes:
        # wrong: old = v.copy()  # the value of the next state is the one that all earlier steps have made
        #        for s, r, s_next, done in episode:
        #            v[s] += alpha * (r + gamma * (0.0 if done else old[s_next]) - old[s])
        # wrong: for s, r, s_next, done in reversed(episode):  # the steps are taken in their order
        #            v[s] += alpha * (r + gamma * (0.0 if done else v[s_next]) - v[s])
        for s, r, s_next, done in episode:
            # wrong: after = v[s_next % S]  # behind the end nothing follows: its value is 0
            # wrong: after = v[s_next % S] if done else 0.0  # it is at the end that nothing follows
            # wrong: after = 0.0  # before the end, the value of the next state belongs to the target
            after = 0.0 if done else v[s_next]
            # wrong: v[s] += alpha * (r + after - v[s])  # the next value is discounted by gamma
            # wrong: v[s] += alpha * (r + gamma * after)  # the value moves by a share of the error: subtract what it was
            # wrong: v[s] = alpha * (r + gamma * after)  # the old value keeps its share of 1 - alpha
            # wrong: v[s] -= alpha * (r + gamma * after - v[s])  # this moves away from the target
            # wrong: v[s] += alpha * (gamma * (r + after) - v[s])  # the reward of the step itself is not discounted
            # wrong: v[s] += (r + gamma * after - v[s])  # only a share alpha of the error is made good
            v[s] += alpha * (r + gamma * after - v[s])
    return v


def n_step_return(rewards: list[float], values: list[float], t: int, n: int, gamma: float) -> float:
    """The n-step target for step t of an episode, from its T rewards and T + 1 values."""
    _check(gamma)
    T = len(rewards)
    # wrong: pass  # an n, a t or values that do not fit are a ValueError
    # wrong: if n < 1 or t >= T or len(values) != T + 1:  # a negative t would count from the end: it is refused
    #            raise ValueError("no such step")
    # wrong: if n < 1 or not 0 <= t <= T or len(values) != T + 1:  # the last step has the number T - 1
    #            raise ValueError("no such step")
    # wrong: if n < 0 or not 0 <= t < T or len(values) != T + 1:  # without a single reward it is no target: n is at least 1
    #            raise ValueError("no such step")
    # wrong: if n < 1 or not 0 <= t < T or len(values) < T:  # there is one value more than rewards
    #            raise ValueError("no such step")
    if n < 1 or not 0 <= t < T or len(values) != T + 1:
        raise ValueError(f"no target for t = {t}, n = {n} with {T} rewards and {len(values)} values")
    # wrong: end = t + n  # past the end of the episode there are no more rewards
    #        if end > T:
    #            return sum(gamma**k * r for k, r in enumerate(rewards[t:])) + gamma ** (T - t) * values[T - 1]
    # wrong: end = min(t + n + 1, T)  # there are n rewards in an n-step target
    # wrong: end = min(n, T)  # the n steps begin at t
    end = min(t + n, T)
    # wrong: G = values[end]  # the end of the episode is worth 0, whatever its estimate
    # wrong: G = 0.0  # before the end, the estimate of the state reached is part of the target
    # wrong: G = values[t] if end < T else 0.0  # the estimate is that of the state reached after n steps
    # wrong: G = values[end - 1] if end < T else 0.0  # the estimate is that of the state reached after n steps
    G = values[end] if end < T else 0.0
    # wrong: for r in rewards[t:end]:  # from the estimate backwards: the first reward is discounted least
    #            G = r + gamma * G
    # wrong: for r in reversed(rewards[t:end]):  # the first reward is not discounted
    #            G = gamma * (r + G)
    # wrong: for r in reversed(rewards[t:end]):  # rewards and estimate are discounted, once for every step
    #            G = r + G
    for r in reversed(rewards[t:end]):
        G = r + gamma * G
    return float(G)


def batch_td_fixed_point(episodes: list[Episode], S: int, gamma: float) -> np.ndarray:
    """v (S,) at which the TD errors of each visited state sum to 0."""
    _check(gamma)
    # wrong: return mc_first_visit(episodes, S, gamma)  # the mean return is not where TD goes: it knows what followed in other episodes
    # wrong: return td0(episodes * 200, S, gamma, 0.1, np.zeros(S))  # a constant alpha stays restless near the fixed point: solve for it
    visits, followed, rewards = np.zeros(S), np.zeros((S, S)), np.zeros(S)
    for episode in episodes:
        for s, r, s_next, done in episode:
            visits[s] += 1
            rewards[s] += r
            # wrong: followed[s, s_next % S] += 1  # behind the end nothing follows
            if not done:
                # wrong: followed[s_next, s] += 1  # row s is the equation of s: what followed it is the column
                # wrong: followed[s, s_next] = 1  # how often a state followed matters
                followed[s, s_next] += 1
    v = np.full(S, np.nan)
    # wrong: seen = np.arange(S)  # a state that was never visited has no equation: leave it out
    seen = np.flatnonzero(visits)
    # wrong: system = np.diag(visits[seen]) - followed[np.ix_(seen, seen)]  # what follows is discounted by gamma
    # wrong: system = np.eye(len(seen)) - gamma * followed[np.ix_(seen, seen)]  # divide the counts by the visits, or have the visits on the diagonal
    # wrong: system = np.diag(visits[seen]) + gamma * followed[np.ix_(seen, seen)]  # on the other side of the equation the sign changes
    # wrong: system = np.diag(followed[seen].sum(1)) - gamma * followed[np.ix_(seen, seen)]  # steps to the end are visits, too
    system = np.diag(visits[seen]) - gamma * followed[np.ix_(seen, seen)]
    # wrong: v[seen] = np.linalg.solve(system, rewards[seen] / visits[seen])  # where the diagonal holds counts, the right-hand side holds sums
    v[seen] = np.linalg.solve(system, rewards[seen])
    # wrong: return np.nan_to_num(v)  # of a state that was never visited nothing is known: nan
    return v


def _check(gamma: float) -> None:
    # wrong: if not 0 <= gamma < 1:  # gamma = 1 is allowed, for every episode ends
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1]")
    # wrong: if gamma > 1:  # a negative gamma is refused as well
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1]")
    # wrong: if not 0 < gamma <= 1:  # gamma = 0 is allowed: then only the next reward counts
    #            raise ValueError(f"gamma = {gamma} lies outside [0, 1]")
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma = {gamma} lies outside [0, 1]")
