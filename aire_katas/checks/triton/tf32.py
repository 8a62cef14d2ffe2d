"""What a GPU does to float32 in tl.dot unless it is told otherwise: it keeps the 10 bits of TF32

The interpreter multiplies in full whatever `input_precision` says, so a kernel that forgets it looks right.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from triton.runtime import interpreter

CUT = np.uint32(0xFFFFE000)


@contextmanager
def tf32_as_on_a_gpu() -> Iterator[None]:
    """Within, the interpreter cuts the operands of tl.dot to TF32 where a GPU would."""
    builder: Any = type(interpreter.interpreter_builder)
    in_full = builder.create_dot

    def as_on_a_gpu(self: Any, a: Any, b: Any, c: Any, precision: Any, *rest: Any) -> Any:
        if str(precision).endswith("TF32") and a.data.dtype == np.float32:
            a, b = _cut(a), _cut(b)
        return in_full(self, a, b, c, precision, *rest)

    builder.create_dot = as_on_a_gpu
    try:
        yield
    finally:
        builder.create_dot = in_full


def _cut(handle: Any) -> Any:
    bits = handle.data.view(np.uint32) & CUT
    return interpreter.TensorHandle(bits.view(np.float32), handle.dtype.scalar)
