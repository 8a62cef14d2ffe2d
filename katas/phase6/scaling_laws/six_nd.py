"""C = 6ND and when it lies

Every large run starts as one line on a napkin: N parameters, D tokens, 6ND operations, so many GPUs for so
many weeks. The line is good to a few per cent for most models, and off by a factor where the context is
long; whoever signs for the money should know which case it is.

Where the line comes from: in a matrix product (m, n) by (n, k) there are m n k multiplications and as many
additions, 2 m n k FLOPs. So a weight costs 2 FLOPs a token on the way forward. The backward pass needs two
products of the same size, one for the gradient of the input and one for that of the weight, so training
costs three times the forward pass: 6 FLOPs a weight and token.

What it leaves out: the products of attention that involve no weight. `exact_train_flops` counts all matrix
products of training a decoder-only transformer with L blocks of width D_model on sequences of T tokens. One
forward pass over one sequence has, in each block,

    four products of (T, D_model) by (D_model, D_model)       queries, keys, values, output
    the scores q k^T and the mix of the values                all T x T pairs, masked or not; all heads
                                                              together are as wide as D_model
    two products of the MLP, D_model -> F -> D_model          F = 4 D_model where F is None

and at the end, once, the product of (T, D_model) by (D_model, V) that gives the logits. The embedding is a
look-up and costs nothing; neither norms, softmax, biases nor the optimizer count. `forward_flops` of an
earlier kata counts just this, and you may use it. Training on `tokens` tokens takes tokens / T sequences
and three times the forward pass for each; with recompute=True, when activations are not kept but computed
again for the backward pass, one more forward pass. The result is an exact int. `tokens` that are negative
or no multiple of T are a ValueError.

`excess` says when the line lies: exact_train_flops (without recompute) over 6 N tokens, minus 1, where N
counts the weights of the products above, each once, logits included: 0.02 means that 6ND is 2% too low. It
does not depend on the number of tokens.

`gpu_hours` is what is paid for, `wall_days` (of 24 hours) what is waited for, when each of n_gpus devices
does `mfu` times peak_flops FLOPs a second: n_gpus devices for an hour are n_gpus GPU-hours. `mfu`, the
model FLOPs utilisation, is the share of the peak that goes into the model: FLOPs a token of training
(forward and backward, no recomputation) times tokens a second, over the peak, both of the whole machine or
both of one device.

Numbers are positive, counts and sizes Python ints; N, D, flops and tokens_per_s may be ints or floats. In
`gpu_hours` and `wall_days` an mfu outside 0 < mfu <= 1 and an n_gpus below 1 are a ValueError.

Kaplan et al. 2020, section 2.1; Hoffmann et al. 2022, appendix F; Chowdhery et al. 2022 (PaLM), appendix B.
"""

from solutions.phase4.transformer.count_params_flops import forward_flops


def train_flops(N: float, D: float) -> float:
    """6ND: FLOPs of training N weights on D tokens, roughly."""
    raise NotImplementedError


def exact_train_flops(
    V: int, T: int, D_model: int, L: int, tokens: int, F: int | None = None, recompute: bool = False
) -> int:
    """FLOPs of all matrix products of training on `tokens` tokens in sequences of T."""
    raise NotImplementedError


def excess(V: int, T: int, D_model: int, L: int, F: int | None = None) -> float:
    """The share by which the exact FLOPs exceed 6ND, N the weights of all matrix products."""
    raise NotImplementedError


def gpu_hours(flops: float, peak_flops: float, mfu: float, n_gpus: int) -> float:
    """Hours summed over all devices."""
    raise NotImplementedError


def wall_days(flops: float, peak_flops: float, mfu: float, n_gpus: int) -> float:
    """Days from start to end."""
    raise NotImplementedError


def mfu(tokens_per_s: float, flops_per_token: float, peak: float) -> float:
    """The share of the peak FLOPs a second that trains the model."""
    raise NotImplementedError
