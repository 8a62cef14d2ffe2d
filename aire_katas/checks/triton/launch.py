"""A launch in the interpreter: arguments at watched addresses, programs in a shuffled order"""

import dataclasses
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from triton.backends.nvidia.compiler import CUDAOptions
from triton.runtime import interpreter
from triton.runtime.errors import InterpreterError

from aire_katas.checks.triton.report import Launch, assert_no_faults
from aire_katas.checks.triton.running import Running
from aire_katas.checks.triton.source import NOT_HERE
from aire_katas.checks.triton.watch import Watch

OPTIONS = {field.name for field in dataclasses.fields(CUDAOptions)}  # num_warps, num_stages ...


class Executor(interpreter.GridExecutor):
    """Runs a launch: arguments at watched addresses, programs in a shuffled order."""

    def __call__(self, *args: Any, **options: Any) -> None:
        __tracebackhide__ = True
        if Watch.current is not None:
            self._launch(Watch.current, args, options)
            return
        watch = Watch()
        with watch as report:
            self._launch(watch, args, options)
        assert_no_faults(report)

    def _launch(self, watch: Watch, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        parameters = inspect.getfullargspec(self.fn).args
        given = {name: value for name, value in options.items() if name in parameters}
        if unknown := options.keys() - given.keys() - OPTIONS:
            raise TypeError(
                f"{self.fn.__name__} has no parameter {', '.join(sorted(unknown))}, nor has a launch"
            )
        for hook in self.pre_run_hooks:
            hook(*args, **given)
        arguments = inspect.getcallargs(self.fn, *args, **given)
        grid = _checked_grid(self.grid(arguments) if callable(self.grid) else self.grid)
        launch = Launch(self.fn.__name__, self.fn, {**options, **arguments}, grid)
        watch.report.launches.append(launch)
        running = Running(watch, launch)
        with _in_progress(running, self.fn):
            converted = {}
            for running.name, value in arguments.items():
                constant = running.name in self.constexprs
                converted[running.name] = value if constant else interpreter._implicit_cvt(value)
            interpreter.interpreter_builder.set_grid_dim(*grid)
            for program in running.programs():
                interpreter.interpreter_builder.set_grid_idx(*program)
                try:
                    self.fn(**converted)
                except Exception as error:
                    cause = _cause(error)
                    cause.add_note(f"in kernel {launch.kernel}, program {program}")
                    raise cause.with_traceback(_learners_part(cause.__traceback__)) from None


@contextmanager
def _in_progress(running: Running, fn: Callable[..., Any]) -> Iterator[None]:
    scope = interpreter._patch_lang(fn)
    outer, Running.current = Running.current, running
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # reductions of nan alone
            yield
    finally:
        Running.current = outer
        scope.restore()


def _checked_grid(grid: Any) -> tuple[int, int, int]:
    grid = tuple(grid) if isinstance(grid, list | tuple) else grid
    if not isinstance(grid, tuple) or not 1 <= len(grid) <= 3 or not all(isinstance(n, int) for n in grid):
        raise TypeError(
            f"the grid is {grid!r}, expected a tuple of one to three ints: is // or triton.cdiv missing?"
        )
    x, y, z = (*grid, 1, 1)[:3]
    if min(x, y, z) < 0 or x >= 2**31 or max(y, z) >= 2**16:
        raise ValueError(
            f"the grid is {grid}: no GPU takes more than 2**31 - 1, 65535 and 65535 programs, or fewer than 0"
        )
    return x, y, z


def _learners_part(traceback: TracebackType | None) -> TracebackType | None:
    """Without the frames of the interpreter: it ends at the line of the kernel."""
    if traceback is None:
        return None
    rest = _learners_part(traceback.tb_next)
    if traceback.tb_frame.f_code.co_filename.startswith(NOT_HERE):
        return rest
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


def _cause(error: Exception) -> Exception:
    """The learner's own error, without the interpreter's wrappers."""
    while isinstance(error, InterpreterError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


original_conversion = interpreter._implicit_cvt


def convert(argument: Any) -> Any:
    """An argument as the kernel sees it: tensors at the addresses of their regions."""
    value = original_conversion(argument)
    if hasattr(argument, "data_ptr") and Running.current is not None:
        value.handle.data[0] = Running.current.place(argument)
    return value
