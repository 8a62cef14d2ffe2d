import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import Report, assert_coalesced, assert_spread, unset
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.softmax import kernels

KATA = Kata(
    difficulty=4,
    minutes=45,
    needs=("phase5/cuda_cpp/reduce",),
    forbids_cpp={
        "double": "compute in float",
        "cudnn": "write the kernel yourself",
        "cub": "merge the stretches yourself",
        "thrust": "merge the stretches yourself",
    },
)


def draw(*shape: int) -> np.ndarray:
    return (3 * np.random.randn(*shape)).astype(np.float32)


def reference(x: np.ndarray) -> np.ndarray:
    wide = x.astype(np.float64)
    with np.errstate(invalid="ignore"):
        powers = np.exp(wide - wide.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)


def judged(x: np.ndarray) -> Report:
    rows, cols = x.shape
    y, before = unset((rows, cols)), x.copy()
    report = kernels.call("softmax", (x, y, rows, cols, cols))
    assert report.returned == 0
    expected = reference(x).astype(np.float32)
    assert_close(np.array(y), expected, rtol=3e-6, atol=1e-9)
    assert_close(x, before, rtol=0, atol=0)
    return report


@pytest.mark.parametrize("cols", [1, 2, 31, 32, 33, 300, 1000, 4099])
def test_any_number_of_columns(cols: int) -> None:
    judged(draw(3, cols))


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_each_row_is_its_own(rows: int) -> None:
    judged(draw(rows, 50) + np.arange(rows, dtype=np.float32)[:, None])


def test_each_row_has_a_block() -> None:
    report = judged(draw(7, 50))
    assert_spread(report)
    [launch] = report.launches
    assert launch.blocks == 7


@pytest.mark.parametrize("at", [0, 17, 32, 299, 598, 599])
def test_the_maximum_may_come_first_or_last(at: int) -> None:
    x = draw(2, 600)
    x[0, at] = 60
    judged(x)


@pytest.mark.parametrize("order", [1, -1])
def test_the_sum_is_made_smaller_whenever_the_maximum_grows(order: int) -> None:
    judged(np.linspace(-80, 80, 2000, dtype=np.float32)[::order].reshape(1, -1).copy())


@pytest.mark.parametrize("size", [1e4, -1e4, 89.0, -200.0])
def test_large_numbers_neither_overflow_nor_vanish(size: float) -> None:
    judged(draw(2, 300) + np.float32(size))
    mixed = np.where(np.random.rand(2, 300) < 0.5, size, -size).astype(np.float32)
    judged(mixed)


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_what_is_masked_gets_nothing(share: float) -> None:
    x = draw(4, 700)
    x[np.random.rand(4, 700) < share] = -np.inf
    x[:, 350] = 1
    judged(x)
    y = unset((4, 700))
    kernels.call("softmax", (x, y, 4, 700, 700))
    assert (y[np.isneginf(x)] == 0).all()


@pytest.mark.parametrize("at", [0, 40, 511])
def test_a_single_number_among_minus_infinities_gets_everything(at: int) -> None:
    x = np.full((2, 512), -np.inf, np.float32)
    x[:, at] = [-5, 7]
    judged(x)


def test_a_row_of_minus_infinity_is_nan_and_no_other() -> None:
    x, y = draw(3, 100), unset((3, 100))
    x[1] = -np.inf
    kernels.call("softmax", (x, y, 3, 100, 100))
    assert np.isnan(y[1]).all()
    assert_close(np.array(y[::2]), reference(x[::2]).astype(np.float32), rtol=3e-6, atol=1e-9)


def test_a_nan_makes_its_row_nan() -> None:
    x, y = draw(3, 100), unset((3, 100))
    x[1, 60] = np.nan
    kernels.call("softmax", (x, y, 3, 100, 100))
    assert np.isnan(y[1]).all()
    assert not np.isnan(y[::2]).any()


@pytest.mark.parametrize(("cols", "stride"), [(5, 8), (33, 40), (300, 301)])
def test_between_the_rows_nothing_is_read_or_written(cols: int, stride: int) -> None:
    x, y = np.full((4, stride), 90, np.float32), np.full((4, stride), 7, np.float32)
    x[:, :cols] = draw(4, cols)
    report = kernels.call("softmax", (x, y, 4, cols, stride))
    assert_close(y[:, :cols], reference(x[:, :cols]).astype(np.float32), rtol=3e-6, atol=1e-9)
    assert (y[:, cols:] == 7).all()
    assert report.buffers["y"].stores == 4 * cols


@pytest.mark.parametrize("cols", [64, 1000])
def test_each_number_is_read_at_most_twice(cols: int) -> None:
    report = judged(draw(3, cols))
    assert report.buffers["x"].loads <= 2 * 3 * cols
    assert report.buffers["y"].stores == 3 * cols
    assert report.buffers["y"].loads == 0


def test_the_lanes_of_a_row_work_together() -> None:
    report = judged(draw(2, 1024))
    assert_coalesced(report)
    assert report.total(space="global").active > 0.9


# On a GPU -----------------------------------------------------------------------------------------------


def on_gpu(x: torch.Tensor) -> torch.Tensor:
    y = torch.empty_like(x)
    kernels.call_on_gpu("softmax", (x, y, x.shape[0], x.shape[1], x.shape[1]))
    return y


@pytest.mark.gpu
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1000, 33), (100, 50_257)])
def test_a_gpu_agrees(rows: int, cols: int) -> None:
    x = 3 * torch.randn(rows, cols, device="cuda")
    assert_close(on_gpu(x), torch.softmax(x.double(), 1).float(), rtol=1e-5, atol=1e-30)


@pytest.mark.gpu
def test_on_a_gpu_rows_may_lie_beyond_two_to_the_31() -> None:
    if torch.cuda.mem_get_info()[0] < 20 << 30:
        pytest.skip("not graded: needs 20 GiB of free memory on the GPU")
    rows, cols, stride = 3, 1000, 2**30 + 1
    values = torch.randn(rows, cols, device="cuda")
    x, y = (torch.empty(2 * stride + cols, device="cuda") for _ in "xy")
    x.as_strided((rows, cols), (stride, 1)).copy_(values)
    kernels.call_on_gpu("softmax", (x, y, rows, cols, stride))
    got = y.as_strided((rows, cols), (stride, 1)).contiguous()
    assert_close(got, torch.softmax(values.double(), 1).float(), rtol=1e-5, atol=1e-30)


@pytest.mark.perf
def test_it_keeps_up_with_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    rows, cols = 8192, 4096
    assert_fast(
        on_gpu,
        lambda x: torch.softmax(x, 1),
        lambda: (torch.randn(rows, cols, device="cuda"),),
        against="torch.softmax",
        work=Work(read=4 * rows * cols, written=4 * rows * cols),
        ratio=0.9,
        fraction=0.6,
    )
