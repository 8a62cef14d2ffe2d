"""A depth-first search appends a node when it leaves it, and it leaves a node only after all that lies above. The stack
of half-read iterators is what Python's own call stack would have held. Micrograd recurses here, and fails on a
sum of a thousand terms; PyTorch counts the uses of each node instead and starts at the root (Kahn's way).
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

HINTS = (
    "Go from the root to parents, to their parents and so on, and note a node when you leave it, not when you arrive: by "
    "then all of its parents are noted.",
    "Without recursion you need a stack of your own. What does a recursive call remember while it waits? The node, and how "
    "far it has got through its parents: an iterator knows that.",
    "A node has three states: never met, begun, left. A parent that was left needs nothing more; one that is only begun "
    "lies on the way from the root to you, so you are going round in a circle.",
    "Keep the states in a dict by id(node): that is identity, and works for objects that have no hash.",
)

Node = TypeVar("Node")


# wrong: def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:  # a graph that is deep exceeds Python's limit on recursion: keep a stack of your own
#            order: list[Node] = []
#            left: dict[int, bool] = {}
#
#            def visit(node: Node) -> None:
#                left[id(node)] = False
#                for parent in parents(node):
#                    if not left.get(id(parent), True):
#                        raise ValueError("the graph has a cycle")
#                    if id(parent) not in left:
#                        visit(parent)
#                left[id(node)] = True
#                order.append(node)
#
#            visit(root)
#            return order
# wrong: def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:  # breadth first, a node can come before a parent that is reached by a longer way
#            order, met = [root], {id(root)}
#            for node in order:
#                for parent in parents(node):
#                    if parent is root:
#                        raise ValueError("the graph has a cycle")
#                    if id(parent) not in met:
#                        met.add(id(parent))
#                        order.append(parent)
#            return order[::-1]
# wrong: def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:  # this marks nodes when they are pushed: one may be noted before a parent that is still waiting
#            order, met, stack = [], {id(root)}, [root]
#            while stack:
#                order.append(node := stack.pop())
#                for parent in parents(node):
#                    if parent is root:
#                        raise ValueError("the graph has a cycle")
#                    if id(parent) not in met:
#                        met.add(id(parent))
#                        stack.append(parent)
#            return order[::-1]
# wrong: def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:  # this compares nodes by equality: two nodes are the same only if they are one object
#            order: list[Node] = []
#            stack = [(root, iter(parents(root)))]
#            while stack:
#                node, waiting = stack[-1]
#                for parent in waiting:
#                    if any(parent is begun for begun, _ in stack):
#                        raise ValueError("the graph has a cycle")
#                    if parent not in order:
#                        stack.append((parent, iter(parents(parent))))
#                        break
#                else:
#                    stack.pop()
#                    order.append(node)
#            return order
def topo_order(root: Node, parents: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """Every node reachable from root, once, after all of its parents; ValueError if there is a cycle."""
    order: list[Node] = []
    left = {id(root): False}  # of the nodes met so far; False on the way from root to here
    stack = [(root, iter(parents(root)))]
    while stack:
        node, waiting = stack[-1]
        for parent in waiting:
            # wrong: if left.get(id(parent), True):  # a node that was left is visited again, once for every path to it
            #            left[id(parent)] = False
            #            stack.append((parent, iter(parents(parent))))
            #            break
            if id(parent) not in left:
                left[id(parent)] = False
                stack.append((parent, iter(parents(parent))))
                break
            # wrong: pass  # a parent that is begun but not left closes a cycle: no order exists
            # wrong: raise ValueError("the graph has a cycle")  # a node met before is a cycle only if it is not left yet: here two nodes share a parent
            # wrong: if parent is root:  # a cycle need not pass through the root
            #            raise ValueError("the graph has a cycle")
            if not left[id(parent)]:
                raise ValueError("the graph has a cycle")
        else:
            stack.pop()
            # wrong: pass  # a node that is left has to be marked as left, else its second child takes it for a cycle
            left[id(node)] = True
            # wrong: order.insert(0, node)  # this lists the root first: parents come before what is computed from them
            order.append(node)
    # wrong: return order[:-1]  # the root belongs to the list
    return order
