import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.autograd.value_backward import Value, zero_grad

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/autograd/topo_order", "phase4/autograd/value_ops"),
    forbids={
        "torch": "the slopes of ten operations and one walk are all of it",
        "sympy": "take each slope by hand",
    },
)

# The same code runs on Values and on tensors; numbers stay of moderate size however often it is applied.
STEPS: list[Callable] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: (a * b).tanh(),
    lambda a, b: a / (b * b + 1),
    lambda a, b: (-a).relu() + 0.5 * b,
    lambda a, b: (3 - a).tanh().exp(),
    lambda a, b: (a**2 + 1).log(),
    lambda a, b: 2 / (b**2 + 2) ** 1.5,
]


def draw_graph(steps: int) -> tuple[list[Value], list[torch.Tensor]]:
    """Three random inputs, then `steps` nodes computed from any two before them: as Values and as tensors."""
    tensors = list(torch.empty(3, dtype=torch.float64).uniform_(-2, 2).requires_grad_())
    values = [Value(one.item()) for one in tensors]
    for _ in range(steps):
        step, (i, j) = random.choice(STEPS), random.choices(range(len(values)), k=2)
        values.append(step(values[i], values[j]))
        tensors.append(step(tensors[i], tensors[j]))
    for one in tensors:
        one.retain_grad()
    return values, tensors


def assert_grads(values: list[Value], tensors: list[torch.Tensor]) -> None:
    """Data and grad of each Value are those of torch, whose grad is None where the root does not depend."""
    __tracebackhide__ = True
    expected = [0.0 if one.grad is None else float(one.grad) for one in tensors]
    assert_close([one.data for one in values], [one.item() for one in tensors], name="data")
    assert_close([one.grad for one in values], expected, name="grad")


def test_the_root_moves_as_much_as_itself() -> None:
    root = Value(3.0)
    root.backward()
    assert (root.data, root.grad, root.parents, root.op) == (3, 1, (), "")


def test_gradients_of_a_product_and_a_sum() -> None:
    a, b = Value(2.0), Value(-3.0)
    product = a * b
    root = product + a
    root.backward()
    assert [one.grad for one in (root, product, a, b)] == [1, 1, -2, 2]


def test_each_use_of_a_value_counts() -> None:
    for f, expected in (
        (lambda a: a + a, 2.0),
        (lambda a: a * a, 10.0),
        (lambda a: a - a, 0.0),
        (lambda a: a / a, 0.0),
        (lambda a: a + a + a * a * a, 77.0),
    ):
        a = Value(5.0)
        f(a).backward()
        assert_close(a.grad, expected, atol=1e-14)


@pytest.mark.parametrize(
    "f",
    [
        pytest.param(lambda a, b: a + b, id="a+b"),
        pytest.param(lambda a, b: a - b, id="a-b"),
        pytest.param(lambda a, b: a * b, id="a*b"),
        pytest.param(lambda a, b: a / b, id="a/b"),
        pytest.param(lambda a, b: -a * b, id="-a*b"),
        pytest.param(lambda a, b: (2 + a) * (b + 2), id="2+a"),
        pytest.param(lambda a, b: (2 - a) * (b - 2), id="2-a"),
        pytest.param(lambda a, b: 2 * a + b * 2, id="2*a"),
        pytest.param(lambda a, b: 2 / a + b / 2, id="2/a"),
        pytest.param(lambda a, b: a**3 + b**-1.5, id="a**3"),
        pytest.param(lambda a, b: a**0 + b**1, id="a**0"),
        pytest.param(lambda a, b: a.exp() * b.exp(), id="exp"),
        pytest.param(lambda a, b: (-a).log() * b.log(), id="log"),
        pytest.param(lambda a, b: a.tanh() * b.tanh(), id="tanh"),
        pytest.param(lambda a, b: a.relu() + b.relu(), id="relu"),
    ],
)
def test_slopes_agree_with_finite_differences(f: Callable) -> None:
    inputs = [np.array(-random.uniform(0.5, 2)), np.array(random.uniform(0.5, 2))]
    a, b = (Value(x.item()) for x in inputs)
    root = f(a, b)
    root.backward()

    def by_torch(*numbers: np.ndarray) -> float:
        return f(*map(torch.tensor, numbers)).item()

    assert_close(root.data, by_torch(*inputs))
    assert_gradients(by_torch, inputs, [np.array(a.grad), np.array(b.grad)], names=("a", "b"))


