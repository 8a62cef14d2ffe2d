"""At the soft optimum Q - alpha log pi is the same number for every action, the value V = alpha logsumexp(Q / alpha): so a
target with one drawn action is as good as the mean over all, and as alpha goes to 0 both become DQN's maximum. Where
tanh is flat the density of a is huge: 2 |u| is what a saturated action pays for its certainty, and it is this term
that pulls a policy back from the edges of the box.
"""

import math

import torch
import torch.nn.functional as F

HINTS = (
    "The log of a product is a sum: the log density of a is that of u minus the log of da/du, and then the components add up. "
    "You are given eps, so (u - mu) / std needs no computing.",
    "1 - tanh(u)^2 = 4 / (e^u + e^-u)^2. Take its log by hand and pull out what grows, until only a log(1 + e^...) is left; "
    "torch has a function for that.",
    "Say for each of the four formulas who is to learn from it: nobody from the target, the policy from the actor's loss, "
    "log_alpha from its own. Detach the rest.",
    "The target wants no graph at all; in the actor's loss alpha may be a number or a tensor: make it one of the two first, and mind the dtype.",
)


def squashed_sample(
    mu: torch.Tensor, log_std: torch.Tensor, eps: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The action a = tanh(u) (..., d) and the log of its density (...); all inputs (..., d)."""
    # wrong: pass  # shapes that differ broadcast without a word: refuse them
    _same_shape(mu, log_std, eps)
    # wrong: u = mu + log_std * eps  # the deviation is exp(log_std)
    # wrong: u = mu + (log_std / 2).exp() * eps  # log_std is the log of the deviation, not of the variance
    # wrong: u = (mu + log_std.exp() * eps).detach()  # the draw has to stay differentiable: that is what eps is for
    # wrong: u = mu + log_std.exp() * torch.randn_like(eps)  # the noise is given
    u = mu + log_std.exp() * eps  # (..., d)
    # wrong: normal = -(eps**2) / 2 - 0.5 * math.log(2 * math.pi)  # a narrow normal is a tall one: log_std is missing
    # wrong: normal = -(eps**2) / 2 - log_std  # the normaliser sqrt(2 pi) is missing
    # wrong: normal = -(eps**2) / 2 + log_std - 0.5 * math.log(2 * math.pi)  # the deviation divides the density
    # wrong: normal = -(((u - mu) / log_std.exp()) ** 2) / 2 - log_std - 0.5 * math.log(2 * math.pi)  # where the deviation is tiny, u - mu has lost the noise: you have eps
    # wrong: normal = -(u**2) / 2 - log_std - 0.5 * math.log(2 * math.pi)  # it is eps, not u, that has mean 0 and deviation 1
    normal = -(eps**2) / 2 - log_std - 0.5 * math.log(2 * math.pi)
    # wrong: slope = (1 - u.tanh() ** 2 + 1e-6).log()  # the small constant is wrong by far where tanh is flat
    # wrong: slope = (1 - u.tanh() ** 2).log()  # where tanh rounds to 1 this is the log of 0
    # wrong: slope = 0 * u  # a density changes when its variable does: divide by the slope of tanh
    # wrong: slope = 2 * (math.log(2) - u - F.softplus(-2 * u.detach()))  # u depends on mu and log_std here, too
    slope = 2 * (math.log(2) - u - F.softplus(-2 * u))  # log(1 - tanh(u)^2)
    # wrong: return u, (normal - slope).sum(-1)  # the action is squashed
    # wrong: return u.tanh(), normal - slope  # the components are independent, so their logs add up to one number
    # wrong: return u.tanh(), (normal - slope).mean(-1)  # logs add up: no mean
    # wrong: return u.tanh(), (normal - slope).sum()  # one number for each action, not one for the batch
    # wrong: return u.tanh(), (normal - slope).sum(0)  # components are the last axis
    # wrong: return u.tanh(), (normal + slope).sum(-1)  # the density is divided by the slope
    return u.tanh(), (normal - slope).sum(-1)


def soft_target(
    r: torch.Tensor,
    q1: torch.Tensor,
    q2: torch.Tensor,
    logp_next: torch.Tensor,
    alpha: float | torch.Tensor,
    terminated: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    """Detached targets (B,) of both critics; all tensors (B,), alpha a number."""
    # wrong: pass  # a (B, 1) among (B,) makes (B, B) targets without a word: refuse it
    # wrong: _same_shape(r, q1, q2, logp_next)  # terminated broadcasts as well
    _same_shape(r, q1, q2, logp_next, terminated)
    # wrong: value = torch.maximum(q1, q2) - alpha * logp_next  # two critics are there to be careful: the smaller value
    # wrong: value = (q1 + q2) / 2 - alpha * logp_next  # the smaller of the two values, not their mean
    # wrong: value = (q1 if q1.mean() < q2.mean() else q2) - alpha * logp_next  # the smaller value is taken for each transition, not for the batch
    # wrong: value = torch.minimum(q1, q2) + alpha * logp_next  # entropy is paid: a likely action has a higher logp and less of it
    # wrong: value = torch.minimum(q1, q2)  # the next state is worth its entropy, too
    # wrong: value = torch.minimum(q1, q2) - logp_next  # alpha is missing
    value = torch.minimum(q1, q2) - alpha * logp_next
    # wrong: return (r + gamma * terminated.to(r.dtype) * value).detach()  # it is where the episode goes on that something follows
    # wrong: return (r + gamma * value).detach()  # nothing follows a terminal state
    # wrong: return (r + (1 - terminated.to(r.dtype)) * value).detach()  # what follows is discounted
    # wrong: return ((1 - terminated.to(r.dtype)) * (r + gamma * value)).detach()  # the last reward counts
    # wrong: return r + gamma * (1 - terminated.to(r.dtype)) * value  # a critic must not learn through its target: detach
    # wrong: return (r + gamma * ((1 - terminated.to(r.dtype)) * torch.minimum(q1, q2) - alpha * logp_next)).detach()  # nothing follows a terminal state, no entropy either
    return (r + gamma * (1 - terminated.to(r.dtype)) * value).detach()


def actor_loss(
    q1: torch.Tensor, q2: torch.Tensor, logp: torch.Tensor, alpha: float | torch.Tensor
) -> torch.Tensor:
    """Mean of alpha logp - min(q1, q2), shape (); all tensors (B,), alpha a number."""
    # wrong: pass  # a (B, 1) among (B,) makes B times B terms without a word: refuse it
    _same_shape(q1, q2, logp)
    # wrong: pass  # a loss that may lower alpha will: no gradient for the temperature
    alpha = torch.as_tensor(alpha, dtype=logp.dtype).detach()
    # wrong: return (torch.minimum(q1, q2) - alpha * logp).mean()  # a loss is minimised: value and entropy are to grow
    # wrong: return (alpha * logp - torch.maximum(q1, q2)).mean()  # the smaller value, as in the target
    # wrong: return (-alpha * logp - torch.minimum(q1, q2)).mean()  # a high logp is little entropy: it costs
    # wrong: return (logp - torch.minimum(q1, q2)).mean()  # alpha is missing
    # wrong: return (alpha * logp - torch.minimum(q1, q2)).sum()  # a mean over the batch
    # wrong: return (alpha * logp - q1).mean()  # both critics are asked
    # wrong: return (alpha * logp.detach() - torch.minimum(q1, q2)).mean()  # the policy learns its entropy through logp
    # wrong: return (alpha * logp - torch.minimum(q1, q2).detach()).mean()  # the policy learns through the critics: it is their gradient that it follows
    return (alpha * logp - torch.minimum(q1, q2)).mean()


def alpha_loss(log_alpha: torch.Tensor, logp: torch.Tensor, target_entropy: float) -> torch.Tensor:
    """Mean of -alpha (logp + target_entropy), shape (), with a gradient for log_alpha () alone; logp (B,)."""
    # wrong: return -(log_alpha.exp() * (logp + target_entropy)).mean()  # the policy must not learn from the temperature's loss: detach
    # wrong: return (log_alpha.exp() * (logp + target_entropy).detach()).mean()  # too little entropy has to raise alpha
    # wrong: return -(log_alpha.exp() * (logp - target_entropy).detach()).mean()  # the entropy is -logp: its distance from the target has a plus
    # wrong: return -(log_alpha * (logp + target_entropy).detach()).mean()  # alpha is exp(log_alpha)
    # wrong: return -(log_alpha.exp() * (logp + target_entropy).detach()).sum()  # a mean over the batch
    # wrong: return -(log_alpha.exp().detach() * (logp + target_entropy)).mean()  # it is log_alpha that learns here, not the policy
    return -(log_alpha.exp() * (logp + target_entropy).detach()).mean()


def _same_shape(*tensors: torch.Tensor) -> None:
    shapes = {tuple(one.shape) for one in tensors}
    if len(shapes) > 1:
        raise ValueError(f"shapes differ: {shapes}")
