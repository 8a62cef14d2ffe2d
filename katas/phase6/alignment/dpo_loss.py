"""DPO: preferences without a reward model

RLHF trains a reward model on preferences and then a policy on the reward model. DPO skips the middle: every
policy *is* the optimum of some reward, beta log(pi / ref) plus a constant for each prompt, so preferences can
train the policy itself. Most open chat models have been aligned with this loss or a descendant of it.

`sequence_logprob` scores responses. A language model's logits at position t are about the *next* token, so
token t >= 1 of sequence b has the log-probability

    log softmax(logits[b, t - 1]) at ids[b, t]

and the score of a sequence is the sum of these over its response: the positions t where response_mask[b, t]
is True. Prompt and filling are False and have no effect at all, even where a token there has log-probability
-inf. Position 0 counts for nothing, whatever its mask, since no logits come before it; nor do the last
logits, after which no token comes. A sequence without a response scores 0. Shapes: logits (B, T, V), ids
(B, T) of int64 from 0 to V - 1, response_mask (B, T) of bool, and the scores (B,); T may be 1.

`dpo_loss` takes scores (B,) of B preferred responses, w, and of the rejected ones, l, under the policy pi
that is trained and the reference ref that is not:

    h = (pi_w - ref_w) - (pi_l - ref_l)                                    the margin
    loss = mean over b of  -(1 - eps) log sigmoid(beta h) - eps log sigmoid(-beta h)

where eps is `label_smoothing`, the share of preferences that are thought to be the wrong way round; 0 is
plain DPO. It returns (loss, rewards_w, rewards_l): a scalar, and beta (pi - ref) of the preferred and of the
rejected responses, (B,) each. The rewards are for the log and carry no gradient. ref_w and ref_l are
constants: no gradient reaches them, even if they ask for one. Margins may be as large as 1e4 in size; then,
too, loss and gradients are finite.

`dpo_grad_weight` takes margins h of any shape and returns how hard plain DPO pulls at each pair: the w, from
0 to 1, for which the derivative of -log sigmoid(beta h) with respect to h is -beta w. Small weights keep
their digits: they may well be 1e-20.

The four tensors of scores have one shape (B,), B at least 1; any other is a ValueError, for (B, 1) and (B,)
would broadcast to all B x B pairs. So is a beta that is not above 0 (in both functions), and a
label_smoothing outside [0, 0.5]. Float tensors of a call share one dtype, float64 or float32, which the
results keep. Inputs are not changed.

Rafailov et al. 2023, eq. 7; Mitchell 2023 (label smoothing); Stanford CS336, assignment 5, 2025.
"""

import torch


def sequence_logprob(logits: torch.Tensor, ids: torch.Tensor, response_mask: torch.Tensor) -> torch.Tensor:
    """Sum of log-probabilities (B,) of the response tokens; logits (B, T, V), ids and mask (B, T)."""
    raise NotImplementedError


def dpo_loss(
    pi_w: torch.Tensor,
    pi_l: torch.Tensor,
    ref_w: torch.Tensor,
    ref_l: torch.Tensor,
    beta: float,
    label_smoothing: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Loss (), rewards (B,) of the preferred and of the rejected responses; all inputs (B,)."""
    raise NotImplementedError


def dpo_grad_weight(margin: torch.Tensor, beta: float) -> torch.Tensor:
    """The weight of each pair in the gradient, from margins h of any shape."""
    raise NotImplementedError
