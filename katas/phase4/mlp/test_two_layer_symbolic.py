import functools

import pytest
import sympy

from aire_katas import Kata
from aire_katas.checks.symbolic import assert_equivalent
from katas.phase4.mlp.two_layer_symbolic import grads

KATA = Kata(
    difficulty=3,
    minutes=35,
    needs=("phase4/mlp/linear_backward", "phase4/mlp/stable_softmax_ce"),
    forbids={
        "sympy.diff": "derive it on paper and write down the formula",
        "sympy.Derivative": "derive it on paper and write down the formula",
        "sympy.Expr.diff": "derive it on paper and write down the formula",
        "sympy.MatrixBase.diff": "derive it on paper and write down the formula",
        "sympy.MatrixBase.jacobian": "derive it on paper and write down the formula",
        "sympy.derive_by_array": "derive it on paper and write down the formula",
        "sympy.idiff": "derive it on paper and write down the formula",
        "torch": "derive it on paper and write down the formula",
    },
)
SIZES = [(1, 1, 2), (2, 3, 2), (3, 2, 4)]  # d, h, C
KEYS = ["b2", "W2", "b1", "W1", "x"]


def network(d: int, h: int, C: int) -> dict[str, sympy.Matrix]:
    """The network's parameters and its input (d, 1), all of them symbols."""
    shapes = {"W1": (d, h), "b1": (h, 1), "W2": (h, C), "b2": (C, 1), "x": (d, 1)}
    return {
        key: sympy.Matrix(*shape, lambda i, j, key=key: sympy.Symbol(f"{key}_{i}{j}", real=True))
        for key, shape in shapes.items()
    }


def loss(net: dict[str, sympy.Matrix], t: int) -> sympy.Expr:
    W1, b1, W2, b2, x = (net[key].tolist() for key in ("W1", "b1", "W2", "b2", "x"))  # rows of entries
    hidden = [sympy.tanh(sum(W1[k][i] * x[k][0] for k in range(len(x))) + b1[i][0]) for i in range(len(b1))]
    logits = [sum(W2[i][c] * one for i, one in enumerate(hidden)) + b2[c][0] for c in range(len(b2))]
    return sympy.log(sum(sympy.exp(one) for one in logits)) - logits[t]


@functools.cache
def derivative(size: tuple[int, int, int], key: str, t: int) -> sympy.Matrix:
    net = network(*size)
    return net[key].applyfunc(lambda entry: sympy.diff(loss(net, t), entry))


def judged(net: dict[str, sympy.Matrix], t: int) -> dict[str, sympy.Matrix]:
    return grads(net["x"].flat(), net["W1"], net["b1"], net["W2"], net["b2"], t)


def test_every_gradient_has_the_shape_of_what_it_belongs_to() -> None:
    net = network(3, 2, 4)
    result = judged(net, 0)
    assert set(result) == set(KEYS)
    assert {key: result[key].shape for key in KEYS} == {key: net[key].shape for key in KEYS}


@pytest.mark.parametrize("C", [2, 3, 5])
def test_equal_logits_pull_the_right_class_up_and_push_the_others_down(C: int) -> None:
    net = network(2, 2, C) | {"W2": sympy.zeros(2, C), "b2": sympy.ones(C, 1)}
    expected = sympy.Matrix([sympy.Rational(1, C) - int(c == 1) for c in range(C)])
    result = judged(net, 1)
    assert_equivalent(result["b2"], expected, name="b2")
    assert_equivalent(result["W1"], sympy.zeros(2, 2), name="W1")


def test_what_the_logits_get_adds_up_to_nothing() -> None:
    net = network(2, 3, 4)
    assert_equivalent(sum(judged(net, 3)["b2"].flat()), 0, name="sum of b2", points=4)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("size", SIZES)
def test_agrees_with_differentiation(size: tuple[int, int, int], key: str) -> None:
    net = network(*size)
    symbols = [entry for matrix in net.values() for entry in matrix.flat()]
    t = size[-1] - 1
    assert_equivalent(judged(net, t)[key], derivative(size, key, t), symbols=symbols, name=key, points=4)


@pytest.mark.parametrize("t", range(4))
def test_any_class_may_be_the_right_one(t: int) -> None:
    net = network(1, 2, 4)
    result = judged(net, t)
    for key in ("b2", "W1"):
        assert_equivalent(result[key], derivative((1, 2, 4), key, t), name=key, points=4)


def test_entries_may_be_numbers() -> None:
    net = network(2, 2, 3)
    numbers = {
        symbol: sympy.Rational(i - 7, 5) for i, symbol in enumerate(e for m in net.values() for e in m.flat())
    }
    result = judged({key: matrix.subs(numbers) for key, matrix in net.items()}, 2)
    for key in KEYS:
        assert_equivalent(result[key], derivative((2, 2, 3), key, 2).subs(numbers), name=key)


def test_inputs_stay_unchanged() -> None:
    net = network(2, 2, 3)
    x, before = net["x"].flat(), {key: matrix.copy() for key, matrix in net.items()}
    grads(x, net["W1"], net["b1"], net["W2"], net["b2"], 1)
    assert x == before["x"].flat()
    assert all(net[key] == before[key] for key in before)
