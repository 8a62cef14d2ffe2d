import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.phase4.transformer.count_params_flops import (
    attention_fraction,
    forward_flops,
    params,
    train_memory_bytes,
)

KATA = Kata(
    difficulty=3,
    minutes=25,
    needs=("phase4/transformer/gpt_forward",),
    forbids={
        "torch": "count by formula: no model is built",
        "numpy": "Python's own whole numbers are exact, however large",
    },
)

# V, T, D, L, F
SIZES = [
    (11, 7, 4, 3, 10),
    (50, 9, 8, 2, None),
    (5, 1, 2, 1, 3),
    (3, 6, 6, 4, 1),
    (13, 5, 4, 0, None),
    (0, 4, 2, 2, None),
    (1, 1, 1, 1, None),
]
each_size = pytest.mark.parametrize(("V", "T", "D", "L", "F"), SIZES)


def shapes(V: int, T: int, D: int, L: int, F: int) -> dict[str, tuple[int, ...]]:
    """The keys of gpt_forward's weights, and a head."""
    weights: dict[str, tuple[int, ...]] = {"wte": (V, D), "wpe": (T, D), "head": (V, D)}
    weights |= {"lnf.g": (D,), "lnf.b": (D,)}
    for i in range(L):
        for norm in ("ln1", "ln2"):
            weights |= {f"h.{i}.{norm}.g": (D,), f"h.{i}.{norm}.b": (D,)}
        weights |= {f"h.{i}.attn.wqkv": (3 * D, D), f"h.{i}.attn.bqkv": (3 * D,)}
        weights |= {f"h.{i}.attn.wo": (D, D), f"h.{i}.attn.bo": (D,)}
        weights |= {f"h.{i}.mlp.w1": (F, D), f"h.{i}.mlp.b1": (F,)}
        weights |= {f"h.{i}.mlp.w2": (D, F), f"h.{i}.mlp.b2": (D,)}
    return weights


def counted_forward(V: int, T: int, D: int, L: int, F: int, n_head: int) -> tuple[int, int]:
    """The operations of a forward pass that is carried out: all of them, and those of attention."""
    spent = {"weights": 0, "attention": 0}

    def product(a: np.ndarray, b: np.ndarray, kind: str = "weights") -> np.ndarray:
        out = a @ b
        spent[kind] += 2 * out.size * a.shape[-1]  # a multiplication and an addition for each term
        return out

    w = {name: np.ones(shape) for name, shape in shapes(V, T, D, L, F).items()}
    x = w["wpe"]  # (T, D)
    for i in range(L):
        qkv = product(x, w[f"h.{i}.attn.wqkv"].T).reshape(T, 3, n_head, D // n_head)
        q, k, v = qkv.transpose(1, 2, 0, 3)  # (n_head, T, D / n_head) each
        scores = product(q, k.transpose(0, 2, 1), "attention")
        heads = product(scores, v, "attention")
        x = x + product(heads.transpose(1, 0, 2).reshape(T, D), w[f"h.{i}.attn.wo"].T)
        x = x + product(product(x, w[f"h.{i}.mlp.w1"].T), w[f"h.{i}.mlp.w2"].T)
        x = x / np.abs(x).max()
    product(x, w["wte"].T)
    return spent["weights"] + spent["attention"], spent["attention"]


def in_matrices(V: int, D: int, L: int, F: int) -> int:
    """Parameters that a token is multiplied by: those of the matrices, a head included."""
    matrices = ("wqkv", "wo", "w1", "w2", "head")
    sizes = shapes(V, 1, D, L, F).items()
    return sum(math.prod(shape) for name, shape in sizes if name.endswith(matrices))


# Parameters -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("D", "L", "expected"),
    [(768, 12, 124_439_808), (1024, 24, 354_823_168), (1280, 36, 774_030_080), (1600, 48, 1_557_611_200)],
)
def test_the_four_sizes_of_gpt_2(D: int, L: int, expected: int) -> None:
    assert params(50257, 1024, D, L) == expected


@pytest.mark.parametrize(
    ("tied", "learned_pos", "bias"), list(itertools.product([True, False], [True, False], [True, False]))
)
@each_size
def test_parameters_are_the_numbers_in_the_weights(
    V: int, T: int, D: int, L: int, F: int | None, tied: bool, learned_pos: bool, bias: bool
) -> None:
    weights = shapes(V, T, D, L, F or 4 * D)
    absent = {"head" if tied else "", "" if learned_pos else "wpe"}
    absent |= {name for name in weights if not bias and name.split(".")[-1].startswith("b")}
    expected = sum(math.prod(shape) for name, shape in weights.items() if name not in absent)
    assert params(V, T, D, L, F, tied, learned_pos, bias) == expected


@each_size
def test_by_default_the_head_is_tied_positions_are_learned_and_biases_are_there(
    V: int, T: int, D: int, L: int, F: int | None
) -> None:
    weights = shapes(V, T, D, L, F or 4 * D)
    assert params(V, T, D, L, F) == sum(map(math.prod, weights.values())) - math.prod(weights["head"])


