"""One batch is seen through two variances: y by the one with n, the memory by the one with n - 1. With 256 examples nobody
notices; with two, what was trained and what is used differ by a factor of sqrt(2). The other trap is `train`: a model left in
training mode answers differently depending on who else is in the batch, and forgets its statistics while it is being evaluated.
"""

import numpy as np

HINTS = (
    "Choose mean and variance first, those of the batch or the running ones; the line that makes y is then the same for both.",
    "All four sums run over the examples: every statistic has the shape (d,), and broadcasting does the rest.",
    "Refuse bad input before anything moves. An x (n, 1) would broadcast without a word.",
    "np.var takes differences from the mean before it squares, which is what a large offset needs; its ddof is what is taken off n.",
)


class BatchNorm1d:
    """Normalises d features over the batch in training, and by running statistics outside it."""

    gamma: np.ndarray  # (d,)
    beta: np.ndarray  # (d,)
    running_mean: np.ndarray  # (d,)
    running_var: np.ndarray  # (d,)

    def __init__(self, d: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        # wrong: self.eps, self.momentum = 1e-5, momentum  # eps is an argument
        # wrong: self.eps, self.momentum = eps, 0.1  # the momentum is an argument
        # wrong: self.eps, self.momentum = eps, 1 - momentum  # here the momentum is the share of the new value
        self.eps, self.momentum = eps, momentum
        # wrong: self.gamma, self.beta = np.zeros(d), np.zeros(d)  # gamma begins at 1, else nothing gets through
        # wrong: self.gamma, self.beta = np.random.normal(size=d), np.zeros(d)  # gamma begins at 1: the layer normalises and no more
        self.gamma, self.beta = np.ones(d), np.zeros(d)
        # wrong: self.running_mean, self.running_var = np.zeros(d), np.zeros(d)  # the running variance begins at 1
        self.running_mean, self.running_var = np.zeros(d), np.ones(d)

    def __call__(self, x: np.ndarray, train: bool) -> np.ndarray:
        """y (n, d) of x (n, d); in training the running statistics move."""
        # wrong: pass  # an x of one column would be broadcast to d of them: refuse it
        # wrong: if x.shape[-1] != len(self.gamma):  # x has two axes: a single example is (1, d)
        #            raise ValueError(f"x has shape {x.shape}, expected (n, {len(self.gamma)})")
        # wrong: if train and x.shape[1:] != self.gamma.shape:  # an x of another width is refused outside training, too
        #            raise ValueError(f"x has shape {x.shape}, expected (n, {len(self.gamma)})")
        if x.shape[1:] != self.gamma.shape:
            raise ValueError(f"x has shape {x.shape}, expected (n, {len(self.gamma)})")
        # wrong: mean, var = x.mean(0), x.var(0)  # outside training the running statistics take the place of the batch's
        mean, var = self.running_mean, self.running_var
        # wrong: if train or len(x) > 1:  # what was trained stays as it is in use, however many examples come at once
        #            mean, var = x.mean(0), x.var(0)
        #            if len(x) < 2:
        #                raise ValueError("training needs two examples or more")
        #            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
        #            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0, ddof=1)
        # wrong: if len(x) < 2 and train:  # the running statistics move in training only
        #            raise ValueError("training needs two examples or more")
        #        if len(x) > 1:
        #            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
        #            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0, ddof=1)
        #        if train:
        #            mean, var = x.mean(0), x.var(0)
        if train:
            # wrong: pass  # a single example has no unbiased variance: refuse it
            # wrong: if len(x) == 1:  # no example at all has no mean either
            #            raise ValueError("training needs two examples or more")
            # wrong: if len(x) < 2:  # refuse a batch before anything moves
            #            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.sum(0)
            #            raise ValueError("training needs two examples or more")
            # wrong: if len(x) < 3:  # two examples are enough for a variance
            #            raise ValueError("training needs two examples or more")
            if len(x) < 2:
                raise ValueError(f"training needs two examples or more, got {len(x)}")
            # wrong: mean, var = x.mean(0), x.var(0, ddof=1)  # y takes the variance with n; the one with n - 1 is for the memory
            # wrong: mean, var = x.mean(1, keepdims=True), x.var(1, keepdims=True)  # every feature has statistics of its own, over the examples
            # wrong: mean, var = x.mean(), x.var()  # every feature has statistics of its own
            # wrong: mean, var = x.mean(0), (x**2).mean(0) - x.mean(0) ** 2  # two large numbers that nearly cancel: take differences first
            # wrong: mean, var = x.mean(0), x.std(0)  # the root is taken below, of variance and eps together
            # wrong: mean, var = 0 * x[0], x.var(0)  # the mean is taken off as well
            mean, var = x.mean(0), x.var(0)
            # wrong: self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean  # here the momentum is the share of the new value
            # wrong: self.running_mean = mean  # the running mean remembers earlier batches, too
            # wrong: self.running_mean = self.running_mean + self.momentum * mean  # the old mean keeps a share of 1 - m only
            # wrong: pass  # in training the running mean moves
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            # wrong: self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var  # what is remembered is the variance with n - 1
            # wrong: self.running_var = self.momentum * self.running_var + (1 - self.momentum) * x.var(0, ddof=1)  # here the momentum is the share of the new value
            # wrong: self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.std(0, ddof=1)  # a variance is remembered, not its root
            # wrong: self.running_var = (1 - self.momentum) * self.running_var + self.momentum * ((x - self.running_mean) ** 2).sum(0) / (len(x) - 1)  # the variance is about the mean of the batch
            # wrong: pass  # in training the running variance moves
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0, ddof=1)
        # wrong: xhat = (x - mean) / (np.sqrt(var) + self.eps)  # eps stands inside the root
        # wrong: xhat = (x - mean) / np.sqrt(var)  # eps keeps a constant column from being divided by 0
        # wrong: xhat = (x - mean) / (var + self.eps)  # divide by the standard deviation: a root is missing
        # wrong: xhat = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)  # in training y is made with the statistics of the batch
        # wrong: xhat = (self.gamma * x - mean) / np.sqrt(var + self.eps)  # normalise first, then scale by gamma
        # wrong: xhat = np.subtract(x, mean, out=x) / np.sqrt(var + self.eps)  # x belongs to the caller, who may need it again
        xhat = (x - mean) / np.sqrt(var + self.eps)
        # wrong: return xhat.astype(x.dtype)  # gamma and beta give the network back its scale and shift
        # wrong: return (self.gamma * (xhat + self.beta)).astype(x.dtype)  # beta is added last: gamma does not scale it
        # wrong: return self.gamma * xhat + self.beta  # gamma is float64, but y has the dtype of x
        return (self.gamma * xhat + self.beta).astype(x.dtype)
