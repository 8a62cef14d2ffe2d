import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from katas.phase4.cnn.conv2d_loops import conv2d

KATA = Kata(
    difficulty=2,
    minutes=25,
    needs=("phase4/cnn/conv_arithmetic",),
    forbids={
        "torch": "write the sum of the statement in numpy",
        "scipy": "write the sum of the statement in numpy",
        "jax": "write the sum of the statement in numpy",
    },
)

Shape = tuple[int, ...]
# The shapes of x and w, then stride, pad, dilation and groups.
SETTINGS = [
    ((2, 3, 5, 4), (2, 3, 3, 2), (1, 0, 1, 1)),
    ((1, 2, 4, 7), (3, 2, 2, 3), (2, 0, 1, 1)),
    ((1, 2, 8, 5), (1, 2, 2, 2), (3, 0, 1, 1)),
    ((2, 1, 3, 4), (2, 1, 3, 3), (1, 1, 1, 1)),
    ((1, 2, 2, 3), (2, 2, 3, 1), (1, 2, 1, 1)),
    ((1, 2, 7, 6), (2, 2, 3, 2), (1, 0, 2, 1)),
    ((1, 1, 6, 9), (1, 1, 2, 3), (1, 0, 3, 1)),
    ((2, 4, 4, 3), (2, 2, 2, 2), (1, 0, 1, 2)),
    ((1, 3, 4, 5), (3, 1, 3, 3), (1, 1, 1, 3)),
    ((1, 2, 4, 3), (6, 1, 2, 2), (1, 0, 1, 2)),
    ((1, 6, 3, 3), (9, 2, 2, 2), (1, 0, 1, 3)),
    ((2, 4, 7, 5), (6, 2, 3, 2), (3, 2, 2, 2)),
    ((1, 2, 5, 8), (2, 2, 2, 4), (2, 1, 2, 1)),
    ((1, 1, 1, 1), (1, 1, 1, 1), (1, 0, 1, 1)),
    ((1, 1, 1, 2), (1, 1, 3, 2), (2, 1, 1, 1)),
    ((0, 2, 4, 4), (3, 2, 3, 3), (1, 1, 1, 1)),
]


def draw(*shape: int) -> np.ndarray:
    return np.random.normal(size=shape)


def by_torch(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray | None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> np.ndarray:
    bias = None if b is None else torch.tensor(b)
    return F.conv2d(torch.tensor(x), torch.tensor(w), bias, stride, pad, dilation, groups).numpy()


def test_a_kernel_with_a_single_one_moves_the_image() -> None:
    x, w = draw(1, 1, 5, 6), np.zeros((1, 1, 3, 4))
    w[0, 0, 2, 1] = 1
    assert_close(conv2d(x, w), x[:, :, 2:, 1:4])


def test_a_kernel_of_ones_adds_up_each_window() -> None:
    x = draw(1, 2, 4, 5)
    y = conv2d(x, np.ones((1, 2, 2, 3)))
    for r, s in np.ndindex(3, 3):
        assert_close(y[0, 0, r, s], x[0, :, r : r + 2, s : s + 3].sum(), name=f"window at {r, s}")


def test_a_kernel_as_large_as_the_image_is_a_scalar_product() -> None:
    x, w = draw(1, 2, 3, 4), draw(1, 2, 3, 4)
    assert_close(conv2d(x, w), np.sum(x * w).reshape(1, 1, 1, 1))


def test_the_kernel_is_not_flipped() -> None:
    x = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]).reshape(1, 1, 2, 3)
    w = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
    assert_close(conv2d(x, w), np.array([[[[93.0, 186.0]]]]))  # 1 + 2*2 + 3*8 + 4*16


def test_one_tap_is_a_matrix_product_over_the_channels() -> None:
    x, w, b = draw(2, 3, 4, 5), draw(6, 3, 1, 1), draw(6)
    channels_last = np.moveaxis(x, 1, -1) @ w[:, :, 0, 0].T + b
    assert_close(conv2d(x, w, b), np.moveaxis(channels_last, -1, 1))


def test_the_bias_lifts_each_output_channel_as_a_whole() -> None:
    x, w, b = draw(2, 2, 4, 4), draw(3, 2, 2, 2), np.array([1.0, -2.0, 0.5])
    lifted = conv2d(x, w, b) - conv2d(x, w, None)
    assert_close(lifted, np.broadcast_to(b[:, None, None], (2, 3, 3, 3)))


def test_beyond_the_border_there_are_zeros() -> None:
    y = conv2d(np.full((1, 1, 2, 3), 5.0), np.ones((1, 1, 3, 3)), pad=1)
    assert_close(y, 5.0 * np.array([[[[4.0, 6.0, 4.0], [4.0, 6.0, 4.0]]]]))


def test_a_stride_of_three_keeps_every_third_output() -> None:
    x, w = draw(1, 2, 7, 8), draw(2, 2, 2, 3)
    assert_close(conv2d(x, w, stride=3), conv2d(x, w)[:, :, ::3, ::3])


def test_dilation_puts_zeros_between_the_taps() -> None:
    x, w = draw(1, 2, 7, 8), draw(2, 2, 3, 2)
    spread = np.zeros((2, 2, 5, 3))
    spread[:, :, ::2, ::2] = w
    assert_close(conv2d(x, w, dilation=2), conv2d(x, spread))


