"""Triton kernels judged on any machine

    from aire_katas.checks.triton import assert_single_launch, assert_traffic, run

    report = run(softmax, x)  # KernelFault where a program touches what it must not
    assert_close(report.result, expected)
    assert_traffic(report, at_most=1.0)

Importing this package settles how kernels run in this process (`mode`): compiled where there is a CUDA
device, else in triton's interpreter, one program after another on numpy arrays. A test file imports it
before the kata, which the order of imports brings about by itself. In the interpreter

- bfloat16 has the right values (`bfloat16`), which it has not by itself;
- every tensor of a launch lies at an address of its own making (`region`), so each pointer tells which
  tensor it was computed from, and what lies outside is reported instead of touched (`running`, `memory`);
- for every element it is known which program loaded, stored or updated it (`shadow`): two that meet are a
  race, though the interpreter runs them one by one, in an order shuffled by a seed;
- `torch.empty` gives nan, and what no kernel has written is known (`allocation`, `watch`);
- bytes and launches are counted (`report`), an address that several lanes of one load share once;
- `triton.autotune` takes the first configuration (`autotune`).

What it cannot see: caches, so a second load of the same byte always counts; locks built from atomics, which
are reported as races; conflicts among the lanes of one program, other than a store that gives one address
two values; TF32, fp8 and the order of a sum on a GPU; pointers that a kernel loads from memory. For what a
compiler makes of the kernel see `machine_code`, for the accuracy to expect `accuracy`.
"""

from aire_katas.checks.triton.mode import choose

INTERPRETED = choose()
DEVICE = "cpu" if INTERPRETED else "cuda"

if INTERPRETED:
    from aire_katas.checks.triton.install import install

    install()

from aire_katas.checks.triton.accuracy import assert_as_accurate, assert_rounded_once  # noqa: E402
from aire_katas.checks.triton.autotune import chosen_config  # noqa: E402
from aire_katas.checks.triton.report import (  # noqa: E402
    Fault,
    KernelFault,
    Launch,
    Report,
    assert_kernels_only,
    assert_launches,
    assert_no_faults,
    assert_single_launch,
    assert_traffic,
)
from aire_katas.checks.triton.watch import Watch, observe, run  # noqa: E402

__all__ = [
    "DEVICE",
    "INTERPRETED",
    "Fault",
    "KernelFault",
    "Launch",
    "Report",
    "Watch",
    "assert_as_accurate",
    "assert_kernels_only",
    "assert_launches",
    "assert_no_faults",
    "assert_rounded_once",
    "assert_single_launch",
    "assert_traffic",
    "chosen_config",
    "observe",
    "run",
]
