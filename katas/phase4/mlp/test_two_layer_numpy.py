import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.mlp.two_layer_numpy import loss_and_grads

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/mlp/two_layer_symbolic",),
    forbids={
        "torch": "write the forward and the backward pass in numpy",
        "jax": "write the forward and the backward pass in numpy",
        "autograd": "write the forward and the backward pass in numpy",
        "scipy": "subtract the largest logit of each row and call np.exp and np.log",
        "sklearn": "write the forward and the backward pass in numpy",
    },
)
KEYS = ["W1", "b1", "W2", "b2"]
SIZES = [(5, 3, 4, 3), (1, 2, 3, 2), (4, 1, 1, 2), (3, 4, 2, 1), (6, 2, 5, 4)]  # n, d, h, C

Params = dict[str, np.ndarray]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


def draw(n: int, d: int, h: int, C: int) -> tuple[Params, np.ndarray, np.ndarray]:
    """Parameters, inputs and classes; no hidden neuron is near the kink of its ReLU."""
    while True:
        shapes = {"W1": (d, h), "b1": (h,), "W2": (h, C), "b2": (C,)}
        params = {key: np.random.normal(size=shape) for key, shape in shapes.items()}
        X, t = np.random.normal(size=(n, d)), np.random.randint(C, size=n)
        if np.abs(X @ params["W1"] + params["b1"]).min() > 1e-3:
            return params, X, t


def by_torch(params: Params, X: np.ndarray, t: np.ndarray, l2: float) -> tuple[float, Params]:
    p = {key: torch.tensor(params[key], requires_grad=True) for key in KEYS}
    hidden = F.relu(F.linear(torch.tensor(X), p["W1"].T, p["b1"]))
    loss = F.cross_entropy(F.linear(hidden, p["W2"].T, p["b2"]), torch.tensor(t))
    loss = loss + l2 / 2 * (p["W1"].square().sum() + p["W2"].square().sum())
    grads = torch.autograd.grad(loss, [p[key] for key in KEYS])
    return loss.item(), {key: grad.numpy() for key, grad in zip(KEYS, grads, strict=True)}


def assert_same(result: tuple[float, Params], expected: tuple[float, Params]) -> None:
    __tracebackhide__ = True
    assert_close(result[0], expected[0], name="loss")
    assert set(result[1]) == set(KEYS)
    for key in KEYS:
        assert_close(result[1][key], expected[1][key], name=f"gradient of {key}")


def test_equal_logits_cost_log_of_the_number_of_classes() -> None:
    params, X, t = draw(6, 2, 3, 5)
    loss, _ = loss_and_grads(params | {"W2": np.zeros((3, 5)), "b2": np.ones(5)}, X, t)
    assert_close(loss, np.log(5.0))


def test_one_example_by_hand() -> None:
    params = {"W1": np.array([[2.0]]), "b1": np.array([1.0]), "W2": np.array([[1.0, 0.0]]), "b2": np.zeros(2)}
    p = 1 / (1 + np.exp(-7.0))  # x = 3 makes a hidden 7, and logits 7 and 0
    expected = {"b2": [p, -p], "W2": [[7 * p, -7 * p]], "b1": [p], "W1": [[3 * p]]}
    loss, grads = loss_and_grads(params, np.array([[3.0]]), np.array([1]))
    assert_close(loss, 7 + np.log1p(np.exp(-7.0)))
    for key in KEYS:
        assert_close(grads[key], np.array(expected[key]), name=f"gradient of {key}")


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize(("n", "d", "h", "C"), SIZES)
def test_the_loss_agrees_with_torch(n: int, d: int, h: int, C: int, l2: float) -> None:
    params, X, t = draw(n, d, h, C)
    assert_close(loss_and_grads(params, X, t, l2)[0], by_torch(params, X, t, l2)[0], atol=1e-13)


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize(("n", "d", "h", "C"), SIZES)
def test_gradients_agree_with_finite_differences_of_the_definition(
    n: int, d: int, h: int, C: int, l2: float
) -> None:
    params, X, t = draw(n, d, h, C)

    def definition(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> float:
        logits = np.maximum(X @ W1 + b1, 0) @ W2 + b2
        costs = np.logaddexp.reduce(logits, axis=1) - logits[np.arange(n), t]
        return costs.mean() + l2 / 2 * (np.square(W1).sum() + np.square(W2).sum())

    _, grads = loss_and_grads(params, X, t, l2)
    assert_gradients(definition, [params[key] for key in KEYS], [grads[key] for key in KEYS], names=KEYS)


def test_a_batch_given_twice_changes_nothing() -> None:
    params, X, t = draw(4, 3, 5, 3)
    once = loss_and_grads(params, X, t, 0.1)
    assert_same(loss_and_grads(params, np.r_[X, X], np.r_[t, t], 0.1), once)


def test_the_order_of_the_examples_does_not_matter() -> None:
    params, X, t = draw(5, 3, 4, 3)
    order = [3, 0, 4, 1, 2]
    assert_same(loss_and_grads(params, X[order], t[order], 0.1), loss_and_grads(params, X, t, 0.1))


def test_dead_neurons_pass_nothing_back() -> None:
    params, X, t = draw(5, 3, 4, 3)
    _, grads = loss_and_grads(params | {"b1": np.full(4, -100.0)}, X, t)
    assert not grads["W1"].any()
    assert not grads["b1"].any()
    assert not grads["W2"].any()
    assert np.abs(grads["b2"]).max() > 1e-3


def test_a_neuron_exactly_at_zero_passes_nothing_back() -> None:
    params, X, t = draw(3, 2, 4, 3)
    _, grads = loss_and_grads(params | {"W1": np.zeros((2, 4)), "b1": np.zeros(4)}, X, t)
    assert not grads["W1"].any()
    assert not grads["b1"].any()


def test_biases_are_not_decayed() -> None:
    params, X, t = draw(4, 3, 2, 3)
    plain, decayed = loss_and_grads(params, X, t), loss_and_grads(params, X, t, 2.0)
    penalty = sum((params[key] ** 2).sum() for key in ("W1", "W2"))
    assert_close(decayed[0] - plain[0], penalty)
    for key in KEYS:
        change = decayed[1][key] - plain[1][key]
        assert_close(change, 2 * params[key] if key.startswith("W") else 0 * params[key], name=key)


def test_logits_in_the_thousands_stay_finite() -> None:
    params, X, t = draw(6, 3, 4, 3)
    params["W2"] = 5000 * params["W2"]
    assert_same(loss_and_grads(params, X, t), by_torch(params, X, t, 0.0))


def test_float32_stays_float32() -> None:
    params, X, t = draw(4, 3, 2, 3)
    narrow = {key: value.astype(np.float32) for key, value in params.items()}
    loss, grads = loss_and_grads(narrow, X.astype(np.float32), t, 0.1)
    expected = by_torch(
        {key: value.astype(float) for key, value in narrow.items()},
        X.astype(np.float32).astype(float),
        t,
        0.1,
    )
    assert isinstance(loss, float)
    for key in KEYS:
        assert_close(grads[key], expected[1][key], dtype=np.float32, rtol=1e-4, name=key)


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    params, X, t = draw(4, 3, 2, 3)
    expected = by_torch(params, X, t, 0.1)
    for (_, x), (_, W1), (_, W2) in zip(
        layouts(X), layouts(params["W1"]), layouts(params["W2"]), strict=True
    ):
        given = params | {"W1": W1, "W2": W2}
        with assert_unchanged(given, x, t):
            assert_same(loss_and_grads(given, x, t, 0.1), expected)
