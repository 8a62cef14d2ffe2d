"""What torch does while a function under watch runs: fresh memory is poisoned, computations are noted

`torch.empty` gives memory that holds anything. Here it holds nan, and it is known which of its elements a
kernel has written: a load of any other, or a result with holes in it, can be named.
"""

from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from aire_katas.checks.triton.region import FIRST_SLOT, Region
from aire_katas.checks.triton.report import Place, Report
from aire_katas.checks.triton.source import caller

EMPTY = {"empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided", "empty_permuted"}


class Fresh:
    """Memory whose elements count as unwritten until a kernel stores them."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.storage = tensor.untyped_storage()  # kept, so that its address is not given away again
        self.start = self.storage.data_ptr()
        self.pending = np.zeros(self.storage.nbytes(), bool)  # by the address of an element's first byte
        self.pending[Region(tensor, "", FIRST_SLOT).addresses() - self.start] = True

    def lacks(self, addresses: np.ndarray) -> np.ndarray:
        return self.pending[addresses - self.start]

    def write(self, addresses: np.ndarray) -> None:
        self.pending[addresses - self.start] = False


class Allocations(TorchDispatchMode):
    """Within, follows torch's own operators into `report`."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report
        self.fresh: dict[int, Fresh] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::")
        if name in EMPTY:
            self.poison(result)
        elif not any(one.alias_info and not one.alias_info.is_write for one in func._schema.returns):
            made = [one for one in _flat((result,)) if isinstance(one, torch.Tensor)]
            self.report.torch_calls.append(
                (name, max((one.numel() for one in made), default=0), Place(*caller()))
            )
            for value, argument in zip(args, func._schema.arguments, strict=False):
                if isinstance(value, torch.Tensor) and argument.alias_info and argument.alias_info.is_write:
                    self.fresh.pop(value.untyped_storage().data_ptr(), None)
        return result

    def poison(self, tensor: torch.Tensor) -> None:
        """Fill it with nan (integers: the smallest) and take it as unwritten."""
        if not tensor.numel() or tensor.device.type != "cpu":
            return
        if tensor.dtype.is_floating_point or tensor.dtype.is_complex:
            tensor.fill_(torch.nan)
        elif tensor.dtype != torch.bool:
            tensor.fill_(torch.iinfo(tensor.dtype).min)
        self.fresh[tensor.untyped_storage().data_ptr()] = Fresh(tensor)

    def find(self, tensor: torch.Tensor) -> Fresh | None:
        return self.fresh.get(tensor.untyped_storage().data_ptr())


def _flat(values: Any) -> list[Any]:
    if isinstance(values, list | tuple):
        return [one for value in values for one in _flat(value)]
    return [values]
