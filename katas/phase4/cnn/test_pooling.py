import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.cnn.pooling import avgpool, avgpool_backward, maxpool, maxpool_backward

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/cnn/conv_arithmetic",),
    forbids={
        "torch": "numpy's windows, maxima and sums are all it takes",
        "scipy": "numpy's windows, maxima and sums are all it takes",
        "jax": "numpy's windows, maxima and sums are all it takes",
    },
)

Four = tuple[int, int, int, int]
# The shape of x, then k and stride.
SETTINGS = [
    ((2, 3, 4, 6), 2, 2),
    ((1, 2, 5, 4), 2, 1),
    ((1, 2, 7, 5), 3, 2),
    ((2, 1, 6, 8), 2, 3),
    ((1, 2, 5, 8), 3, 4),
    ((1, 2, 4, 4), 4, 1),
    ((1, 1, 3, 7), 3, 5),
    ((1, 2, 3, 2), 1, 1),
    ((1, 1, 5, 4), 1, 2),
    ((1, 1, 1, 1), 1, 1),
]
each_setting = pytest.mark.parametrize(("shape", "k", "stride"), SETTINGS)


def draw(*shape: int) -> np.ndarray:
    """Numbers at least a thousandth apart, of both signs."""
    size = int(np.prod(shape))
    return (np.random.permutation(size).reshape(shape) - size / 2) / 7


