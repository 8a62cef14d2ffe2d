"""Cross-entropy that leaves its gradient in place

The logits of a language model are the largest tensor of its training: 8192 tokens by 128k words are 2 GB in
bfloat16. A plain loss allocates them again for the log-probabilities and again for the gradient; a kernel
that overwrites the logits by their gradient needs neither, and the batch may grow.

`cross_entropy(logits, target, ignore_index, z_loss)` takes logits (B, V) in float32, float16 or bfloat16 and
target (B,) of int64. Row i is kept where target[i] != ignore_index, which may be any integer, also one of the
vocabulary. With the natural logarithm throughout, a kept row with logits x and target t costs

    lse - x[t] + z_loss * lse**2,    lse = log sum_j exp(x[j]),

and the loss is the mean of the costs over the n kept rows. The last term (z-loss) keeps lse near 0, and the
logits from drifting away. Two things are returned: the loss, a float32 tensor of shape (), and logits
itself, the very same tensor, which now holds the gradient of the loss by the logits, in its own dtype.

Rows that are not kept have gradient 0 and no influence at all, whatever they hold, even nan. If no row is
kept, the loss is 0 and so is the gradient. Targets of kept rows lie in 0 ... V - 1, their logits are finite.
Other logits may be -inf (words that are masked out): their probability and their gradient are 0. B and V
are at least 1.

Columns are neighbours in memory; rows may be any distance apart (logits.stride(0) >= V), and what lies
between them stays as it is. target has any stride and is not changed.

All arithmetic is in float32, whatever the dtype. One launch of B programs does the work, one for a row. A
program walks along its row in blocks of 1024 columns, twice: the first walk keeps a running maximum m and the
sum of exp(x - m), rescaled where m grows; the second loads again and stores the gradient. Beyond these two
loads and one store per logit a row may move a few numbers of its own, such as its target and its cost. torch
may allocate, and may compute what has at most B elements (how many rows are kept, the sum of their costs),
but nothing from the logits.

Chowdhery et al. 2022, section 5 (z-loss); Hsu et al. 2024 (Liger kernels); Milakov and Gimelshein 2018.
"""

import torch
import triton
import triton.language as tl


def cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, ignore_index: int = -100, z_loss: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean loss over the kept rows, float32, and logits (B, V), overwritten by the loss's gradient."""
    raise NotImplementedError
