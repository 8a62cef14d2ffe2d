from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy
import torch

from aire_katas.dev.spoil import probed, spoil, spoilers

SOURCE = """\
import numpy as np


def scaled(x, factor):
    return factor * x, {"sum": float(x.sum())}


def is_large(x):
    return bool((x > 2).any())


def name(x):
    return "text"


def nothing(x):
    return None


def _hidden(x):
    return x


class Box:
    def __init__(self, x):
        self.x = x

    def __call__(self, y):
        return self.x + y

    @property
    def size(self):
        return len(self.x)

    @staticmethod
    def one(x):
        return x + 1
"""


def load(source: str) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(source, module)
    return module


@pytest.mark.parametrize(("kind", "factor"), [("zeros", 0), ("negated", -1), ("doubled", 2)])
def test_numbers_are_changed_wherever_they_stand(kind: str, factor: int) -> None:
    module = load(SOURCE)
    spoil(module, "scaled", kind)
    array, parts = module["scaled"](np.array([1.0, 2.0]), 3)
    assert array.tolist() == [3 * factor, 6 * factor]
    assert parts == {"sum": 3 * factor}


def test_the_input_comes_back() -> None:
    module = load(SOURCE)
    spoil(module, "scaled", "the input")
    x = np.array([1.0, 2.0])
    assert module["scaled"](x, 3) is x


@pytest.mark.parametrize(("kind", "expected"), [("zeros", False), ("negated", False), ("doubled", True)])
def test_booleans_are_negated_and_have_no_double(kind: str, expected: bool) -> None:
    module = load(SOURCE)
    spoil(module, "is_large", kind)
    assert module["is_large"](np.array([1.0, 3.0])) is expected


def test_methods_and_properties_are_spoilt_too() -> None:
    module = load(SOURCE)
    for target in ("Box.__call__", "Box.size", "Box.one"):
        spoil(module, target, "doubled")
    box = module["Box"]([1.0])
    assert box([2.0]) == [2.0, 4.0]
    assert box.size == 2
    assert box.one(4) == 10


def test_the_zeros_of_infinite_numbers_are_zeros() -> None:
    module = {"f": lambda x: x}
    spoil(module, "f", "zeros")
    assert module["f"](np.array([np.inf, 1.0])).tolist() == [0, 0]
    assert module["f"](torch.tensor([np.inf, 1.0])).tolist() == [0, 0]


def test_expressions_are_changed_too() -> None:
    x = sympy.Symbol("x")
    module = {"f": lambda y: [y + 1, sympy.Matrix([y])]}
    spoil(module, "f", "doubled")
    assert module["f"](x) == [2 * (x + 1), sympy.Matrix([2 * x])]


def test_named_tuples_and_tensors_keep_their_kind() -> None:
    class Pair(NamedTuple):
        a: torch.Tensor
        b: torch.Tensor

    module = {"f": lambda x: Pair(x, x > 1)}
    spoil(module, "f", "zeros")
    result = module["f"](torch.tensor([1.0, 2.0]))
    assert isinstance(result, Pair)
    assert result.a.tolist() == [0, 0]
    assert result.b.tolist() == [False, False]


def test_only_what_changes_something_is_a_spoiler(tmp_path: Path) -> None:
    module = load(probed(SOURCE, tmp_path))
    assert module["nothing"](np.array([1.0])) is None
    assert module["name"](np.array([1.0])) == "text"
    assert module["is_large"](np.array([1.0])) is False
    assert module["scaled"](np.array([0.0]), 3)[1] == {"sum": 0}
    found = {(spoiler.target, spoiler.kind) for spoiler in spoilers(SOURCE, tmp_path)}
    assert found == {
        ("name", "the input"),
        ("is_large", "the input"),
        ("is_large", "negated"),
        ("scaled", "the input"),
    }


def test_a_spoiler_is_a_program_that_spoils_itself(tmp_path: Path) -> None:
    load(probed(SOURCE, tmp_path))["scaled"](np.array([1.0]), 3)
    kinds = {spoiler.kind: load(spoiler.source) for spoiler in spoilers(SOURCE, tmp_path)}
    assert kinds["negated"]["scaled"](np.array([1.0]), 3)[0].tolist() == [-3]
