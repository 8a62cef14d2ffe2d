"""log cosh by logaddexp, the target by where, the losses as dot products."""

import math

import torch


def squashed_sample(
    mu: torch.Tensor, log_std: torch.Tensor, eps: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    if not mu.shape == log_std.shape == eps.shape:
        raise ValueError("shapes differ")
    u = torch.addcmul(mu, torch.exp(log_std), eps)
    twice_log_cosh = 2 * (torch.logaddexp(u, -u) - math.log(2))
    logs = twice_log_cosh - log_std - (eps.square() + math.log(2 * math.pi)) / 2
    return torch.tanh(u), torch.einsum("...d->...", logs)


@torch.no_grad()
def soft_target(
    r: torch.Tensor,
    q1: torch.Tensor,
    q2: torch.Tensor,
    logp_next: torch.Tensor,
    alpha: float | torch.Tensor,
    terminated: torch.Tensor,
    gamma: float,
) -> torch.Tensor:
    for other in (q1, q2, logp_next, terminated):
        if other.shape != r.shape:
            raise ValueError("shapes differ")
    q = torch.stack([q1, q2]).amin(0)
    return torch.where(terminated.bool(), r, r + gamma * q - gamma * alpha * logp_next)


def actor_loss(
    q1: torch.Tensor, q2: torch.Tensor, logp: torch.Tensor, alpha: float | torch.Tensor
) -> torch.Tensor:
    if not q1.shape == q2.shape == logp.shape:
        raise ValueError("shapes differ")
    if isinstance(alpha, torch.Tensor):
        alpha = alpha.item()
    each = [alpha * p - torch.where(a < b, a, b) for a, b, p in zip(q1, q2, logp, strict=True)]
    return torch.stack(each).mean()


def alpha_loss(log_alpha: torch.Tensor, logp: torch.Tensor, target_entropy: float) -> torch.Tensor:
    with torch.no_grad():
        missing = -(logp.mean() + target_entropy)
    return log_alpha.exp() * missing
