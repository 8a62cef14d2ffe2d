"""PPO's clipped losses

A policy gradient is right for the policy that drew the samples, and samples of a language model are dear:
PPO takes several steps on the same ones, and takes the gain out of moving too far from where they came from.
The losses below, with their clipping and masking, are what RLHF libraries run at every step.

Everything has shape (B, T), one entry a token of B responses, filled up to T. mask, of dtype bool, is True at
real tokens; n is how many of them there are in the whole batch, and a mean is over these n. What stands at
other places has no effect on anything, be it 1e30 or nan, and the gradients there are 0.

`policy_loss` takes log-probabilities of the tokens under the policy that is trained, logp, and under the one
that drew them, old_logp, and advantages A. With r = exp(logp - old_logp),

    loss = mean of  -min(r A, clip(r, 1 - c, 1 + c) A)              c is the argument `clip`

It returns (loss, stats). stats is a dict of two Python floats:

    "clip_frac"    the share of tokens with |r - 1| > c
    "approx_kl"    mean of r - 1 - log r, the k3 estimate of KL(old || new)

`value_loss` takes predictions v of the model that is trained, predictions old_v from when the samples were
drawn, and the returns ret they should have been. v is clipped to within c of old_v:

    loss = 1/2 mean of  max((v - ret)^2, (clip(v, old_v - c, old_v + c) - ret)^2)

`whiten` shifts and scales the n real entries of adv to mean 0 and standard deviation 1:

    (adv - mean) / (std + 1e-8)                   std is that of the population: 1/n, not 1/(n - 1)

and puts 0 at the others.

Losses are scalars, and are minimised. Only logp and v are trained: to the two losses old_logp, adv, old_v and
ret are constants that no gradient reaches, even if they ask for one. Log ratios of real tokens may be as
large as 50 in size. No test puts r or v so close to an end of its range that rounding decides.

In all three functions a tensor that has not the shape of the mask is a ValueError, and so is a mask without a
single True. c is above 0. The float tensors of a call share one dtype, float64 or float32, which losses and
whitened advantages keep. Inputs are not changed.

Schulman et al. 2017, eq. 7; Huang et al. 2022, The 37 Implementation Details of PPO.
"""

import torch


def policy_loss(
    logp: torch.Tensor, old_logp: torch.Tensor, adv: torch.Tensor, mask: torch.Tensor, clip: float = 0.2
) -> tuple[torch.Tensor, dict[str, float]]:
    """The clipped policy loss () and the stats "clip_frac" and "approx_kl"; all inputs (B, T)."""
    raise NotImplementedError


def value_loss(
    v: torch.Tensor, old_v: torch.Tensor, ret: torch.Tensor, mask: torch.Tensor, clip: float
) -> torch.Tensor:
    """Half the mean squared error (), the larger of the clipped and the plain one; all inputs (B, T)."""
    raise NotImplementedError


def whiten(adv: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """adv (B, T) with mean 0 and standard deviation 1 where the mask (B, T) is True, 0 elsewhere."""
    raise NotImplementedError
