"""Batch norm with running statistics

Give every feature mean 0 and variance 1 over the batch, and deep networks train with learning rates at which
they used to explode. The price: an example's output depends on its neighbours in the batch, and in use, where
there may be no neighbours, other statistics take the place of theirs. That mismatch is behind many a model
that was fine until it was deployed, and one reason why language models have no batch norm.

For each feature, that is for each column of x (n, d), in training

    mean = sum of x / n
    var  = sum of (x - mean)^2 / n
    y    = gamma (x - mean) / sqrt(var + eps) + beta

and, with m the momentum, the running statistics move a little towards those of the batch:

    running_mean <- (1 - m) running_mean + m mean
    running_var  <- (1 - m) running_var  + m var n / (n - 1)

What is remembered is thus the *unbiased* variance, with n - 1, while y takes the one with n. So does PyTorch;
mind that elsewhere the momentum may be the share of the old value. Outside training

    y    = gamma (x - running_mean) / sqrt(running_var + eps) + beta

and nothing moves.

gamma, beta, running_mean and running_var are float64 arrays (d,). gamma and running_var begin as ones, the
other two as zeros, and no two layers share them. They are read when the layer is called, for an optimizer
changes the first two and loading a checkpoint all four.

x is float64 or float32; y has its shape and dtype, x is not changed, and the running statistics stay
float64. A column of a float64 x may sit at 1e6 with a spread of 1, where the mean of x^2 minus mean^2 has
lost most of its digits; another may be constant. Outside training n may be anything from 0.

A ValueError that leaves all four arrays as they were: an x that is not (n, d), in training or not; and
fewer than two rows in training, for there is no unbiased variance of them.

Ioffe & Szegedy 2015; torch.nn.BatchNorm1d.
"""

import numpy as np


class BatchNorm1d:
    """Normalises d features over the batch in training, and by running statistics outside it."""

    gamma: np.ndarray  # (d,)
    beta: np.ndarray  # (d,)
    running_mean: np.ndarray  # (d,)
    running_var: np.ndarray  # (d,)

    def __init__(self, d: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        raise NotImplementedError

    def __call__(self, x: np.ndarray, train: bool) -> np.ndarray:
        """y (n, d) of x (n, d); in training the running statistics move."""
        raise NotImplementedError