def torch_max(x: np.ndarray, k: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    y, argmax = F.max_pool2d(torch.tensor(x), k, stride, return_indices=True)
    return y.numpy(), argmax.numpy()


def torch_mean(x: np.ndarray, k: int, stride: int) -> np.ndarray:
    return F.avg_pool2d(torch.tensor(x), k, stride).numpy()


def draw_dy(shape: Four, k: int, stride: int) -> np.ndarray:
    return np.random.normal(size=torch_mean(np.zeros(shape), k, stride).shape)


def test_each_window_keeps_its_largest_entry() -> None:
    x = np.array([[1.0, 2.0, 5.0, 3.0], [4.0, 0.0, 1.0, 6.0]]).reshape(1, 1, 2, 4)
    y, argmax = maxpool(x, 2, 2)
    assert y.tolist() == [[[[4.0, 6.0]]]]
    assert argmax.tolist() == [[[[4, 7]]]]


@each_setting
def test_the_largest_entry_is_where_argmax_says(shape: Four, k: int, stride: int) -> None:
    x = draw(*shape)
    y, argmax = maxpool(x, k, stride)
    assert_close(y, torch_max(x, k, stride)[0], name="y")
    assert_close(argmax, torch_max(x, k, stride)[1], name="argmax")


def test_of_equal_entries_the_first_wins() -> None:
    x = np.random.randint(-2, 2, size=(2, 3, 7, 6)).astype(float)
    _, argmax = maxpool(x, 3, 2)
    for n, c, r, s in np.ndindex(2, 3, 3, 2):
        window = [(2 * r + i, 2 * s + j) for i in range(3) for j in range(3)]
        h, w = max(window, key=lambda at, image=x[n, c]: image[at])  # max takes the first
        assert argmax[n, c, r, s] == h * 6 + w, f"window at {(n, c, r, s)}"


def test_a_peak_may_move_inside_its_window() -> None:
    results = []
    for h, w in [(2, 4), (2, 5), (3, 4), (3, 5)]:
        x = np.zeros((1, 1, 4, 6))
        x[0, 0, h, w] = 3.0
        results.append(maxpool(x, 2, 2)[0].tolist())
    assert results == [[[[[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]]]] * 4


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_shift_by_a_stride_shifts_the_output_by_one(stride: int) -> None:
    x = draw(1, 2, 9, 10)
    shifted = x[:, :, stride:, stride:]
    assert_close(maxpool(shifted, 2, stride)[0], maxpool(x, 2, stride)[0][:, :, 1:, 1:], name="maxima")
    assert_close(avgpool(shifted, 2, stride), avgpool(x, 2, stride)[:, :, 1:, 1:], name="means")


def test_negative_entries_have_a_largest_one_too() -> None:
    x = -np.exp(draw(1, 2, 4, 4) / 5)
    assert_close(maxpool(x, 2, 2), torch_max(x, 2, 2))
    nothing = np.full((1, 1, 3, 3), -np.inf)
    assert_close(maxpool(nothing, 2, 1), [np.full((1, 1, 2, 2), -np.inf), np.array([[[[0, 1], [3, 4]]]])])


@each_setting
def test_the_winner_takes_all_the_gradient(shape: Four, k: int, stride: int) -> None:
    x, dy = draw(*shape), draw_dy(shape, k, stride)
    dx = maxpool_backward(dy, torch_max(x, k, stride)[1], shape)
    assert_gradients(lambda x: torch_max(x, k, stride)[0], [x], [dx], upstream=dy, names=["x"])
    assert_close(dx.sum((2, 3)), dy.sum((2, 3)), atol=1e-9, name="sum of dx")


def test_windows_that_share_a_winner_add_up() -> None:
    dy, argmax = np.array([[[[1.0, 2.0], [4.0, 8.0]]]]), np.array([[[[4, 4], [4, 5]]]])
    expected = np.zeros((1, 1, 3, 3))
    expected[0, 0, 1] = 0.0, 7.0, 8.0
    assert_close(maxpool_backward(dy, argmax, (1, 1, 3, 3)), expected)


def test_all_gradient_of_a_flat_window_goes_to_its_first_entry() -> None:
    dy = np.random.normal(size=(2, 1, 2, 2))
    dx = maxpool_backward(dy, maxpool(np.full((2, 1, 4, 4), 0.5), 2, 2)[1], (2, 1, 4, 4))
    expected = np.zeros((2, 1, 4, 4))
    expected[:, :, ::2, ::2] = dy
    assert_close(dx, expected)


@each_setting
def test_each_window_keeps_its_mean(shape: Four, k: int, stride: int) -> None:
    x = draw(*shape) + 1
    assert_close(avgpool(x, k, stride), torch_mean(x, k, stride))


def test_one_window_as_large_as_the_image_pools_globally() -> None:
    x = draw(2, 3, 4, 4) + 1
    assert_close(avgpool(x, 4, 1), x.mean((2, 3), keepdims=True))
    assert_close(maxpool(x, 4, 3)[0], x.max((2, 3), keepdims=True))


@each_setting
def test_a_mean_shares_its_gradient_out(shape: Four, k: int, stride: int) -> None:
    x, dy = draw(*shape), draw_dy(shape, k, stride)
    dx = avgpool_backward(dy, shape, k, stride)
    assert_gradients(lambda x: torch_mean(x, k, stride), [x], [dx], upstream=dy, names=["x"])
    assert_close(dx.sum((2, 3)), dy.sum((2, 3)), atol=1e-9, name="sum of dx")


def test_an_entry_gets_a_share_from_every_window_that_sees_it() -> None:
    dx = avgpool_backward(np.array([[[[4.0, 8.0, 12.0]]]]), (1, 1, 2, 4), 2, 1)
    assert_close(dx, np.array([[[[1.0, 3.0, 5.0, 3.0], [1.0, 3.0, 5.0, 3.0]]]]))


def test_float32_stays_float32() -> None:
    x = draw(1, 2, 5, 5).astype(np.float32)
    dy = np.random.normal(size=(1, 2, 2, 2)).astype(np.float32)
    (y, argmax), (wide_y, wide_argmax) = maxpool(x, 3, 2), torch_max(x.astype(float), 3, 2)
    assert_close(y, wide_y, dtype=np.float32, name="maxima")
    assert_close(argmax, wide_argmax, name="argmax")
    assert_close(avgpool(x, 3, 2), torch_mean(x.astype(float), 3, 2), dtype=np.float32, name="means")
    of_max = maxpool_backward(dy.astype(float), wide_argmax, x.shape)
    assert_close(maxpool_backward(dy, wide_argmax, x.shape), of_max, dtype=np.float32, name="dx of maxima")
    of_mean = avgpool_backward(dy.astype(float), x.shape, 3, 2)
    assert_close(avgpool_backward(dy, x.shape, 3, 2), of_mean, dtype=np.float32, name="dx of means")


def test_any_memory_layout_will_do_and_inputs_stay_unchanged() -> None:
    x, dy = draw(2, 2, 5, 5), np.random.normal(size=(2, 2, 2, 2))
    y, argmax = torch_max(x, 3, 2)
    of_max, of_mean = maxpool_backward(dy, argmax, x.shape), avgpool_backward(dy, x.shape, 3, 2)
    for (_, x2), (_, dy2), (_, argmax2) in zip(*map(layouts, (x, dy, argmax)), strict=True):
        with assert_unchanged(x2, dy2, argmax2):
            assert_close(maxpool(x2, 3, 2), [y, argmax], name="y, argmax")
            assert_close(avgpool(x2, 3, 2), torch_mean(x, 3, 2), name="means")
            assert_close(maxpool_backward(dy2, argmax2, x.shape), of_max, name="dx of maxima")
            assert_close(avgpool_backward(dy2, x.shape, 3, 2), of_mean, name="dx of means")


def test_an_empty_batch_stays_empty() -> None:
    x, dy = np.zeros((0, 2, 5, 4)), np.zeros((0, 2, 2, 2))
    y, argmax = maxpool(x, 2, 2)
    assert (y.shape, argmax.shape, avgpool(x, 2, 2).shape) == ((0, 2, 2, 2),) * 3
    assert maxpool_backward(dy, dy.astype(np.int64), (0, 2, 5, 4)).shape == (0, 2, 5, 4)
    assert avgpool_backward(dy, (0, 2, 5, 4), 2, 2).shape == (0, 2, 5, 4)


@pytest.mark.parametrize(("H", "W", "k"), [(3, 4, 4), (4, 3, 4), (1, 1, 2), (2, 9, 5)])
@pytest.mark.parametrize("stride", [1, 5])
def test_a_window_that_does_not_fit_raises(H: int, W: int, k: int, stride: int) -> None:
    for pool in (maxpool, avgpool):
        with pytest.raises(ValueError):
            pool(np.ones((1, 1, H, W)), k, stride)
    places = [
        (1, 1, 0, 0),
        (1, 1, max(0, (H - k) // stride + 1), max(0, (W - k) // stride + 1)),
        (1, 1, 1, 1),
    ]
    for shape in places:
        with pytest.raises(ValueError):
            avgpool_backward(np.ones(shape), (1, 1, H, W), k, stride)


@pytest.mark.parametrize("shape", [(2, 3, 2, 1), (2, 3, 2), (1, 3, 2, 2), (2, 3, 4), (2, 3, 1, 1), (24,), ()])
def test_a_dy_of_another_shape_than_y_raises(shape: tuple[int, ...]) -> None:
    argmax = torch_max(draw(2, 3, 4, 5), 2, 2)[1]
    with pytest.raises(ValueError):
        maxpool_backward(np.ones(shape), argmax, (2, 3, 4, 5))
    with pytest.raises(ValueError):
        avgpool_backward(np.ones(shape), (2, 3, 4, 5), 2, 2)
