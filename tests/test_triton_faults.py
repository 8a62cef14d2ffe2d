"""Planted bugs are found one by one, each at its line, in any order of the programs; right kernels pass."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from aire_katas.checks.triton import Fault, KernelFault, Report, observe, run
from tests import triton_kernels as kernels

SEEDS = pytest.mark.parametrize("seed", [1, 2])
SOURCE = Path(kernels.__file__).read_text().splitlines()


def only_fault(report: Report) -> Fault:
    assert [fault.kind for fault in report.faults], "nothing was reported"
    assert len(report.faults) == 1, "\n".join(map(str, report.faults))
    return report.faults[0]


def line_of(fault: Fault) -> str:
    assert fault.place is not None
    assert fault.place.file == kernels.__file__
    return SOURCE[fault.place.line - 1].strip()


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


@SEEDS
def test_a_load_without_a_mask_is_out_of_bounds(seed: int) -> None:
    fault = only_fault(observe(kernels.add_unmasked_load, draw(1000), draw(1000), seed=seed))
    assert fault.kind == "out of bounds"
    assert fault.kernel == "_add_unmasked_load"
    assert fault.program == (3, 0, 0)
    assert line_of(fault) == "x = tl.load(x_ptr + at)"
    assert fault.text == "loads x_ptr[1000]: 24 of 256 lanes lie outside x_ptr, which has shape (1000,)"


@SEEDS
def test_a_store_without_a_mask_is_out_of_bounds(seed: int) -> None:
    fault = only_fault(observe(kernels.add_unmasked_store, draw(1000), draw(1000), seed=seed))
    assert fault.text == "stores out_ptr[1000]: 24 of 256 lanes lie outside out_ptr, which has shape (1000,)"
    assert line_of(fault) == "tl.store(out_ptr + at, x + y)"


@SEEDS
def test_an_atomic_out_of_bounds_is_seen(seed: int) -> None:
    x = torch.tensor([0, 3, 7, 2])
    fault = only_fault(observe(kernels.count, x, 7, seed=seed))
    assert fault.text.startswith("atomically updates counts_ptr[7]: 1 of 4 lanes lie outside")


@SEEDS
def test_the_wrong_stride_reads_between_the_elements_of_a_view(seed: int) -> None:
    wide = draw(8, 32)
    fault = only_fault(observe(kernels.double_rows, wide[:, :16], 16, seed=seed))
    assert fault.kind == "out of bounds"
    assert ", 16]: 16 of 16 lanes lie outside x_ptr" in fault.text
    assert "shape (8, 16), strides (32, 1)" in fault.text
    assert line_of(fault) == "x = tl.load(x_ptr + row * x_stride + at)"


def test_the_right_stride_reads_the_same_view() -> None:
    wide = draw(8, 32)
    report = run(kernels.double_rows, wide[:, :16], 32)
    assert torch.equal(report.result, 2 * wide[:, :16])


@SEEDS
def test_a_neighbour_in_the_same_buffer_is_out_of_bounds_too(seed: int) -> None:
    buffer = draw(2048)
    fault = only_fault(observe(kernels.add_unmasked_load, buffer[:1000], buffer[1024:2024], seed=seed))
    assert "x_ptr[1000]" in fault.text


@SEEDS
def test_an_index_before_the_start_is_named(seed: int) -> None:
    report = observe(kernels.shifted, draw(64), seed=seed)
    assert "loads x_ptr[-1]: 1 of 64 lanes lie outside" in only_fault(report).text


@SEEDS
def test_an_offset_beyond_int32_is_out_of_bounds(seed: int) -> None:
    x = torch.zeros(4, dtype=torch.uint8).as_strided((4, 1), (1, 1))
    fault = only_fault(observe(kernels.far_row, x, 2**30, seed=seed))
    assert fault.text.startswith("loads x_ptr[-2147483648")


@SEEDS
def test_a_sum_without_atomics_is_a_race(seed: int) -> None:
    report = observe(kernels.sum_without_atomics, draw(1024), seed=seed)
    fault = next(one for one in report.faults if "stores" in one.text)
    assert {one.kind for one in report.faults} == {"race"}
    assert line_of(fault) == "tl.store(total_ptr, total + tl.sum(x))"
    assert fault.text.startswith("stores total_ptr[0], which program (")
    assert fault.text.endswith("in the same launch; programs run in any order, many at once")


@SEEDS
def test_two_programs_at_one_address_are_a_race_even_with_equal_values(seed: int) -> None:
    fault = only_fault(observe(kernels.overlapping_blocks, draw(256), seed=seed))
    assert fault.kind == "race"
    assert line_of(fault) == "tl.store(out_ptr + at, x, mask=at < n)"
    assert "has stored in the same launch" in fault.text


@SEEDS
def test_reading_what_another_program_writes_is_a_race(seed: int) -> None:
    faults = observe(kernels.difference_in_place, draw(256), seed=seed).faults
    assert {fault.kind for fault in faults} == {"race"}
    assert all("x_ptr" in line_of(fault) for fault in faults)


@SEEDS
def test_a_race_through_two_views_of_one_buffer_is_seen(seed: int) -> None:
    buffer = draw(257)
    fault = only_fault(observe(kernels.copy_blocks, buffer[:256], buffer[1:], seed=seed))
    assert fault.kind == "race"


@SEEDS
def test_lanes_of_one_store_that_disagree_are_a_race(seed: int) -> None:
    fault = only_fault(observe(kernels.histogram_without_atomics, torch.tensor([1, 1, 2, 3]), 5, seed=seed))
    assert (
        fault.text
        == "two lanes of one store give different values to counts_ptr[1]; which one stays is chance"
    )


@SEEDS
def test_an_unwritten_tail_is_named(seed: int) -> None:
    fault = only_fault(observe(kernels.add_floor_grid, draw(1000), draw(1000), seed=seed))
    assert fault.kind == "unwritten"
    assert fault.kernel == "_add"
    assert fault.text == "the result[768] was never written; 232 of 1000 elements were not"


@SEEDS
def test_an_output_among_the_arguments_is_judged_too(seed: int) -> None:
    out = torch.zeros(8, 16)
    fault = only_fault(observe(kernels.fill_first_columns, out, seed=seed, outputs=(out,)))
    assert fault.text == "output 0[0, 8] was never written; 64 of 128 elements were not"


@SEEDS
def test_a_load_of_what_nothing_has_written_is_named(seed: int) -> None:
    fault = only_fault(observe(kernels.accumulate_into_empty, draw(64), seed=seed))
    assert fault.kind == "unwritten"
    assert fault.text == "loads out_ptr[0], which nothing has written before"
    assert line_of(fault) == "old = tl.load(out_ptr + at)"


def test_masked_lanes_without_other_hold_nan() -> None:
    assert run(kernels.sum_row, draw(5)).result.isnan()


def test_run_raises_what_observe_reports() -> None:
    with pytest.raises(KernelFault) as error:
        run(kernels.add_unmasked_load, draw(1000), draw(1000))
    first, second = str(error.value).splitlines()
    line = SOURCE.index("    x = tl.load(x_ptr + at)") + 1
    assert first == f"out of bounds: _add_unmasked_load, tests/triton_kernels.py:{line}, program (3, 0, 0)"
    assert second.startswith("    loads x_ptr[1000]")


def test_a_launch_that_nobody_watches_raises_too() -> None:
    with pytest.raises(KernelFault):
        kernels.add_unmasked_load(draw(1000), draw(1000))


def test_the_same_fault_of_many_programs_is_told_once() -> None:
    fault = only_fault(observe(kernels.add_unmasked_load, draw(100), draw(1000)))
    assert fault.programs == 4
    assert str(fault).endswith("(4 programs do)")


def test_an_error_in_a_kernel_stays_what_it_is_and_names_the_program() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        run(kernels.raises, draw(4))
    assert error.value.__notes__ == ["in kernel _raises, program (0, 0, 0)"]


def test_an_error_deep_in_triton_ends_at_the_line_of_the_kernel() -> None:
    with pytest.raises(ValueError, match="arange's range must be a power of 2") as error:
        run(kernels.odd_block, draw(4))
    last = error.traceback[-1]
    assert str(last.path) == kernels.__file__
    assert str(last.statement).strip() == "at = tl.arange(0, N)"


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TypeError, match="_raises has no parameter num_warp, nor has a launch"):
        run(kernels.misspelt_option, draw(4))


def test_a_grid_of_floats_is_refused() -> None:
    with pytest.raises(TypeError, match=r"the grid is \(2\.5,\), expected a tuple of one to three ints"):
        run(kernels.float_grid, draw(4))


@pytest.mark.parametrize("function", kernels.RIGHT, ids=lambda one: one.__name__)
@SEEDS
def test_right_kernels_are_not_reported(
    function: Callable[[int], tuple[Report, torch.Tensor]], seed: int
) -> None:
    report, expected = function(seed)
    assert report.faults == []
    assert torch.allclose(report.result, expected, atol=1e-4)
