import math
import operator
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase4.autograd.value_ops import Value

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={"torch": "a Value holds a Python float", "sympy": "a Value holds a Python float"},
)

numbers = st.floats(-8, 8).filter(lambda x: abs(x) > 1e-2)
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv]


def ancestors(root: Value) -> list[Value]:
    """Every Value that root was computed from, root included."""
    found: list[Value] = []
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if not any(value is one for one in found):
            found.append(value)
            waiting.extend(value.parents)
    return found


def depends_on(root: Value, value: Value) -> bool:
    return any(value is one for one in ancestors(root))


def test_an_expression_has_a_value_and_parents() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b + a
    assert c.data == -4
    product, other = c.parents
    assert other is a
    assert product.data == -6
    assert product.parents[0] is a
    assert product.parents[1] is b
    assert (a.parents, a.grad, a.op) == ((), 0.0, "")


@pytest.mark.parametrize("operation", BINARY)
@given(x=numbers, y=numbers)
def test_operators_agree_with_floats(operation: Callable, x: float, y: float) -> None:
    expected = operation(x, y)
    for result in (operation(Value(x), Value(y)), operation(Value(x), y), operation(x, Value(y))):
        assert isinstance(result, Value)
        assert_close(result.data, expected, atol=1e-12)


@pytest.mark.parametrize("operation", BINARY)
def test_a_number_on_either_side_becomes_a_parent(operation: Callable) -> None:
    a = Value(4.0)
    for result, constant in ((operation(a, 3), 3.0), (operation(2, a), 2.0)):
        assert depends_on(result, a)
        inputs = [one.data for one in ancestors(result) if not one.parents and one is not a]
        assert constant in inputs, f"inputs other than a: {inputs}"


@pytest.mark.parametrize("operation", BINARY)
def test_both_operands_are_in_the_graph(operation: Callable) -> None:
    a, b = Value(4.0), Value(3.0)
    result = operation(a, b)
    assert depends_on(result, a)
    assert depends_on(result, b)
    assert operation(a, a).data == operation(4.0, 4.0)


def test_parents_of_a_sum_stand_in_order() -> None:
    a, b = Value(4.0), Value(3.0)
    assert [one.data for one in (a + b).parents] == [4.0, 3.0]
    assert [one.data for one in (a * b).parents] == [4.0, 3.0]


@given(x=numbers, exponent=st.sampled_from([-2, -1.5, -1, 0, 0.5, 1, 2, 3]))
def test_powers_agree_with_floats(x: float, exponent: float) -> None:
    a = Value(abs(x))
    result = a**exponent
    assert_close(result.data, abs(x) ** exponent)
    assert [one is a for one in result.parents] == [True]


@given(x=numbers)
def test_the_negative_agrees_with_floats(x: float) -> None:
    a = Value(x)
    assert (-a).data == -x
    assert depends_on(-a, a)


@given(x=numbers)
def test_functions_agree_with_floats(x: float) -> None:
    for result, expected in (
        (Value(x).exp(), math.exp(x)),
        (Value(abs(x)).log(), math.log(abs(x))),
        (Value(x).tanh(), math.tanh(x)),
        (Value(x).relu(), (x + abs(x)) / 2),
    ):
        assert_close(result.data, expected, atol=1e-14)
        assert len(result.parents) == 1
        assert abs(result.parents[0].data) == abs(x)


@given(
    st.recursive(numbers, lambda inner: st.tuples(st.sampled_from(BINARY[:3]), inner, inner), max_leaves=12)
)
def test_whole_expressions_agree_with_floats(tree: object) -> None:
    def build(node: object, leaf: Callable) -> object:
        if isinstance(node, tuple):
            operation, left, right = node
            return operation(build(left, leaf), build(right, leaf))
        return leaf(node)

    value, expected = build(tree, Value), build(tree, float)
    assert isinstance(value, Value)
    assert_close(value.data, expected, atol=1e-12 * max(1.0, abs(float(str(expected)))))


def test_operands_stay_unchanged() -> None:
    a, b = Value(2.0), Value(3.0)
    for result in (a + b, a - b, a * b, a / b, -a, a**2, a.exp(), a.log(), a.tanh(), a.relu(), 1 + a, 1 - a):
        assert result is not a
        assert result.grad == 0
    assert (a.data, b.data, a.parents, b.parents, a.grad, b.grad) == (2.0, 3.0, (), (), 0.0, 0.0)


def test_values_are_equal_by_identity() -> None:
    a = Value(1.0)
    same, again = a + 0, a + 0
    assert same != again
    assert len({a, same, again, a}) == 3


def test_tanh_of_large_numbers_is_one() -> None:
    assert Value(1000.0).tanh().data == 1
    assert Value(-1000.0).tanh().data == -1
    assert_close(Value(1e-12).tanh().data, 1e-12)


def test_relu_of_zero_is_zero() -> None:
    assert Value(0.0).relu().data == 0


@pytest.mark.parametrize("x", [0.0, -1.0])
def test_log_wants_a_positive_number(x: float) -> None:
    with pytest.raises(ValueError):
        Value(x).log()


def test_a_value_as_exponent_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Value(2.0) ** Value(3.0)  # type: ignore[operator]


def test_repr_shows_the_data() -> None:
    assert "-4.25" in repr(Value(-4.25))
