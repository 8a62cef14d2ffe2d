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


class NotNew(ValueError):
    """The id is no id, or taken."""


def write_kata(root: Path, kata_id: str, title: str) -> Iterator[Path]:
    """Write stub, tests and solution of `phaseN/topic/name`, and a link at the end of the phase's README."""
    if not re.fullmatch(r"phase[1-7]/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*", kata_id):
        raise NotNew(f"{kata_id!r} is no id: write phaseN/topic/name, such as phase4/attention/sdpa")
    phase, topic, name = kata_id.split("/")
    if topic in ("build", "dist", "node_modules", "venv"):
        raise NotNew(f"pytest skips folders called {topic!r}: call the topic something else")
    texts = {
        root / "katas" / phase / topic / f"{name}.py": STUB,
        root / "katas" / phase / topic / f"test_{name}.py": TESTS,
        root / "solutions" / phase / topic / f"{name}.py": SOLUTION,
    }
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
