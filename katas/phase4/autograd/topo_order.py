"""Topological order of a computation graph

Backpropagation visits a node only when the gradients from everything computed out of it have arrived. So an
autograd engine first puts the graph in a row, each node behind all of its parents (the nodes it was computed
from), and then walks that row from its end: this function is what the first line of every `backward` calls.

`topo_order(root, parents)` lists every node that can be reached from root through parents, root included:
each node once, somewhere after all of its parents. So the root comes last. Several orders may do; any of them
is right. For

    b = f(a),  c = g(a, b),  root = h(b, c)

there is only one: a, b, c, root.

`parents(node)` gives an iterable, perhaps a generator, perhaps empty. It may name one parent twice, as for
a + a. Ask it once for each node: not more often, for its answer may be costly.

A node can be any object. Two nodes are the same only if they are one object (`is`): they may call themselves
equal to everything, may be unhashable, and carry no marks of yours. The graph may be 50,000 nodes deep, which
is far beyond Python's limit on recursion, and that limit stays as it is. With 40 diamonds on top of each
other there are 2**40 ways down from the root: the time must grow with the number of nodes and edges, not with
the number of paths.

If there is a cycle among the reachable nodes, no order exists: that is a ValueError. A node can be its own
parent, and that is a cycle too.

Kahn 1962; Tarjan 1976; Skiena 2020, section 7.10.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

Node = TypeVar("Node")


def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """Every node reachable from root, once, after all of its parents; ValueError if there is a cycle."""
    raise NotImplementedError
