"""The seam between a framework and a kernel: four lines that choose a grid, launch, and report.

A launch returns at once, and what went wrong inside the kernel shows later, at the next call that waits. What
cudaGetLastError says here is only whether the launch itself was possible; it is the one chance to hear that.
"""

from aire_katas.checks.cuda import Kernels

HINTS = (
    "The kernel is that of grid_stride_loop, with another last line and wider numbers.",
    "Which of the kernel's variables can become as large as n? Those are long long.",
    "The launcher rounds n / 256 up, cuts it off at the largest grid, launches, and asks for the error.",
)

kernels = Kernels(__file__)
