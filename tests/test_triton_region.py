"""Every address is found in its tensor or nowhere; two programs that meet are found in any order."""

import itertools
import random

import numpy as np
import pytest
import torch

from aire_katas.checks.triton.region import FIRST_SLOT, Region
from aire_katas.checks.triton.shadow import Shadow

LAYOUTS = {
    "contiguous": torch.zeros(3, 4, 5),
    "transposed": torch.zeros(4, 6).T,
    "every second column": torch.zeros(4, 6)[:, ::2],
    "a block of a matrix": torch.zeros(8, 9)[2:5, 3:7],
    "expanded": torch.zeros(1, 5).expand(4, 5),
    "overlapping windows": torch.zeros(12).as_strided((4, 4), (2, 1)),
    "one number": torch.zeros(()),
    "size one": torch.zeros(1, 1, 3),
    "eight bytes": torch.zeros(5, 2, dtype=torch.int64)[::2],
    "nothing": torch.zeros(3, 0),
}


@pytest.mark.parametrize("tensor", LAYOUTS.values(), ids=LAYOUTS)
def test_just_the_elements_of_a_tensor_are_inside(tensor: torch.Tensor) -> None:
    region = Region(tensor, "x", FIRST_SLOT)
    size, strides = tensor.element_size(), tensor.stride()
    inside = {
        size * sum(i * stride for i, stride in zip(index, strides, strict=True))
        for index in itertools.product(*map(range, tensor.shape))
    }
    offsets = np.arange(-40, 700)
    numbers = region.locate(offsets)
    assert set(offsets[numbers >= 0].tolist()) == inside
    assert sorted(numbers[numbers >= 0].tolist()) == list(range(len(inside))) == list(range(region.count))
    assert set((region.addresses() - tensor.data_ptr()).tolist()) == inside


@pytest.mark.parametrize(
    "tensor", [LAYOUTS["contiguous"], LAYOUTS["transposed"], LAYOUTS["a block of a matrix"]]
)
def test_an_offset_inside_is_called_by_its_index(tensor: torch.Tensor) -> None:
    region = Region(tensor, "x", FIRST_SLOT)
    for index in itertools.product(*map(range, tensor.shape)):
        offset = 4 * sum(i * stride for i, stride in zip(index, tensor.stride(), strict=True))
        assert region.index(offset) == f"x[{', '.join(map(str, index))}]"


@pytest.mark.parametrize(
    ("layout", "offset", "name"),
    [
        ("contiguous", 4 * 60, "x[3, 0, 0]"),
        ("contiguous", -4, "x[-1, 3, 4]"),
        ("transposed", 4 * 24, "x[0, 4]"),
        ("a block of a matrix", 4 * 4, "x[0, 4]"),
        ("every second column", 4, "x + 1 elements (between the elements of a view)"),
        ("one number", 4, "x + 4 bytes"),
        ("contiguous", 2, "x + 2 bytes"),
    ],
)
def test_an_offset_outside_is_called_by_what_was_meant(layout: str, offset: int, name: str) -> None:
    assert Region(LAYOUTS[layout], "x", FIRST_SLOT).index(offset) == name


@pytest.mark.parametrize("seed", range(20))
def test_two_programs_that_meet_are_found_in_any_order(seed: int) -> None:
    draw = random.Random(seed)
    accesses = [
        (draw.choice(["load", "store", "update"]), draw.randrange(12), draw.randint(1, 3)) for _ in range(9)
    ]
    for _ in range(10):
        shadow, found = Shadow(12), set()
        draw.shuffle(accesses)
        for kind, element, program in accesses:
            conflict = getattr(shadow, kind)(np.array([element]), program)
            if conflict is not None:
                assert conflict.other != program
                found.add(element)
        assert found == {
            one[1]
            for one, other in itertools.combinations(accesses, 2)
            if one[1] == other[1] and one[2] != other[2] and (one[0] != other[0] or one[0] == "store")
        }
