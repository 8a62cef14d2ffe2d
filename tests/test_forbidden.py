"""Which calls are refused: the learner's own and those made for the learner, by whatever name; no others."""

import collections
import functools
import importlib.util
import itertools
import sys
import textwrap
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas.checks.forbidden import Forbidden, refuse

HERE = Path(__file__)
SOFTMAX = {"torch.nn.functional.softmax": "exponentiate and normalise"}
X = torch.tensor([[0.0, 1.0, 3.0]])
Learner = Callable[[str], ModuleType]


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Learner:
    """Imports the source as a learner's file, attempt.py."""

    def load(source: str) -> ModuleType:
        file = tmp_path / "attempt.py"
        file.write_text(textwrap.dedent(source), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("attempt", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "attempt", module)
        spec.loader.exec_module(module)
        return module

    return load


def judge(module: ModuleType, *arguments: Any, forbids: Mapping[str, str] = SOFTMAX) -> Any:
    """What the learner's f returns while `forbids` is in force."""
    with refuse(forbids, Path(str(module.__file__)), HERE):
        return module.f(*arguments)


def refusal(module: ModuleType, *arguments: Any, forbids: Mapping[str, str] = SOFTMAX) -> str:
    with pytest.raises(Forbidden) as error:
        judge(module, *arguments, forbids=forbids)
    return str(error.value)


# While it runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def f(x):\n    return getattr(torch.nn.functional, 'soft' + 'max')(x, -1)", 3),
        ("s = getattr(torch.nn.functional, 'soft' + 'max')\ndef f(x):\n    return s(x, -1)", 4),
        ("from torch.nn.functional import *\ndef f(x):\n    return softmax(x, -1)", 4),
        ("def f(x):\n    return vars(torch.nn)['functional'].softmax(x, -1)", 3),
        ("def f(x):\n    return sys.modules['torch'].nn.functional.softmax(x, -1)", 3),
        ("def f(x):\n    return importlib.import_module('torch.nn').functional.softmax(x, -1)", 3),
        ("def f(x):\n    return eval('torch.nn.functional.softmax(x, -1)')", 3),
        ("def f(x, n=(torch.nn,)):\n    return n[0].functional.softmax(x, -1)", 3),
    ],
)
def test_a_call_by_a_hidden_name_is_refused(learner: Learner, source: str, line: int) -> None:
    assert refusal(learner(f"import importlib, sys, torch\n{source}"), X) == (
        "build this yourself: torch.nn.functional.softmax is not allowed here; "
        f"exponentiate and normalise (attempt.py:{line})"
    )


def test_a_call_by_a_library_on_the_learners_behalf_is_refused(learner: Learner) -> None:
    module = learner(
        """
        import torch

        def f(x):
            return torch.nn.Softmax(-1)(x)
        """
    )
    assert refusal(module, X).endswith("(attempt.py:5)")


def test_a_learners_callback_is_refused_whoever_calls_it(learner: Learner) -> None:
    module = learner(
        """
        import torch

        def f():
            return lambda x: getattr(torch.nn.functional, "softmax")(x, -1)
        """
    )
    with refuse(SOFTMAX, Path(str(module.__file__)), HERE), pytest.raises(Forbidden, match=r"attempt\.py:5"):
        torch.func.vmap(module.f())(X)


def test_a_method_is_refused(learner: Learner) -> None:
    module = learner("def f(x):\n    return x.softmax(-1)")
    forbids = {"torch.Tensor.softmax": "normalise"}
    assert refusal(module, X, forbids=forbids) == (
        "build this yourself: torch.Tensor.softmax is not allowed here; normalise (attempt.py:2)"
    )


def test_an_operator_is_refused(learner: Learner) -> None:
    module = learner("def f(x):\n    return x @ x.T")
    assert "torch.Tensor.__matmul__" in refusal(module, X, forbids={"torch.Tensor.__matmul__": "sum"})


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("torch.nn.MultiheadAttention", "torch.nn.MultiheadAttention(4, 2)"),
        ("torch.nn.Parameter", "torch.nn.Parameter(torch.ones(2))"),
        ("collections.Counter", "collections.Counter('abc')"),
        ("collections.deque", "collections.deque([1])"),
        ("itertools.permutations", "itertools.permutations([1, 2])"),
        ("fractions.Fraction", "fractions.Fraction(1, 2)"),
        ("builtins.sorted", "sorted([2, 1])"),
        ("numpy.logaddexp", "numpy.logaddexp(0, 1)"),
        ("functools.cache", "functools.cache(f)"),
        ("numpy.linalg.svd", "numpy.linalg.svd(numpy.eye(2))"),
    ],
)
def test_classes_and_compiled_functions_are_refused(learner: Learner, name: str, call: str) -> None:
    imports = "import collections, fractions, functools, itertools, numpy, torch\n"
    module = learner(f"{imports}def f():\n    return eval({call!r})")
    assert refusal(module, forbids={name: "write it"}) == (
        f"build this yourself: {name} is not allowed here; write it (attempt.py:3)"
    )


