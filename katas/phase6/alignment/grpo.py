"""GRPO and its corrections

To learn reasoning from checked answers one needs no critic: draw K answers to a question and measure each
against the mean of its group. That is GRPO, the method behind DeepSeek-R1; and what its successors corrected,
once people had looked closely, is above all how a batch of answers of different lengths is averaged.

`group_advantages` takes rewards (G K,) of K answers to each of G questions: the first K belong to the first
question, the next K to the second. Within each group

    A = (R - mean) / (std + eps)          std is that of the population: 1/K, not 1/(K - 1)

or A = R - mean where normalize_std is False. The result is (G K,). A group with equal rewards has nothing to
teach, and its A are *exactly* 0, so K = 1 gives zeros. Mind that the mean of seven numbers 0.7 is not 0.7 in
floats: in float32 what is left, divided by eps, would be an advantage of 0.06. eps > 0. A K below 1, or one
that does not divide the number of rewards, is a ValueError.

`grpo_loss` is PPO's loss of B answers, filled up to T tokens, with one advantage each and a pull towards a
reference. With r = exp(logp - old_logp) at a token of answer b and A = adv[b] the token costs

    l = -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A) + beta k3
    k3 = exp(ref_logp - logp) - 1 - (ref_logp - logp)

and the loss is, with n_b the number of tokens of answer b and all sums over tokens whose mask is True,

    norm = "sequence"    mean over b of (sum of l in b) / n_b          GRPO: every answer weighs the same
    norm = "token"       sum of all l / sum of all n_b                 DAPO: every token weighs the same
    norm = "constant"    sum of all l / (B L_max)                      Dr. GRPO: no length in it at all

Shapes: logp, old_logp, ref_logp and mask (bool) are (B, T), adv is (B,), the loss is a scalar, to be
minimised. What stands at tokens whose mask is False has no effect, be it 1e30 or nan, and the gradients there
are 0. Only logp is trained: old_logp, ref_logp and adv are constants that no gradient reaches, even if they
ask for one. Differences of log-probabilities are up to 50 in size; no r is so close to an end of its range
that rounding decides. 0 < clip_low < 1, clip_high > 0, beta >= 0.

ValueError: a tensor of another shape (adv (T,) and (B, 1) included), an answer without a token, another norm
than these three, and norm = "constant" where L_max is None or below 1. The others take no notice of L_max.

The float tensors of a call share one dtype, float64 or float32, which the result keeps. Inputs are not
changed.

Shao et al. 2024 (GRPO); Yu et al. 2025 (DAPO); Liu et al. 2025 (Dr. GRPO).
"""

import torch


def group_advantages(
    rewards: torch.Tensor, K: int, normalize_std: bool = True, eps: float = 1e-6
) -> torch.Tensor:
    """Each reward (G K,) relative to the K of its group; (G K,)."""
    raise NotImplementedError


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
    """The clipped loss () with a KL penalty, averaged as `norm` says; adv (B,), the others (B, T)."""
    raise NotImplementedError
