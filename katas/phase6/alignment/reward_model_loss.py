"""The reward model loss

A reward model is a language model with one number for an output. It learns from pairs of answers of which
people preferred one, and then stands in for these people in all that follows: what it gets wrong, the policy
will find and exploit. Its loss is that of Bradley and Terry; what goes wrong in practice is where the number
is read, which way the sign points, and what broadcasts.

`last_token_reward`: the model gives a value at each token, values (B, T), and an answer is judged at its end.
attention_mask (B, T) says which tokens are real: non-zero or True counts; its dtype is bool, an integer or a
float. The result (B,) holds, for each sequence, the value at the last position that counts, whether the
filling is on the right, on the left, or in between. What stands at filled positions has no influence at all,
neither on the result nor on gradients, not even where it is nan. A sequence in which nothing counts is a
ValueError, as is a mask of another shape than the values.

`rm_loss`: in each of B pairs the chosen answer has the score c and the rejected one the score r, and

    loss = mean over pairs of -log sigmoid(c - r - margin)  +  center_coef * mean over pairs of (c + r)^2

The margin asks for more than being ahead. It is one float, or a tensor (B,) with one for each pair: larger
where people's preference was clearer. The second term keeps scores near 0, which the first leaves open.

`k_way_loss`: someone has ranked K answers to one question. `ranking` holds their indices into the scores r
(K,), the best answer first: in r = [0.3, 2.0, 1.1] the ranking [1, 2, 0] says that answer 1 is the best and
answer 0 the worst. The loss is the mean of -log sigmoid(r_better - r_worse) over all K (K - 1) / 2 pairs.
ValueError where ranking does not name each of 0 ... K - 1 once, and where K is 1.

`accuracy`: the share of pairs, a Python float, in which the chosen answer has the higher score; a tie counts
as a half.

B is at least 1. For rm_loss and accuracy, chosen and rejected scores of different shapes are a ValueError, as
is a margin that is a tensor and not (B,): torch would broadcast some of these. Losses are tensors without
axes, of the dtype of the scores (float64 or float32), and autograd can differentiate them with respect to
scores and margins. Scores may be 1e3 in size: then, too, losses and gradients are finite and right. Inputs
are not changed; logarithms are natural.

Ouyang et al. 2022, equation 1 (k-way); Touvron et al. 2023, equation 2 (margin); Eisenstein et al. 2023
(centring).
"""

import torch


def last_token_reward(values: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """(B,): the value at the last position that counts; values and attention_mask (B, T)."""
    raise NotImplementedError


def rm_loss(
    r_chosen: torch.Tensor,
    r_rejected: torch.Tensor,
    margin: float | torch.Tensor = 0.0,
    center_coef: float = 0.0,
) -> torch.Tensor:
    """The loss of B pairs, a tensor without axes; r_chosen and r_rejected (B,)."""
    raise NotImplementedError


def k_way_loss(r: torch.Tensor, ranking: list[int]) -> torch.Tensor:
    """The mean loss over all pairs of a ranking, best first; r (K,)."""
    raise NotImplementedError


def accuracy(r_chosen: torch.Tensor, r_rejected: torch.Tensor) -> float:
    """The share of B pairs that are in the right order, ties for a half."""
    raise NotImplementedError
