"""Train to a known entropy floor

A loss that falls proves little: 2.1 may be excellent or hopeless, and a bug that shows the model its own
answers makes the prettiest curve of all. So train on languages whose entropy is known. No model can be below
it, a good one comes close, and both can be tested: held-out loss above the floor, or the code leaks; at most
a little above it, or the code is wrong somewhere.

`entropy_rate_order2(P)`: a text in which the last two words decide the law of the next, P[i, j, k] being the
probability of k after i, j; P is (V, V, V). Far into the text the pair (i, j) has a law mu (V, V) of its own:

    mu[j, k] = sum over i of mu[i, j] P[i, j, k]        mu >= 0, sum mu = 1

asked only of chains in which every pair leads to every other, so there is one mu. They may be periodic. The
rate, in nats per word, is the mean over mu of -sum over k of P[i, j, k] log P[i, j, k], with 0 log 0 = 0.

`TinyGPT` is there but for `forward(ids)`: logits (B, T, V) for the next word at each position of ids (B, T),
T at most `context`. The stream is the sum of the words' and the positions' embeddings (positions count from
0), goes through one pre-norm block (attention `self.attend`, feed-forward `self.ffn`, norms `self.norm1` and
`self.norm2`), then `self.norm`, then `self.head`. Each position sees itself and those before it.

`lm_loss(model, seq, skip)`: seq (B, L) holds L - 1 words to predict, each from all before it: one pass of the
model over seq[:, :-1], and the mean cross-entropy (nats, a 0-d tensor) over all predictions but the first
`skip` of each row. Averaged over those that count; 0 <= skip < L - 1.

`train(model, sampler, steps, lr, seed)`: makes one generator, np.random.default_rng(seed), and takes from it
`steps` batches, seq = sampler(generator). For each, one step on lm_loss(model, seq, 0) by AdamW (betas 0.9
and 0.95, weight decay 0.01 on everything, eps 1e-8) whose learning rate in step s = 0, 1, ... is
warmup_cosine(s, lr, 0, steps // 10, steps). Returns the losses, floats, each from before its step. The model
is changed in place and may have been used before: what is left in its gradients does not count.

`sample_source` draws texts of such a chain. The tests train on them, and on stories by `aire_katas.data`.

Shannon 1948; Cover and Thomas 2006, section 4.2; Makkuva et al., Attention with Markov, 2024.
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
    raise NotImplementedError


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
        raise NotImplementedError


def lm_loss(model: nn.Module, seq: torch.Tensor, skip: int = 0) -> torch.Tensor:
    """Mean cross-entropy of seq[:, 1:] given what stands before, without the first `skip` of each row."""
    raise NotImplementedError


def train(model: nn.Module, sampler: Sampler, steps: int, lr: float, seed: int) -> list[float]:
    """Train in place with AdamW, warmup and a cosine; the loss of each step."""
    raise NotImplementedError
