"""Which names in a learner's file are refused before anything runs."""

from pathlib import Path

import pytest

from aire_katas.checks.forbidden import Forbidden, check_source, refuse

HERE = Path(__file__)
SOFTMAX = {"torch.nn.functional.softmax": "exponentiate and normalise"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("from torch.nn.functional import softmax", 1),
        ("from torch.nn.functional import softmax as s", 1),
        ("import torch\n\ndef f(x):\n    return torch.nn.functional.softmax(x, -1)", 4),
        ("import torch.nn.functional as F\n\ndef f(x):\n    return F.softmax(x, -1)", 4),
        ("from torch.nn import functional\n\ns = functional.softmax", 3),
        ("from torch import nn as n\n\ns = n.functional.softmax", 3),
        ("def f(x):\n    from torch.nn.functional import softmax\n    return softmax(x, -1)", 2),
        ("import torch\n\ndef f(x, s=torch.nn.functional.softmax):\n    return s(x, -1)", 3),
        ("import torch\n\nn = torch.nn\nF = n.functional\n\ndef f(x):\n    return F.softmax(x, -1)", 7),
    ],
)
def test_a_forbidden_name_in_the_file_is_refused(tmp_path: Path, source: str, line: int) -> None:
    file = tmp_path / "attempt.py"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(Forbidden) as error, refuse(SOFTMAX, file, HERE):
        raise RuntimeError("the body must not run")
    assert str(error.value) == (
        "build this yourself: torch.nn.functional.softmax is not allowed here; "
        f"exponentiate and normalise (attempt.py:{line})"
    )


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "import torch.nn.functional as F",
        "from torch.nn import functional",
        "import importlib\nt = importlib.import_module('torch.nn')",
        "t = __import__('torch')",
        "from torch import *",
    ],
)
def test_a_forbidden_module_goes_with_all_that_is_in_it(tmp_path: Path, source: str) -> None:
    file = tmp_path / "attempt.py"
    file.write_text(source, encoding="utf-8")
    with pytest.raises(Forbidden, match=r"^build this yourself: torch is not allowed here; use numpy \("):
        check_source({"torch": "use numpy"}, file)


@pytest.mark.parametrize(
    "source",
    [
        "import torch.nn.functional as F\n\ndef f(x):\n    return F.log_softmax(x, -1).exp()",
        "from torch.nn.functional import softmax_",
        "def softmax(x):\n    return x\n\ny = softmax(1)",
        "from .functional import softmax",
        "'torch.nn.functional.softmax'  # torch.nn.functional.softmax",
        "import numpy as torch\n\ntorch.exp(0)",
    ],
)
def test_names_that_only_resemble_are_left_alone(tmp_path: Path, source: str) -> None:
    file = tmp_path / "attempt.py"
    file.write_text(source, encoding="utf-8")
    check_source(SOFTMAX, file)


def test_a_module_is_not_another_whose_name_begins_alike(tmp_path: Path) -> None:
    file = tmp_path / "attempt.py"
    file.write_text("import torchvision_of_mine", encoding="utf-8")
    check_source({"torch": "use numpy"}, file)
