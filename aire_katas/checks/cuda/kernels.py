"""The .cu file of a kata, as its tests see it

A stub that says `kernels = Kernels(__file__)` has its CUDA C++ in the file of the same name beside it. What
the learner has written there is run and judged on the CPU; see docs/kernel-lab.md.
"""

import functools
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from aire_katas import cpp, impl
from aire_katas.checks.cuda import gpu
from aire_katas.checks.cuda.assertions import assert_clean
from aire_katas.checks.cuda.build import NoCompiler
from aire_katas.checks.cuda.launch import Size, run_host, run_kernel
from aire_katas.checks.cuda.listing import note
from aire_katas.checks.cuda.report import Report

SECONDS = 5.0  # for one launch: less than a test has, so that the kernel is named which never ends


class Kernels:
    """The kernels and host functions of the .cu file that goes with a stub.

    What is run must be written: an empty function, or one that uses an empty function, is to do. A fault of
    any kind fails the test: accesses out of bounds, races, diverged barriers, values read before written.
    """

    def __init__(self, stub: str) -> None:
        self._stub = Path(stub)

    @property
    def path(self) -> Path:
        """The .cu file: that of the first tree given with --impl that has one, else the stub's neighbour."""
        return impl.companion(self._stub, cpp.SUFFIX)

    def launch(
        self,
        kernel: str,
        grid: Size,
        block: Size,
        args: Sequence[Any],
        *,
        shared: int = 0,
        seed: int | None = None,
        judge: bool = True,
        seconds: float = SECONDS,
    ) -> Report:
        """Run `kernel<<<grid, block, shared>>>(*args)`, as `run_kernel`; without `seed` in any order.

        Raises AssertionError for the first faults, and Unwritten, which is to do, for an empty kernel.
        """
        __tracebackhide__ = True
        return self._judged(
            kernel,
            seed,
            lambda path, seed: run_kernel(
                path, kernel, grid, block, args, shared=shared, seed=seed, judge=judge, seconds=seconds
            ),
        )

    def call(
        self,
        function: str,
        args: Sequence[Any],
        *,
        seed: int | None = None,
        judge: bool = True,
        seconds: float = SECONDS,
    ) -> Report:
        """Call a host function, extern "C", that launches kernels itself, as `run_host`; else as `launch`."""
        __tracebackhide__ = True
        return self._judged(
            function,
            seed,
            lambda path, seed: run_host(path, function, args, seed=seed, judge=judge, seconds=seconds),
        )

    def call_on_gpu(self, function: str, args: Sequence[Any]) -> None:
        """The same on this machine's GPU, compiled by nvcc, with contiguous tensors on it for arrays.

        Returns when the function does, which need not wait for its kernels. AssertionError for an error code.
        """
        __tracebackhide__ = True
        self._on_gpu(function, functools.partial(gpu.call, self._written(function), function, args))

    def launch_on_gpu(
        self, kernel: str, grid: Size, block: Size, args: Sequence[Any], shared: int = 0
    ) -> None:
        """As `launch`, on this machine's GPU; the kernel has ended on return."""
        __tracebackhide__ = True
        shape = _sizes(grid), _sizes(block)
        run = functools.partial(gpu.launch, self._written(kernel), kernel, *shape, args, shared=shared)
        self._on_gpu(kernel, run)

    def _on_gpu(self, name: str, run: Callable[..., int]) -> None:
        __tracebackhide__ = True
        import torch

        major, minor = torch.cuda.get_device_capability()
        try:
            code = run(arch=10 * major + minor)
        except NoCompiler as error:
            pytest.skip(f"not graded: {error}")
        if code:
            raise AssertionError(f"{name} returned {code}, which is one of CUDA's error codes; 0 is none")

    def _judged(self, name: str, seed: int | None, run: Callable[[Path, int], Report]) -> Report:
        __tracebackhide__ = True
        path = self._written(name)
        try:
            report = run(path, random.getrandbits(32) if seed is None else seed)
        except NoCompiler as error:
            pytest.skip(f"not graded: {error}")
        note(report)
        assert_clean(report)
        return report

    def _written(self, name: str) -> Path:
        """The file, once `name` and all that it uses have bodies."""
        __tracebackhide__ = True
        path = self.path
        if not path.is_file():
            raise AssertionError(f"{path.name} is missing: aire-katas reset {path.stem} brings it back")
        if empty := cpp.unwritten(path.read_text(encoding="utf-8"), name):
            raise cpp.Unwritten(path, empty.name, empty.line)
        return path


def _sizes(size: Size) -> Sequence[int]:
    return (size,) if isinstance(size, int) else size
