"""min makes the objective a lower bound: clipping takes away what could be gained by moving further, never what has been
lost by moving already. So the gradient is 0 only where r is out of range on the side that A pays for; a token that
has moved the wrong way is still pulled back. At logp = old_logp nothing is clipped, and the gradient is plain REINFORCE.

Nothing here keeps r in the range: clipping removes the reason to leave it. That is why one watches approx_kl and stops
the inner steps when it grows. The max in the value loss is the same pessimism, and Andrychowicz et al. (2021) find it does little good.
"""

import torch

HINTS = (
    "An exponential of filling can be inf, and 0 times inf is nan, in the loss or in its gradient. Take the filling out first: "
    "indexing with a boolean mask gives the n real entries in a row.",
    "Write both candidates, r A and clipped r times A, and let torch.minimum choose token by token. For A < 0 the minimum is "
    "the larger ratio: no case is needed for the sign.",
    "max belongs to errors, min to gains: both are the worse of the two.",
    ".detach() makes a constant. For a single entry the standard deviation is 0, if it is the one with 1/n.",
)


def _real(mask: torch.Tensor, *tensors: torch.Tensor) -> list[torch.Tensor]:
    """The entries of each tensor (B, T) at which the mask is True, (n,)."""
    # wrong: pass  # a tensor of another shape is a ValueError
    if any(one.shape != mask.shape for one in tensors):
        raise ValueError(f"shapes {[tuple(one.shape) for one in tensors]} with a mask {tuple(mask.shape)}")
    # wrong: pass  # a mean over no token is nan: a mask without True is a ValueError
    if not mask.any():
        raise ValueError("the mask is False everywhere")
    # wrong: return [one.flatten() for one in tensors]  # filling does not count
    # wrong: return [one[~mask] for one in tensors]  # True is a real token
    # wrong: return [(one * mask).flatten() for one in tensors]  # filling does not count, not even as zeros
    # wrong: return [one[mask[:, :1].expand_as(mask)] for one in tensors]  # every token has its own mask, not every row
    return [one[mask] for one in tensors]


def policy_loss(
    logp: torch.Tensor, old_logp: torch.Tensor, adv: torch.Tensor, mask: torch.Tensor, clip: float = 0.2
) -> tuple[torch.Tensor, dict[str, float]]:
    """The clipped policy loss () and the stats "clip_frac" and "approx_kl"; all inputs (B, T)."""
    # wrong: logp, old_logp, adv = _real(mask, logp, old_logp, adv.detach())  # the old policy is a constant: no gradient may reach it
    # wrong: logp, old_logp, adv = _real(mask, logp, old_logp.detach(), adv)  # advantages are constants: no gradient may reach them
    # wrong: logp, old_logp, adv = _real(mask, logp.detach(), old_logp.detach(), adv.detach())  # the loss trains the policy through logp
    logp, old_logp, adv = _real(mask, logp, old_logp.detach(), adv.detach())
    # wrong: log_ratio = old_logp - logp  # the new policy stands above, the old one below
    # wrong: log_ratio = logp  # the ratio compares with the policy that drew the tokens
    # wrong: log_ratio = logp - logp.detach()  # the ratio compares with the policy that drew the tokens, not with the present one
    log_ratio = logp - old_logp
    # wrong: ratio = log_ratio  # logs are given: the ratio of probabilities is the exponential of their difference
    # wrong: ratio = 1 + log_ratio  # this is the exponential only to first order
    # wrong: ratio = logp / old_logp  # logs are given: a ratio of probabilities is a difference of logs
    ratio = log_ratio.exp()
    # wrong: clipped = log_ratio.clamp(-clip, clip).exp()  # the ratio is clipped, not its logarithm
    # wrong: clipped = ratio.clamp(max=1 + clip)  # the range has a lower end, too
    # wrong: clipped = ratio.clamp(min=1 - clip)  # the range has an upper end, too
    # wrong: clipped = ratio.clamp(-clip, clip)  # the range lies around a ratio of 1
    # wrong: clipped = ratio.clamp(1 / (1 + clip), 1 + clip)  # the lower end of the range is 1 - c
    # wrong: clipped = ratio.clamp(0.8, 1.2)  # c is an argument
    clipped = ratio.clamp(1 - clip, 1 + clip)
    # wrong: gain = torch.maximum(ratio * adv, clipped * adv)  # the pessimistic of the two counts: the smaller gain
    # wrong: gain = clipped * adv  # where clipping would hide a loss, the plain product counts
    # wrong: gain = ratio * adv  # without clipping nothing keeps the steps small
    # wrong: gain = ratio * adv.clamp(-clip, clip)  # the ratio is clipped, not the advantage
    # wrong: gain = torch.minimum(ratio, clipped) * adv  # for a negative advantage the smaller gain is that of the larger ratio
    # wrong: gain = torch.minimum(ratio, clipped) * adv.abs()  # a token with a negative advantage is to become less likely
    # wrong: gain = torch.where(ratio == clipped, ratio, ratio.detach()) * adv  # out of range, but on the wrong side, the gradient is still needed
    # wrong: gain = torch.where(adv > 0, ratio.clamp(max=1 + clip), ratio.clamp(max=1 - clip)) * adv  # for a negative advantage the ratio is bounded from below
    gain = torch.minimum(ratio * adv, clipped * adv)
    # wrong: clip_frac = ((ratio - 1).abs() <= clip).double().mean().item()  # the share out of range is asked for
    # wrong: clip_frac = (ratio > 1 + clip).double().mean().item()  # the range has a lower end, too
    # wrong: clip_frac = (log_ratio.abs() > clip).double().mean().item()  # the ratio leaves its range, not its logarithm
    # wrong: clip_frac = (gain < ratio * adv).double().mean().item()  # every token out of range is counted, whatever its advantage
    # wrong: clip_frac = ((ratio - 1).abs() > clip).double().sum().item() / mask.numel()  # the share is one of the real tokens
    # wrong: clip_frac = ((ratio - 1).abs() > clip).double().sum().item()  # a share is asked for, not a number
    clip_frac = ((ratio - 1).abs() > clip).double().mean().item()
    # wrong: approx_kl = -log_ratio.mean().item()  # this is k1: right on average, but k3 is asked for
    # wrong: approx_kl = 0.5 * log_ratio.square().mean().item()  # this is k2: k3 is asked for
    # wrong: approx_kl = (ratio - 1 + log_ratio).mean().item()  # the sign of the log is off: each term is 0 or more
    # wrong: approx_kl = (1 / ratio - 1 + log_ratio).mean().item()  # the old policy drew the tokens: its ratio stands below
    # wrong: approx_kl = (clipped - 1 - clipped.log()).mean().item()  # clipping would hide how far the policy has moved
    # wrong: approx_kl = (ratio - 1 - log_ratio).sum().item()  # a mean over tokens, not a sum
    approx_kl = (ratio - 1 - log_ratio).mean().item()
    stats = {"clip_frac": clip_frac, "approx_kl": approx_kl}
    # wrong: return gain.mean(), stats  # a loss is minimised, and this is a gain
    # wrong: return -gain.sum(), stats  # a mean over tokens, not a sum
    # wrong: return -gain.sum() / mask.numel(), stats  # the mean is over the real tokens alone
    # wrong: return -gain.sum() / len(mask), stats  # the mean is over tokens, not over responses
    return -gain.mean(), stats


