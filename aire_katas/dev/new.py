"""The files of a new kata, with everything to fill in marked TODO, so that `dev check` finds what is left."""

import re
from collections.abc import Iterator
from pathlib import Path

STUB = '''"""{title}

TODO: why it matters; formulas; shapes, dtypes, conventions; what raises; the source with its year.
"""

import numpy as np


def {name}(x: np.ndarray) -> np.ndarray:
    """TODO: the contract in a line, with shapes."""
    raise NotImplementedError
'''

TESTS = """import numpy as np

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from katas.{module} import {name}

KATA = Kata(difficulty=2, minutes=15)


def test_todo_first_insight_as_a_sentence() -> None:
    assert_close({name}(np.arange(3.0)), np.array([np.inf]))
"""

SOLUTION = '''"""TODO: what to see once this is solved."""

import numpy as np

HINTS = (
    "TODO: a nudge.",
    "TODO: the idea.",
)


def {name}(x: np.ndarray) -> np.ndarray:
    """TODO: the contract in a line, with shapes."""
    # wrong: return -x  # TODO: what to tell the author of this mistake
    return x
'''


STUB_CUDA = '''"""{title}

TODO: why it matters; formulas; shapes, dtypes, layout, the launch; what is judged; the source with its year.
"""

from aire_katas.checks.cuda import Kernels

kernels = Kernels(__file__)  # those of {name}.cu
'''

TESTS_CUDA = """import numpy as np

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import unset
from katas.{module} import kernels

KATA = Kata(difficulty=2, minutes=15)


def test_todo_first_insight_as_a_sentence() -> None:
    x, out = np.arange(40, dtype=np.float32), unset(40)
    kernels.launch("{name}", 2, 32, (40, x, out))
    assert_close(out, np.full(40, np.inf))
"""
SOLUTION_CUDA = '''"""TODO: what to see once this is solved."""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "TODO: a nudge.",
    "TODO: the idea.",
)

kernels = Kernels(__file__)
'''

KERNELS = """// {title}. The statement is in {name}.py.

// TODO: the contract in a line.
__global__ void {name}(int n, const float* x, float* out) {{
}}
"""
KERNELS_SOLUTION = """__global__ void {name}(int n, const float* x, float* out) {{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: out[i] = x[i];  // TODO: what to tell the author of this mistake
    if (i < n) out[i] = x[i];
}}
"""


class NotNew(ValueError):
    """The id is no id, or taken."""


def write_kata(root: Path, kata_id: str, title: str, *, cuda: bool = False) -> Iterator[Path]:
    """Write stub, tests and solution of `phaseN/topic/name`, and a link at the end of the phase's README.

    With `cuda` the stub's functions are kernels in a .cu file beside it.
    """
    if not re.fullmatch(r"phase[1-7]/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*", kata_id):
        raise NotNew(f"{kata_id!r} is no id: write phaseN/topic/name, such as phase4/attention/sdpa")
    phase, topic, name = kata_id.split("/")
    if topic in ("build", "dist", "node_modules", "venv"):
        raise NotNew(f"pytest skips folders called {topic!r}: call the topic something else")
    stubs, solutions = root / "katas" / phase / topic, root / "solutions" / phase / topic
    texts = {
        stubs / f"{name}.py": STUB_CUDA if cuda else STUB,
        stubs / f"test_{name}.py": TESTS_CUDA if cuda else TESTS,
        solutions / f"{name}.py": SOLUTION_CUDA if cuda else SOLUTION,
    }
    if cuda:
        texts |= {stubs / f"{name}.cu": KERNELS, solutions / f"{name}.cu": KERNELS_SOLUTION}
    for path in texts:
        if path.exists():
            raise NotNew(f"{path.relative_to(root)} is there already")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            text.format(title=title, name=name, module=kata_id.replace("/", ".")), encoding="utf-8"
        )
        yield path
    readme = root / "katas" / phase / "README.md"
    with readme.open("a", encoding="utf-8") as file:
        file.write(f"- [{title}]({topic}/{name}.py)\n")
    yield readme
