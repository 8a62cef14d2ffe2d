from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.statistics import assert_cdf
from katas.phase4.autograd.neuron_mlp import MLP, Layer, Neuron, Value

KATA = Kata(
    difficulty=2,
    minutes=20,
    needs=("phase4/autograd/value_backward",),
    forbids={"torch": "a weight is a Value; lists and sums of Values are all that is needed"},
)
SIZES = [(3, [1]), (2, [3]), (1, [1, 1]), (2, [1, 3]), (3, [4, 1]), (4, [5, 2, 3]), (2, [3, 1, 2, 1])]
Net = Neuron | Layer | MLP
NETS = [
    pytest.param(lambda: Neuron(3, rng()), id="neuron"),
    pytest.param(lambda: Layer(3, 2, rng()), id="layer"),
    pytest.param(lambda: MLP(3, [3, 2], rng()), id="mlp"),
]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def draw(*shape: int) -> list:
    return np.random.normal(size=shape).tolist()


def as_list(out: Value | list[Value]) -> list[Value]:
    return out if isinstance(out, list) else [out]


def forward(theta: torch.Tensor, x: torch.Tensor, nouts: Sequence[int], relu: Sequence[bool]) -> torch.Tensor:
    """The network that parameters() describes, as matrix products: a row each neuron, its bias last."""
    for nout, nonlin in zip(nouts, relu, strict=True):
        width = len(x) + 1
        W, theta = theta[: nout * width].reshape(nout, width), theta[nout * width :]  # (nout, nin + 1)
        x = W[:, :-1] @ x + W[:, -1]  # (nout,)
        x = x.relu() if nonlin else x
    assert not len(theta), "there are more parameters than the sizes allow"
    return x


def assert_same_function(net: Net, nin: int, nouts: Sequence[int], relu: Sequence[bool]) -> None:
    """With random parameters, outputs and all gradients of a weighted sum of them agree with torch."""
    __tracebackhide__ = True
    theta = torch.tensor(draw(len(net.parameters())), dtype=torch.float64, requires_grad=True)
    for parameter, number in zip(net.parameters(), theta.tolist(), strict=True):
        parameter.data = number
    x = torch.tensor(draw(nin), dtype=torch.float64, requires_grad=True)
    inputs = [Value(one) for one in x.tolist()]
    expected, actual = forward(theta, x, nouts, relu), as_list(net(inputs))
    assert_close([one.data for one in actual], expected.tolist(), name="output")
    weights = draw(len(actual))
    sum((w * one for w, one in zip(weights, actual, strict=True)), Value(0.0)).backward()
    (torch.tensor(weights, dtype=torch.float64) @ expected).backward()
    for values, leaf, name in ((net.parameters(), theta, "parameters"), (inputs, x, "inputs")):
        assert leaf.grad is not None
        assert_close([one.grad for one in values], leaf.grad.tolist(), name=f"gradient of the {name}")


def test_a_neuron_is_a_weighted_sum_and_a_bias() -> None:
    neuron = Neuron(2, rng(), nonlin=False)
    for parameter, number in zip(neuron.parameters(), [2.0, -1.0, 0.5], strict=True):
        parameter.data = number
    assert neuron([3, 4]).data == 2.5
    assert neuron([-3.0, 4.0]).data == -9.5


def test_a_neuron_has_a_relu_unless_told_otherwise() -> None:
    neuron = Neuron(2, rng())
    for parameter, number in zip(neuron.parameters(), [2.0, -1.0, 0.5], strict=True):
        parameter.data = number
    assert neuron([3, 4]).data == 2.5
    assert neuron([-3.0, 4.0]).data == 0


@pytest.mark.parametrize("nonlin", [True, False])
@pytest.mark.parametrize("nin", [1, 2, 5])
def test_a_neuron_agrees_with_torch(nin: int, nonlin: bool) -> None:
    for seed in range(4):
        assert_same_function(Neuron(nin, rng(seed), nonlin), nin, [1], [nonlin])


@pytest.mark.parametrize("nonlin", [True, False])
@pytest.mark.parametrize(("nin", "nout"), [(1, 1), (3, 1), (1, 3), (4, 6)])
def test_a_layer_agrees_with_torch(nin: int, nout: int, nonlin: bool) -> None:
    for seed in range(4):
        assert_same_function(Layer(nin, nout, rng(seed), nonlin), nin, [nout], [nonlin])


@pytest.mark.parametrize(("nin", "nouts"), SIZES)
def test_an_mlp_agrees_with_torch(nin: int, nouts: list[int]) -> None:
    for seed in range(4):
        relu = [True] * (len(nouts) - 1) + [False]
        assert_same_function(MLP(nin, nouts, rng(seed)), nin, nouts, relu)


