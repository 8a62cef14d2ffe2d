import functools
from collections.abc import Callable

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
    assert_launches,
    assert_rounded_once,
    assert_single_launch,
    assert_traffic,
    run,
)
from katas.phase5.triton.rmsnorm import RMSNorm

KATA = Kata(
    difficulty=3,
    minutes=75,
    needs=("phase5/triton/fused_softmax",),
    forbids={
        "torch.nn.functional.rms_norm": "compute the norm in a kernel",
        "torch.rms_norm": "compute the norm in a kernel",
        "torch.nn.RMSNorm": "compute the norm in a kernel",
        "torch.rsqrt": "compute rstd in the kernel",
        "torch.Tensor.rsqrt": "compute rstd in the kernel",
        "torch.sum": "sum the partial sums in a kernel of their own",
        "torch.Tensor.sum": "sum the partial sums in a kernel of their own",
    },
)
EPS = 1e-5
PROGRAMS = 32 if INTERPRETED else torch.cuda.get_device_properties(DEVICE).multi_processor_count
SHAPES = [(1, 1), (48,), (2, 64), (2, 2, 70), (2, 1025), (8192,)]  # 1025: one more than full blocks
LOW = [torch.float16, torch.bfloat16]


def draw(*shape: int, dtype: torch.dtype = torch.float32, scale: float = 2.0) -> torch.Tensor:
    return (scale * torch.randn(shape)).to(DEVICE, dtype)


