"""Arguments of a kernel: numpy arrays for pointers, numbers for values"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

PAGE = 256  # cudaMalloc's alignment
FORMATS = {"f4": "f", "f8": "d", "b1": "?", "i1": "b", "u1": "B", "i2": "h", "u2": "H"}
FORMATS |= {"i4": "i", "u4": "I", "i8": "q", "u8": "Q"}


class Unset(np.ndarray):
    """An array whose first values the kernel must not use; see `unset`."""


def unset(shape: int | Sequence[int], dtype: DTypeLike = np.float32) -> Unset:
    """An output: no value in it counts as written before the kernel writes it. Filled with nan, or -1."""
    array = np.empty(shape, dtype)
    array.view(np.uint8).reshape(-1)[:] = 0xFF
    return array.view(Unset)


@dataclass(frozen=True)
class Passed:
    """What a request says of the arguments, and the arrays that go with it."""

    words: list[str] = field(default_factory=list)  # of the request
    data: list[bytes] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)


def pack_all(kernel: str, types: Sequence[str], names: Sequence[str], args: Sequence[Any]) -> Passed:
    """Check the arguments against the types of the signature; TypeError where one does not fit."""
    if len(args) != len(types):
        raise TypeError(f"{kernel} takes {len(types)} arguments, the test gives {len(args)}")
    passed = Passed()
    for i, (type, value) in enumerate(zip(types, args, strict=True)):
        name = names[i] if len(names) == len(types) else f"argument_{i}"
        if type.startswith("*"):
            _pack_pointer(passed, kernel, name, type, value)
        else:
            passed.words.append(f"value {_pack_value(kernel, name, type, value)}")
    return passed


def _pack_pointer(passed: Passed, kernel: str, name: str, type: str, value: Any) -> None:
    if value is None:
        passed.words.append("value 0")
        return
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} of {kernel} is a pointer: give a numpy array or None, not {value!r}")
    item = type.removeprefix("*").removeprefix("const")
    same = item[0] in "V*" or (f"{value.dtype.kind}{value.dtype.itemsize}" == item)
    if not same:
        raise TypeError(f"{name} of {kernel} points to {_spelt(item)}, the test gives {value.dtype}")
    if not value.flags.c_contiguous:
        raise TypeError(f"{name} of {kernel}: the array is not contiguous; a device has no strides")
    base = value.base if isinstance(value.base, np.ndarray) else value
    offset = (value.ctypes.data - base.ctypes.data) % PAGE
    at = sum(map(len, passed.data))
    passed.data.append(value.tobytes())
    passed.arrays.append(value)
    written = int(not isinstance(value, Unset))
    passed.words.append(f"buffer {at} {value.nbytes} {offset} {value.dtype.itemsize} {written} {name}")


def _pack_value(kernel: str, name: str, type: str, value: Any) -> str:
    """The value's bytes as one hexadecimal number."""
    try:
        packed = struct.pack(f"<{FORMATS[type]}", value)
    except KeyError:
        raise TypeError(f"{name} of {kernel} is of a type that cannot be given from Python") from None
    except struct.error as error:
        raise TypeError(f"{name} of {kernel} is {_spelt(type)}, the test gives {value!r}: {error}") from None
    return f"{int.from_bytes(packed, 'little'):x}"


def _spelt(type: str) -> str:
    return {"f": "float", "i": "int", "u": "uint", "b": "bool"}.get(type[0], "V") + str(8 * int(type[1:]))


def take_back(passed: Passed, data: bytes) -> None:
    """Into the arrays, what the program has left in their places."""
    at = 0
    for array in passed.arrays:
        fresh = np.frombuffer(data, np.uint8, array.nbytes, at)
        at += array.nbytes
        if array.flags.writeable:
            array.view(np.uint8).reshape(-1)[:] = fresh
