"""An MLP that learns digits, no framework

Standardise, shuffle, batch, backward, step, evaluate: every supervised training run is this loop. Its bugs
seldom crash. Statistics that include the test set, an order that is the same in every epoch or a last batch
that is dropped leave you a model that learns, and a number that is wrong.

`standardise(train, test)` takes rows of features, train (n, d) with n >= 1 and test (m, d), and returns
(train', test', mean, std). mean and std (d,) are those of the columns of train; the variance is a sum over n,
divided by n. Both sets become (x - mean) / std with these numbers, for the test set stands for data that
nobody has seen yet. A column whose training rows are all equal has the std 0, exactly, even where rounding
gives 1e-17; in both sets such a column becomes 0 throughout, whatever the test set holds there. One that
varies, however little, is treated like the others. Nothing warns.

`minibatches(n, batch_size, rng)` yields the batches of one epoch: arrays of integers that together hold each
of 0 ... n - 1 once. Their order comes from the generator `rng`, all orders are equally likely, and every call
draws anew. Each batch has batch_size entries, but the last is shorter where batch_size does not divide n. For
n = 0 there are no batches. A batch_size below 1 is a ValueError, at the latest when the first batch is
asked for.

`fit(X, t, hidden, epochs, lr, rng)` trains the network of `two_layer_numpy`, whose loss_and_grads is imported
here (l2 stays 0), on X (n, d) with n >= 1 and its right classes t (n,), integers. It returns the params
W1 (d, hidden), b1 (hidden,), W2 (hidden, 10) and b2 (10,), for there are always 10 classes, 0 ... 9.

- First the weights are drawn from rng: all entries independent and normal with mean 0, with variance 2 / d in
  W1 and 2 / hidden in W2. Biases start at 0. With epochs = 0 this is what fit returns.
- An epoch takes one step for each of its minibatches of 32 rows. With g the gradient of the loss of these
  rows, and for each parameter p a velocity v that is 0 before the first epoch and never reset,

      v  <-  0.9 v + g
      p  <-  p - lr v

- The order of an epoch is drawn when the epoch begins. So with the same seed a run of 3 epochs goes through
  the params of a run of 2; and the same seed gives the same result, another seed another.

`predict(params, X)` returns the classes with the largest logits for X (n, d), the first of them where several
are equal: integers (n,). Here n may be 0.

All but classes and indices is float64. Inputs are not changed.

Prince 2023, chapters 6 to 8; He et al. 2015 for the weights; Stanford's CS231n, assignment 1, 2017.
"""

from collections.abc import Iterator

import numpy as np

from solutions.phase4.mlp.two_layer_numpy import loss_and_grads


def standardise(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """train (n, d) and test (m, d), each (x - mean) / std; and mean and std (d,) of the columns of train."""
    raise NotImplementedError


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """0 ... n - 1 in random order, in arrays of batch_size, the last one perhaps shorter."""
    raise NotImplementedError


def fit(
    X: np.ndarray, t: np.ndarray, hidden: int, epochs: int, lr: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The params after training on X (n, d), t (n,) in minibatches of 32 with momentum 0.9."""
    raise NotImplementedError


def predict(params: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """The class, 0 ... 9, with the largest logit for each row of X (n, d); integers (n,)."""
    raise NotImplementedError