def test_a_subclass_of_a_forbidden_class_is_refused(learner: Learner) -> None:
    module = learner(
        """
        import torch

        class Mine(vars(torch.nn)["Linear"]):
            def __init__(self):
                super().__init__(2, 2)

        f = Mine
        """
    )
    assert refusal(module, forbids={"torch.nn.Linear": "multiply"}).endswith("multiply (attempt.py:6)")


def test_a_thread_of_the_learners_is_refused(learner: Learner) -> None:
    module = learner(
        """
        from concurrent.futures import ThreadPoolExecutor
        import torch

        def one(x):
            return getattr(torch.nn.functional, "softmax")(x, -1)

        def f(x):
            with ThreadPoolExecutor(1) as pool:
                return list(pool.map(one, [x]))
        """
    )
    assert refusal(module, X).endswith("(attempt.py:6)")


# Who may ------------------------------------------------------------------------------------------------


def test_the_test_may_call_it(learner: Learner) -> None:
    module = learner("def f(x):\n    return x.exp() / x.exp().sum(-1, keepdim=True)")
    with refuse(SOFTMAX, Path(str(module.__file__)), HERE):
        assert torch.allclose(module.f(X), F.softmax(X, -1))
        assert torch.allclose(module.f(X), torch.nn.Softmax(-1)(X))  # a library on the test's behalf


def test_a_callback_of_the_tests_may_call_it_for_the_learner(learner: Learner) -> None:
    module = learner("def f(function, x):\n    return function(x)")
    assert torch.equal(judge(module, lambda x: F.softmax(x, -1), X), F.softmax(X, -1))


def test_what_the_test_made_may_be_used_by_the_learner(learner: Learner) -> None:
    module = learner("def f(layer, x):\n    return layer(x)")
    layer = torch.nn.Linear(3, 2)
    assert torch.equal(judge(module, layer, X, forbids={"torch.nn.Linear": "multiply"}), layer(X))


def test_everyone_else_may_call_it(learner: Learner) -> None:
    module = learner("def f():\n    return 1")
    with refuse(SOFTMAX, Path(str(module.__file__)), HERE.with_name("another.py")):
        assert F.softmax(X, -1).sum().item() == pytest.approx(1)


def test_the_guarded_keeps_working_for_the_test(learner: Learner) -> None:
    module = learner("def f():\n    return 1")
    names = (
        "numpy.logaddexp",
        "fractions.Fraction",
        "collections.deque",
        "torch.nn.Linear",
        "torch.nn.Parameter",
        "torch.autograd.Function.apply",
        "torch.Tensor.softmax",
        "torch.nn.Module.to",
    )

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    with refuse(dict.fromkeys(names, "write it"), Path(str(module.__file__)), HERE):
        assert np.logaddexp.reduce(np.zeros(4)) == pytest.approx(np.log(4))
        assert Fraction(1, 2) + Fraction(1, 2) == 1
        assert collections.deque([1, 2], maxlen=1)[0] == 2
        assert isinstance(torch.nn.Linear(2, 2), torch.nn.Linear)
        assert isinstance(torch.nn.Parameter(X), torch.nn.Parameter)
        assert torch.equal(Double.apply(X), 2 * X)
        assert X.softmax(-1).shape == torch.nn.Linear(3, 3).to(torch.float32)(X).shape


# Around it ----------------------------------------------------------------------------------------------


def test_everything_is_as_before_afterwards(learner: Learner) -> None:
    module = learner("from torch.nn.functional import *\ndef f():\n    raise RuntimeError")
    owners = [F, torch.Tensor, torch.nn.Linear, torch.nn.Parameter, Fraction, itertools, functools, module]
    before = [dict(vars(owner)) for owner in owners]
    names = (
        "torch.nn.functional.softmax",
        "torch.Tensor.softmax",
        "torch.nn.Linear",
        "torch.nn.Parameter",
        "fractions.Fraction",
        "itertools.permutations",
        "functools.cache",
    )
    with pytest.raises(RuntimeError):
        judge(module, forbids={name: "write it" for name in names})
    assert [dict(vars(owner)) for owner in owners] == before
    assert Fraction(1, 2) == torch.nn.Parameter(torch.tensor(0.5)).item()


def test_nothing_is_forbidden_where_nothing_is_named(learner: Learner) -> None:
    module = learner("import torch.nn.functional as F\ndef f(x):\n    return F.softmax(x, -1)")
    assert torch.equal(judge(module, X, forbids={}), F.softmax(X, -1))


def test_what_is_not_imported_or_not_there_needs_no_guard(learner: Learner) -> None:
    module = learner("def f():\n    return 1")
    assert (
        judge(module, forbids={"no_such_library.thing": "-", "torch.no_such_thing": "-", "torch": "-"}) == 1
    )


def test_a_method_of_a_built_in_class_is_the_authors_fault(learner: Learner) -> None:
    module = learner("def f():\n    return 1")
    with pytest.raises(ValueError, match=r"^forbids: ndarray.sort is built in and cannot be guarded$"):
        judge(module, forbids={"numpy.ndarray.sort": "write it"})