def test_an_mlp_without_hidden_layers_is_linear() -> None:
    mlp = MLP(3, [1], rng())
    x, y = np.random.normal(size=(2, 3))
    f = [mlp(one.tolist()) for one in (x, y, x - 2 * y)]
    values = [one.data for one in f if isinstance(one, Value)]
    assert_close(values[2], values[0] - 2 * values[1], atol=1e-12)


def test_a_layer_with_relu_is_never_negative() -> None:
    outputs = [one.data for one in as_list(Layer(3, 60, rng())(draw(3)))]
    assert min(outputs) == 0
    assert 10 < sum(one > 0 for one in outputs) < 50


@pytest.mark.parametrize(("nin", "nouts"), SIZES)
def test_every_weight_and_bias_is_a_parameter_of_its_own(nin: int, nouts: list[int]) -> None:
    parameters = MLP(nin, nouts, rng()).parameters()
    assert len(parameters) == sum((a + 1) * b for a, b in pairwise([nin, *nouts]))
    assert len(set(map(id, parameters))) == len(parameters), "a Value is listed twice"
    assert all(isinstance(one, Value) and one.parents == () for one in parameters)


@pytest.mark.parametrize("make", NETS)
def test_parameters_stay_the_same_objects(make: Callable[[], Net]) -> None:
    net = make()
    before = net.parameters()
    net([1.0, 2.0, 3.0])
    assert list(map(id, net.parameters())) == list(map(id, before))


def test_one_output_is_returned_bare_and_several_in_a_list() -> None:
    x = [1.0, 2.0]
    assert [type(f(x)) for f in (Layer(2, 1, rng()), MLP(2, [1], rng()), MLP(2, [3, 1], rng()))] == [
        Value
    ] * 3
    assert [len(as_list(f(x))) for f in (Layer(2, 3, rng()), MLP(2, [3], rng()), MLP(2, [1, 3], rng()))] == [
        3
    ] * 3


@pytest.mark.parametrize("nin", [1, 4, 9])
def test_weights_are_uniform_and_biases_zero(nin: int) -> None:
    parameters = np.array([one.data for one in Layer(nin, 1200 // nin, rng(nin)).parameters()])
    rows = parameters.reshape(-1, nin + 1)
    assert (rows[:, -1] == 0).all(), "a bias does not start at 0"
    weights = rows[:, :-1].ravel() * np.sqrt(nin)
    assert len(set(weights)) == len(weights), "two weights are equal: each needs a draw of its own"
    assert_cdf(weights, lambda w: np.clip((w + 1) / 2, 0, 1), name="weight * sqrt(nin)")


def test_the_weights_of_each_layer_fit_its_own_width() -> None:
    parameters = np.array([one.data for one in MLP(100, [9, 64], rng()).parameters()])
    first, second = (
        parameters[: 9 * 101].reshape(9, 101)[:, :-1],
        parameters[9 * 101 :].reshape(64, 10)[:, :-1],
    )
    assert_cdf(first.ravel() * 10, lambda w: np.clip((w + 1) / 2, 0, 1), name="first layer")
    assert_cdf(second.ravel() * 3, lambda w: np.clip((w + 1) / 2, 0, 1), name="second layer")


def test_all_randomness_comes_from_the_generator() -> None:
    def weights(generator: np.random.Generator) -> list[float]:
        return [one.data for one in MLP(2, [3, 1], generator).parameters()]

    first = weights(rng(5))
    assert weights(rng(5)) == first
    assert weights(rng(6)) != first
    shared = rng(5)
    assert weights(shared) != weights(shared)


def test_each_call_starts_a_fresh_graph() -> None:
    mlp = MLP(2, [4, 1], rng(1))
    bias = mlp.parameters()[-1]
    first, again = as_list(mlp([1.0, 2.0]))[0], as_list(mlp([1.0, 2.0]))[0]
    assert first is not again
    assert first.data == again.data
    first.backward()
    assert (again.grad, bias.grad) == (0, 1)
    bias.data += 3
    assert_close(as_list(mlp([1.0, 2.0]))[0].data, first.data + 3)


@pytest.mark.parametrize("length", [0, 1, 2, 4, 6])
@pytest.mark.parametrize("make", NETS)
def test_an_input_of_the_wrong_length_is_a_value_error(make: Callable[[], Net], length: int) -> None:
    net = make()
    with pytest.raises(ValueError):
        net([1.0] * length)


def test_arguments_may_be_tuples_and_stay_unchanged() -> None:
    x, nouts = [1.0, 2.0], [3, 2]
    with assert_unchanged(x, nouts):
        mlp = MLP(2, nouts, rng())
        expected = [one.data for one in as_list(mlp(x))]
    assert [one.data for one in as_list(mlp((1, Value(2.0))))] == expected
