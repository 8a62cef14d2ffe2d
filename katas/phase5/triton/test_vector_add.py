import functools

import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    assert_kernels_only,
    assert_launches,
    assert_single_launch,
    assert_traffic,
    run,
)
from katas.phase5.triton.vector_add import add

KATA = Kata(
    difficulty=1,
    minutes=20,
    forbids={
        "torch.add": "load x and y in the kernel and add there",
        "torch.Tensor.add": "load x and y in the kernel and add there",
        "torch.Tensor.__add__": "load x and y in the kernel and add there",
    },
)


def draw(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (100 * torch.randn(shape)).to(DEVICE, dtype)


def test_one_full_block_is_added() -> None:
    x, y = draw(256), draw(256)
    assert_close(run(add, x, y).result, x + y, rtol=0, atol=0)


def test_every_program_adds_a_block_of_its_own() -> None:
    x, y = draw(1024), draw(1024)
    assert_close(run(add, x, y).result, x + y, rtol=0, atol=0)


@pytest.mark.parametrize("n", [1, 255, 257, 1000])
def test_lanes_beyond_the_end_touch_nothing(n: int) -> None:
    x, y = draw(n), draw(n)
    assert_close(run(add, x, y).result, x + y, rtol=0, atol=0)


@pytest.mark.parametrize(("n", "programs"), [(1, 1), (255, 1), (256, 1), (257, 2), (512, 2), (600, 3)])
def test_there_are_as_many_programs_as_blocks(n: int, programs: int) -> None:
    assert_single_launch(run(add, draw(n), draw(n)), programs=programs)


@pytest.mark.parametrize("block", [16, 64, 1024])
def test_the_caller_chooses_the_block(block: int) -> None:
    x, y = draw(300), draw(300)
    report = run(add, x, y, block=block)
    assert_close(report.result, x + y, rtol=0, atol=0)
    assert_single_launch(report, programs=-(-300 // block))


def test_every_number_is_moved_once() -> None:
    report = run(add, draw(1000), draw(1000))
    assert_traffic(report, at_most=1.0, minimum=3 * 1000 * 4)


def test_the_kernel_does_the_work() -> None:
    report = run(add, draw(300), draw(300))
    assert_single_launch(report)
    assert_kernels_only(report)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int32], ids=str)
def test_the_sum_is_made_in_the_dtype_of_the_inputs(dtype: torch.dtype) -> None:
    x, y = draw(300, dtype=dtype), draw(300, dtype=dtype)
    assert_close(run(add, x, y).result, x + y, rtol=0, atol=0)


@pytest.mark.parametrize("shape", [(), (1,), (7, 1), (3, 5, 40)])
def test_any_shape_will_do(shape: tuple[int, ...]) -> None:
    x, y = draw(*shape), draw(*shape)
    assert_close(run(add, x, y, block=64).result, x + y, rtol=0, atol=0)


def test_the_inputs_stay_as_they_were() -> None:
    x, y = draw(300), draw(300)
    with assert_unchanged(x, y):
        out = run(add, x, y).result
    assert out.data_ptr() not in (x.data_ptr(), y.data_ptr())


@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_of_nothing_nothing_is_launched(shape: tuple[int, ...]) -> None:
    report = run(add, draw(*shape), draw(*shape))
    assert report.result.shape == shape
    assert_launches(report, 0)


@pytest.mark.parametrize(("one", "other"), [((4,), (5,)), ((2, 3), (3, 2)), ((4,), (1, 4)), ((3, 4), (4,))])
def test_different_shapes_are_a_value_error(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        add(draw(*one), draw(*other))


def test_memory_with_gaps_is_a_value_error() -> None:
    x, wide = draw(4, 6), draw(4, 12)
    for view in (wide[:, ::2], wide[:, :6], draw(6, 4).T):
        with pytest.raises(ValueError):
            add(x, view)
        with pytest.raises(ValueError):
            add(view, x)


@pytest.mark.perf
def test_it_keeps_up_with_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    n = 2**27
    assert_fast(
        functools.partial(add, block=1024),
        torch.add,
        lambda: (torch.randn(n, device=DEVICE), torch.randn(n, device=DEVICE)),
        against="torch.add",
        work=Work(read=8 * n, written=4 * n),
        ratio=0.9,
        fraction=0.8,
    )
