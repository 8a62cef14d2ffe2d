"""Where a tensor of a launch lies: which addresses are its elements, and what an offset is called

A kernel does not get real addresses. Tensor number k lives at k * 2**44 + 2**43, so an address says which
tensor it was computed from, however far outside it points; and an index that overflowed int32 still does.
"""

from collections.abc import Sequence

import numpy as np
import torch

SLOT_BITS = 44
FIRST_SLOT = 16  # real addresses lie below
PAGE = 4096  # the low bits of a real address are kept, for kernels that ask for alignment


class Region:
    """The elements of one tensor, a strided view perhaps, numbered 0 ... count - 1 without repeats."""

    def __init__(self, tensor: torch.Tensor, name: str, slot: int) -> None:
        self.tensor, self.name = tensor, name
        self.shape, self.strides = tuple(tensor.shape), tuple(tensor.stride())
        self.itemsize = tensor.element_size()
        self.real = tensor.data_ptr()
        self.base = (slot << SLOT_BITS) + (1 << (SLOT_BITS - 1)) + self.real % PAGE
        axes = sorted(
            (
                (stride, size)
                for stride, size in zip(self.strides, self.shape, strict=True)
                if size != 1 and stride
            ),
            reverse=True,
        )
        self.axes = _joined(axes)  # [(stride, size)], the widest stride first; expanded axes are left out
        self.table = None if _nested(self.axes) else np.unique(_offsets(self.axes))
        self.count = (
            0 if 0 in self.shape else len(self.table) if self.table is not None else _product(self.axes)
        )

    def locate(self, offsets: np.ndarray) -> np.ndarray:
        """The numbers of the elements that start at these byte offsets; -1 where none does."""
        place, rest = np.divmod(offsets, self.itemsize) if self.itemsize > 1 else (offsets, 0)
        inside = (rest == 0) & (self.count > 0)
        if self.table is not None:
            number = np.searchsorted(self.table, place).clip(max=len(self.table) - 1)
            return np.where(inside & (self.table[number] == place), number, -1)
        number: np.ndarray | int = 0
        for stride, size in self.axes:
            i, place = np.divmod(place, stride) if stride > 1 else (place, 0)
            inside = inside & (i >= 0) & (i < size)
            number = number * size + i
        return np.where(inside & (np.asarray(place) == 0), number, -1)

    def index(self, offset: int) -> str:
        """x[3, 5] for a byte offset, also beyond the end: what someone who indexes would have written."""
        place, rest = divmod(int(offset), self.itemsize)
        if rest or not self.shape or 0 in self.shape:
            return f"{self.name} + {int(offset)} bytes"
        index = [0] * len(self.shape)
        order = sorted(range(len(self.shape)), key=lambda axis: (-self.strides[axis], axis))
        order = [axis for axis in order if self.strides[axis] and (self.shape[axis] > 1 or len(order) == 1)]
        for axis in order or [len(self.shape) - 1]:
            index[axis], place = divmod(place, self.strides[axis] or 1)
        if place:
            return f"{self.name} + {offset // self.itemsize} elements (between the elements of a view)"
        return f"{self.name}[{', '.join(map(str, index))}]"

    def description(self) -> str:
        contiguous = self.tensor.is_contiguous()
        return f"shape {self.shape}" + ("" if contiguous else f", strides {self.strides}")

    def layout(self) -> tuple[int, tuple[int, ...], tuple[int, ...], int]:
        """Equal for two arguments that are the same elements."""
        return self.real, self.shape, self.strides, self.itemsize

    def span(self) -> tuple[int, int]:
        """The real addresses from the first byte to behind the last."""
        reach = sum(stride * (size - 1) for stride, size in self.axes)
        return self.real, self.real + (reach + 1) * self.itemsize * (self.count > 0)

    def addresses(self) -> np.ndarray:
        """The real address of every element, in the order of their numbers."""
        places = self.table if self.table is not None else _offsets(self.axes)
        return self.real + places[: self.count] * self.itemsize


def _joined(axes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring axes that are walked like one become one: a contiguous tensor has a single axis."""
    joined: list[tuple[int, int]] = []
    for stride, size in axes:
        if joined and joined[-1][0] == stride * size:
            joined[-1] = (stride, joined[-1][1] * size)
        else:
            joined.append((stride, size))
    return joined


def _nested(axes: Sequence[tuple[int, int]]) -> bool:
    """Whether every step along an axis jumps over all that the later axes reach."""
    reach = 0
    for stride, size in reversed(axes):
        if stride <= reach:
            return False
        reach += stride * (size - 1)
    return True


def _offsets(axes: Sequence[tuple[int, int]]) -> np.ndarray:
    offsets = np.zeros(1, np.int64)
    for stride, size in axes:
        offsets = (offsets[:, None] + stride * np.arange(size)).reshape(-1)
    return offsets


def _product(axes: Sequence[tuple[int, int]]) -> int:
    product = 1
    for _, size in axes:
        product *= size
    return product
