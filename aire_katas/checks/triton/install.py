"""Putting the judges in place of the interpreter's own parts: once, and for good"""

import importlib

from triton.runtime import interpreter
from triton.runtime.autotuner import Autotuner

from aire_katas.checks.triton import autotune, bfloat16, launch, memory


def install() -> None:
    """Judge every launch of this process from now on."""
    interpreter.interpreter_builder.__class__ = memory.Builder
    interpreter.ReduceOps, interpreter.ScanOps = bfloat16.Reduce, bfloat16.Scan
    interpreter.GridExecutor = launch.Executor
    interpreter._implicit_cvt = launch.convert
    Autotuner._bench = autotune.untimed
    importlib.import_module("torch._dynamo")  # a second that the first watched call would take from its test
