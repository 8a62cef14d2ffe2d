"""Classification with a policy in the place of a classifier: the logit of "w is preferred" is beta h. log Z of the tilted
distribution is the same for both responses and drops out, which is why a loss on pairs can do without it; and the weight
sigmoid(-beta h) is the mistake that the policy's own reward makes on this pair, so pairs that it ranks well pull no more.

The loss sees differences alone. It may push both responses down as long as the rejected one falls faster, and with eps = 0
and a pair that never contradicts itself it pushes without end: label smoothing puts the optimum at h = log((1 - eps)/eps)/beta.
"""

import torch
import torch.nn.functional as F

HINTS = (
    "Which row of logits has something to say on the token at position 1? So logits lose a column at one end, ids and mask at "
    "the other. torch.gather along the last axis picks one entry per position.",
    "A product with the mask does not silence -inf: 0 times inf is nan. Choose between the log-probability and 0 instead.",
    "sigmoid(-1e4) is 0 in floats, and its logarithm -inf. torch has a function for the logarithm of a sigmoid.",
    "The other way round, the same pair has the margin -h. Both terms of the loss are one function, at beta h and at -beta h. "
    "And .detach() makes a constant of a tensor.",
)


def sequence_logprob(logits: torch.Tensor, ids: torch.Tensor, response_mask: torch.Tensor) -> torch.Tensor:
    """Sum of log-probabilities (B,) of the response tokens; logits (B, T, V), ids and mask (B, T)."""
    # wrong: logits, ids, response_mask = logits[:, 1:], ids[:, 1:], response_mask[:, 1:]  # the logits at t are about the token at t + 1
    # wrong: logits, ids, response_mask = logits[:, :-1], ids[:, 1:], response_mask[:, :-1]  # the mask belongs to the tokens, so it is shifted with them
    # wrong: logits, ids, response_mask = logits[:, 1:], ids[:, :-1], response_mask[:, :-1]  # this looks the wrong way: logits tell the token after, not before
    # wrong: pass  # the logits at t are about the token at t + 1
    logits, ids, response_mask = logits[:, :-1], ids[:, 1:], response_mask[:, 1:]
    # wrong: logp = logits.gather(-1, ids[..., None])[..., 0]  # logits are not log-probabilities yet
    # wrong: logp = logits.softmax(-1).gather(-1, ids[..., None])[..., 0]  # log-probabilities add up, probabilities do not
    # wrong: logp = logits.softmax(-1).log().gather(-1, ids[..., None])[..., 0]  # the logarithm of a probability that has underflowed is -inf
    # wrong: logp = logits.log_softmax(1).gather(-1, ids[..., None])[..., 0]  # probabilities sum to 1 over the vocabulary, not over time
    # wrong: logp = -logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]  # this is a cross-entropy: the sign is off
    # wrong: logp = logits.log_softmax(-1).amax(-1)  # the token that is there counts, not the likeliest
    logp = logits.log_softmax(-1).gather(-1, ids[..., None])[..., 0]  # (B, T - 1)
    # wrong: return logp.sum(1)  # prompt and filling do not count
    # wrong: return (logp * response_mask).sum(1)  # a masked -inf times 0 is nan
    # wrong: return torch.where(response_mask, logp, 0).sum(1) / response_mask.sum(1).clamp(min=1)  # a sum, not a mean: the probability of a sequence is a product
    # wrong: return torch.where(response_mask, 0, logp).sum(1)  # True is the response, not the prompt
    # wrong: return torch.where(response_mask, logp, 0)  # one score per sequence: sum over time
    # wrong: return torch.where(response_mask, logp, 0).sum()  # every sequence has a score of its own
    # wrong: return torch.where(response_mask.cumsum(1) > 0, logp, 0).sum(1)  # the filling after the response does not count, either
    # wrong: return torch.where(response_mask, logp, 0).sum(1).detach()  # the policy is trained through this score
    return torch.where(response_mask, logp, 0).sum(1)


