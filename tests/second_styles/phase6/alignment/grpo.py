"""Question by question and answer by answer, on the real tokens alone."""

import torch


def group_advantages(
    rewards: torch.Tensor, K: int, normalize_std: bool = True, eps: float = 1e-6
) -> torch.Tensor:
    if K <= 0 or len(rewards) % K != 0:
        raise ValueError("K")
    parts = []
    for group in rewards.split(K):
        if group.max() == group.min():
            parts.append(torch.zeros_like(group))
            continue
        centred = group - group.sum() / K
        parts.append(centred / (centred.square().mean().sqrt() + eps) if normalize_std else centred)
    return torch.cat(parts)


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
    B, T = mask.shape
    if any(one.shape != (B, T) for one in (logp, old_logp, ref_logp)) or adv.shape != (B,):
        raise ValueError("shapes")
    answers = []
    for b in range(B):
        real = mask[b].nonzero()[:, 0]
        if len(real) == 0:
            raise ValueError("an empty answer")
        new, old, ref = logp[b, real], old_logp[b, real].detach(), ref_logp[b, real].detach()
        A, r = adv[b].item(), (new - old).exp()
        gain = A * (r.clamp(max=1 + clip_high) if A > 0 else r.clamp(min=1 - clip_low))
        answers.append(beta * (torch.expm1(ref - new) - (ref - new)) - gain)
    match norm:
        case "sequence":
            return torch.stack([one.mean() for one in answers]).mean()
        case "token":
            return torch.cat(answers).mean()
        case "constant" if L_max is not None and L_max > 0:
            return torch.cat(answers).sum() / L_max / B
    raise ValueError(f"norm {norm}, L_max {L_max}")
