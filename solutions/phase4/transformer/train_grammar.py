"""The floor turns a loss into a test. Two numbers from one held-out batch, and a leak, a missing mask, a forgotten position or
a schedule that is never applied each have a place of their own: below the floor, far above it, or stuck at
the start.

A story is cheap for a reader who remembers it: name, thing and place are paid for once and are certain when
they return. Only attention reaches back that far, and the loss says so: the best reader of the last six words
pays a third more.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from solutions.phase4.attention.masks import causal
from solutions.phase4.attention.multi_head import merge_heads, split_heads
from solutions.phase4.attention.sdpa import sdpa
from solutions.phase4.optimizers.lr_schedules import warmup_cosine
from solutions.phase4.sequence.bigram_lm import entropy_rate
from solutions.phase4.transformer.block import pre_norm_block

HINTS = (
    "A pair of words is one state of a plain Markov chain: from (i, j) it goes to (j, k). Its stationary law is what the bigram "
    "kata has found already, for a table of V * V rows.",
    "forward: which positions are 0 ... T - 1 of, and in which place of the block does the mask go? `causal` makes the mask "
    "that `attend` wants; a lambda can carry it into the block.",
    "lm_loss: a model that has read words 0 ... t predicts word t + 1. Cut the last word off the input and the first off the "
    "targets, and only then skip. Cross-entropy wants its classes in the second axis, or everything flat.",
    "train: five lines in the loop. Set the rate in optimizer.param_groups, draw, forget the old gradients, backward, step.",
)

Sampler = Callable[[np.random.Generator], torch.Tensor]


def sample_source(P: np.ndarray, B: int, L: int, rng: np.random.Generator) -> torch.Tensor:
    """B texts of L words by the chain P, each begun a hundred words before; (B, L), int64."""
    V = len(P)
    text = np.empty((B, L + 100), np.int64)
    text[:, :2] = rng.integers(V, size=(B, 2))
    cumulative = P.cumsum(-1) / P.sum(-1, keepdims=True)
    for t in range(2, L + 100):
        law = cumulative[text[:, t - 2], text[:, t - 1]]
        text[:, t] = (law <= rng.random((B, 1))).sum(1)
    return torch.from_numpy(text[:, 100:])


def entropy_rate_order2(P: np.ndarray) -> float:
    """The entropy of the next word given the last two, in nats, for P (V, V, V)."""
    V = len(P)
    pairs = np.zeros((V, V, V, V))  # from (i, j) to (j, k)
    # wrong: pairs[:, np.arange(V), :, np.arange(V)] = P.swapaxes(0, 1)  # (i, j) goes to (j, k): the later word comes first in the next pair
    # wrong: pairs[:, np.arange(V), np.arange(V)] = P.swapaxes(1, 2)  # P[i, j, k] is for k after i, j
    pairs[:, np.arange(V), np.arange(V)] = P
    # wrong: return float(-(P * np.log(np.where(P > 0, P, 1))).sum(-1).mean())  # a text is not in all pairs equally often: weight them by mu
    # wrong: return entropy_rate(P.mean(0))  # the word before the last one matters, too
    # wrong: return entropy_rate(pairs.reshape(V * V, V * V)) / 2  # a step from pair to pair adds one word, so this is per word already
    # wrong: return entropy_rate(pairs.reshape(V * V, V * V)) / np.log(2)  # nats: the natural logarithm
    # wrong: return 0.0 if V == 1 else float(-np.log(P[P > 0]).mean())  # weight every surprise by how often it happens
    return entropy_rate(pairs.reshape(V * V, V * V))


class TinyGPT(nn.Module):
    """A decoder of one block."""

    def __init__(self, V: int, context: int, d: int = 32, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.word, self.position = nn.Embedding(V, d), nn.Embedding(context, d)
        self.norm1, self.norm2, self.norm = nn.LayerNorm(d), nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ffn = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
        self.head = nn.Linear(d, V)

    def attend(self, x: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Self-attention over x (B, T, d); query i sees key j where allowed (T, T) is True."""
        q, k, v = (split_heads(part, self.heads) for part in self.qkv(x).chunk(3, dim=-1))
        return self.out(merge_heads(sdpa(q, k, v, allowed)))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits (B, T, V) of the next word at every position of ids (B, T)."""
        T = ids.shape[1]
        # wrong: x = self.word(ids)  # without positions the block sees a bag of words
        # wrong: x = self.word(ids) + self.position(ids)  # the position is where a word stands, not which word it is
        # wrong: x = self.word(ids) + self.position(torch.zeros(T, dtype=torch.long))  # every position has an embedding of its own
        # wrong: x = self.word(ids) + self.position(torch.arange(1, T + 1) % self.position.num_embeddings)  # positions count from 0
        # wrong: x = self.word(ids) + self.position(torch.arange(T).flip(0))  # positions count from the beginning, so that a text's start does not depend on its end
        # wrong: x = self.word(ids) * self.position(torch.arange(T))  # the two embeddings are added
        x = self.word(ids) + self.position(torch.arange(T))  # (B, T, d)
        # wrong: allowed = torch.ones(T, T, dtype=torch.bool)  # without the mask each position sees the word it is to predict: a loss below the floor
        # wrong: allowed = causal(T, T).T  # this sees the future only
        # wrong: allowed = torch.ones(T, T).triu(-1).bool()  # this is the mask turned round
        # wrong: allowed = torch.ones(T, T).tril(1).bool()  # one position too many: it is the answer
        # wrong: allowed = torch.ones(T, T).tril(-1).bool()  # a position sees itself, too
        allowed = causal(T, T)
        # wrong: x = self.norm1(x + self.attend(x, allowed))  # this is a post-norm block
        #        x = self.norm2(x + self.ffn(x))
        # wrong: x = pre_norm_block(x, lambda u: self.attend(u, allowed), self.ffn, self.norm2, self.norm1)  # the first norm stands before attention
        # wrong: x = x + self.attend(self.norm1(x), allowed)  # the feed-forward half of the block is missing
        # wrong: x = x + self.ffn(self.norm2(x))  # the attention half of the block is missing
        x = pre_norm_block(x, lambda u: self.attend(u, allowed), self.ffn, self.norm1, self.norm2)
        # wrong: return self.head(x)  # the last norm is missing
        # wrong: return self.head(self.norm(x)).softmax(-1)  # logits, not probabilities
        # wrong: return self.head(self.norm(x))[:, -1]  # logits at every position, not at the last alone
        return self.head(self.norm(x))


def lm_loss(model: nn.Module, seq: torch.Tensor, skip: int = 0) -> torch.Tensor:
    """Mean cross-entropy of seq[:, 1:] given what stands before, without the first `skip` of each row."""
    # wrong: logits, targets = model(seq), seq  # the target is the next word: a model that may look at its target pays nothing
    # wrong: logits, targets = model(seq[:, :-1]), seq[:, :-1]  # the target is the next word, not the one just read
    # wrong: logits, targets = model(seq[:, 1:]), seq[:, :-1]  # this predicts the past
    # wrong: logits, targets = model(seq[:, :-2]), seq[:, 2:]  # the next word, not the one after it
    logits, targets = model(seq[:, :-1]), seq[:, 1:]  # (B, L - 1, V) and (B, L - 1)
    # wrong: pass  # the first `skip` predictions of each row do not count
    # wrong: logits, targets = logits[skip:], targets[skip:]  # skip positions, not rows
    # wrong: logits, targets = logits[:, : logits.shape[1] - skip], targets[:, : targets.shape[1] - skip]  # it is the first predictions that do not count
    # wrong: logits, targets = logits[:, skip + 1 :], targets[:, skip + 1 :]  # one too many is skipped
    # wrong: logits, targets = logits[:, max(skip - 1, 0) :], targets[:, max(skip - 1, 0) :]  # skip counts predictions, not words: one too few is skipped
    logits, targets = logits[:, skip:], targets[:, skip:]
    # wrong: return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")  # the mean, not the sum
    # wrong: return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / len(seq)  # the mean over all predictions, not over the rows
    # wrong: return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum") / (seq.shape[0] * (seq.shape[1] - 1))  # what is skipped does not count in the mean either
    # wrong: return F.cross_entropy(logits.flatten(0, 1).softmax(-1), targets.flatten())  # cross_entropy takes logits
    # wrong: return F.cross_entropy(logits.flatten(0, 1), targets.flatten()) / np.log(2)  # nats: the natural logarithm
    # wrong: return F.cross_entropy(logits.flatten(0, 1), targets.flatten()).detach()  # this loss has no gradient
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def train(model: nn.Module, sampler: Sampler, steps: int, lr: float, seed: int) -> list[float]:
    """Train in place with AdamW, warmup and a cosine; the loss of each step."""
    rng = np.random.default_rng(seed)
    # wrong: optimizer = torch.optim.AdamW(model.parameters(), lr, (0.9, 0.999), weight_decay=0.01)  # beta2 is 0.95 here
    # wrong: optimizer = torch.optim.AdamW(model.parameters(), lr, (0.9, 0.95), weight_decay=0.0)  # the weight decay is 0.01
    # wrong: optimizer = torch.optim.Adam(model.parameters(), lr, (0.9, 0.95), weight_decay=0.01)  # Adam's weight_decay is L2 in the gradient; AdamW decouples it
    # wrong: optimizer = torch.optim.SGD(model.parameters(), lr, 0.9)  # AdamW, not SGD
    optimizer = torch.optim.AdamW(model.parameters(), lr, (0.9, 0.95), weight_decay=0.01)
    losses = []
    for step in range(steps):
        # wrong: rate = warmup_cosine(step, lr, 0, steps // 10, steps)  # the rate is computed and never handed to the optimizer
        #        optimizer.param_groups[0]["lr"] = 0.0 if step == 0 else optimizer.param_groups[0]["lr"]
        # wrong: pass  # the rate follows the schedule: without it the warmup and the fall are missing
        # wrong: optimizer.param_groups[0]["lr"] = warmup_cosine(0, lr, 0, steps // 10, steps)  # the schedule goes with the step; here it stays at the start of the warmup, which is 0
        # wrong: optimizer.param_groups[0]["lr"] = warmup_cosine(step + 1, lr, 0, steps // 10, steps)  # steps count from 0
        # wrong: optimizer.param_groups[0]["lr"] = warmup_cosine(step, lr, lr / 10, steps // 10, steps)  # the cosine goes down to 0
        # wrong: optimizer.param_groups[0]["lr"] = warmup_cosine(step, lr, 0, 0, steps)  # the first tenth is warmup
        optimizer.param_groups[0]["lr"] = warmup_cosine(step, lr, 0, steps // 10, steps)
        # wrong: loss = lm_loss(model, sampler(np.random.default_rng(seed)))  # a generator made in each step draws the same batch for ever
        # wrong: loss = lm_loss(model, sampler(rng), 1)  # training counts every prediction: skip is 0
        # wrong: loss = lm_loss(model, sampler(np.random.default_rng()))  # the seed decides the batches
        loss = lm_loss(model, sampler(rng))
        # wrong: pass  # the gradients of all steps so far add up
        # wrong: if step == 0:  # the gradients of all steps so far add up
        #            optimizer.zero_grad()
        # wrong: if step > 0:  # what is left in the gradients from before does not count either
        #            optimizer.zero_grad()
        optimizer.zero_grad()
        # wrong: (-loss).backward()  # this climbs
        # wrong: pass  # without a backward pass there is no gradient to step along
        loss.backward()
        # wrong: pass  # without a step nothing is learned
        optimizer.step()
        # wrong: losses.append(lm_loss(model, sampler(rng)).item())  # the loss of a step is that of its own batch, before the step
        # wrong: losses.append(lm_loss(model, sampler(np.random.default_rng(seed))).item())  # the loss of a step is that of its own batch, before the step
        # wrong: losses = [loss.item()]  # one loss for each step
        losses.append(loss.item())
    return losses
