"""Two things end at an episode's end, and they are not the same: the sum of the deltas always does, the future reward only
when the episode has terminated. A time limit that is taken for a death teaches that the world is about to end, and the
agent learns to hurry. The returns are the lam-returns of TD(lam): one recursion serves the policy and the critic.
"""

import numpy as np

HINTS = (
    "First settle, for every step by itself, the value of the state it led to: four cases. All deltas then are one "
    "expression without a loop.",
    "0 * nan is nan: choose with np.where rather than multiply by a mask.",
    "The sum is a recursion: what is A_t, given delta_t and A_{t+1}? Which way through time does that go, and when does "
    "A_{t+1} belong to another episode?",
    "Walk back from the last row with one number for each environment, set to 0 wherever an episode ended at the step you "
    "are at, and multiplied by gamma lam before the delta is added.",
)


def gae(
    rewards: np.ndarray,
    values: np.ndarray,
    last_value: np.ndarray,
    terminated: np.ndarray,
    truncated: np.ndarray,
    final_values: np.ndarray,
    gamma: float,
    lam: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Advantages and returns, both (T, N)."""
    shapes = {one.shape for one in (rewards, values, terminated, truncated, final_values)}
    # wrong: pass  # (T,) or (N,) broadcasts against (T, N), and then nobody notices
    # wrong: if len(terminated) != len(rewards):  # (T, 1) is as long as (T, N), and broadcasts
    #            raise ValueError("shapes")
    if len(shapes) > 1:  # a last_value of another shape is refused below, by np.concatenate
        raise ValueError(f"the tables have shapes {shapes}")
    # wrong: pass  # a discount is from 0 to 1, and so is lam
    # wrong: if not 0 <= gamma <= 1:  # lam has a range, too
    #            raise ValueError("gamma")
    # wrong: if not 0 < gamma < 1 or not 0 < lam < 1:  # 0 and 1 are allowed, and useful
    #            raise ValueError("gamma or lam")
    if not (0 <= gamma <= 1 and 0 <= lam <= 1):
        raise ValueError(f"gamma = {gamma} or lam = {lam} lies outside [0, 1]")
    # wrong: following = np.concatenate([values[1:], np.zeros_like(values[:1])])  # an episode that still runs goes on with last_value
    # wrong: following = np.concatenate([last_value[None], values[:-1]])  # the next state's value is in the row below, not above
    # wrong: following = values  # each step leads to the next state: the values are one row off
    # wrong: following = np.concatenate([values[2:], last_value[None], last_value[None]])[: len(values)]  # the next state is one row further, not two
    # wrong: following = np.vstack([values[1:], np.broadcast_to(last_value, values[:1].shape)])  # a last_value (1,) or (1, N) is another shape, and refused
    following = np.concatenate([values[1:], last_value[None]])  # where the episode runs on
    # wrong: pass  # where an episode was truncated, row t + 1 shows the state it started over in
    # wrong: following = np.where(truncated, 0, following)  # a time limit is not the end: the state that was reached has a value
    # wrong: following = np.where(truncated, values, following)  # the value of the state that the step led to, not of the one it started in
    # wrong: following = np.where(truncated, np.roll(final_values, -1, 0), following)  # final_values stand in the row of the step that was cut off
    # wrong: following = following * ~truncated + final_values * truncated  # 0 * nan is nan: where nothing was truncated, final_values may be anything
    # wrong: following = np.where(np.isnan(final_values), following, final_values)  # not everyone fills in nan: the flag says where to look
    following = np.where(truncated, final_values, following)
    # wrong: pass  # after a terminal state there is nothing to come: row t + 1 is a new episode
    # wrong: following = np.where(terminated & ~truncated, 0, following)  # an episode that terminates at its time limit has terminated
    # wrong: following = np.where(np.roll(terminated, 1, 0), 0, following)  # terminated[t] is about the step at t, not about the one before
    # wrong: following = np.where(np.roll(terminated, -1, 0), 0, following)  # terminated[t] is about the step at t, not about the next
    # wrong: following = following * ~terminated  # 0 * nan is nan: in the last row, last_value may be anything
    following = np.where(terminated, 0, following)
    # wrong: deltas = rewards + following - values  # the next state's value is discounted
    # wrong: deltas = rewards + gamma * following  # an advantage is what goes beyond the value
    # wrong: deltas = rewards + gamma * (following - values)  # the present value is not discounted
    deltas = rewards + gamma * following - values  # (T, N)
    # wrong: goes_on = np.ones_like(terminated)  # the sum ends with the episode: the next one has no part in it
    # wrong: goes_on = ~terminated  # the sum ends at a time limit as well: the next row is another episode
    # wrong: goes_on = ~truncated  # the sum ends at a terminal state: the next row is another episode
    # wrong: goes_on = ~np.roll(terminated | truncated, 1, 0)  # the flags of row t cut between t and t + 1, not before t
    # wrong: goes_on = ~np.roll(terminated | truncated, -1, 0)  # the flags of row t cut between t and t + 1, not one step later
    # wrong: goes_on = ~(terminated | truncated).any(1, keepdims=True)  # the environments end at different times
    goes_on = ~(terminated | truncated)
    advantages = np.zeros_like(deltas)
    advantage = np.zeros_like(last_value)
    # wrong: for t in range(len(deltas)):  # what is summed lies in the future: walk back from the last row
    #            advantage = deltas[t] + gamma * lam * np.where(goes_on[t], advantage, 0)
    #            advantages[t] = advantage
    for t in reversed(range(len(deltas))):
        # wrong: advantage = deltas[t] + lam * np.where(goes_on[t], advantage, 0)  # each step back is discounted as well: gamma lam
        # wrong: advantage = deltas[t] + gamma * np.where(goes_on[t], advantage, 0)  # lam is missing: this is always the longest look ahead
        # wrong: advantage = np.where(goes_on[t], deltas[t] + gamma * lam * advantage, 0)  # the step that ends an episode has a delta of its own
        # wrong: advantage = (1 - lam) * deltas[t] + gamma * lam * np.where(goes_on[t], advantage, 0)  # the weights 1 - lam belong to n-step returns; they are in the deltas already
        advantage = deltas[t] + gamma * lam * np.where(goes_on[t], advantage, 0)
        advantages[t] = advantage
    # wrong: return (advantages - advantages.mean()) / (advantages.std() + 1e-8), advantages + values  # PPO may normalise them later, the estimate is as it is
    # wrong: return advantages, advantages + rewards  # a return is the value plus the advantage
    # wrong: return advantages, rewards + gamma * following  # the critic learns from the whole look ahead, not from one step
    # wrong: return advantages, advantages  # a return is the value plus the advantage
    return advantages, advantages + values
