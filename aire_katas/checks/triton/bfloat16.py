"""bfloat16 with the right values in triton's interpreter

The interpreter (3.6 to 3.9) keeps bfloat16 as raw 16-bit integers and computes with these: a product of two
bfloat16 numbers is then a product of their bits. Here every operation widens to float32, computes, and
rounds to nearest even. For + - * / and sqrt that is the correctly rounded result, since float32 has more
than twice the digits. Reductions and scans in bfloat16 round after every step, as the hardware does.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import triton.language as tl
from triton.runtime import interpreter
from triton.runtime.interpreter import InterpreterBuilder, ReduceOps, ScanOps, TensorHandle

QUIET_NAN = 0x7FC0


def widen(bits: np.ndarray) -> np.ndarray:
    """float32 values of bfloat16 bits (uint16)."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def narrow(values: np.ndarray) -> np.ndarray:
    """The bfloat16 bits (uint16) nearest to the values, ties to even; by way of float32 like torch."""
    values = np.asarray(values).astype(np.float32)
    bits = values.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(values), QUIET_NAN, rounded).astype(np.uint16)


def is_bfloat16(handle: TensorHandle) -> bool:
    return handle.dtype.scalar == tl.bfloat16


def values_of(handle: TensorHandle) -> np.ndarray:
    """What the handle's numbers are worth, in a dtype that numpy can compute with."""
    return widen(handle.data) if is_bfloat16(handle) and handle.data.dtype == np.uint16 else handle.data


class Arithmetic(InterpreterBuilder):
    """The interpreter's operations, with those on bfloat16 done right."""

    def get_bf16(self, value: float) -> TensorHandle:
        return TensorHandle(narrow(np.array([value])), tl.bfloat16)

    def cast_impl(self, src: TensorHandle, dst_type: Any) -> TensorHandle:
        target = dst_type.scalar
        if is_bfloat16(src) or target == tl.bfloat16:
            return _handle(values_of(src), target)
        return super().cast_impl(src, dst_type)

    def create_fp_to_fp(self, src: TensorHandle, dst_type: Any, rounding_mode: Any) -> TensorHandle:
        target = dst_type.scalar
        toward_zero = rounding_mode == interpreter._ir.ROUNDING_MODE.RTZ
        if target == tl.bfloat16 and toward_zero and src.dtype.scalar == tl.float32:
            return TensorHandle((src.data.view(np.uint32) >> 16).astype(np.uint16), target)
        if {src.dtype.scalar, target} <= {
            tl.bfloat16,
            tl.float16,
            tl.float32,
            tl.float64,
        } and not toward_zero:
            return self.cast_impl(src, dst_type)
        return super().create_fp_to_fp(src, dst_type, rounding_mode)

    def binary_op(self, lhs: TensorHandle, rhs: TensorHandle, op: Callable[..., Any]) -> TensorHandle:
        if not is_bfloat16(lhs):
            return super().binary_op(lhs, rhs, op)
        return _handle(op(values_of(lhs), values_of(rhs)), tl.bfloat16)

    def unary_op(self, arg: TensorHandle, op: Callable[..., Any]) -> TensorHandle:
        if not is_bfloat16(arg):
            return super().unary_op(arg, op)
        return _handle(op(values_of(arg)), tl.bfloat16)

    def ternary_op(
        self, lhs: TensorHandle, rhs: TensorHandle, other: TensorHandle, op: Callable[..., Any]
    ) -> TensorHandle:
        if not is_bfloat16(other) or op is np.where:  # a choice moves bits and computes nothing
            return super().ternary_op(lhs, rhs, other, op)
        return _handle(op(*map(values_of, (lhs, rhs, other))), tl.bfloat16)

    def create_fma(self, x: TensorHandle, y: TensorHandle, z: TensorHandle) -> TensorHandle:
        if not is_bfloat16(z):
            return super().create_fma(x, y, z)
        x_, y_, z_ = (values_of(one).astype(np.float64) for one in (x, y, z))
        return _handle(x_ * y_ + z_, tl.bfloat16)

    def create_rsqrt(self, arg: TensorHandle) -> TensorHandle:
        return self.unary_op(arg, lambda x: 1 / np.sqrt(x))

    def create_dot(
        self,
        a: TensorHandle,
        b: TensorHandle,
        d: TensorHandle,
        input_precision: Any,
        max_num_imprecise_acc: Any,
    ) -> TensorHandle:
        if not (is_bfloat16(a) or is_bfloat16(b) or is_bfloat16(d)):
            return super().create_dot(a, b, d, input_precision, max_num_imprecise_acc)
        return _handle(np.matmul(values_of(a), values_of(b)) + values_of(d), d.dtype.scalar)


