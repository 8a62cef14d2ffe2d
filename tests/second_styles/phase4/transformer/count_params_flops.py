"""Lists of shapes that are multiplied out, and sums over them."""

from math import prod


def params(
    V: int,
    T: int,
    D: int,
    L: int,
    F: int | None = None,
    tied: bool = True,
    learned_pos: bool = True,
    bias: bool = True,
) -> int:
    hidden = 4 * D if F is None else F
    matrices = [(V, D)] * (1 if tied else 2) + [(T, D)] * learned_pos
    vectors = [D] * (2 if bias else 1)
    for _ in range(L):
        matrices += [(3 * D, D), (D, D), (hidden, D), (D, hidden)]
        vectors += [D, D] + [D, D, 3 * D, D, hidden, D] * bias
    return sum(map(prod, matrices)) + sum(vectors)


def _products(T: int, D: int, L: int, F: int | None) -> tuple[int, int]:
    """Of all layers: the products with weights, and those of attention."""
    hidden = 4 * D if F is None else F
    weights = [(T, D, 3 * D), (T, D, D), (T, D, hidden), (T, hidden, D)]
    attention = [(T, D, T), (T, T, D)]
    return 2 * L * sum(map(prod, weights)), 2 * L * sum(map(prod, attention))


def forward_flops(V: int, T: int, D: int, L: int, F: int | None = None) -> int:
    return sum(_products(T, D, L, F)) + 2 * prod((T, D, V))


def attention_fraction(V: int, T: int, D: int, L: int, F: int | None = None) -> float:
    weights, attention = _products(T, D, L, F)
    return attention / (weights + attention + 2 * T * D * V)


def train_memory_bytes(n_params: int, optimizer: str = "adamw", dtype: str = "fp32") -> int:
    try:
        states = ("sgd", "momentum", "adamw").index(optimizer)
        kind = ("fp32", "mixed", "bf16").index(dtype)
    except ValueError as error:
        raise ValueError("a name that is not in the table") from error
    weight, grad, copy, state = [(4, 4, 0, 4), (2, 2, 4, 4), (2, 2, 0, 2)][kind]
    return n_params * (weight + grad + copy + states * state)
