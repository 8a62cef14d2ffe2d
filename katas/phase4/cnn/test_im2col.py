import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.cnn.im2col import col2im, conv2d_gemm, im2col

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/cnn/conv2d_loops",),
    forbids={
        "torch": "numpy's slices and one matrix product are all it takes",
        "scipy": "numpy's slices and one matrix product are all it takes",
        "jax": "numpy's slices and one matrix product are all it takes",
    },
)

# The shape of x and the kernel, then stride, pad and dilation.
SETTINGS = [
    ((2, 3, 5, 4), (3, 2), (1, 0, 1)),
    ((1, 2, 4, 7), (2, 3), (2, 0, 1)),
    ((1, 2, 8, 5), (2, 1), (3, 0, 1)),
    ((2, 1, 3, 4), (3, 3), (1, 1, 1)),
    ((1, 2, 2, 3), (3, 1), (1, 2, 1)),
    ((1, 2, 7, 6), (3, 2), (1, 0, 2)),
    ((1, 2, 6, 9), (2, 3), (1, 0, 3)),
    ((2, 2, 8, 6), (3, 2), (3, 2, 2)),
    ((1, 2, 5, 8), (2, 4), (2, 1, 2)),
    ((1, 1, 1, 2), (3, 2), (2, 1, 1)),
    ((1, 2, 3, 3), (1, 1), (1, 0, 1)),
    ((1, 1, 1, 1), (1, 1), (1, 0, 1)),
]
each_setting = pytest.mark.parametrize(("shape", "kernel", "options"), SETTINGS)
Four = tuple[int, int, int, int]
Two = tuple[int, int]
Three = tuple[int, int, int]


def draw(*shape: int) -> np.ndarray:
    return np.random.normal(size=shape)


def unfold(x: np.ndarray, kernel: Two, stride: int = 1, pad: int = 0, dilation: int = 1) -> np.ndarray:
    return F.unfold(torch.tensor(x), kernel, dilation, pad, stride).numpy()


def fold(
    cols: np.ndarray, shape: Four, kernel: Two, stride: int = 1, pad: int = 0, dilation: int = 1
) -> np.ndarray:
    return F.fold(torch.tensor(cols), shape[2:], kernel, dilation, pad, stride).numpy()


def draw_cols(shape: Four, kernel: Two, options: Three) -> np.ndarray:
    return draw(*unfold(np.zeros(shape), kernel, *options).shape)


def convolve(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 0, dilation: int = 1
) -> np.ndarray:
    bias = None if b is None else torch.tensor(b)
    return F.conv2d(torch.tensor(x), torch.tensor(w), bias, stride, pad, dilation).numpy()


def seconds(f: Callable[..., Any], *arguments: Any) -> float:
    """Processor time of the fastest of five calls."""
    times = []
    for _ in range(5):
        start = time.process_time()
        f(*arguments)
        times.append(time.process_time() - start)
    return min(times)


def by_places(image: np.ndarray) -> np.ndarray:
    """The windows of 2 x 2 of one channel (H, W), one place after the other."""
    rows, columns = image.shape[0] - 1, image.shape[1] - 1
    cols = np.empty((4, rows * columns))
    for r in range(rows):
        for s in range(columns):
            cols[:, r * columns + s] = image[r : r + 2, s : s + 2].ravel()
    return cols


