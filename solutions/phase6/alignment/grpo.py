"""The gradient that an answer gets in all, on its first step: A/B under "sequence", whatever its length, so a long wrong
answer is punished less per token than a short one, and wrong answers grow. Under "constant" it is A n_b, as the policy
gradient has it. Dividing by std does the same among questions: those that are nearly always or nearly never solved weigh more.

On the first step r = 1, and with answers of equal length the loss is 0 whatever the rewards: GRPO's loss curve tells
nothing, its gradient everything. Note that k3 differentiated as a loss pulls as KL(ref || pi) does, not as the KL it estimates.
"""

import torch

HINTS = (
    "reshape(-1, K) puts one question in each row. If a row is shifted first, by any of its own rewards, the advantages stay as "
    "they are, and equal rewards become zeros that no mean can spoil.",
    "Sums per answer need the shape (B, T), so filling has to stay in place. Make its differences of log-probabilities 0 before "
    "any exponential: then it is finite, and a product with the mask removes it.",
    "An advantage belongs to a row: give adv an axis of size 1 where the tokens are. Broadcast as it is, it meets the tokens, "
    "and nobody notices if B and T happen to be equal.",
    "The three norms share one table l of losses and differ in what they divide by, and whether before or after the sum over "
    "answers.",
)


def group_advantages(
    rewards: torch.Tensor, K: int, normalize_std: bool = True, eps: float = 1e-6
) -> torch.Tensor:
    """Each reward (G K,) relative to the K of its group; (G K,)."""
    # wrong: rewards = rewards[: len(rewards) // max(K, 1) * max(K, 1)]  # rewards that do not fill a group are a ValueError
    # wrong: if K < 0 or len(rewards) % K:  # a K of 0 is refused with a ValueError as well
    #            raise ValueError(f"{len(rewards)} rewards do not make groups of {K}")
    if K < 1 or len(rewards) % K:
        raise ValueError(f"{len(rewards)} rewards do not make groups of {K}")
    # wrong: groups = rewards.reshape(K, -1).T  # the answers to one question stand next to one another, not K groups apart
    # wrong: groups = rewards.reshape(K, -1)  # a row is a question with its K answers
    # wrong: groups = rewards.reshape(1, -1)  # an answer is compared with the others to its own question, not with the whole batch
    groups = rewards.reshape(-1, K)
    # wrong: shifted = groups  # the mean of equal rewards is rounded, and dividing by eps makes that large
    # wrong: shifted = groups - rewards[0]  # shift each group by a reward of its own: only then equal ones become zeros
    shifted = groups - groups[:, :1]  # equal rewards are now exactly 0
    # wrong: centred = shifted - shifted.mean()  # the mean is that of the group, not of the batch
    # wrong: centred = shifted - shifted.mean(0)  # the mean runs over the answers to one question
    # wrong: centred = shifted - shifted.median(1, keepdim=True).values  # the mean is asked for, not the median
    # wrong: centred = shifted.mean(1, keepdim=True) - shifted  # better than the mean is positive
    # wrong: centred = shifted - (shifted.sum(1, keepdim=True) - shifted) / max(K - 1, 1)  # the mean includes the answer itself
    # wrong: centred = shifted  # the baseline is the mean of the group
    centred = shifted - shifted.mean(1, keepdim=True)
    if normalize_std:
        # wrong: centred = centred / (centred.std(1, keepdim=True) + eps)  # divide by K, not K - 1: for K = 1 this is nan
        # wrong: centred = centred / (rewards.std(correction=0) + eps)  # the standard deviation is that of the group, not of the batch
        # wrong: centred = centred / centred.std(1, keepdim=True, correction=0)  # equal rewards give 0 / 0: eps is missing
        # wrong: centred = centred / centred.std(1, keepdim=True, correction=0).clamp(min=eps)  # eps is added, not a floor
        # wrong: centred = centred / (centred.var(1, keepdim=True, correction=0) + eps)  # divide by the standard deviation, the root of the variance
        # wrong: centred = centred / (centred.var(1, keepdim=True, correction=0) + eps).sqrt()  # eps is added to the standard deviation, after the root
        # wrong: centred = centred / (centred.std(1, keepdim=True, correction=0) + 1e-6)  # eps is an argument
        # wrong: pass  # with normalize_std the advantages are divided by the standard deviation
        centred = centred / (centred.std(1, keepdim=True, correction=0) + eps)
    # wrong: return centred  # the result has the shape (G K,) of the rewards
    # wrong: return centred.T.flatten()  # the result is in the order of the rewards
    return centred.flatten()


