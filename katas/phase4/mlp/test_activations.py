from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mpmath import mp

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.gradients import assert_gradients
from katas.phase4.mlp.activations import gelu, relu, sigmoid, silu

KATA = Kata(
    difficulty=2,
    minutes=25,
    forbids={
        "torch": "write the function and its derivative with np.exp, np.tanh and math.erf",
        "scipy": "write the function and its derivative with np.exp, np.tanh and math.erf",
        "jax": "write the function and its derivative with np.exp, np.tanh and math.erf",
        "autograd": "write the function and its derivative with np.exp, np.tanh and math.erf",
    },
)

Activation = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
tanh_gelu = partial(gelu, approximate=True)

NAMES = ["relu", "sigmoid", "silu", "gelu", "tanh gelu"]
MINE: dict[str, Activation] = dict(zip(NAMES, [relu, sigmoid, silu, gelu, tanh_gelu], strict=True))
GATES = ["relu", "silu", "gelu", "tanh gelu"]  # x times something that goes from 0 to 1


def exact(name: str, x: Any) -> Any:
    """The function in exact arithmetic, for mpmath to differentiate."""
    inner = mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)
    return {
        "relu": lambda: max(x, mp.mpf(0)),
        "sigmoid": lambda: 1 / (1 + mp.exp(-x)),
        "silu": lambda: x / (1 + mp.exp(-x)),
        "gelu": lambda: x * mp.ncdf(x),
        "tanh gelu": lambda: x / 2 * (1 + mp.tanh(inner)),
    }[name]()


def by_torch(name: str, x: np.ndarray) -> list[np.ndarray]:
    """y and dy/dx in float64."""
    functions: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "silu": F.silu,
        "gelu": F.gelu,
        "tanh gelu": partial(F.gelu, approximate="tanh"),
    }
    leaf = torch.from_numpy(x.astype(np.float64)).requires_grad_()
    y = functions[name](leaf)
    return [y.detach().numpy(), torch.autograd.grad(y.sum(), leaf)[0].numpy()]


def draw(*shape: int) -> np.ndarray:
    """Numbers around 0, none of them so close that a difference would cross relu's corner."""
    x = 2 * np.random.normal(size=shape)
    return x + 0.01 * np.sign(x)


@pytest.fixture(autouse=True)
def _warnings_are_errors() -> Iterator[None]:
    with np.errstate(all="raise", under="ignore"):
        yield


def test_relu_passes_what_is_positive() -> None:
    y, dy = relu(np.array([-2.0, -0.5, 0.5, 3.0]))
    assert_close(y, np.array([0.0, 0.0, 0.5, 3.0]), name="y")
    assert_close(dy, np.array([0.0, 0.0, 1.0, 1.0]), name="dy/dx")


def test_at_its_corner_relu_has_the_derivative_0() -> None:
    assert_close(relu(np.array([0.0, -0.0, 1e-300, -1e-300]))[1], np.array([0.0, 0.0, 1.0, 0.0]))


def test_sigmoid_is_a_half_at_0_with_slope_a_quarter() -> None:
    assert_close(sigmoid(np.zeros(3)), [np.full(3, 0.5), np.full(3, 0.25)])


def test_sigmoid_and_its_mirror_image_sum_to_1() -> None:
    x = draw(50)
    (y, dy), (mirrored_y, mirrored_dy) = sigmoid(x), sigmoid(-x)
    assert_close(y + mirrored_y, np.ones(50))
    assert_close(dy, mirrored_dy, name="dy/dx")


@pytest.mark.parametrize("name", GATES)
def test_what_passes_at_x_and_at_minus_x_is_x_in_all(name: str) -> None:
    """Each is x times a gate, and the gates at x and -x sum to 1: so y(x) - y(-x) = x."""
    x = draw(50)
    (y, dy), (mirrored_y, mirrored_dy) = MINE[name](x), MINE[name](-x)
    assert_close(y - mirrored_y, x)
    assert_close(dy + mirrored_dy, np.ones(50), name="the sum of the slopes")


@pytest.mark.parametrize("name", ["silu", "gelu", "tanh gelu"])
def test_smooth_gates_are_half_open_at_0_and_dip_below_it(name: str) -> None:
    assert_close(MINE[name](np.zeros(2)), [np.zeros(2), np.full(2, 0.5)])
    y, dy = MINE[name](np.array([-2.0, -0.1]))
    assert (y < 0).all()
    assert dy[0] < 0 < dy[1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("x", [-3.0, -1.0, 0.5, 2.0, 6.0])
def test_agrees_with_exact_arithmetic(name: str, x: float) -> None:
    with mp.workdps(40):
        y, dy = float(exact(name, mp.mpf(x))), float(mp.diff(partial(exact, name), x))
    assert_close(MINE[name](np.array([x])), [np.array([y]), np.array([dy])], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_agree_with_finite_differences(name: str) -> None:
    x, upstream = draw(4, 5), np.random.normal(size=(4, 5))
    _, dy = MINE[name](x)
    assert_gradients(lambda x: MINE[name](x)[0], [x], [upstream * dy], upstream=upstream, names=["x"])


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_torch_from_tail_to_tail(name: str) -> None:
    x = np.append(np.linspace(-50, 50, 301), draw(100))
    assert_close(MINE[name](x), by_torch(name, x), rtol=1e-12, atol=1e-12)


def test_the_two_gelus_are_close_but_not_the_same() -> None:
    x = np.linspace(-4, 4, 401)
    for one, other in zip(gelu(x), gelu(x, True), strict=True):
        assert 1e-5 < np.abs(one - other).max() < 1e-3
    assert_close(gelu(x), gelu(x, False), rtol=0, atol=0)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_far_out_a_gate_is_open_or_closed(name: str, dtype: type) -> None:
    far = np.array([700, 1000, 1e4], dtype=dtype)
    zeros, ones = np.zeros(3, dtype=dtype), np.ones(3, dtype=dtype)
    assert_close(MINE[name](far), [far, ones])
    assert_close(MINE[name](-far), [zeros, zeros], atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_far_out_sigmoid_is_flat(dtype: type) -> None:
    far = np.array([100, 700, 1000, 1e4], dtype=dtype)
    zeros, ones = np.zeros(4, dtype=dtype), np.ones(4, dtype=dtype)
    assert_close(sigmoid(far), [ones, zeros], atol=1e-12)
    assert_close(sigmoid(-far), [zeros, zeros], atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (2, 0, 3), (2, 1, 3, 2)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_any_shape_will_do_and_float32_stays_float32(name: str, shape: tuple[int, ...], dtype: type) -> None:
    size = np.clip(np.abs(draw(*shape)), 0.1, 2)  # where no value is as small as float32's tolerance
    x = np.asarray(size * np.random.choice([-1, 1], size=shape), dtype=dtype)
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    assert_close(MINE[name](x), by_torch(name, x), dtype=dtype, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_any_memory_layout_will_do_and_x_stays_unchanged(name: str) -> None:
    expected = by_torch(name, values := draw(4, 3))
    for _, x in layouts(values):
        with assert_unchanged(x):
            assert_close(MINE[name](x), expected)


@pytest.mark.parametrize("name", NAMES)
def test_y_and_the_derivative_are_arrays_of_their_own(name: str) -> None:
    x = draw(3, 4)
    before = x.copy()
    y, dy = MINE[name](x)
    slopes = dy.copy()
    y[:] = 7  # the next layer may work in place
    assert_close([x, dy], [before, slopes], rtol=0, atol=0)
