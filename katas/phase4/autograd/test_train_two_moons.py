from collections.abc import Callable

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from katas.phase4.autograd.train_two_moons import MLP, Value, l2, svm_loss, train

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/autograd/neuron_mlp",),
    forbids={
        "torch": "Value, MLP and a loop are all that is needed",
        "sklearn": "write the losses and the loop",
    },
    seconds=30,
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def two_moons(n: int, generator: np.random.Generator, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """n rows (n, 2), half of them on each of two interlocked half circles, and their labels -1 and 1."""
    angle = np.linspace(0, np.pi, n // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rows = np.concatenate([upper, np.array([1, 0.5]) - upper])
    return rows + noise * generator.normal(size=rows.shape), np.repeat([-1, 1], n // 2)


def draw_rows(n: int, nin: int) -> tuple[list[list[float]], list[int]]:
    return (2 * np.random.normal(size=(n, nin))).tolist(), np.random.choice([-1, 1], size=n).tolist()


def values(numbers: list[float]) -> list[Value]:
    return [Value(one) for one in numbers]


def numbers_of(model: MLP) -> list[float]:
    return [one.data for one in model.parameters()]


def by_torch(
    start: list[float], nouts: list[int], X: list, y: list, steps: int, lr: float, lam: float, momentum: float
) -> tuple[list[float], list[float]]:
    """The losses and the final parameters of an MLP that starts from the parameters `start`."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    losses, velocity = [], torch.zeros_like(theta)
    for _ in range(steps):
        out, rest = torch.tensor(X, dtype=torch.float64), theta  # (n, nin)
        for i, nout in enumerate(nouts):
            width = out.shape[1] + 1
            W, rest = rest[: nout * width].reshape(nout, width), rest[nout * width :]  # (nout, nin + 1)
            out = out @ W[:, :-1].T + W[:, -1]
            out = out.relu() if i < len(nouts) - 1 else out
        total = (1 - torch.tensor(y) * out[:, 0]).relu().mean() + lam * theta.square().sum()
        [grad] = torch.autograd.grad(total, theta)
        losses.append(total.item())
        velocity = momentum * velocity + grad
        theta = (theta - lr * velocity).detach().requires_grad_()
    return losses, theta.tolist()


def test_the_hinge_of_a_few_scores() -> None:
    # On the right side beyond 1, on the right side within 1, on the wrong side: 0, 0.5 and 3.
    assert_close(svm_loss(values([2.0, 0.5, -2.0]), [1, 1, 1]).data, 3.5 / 3)
    assert_close(svm_loss(values([-2.0, -0.5, 2.0]), [-1, -1, -1]).data, 3.5 / 3)


@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_the_hinge_and_its_gradient_agree_with_numpy(n: int) -> None:
    s, y = 2 * np.random.normal(size=n), np.random.choice([-1, 1], size=n)
    scores = values(s.tolist())
    loss = svm_loss(scores, y.tolist())
    loss.backward()
    assert_close(loss.data, np.maximum(1 - y * s, 0).mean())
    assert_close([one.grad for one in scores], (-y * (y * s < 1) / n).tolist())


def test_a_score_on_the_margin_costs_nothing_and_has_no_gradient() -> None:
    scores = values([1.0, -1.0])
    loss = svm_loss(scores, [1, -1])
    loss.backward()
    assert [loss.data, *(one.grad for one in scores)] == [0, 0, 0]


@pytest.mark.parametrize("lam", [0.0, 0.1, 3.0])
def test_l2_and_its_gradient_agree_with_numpy(lam: float) -> None:
    p = np.random.normal(size=5)
    params = values(p.tolist())
    penalty = l2(params, lam)
    penalty.backward()
    assert_close(penalty.data, lam * (p @ p))
    assert_close([one.grad for one in params], (2 * lam * p).tolist())


def test_the_first_loss_is_that_of_the_untouched_model() -> None:
    model, (X, y) = MLP(2, [4, 1], rng()), draw_rows(9, 2)
    [expected], _ = by_torch(numbers_of(model), [4, 1], X, y, 1, 0.1, 0.01, 0.0)
    losses = train(model, X, y, 3, 0.1, 0.01)
    assert len(losses) == 3
    assert all(isinstance(one, float) for one in losses)
    assert_close(losses[0], expected)


def test_one_step_goes_down_the_gradient() -> None:
    model, (X, y) = MLP(2, [4, 1], rng(1)), draw_rows(9, 2)
    _, expected = by_torch(numbers_of(model), [4, 1], X, y, 1, 0.1, 0.01, 0.0)
    train(model, X, y, 1, 0.1, 0.01)
    assert_close(numbers_of(model), expected)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize(("nin", "nouts", "n"), [(1, [1], 1), (2, [1], 8), (2, [4, 1], 9), (3, [3, 2, 1], 6)])
def test_losses_and_parameters_agree_with_torch(nin: int, nouts: list[int], n: int, momentum: float) -> None:
    model, (X, y) = MLP(nin, nouts, rng(2)), draw_rows(n, nin)
    losses, numbers = by_torch(numbers_of(model), nouts, X, y, 6, 0.2, 0.05, momentum)
    assert_close(train(model, X, y, 6, 0.2, 0.05, momentum), losses, name="losses")
    assert_close(numbers_of(model), numbers, name="parameters")


def test_there_is_no_momentum_by_default() -> None:
    one, other, (X, y) = MLP(2, [4, 1], rng(3)), MLP(2, [4, 1], rng(3)), draw_rows(9, 2)
    assert train(one, X, y, 4, 0.2, 0.01) == train(other, X, y, 4, 0.2, 0.01, 0.0)
    assert numbers_of(one) == numbers_of(other)


def test_the_loss_is_a_mean_so_rows_given_twice_change_nothing() -> None:
    one, other, (X, y) = MLP(2, [4, 1], rng(4)), MLP(2, [4, 1], rng(4)), draw_rows(7, 2)
    assert_close(train(one, X + X, y + y, 4, 0.2, 0.01, 0.5), train(other, X, y, 4, 0.2, 0.01, 0.5))
    assert_close(numbers_of(one), numbers_of(other))


def test_gradients_from_before_have_no_influence() -> None:
    one, other, (X, y) = MLP(2, [4, 1], rng(5)), MLP(2, [4, 1], rng(5)), draw_rows(7, 2)
    for parameter in one.parameters():
        parameter.grad = 100.0
    assert train(one, X, y, 3, 0.2, 0.01, 0.5) == train(other, X, y, 3, 0.2, 0.01, 0.5)
    assert numbers_of(one) == numbers_of(other)


def test_no_steps_change_nothing() -> None:
    model, (X, y) = MLP(2, [4, 1], rng(6)), draw_rows(7, 2)
    before = numbers_of(model)
    assert train(model, X, y, 0, 0.2, 0.01, 0.5) == []
    assert numbers_of(model) == before


def test_data_and_the_model_itself_stay_as_they_are() -> None:
    model, (X, y) = MLP(2, [4, 1], rng(7)), draw_rows(7, 2)
    parameters = model.parameters()
    with assert_unchanged(X, y):
        train(model, X, y, 2, 0.2, 0.01, 0.5)
    assert list(map(id, model.parameters())) == list(map(id, parameters))


@pytest.mark.parametrize("labels", [[1], [1, -1, 1]])
def test_a_label_too_few_or_too_many_is_a_value_error(labels: list[int]) -> None:
    with pytest.raises(ValueError):
        svm_loss(values([1.0, 2.0]), labels)


# Measured with this set-up and other seeds for data and weights. Of 100,000 runs of a right solution one
# missed a limit, with accuracy 0.89; the largest hinge was 0.139: a chance of 1e-5. In 2,000 runs of each,
# the medians of accuracy and hinge, and how many runs met both limits:
#   right                       1.000   0.000   all
#   never zeroed                0.825     781     4
#   zeroed before the step      0.500   1.004  none
#   uphill                      0.175    1e21  none
#   labels 0 and 1              0.500   2.432  none
#   no momentum, or averaged    0.885   0.315  none
#   a sum, not a mean           0.860   0.349   124
# The few that slip through here, and l2 without squares, of which all do, fail the tests above for certain.
@pytest.mark.slow
def test_a_network_parts_the_moons_where_no_line_can() -> None:
    (X, y), (fresh, labels) = two_moons(20, rng(0)), two_moons(200, rng(1))
    mean, std = X.mean(0), X.std(0)
    X, fresh = (X - mean) / std, (fresh - mean) / std
    line = np.linalg.lstsq(np.c_[X, np.ones(20)], y, rcond=None)[0]
    assert ((np.c_[fresh, np.ones(200)] @ line) * labels > 0).mean() < 0.9, (
        "a line does it: the data are wrong"
    )

    model = MLP(2, [24, 1], rng(2))
    losses = train(model, X.tolist(), y.tolist(), 80, 0.2, 1e-3, 0.9)
    assert losses[0] > 0.5

    def scores(rows: np.ndarray) -> np.ndarray:
        return np.array([one.data for one in map(model, rows.tolist()) if isinstance(one, Value)])

    hinge, accuracy = np.maximum(1 - y * scores(X), 0).mean(), (scores(fresh) * labels > 0).mean()
    assert hinge < 0.15, f"after training the hinge is still {hinge:.3f}"
    assert accuracy > 0.9, f"{accuracy:.1%} of fresh points are on the right side"
