import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    INTERPRETED,
    Report,
    assert_kernels_only,
    assert_single_launch,
    assert_traffic,
    run,
)
from aire_katas.checks.triton.reserved import reserved
from katas.phase5.triton.strided_copy import copy2d, outer_add

KATA = Kata(
    difficulty=2,
    minutes=35,
    needs=("phase5/triton/vector_add",),
    forbids={
        "torch.Tensor.copy_": "load and store every element in a kernel",
        "torch.Tensor.contiguous": "let the kernel read the strides as they are",
        "torch.Tensor.clone": "load and store every element in a kernel",
    },
)
SHAPES = [(1, 1), (1, 70), (70, 1), (32, 64), (33, 70), (70, 33)]
GIB = 1 << 30


def draw(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return (100 * torch.randn(shape)).to(DEVICE, dtype)


def copied(src: torch.Tensor, dst: torch.Tensor) -> Report:
    return run(copy2d, src, dst, outputs=(dst,))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_copy_has_the_same_elements(shape: tuple[int, ...]) -> None:
    src, dst = draw(*shape), draw(*shape)
    copied(src, dst)
    assert_close(dst, src, rtol=0, atol=0)


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_the_source_may_have_any_layout(shape: tuple[int, ...]) -> None:
    values = draw(*shape)
    for name, src in layouts(values):
        dst = draw(*shape)
        copied(src, dst)
        assert_close(dst, values, rtol=0, atol=0, name=name)


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
def test_the_target_may_have_any_layout(shape: tuple[int, ...]) -> None:
    src = draw(*shape)
    for name, dst in layouts(draw(*shape)):
        copied(src, dst)
        assert_close(dst, src, rtol=0, atol=0, name=name)


def test_a_row_that_stands_for_many_is_read_where_it_is() -> None:
    row, dst = draw(1, 40), draw(35, 40)
    copied(row.expand(35, 40), dst)
    assert_close(dst, row.repeat(35, 1), rtol=0, atol=0)


def test_the_memory_between_the_elements_of_the_target_stays() -> None:
    wide = draw(33, 140)
    before = wide.clone()
    src = draw(33, 70)
    copied(src, wide[:, ::2])
    assert_close(wide[:, ::2], src, rtol=0, atol=0)
    assert_close(wide[:, 1::2], before[:, 1::2], rtol=0, atol=0)


def test_a_copy_moves_every_element_once_in_one_launch() -> None:
    src, dst = draw(70, 33).T, draw(33, 70)
    with assert_unchanged(src):
        report = copied(src, dst)
    assert_single_launch(report)
    assert_traffic(report, at_most=1.0, minimum=2 * 33 * 70 * 4)
    assert_kernels_only(report)
    assert report.result is None


@pytest.mark.parametrize("axis", [0, 1])
def test_offsets_beyond_31_bits_do_not_wrap_around(axis: int) -> None:
    """A view of 4 slices that lie 2**30 bytes apart: addresses are reserved, and 4 pages of memory used."""
    memory = reserved(4 * GIB, torch.uint8)
    shape = (4, 8) if axis == 0 else (8, 4)
    strides = (GIB, 1) if axis == 0 else (1, GIB)
    far = memory.as_strided(shape, strides)
    near = torch.randint(0, 255, shape, dtype=torch.uint8)
    run(copy2d, near, far)
    assert_close(far, near)
    back = torch.zeros_like(near)
    run(copy2d, far, back)
    assert_close(back, near)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_an_outer_sum_adds_all_pairs(shape: tuple[int, int]) -> None:
    x, y = draw(shape[0]), draw(shape[1])
    assert_close(run(outer_add, x, y).result, x[:, None] + y, rtol=0, atol=0)


def test_vectors_of_an_outer_sum_may_have_strides() -> None:
    x, y = draw(33), draw(70)
    for (name, one), (_, other) in zip(layouts(x), layouts(y), strict=True):
        out = run(outer_add, one, other).result
        assert_close(out, x[:, None] + y, rtol=0, atol=0, name=name)
    column = draw(70, 3)[:, 1]
    assert_close(run(outer_add, x, column).result, x[:, None] + column, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32], ids=str)
def test_the_dtype_is_kept(dtype: torch.dtype) -> None:
    x, y = draw(33, dtype=dtype), draw(70, dtype=dtype)
    table = run(outer_add, x, y).result
    assert_close(table, x[:, None] + y, rtol=0, atol=0)
    dst = torch.zeros_like(table).T.contiguous().T
    copied(table, dst)
    assert_close(dst, table, rtol=0, atol=0)


def test_an_outer_sum_is_one_launch_and_torch_computes_nothing() -> None:
    x, y = draw(33), draw(70)
    with assert_unchanged(x, y):
        report = run(outer_add, x, y)
    assert_single_launch(report)
    assert_kernels_only(report)
    assert_traffic(report, at_most=1.3)  # each tile loads its part of x and of y


@pytest.mark.perf
def test_a_transposed_copy_is_nearly_as_fast_as_a_plain_one() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    n = 8192

    def copied_by_strides(src: torch.Tensor) -> torch.Tensor:
        dst = torch.empty(n, n, device=DEVICE)
        copy2d(src.T, dst)
        return dst

    assert_fast(
        copied_by_strides,
        lambda src: src.T.contiguous(),
        lambda: (torch.randn(n, n, device=DEVICE),),
        against="src.T.contiguous()",
        work=Work(read=4 * n * n, written=4 * n * n),
        fraction=0.6,
    )