def dpo_loss(
    pi_w: torch.Tensor,
    pi_l: torch.Tensor,
    ref_w: torch.Tensor,
    ref_l: torch.Tensor,
    beta: float,
    label_smoothing: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Loss (), rewards (B,) of the preferred and of the rejected responses; all inputs (B,)."""
    # wrong: pass  # scores of different shapes would broadcast to pairs that nobody compared
    # wrong: if pi_w.shape != pi_l.shape:  # the reference has to have that shape as well
    #            raise ValueError("shapes differ")
    if pi_w.ndim != 1 or not pi_w.shape == pi_l.shape == ref_w.shape == ref_l.shape:
        shapes = [tuple(one.shape) for one in (pi_w, pi_l, ref_w, ref_l)]
        raise ValueError(f"the scores have shapes {shapes}, expected (B,) four times")
    # wrong: pass  # smoothing is a share of labels, at most half of them
    # wrong: if not 0 <= label_smoothing < 0.5:  # at 0.5 the loss still makes sense: it pulls every margin to 0
    #            raise ValueError(f"label_smoothing = {label_smoothing} lies outside [0, 0.5]")
    # wrong: if not 0 <= label_smoothing <= 1:  # beyond 0.5 the rejected response would be the preferred one
    #            raise ValueError(f"label_smoothing = {label_smoothing} lies outside [0, 0.5]")
    if not 0 <= label_smoothing <= 0.5:
        raise ValueError(f"label_smoothing = {label_smoothing} lies outside [0, 0.5]")
    # wrong: pass  # a beta that is not above 0 is a ValueError
    _check(beta)
    # wrong: rewards_w, rewards_l = beta * pi_w, beta * pi_l  # without the reference, what was likely before counts as good
    # wrong: rewards_w, rewards_l = beta * pi_w - ref_w.detach(), beta * pi_l - ref_l.detach()  # beta multiplies the whole difference
    # wrong: rewards_w, rewards_l = beta * (pi_w - ref_w.detach()), pi_l - ref_l.detach()  # beta multiplies both rewards
    # wrong: rewards_w, rewards_l = beta * (ref_w.detach() - pi_w), beta * (ref_l.detach() - pi_l)  # what the policy has made likelier is rewarded
    # wrong: rewards_w, rewards_l = beta * (pi_w - ref_l.detach()), beta * (pi_l - ref_w.detach())  # each response is compared with its own score under ref
    # wrong: rewards_w, rewards_l = pi_w - ref_w.detach(), pi_l - ref_l.detach()  # beta is missing
    # wrong: rewards_w, rewards_l = (pi_w - ref_w.detach()) / beta, (pi_l - ref_l.detach()) / beta  # beta multiplies, in DPO
    # wrong: rewards_w, rewards_l = beta * (pi_w - ref_w), beta * (pi_l - ref_l)  # the reference is a constant: no gradient may reach it
    # wrong: rewards_w, rewards_l = beta * (pi_w / ref_w.detach()), beta * (pi_l / ref_l.detach())  # the ratio of probabilities is a difference of logs
    # wrong: rewards_w, rewards_l = beta * (pi_w - ref_w.detach()), beta * (pi_l.detach() - ref_l.detach())  # both scores of the policy are trained
    rewards_w, rewards_l = beta * (pi_w - ref_w.detach()), beta * (pi_l - ref_l.detach())
    # wrong: z = rewards_l - rewards_w  # the preferred response is to have the higher reward
    # wrong: z = rewards_w + rewards_l  # the loss is about the difference of rewards
    # wrong: z = rewards_w  # the rejected response counts, too
    z = rewards_w - rewards_l
    # wrong: losses = -(1 - label_smoothing) * z.sigmoid().log() - label_smoothing * (-z).sigmoid().log()  # for large margins sigmoid is 0 and its logarithm -inf
    # wrong: losses = -F.logsigmoid(z)  # label smoothing is not used
    # wrong: losses = -F.logsigmoid((1 - 2 * label_smoothing) * z)  # two losses are mixed, not two margins
    # wrong: losses = -label_smoothing * F.logsigmoid(z) - (1 - label_smoothing) * F.logsigmoid(-z)  # most labels are right: they have the weight 1 - eps
    # wrong: losses = -(1 - label_smoothing) * F.logsigmoid(z) + label_smoothing * F.logsigmoid(-z)  # both terms are losses (the sign of the second is off)
    # wrong: losses = -(1 - label_smoothing) * F.logsigmoid(z) - label_smoothing / 2 * F.logsigmoid(-z)  # the weights are 1 - eps and eps
    # wrong: losses = -(1 - label_smoothing) * z.sigmoid() - label_smoothing * (-z).sigmoid()  # the log-likelihood needs a logarithm
    # wrong: losses = F.relu(1 - z)  # this is a hinge loss
    losses = -(1 - label_smoothing) * F.logsigmoid(z) - label_smoothing * F.logsigmoid(-z)
    # wrong: return losses.sum(), rewards_w.detach(), rewards_l.detach()  # a mean over the batch, not a sum
    # wrong: return losses, rewards_w.detach(), rewards_l.detach()  # the loss is a single number
    # wrong: return losses.mean(), rewards_w, rewards_l  # rewards are for the log: they carry no gradient
    # wrong: return losses.mean(), rewards_l.detach(), rewards_w.detach()  # the preferred responses come first
    # wrong: return losses.mean(), rewards_w.detach() / beta, rewards_l.detach() / beta  # the rewards contain beta
    # wrong: return losses.mean(), rewards_w.detach().mean(), rewards_l.detach().mean()  # every response has a reward of its own
    return losses.mean(), rewards_w.detach(), rewards_l.detach()


def dpo_grad_weight(margin: torch.Tensor, beta: float) -> torch.Tensor:
    """The weight of each pair in the gradient, from margins h of any shape."""
    # wrong: pass  # here, too, a beta that is not above 0 is a ValueError
    _check(beta)
    # wrong: return torch.sigmoid(beta * margin)  # pairs that are ranked wrong pull hardest
    # wrong: return torch.sigmoid(-margin)  # the margin h is without beta
    # wrong: return beta * torch.sigmoid(-beta * margin)  # the factor beta is not part of the weight
    # wrong: return -torch.sigmoid(-beta * margin)  # the weight is positive: the minus sign belongs to the derivative
    # wrong: return 1 - torch.sigmoid(beta * margin)  # 1 minus something near 1 loses the digits of a small weight
    # wrong: return torch.sigmoid(beta * margin) * torch.sigmoid(-beta * margin)  # this is the derivative of a sigmoid, not of its logarithm
    # wrong: return torch.exp(-beta * margin) / (1 + torch.exp(-beta * margin))  # exp overflows for a large negative margin: inf / inf is nan
    return torch.sigmoid(-beta * margin)


def _check(beta: float) -> None:
    # wrong: if beta < 0:  # a beta of 0 is refused as well
    #            raise ValueError(f"beta = {beta} is not above 0")
    if not beta > 0:
        raise ValueError(f"beta = {beta} is not above 0")