def grpo_loss(
    logp: torch.Tensor,
    old_logp: torch.Tensor,
    ref_logp: torch.Tensor,
    adv: torch.Tensor,
    mask: torch.Tensor,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    beta: float = 0.0,
    norm: str = "sequence",
    L_max: int | None = None,
) -> torch.Tensor:
    """The clipped loss () with a KL penalty, averaged as `norm` says; adv (B,), the others (B, T)."""
    # wrong: pass  # shapes that differ would broadcast, and then nobody notices
    # wrong: if not mask.shape == logp.shape == old_logp.shape == ref_logp.shape:  # an adv of (T,) or (B, 1) would broadcast: it has to be (B,)
    #            raise ValueError("shapes differ")
    if not mask.shape == logp.shape == old_logp.shape == ref_logp.shape == (*adv.shape, mask.shape[-1]):
        shapes = [tuple(one.shape) for one in (logp, old_logp, ref_logp, adv, mask)]
        raise ValueError(f"shapes {shapes}, expected (B, T) and (B,) for adv")
    # wrong: pass  # an answer without a token has no mean
    # wrong: if not mask.any():  # every single answer has to have a token
    #            raise ValueError("an answer has no token")
    if not mask.any(1).all():
        raise ValueError("an answer has no token")
    # wrong: log_ratio = torch.where(mask, logp - old_logp, 0)  # the old policy is a constant: no gradient may reach it
    # wrong: log_ratio = torch.where(mask, logp - logp.detach(), 0)  # the ratio compares with the policy that drew the tokens, not with the present one
    # wrong: log_ratio = torch.where(mask, old_logp.detach() - logp, 0)  # the new policy stands above, the old one below
    # wrong: log_ratio = torch.where(mask, logp - ref_logp.detach(), 0)  # the ratio compares with the policy that drew the tokens, not with the reference
    # wrong: log_ratio = logp - old_logp.detach()  # an exponential of filling may be inf or nan, and a product with 0 does not mend that
    log_ratio = torch.where(mask, logp - old_logp.detach(), 0)  # (B, T)
    # wrong: log_ref = torch.where(mask, ref_logp - logp, 0)  # the reference is a constant: no gradient may reach it
    # wrong: log_ref = torch.where(mask, logp - ref_logp.detach(), 0)  # k3 takes the reference above and the policy below: the policy drew the tokens
    # wrong: log_ref = torch.where(mask, ref_logp.detach() - old_logp.detach(), 0)  # the pull is on the policy that is trained, not on the old one
    # wrong: log_ref = torch.where(mask, ref_logp - logp, 0).detach()  # the pull needs a gradient
    # wrong: log_ref = ref_logp.detach() - logp  # an exponential of filling may be inf or nan, and a product with 0 does not mend that
    log_ref = torch.where(mask, ref_logp.detach() - logp, 0)  # (B, T)
    # wrong: A = adv.detach()  # an advantage belongs to an answer, not to a place
    # wrong: A = adv[:, None]  # advantages are constants: no gradient may reach them
    # wrong: A = -adv.detach()[:, None]  # a token with a positive advantage is to become likelier
    # wrong: A = adv.detach()[:, None] / mask.sum(1, keepdim=True)  # each token has the whole advantage of its answer
    A = adv.detach()[:, None]  # (B, 1)
    ratio = log_ratio.exp()
    # wrong: clipped = ratio.clamp(1 - clip_high, 1 + clip_high)  # below 1 the range ends at 1 - clip_low
    # wrong: clipped = ratio.clamp(1 - clip_low, 1 + clip_low)  # above 1 the range ends at 1 + clip_high
    # wrong: clipped = ratio.clamp(1 - clip_high, 1 + clip_low)  # clip_high is for the upper end
    # wrong: clipped = ratio.clamp(max=1 + clip_high)  # the range has a lower end, too
    # wrong: clipped = ratio.clamp(min=1 - clip_low)  # the range has an upper end, too
    # wrong: clipped = log_ratio.clamp(-clip_low, clip_high).exp()  # the ratio is clipped, not its logarithm
    # wrong: clipped = ratio  # without clipping nothing keeps the steps small
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    # wrong: gain = torch.maximum(ratio * A, clipped * A)  # the pessimistic of the two counts: the smaller gain
    # wrong: gain = torch.minimum(ratio, clipped) * A  # for a negative advantage the smaller gain is that of the larger ratio
    # wrong: gain = clipped * A  # where clipping would hide a loss, the plain product counts
    gain = torch.minimum(ratio * A, clipped * A)
    # wrong: k3 = log_ref.exp() - 1 + log_ref  # the sign of the log is off: k3 is 0 or more
    # wrong: k3 = -log_ref  # this is k1, whose gradient is 0 on average: k3 is asked for
    # wrong: k3 = 0.5 * log_ref**2  # this is k2: k3 is asked for
    # wrong: k3 = log_ref.exp() - log_ref  # at the reference k3 is 0: the 1 is missing
    k3 = log_ref.exp() - 1 - log_ref
    # wrong: losses = (-gain - beta * k3) * mask  # the distance is a cost
    # wrong: losses = -gain * mask  # the pull towards the reference is missing
    # wrong: losses = (gain + beta * k3) * mask  # a loss is minimised, and a gain is not
    # wrong: losses = -gain + beta * k3  # filling does not count
    # wrong: losses = beta * (k3 - gain) * mask  # beta is the price of the distance alone
    # wrong: losses = (k3 - gain) * mask  # the distance has a price, beta
    losses = (beta * k3 - gain) * mask
    lengths = mask.sum(1)  # (B,)
    if norm == "sequence":
        # wrong: return losses.mean(1).mean()  # the mean is over the tokens of the answer, not over the filling
        # wrong: return losses.sum(1).mean()  # each answer is divided by its length
        # wrong: return (losses.sum(1) / lengths).sum()  # a mean over answers, not a sum
        # wrong: return losses.sum() / lengths.sum()  # here every answer weighs the same, not every token
        # wrong: return (losses.sum(1) / (lengths - 1).clamp(min=1)).mean()  # an answer has n_b tokens
        return (losses.sum(1) / lengths).mean()
    if norm == "token":
        # wrong: return losses.sum() / mask.numel()  # filling is not counted among the tokens
        # wrong: return losses.sum() / len(mask)  # divide by the number of tokens, not of answers
        # wrong: return (losses.sum(1) / lengths).mean()  # here every token weighs the same, not every answer
        return losses.sum() / lengths.sum()
    # wrong: if norm == "constant" and L_max is not None:  # an L_max below 1 is refused, too
    #            return losses.sum() / (len(mask) * L_max)
    # wrong: if L_max is not None and L_max >= 1:  # another norm than the three is a ValueError
    #            return losses.sum() / (len(mask) * L_max)
    # wrong: return losses.sum() / (len(mask) * (L_max or mask.shape[1]))  # another norm, and "constant" without L_max, is a ValueError
    if norm == "constant" and L_max is not None and L_max >= 1:
        # wrong: return losses.sum() / mask.numel()  # L_max is an argument, not the T of this batch
        # wrong: return losses.sum() / (len(mask) * lengths.max())  # L_max is an argument, not the longest answer of this batch
        # wrong: return losses.sum() / L_max  # a mean over answers: divide by B as well
        # wrong: return losses.sum() / len(mask)  # divide by L_max as well
        # wrong: return (losses.sum(1) / lengths).mean()  # lengths have no part in this norm
        return losses.sum() / (len(mask) * L_max)
    raise ValueError(
        f'norm is {norm!r}, L_max {L_max}: choose "sequence", "token" or, with an L_max, "constant"'
    )
