"""SAC: squashed Gaussians, soft targets, temperature

Soft actor-critic is a robot's usual way to learn: it maximises reward plus alpha times the entropy of the
policy, and so keeps exploring as long as that costs little. Its loop is the one of DQN; what is new are four
formulas, and a wrong one of them does not crash, it only learns something else. B is a batch of at least one
example, d the number of action components, at least 1.

`squashed_sample` draws actions in (-1, 1)^d, and says how likely they were. With noise eps ~ N(0, 1), which
it is given, per component

    u = mu + exp(log_std) eps,    a = tanh(u),    mu, log_std, eps and a (..., d)

logp (...) is the log of the probability density of the whole action vector a, whose components are
independent: per component, a density of u that is normal becomes one of a when divided by da/du = 1 -
tanh(u)^2. It is exact, no small constant is added anywhere, and it stays so where tanh rounds to 1: for
log_std from -20 to 2 and |u| up to 1000, in float32 too, results are right to the usual precision (torch's
softplus is exact enough). Gradients of a and of logp reach mu and log_std as the formulas say, along all
ways: u depends on both.

`soft_target` is what the critics are fitted to: (B,), carrying no gradient to any input,

    r + gamma (min(q1, q2) - alpha logp_next)        where the episode goes on
    r                                                where it has terminated

q1 and q2 are two critics' values of the next state and of an action that the policy draws there now,
logp_next that action's logp. terminated is bool, or integers or floats that are 0 or 1.

`actor_loss` is the mean over B of alpha logp - min(q1, q2), now for actions that were drawn with gradient: it
flows into q1, q2 and logp. `alpha_loss` tunes the temperature alpha = exp(log_alpha), log_alpha of shape (),

    mean over B of  -alpha (logp + target_entropy)

whose gradient reaches log_alpha, and nothing else. The entropy of the policy is the mean of -logp; a target
of -d is common. In the other two functions alpha is a number or a tensor of shape (), perhaps exp(log_alpha):
no gradient reaches it there. min is taken entry by entry. Both losses have shape ().

Critics that end in a linear layer return (B, 1), and (B,) + (B, 1) is (B, B), without a word. So the tensors
of one call, all but alpha and log_alpha, must have one and the same shape; otherwise raise ValueError. All
but terminated share a dtype, which the results keep. Inputs are not changed.

Haarnoja et al. 2018, Soft Actor-Critic Algorithms and Applications, appendix C.
"""

import torch


def squashed_sample(
    mu: torch.Tensor, log_std: torch.Tensor, eps: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The action a = tanh(u) (..., d) and the log of its density (...); all inputs (..., d)."""
    raise NotImplementedError


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
    raise NotImplementedError


def actor_loss(
    q1: torch.Tensor, q2: torch.Tensor, logp: torch.Tensor, alpha: float | torch.Tensor
) -> torch.Tensor:
    """Mean of alpha logp - min(q1, q2), shape (); all tensors (B,), alpha a number."""
    raise NotImplementedError


def alpha_loss(log_alpha: torch.Tensor, logp: torch.Tensor, target_entropy: float) -> torch.Tensor:
    """Mean of -alpha (logp + target_entropy), shape (), with a gradient for log_alpha () alone; logp (B,)."""
    raise NotImplementedError