def value_loss(
    v: torch.Tensor, old_v: torch.Tensor, ret: torch.Tensor, mask: torch.Tensor, clip: float
) -> torch.Tensor:
    """Half the mean squared error (), the larger of the clipped and the plain one; all inputs (B, T)."""
    # wrong: v, old_v, ret = _real(mask, v, old_v, ret.detach())  # the old predictions are constants: no gradient may reach them
    # wrong: v, old_v, ret = _real(mask, v, old_v.detach(), ret)  # the returns are constants: no gradient may reach them
    # wrong: v, old_v, ret = _real(mask, v.detach(), old_v.detach(), ret.detach())  # the loss trains the model through v
    v, old_v, ret = _real(mask, v, old_v.detach(), ret.detach())
    # wrong: clipped = v.clamp(-clip, clip)  # values are clipped around what they were, not around 0
    # wrong: clipped = v.clamp(1 - clip, 1 + clip)  # values are clipped around what they were, not around 1
    # wrong: clipped = v.clamp(ret - clip, ret + clip)  # values are clipped around what they were, not around the target
    # wrong: clipped = v.clamp(old_v * (1 - clip), old_v * (1 + clip))  # the range is absolute: c on both sides of the old value
    # wrong: clipped = v.clamp(max=old_v + clip)  # the range has a lower end, too
    # wrong: clipped = v.clamp(min=old_v - clip)  # the range has an upper end, too
    clipped = v.clamp(old_v - clip, old_v + clip)
    # wrong: errors = torch.minimum((v - ret) ** 2, (clipped - ret) ** 2)  # the pessimistic of the two counts: the larger error
    # wrong: errors = (clipped - ret) ** 2  # where clipping would hide an error, the plain one counts
    # wrong: errors = (v - ret) ** 2  # the clipped error may be larger: then it counts
    # wrong: errors = torch.maximum(v - ret, clipped - ret) ** 2  # compare the squares: an error may be negative
    # wrong: errors = torch.maximum((v - ret).abs(), (clipped - ret).abs())  # the errors are squared
    # wrong: errors = torch.maximum(v, clipped).sub(ret) ** 2  # the larger error counts, not the larger value
    errors = torch.maximum((v - ret) ** 2, (clipped - ret) ** 2)
    # wrong: return errors.mean()  # the factor of 1/2 is missing
    # wrong: return 0.5 * errors.sum()  # a mean over tokens, not a sum
    # wrong: return 0.5 * errors.sum() / mask.numel()  # the mean is over the real tokens alone
    return 0.5 * errors.mean()


def whiten(adv: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """adv (B, T) with mean 0 and standard deviation 1 where the mask (B, T) is True, 0 elsewhere."""
    (real,) = _real(mask, adv)
    # wrong: centred = torch.where(mask, adv, 0)  # the mean has to go
    # wrong: centred = torch.where(mask, adv - adv.mean(), 0)  # the mean is over the real entries alone
    # wrong: centred = adv - real.mean()  # filling becomes 0
    # wrong: centred = (adv - real.mean()) * mask  # filling that is nan or inf stays nan in a product with 0
    # wrong: centred = torch.where(mask, adv - (adv.nan_to_num() * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1), 0)  # one mean for the whole batch, not one for each response
    # wrong: centred = real - real.mean()  # the result has the shape (B, T) of adv
    centred = torch.where(mask, adv - real.mean(), 0)
    # wrong: return centred / (real.std() + 1e-8)  # divide by n, not n - 1: with one entry this is nan
    # wrong: return centred / real.std(correction=0)  # where all are equal this divides by 0: add 1e-8
    # wrong: return centred / (real.var(correction=0) + 1e-8)  # divide by the standard deviation, the root of the variance
    # wrong: return centred / (real.var(correction=0) + 1e-8).sqrt()  # 1e-8 is added to the standard deviation, after the root
    # wrong: return centred / (torch.where(mask, adv, 0).std(correction=0) + 1e-8)  # the standard deviation is that of the real entries alone
    # wrong: return centred  # the scale has to become 1
    return centred / (real.std(correction=0) + 1e-8)
