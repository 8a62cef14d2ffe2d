import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_autograd, assert_gradients
from katas.phase4.regularization.rmsnorm import rms_backward, rms_forward

KATA = Kata(
    difficulty=3,
    minutes=30,
    needs=("phase4/regularization/layernorm",),
    forbids={
        "torch.nn.RMSNorm": "take the mean of the squares and divide by its root",
        "torch.nn.functional.rms_norm": "take the mean of the squares and divide by its root",
        "torch.rms_norm": "take the mean of the squares and divide by its root",
        "torch.nn.LayerNorm": "take the mean of the squares and divide by its root",
        "torch.nn.functional.layer_norm": "take the mean of the squares and divide by its root",
        "torch.layer_norm": "take the mean of the squares and divide by its root",
        "torch.native_layer_norm": "take the mean of the squares and divide by its root",
        "torch.autograd.grad": "derive the two gradients and write them down",
        "torch.autograd.backward": "derive the two gradients and write them down",
        "torch.Tensor.backward": "derive the two gradients and write them down",
        "torch.autograd.functional": "derive the two gradients and write them down",
        "torch.func": "derive the two gradients and write them down",
    },
)

# Squares among them, where an axis that was dropped is broadcast to the wrong one without a word.
SHAPES = [(4, 3), (5,), (2, 3, 4), (4, 4), (3, 3, 3), (2, 1, 3, 2), (3, 1), (1,)]
NARROW = [torch.bfloat16, torch.float16]


