"""Tensors so large that offsets pass 2**31, in hardly any memory: what is not written takes none"""

import ctypes
import mmap

import pytest
import torch

from aire_katas.checks.triton import DEVICE, INTERPRETED


def reserved(size: int, dtype: torch.dtype) -> torch.Tensor:
    """`size` elements of any value; on a GPU they are allocated. Skips the test where there is no room."""
    if not INTERPRETED:
        return torch.empty(size, dtype=dtype, device=DEVICE)
    length = size * dtype.itemsize
    try:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        buffer = mmap.mmap(-1, length, flags=flags)
    except OSError:
        pytest.skip(f"not graded: {length / 2**30:.0f} GiB of addresses cannot be reserved here")
    return torch.frombuffer((ctypes.c_uint8 * length).from_buffer(buffer), dtype=dtype)
