"""Row by row and pair by pair, with softplus written out."""

import itertools

import torch


def last_token_reward(values: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    if values.shape != attention_mask.shape:
        raise ValueError("shapes differ")
    picked = []
    for row, mask in zip(values, attention_mask, strict=True):
        places = mask.nonzero().flatten().tolist()
        if not places:
            raise ValueError("nothing counts")
        picked.append(row[places[-1]])
    return torch.stack(picked)


def rm_loss(
    r_chosen: torch.Tensor,
    r_rejected: torch.Tensor,
    margin: float | torch.Tensor = 0.0,
    center_coef: float = 0.0,
) -> torch.Tensor:
    if isinstance(margin, float | int):
        margin = torch.full_like(r_chosen, margin)
    if not r_chosen.shape == r_rejected.shape == margin.shape:
        raise ValueError("shapes differ")
    total = r_chosen.new_zeros(())
    for c, r, m in zip(r_chosen, r_rejected, margin, strict=True):
        total = total + cost(c - r - m) + center_coef * (c + r) ** 2
    return total / len(r_chosen)


def k_way_loss(r: torch.Tensor, ranking: list[int]) -> torch.Tensor:
    if len(ranking) != len(r) or set(ranking) != set(range(len(r))):
        raise ValueError("no ranking")
    pairs = list(itertools.combinations(ranking, 2))
    if not pairs:
        raise ValueError("no pairs")
    return sum((cost(r[i] - r[j]) for i, j in pairs), r.new_zeros(())) / len(pairs)


def accuracy(r_chosen: torch.Tensor, r_rejected: torch.Tensor) -> float:
    if r_chosen.shape != r_rejected.shape:
        raise ValueError("shapes differ")
    points = {True: 1.0, False: 0.0}
    pairs = zip(r_chosen.tolist(), r_rejected.tolist(), strict=True)
    return sum(0.5 if c == r else points[c > r] for c, r in pairs) / len(r_chosen)


def cost(gap: torch.Tensor) -> torch.Tensor:
    """log(1 + exp(-gap)) without an overflow, differentiable at 0 as well."""
    return torch.logaddexp(torch.zeros_like(gap), -gap)