class Reduce(ReduceOps):
    """Reductions as a tree over neighbours: rounded at every step, fast for any combine function."""

    def sum(self, input: tl.tensor) -> Any:
        return self.generic_reduce((input,))[0] if is_bfloat16(input.handle) else super().sum(input)

    def min_max(self, input: Any, val_reduce_op: Any, idx_reduce_op: Any = None) -> Any:
        if idx_reduce_op is None and is_bfloat16(input.handle):
            return self.generic_reduce((input,))[0]
        return super().min_max(input, val_reduce_op, idx_reduce_op)

    def generic_reduce(self, input: Sequence[tl.tensor]) -> list[tl.tensor]:
        rank = len(input[0].shape)
        arrays = [one.handle.data if self.axis is not None else one.handle.data.reshape(-1) for one in input]
        axis = self.axis or 0
        while arrays[0].shape[axis] > 1:
            left, right = ([_every_second(one, axis, start) for one in arrays] for start in (0, 1))
            arrays = _combined(self, left, right, input)
        if self.axis is None:
            arrays = [one.reshape((1,) * rank if self.keep_dims else ()) for one in arrays]
        elif not self.keep_dims:
            arrays = [one.squeeze(axis) for one in arrays]
        return [self.to_tensor(one, like.dtype) for one, like in zip(arrays, input, strict=True)]


class Scan(ScanOps):
    """Scans by doubling distances: log2(n) steps for any combine function."""

    def cumsum(self, input: tl.tensor) -> list[tl.tensor]:
        return self.generic_scan((input,)) if is_bfloat16(input.handle) else super().cumsum(input)

    def cumprod(self, input: tl.tensor) -> list[tl.tensor]:
        return self.generic_scan((input,)) if is_bfloat16(input.handle) else super().cumprod(input)

    def generic_scan(self, input: Sequence[tl.tensor]) -> list[tl.tensor]:
        arrays = [one.handle.data for one in input]
        length = arrays[0].shape[self.axis]
        at = np.arange(length).reshape(
            [-1 if i == self.axis % arrays[0].ndim else 1 for i in range(arrays[0].ndim)]
        )
        distance = 1
        while distance < length:
            before = [np.roll(one, distance, self.axis) for one in arrays]
            sums = _combined(self, before, arrays, input)
            arrays = [np.where(at < distance, one, new) for one, new in zip(arrays, sums, strict=True)]
            distance *= 2
        return [self.to_tensor(one, like.dtype) for one, like in zip(arrays, input, strict=True)]


def _combined(
    op: Any, left: Sequence[np.ndarray], right: Sequence[np.ndarray], like: Sequence[tl.tensor]
) -> list[np.ndarray]:
    """What the combine function makes of two lists of arrays, in the dtypes of `like`."""
    tensors = [
        op.to_tensor(one, t.dtype) for half in (left, right) for one, t in zip(half, like, strict=True)
    ]
    made = op.combine_fn.fn(*tensors)
    made = made if isinstance(made, tuple) else (made,)
    arrays = []
    for one, t, old in zip(made, like, left, strict=True):
        tensor: Any = interpreter.interpreter_semantic.to_tensor(one)
        handle = tensor.handle
        if handle.dtype.scalar != t.dtype.scalar and handle.data.dtype != np.bool_:
            handle = interpreter.interpreter_builder.cast_impl(handle, t.dtype)
        arrays.append(np.broadcast_to(handle.data, old.shape).astype(old.dtype))
    return arrays


def _every_second(array: np.ndarray, axis: int, start: int) -> np.ndarray:
    return array[(slice(None),) * (axis % array.ndim) + (slice(start, None, 2),)]


def _handle(values: np.ndarray, dtype: Any) -> TensorHandle:
    """The values as a handle of this dtype; what a comparison gives stays boolean."""
    if values.dtype == np.bool_ and dtype == tl.bfloat16:
        return TensorHandle(values, tl.int1)
    return TensorHandle(
        narrow(values) if dtype == tl.bfloat16 else values.astype(interpreter._get_np_dtype(dtype)), dtype
    )
