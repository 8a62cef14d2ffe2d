"""Whether a function is still the one its package brought along

A learner's file runs in the judge's process and could put its own `torch.cuda.Event` in place. A function
tells where its code was written.
"""

import sys
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any


def assert_genuine(*names: str) -> None:
    """Each name (time.perf_counter, torch.cuda.Event.record) is built in or written in its own package."""
    __tracebackhide__ = True
    for name in names:
        found: Any = sys.modules[name.partition(".")[0]]
        folder = Path(getattr(found, "__file__", None) or "built in").parent
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        code = getattr(found, "__code__", None)
        if isinstance(found, BuiltinFunctionType) and f"{found.__module__}.{found.__name__}" == name:
            continue
        if code is None or not Path(code.co_filename).is_relative_to(folder):
            place = f" ({Path(code.co_filename).name}:{code.co_firstlineno})" if code else ""
            raise AssertionError(
                f"{name} has been replaced{place}: speed is judged with the real timers, leave them alone"
            )
