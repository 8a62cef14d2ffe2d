"""What is under watch: every launch within, the memory that torch allocates, and what has been written"""

import os
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch

from aire_katas.checks.triton.allocation import Allocations
from aire_katas.checks.triton.mode import VARIABLE
from aire_katas.checks.triton.region import FIRST_SLOT, Region
from aire_katas.checks.triton.report import Fault, Place, Report, assert_no_faults


class Watch(AbstractContextManager[Report]):
    """Within, launches go to the report; `seed` gives the order of the programs, by default `random` does."""

    current: "Watch | None" = None

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(random.random() if seed is None else seed)
        self.report = Report(watched=os.environ.get(VARIABLE) != "0")
        self.allocations = Allocations(self.report)
        self.touched: dict[Any, tuple[Region, np.ndarray, np.ndarray]] = {}  # layout -> loaded, stored

    def __enter__(self) -> Report:
        self.outer, Watch.current = Watch.current, self
        self.allocations.__enter__()
        return self.report

    def __exit__(self, *error: Any) -> None:
        self.allocations.__exit__(*error)
        Watch.current = self.outer
        self.count_minimum(None)

    def count_minimum(self, results: Sequence[torch.Tensor] | None) -> None:
        """Bytes that no kernel can do without; scratch is known where the results are."""
        kept = None if results is None else {one.untyped_storage().data_ptr() for one in results}
        self.report.minimum = 0
        for region, loaded, stored in self.touched.values():
            if self.allocations.find(region.tensor) is None:
                self.report.minimum += int(loaded.sum() + stored.sum()) * region.itemsize
            elif kept is None or region.tensor.untyped_storage().data_ptr() in kept:
                self.report.minimum += int(stored.sum()) * region.itemsize

    def check_written(self, tensor: torch.Tensor, name: str) -> None:
        """A fault where elements of it hold what `torch.empty` left there."""
        fresh = self.allocations.find(tensor)
        if fresh is None or not tensor.numel():
            return
        region = Region(tensor, name, FIRST_SLOT)
        lacking = fresh.lacks(region.addresses())
        if lacking.any():
            at = int(region.addresses()[lacking.argmax()]) - region.real
            launch = self.report.launches[-1] if self.report.launches else None
            count = f"{int(lacking.sum())} of {lacking.size} elements"
            text = f"{region.index(at)} was never written; {count} were not"
            code = launch.function.__code__ if launch else None
            place = Place(code.co_filename, code.co_firstlineno) if code else None
            self.report.add(
                Fault("unwritten", launch.kernel if launch else "no kernel ran", place, None, text)
            )


def observe(
    function: Callable[..., Any],
    *args: Any,
    seed: int | None = None,
    outputs: Sequence[torch.Tensor] = (),
    **options: Any,
) -> Report:
    """Call a function that launches kernels: what it returned is the report's `result`, what went wrong its
    `faults`.

    Tensors that it returns have to be written in full; so have `outputs`, tensors among the arguments,
    which hold nan when the call begins. `seed` chooses the order of the programs, by default another one in
    every test.
    """
    watch = Watch(seed)
    for one in outputs:
        watch.allocations.poison(one)
    with watch as report:
        report.result = function(*args, **options)
    results = {"the result": report.result} if isinstance(report.result, torch.Tensor) else {}
    if isinstance(report.result, list | tuple):
        results = {
            f"result[{i}]": one for i, one in enumerate(report.result) if isinstance(one, torch.Tensor)
        }
    results.update({f"output {i}": one for i, one in enumerate(outputs)})
    for name, tensor in results.items():
        watch.check_written(tensor, name)
    watch.count_minimum(tuple(results.values()))
    return report


def run(
    function: Callable[..., Any],
    *args: Any,
    seed: int | None = None,
    outputs: Sequence[torch.Tensor] = (),
    **options: Any,
) -> Report:
    """`observe`, and KernelFault where anything went wrong."""
    __tracebackhide__ = True
    report = observe(function, *args, seed=seed, outputs=outputs, **options)
    assert_no_faults(report)
    return report
