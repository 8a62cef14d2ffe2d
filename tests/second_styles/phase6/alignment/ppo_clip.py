"""On the whole table: filling is replaced before any arithmetic, the clipping is told by cases."""

import torch


def clean(mask: torch.Tensor, one: torch.Tensor, constant: bool = True) -> torch.Tensor:
    if one.size() != mask.size() or mask.sum() == 0:
        raise ValueError("shape or mask")
    return torch.where(mask, one.detach() if constant else one, torch.zeros_like(one))


def policy_loss(
    logp: torch.Tensor, old_logp: torch.Tensor, adv: torch.Tensor, mask: torch.Tensor, clip: float = 0.2
) -> tuple[torch.Tensor, dict[str, float]]:
    diff = clean(mask, logp, False) - clean(mask, old_logp)
    A, r = clean(mask, adv), torch.exp(diff)
    too_far = torch.where(A > 0, r > 1 + clip, r < 1 - clip)
    bound = 1 + clip * A.sign()
    loss = -(torch.where(too_far, bound, r) * A * mask).sum() / mask.sum()
    with torch.no_grad():
        outside = ((r > 1 + clip) | (r < 1 - clip)) & mask
        k3 = (torch.expm1(diff) - diff) * mask
    return loss, {"clip_frac": float(outside.sum() / mask.sum()), "approx_kl": float(k3.sum() / mask.sum())}


def value_loss(
    v: torch.Tensor, old_v: torch.Tensor, ret: torch.Tensor, mask: torch.Tensor, clip: float
) -> torch.Tensor:
    v, old_v, ret = clean(mask, v, False), clean(mask, old_v), clean(mask, ret)
    bounded = old_v + (v - old_v).clamp(-clip, clip)
    worse = torch.where((bounded - ret).abs() > (v - ret).abs(), bounded, v)
    return ((worse - ret) ** 2 * mask).sum() / (2 * mask.sum())


def whiten(adv: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    adv, n = clean(mask, adv), mask.sum()
    centred = (adv - adv.sum() / n) * mask
    return centred / (((centred**2).sum() / n).sqrt() + 1e-8)