def test_groups_are_convolutions_side_by_side() -> None:
    x, w, b = draw(2, 6, 4, 3), draw(6, 2, 2, 2), draw(6)
    parts = [conv2d(x[:, 2 * g : 2 * g + 2], w[2 * g : 2 * g + 2], b[2 * g : 2 * g + 2]) for g in range(3)]
    assert_close(conv2d(x, w, b, groups=3), np.concatenate(parts, axis=1))


def test_a_depthwise_convolution_keeps_its_channels_apart() -> None:
    x, w = draw(1, 3, 4, 4), draw(3, 1, 2, 2)
    y = conv2d(x, w, groups=3)
    changed = x.copy()
    changed[:, 1] += 1.0
    moved = np.abs(conv2d(changed, w, groups=3) - y).max((0, 2, 3)) > 1e-9
    assert moved.tolist() == [False, True, False]


def test_images_of_a_batch_do_not_see_each_other() -> None:
    x, w, b = draw(3, 2, 4, 4), draw(2, 2, 3, 3), draw(2)
    alone = [conv2d(x[n : n + 1], w, b, pad=1) for n in range(3)]
    assert_close(conv2d(x, w, b, pad=1), np.concatenate(alone))


def test_it_is_linear_in_the_image_and_in_the_kernel() -> None:
    (x, x2), (w, w2) = draw(2, 1, 4, 6, 5), draw(2, 2, 2, 3, 2)
    y, of_x2, of_w2 = (conv2d(a, k, None, 2, 1, 2, 2) for a, k in ((x, w), (x2, w), (x, w2)))
    assert_close(conv2d(2 * x - 3 * x2, w, None, 2, 1, 2, 2), 2 * y - 3 * of_x2)
    assert_close(conv2d(x, 2 * w - 3 * w2, None, 2, 1, 2, 2), 2 * y - 3 * of_w2)


@pytest.mark.parametrize(("x_shape", "w_shape", "options"), SETTINGS)
def test_torch_agrees(x_shape: Shape, w_shape: Shape, options: tuple[int, int, int, int]) -> None:
    x, w, b = draw(*x_shape), draw(*w_shape), draw(w_shape[0])
    assert_close(conv2d(x, w, b, *options), by_torch(x, w, b, *options))
    assert_close(conv2d(x, w, None, *options), by_torch(x, w, None, *options), name="y without a bias")


@pytest.mark.parametrize("bias", [True, False])
def test_float32_stays_float32(bias: bool) -> None:
    x, w, b = (draw(*shape).astype(np.float32) for shape in ((1, 4, 4, 5), (2, 2, 2, 3), (2,)))
    x64, w64, b64 = (one.astype(np.float64) for one in (x, w, b))
    expected = by_torch(x64, w64, b64 if bias else None, 2, 1, 1, 2)
    assert_close(conv2d(x, w, b if bias else None, 2, 1, 1, 2), expected, dtype=np.float32)


@pytest.mark.parametrize("pad", [0, 1])
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(pad: int) -> None:
    inputs = draw(2, 2, 4, 5), draw(3, 2, 2, 3)
    b = draw(3)
    expected = by_torch(*inputs, b, 1, pad)
    for (name, x), (_, w) in zip(*map(layouts, inputs), strict=True):
        with assert_unchanged(x, w, b):
            assert_close(conv2d(x, w, b, pad=pad), expected, name=f"y, inputs {name}")


@pytest.mark.parametrize(
    ("C", "w_shape", "groups"),
    [
        (3, (2, 1, 2, 2), 1),
        (1, (2, 3, 2, 2), 1),
        (4, (2, 2, 2, 2), 1),
        (4, (2, 4, 2, 2), 2),
        (3, (2, 1, 2, 2), 2),
        (6, (4, 2, 2, 2), 2),
    ],
)
def test_channels_that_do_not_fit_the_kernel_raise(C: int, w_shape: Shape, groups: int) -> None:
    with pytest.raises(ValueError):
        conv2d(np.ones((1, C, 4, 4)), np.ones(w_shape), None, groups=groups)


@pytest.mark.parametrize(("outputs", "groups"), [(3, 2), (1, 2), (5, 3), (2, 4)])
def test_outputs_that_the_groups_do_not_divide_raise(outputs: int, groups: int) -> None:
    with pytest.raises(ValueError):
        conv2d(np.ones((1, 2 * groups, 4, 4)), np.ones((outputs, 2, 2, 2)), None, groups=groups)


@pytest.mark.parametrize("shape", [(1,), (3,), (), (2, 1), (1, 2), (2, 1, 1), (3, 3)])
def test_a_bias_of_another_shape_raises(shape: Shape) -> None:
    with pytest.raises(ValueError):
        conv2d(np.ones((1, 1, 4, 4)), np.ones((2, 1, 2, 2)), np.ones(shape))


@pytest.mark.parametrize(
    ("kernel", "pad", "dilation"), [((5, 1), 0, 1), ((1, 6), 0, 1), ((3, 1), 0, 2), ((1, 8), 1, 1)]
)
def test_a_kernel_that_does_not_fit_raises(kernel: tuple[int, int], pad: int, dilation: int) -> None:
    with pytest.raises(ValueError):
        conv2d(np.ones((1, 1, 4, 5)), np.ones((1, 1, *kernel)), None, 1, pad, dilation)
