"""The interpreter's loads, stores and atomics, each judged before it happens

A lane that would touch what it must not is left out: a fault never crashes the process, and the rest of the
kernel goes on, so that one run shows all faults.
"""

from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.interpreter import TensorHandle

from aire_katas.checks.triton.bfloat16 import Arithmetic, narrow, widen
from aire_katas.checks.triton.running import Running

native = interpreter._interpreter


class Builder(Arithmetic):
    """What the interpreter's operations go through."""

    def create_masked_load(
        self, ptrs: TensorHandle, mask: TensorHandle, other: TensorHandle | None, *_: Any, **__: Any
    ) -> TensorHandle:
        dtype = ptrs.get_element_ty()
        plain = interpreter._get_np_dtype(dtype)
        real, allowed = _running().admit("load", ptrs.data, mask.data, plain.itemsize)
        unread = poison_like(dtype, ptrs.data.shape)
        if other is not None:
            given = np.broadcast_to(other.data, ptrs.data.shape).astype(plain)
            unread = np.where(np.broadcast_to(mask.data, ptrs.data.shape), unread, given)
        return TensorHandle(native.load(real, allowed, np.ascontiguousarray(unread), plain), dtype)

    def create_masked_store(
        self, ptrs: TensorHandle, value: TensorHandle, mask: TensorHandle, *_: Any, **__: Any
    ) -> Any:
        values = np.ascontiguousarray(np.broadcast_to(value.data, ptrs.data.shape))
        size = interpreter._get_np_dtype(ptrs.get_element_ty()).itemsize
        real, allowed = _running().admit("store", ptrs.data, mask.data, size, values.reshape(-1))
        return native.store(real, values, allowed)

    def create_atomic_cas(
        self, ptr: TensorHandle, cmp: TensorHandle, val: TensorHandle, sem: Any, scope: Any
    ) -> TensorHandle:
        everywhere = np.ones(ptr.data.shape, bool)
        real, allowed = _running().admit("update", ptr.data, everywhere, cmp.data.itemsize)
        if not allowed.all():
            return TensorHandle(poison_like(cmp.dtype.scalar, cmp.data.shape), cmp.dtype.scalar)
        return super().create_atomic_cas(TensorHandle(real, ptr.dtype), cmp, val, sem, scope)

    def create_atomic_rmw(
        self, rmwOp: Any, ptr: TensorHandle, val: TensorHandle, mask: TensorHandle, sem: Any, scope: Any
    ) -> TensorHandle:
        real, allowed = _running().admit("update", ptr.data, mask.data, val.data.itemsize)
        if val.dtype.scalar == tl.bfloat16:  # which has no other atomic than the sum
            return TensorHandle(_add_one_by_one(real, val.data, allowed), val.dtype.scalar)
        pointers, lanes = TensorHandle(real, ptr.dtype), TensorHandle(allowed, tl.int1)
        return super().create_atomic_rmw(rmwOp, pointers, val, lanes, sem, scope)


def _running() -> Running:
    assert Running.current is not None, "a kernel is called without a grid: write kernel[grid](...)"
    return Running.current


def _add_one_by_one(addresses: np.ndarray, bits: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    before = np.zeros(addresses.shape, np.uint16)
    bits = np.broadcast_to(bits, addresses.shape)
    for at in map(tuple, np.argwhere(allowed)):
        address, yes = addresses[at].reshape(1), np.ones(1, bool)
        old = native.load(address, yes, np.zeros(1, np.uint16), np.dtype(np.uint16))
        native.store(address, narrow(widen(old) + widen(bits[at].reshape(1))), yes)
        before[at] = old[0]
    return before


def poison_like(dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    """What lanes hold that were not loaded: nan, or a number that no one expects."""
    plain = interpreter._get_np_dtype(dtype)
    if dtype == tl.bfloat16:
        return np.full(shape, 0x7FC0, plain)
    if plain.kind == "f":
        return np.full(shape, np.nan, plain)
    return np.frombuffer(b"\x5a" * plain.itemsize, plain)[0] * np.ones(shape, plain)
