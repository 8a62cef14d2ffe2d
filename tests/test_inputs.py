"""Inputs: whether they are left alone, and whether those that checks.arrays offers are what they say."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas.checks.arrays import (
    assert_unchanged,
    awkward_shapes,
    float_dtypes,
    layouts,
    magnitudes,
    to_numpy,
)

ROOT = Path(__file__).parents[1]
X = np.random.default_rng(1).normal(size=(3, 4))

# to_numpy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_dtypes_that_numpy_lacks_become_float64(dtype: torch.dtype) -> None:
    values = to_numpy(torch.tensor([1.0, -0.5, 3.0]).to(dtype))
    assert (values.dtype, values.tolist()) == (np.float64, [1.0, -0.5, 3.0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int8, torch.bool, torch.complex64])
def test_dtypes_that_numpy_has_are_kept(dtype: torch.dtype) -> None:
    assert str(to_numpy(torch.ones(2, dtype=dtype)).dtype) == str(dtype).removeprefix("torch.")


# assert_unchanged ---------------------------------------------------------------------------------------


def spoil(value: Any) -> None:
    value[0] = value[0] + 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.arange(3.0),
        lambda: np.arange(6.0)[::2],
        lambda: torch.arange(3.0),
        lambda: torch.arange(6.0).bfloat16()[::2],
        lambda: torch.tensor([1 + 2j]).conj(),
        lambda: torch.arange(3),
        lambda: [1, 2],
        lambda: {0: np.float64(1)},
    ],
)
def test_a_change_in_place_is_told(make: Callable[[], Any]) -> None:
    first, second = make(), make()
    with assert_unchanged(first, second):
        _ = first[0] + 1
    with pytest.raises(AssertionError) as error, assert_unchanged(first, second):
        spoil(second)
    assert str(error.value) == "input 1 was changed in place: compute into a new array instead"


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x["a"][1].add_(1),
        lambda x: x["a"].append(1),
        lambda x: x.pop("a"),
        lambda x: x["b"].sort(),
        lambda x: x["b"].resize((2, 1), refcheck=False),
        lambda x: np.negative(x["zero"], out=x["zero"]),
    ],
)
def test_a_change_anywhere_inside_is_told(change: Callable[[Any], Any]) -> None:
    inputs = {"a": [1, torch.zeros(2)], "b": np.array([2.0, 1.0]), "zero": np.zeros(1)}
    with pytest.raises(AssertionError, match="input 0 was changed"), assert_unchanged(inputs):
        change(inputs)


def test_nan_and_requiring_grad_are_no_change() -> None:
    with assert_unchanged(np.array([np.nan]), torch.tensor([np.nan], requires_grad=True), True, "text", None):
        pass


def test_an_error_within_is_not_hidden() -> None:
    with pytest.raises(IndexError) as error, assert_unchanged(x := [1, 2]):
        x.pop(x.pop())
    assert "input 0" not in str(error.value)


# Inputs -------------------------------------------------------------------------------------------------

LIBRARIES = [np.arange(24.0), torch.arange(24.0)]


@pytest.mark.parametrize("values", LIBRARIES)
@pytest.mark.parametrize("shape", [(), (6,), (2, 3), (2, 3, 4), (0, 3), (3, 0)])
def test_layouts_hold_the_same_values(values: Any, shape: tuple[int, ...]) -> None:
    array = values[: int(np.prod(shape))].reshape(shape)
    found = dict(layouts(array))
    assert len(found) >= (1 if shape == () else 2)
    for layout in found.values():
        assert (type(layout), layout.dtype, layout.shape) == (type(array), array.dtype, array.shape)
        assert (layout == array).all()
        assert shape == () or not np.shares_memory(to_numpy(layout), to_numpy(array))


def test_numpy_layouts_are_what_they_say() -> None:
    found = dict(layouts(np.arange(24.0).reshape(2, 3, 4)))
    item = 8
    assert {name: layout.strides for name, layout in found.items()} == {
        "every second entry of a wider array": (24 * item, 8 * item, 2 * item),
        "transposed in memory": (item, 2 * item, 6 * item),
        "the tail of a longer array": (12 * item, 4 * item, item),
        "reversed in memory": (-12 * item, 4 * item, item),
        "read-only": (12 * item, 4 * item, item),
    }
    assert [name for name, layout in found.items() if not layout.flags.writeable] == ["read-only"]
    assert found["the tail of a longer array"].base.shape == (3, 3, 4)


def test_torch_layouts_are_what_they_say() -> None:
    found = dict(layouts(torch.arange(24.0).reshape(2, 3, 4)))
    assert {name: layout.stride() for name, layout in found.items()} == {
        "every second entry of a wider array": (24, 8, 2),
        "transposed in memory": (1, 2, 6),
        "the tail of a longer array": (12, 4, 1),
    }
    assert found["the tail of a longer array"].storage_offset() == 12


@pytest.mark.parametrize("name", ["every second entry of a wider array", "the tail of a longer array"])
def test_what_lies_around_the_entries_is_not_zero(name: str) -> None:
    layout = dict(layouts(torch.zeros(4)))[name]
    assert 7 in torch.tensor(layout.untyped_storage().tolist(), dtype=torch.uint8).view(torch.float32)
    assert 7 in dict(layouts(np.zeros(4)))[name].base


def test_float_dtypes_go_from_wide_to_narrow() -> None:
    assert float_dtypes(np) == (np.float64, np.float32, np.float16)
    assert float_dtypes(torch) == (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def test_awkward_shapes_have_ones_and_a_zero() -> None:
    assert list(awkward_shapes((2, 3))) == [(2, 3), (1, 3), (2, 1), (1, 1), (0, 3)]
    assert list(awkward_shapes([2, 3], empty=False)) == [(2, 3), (1, 3), (2, 1), (1, 1)]
    assert list(awkward_shapes((5,))) == [(5,), (1,), (0,)]
    assert list(awkward_shapes(())) == [()]


def test_magnitudes_scale() -> None:
    scaled = dict(magnitudes(X))
    assert list(scaled) == [1e-4, 1.0, 1e4]
    assert all((array == X * scale).all() for scale, array in scaled.items())
    assert [scale for scale, _ in magnitudes(torch.ones(2), (3.0,))] == [3.0]


def test_torch_is_not_imported() -> None:
    code = """if True:
        import sys, numpy as np
        from aire_katas.checks.arrays import assert_close, assert_unchanged
        assert_close(np.ones(3), np.ones(3), dtype=np.float64)
        with assert_unchanged(np.ones(3)):
            pass
        sys.exit('torch' in sys.modules)
        """
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ).returncode == 0
