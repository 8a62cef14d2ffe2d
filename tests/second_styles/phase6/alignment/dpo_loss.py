"""Cross-entropy with ignored targets, softplus, and the margin before beta."""

import torch
import torch.nn.functional as F


def sequence_logprob(logits: torch.Tensor, ids: torch.Tensor, response_mask: torch.Tensor) -> torch.Tensor:
    B, T, V = logits.shape
    targets = ids.masked_fill(~response_mask, -100)[:, 1:].reshape(-1)
    losses = F.cross_entropy(logits[:, :-1].reshape(-1, V), targets, ignore_index=-100, reduction="none")
    return -losses.reshape(B, T - 1).sum(-1)


def dpo_loss(
    pi_w: torch.Tensor,
    pi_l: torch.Tensor,
    ref_w: torch.Tensor,
    ref_l: torch.Tensor,
    beta: float,
    label_smoothing: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    (B,) = pi_w.shape
    if any(one.shape != (B,) for one in (pi_l, ref_w, ref_l)):
        raise ValueError("shapes")
    if beta <= 0 or label_smoothing < 0 or label_smoothing > 0.5:
        raise ValueError("options")
    with torch.no_grad():
        base = ref_w - ref_l
        rewards = beta * (pi_w - ref_w), beta * (pi_l - ref_l)
    z = beta * (pi_w - pi_l - base)
    return (F.softplus(-z) + label_smoothing * z).sum() / B, *rewards


def dpo_grad_weight(margin: torch.Tensor, beta: float) -> torch.Tensor:
    if beta <= 0:
        raise ValueError("beta")
    return torch.stack([torch.zeros_like(margin), beta * margin], -1).softmax(-1)[..., 0]
