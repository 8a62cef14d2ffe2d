"""CUDA C++ on a CPU: run the kernels of a .cu file, judge every access, count what it costs

    x, y = np.ones(1000, np.float32), unset(1000)
    report = run_kernel("double.cu", "twice", grid=4, block=256, args=(x, y, 1000))
    assert_clean(report)

How it works, and what it cannot see, is told in docs/kernel-lab.md.
"""

from aire_katas.checks.cuda.arguments import unset
from aire_katas.checks.cuda.assertions import (
    assert_clean,
    assert_coalesced,
    assert_no_bank_conflicts,
    assert_owner,
    assert_spread,
    assert_traffic,
)
from aire_katas.checks.cuda.build import CompileError, NoCompiler
from aire_katas.checks.cuda.kernels import Kernels
from aire_katas.checks.cuda.launch import run_host, run_kernel
from aire_katas.checks.cuda.report import Access, Buffer, Finding, Report

__all__ = [
    "Access",
    "Buffer",
    "CompileError",
    "Finding",
    "Kernels",
    "NoCompiler",
    "Report",
    "assert_clean",
    "assert_coalesced",
    "assert_no_bank_conflicts",
    "assert_owner",
    "assert_spread",
    "assert_traffic",
    "run_host",
    "run_kernel",
    "unset",
]