def draw(shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dy, x and g; no vector of x is short, and its mean is not 0."""
    dy, x = torch.randn(2, *shape, dtype=torch.float64)
    g = torch.randn(shape[-1], dtype=torch.float64)
    return dy, x + torch.sign(x) + 0.5, g + torch.sign(g)


def formula(x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps) * g


def by_autograd(dy: torch.Tensor, x: torch.Tensor, g: torch.Tensor, eps: float = 1e-5) -> list[torch.Tensor]:
    """dx and dg in float64."""
    leaves = [one.double().requires_grad_() for one in (x.clone(), g.clone())]
    y = F.rms_norm(leaves[0], (len(g),), leaves[1], eps)
    return list(torch.autograd.grad(y, leaves, dy.double()))


def assert_rounded_once(y: torch.Tensor, x: torch.Tensor, g: torch.Tensor) -> None:
    """y is the exact result, at most half a unit of its last place away, and a little of float32's."""
    half = torch.finfo(x.dtype).eps / 2
    exact = formula(x.double(), g.double())
    assert_close(y, exact, dtype=x.dtype, rtol=1.02 * half, atol=1e-7, name="y")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_vector_gets_a_mean_square_of_1(shape: tuple[int, ...]) -> None:
    _, x, _ = draw(shape)
    y = rms_forward(x, torch.ones(shape[-1], dtype=torch.float64), 1e-14)
    assert y.shape == shape
    for vector in y.reshape(-1, shape[-1]).tolist():
        assert_close(math.fsum(one * one for one in vector) / len(vector), 1.0, rtol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_every_vector_is_divided_by_its_root_mean_square_then_scaled(
    shape: tuple[int, ...], eps: float
) -> None:
    _, x, g = draw(shape)
    y = rms_forward(x, g, eps)
    for position in np.ndindex(shape[:-1]):
        vector = x[position].tolist()
        rms = math.sqrt(math.fsum(one * one for one in vector) / len(vector) + eps)
        expected = [one / rms * scale for one, scale in zip(vector, g.tolist(), strict=True)]
        assert_close(y[position], torch.tensor(expected, dtype=torch.float64), name=f"y at {position}")


def test_eps_is_a_hundred_thousandth_unless_it_is_given() -> None:
    dy, x, g = draw((3, 4))
    x = x * 1e-3  # so that eps counts
    assert_close(rms_forward(x, g), formula(x, g, 1e-5), name="y")
    assert_close(rms_backward(dy, x, g), by_autograd(dy, x, g, 1e-5))


def test_the_length_of_a_vector_does_not_matter_but_a_shift_does() -> None:
    _, x, g = draw((4, 5))
    y = rms_forward(x, g, 1e-14)
    scale = torch.tensor([[0.01], [3.0], [1e3], [1.0]], dtype=torch.float64)
    assert_close(rms_forward(scale * x, g, 1e-14), y, rtol=1e-8)
    assert_close(rms_forward(-x, g, 1e-14), -y, rtol=1e-8)
    assert ((rms_forward(x + 5, g, 1e-14) - y).abs() > 1e-3).any(-1).all()


def test_a_vector_less_its_mean_gets_its_layer_norm() -> None:
    _, x, g = draw((2, 3, 6))
    centred = x - x.mean(-1, keepdim=True)
    assert_close(rms_forward(centred, g), F.layer_norm(x, (6,), g))


def test_a_token_minds_its_own_business() -> None:
    dy, x, g = draw((3, 4))
    alone, (of_alone, _) = rms_forward(x[1], g), rms_backward(dy[1], x[1], g)
    x[0], x[2] = 1e3 * x[0], 0
    assert_close(rms_forward(x, g)[1], alone, name="y")
    assert_close(rms_backward(dy, x, g)[0][1], of_alone, name="dx")


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("master", [True, False])
def test_in_16_bits_y_is_rounded_once(dtype: torch.dtype, master: bool) -> None:
    _, x, g = draw((50, 64))
    x, g = x.to(dtype), g.to(torch.float32 if master else dtype)
    assert_rounded_once(rms_forward(x, g), x, g)


@pytest.mark.parametrize("dtype", NARROW)
def test_squares_beyond_float16_do_no_harm(dtype: torch.dtype) -> None:
    ones = torch.ones(512)
    y = rms_forward((300 * ones).to(dtype), ones.to(dtype))
    assert_close(y, ones, dtype=dtype, rtol=torch.finfo(dtype).eps, atol=0)
    wide = (torch.randn(3, 512) * 1e4).clamp(-6e4, 6e4).to(dtype)
    assert_rounded_once(rms_forward(wide, ones), wide, ones)


def test_squares_below_float16_still_count() -> None:
    x = torch.randn(3, 64).half() / 2**11
    assert_close(rms_forward(x, torch.ones(64), 1e-9), formula(x.double(), torch.ones(64), 1e-9).half())


@pytest.mark.parametrize("shape", SHAPES)
def test_autograd_goes_through_the_forward_pass(shape: tuple[int, ...]) -> None:
    _, x, g = draw(shape)
    assert_autograd(rms_forward, [x, g], rng=np.random.default_rng(0), names=["x", "g"])


@pytest.mark.parametrize("eps", [1e-3, 0.3])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_vector_gets_no_gradient_along_itself_but_for_eps(shape: tuple[int, ...], eps: float) -> None:
    """A vector that is stretched gives the same y, as far as eps does not count."""
    dy, x, g = draw(shape)
    dx, _ = rms_backward(dy, x, g, eps)
    ms = x.pow(2).mean(-1)
    rest = (dy * g * x).sum(-1) / torch.sqrt(ms + eps) * eps / (ms + eps)
    assert_close((dx * x).sum(-1), rest, atol=1e-10, name="sum of dx x")


def test_a_gradient_at_one_feature_reaches_all_features_of_its_vector() -> None:
    dy, x, g = draw((2, 3, 4))
    dy = torch.zeros_like(dy)
    dy[1, 0, 2] = 1
    dx, dg = rms_backward(dy, x, g)
    reached = torch.zeros(2, 3, dtype=torch.bool)
    reached[1, 0] = True
    assert (dx[reached] != 0).all()
    assert not dx[~reached].any()
    assert dg.nonzero().tolist() == [[2]]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("eps", [1e-5, 0.3])
def test_gradients_agree_with_finite_differences(shape: tuple[int, ...], eps: float) -> None:
    dy, x, g = draw(shape)
    grads = rms_backward(dy, x, g, eps)
    assert_gradients(lambda x, g: formula(x, g, eps), [x, g], grads, upstream=dy, names=["x", "g"])


@pytest.mark.parametrize("shape", [*SHAPES, (3, 10, 40)])
def test_gradients_agree_with_torch(shape: tuple[int, ...]) -> None:
    dy, x, g = draw(shape)
    assert_close(rms_backward(dy, x, g), by_autograd(dy, x, g), rtol=1e-8)


def test_a_case_by_hand() -> None:
    """x = 1, 7 and eps = 11: the mean square is 25, the root 6."""
    x, g, dy = (torch.tensor(two, dtype=torch.float64) for two in ([1, 7], [12, 6], [0, 1]))
    assert_close(rms_forward(x, g, 11.0), torch.tensor([2, 7], dtype=torch.float64), name="y")
    dx, dg = rms_backward(dy, x, g, 11.0)
    assert_close(dg, torch.tensor([0, 7 / 6], dtype=torch.float64), name="dg")
    assert_close(dx, torch.tensor([-7 / 72, 23 / 72], dtype=torch.float64), name="dx")


@pytest.mark.parametrize("shape", [(4,), (3, 4)])
def test_a_vector_of_zeros_stays_zero_and_has_finite_gradients(shape: tuple[int, ...]) -> None:
    dy, x, g = draw(shape)
    x = 0 * x
    assert_close(rms_forward(x, g), x, name="y")
    assert_close(rms_backward(dy, x, g), [g * dy / math.sqrt(1e-5), 0 * g])


@pytest.mark.parametrize("shape", [(0, 4), (3, 0, 4), (0, 2, 1)])
def test_an_empty_batch_leaves_g_alone(shape: tuple[int, ...]) -> None:
    dy, x, g = draw(shape)
    assert_close(rms_forward(x, g), x, name="y")
    assert_close(rms_backward(dy, x, g), [x, 0 * g])


@pytest.mark.parametrize("shape", [(4, 4), (7,), (2, 3, 5)])
def test_float32_stays_float32(shape: tuple[int, ...]) -> None:
    dy, x, g = (one.float() for one in draw(shape))
    assert_close(rms_forward(x, g), formula(x.double(), g.double()), dtype=torch.float32, name="y")
    assert_close(rms_backward(dy, x, g), by_autograd(dy, x, g), dtype=torch.float32, rtol=1e-4)


@pytest.mark.parametrize("shape", [(5,), (4, 3), (2, 3, 4)])
def test_any_memory_layout_will_do_and_inputs_stay_unchanged(shape: tuple[int, ...]) -> None:
    inputs = draw(shape)
    expected, grads = formula(*inputs[1:]), by_autograd(*inputs)
    for (_, dy), (_, x), (_, g) in zip(*map(layouts, inputs), strict=False):
        with assert_unchanged(dy, x, g):
            assert_close(rms_forward(x, g), expected, name="y")
            assert_close(rms_backward(dy, x, g), grads, rtol=1e-8)


@pytest.mark.parametrize("other", [(1,), (), (1, 3), (5, 3), (2,), (4,), (5,), (5, 1)])
def test_a_g_that_does_not_fit_raises(other: tuple[int, ...]) -> None:
    dy, x, _ = draw((5, 3))
    g = torch.ones(other, dtype=torch.float64)
    with pytest.raises(ValueError):
        rms_forward(x, g)
    with pytest.raises(ValueError):
        rms_backward(dy, x, g)


@pytest.mark.parametrize(
    "shape", [(3,), (2, 4), (4, 3), (1, 4, 3), (2, 1, 3), (2, 4, 1), (4, 2, 3), (8, 3), (24,), (1, 2, 4, 3)]
)
def test_a_dy_of_another_shape_than_x_raises(shape: tuple[int, ...]) -> None:
    _, x, g = draw((2, 4, 3))
    with pytest.raises(ValueError):
        rms_backward(torch.ones(shape, dtype=torch.float64), x, g)
