"""The push on a pair is the chance the model gives to the wrong order: pairs it is sure of teach nothing, and a pair it
has wrong for certain pushes with full strength, however far off it is. That is kind to the optimiser and harsh on
mislabelled votes. Only differences are ever trained, so rewards of two questions cannot be compared, and the scores may
drift as a whole: the centring term ends that, or whitening the rewards later on.
"""

import torch
import torch.nn.functional as F

HINTS = (
    "The last position that counts is the largest of the positions that count. With positions 0 ... T - 1 in a row and the "
    "mask as zeros and ones, that is a product and a maximum.",
    "Pick one value a row with an index, rather than multiply by a mask: 0 * nan is nan. torch.gather does it, or two index "
    "tensors.",
    "log(sigmoid(x)) is -inf where the sigmoid underflows, and the gradient of that is nan. torch.nn.functional has "
    "functions for it: logsigmoid, or softplus of the negative.",
    "Put the scores in the order of the ranking. Then the table of all differences, better minus worse, has the pairs you "
    "want above its diagonal: torch.triu_indices or itertools.combinations names them.",
)


def last_token_reward(values: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """(B,): the value at the last position that counts; values and attention_mask (B, T)."""
    B, T = values.shape
    counts = attention_mask != 0
    # wrong: if not counts.any(-1).all():  # a mask of another shape may broadcast, and then nobody notices
    #            raise ValueError("a mask of another shape than the values, or one in which nothing counts")
    # wrong: if attention_mask.shape != values.shape:  # a sequence without a token has no last one
    #            raise ValueError("a mask of another shape than the values, or one in which nothing counts")
    # wrong: if attention_mask.shape != values.shape or not counts.any():  # each sequence needs a token of its own
    #            raise ValueError("a mask of another shape than the values, or one in which nothing counts")
    if attention_mask.shape != values.shape or not counts.any(1).all():
        raise ValueError("a mask of another shape than the values, or one in which nothing counts")
    # wrong: last = counts.sum(1) - 1  # the number of tokens says where the last one is only if the filling is on the right
    # wrong: last = torch.full((B,), T - 1)  # the last position may be filling
    # wrong: last = counts.int().argmax(1)  # this is the first position that counts
    # wrong: last = torch.where(counts[:, -1], T - 1, counts.sum(1) - 1)  # there may be filling on both sides
    # wrong: last = (counts.int().diff(dim=1, append=torch.zeros(B, 1, dtype=torch.int)) < 0).int().argmax(1)  # the first gap need not be the end
    # wrong: last = (counts * torch.arange(T)).amax()  # every sequence has an end of its own
    last = (counts * torch.arange(T)).amax(1)
    # wrong: return values[:, last]  # this takes every end from every sequence: pair them up
    # wrong: return values.gather(0, last[None])[0]  # the index runs along the tokens, axis 1
    # wrong: return (values * F.one_hot(last, T)).sum(1)  # 0 * nan is nan: pick the value, do not mask the others
    # wrong: return (values.nan_to_num() * counts).sum(1) / counts.sum(1)  # an answer is judged at its end, not on average
    # wrong: return values.masked_fill(~counts, -torch.inf).amax(1)  # this is the largest value, not the last one
    # wrong: return values.gather(1, last[:, None])  # the axis of the tokens is dropped
    return values[torch.arange(B), last]


def rm_loss(
    r_chosen: torch.Tensor,
    r_rejected: torch.Tensor,
    margin: float | torch.Tensor = 0.0,
    center_coef: float = 0.0,
) -> torch.Tensor:
    """The loss of B pairs, a tensor without axes; r_chosen and r_rejected (B,)."""
    # wrong: pass  # (B,) minus (B, 1) is a table of B^2 differences, and its mean looks like a loss
    _check(r_chosen, r_rejected)
    # wrong: pass  # a margin (B, 1) turns B pairs into B^2
    # wrong: if isinstance(margin, torch.Tensor) and margin.numel() != len(r_chosen):  # as many numbers is not enough: (B, 1) broadcasts
    #            raise ValueError("one margin for each pair")
    if isinstance(margin, torch.Tensor) and margin.shape != r_chosen.shape:
        raise ValueError(f"margin has shape {margin.shape}, the scores {r_chosen.shape}")
    # wrong: costs = -torch.log(torch.sigmoid(r_chosen - r_rejected - margin))  # where the sigmoid underflows, its log is infinite and the gradient nan
    # wrong: costs = -torch.log(torch.sigmoid(r_chosen - r_rejected - margin) + 1e-12)  # the small number caps the loss, and with it ends the gradient
    # wrong: costs = -torch.log((r_chosen - margin).exp() / ((r_chosen - margin).exp() + r_rejected.exp()))  # exp of a score overflows
    # wrong: costs = -F.logsigmoid(r_rejected - r_chosen - margin)  # the chosen answer is the one that should score higher
    # wrong: costs = -F.logsigmoid(r_chosen - r_rejected + margin)  # the margin makes the task harder: it is subtracted
    # wrong: costs = -F.logsigmoid(r_chosen - r_rejected) + margin  # the margin belongs inside the sigmoid
    # wrong: costs = -torch.sigmoid(r_chosen - r_rejected - margin)  # the logarithm is missing
    # wrong: costs = F.logsigmoid(r_chosen - r_rejected - margin)  # the loss is minus the log-likelihood
    # wrong: costs = F.relu(1 + margin - r_chosen + r_rejected)  # this is a hinge, not the logarithm of a sigmoid
    costs = -F.logsigmoid(r_chosen - r_rejected - margin)
    # wrong: return costs.sum() + center_coef * (r_chosen + r_rejected).square().mean()  # a mean over pairs, not a sum
    # wrong: return costs.mean() + center_coef * (r_chosen - r_rejected).square().mean()  # this pulls the two scores together: it is their sum that is kept near 0
    # wrong: return costs.mean() + center_coef * (r_chosen + r_rejected).mean().square()  # the square comes before the mean
    # wrong: return costs.mean() + center_coef * (r_chosen.square() + r_rejected.square()).mean()  # it is the sum of the two scores that is squared
    # wrong: return costs.mean() + center_coef * (r_chosen + r_rejected).square().sum()  # a mean over pairs, here as well
    # wrong: return costs.mean() - center_coef * (r_chosen + r_rejected).square().mean()  # what is to become small is added to the loss
    # wrong: return costs.mean() + center_coef * (r_chosen + r_rejected).detach().square().mean()  # without its gradient the term does nothing
    return costs.mean() + center_coef * (r_chosen + r_rejected).square().mean()


def k_way_loss(r: torch.Tensor, ranking: list[int]) -> torch.Tensor:
    """The mean loss over all pairs of a ranking, best first; r (K,)."""
    K = len(r)
    # wrong: if K < 2 or len(ranking) != K:  # as many entries is not enough: each answer once
    #            raise ValueError("ranking")
    # wrong: if K < 2 or not set(ranking) >= set(range(K)):  # no answer may come twice
    #            raise ValueError("ranking")
    # wrong: if sorted(ranking) != list(range(K)):  # one answer makes no pair, and the mean of nothing is nan
    #            raise ValueError("ranking")
    if K < 2 or sorted(ranking) != list(range(K)):
        raise ValueError(f"{ranking} does not name each of {K} answers once, or makes no pair")
    # wrong: ordered = r  # the pairs follow the ranking
    # wrong: ordered = r[torch.tensor(ranking).argsort()]  # ranking holds answers, not the rank of each answer
    # wrong: ordered = r[ranking[::-1]]  # the ranking begins with the best
    # wrong: ordered = r.sort(descending=True).values  # the order is people's, not that of the scores
    ordered = r[ranking]
    # wrong: better, worse = torch.stack([torch.arange(K - 1), torch.arange(1, K)])  # all pairs count, not only neighbours
    # wrong: better, worse = torch.triu_indices(K, K)  # no answer is compared with itself
    # wrong: better, worse = torch.stack([torch.zeros(K - 1, dtype=torch.int64), torch.arange(1, K)])  # all pairs count, not only those with the best
    better, worse = torch.triu_indices(K, K, 1)
    # wrong: return -F.logsigmoid(ordered[better] - ordered[worse]).sum() / K**2  # there are K (K - 1) / 2 pairs
    # wrong: return -F.logsigmoid(ordered[better] - ordered[worse]).sum()  # the loss is a mean over the pairs
    # wrong: return -torch.log(torch.sigmoid(ordered[better] - ordered[worse])).mean()  # where the sigmoid underflows, its log is infinite
    # wrong: return (ordered.flip(0).logcumsumexp(0).flip(0) - ordered)[:-1].mean()  # this chooses the best of all that are left (Plackett-Luce), not the better of two
    return -F.logsigmoid(ordered[better] - ordered[worse]).mean()


def accuracy(r_chosen: torch.Tensor, r_rejected: torch.Tensor) -> float:
    """The share of B pairs that are in the right order, ties for a half."""
    # wrong: pass  # (B,) compared with (B, 1) makes B^2 pairs
    _check(r_chosen, r_rejected)
    # wrong: return (r_chosen > r_rejected).double().mean().item()  # a tie is half right
    # wrong: return (r_chosen >= r_rejected).double().mean().item()  # a tie is only half right
    # wrong: return (r_chosen < r_rejected).double().mean().item()  # right is the chosen answer above the rejected one
    # wrong: return torch.sigmoid(r_chosen - r_rejected).mean().item()  # the order counts, not by how much
    # wrong: return ((r_chosen - r_rejected).sign().double().mean()).item()  # a share is from 0 to 1
    return ((r_chosen - r_rejected).sign().double().mean().item() + 1) / 2


def _check(r_chosen: torch.Tensor, r_rejected: torch.Tensor) -> None:
    # wrong: if r_chosen.numel() != r_rejected.numel():  # as many numbers is not enough: (B, 1) broadcasts
    #            raise ValueError("one rejected score for each chosen one")
    # wrong: if len(r_chosen) != len(r_rejected):  # as long is not enough: (B, 1) broadcasts
    #            raise ValueError("one rejected score for each chosen one")
    if r_chosen.shape != r_rejected.shape:
        raise ValueError(f"chosen scores have shape {r_chosen.shape}, rejected ones {r_rejected.shape}")