def weight(n: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Between 0.5 and 2, so that it may divide."""
    return (0.5 + 1.5 * torch.rand(n)).to(DEVICE, dtype)


def forward(x: torch.Tensor, w: torch.Tensor, eps: float = EPS) -> Report:
    return run(RMSNorm.apply, x, w, eps)


def backward(x: torch.Tensor, w: torch.Tensor, dy: torch.Tensor, eps: float = EPS) -> Report:
    """What happens while torch asks for the gradients; they are the report's result."""
    leaves = x.detach().requires_grad_(), w.detach().requires_grad_()
    y: torch.Tensor = RMSNorm.apply(*leaves, eps)
    return run(torch.autograd.grad, y, leaves, dy)


def exact(x: torch.Tensor, w: torch.Tensor, eps: float = EPS) -> torch.Tensor:
    """By torch, in float64."""
    x, w = x.double(), w.double()
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * w


def exact_gradients(
    x: torch.Tensor, w: torch.Tensor, dy: torch.Tensor, eps: float = EPS
) -> tuple[torch.Tensor, ...]:
    leaves = x.detach().double().requires_grad_(), w.detach().double().requires_grad_()
    return torch.autograd.grad(exact(*leaves, eps), leaves, dy.double())


def test_a_row_over_its_weight_has_a_mean_square_of_one() -> None:
    x, w = draw(2, 200), weight(200)
    square = (forward(x, w, 0.0).result / w).double().square().mean(1)
    assert_close(square, torch.ones_like(square), rtol=1e-5)


def test_the_size_of_a_row_does_not_matter() -> None:
    x, w = draw(4, 100), weight(100)
    sizes = torch.tensor([[1.0], [1e3], [1e-3], [0.5]], device=DEVICE)
    assert_close(forward(x * sizes, w, 0.0).result, forward(x, w, 0.0).result)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_row_is_divided_by_its_root_mean_square(shape: tuple[int, ...]) -> None:
    x, w = draw(*shape), draw(shape[-1])
    assert_close(forward(x, w).result, exact(x, w), dtype=torch.float32)


@pytest.mark.parametrize("eps", [1e-6, 0.3])
def test_eps_is_added_under_the_root(eps: float) -> None:
    x, w, dy = draw(2, 50, scale=1e-3), draw(50), draw(2, 50)
    assert_close(forward(x, w, eps).result, exact(x, w, eps), dtype=torch.float32)
    assert_close(backward(x, w, dy, eps).result, exact_gradients(x, w, dy, eps), dtype=torch.float32)


def test_moving_along_a_row_changes_nothing() -> None:
    x, w, dy = draw(3, 100), draw(100), draw(3, 100)
    dx = backward(x, w, dy, 0.0).result[0]
    size = (dx.norm(dim=1) * x.norm(dim=1)).double()
    assert_close((dx.double() * x.double()).sum(1) / size + 1, torch.ones_like(size), rtol=1e-5)


def test_the_result_is_linear_in_the_weight() -> None:
    """So w * dw sums to the same as y * dy."""
    x, w, dy = draw(4, 100), draw(100), draw(4, 100)
    dw = backward(x, w, dy).result[1]
    y = forward(x, w).result
    assert_close((dw * w).double(), (y.double() * dy).sum(0), rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_are_those_of_autograd_in_double_precision(shape: tuple[int, ...]) -> None:
    x, w, dy = draw(*shape), draw(shape[-1]), draw(*shape)
    eps = 2.0  # where N is 1, only eps keeps dx from being a difference of two equal numbers
    expected = exact_gradients(x, w, dy, eps)
    assert_close(backward(x, w, dy, eps).result, expected, dtype=torch.float32)


def test_more_rows_than_programs_are_shared_among_them() -> None:
    x, w, dy = draw(PROGRAMS + 2, 50), draw(50), draw(PROGRAMS + 2, 50)
    assert_close(backward(x, w, dy).result, exact_gradients(x, w, dy), dtype=torch.float32)


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_low_precision_is_computed_in_float32_and_rounded_once(dtype: torch.dtype) -> None:
    x, w, dy = draw(4, 1000, dtype=dtype), draw(1000, dtype=dtype), draw(4, 1000, dtype=dtype)
    y = forward(x, w).result
    assert y.dtype == dtype
    assert_rounded_once(y, exact(x, w))
    for name, got, expected in zip(
        ("dx", "dw"), backward(x, w, dy).result, exact_gradients(x, w, dy), strict=True
    ):
        assert got.dtype == dtype
        assert_rounded_once(got, expected, name=name)


def test_squares_may_be_beyond_half_precision() -> None:
    x = draw(2, 48, dtype=torch.float16, scale=1e4).clamp(-6e4, 6e4)
    w, dy = draw(48, dtype=torch.float16), draw(2, 48, dtype=torch.float16, scale=1e4)
    assert_rounded_once(forward(x, w).result, exact(x, w))
    assert_rounded_once(backward(x, w, dy).result[0], exact_gradients(x, w, dy)[0])


def test_a_row_of_zeros_becomes_zeros_and_its_gradient_is_finite() -> None:
    x, w, dy = draw(3, 20), draw(20), draw(3, 20)
    x[1] = 0
    assert_close(forward(x, w).result, exact(x, w), dtype=torch.float32)
    assert_close(backward(x, w, dy).result, exact_gradients(x, w, dy), dtype=torch.float32)


def test_forward_is_one_launch_with_a_program_for_each_row() -> None:
    x, w = draw(2, 3, 40), draw(40)
    with assert_unchanged(x, w):
        report = forward(x, w)
    assert_single_launch(report, programs=6)
    assert_kernels_only(report)
    # x and y once, w for each row, and rstd
    assert_traffic(report, at_most=1.0, minimum=(3 * 6 * 40 + 6) * 4)
    assert report.result.data_ptr() != x.data_ptr()


def test_backward_is_two_launches_of_which_the_first_has_so_many_programs() -> None:
    for rows, programs in ((3, 3), (PROGRAMS + 2, PROGRAMS)):
        x, w, dy = (draw(*shape, dtype=torch.float16) for shape in ((rows, 24), (24,), (rows, 24)))
        with assert_unchanged(x, w, dy):
            report = backward(x, w, dy)
        assert_launches(report, 2)
        assert_kernels_only(report)
        assert report.launches[0].programs == programs
        assert sum(launch.atomics for launch in report.launches) == 0
        # dy, x, dx and dw once, w for each program; in float32 the partial sums twice, rstd for each row
        halves = 3 * rows * 24 + programs * 24 + 24
        assert_traffic(report, at_most=1.0, minimum=2 * halves + 4 * (2 * programs * 24 + rows))


def test_the_gradient_of_the_weight_has_the_same_bits_in_every_run() -> None:
    x, w, dy = draw(4, 64), draw(64), draw(4, 64)
    first, again = backward(x, w, dy).result, backward(x, w, dy).result
    assert_close(again, first, rtol=0, atol=0)


def test_the_input_the_weight_and_one_number_a_row_are_kept() -> None:
    x, w = draw(2, 3, 40).requires_grad_(), draw(40).requires_grad_()
    node = RMSNorm.apply(x, w, EPS).grad_fn
    saved = node.saved_tensors
    assert [one.data_ptr() for one in saved[:2]] == [x.data_ptr(), w.data_ptr()]
    assert_close(saved[2], 1 / (x.detach().double().square().mean(-1) + EPS).sqrt().flatten(), dtype=x.dtype)
    assert len(saved) == 3
    assert not [name for name, value in vars(node).items() if isinstance(value, torch.Tensor)]


def test_any_layout_will_do() -> None:
    x, w, dy = draw(2, 2, 20), draw(20), draw(2, 2, 20)
    expected = exact_gradients(x, w, dy)
    for (name, x_view), (_, dy_view) in zip(layouts(x), layouts(dy), strict=True):
        assert_close(forward(x_view, w).result, exact(x, w), dtype=torch.float32, name=name)
        assert_close(backward(x_view, w, dy_view).result, expected, dtype=torch.float32, name=name)
    column = torch.stack([w, w + 1], 1)[:, 0]
    assert_close(forward(x, column).result, exact(x, w), dtype=torch.float32)
    assert_close(backward(x, column, dy).result, expected, dtype=torch.float32)


def test_the_gradient_of_a_sum_is_one_number_expanded() -> None:
    x, w = draw(3, 50), draw(50)
    dy = torch.tensor(0.7, device=DEVICE).expand(3, 50)
    assert_close(backward(x, w, dy).result, exact_gradients(x, w, dy), dtype=torch.float32)


def drawn_for_speed() -> tuple[torch.Tensor, ...]:
    """x, w, dy of a large layer."""
    make = functools.partial(torch.randn, device=DEVICE, dtype=torch.bfloat16)
    return make(8192, 4096), make(4096), make(8192, 4096)


def gradients(norm: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    x, w, dy = tensors
    leaves = x.requires_grad_(), w.requires_grad_()
    return torch.autograd.grad(norm(*leaves), leaves, dy)


def rms_norm(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return RMSNorm.apply(x, w, EPS)


def torchs(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.rms_norm(x, w.shape, w, EPS)


@pytest.mark.perf
def test_forward_keeps_up_with_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    count = 8192 * 4096
    assert_fast(
        rms_norm,
        torchs,
        lambda: drawn_for_speed()[:2],
        against="torch's rms_norm",
        work=Work(read=2 * count, written=2 * count),
        ratio=0.9,
        fraction=0.75,
    )


@pytest.mark.perf
def test_both_passes_keep_up_with_torch() -> None:
    """The bound is an estimate, as above; of the work y is no part, which is written only to be there."""
    count = 8192 * 4096
    assert_fast(
        functools.partial(gradients, rms_norm),
        functools.partial(gradients, torchs),
        drawn_for_speed,
        against="torch's rms_norm",
        work=Work(read=4 * count, written=2 * count),
        ratio=0.9,
    )
