"""For GPT-3 6ND is 3% low, which is why everyone uses it. It lies in two ways. Attention adds T / (6 D_model) of what the
blocks' weights cost, and at a context of 128k that is several times the rest (a kernel that skips masked pairs halves
it). And N is a matter of taste: Kaplan left out embeddings and logits, Hoffmann did not. For a large model that is
nothing; in GPT-2 small the logits are a quarter of all FLOPs, enough to bend an exponent fitted to small models.

MFU counts the FLOPs that the model needs, not those that were done: recomputation lowers it, as it should.
"""

from solutions.phase4.transformer.count_params_flops import forward_flops

HINTS = (
    "Write down the shapes of every product of one block, and 2 m n k for each: which of them have weights behind them? "
    "The forward pass of a sequence has the form T (8 D^2 + 4 D F) + 4 T^2 D for each block; forward_flops knows it.",
    "N counts each matrix once, whatever T is: four and two in a block, and the one that gives the logits. The excess is "
    "what is left of the exact count when 6 N tokens are taken away, as a share of these.",
    "Integers stay exact as long as you only add and multiply: divide tokens by T with //, once you know that nothing is left.",
    "One GPU-hour is 3600 seconds of one device at mfu times its peak. Days are GPU-hours shared among the devices.",
)


def train_flops(N: float, D: float) -> float:
    """6ND: FLOPs of training N weights on D tokens, roughly."""
    # wrong: return 2.0 * N * D  # that is the forward pass alone
    # wrong: return 4.0 * N * D  # the backward pass has two products for each of the forward pass
    # wrong: return 8.0 * N * D  # without recomputation there is one forward pass
    return 6.0 * N * D


