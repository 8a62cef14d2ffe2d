"""`triton.autotune` without a driver: nothing is timed, the first configuration is taken

The first that pruning leaves, that is. A test that wants another, or all of them, asks for it with
`chosen_config`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import triton
from triton.runtime.autotuner import Autotuner


@contextmanager
def chosen_config(kernel: Any, number: int) -> Iterator[triton.Config]:
    """Within, launches of an autotuned kernel use its configuration `number`; IndexError without one."""
    if not isinstance(kernel, Autotuner):
        raise TypeError(
            f"{getattr(kernel, '__name__', kernel)!r} is not autotuned: decorate it with triton.autotune"
        )
    configs, cache = kernel.configs, kernel.cache
    kernel.configs, kernel.cache = [configs[number]], {}
    try:
        yield configs[number]
    finally:
        kernel.configs, kernel.cache = configs, cache


def untimed(self: Autotuner, *args: Any, config: triton.Config, **meta: Any) -> list[float]:
    """In place of a benchmark: a time that makes the first configuration win."""
    if twice := meta.keys() & config.kwargs.keys():
        raise ValueError(
            f"{', '.join(sorted(twice))} is given by the caller and by the configuration: leave it out"
        )
    return [float(self.configs.index(config))] * 3
