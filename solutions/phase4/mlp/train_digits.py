"""A dozen lines of training, and 98 of 100 handwritten digits are read right after a tenth of a second. Larger runs have
other models, more data and a schedule for lr; the loop is this one.

Now put the mistakes listed below in, one at a time, and look at the accuracy alone: two thirds of them leave it at 0.98. A network
learns around a dropped batch, a frozen order, a velocity that is reset or units that start equal, and leaks flatter
the number. A good result proves little about the code that made it; exact tests of the parts do.
"""

from collections.abc import Iterator

import numpy as np

from solutions.phase4.mlp.two_layer_numpy import loss_and_grads

HINTS = (
    "standardise: find the columns that are constant by comparing with their first row, not by their std. Then choose what "
    "to divide them by so that the result is 0.",
    "minibatches: one permutation of 0 ... n - 1, cut into pieces. A slice that reaches beyond the end is cut off there.",
    "fit has two loops, over epochs and over the batches of each. The same indices pick the rows of X and of t. One velocity "
    "for each key of params lives outside both loops.",
    "predict is the forward pass without the softmax, which would not change which entry of a row is the largest.",
)


def standardise(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """train (n, d) and test (m, d), each (x - mean) / std; and mean and std (d,) of the columns of train."""
    # wrong: mean = np.concatenate([train, test]).mean(0)  # the test set has no say in the statistics: this is a leak
    # wrong: mean = train.mean()  # every column has a mean of its own
    # wrong: mean = train.mean(1)  # the mean runs over the rows, one for each column
    mean = train.mean(0)  # (d,)
    # wrong: constant = train.std(0) == 0  # rounding leaves a constant column a std of 1e-17
    # wrong: constant = train.std(0) < 1e-8  # a column that varies little is not constant
    # wrong: constant = (np.concatenate([train, test]) == train[0]).all(0)  # the training rows alone decide which columns are constant
    constant = (train == train[0]).all(0)
    # wrong: std = np.where(constant, 0, np.concatenate([train, test]).std(0))  # the test set has no say in the statistics: this is a leak
    # wrong: std = np.where(constant, 0, train.std(0, ddof=1 if len(train) > 1 else 0))  # the variance is divided by n, not by n - 1
    # wrong: std = np.where(constant, 0, train.std())  # every column has a std of its own
    # wrong: std = np.where(constant, 0, train.var(0))  # the std is the root of the variance
    # wrong: std = np.where(constant, 1, train.std(0))  # the std of a constant column is 0, whatever you divide by
    # wrong: std = train.std(0)  # the std of a constant column is exactly 0
    std = np.where(constant, 0, train.std(0))
    # wrong: scale = std  # a constant column is divided by 0
    # wrong: scale = std + 1e-8  # this changes the columns that vary little
    # wrong: scale = np.where(constant, 1, std)  # a constant column is 0 in the test set, too: the network never learnt what to do with it
    # wrong: scale = np.ones_like(std)  # after subtracting the mean divide by the std
    scale = np.where(constant, np.inf, std)  # anything over infinity is 0
    # wrong: return (train - mean) / scale, test, mean, std  # the test set goes through the same formula
    # wrong: return (train - mean) / scale, (test - test.mean(0)) / scale, mean, std  # the test set is measured by the training set's mean
    # wrong: return (train - mean) / scale, (test - mean) / np.where(constant, np.inf, test.std(0) + constant), mean, std  # the test set is measured by the training set's std
    # wrong: return train / scale, test / scale, mean, std  # subtract the mean
    return (train - mean) / scale, (test - mean) / scale, mean, std


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """0 ... n - 1 in random order, in arrays of batch_size, the last one perhaps shorter."""
    # wrong: pass  # a batch_size below 1 is a ValueError
    # wrong: if batch_size <= 1:  # batches of one are allowed
    #            raise ValueError(f"batches of {batch_size}")
    # wrong: if batch_size < 1 or batch_size > n:  # a batch may be larger than what there is
    #            raise ValueError(f"batches of {batch_size}")
    if batch_size < 1:
        raise ValueError(f"batches of {batch_size}")
    # wrong: order = np.arange(n)  # the order is a random one
    # wrong: order = np.random.default_rng(0).permutation(n)  # this is the same order in every epoch
    # wrong: order = rng.integers(n, size=n)  # each index comes once: these are drawn with replacement
    # wrong: order = np.roll(np.arange(n), rng.integers(max(n, 1)))  # all orders are equally likely, not only the rotations
    # wrong: order = rng.permutation(n) + 1  # indices begin with 0
    order = rng.permutation(n)
    # wrong: for start in range(0, n - batch_size + 1, batch_size):  # the last batch may be short, but it is not dropped
    #            yield order[start : start + batch_size]
    # wrong: for start in range(0, n, batch_size):  # this shuffles the batches, not what is in them
    #            yield np.arange(n)[order[start // batch_size] * batch_size :][:batch_size]
    # wrong: for start in range(0, n, batch_size):  # neighbouring batches overlap
    #            yield order[start : start + batch_size + 1]
    # wrong: for start in range(0, n, batch_size):  # the last batch is shorter, not filled up
    #            yield np.resize(order[start : start + batch_size], batch_size)
    # wrong: yield from np.array_split(order, max(1, -(-n // batch_size)))  # all batches but the last have batch_size entries
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def fit(
    X: np.ndarray, t: np.ndarray, hidden: int, epochs: int, lr: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The params after training on X (n, d), t (n,) in minibatches of 32 with momentum 0.9."""
    d = X.shape[1]
    # wrong: W1 = rng.normal(0, 2 / d, (d, hidden))  # 2 / d is the variance: the generator wants its root
    # wrong: W1 = rng.normal(0, np.sqrt(2 / hidden), (d, hidden))  # what counts is how many inputs a unit adds up
    # wrong: W1 = rng.normal(0, np.sqrt(1 / d), (d, hidden))  # the relu halves the variance: 2 / d makes up for that
    # wrong: W1 = np.zeros((d, hidden))  # units that start equal stay equal
    # wrong: W1 = np.tile(rng.normal(0, np.sqrt(2 / d), (d, 1)), hidden)  # units that start equal stay equal
    # wrong: W1 = rng.uniform(-np.sqrt(6 / d), np.sqrt(6 / d), (d, hidden))  # the entries are normal
    W1 = rng.normal(0, np.sqrt(2 / d), (d, hidden))
    # wrong: W2 = rng.normal(0, np.sqrt(2 / d), (hidden, 10))  # the second layer adds up `hidden` inputs
    # wrong: W2 = rng.normal(0, np.sqrt(2 / hidden), (hidden, t.max() + 1))  # there are always 10 classes
    # wrong: W2 = np.zeros((hidden, 10))  # the second layer starts with random weights, too
    W2 = rng.normal(0, np.sqrt(2 / hidden), (hidden, 10))
    # wrong: params = {"W1": W1, "b1": rng.normal(size=hidden), "W2": W2, "b2": rng.normal(size=10)}  # the biases start at 0
    params = {"W1": W1, "b1": np.zeros(hidden), "W2": W2, "b2": np.zeros(W2.shape[1])}
    velocity = dict.fromkeys(params, 0.0)
    # wrong: for batch in list(minibatches(len(X), 32, rng)) * epochs:  # every epoch has an order of its own
    #            _, grads = loss_and_grads(params, X[batch], t[batch])
    #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
    #            params = {key: params[key] - lr * velocity[key] for key in params}
    # wrong: for batch in [batch for _ in range(epochs + 1) for batch in minibatches(len(X), 32, rng)]:  # this is an epoch too many
    #            _, grads = loss_and_grads(params, X[batch], t[batch])
    #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
    #            params = {key: params[key] - lr * velocity[key] for key in params}
    # wrong: for batch in list(np.array_split(np.arange(len(X)), -(-len(X) // 32))) * epochs:  # the rows are shuffled in every epoch
    #            _, grads = loss_and_grads(params, X[batch], t[batch])
    #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
    #            params = {key: params[key] - lr * velocity[key] for key in params}
    for _ in range(epochs):
        # wrong: velocity = dict.fromkeys(params, 0.0)  # the velocity goes on from one epoch to the next
        #        for batch in minibatches(len(X), 32, rng):
        #            _, grads = loss_and_grads(params, X[batch], t[batch])
        #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
        #            params = {key: params[key] - lr * velocity[key] for key in params}
        # wrong: for batch in minibatches(max(len(X) // 32, 1) * min(len(X), 32), 32, rng):  # the last batch counts, too, however short
        #            _, grads = loss_and_grads(params, X[batch], t[batch])
        #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
        #            params = {key: params[key] - lr * velocity[key] for key in params}
        # wrong: for batch in minibatches(len(X), 64, rng):  # a batch has 32 rows
        #            _, grads = loss_and_grads(params, X[batch], t[batch])
        #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
        #            params = {key: params[key] - lr * velocity[key] for key in params}
        # wrong: for batch in [np.arange(len(X))]:  # an epoch is a step for each batch, not one for all rows
        #            _, grads = loss_and_grads(params, X[batch], t[batch])
        #            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
        #            params = {key: params[key] - lr * velocity[key] for key in params}
        for batch in minibatches(len(X), 32, rng):
            # wrong: _, grads = loss_and_grads(params, X[batch], t[np.sort(batch)])  # rows were shuffled without their classes
            # wrong: _, grads = loss_and_grads(params, X[batch], t[: len(batch)])  # the classes are those of the rows of the batch
            # wrong: _, grads = loss_and_grads(params, X[batch], t[batch], 1e-3)  # the weights are not decayed here
            _, grads = loss_and_grads(params, X[batch], t[batch])
            # wrong: velocity = grads  # the velocity keeps 0.9 of what it was
            # wrong: velocity = {key: 0.9 * velocity[key] + 0.1 * grads[key] for key in params}  # this averages gradients: the whole gradient is added
            # wrong: velocity = {key: 0.9 * velocity[key] + grads[key] * len(batch) / 32 for key in params}  # the loss of a short batch is the mean over its own rows
            # wrong: velocity = {key: 0.9 * velocity[key] + lr * grads[key] for key in params}  # lr comes in once, in the step
            velocity = {key: 0.9 * velocity[key] + grads[key] for key in params}
            # wrong: params = {key: params[key] + lr * velocity[key] for key in params}  # this climbs: the step goes against the velocity
            # wrong: params = {key: params[key] - lr * grads[key] for key in params}  # the step is along the velocity
            # wrong: params = {key: params[key] - lr * (grads[key] + 0.9 * velocity[key]) for key in params}  # this is Nesterov's step: the plain one is lr v
            # wrong: params = {key: params[key] - lr * velocity[key] for key in ("W1", "W2")} | {key: params[key] for key in ("b1", "b2")}  # the biases are trained as well
            params = {key: params[key] - lr * velocity[key] for key in params}
    return params


def predict(params: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    """The class, 0 ... 9, with the largest logit for each row of X (n, d); integers (n,)."""
    # wrong: hidden = X @ params["W1"] + params["b1"]  # the network that was trained has a relu
    # wrong: hidden = np.maximum(X @ params["W1"], 0)  # the hidden layer has a bias
    hidden = np.maximum(X @ params["W1"] + params["b1"], 0)
    # wrong: return (hidden @ params["W2"] + params["b2"]).argmax(0)  # the largest of each row is wanted, not of each column
    # wrong: return (hidden @ params["W2"]).argmax(1)  # the logits have a bias
    # wrong: return (hidden @ params["W2"] + params["b2"]).argmin(1)  # the largest logit is wanted
    # wrong: return (hidden @ params["W2"] + params["b2"]).max(1)  # the class is wanted, not its logit
    return (hidden @ params["W2"] + params["b2"]).argmax(1)
