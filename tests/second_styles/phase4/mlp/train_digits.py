"""Column by column, a list that is shuffled and popped, and updates in place with the velocity times lr."""

import math
from collections.abc import Iterator

import numpy as np

from solutions.phase4.mlp.two_layer_numpy import loss_and_grads


def standardise(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    d = train.shape[1]
    new_train, new_test = np.zeros_like(train), np.zeros_like(test)
    mean, std = np.zeros(d), np.zeros(d)
    for j in range(d):
        column = train[:, j]
        mean[j] = math.fsum(column) / len(column)
        if column.min() < column.max():
            std[j] = math.sqrt(math.fsum((column - mean[j]) ** 2) / len(column))
            new_train[:, j] = (column - mean[j]) / std[j]
            new_test[:, j] = (test[:, j] - mean[j]) / std[j]
    return new_train, new_test, mean, std


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    if batch_size < 1:
        raise ValueError("a batch holds at least one row")
    left = np.argsort(rng.random(n)).tolist()

    def batches() -> Iterator[np.ndarray]:
        while left:
            yield np.array([left.pop() for _ in range(min(batch_size, len(left)))])

    return batches()


def fit(
    X: np.ndarray, t: np.ndarray, hidden: int, epochs: int, lr: float, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    W2 = rng.standard_normal((10, hidden)).T * math.sqrt(2 / hidden)
    W1 = rng.standard_normal((hidden, X.shape[1])).T * math.sqrt(2 / X.shape[1])
    params = {"W1": W1.copy(), "b1": np.zeros(hidden), "W2": W2.copy(), "b2": np.zeros(10)}
    pace = {key: np.zeros_like(p) for key, p in params.items()}  # lr times the velocity
    for _ in range(epochs):
        order = rng.permutation(len(X))
        rows, labels = X[order], t[order]
        for start in range(0, len(X), 32):
            _, grads = loss_and_grads(params, rows[start : start + 32], labels[start : start + 32])
            for key, p in params.items():
                pace[key] *= 0.9
                pace[key] += lr * grads[key]
                p -= pace[key]
    return params


def predict(params: dict[str, np.ndarray], X: np.ndarray) -> np.ndarray:
    classes = np.zeros(len(X), dtype=np.int32)
    for i, x in enumerate(X):
        before = x @ params["W1"] + params["b1"]
        classes[i] = np.argmax(before.clip(0) @ params["W2"] + params["b2"])
    return classes
