import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aire_katas import Kata
from katas.phase4.autograd.topo_order import topo_order

KATA = Kata(
    difficulty=2,
    minutes=20,
    forbids={
        "graphlib": "keep a stack and note the nodes yourself",
        "sys.setrecursionlimit": "keep a stack of your own instead of recursing",
        "threading": "keep a stack of your own instead of recursing",
    },
)


class Node:
    """Equal to every object and so unhashable, and without room for marks: only identity is left."""

    __slots__ = ("inputs",)

    def __init__(self, *inputs: "Node") -> None:
        self.inputs = inputs

    def __eq__(self, other: object) -> bool:
        return True


def asked_once() -> Callable[[Node], Iterator[Node]]:
    """A `parents` that gives one-shot iterators and fails when asked about a node a second time."""
    asked: set[int] = set()

    def parents(node: Node) -> Iterator[Node]:
        assert id(node) not in asked, "parents(node) was called twice for one node"
        asked.add(id(node))
        return iter(node.inputs)

    return parents


def reachable(root: Node) -> dict[int, Node]:
    """Every node above root, root included, by id."""
    found, waiting = {id(root): root}, [root]
    while waiting:
        for parent in waiting.pop().inputs:
            if id(parent) not in found:
                found[id(parent)] = parent
                waiting.append(parent)
    return found


def assert_topological(order: list[Node], root: Node) -> None:
    __tracebackhide__ = True
    assert isinstance(order, list)
    expected, place = reachable(root), {id(node): i for i, node in enumerate(order)}
    assert len(order) == len(place), "a node is listed twice"
    assert place.keys() == expected.keys(), f"{len(place)} nodes listed, {len(expected)} are reachable"
    for node in order:
        late = [i for i in (place[id(one)] for one in node.inputs) if i >= place[id(node)]]
        assert not late, f"the node at {place[id(node)]} has a parent at {late[0]}"


def test_a_root_without_parents_stands_alone() -> None:
    root = Node()
    assert [node is root for node in topo_order(root, asked_once())] == [True]


def test_parents_come_before_what_is_computed_from_them() -> None:
    a = Node()
    b = Node(a)
    c = Node(a, b)
    root = Node(b, c)
    order = topo_order(root, asked_once())
    assert list(map(id, order)) == [id(a), id(b), id(c), id(root)]


@given(st.data())
def test_any_graph_without_cycles_is_put_in_order(data: st.DataObject) -> None:
    nodes = [Node()]
    for _ in range(data.draw(st.integers(0, 12))):
        nodes.append(Node(*data.draw(st.lists(st.sampled_from(nodes), max_size=4))))
    assert_topological(topo_order(nodes[-1], asked_once()), nodes[-1])


@pytest.mark.parametrize("turn", [lambda one: one, reversed])
def test_a_long_way_and_a_short_way_to_one_node(turn: Callable) -> None:
    a = Node()
    b = Node(a)
    c = Node(b)
    root = Node(*turn((a, c)))
    assert list(map(id, topo_order(root, asked_once()))) == [id(a), id(b), id(c), id(root)]


def test_a_parent_named_twice_is_listed_once() -> None:
    a = Node()
    root = Node(a, a)
    assert list(map(id, topo_order(root, asked_once()))) == [id(a), id(root)]


def test_only_ancestors_of_the_root_are_listed() -> None:
    a, aside = Node(), Node()
    root = Node(a)
    Node(root, aside)
    assert list(map(id, topo_order(root, asked_once()))) == [id(a), id(root)]


def test_a_graph_can_be_deeper_than_the_recursion_limit() -> None:
    chain = [Node()]
    for _ in range(50_000):
        chain.append(Node(chain[-1]))
    order = topo_order(chain[-1], asked_once())
    assert list(map(id, order)) == list(map(id, chain))


def test_time_grows_with_nodes_and_not_with_paths() -> None:
    root = Node()
    for _ in range(40):
        root = Node(Node(root), Node(root))
    assert_topological(topo_order(root, asked_once()), root)


def test_a_large_random_graph_is_put_in_order() -> None:
    nodes = [Node()]
    for _ in range(3_000):
        nodes.append(Node(nodes[-1], *random.choices(nodes, k=3)))
    assert_topological(topo_order(nodes[-1], asked_once()), nodes[-1])


def test_nodes_may_be_anything_that_has_an_identity() -> None:
    first, second, root = [], [], {}  # two empty lists are equal, and still two nodes
    inputs = {id(first): [], id(second): [first], id(root): [first, second]}
    order = topo_order(root, lambda node: inputs[id(node)])
    assert list(map(id, order)) == [id(first), id(second), id(root)]


@pytest.mark.parametrize("length", [1, 2, 3, 2_000])
@pytest.mark.parametrize("distance", [0, 1, 2])
def test_a_cycle_is_a_value_error(length: int, distance: int) -> None:
    first = Node()
    last = first
    for _ in range(length - 1):
        last = Node(Node(), last, Node())
    first.inputs = (last,)
    root = last
    for _ in range(distance):
        root = Node(Node(), root)
    with pytest.raises(ValueError):
        topo_order(root, asked_once())


def test_a_cycle_that_no_path_from_the_root_enters_does_no_harm() -> None:
    a = Node()
    root = Node(a)
    below = Node(root)
    below.inputs = (root, below)
    assert list(map(id, topo_order(root, asked_once()))) == [id(a), id(root)]