# Operations -----------------------------------------------------------------------------------------------


@each_size
def test_flops_are_those_of_a_forward_pass(V: int, T: int, D: int, L: int, F: int | None) -> None:
    expected, _ = counted_forward(V, T, D, L, F or 4 * D, n_head=1)
    assert forward_flops(V, T, D, L, F) == expected


def test_the_number_of_heads_does_not_matter() -> None:
    for n_head in (1, 2, 4, 8):
        assert forward_flops(20, 5, 8, 2, 12) == counted_forward(20, 5, 8, 2, 12, n_head)[0]


@pytest.mark.parametrize(("V", "D", "L"), [(50257, 768, 12), (32000, 4096, 32), (1000, 512, 6)])
def test_a_short_sequence_costs_two_operations_a_parameter_and_token(V: int, D: int, L: int) -> None:
    T, N = D // 32, in_matrices(V, D, L, 4 * D)
    ratio = forward_flops(V, T, D, L) / T / (2 * N)
    assert 1 < ratio < 1.05


def test_every_size_adds_to_the_cost() -> None:
    for larger in np.eye(5, dtype=int):
        V, T, D, L, F = (np.array([10, 8, 6, 2, 9]) + larger).tolist()
        assert forward_flops(V, T, D, L, F) > forward_flops(10, 8, 6, 2, 9)
        assert params(V, T, D, L, F) > params(10, 8, 6, 2, 9)


# Attention ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("V", "T", "D", "L", "F"), [one for one in SIZES if one[3]])
def test_the_share_of_attention_is_that_of_a_forward_pass(
    V: int, T: int, D: int, L: int, F: int | None
) -> None:
    whole, attention = counted_forward(V, T, D, L, F or 4 * D, n_head=1)
    assert_close(attention_fraction(V, T, D, L, F), attention / whole)


@pytest.mark.parametrize(("D", "L"), [(4, 1), (768, 12), (5120, 40)])
def test_attention_has_caught_up_with_the_rest_at_six_widths(D: int, L: int) -> None:
    assert_close(attention_fraction(0, 6 * D, D, L), 0.5)
    assert attention_fraction(0, 6 * D - 1, D, L) < 0.5 < attention_fraction(0, 6 * D + 1, D, L)


def test_logits_delay_it() -> None:
    """4 L T^2 D = 24 L T D^2 + 2 T D V at T = 6 D + V / (2 L)."""
    assert_close(attention_fraction(1200, 6 * 64 + 100, 64, 6), 0.5)


# Memory ---------------------------------------------------------------------------------------------------


def test_adam_takes_16_bytes_a_parameter() -> None:
    assert train_memory_bytes(7_000_000_000) == 112_000_000_000
    assert train_memory_bytes(10, "adamw", "fp32") == train_memory_bytes(10, "adamw", "mixed") == 160


@pytest.mark.parametrize(("optimizer", "states"), [("sgd", 0), ("momentum", 1), ("adamw", 2)])
@pytest.mark.parametrize(
    ("dtype", "parts", "state"),
    [("fp32", ["f4", "f4"], "f4"), ("mixed", ["f2", "f2", "f4"], "f4"), ("bf16", ["f2", "f2"], "f2")],
)
def test_memory_is_that_of_the_arrays(
    optimizer: str, states: int, dtype: str, parts: list[str], state: str
) -> None:
    arrays = [np.zeros(13, kind) for kind in [*parts, *[state] * states]]
    assert train_memory_bytes(13, optimizer, dtype) == sum(one.nbytes for one in arrays)


@pytest.mark.parametrize(
    ("optimizer", "dtype"),
    [("adam", "fp32"), ("", "fp32"), ("adamw", "fp64"), ("adamw", ""), ("sgd", "fp16")],
)
def test_an_unknown_name_raises(optimizer: str, dtype: str) -> None:
    with pytest.raises(ValueError):
        train_memory_bytes(10, optimizer, dtype)


# Edges ----------------------------------------------------------------------------------------------------


def test_counts_are_whole_and_exact_however_large() -> None:
    V, T, D, L, F = 10**6 + 3, 10**7 + 1, 10**5 + 7, 999, 3 * 10**5 + 1
    calls: list[tuple[Callable[..., Any], int]] = [
        (lambda: params(V, T, D, L, F), (V + T + 2) * D + L * (4 * D * D + 2 * D * F + 9 * D + F)),
        (lambda: forward_flops(V, T, D, L, F), 2 * T * (L * (4 * D * D + 2 * D * F + 2 * T * D) + D * V)),
        (lambda: train_memory_bytes(10**18 + 1), 16 * 10**18 + 16),
    ]
    for call, expected in calls:
        count = call()
        assert isinstance(count, int)
        assert count == expected


def test_a_share_of_large_numbers_is_still_one() -> None:
    assert_close(attention_fraction(0, 6 * 10**6, 10**6, 100), 0.5)