def exact_train_flops(
    V: int, T: int, D_model: int, L: int, tokens: int, F: int | None = None, recompute: bool = False
) -> int:
    """FLOPs of all matrix products of training on `tokens` tokens in sequences of T."""
    # wrong: pass  # tokens that fill no whole sequences are refused
    # wrong: if tokens % T:  # a negative number of tokens is refused, too
    #            raise ValueError("tokens fill no whole sequences")
    # wrong: if tokens <= 0 or tokens % T:  # no tokens are no sequences, which is allowed
    #            raise ValueError("tokens fill no whole sequences")
    if tokens < 0 or tokens % T:
        raise ValueError(f"{tokens} tokens fill no whole sequences of {T}")
    # wrong: forward = 2 * T * _weights(V, D_model, L, F)  # the products of attention that have no weights are what 6ND forgets: count them
    # wrong: forward = 2 * T * _weights(V, D_model, L, F) + 4 * T * T * D_model  # every block has its attention
    # wrong: forward = 2 * T * _weights(V, D_model, L, F) + 2 * L * T * T * D_model  # scores and mix of the values are two products over all pairs
    # wrong: forward = 2 * T * _weights(V, D_model, L, F) + 2 * L * T * (T + 1) * D_model  # masked pairs are counted as well
    # wrong: forward = forward_flops(0, T, D_model, L, F)  # the logits are a product, too
    # wrong: forward = forward_flops(2 * V, T, D_model, L, F)  # the embedding is a look-up and costs nothing
    # wrong: forward = forward_flops(V, T, D_model, L)  # the MLP may have another width than 4 D_model
    # wrong: forward = forward_flops(V, 1, D_model, L, F) * T  # a token meets all T tokens, not only itself
    forward = forward_flops(V, T, D_model, L, F)  # of one sequence
    # wrong: return (3 if recompute else 2) * forward * (tokens // T)  # the backward pass has two products for each of the forward pass
    # wrong: return (2 if recompute else 1) * forward * (tokens // T)  # training goes backward as well
    # wrong: return 3 * forward * (tokens // T)  # with recomputation the forward pass is run once more
    # wrong: return (6 if recompute else 3) * forward * (tokens // T)  # only the forward pass is run once more, not everything
    # wrong: return (3 if recompute else 4) * forward * (tokens // T)  # it is with recomputation that there is one more
    # wrong: return int((4 if recompute else 3) * forward * (tokens / T))  # a float has 16 digits: divide whole numbers with //
    # wrong: return (4 if recompute else 3) * forward * tokens  # `forward` is for a sequence of T tokens, not for one
    return (4 if recompute else 3) * forward * (tokens // T)


def excess(V: int, T: int, D_model: int, L: int, F: int | None = None) -> float:
    """The share by which the exact FLOPs exceed 6ND, N the weights of all matrix products."""
    # wrong: N = _weights(V, D_model, L, F) - V * D_model  # the weights that give the logits belong to N
    # wrong: N = _weights(V, D_model, L, F) + V * D_model  # the embedding multiplies nothing: it is not in N
    # wrong: N = 12 * L * D_model**2 + V * D_model  # the MLP may have another width than 4 D_model
    N = _weights(V, D_model, L, F)
    # wrong: return exact_train_flops(V, T, D_model, L, T, F) / train_flops(N, T)  # 0 says that 6ND is right: subtract 1
    # wrong: return 1 - train_flops(N, T) / exact_train_flops(V, T, D_model, L, T, F)  # the share is of 6ND, not of the exact count
    # wrong: return exact_train_flops(V, T, D_model, L, T, F, True) / train_flops(N, T) - 1  # nothing is recomputed here
    # wrong: return T / (6 * D_model)  # the logits take part in N, and F may be another
    return exact_train_flops(V, T, D_model, L, T, F) / train_flops(N, T) - 1


def gpu_hours(flops: float, peak_flops: float, mfu: float, n_gpus: int) -> float:
    """Hours summed over all devices."""
    # wrong: pass  # no machine does more than its peak, and none runs on no devices: refuse that
    # wrong: if not 0 <= mfu <= 1 or n_gpus < 1:  # at an mfu of 0 it never ends: that is refused
    #            raise ValueError("no machine does that")
    # wrong: if not 0 < mfu < 1 or n_gpus < 1:  # an mfu of 1 is never seen, but allowed
    #            raise ValueError("no machine does that")
    # wrong: if not 0 < mfu <= 1:  # a run on no devices is refused
    #            raise ValueError("no machine does that")
    if not 0 < mfu <= 1 or n_gpus < 1:
        raise ValueError(f"mfu {mfu} lies outside (0, 1], or {n_gpus} devices are too few")
    # wrong: return flops / (peak_flops * mfu * n_gpus) / 3600  # those are hours on the clock: every device is paid for all of them
    # wrong: return flops / (peak_flops * mfu)  # these are seconds: an hour has 3600
    # wrong: return flops / peak_flops / 3600  # a device does only its mfu of the peak
    # wrong: return flops * mfu / peak_flops / 3600  # a lower mfu takes longer
    # wrong: return flops / (peak_flops * mfu) / 60  # an hour has 3600 seconds
    return flops / (peak_flops * mfu) / 3600


def wall_days(flops: float, peak_flops: float, mfu: float, n_gpus: int) -> float:
    """Days from start to end."""
    # wrong: return gpu_hours(flops, peak_flops, mfu, n_gpus) / 24  # the devices share the work
    # wrong: return gpu_hours(flops, peak_flops, mfu, n_gpus) / n_gpus  # these are hours: a day has 24
    # wrong: return gpu_hours(flops, peak_flops, mfu, n_gpus) * n_gpus / 24  # more devices take fewer days
    return gpu_hours(flops, peak_flops, mfu, n_gpus) / n_gpus / 24


def mfu(tokens_per_s: float, flops_per_token: float, peak: float) -> float:
    """The share of the peak FLOPs a second that trains the model."""
    # wrong: return tokens_per_s * flops_per_token / 3 / peak  # the FLOPs of training count, backward pass included
    # wrong: return 3 * tokens_per_s * flops_per_token / peak  # flops_per_token has the backward pass in it already
    # wrong: return peak / (tokens_per_s * flops_per_token)  # it is the share of the peak, not how many times the peak is more
    # wrong: return tokens_per_s / flops_per_token / peak  # FLOPs a second are tokens a second times FLOPs a token
    # wrong: return min(1.0, 100 * tokens_per_s * flops_per_token / peak)  # a share, not per cent
    return tokens_per_s * flops_per_token / peak


def _weights(V: int, D_model: int, L: int, F: int | None) -> int:
    """Entries of all matrices that multiply: the head, and four and two in each block."""
    # wrong: F = F or D_model  # by default the MLP is four times as wide
    F = F or 4 * D_model
    # wrong: return L * (3 * D_model * D_model + 2 * D_model * F) + V * D_model  # the output of attention has a matrix, too
    # wrong: return L * (4 * D_model * D_model + D_model * F) + V * D_model  # the MLP goes up and comes down again
    # wrong: return L * (4 * D_model * D_model + 3 * D_model * F) + V * D_model  # this MLP has two matrices, no gate
    return L * (4 * D_model * D_model + 2 * D_model * F) + V * D_model
