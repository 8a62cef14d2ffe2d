"""What this machine has, and so what can be graded on it

Asked late and once: finding a GPU imports torch.
"""

import functools
import importlib.util
import platform
import shutil
import sys

MARKERS = {
    "gpu": "needs a CUDA GPU; not graded without one",
    "gxx": "needs g++; not graded without it",
    "nvcc": "needs NVIDIA's compiler; not graded without it",
    "perf": "judges speed; needs a CUDA GPU and is not graded without one",
    "distributed": "runs several processes that talk to each other",
    "slow": "takes longer than the two seconds a kata should",
}


ABSENT = {  # a module that katas may need and a machine may lack -> why
    "triton": "needs triton, which is there for Linux alone",
}


@functools.cache
def missing(marker: str) -> str:
    """What tests with this marker need and this machine lacks; empty if nothing."""
    match marker:
        case "gpu" | "perf":
            return "" if has_gpu() else "needs a CUDA GPU"
        case "gxx":
            return no_compiler()
        case "nvcc":
            return "" if shutil.which("nvcc") else "needs nvcc on the PATH"
        case "distributed":
            return "" if has_gloo() else "needs torch.distributed with gloo"
        case _:
            return ""


def no_compiler() -> str:
    """Why no CUDA C++ can be compiled for this CPU; empty if it can."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return f"needs Linux on x86-64: the kernel lab does not run on {sys.platform}, {platform.machine()}"
    if not shutil.which("g++"):
        return "needs g++, which is not on the PATH: install it with 'apt install g++' (Debian, Ubuntu)"
    return ""


def has_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def has_gloo() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch.distributed

    return torch.distributed.is_available() and torch.distributed.is_gloo_available()