@pytest.mark.parametrize("steps", [1, 3, 8, 21])
def test_every_gradient_in_a_random_graph_agrees_with_torch(steps: int) -> None:
    for _ in range(8):
        values, tensors = draw_graph(steps)
        values[-1].backward()
        tensors[-1].backward()
        assert_grads(values, tensors)


def test_a_long_way_and_a_short_way_to_one_value() -> None:
    a = Value(3.0)
    b = a * 2
    c = b * a
    root = a * c * b + a  # 4 a^4 + a
    root.backward()
    assert [one.grad for one in (c, b, a)] == [18, 108, 433]


def test_a_second_backward_doubles_every_gradient() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    d = c.tanh() + c * c
    root = d / b
    root.backward()
    once = [one.grad for one in (root, d, c, a, b)]
    root.backward()
    assert_close([one.grad for one in (root, d, c, a, b)], [2 * grad for grad in once])


@pytest.mark.parametrize("steps", [2, 8, 21])
def test_two_roots_give_the_gradient_of_their_sum(steps: int) -> None:
    for _ in range(4):
        values, tensors = draw_graph(steps)
        other = random.randrange(3, len(values))
        values[-1].backward()
        values[other].backward()
        (tensors[-1] + tensors[other]).backward()
        assert_grads(values, tensors)


def test_an_earlier_gradient_stays_and_is_not_passed_on() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    root = c * 5
    a.grad, c.grad, root.grad = 100.0, 200.0, 300.0
    root.backward()
    assert [one.grad for one in (root, c, a, b)] == [301, 205, 85, 10]


def test_values_that_the_root_does_not_depend_on_keep_their_gradient() -> None:
    a, aside = Value(2.0), Value(4.0)
    root = a * 3
    below = root * aside
    below.grad, aside.grad = 7.0, 8.0
    root.backward()
    assert [one.grad for one in (a, root, below, aside)] == [3, 1, 7, 8]


def test_backward_changes_no_data() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = (a * b).tanh()
    root = c / a
    before = [one.data for one in (a, b, c, root)]
    root.backward()
    assert [one.data for one in (a, b, c, root)] == before


def test_zero_grad_makes_a_fresh_start() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    root = c * c
    root.backward()
    assert zero_grad(one for one in (root, c, a, b)) is None
    assert [one.grad for one in (root, c, a, b)] == [0, 0, 0, 0]
    assert [one.data for one in (root, c, a, b)] == [36, -6, 2, -3]
    root.backward()
    assert [one.grad for one in (root, c, a, b)] == [1, -12, 36, -24]


def test_zero_grad_touches_only_what_it_is_given() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    c.backward()
    zero_grad([c, a])
    assert [one.grad for one in (c, a, b)] == [0, 0, 2]


@pytest.mark.parametrize(
    ("x", "expected"), [(0.0, 0.0), (-0.0, 0.0), (1e-300, 1.0), (-1e-300, 0.0), (3.0, 1.0)]
)
def test_relu_is_flat_at_zero(x: float, expected: float) -> None:
    a = Value(x)
    a.relu().backward()
    assert a.grad == expected


@pytest.mark.parametrize(("exponent", "expected"), [(0, 0.0), (0.0, 0.0), (1, 1.0), (2, 0.0), (1.5, 0.0)])
def test_powers_of_zero_have_slopes(exponent: float, expected: float) -> None:
    a = Value(0.0)
    (a**exponent).backward()
    assert a.grad == expected


@pytest.mark.parametrize(("exponent", "expected"), [(0, 0.0), (1, 1.0), (2, -4.0), (3, 12.0), (-1, -0.25)])
def test_powers_of_negative_numbers_have_slopes(exponent: int, expected: float) -> None:
    a = Value(-2.0)
    (a**exponent).backward()
    assert_close(a.grad, expected)


def test_tanh_of_a_large_number_is_flat() -> None:
    a = Value(1000.0)
    a.tanh().backward()
    assert a.grad == 0


def test_a_graph_can_be_deeper_than_the_recursion_limit() -> None:
    a = Value(1.5)
    root = a
    for _ in range(10_000):
        root = root.relu() + a
    root.backward()
    assert a.grad == 10_001


def test_time_grows_with_values_and_not_with_paths() -> None:
    a = Value(1e-9)
    root = a
    for _ in range(40):
        root = root + root
    root.backward()
    assert a.grad == 2**40