def test_each_column_is_a_window() -> None:
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    windows = [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
    assert_close(im2col(x, 2, 2), np.array(windows, dtype=float).T[None])


def test_down_a_column_go_channels_then_rows_then_columns() -> None:
    x = draw(2, 3, 4, 6)
    cols = im2col(x, 3, 2)
    assert cols.shape == (2, 18, 10)
    for r, s in np.ndindex(2, 5):
        assert_close(cols[:, :, 5 * r + s], x[:, :, r : r + 3, s : s + 2].reshape(2, 18), name=f"at {r, s}")


def test_the_windows_of_a_padded_image_see_zeros() -> None:
    cols = im2col(np.array([[[[5.0, 7.0]]]]), 1, 2, pad=1)
    zeros = [0.0, 0.0, 0.0]
    assert_close(cols, np.array([[[*zeros, 0.0, 5.0, 7.0, *zeros], [*zeros, 5.0, 7.0, 0.0, *zeros]]]))


@each_setting
def test_torch_unfolds_the_same(shape: Four, kernel: Two, options: Three) -> None:
    x = draw(*shape)
    assert_close(im2col(x, *kernel, *options), unfold(x, kernel, *options))


def test_going_back_what_meets_is_summed() -> None:
    cols = np.arange(1.0, 9.0).reshape(1, 2, 4)
    assert_close(col2im(cols, (1, 1, 1, 5), 1, 2), np.array([[[[1.0, 7.0, 9.0, 11.0, 8.0]]]]))


def test_ones_count_the_windows_that_see_an_entry() -> None:
    count = np.zeros((1, 2, 5, 6))
    for r, s in np.ndindex(3, 5):
        count[:, :, r : r + 3, s : s + 2] += 1
    assert_close(col2im(np.ones((1, 12, 15)), (1, 2, 5, 6), 3, 2), count)


@each_setting
def test_the_way_back_is_the_adjoint(shape: Four, kernel: Two, options: Three) -> None:
    x, cols = draw(*shape), draw_cols(shape, kernel, options)
    there, back = (
        np.sum(unfold(x, kernel, *options) * cols),
        np.sum(x * col2im(cols, shape, *kernel, *options)),
    )
    assert_close(back, there, atol=1e-10 * x.size * cols.size, name="<x, col2im(cols)>")


@each_setting
def test_torch_folds_the_same(shape: Four, kernel: Two, options: Three) -> None:
    cols = draw_cols(shape, kernel, options)
    assert_close(col2im(cols, shape, *kernel, *options), fold(cols, shape, kernel, *options))


def test_entries_between_and_behind_the_windows_stay_zero() -> None:
    x = col2im(np.ones((1, 4, 4)), (1, 1, 6, 7), 2, 2, stride=3)
    axis = np.array([1.0, 1, 0, 1, 1, 0, 0])
    assert_close(x, np.outer(axis[:6], axis)[None, None])


def test_what_comes_back_to_the_padding_is_cut_off() -> None:
    cols = np.arange(1.0, 10.0).reshape(1, 1, 9)
    assert_close(col2im(cols, (1, 1, 1, 1), 1, 1, pad=1), np.array([[[[5.0]]]]))


@pytest.mark.parametrize("outputs", [1, 4])
@each_setting
def test_the_product_is_the_convolution(shape: Four, kernel: Two, options: Three, outputs: int) -> None:
    x, w, b = draw(*shape), draw(outputs, shape[1], *kernel), draw(outputs)
    assert_close(conv2d_gemm(x, w, b, *options), convolve(x, w, b, *options))
    assert_close(conv2d_gemm(x, w, None, *options), convolve(x, w, None, *options), name="y without a bias")


def test_stride_padding_and_dilation_need_not_be_given() -> None:
    x, w, cols = draw(1, 2, 3, 4), draw(2, 2, 2, 3), draw(1, 12, 4)
    assert_close(im2col(x, 2, 3), unfold(x, (2, 3)))
    assert_close(col2im(cols, (1, 2, 3, 4), 2, 3), fold(cols, (1, 2, 3, 4), (2, 3)))
    assert_close(conv2d_gemm(x, w), convolve(x, w, None))


def test_neither_way_goes_through_the_places_one_by_one() -> None:
    """A slice per tap takes below 1 % of the time of a loop over the places, np.add.at about 5 %."""
    x, cols = draw(1, 1, 128, 128), draw(1, 4, 127 * 127)
    w = draw(1, 1, 2, 2)
    slow = seconds(by_places, x[0, 0])
    assert seconds(im2col, x, 2, 2) < slow / 2
    assert seconds(col2im, cols, x.shape, 2, 2) < slow / 2
    assert seconds(conv2d_gemm, x, w) < slow / 2


def test_float32_stays_float32() -> None:
    shapes = (1, 2, 4, 5), (1, 12, 9), (3, 2, 2, 3), (3,)
    x, cols, w, b = (draw(*shape).astype(np.float32) for shape in shapes)
    wide_x, wide_cols, wide_w, wide_b = (one.astype(np.float64) for one in (x, cols, w, b))
    assert_close(im2col(x, 2, 3, 2, 1), unfold(wide_x, (2, 3), 2, 1), dtype=np.float32)
    assert_close(
        col2im(cols, (1, 2, 4, 5), 2, 3, 2, 1), fold(wide_cols, (1, 2, 4, 5), (2, 3), 2, 1), dtype=np.float32
    )
    assert_close(conv2d_gemm(x, w, b, 2, 1), convolve(wide_x, wide_w, wide_b, 2, 1), dtype=np.float32)
    assert_close(conv2d_gemm(x, w, None, 2, 1), convolve(wide_x, wide_w, None, 2, 1), dtype=np.float32)


@pytest.mark.parametrize("pad", [0, 1])
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(pad: int) -> None:
    x, w, b = draw(2, 2, 4, 5), draw(2, 2, 2, 3), draw(2)
    cols = draw_cols((2, 2, 4, 5), (2, 3), (1, pad, 1))
    expected = unfold(x, (2, 3), 1, pad), fold(cols, (2, 2, 4, 5), (2, 3), 1, pad), convolve(x, w, b, 1, pad)
    for (_, x2), (_, cols2), (_, w2) in zip(*map(layouts, (x, cols, w)), strict=True):
        with assert_unchanged(x2, cols2, w2, b):
            assert_close(im2col(x2, 2, 3, 1, pad), expected[0], name="cols")
            assert_close(col2im(cols2, (2, 2, 4, 5), 2, 3, 1, pad), expected[1], name="x")
            assert_close(conv2d_gemm(x2, w2, b, 1, pad), expected[2], name="y")


def test_results_share_no_memory_with_inputs() -> None:
    x, cols = draw(2, 2, 3, 4), draw(2, 2, 12)
    assert not np.shares_memory(im2col(x, 1, 1), x)
    assert not np.shares_memory(col2im(cols, (2, 2, 3, 4), 1, 1), cols)
    assert not np.shares_memory(conv2d_gemm(x[:1, :1], np.ones((1, 1, 1, 1))), x)


def test_an_empty_batch_has_no_columns_and_no_images() -> None:
    x = np.zeros((0, 2, 4, 5))
    assert im2col(x, 2, 3).shape == (0, 12, 9)
    assert col2im(np.zeros((0, 12, 9)), (0, 2, 4, 5), 2, 3).shape == (0, 2, 4, 5)
    assert conv2d_gemm(x, draw(3, 2, 2, 3), draw(3)).shape == (0, 3, 3, 3)


@pytest.mark.parametrize(
    ("kernel", "options"),
    [((5, 1), (1, 0, 1)), ((1, 6), (1, 0, 1)), ((3, 1), (1, 0, 2)), ((1, 8), (2, 1, 1)), ((7, 1), (1, 1, 1))],
)
def test_a_kernel_that_does_not_fit_raises(kernel: Two, options: Three) -> None:
    with pytest.raises(ValueError):
        im2col(np.ones((1, 1, 4, 5)), *kernel, *options)
    with pytest.raises(ValueError):
        col2im(np.ones((1, kernel[0] * kernel[1], 0)), (1, 1, 4, 5), *kernel, *options)
    with pytest.raises(ValueError):
        conv2d_gemm(np.ones((1, 1, 4, 5)), np.ones((1, 1, *kernel)), None, *options)


@pytest.mark.parametrize(
    "shape",
    [(2, 12, 4), (2, 12, 9), (2, 4, 6), (1, 12, 6), (2, 6, 12), (1, 24, 6), (12, 12), (2, 2, 6, 6), (144,)],
)
def test_columns_that_are_not_of_this_image_raise(shape: tuple[int, ...]) -> None:
    assert col2im(np.ones((2, 12, 6)), (2, 2, 3, 5), 2, 3).shape == (2, 2, 3, 5)
    with pytest.raises(ValueError):
        col2im(np.ones(shape), (2, 2, 3, 5), 2, 3)


@pytest.mark.parametrize("w_shape", [(2, 3, 2, 2), (2, 1, 2, 2), (2, 4, 2, 1), (2, 1, 4, 1)])
def test_a_kernel_with_other_channels_raises(w_shape: Four) -> None:
    with pytest.raises(ValueError):
        conv2d_gemm(np.ones((1, 2, 4, 4)), np.ones(w_shape))


@pytest.mark.parametrize("shape", [(1,), (3,), (), (2, 1), (1, 2), (2, 1, 1), (3, 3)])
def test_a_bias_of_another_shape_raises(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        conv2d_gemm(np.ones((1, 1, 4, 4)), np.ones((2, 1, 2, 2)), np.ones(shape))
