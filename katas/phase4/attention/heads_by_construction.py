"""Program two heads by hand

A trained Transformer is a pile of numbers, yet some of its heads do something you can say in a sentence.
Write two of them as programs: no training, you choose the weights. Then you know what a head can express, and
what to look for when you take a model apart.

A string of T tokens from {0 ... V - 1} comes in as X (T, V + P) with P >= T: row t is the one-hot token, V
columns, and beside it the one-hot position t, P columns. A head is causal attention with scale 1,

    out = sdpa(X Wq, X Wk, X Wv, causal(T, T), scale=1.0),

so that for query t key j scores (X Wq)_t . (X Wk)_j. Each function returns (Wq, Wk, Wv), float64 tensors of
shapes (V + P, dq), (V + P, dq) and (V + P, width of out). They are chosen before the string is known, and do
their job on every string of at most P tokens. dq is up to you.

`previous_token_head`: position t wants key t - 1, and out (T, V) is the one-hot token there. For t = 0 there
is no such key, and that row of out is not judged.

`same_token_head`: position t wants every key up to and including t that has the same token as t, and out
(T, P) is the mean of their one-hot positions. For "a b a a" its last row is 1/3 at the positions 0, 2 and 3.

A softmax cannot choose outright, it prefers. Among the keys up to t, one that is wanted scores exactly
`sharp` (>= 0) more than one that is not, whatever the string. So it weighs exp(sharp) times as much, and what
is not wanted gets a share of at most T exp(-sharp) in all: at 50 that is nothing.

The first head is half of an induction head, by which a model continues "a b ... a" with b; the other half
looks for tokens that agree, as your second head does. Elhage et al. 2021; Weiss et al. 2021 (RASP).
"""

import torch


def previous_token_head(
    V: int, P: int, sharp: float = 50.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Wq, Wk (V + P, dq) and Wv (V + P, V) of a head that looks up the token before."""
    raise NotImplementedError


def same_token_head(V: int, P: int, sharp: float = 50.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Wq, Wk (V + P, dq) and Wv (V + P, P) of a head that finds where the same token stood."""
    raise NotImplementedError
