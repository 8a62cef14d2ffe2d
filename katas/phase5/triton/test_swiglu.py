import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    Report,
    assert_kernels_only,
    assert_rounded_once,
    assert_single_launch,
    assert_traffic,
    run,
)
from katas.phase5.triton.swiglu import SwiGLU

KATA = Kata(
    difficulty=2,
    minutes=40,
    needs=("phase5/triton/vector_add",),
    forbids={
        "torch.nn.functional.silu": "compute it in the kernel from tl.exp",
        "torch.nn.SiLU": "compute it in the kernel from tl.exp",
        "torch.sigmoid": "compute it in the kernel from tl.exp",
        "torch.Tensor.sigmoid": "compute it in the kernel from tl.exp",
        "torch.nn.functional.sigmoid": "compute it in the kernel from tl.exp",
        "triton.language.sigmoid": "compute it in the kernel from tl.exp",
    },
)
SHAPES = [(1,), (1023,), (1024,), (7, 1), (17, 1, 241)]  # the last has one element more than 4096
LOW = [torch.float16, torch.bfloat16]


def draw(*shape: int, dtype: torch.dtype = torch.float32, scale: float = 2.0) -> torch.Tensor:
    return (scale * torch.randn(shape)).to(DEVICE, dtype)


def forward(gate: torch.Tensor, up: torch.Tensor) -> Report:
    return run(SwiGLU.apply, gate, up)


def backward(gate: torch.Tensor, up: torch.Tensor, grad: torch.Tensor) -> Report:
    """What happens while torch asks for the gradients; they are the report's result."""
    leaves = gate.detach().requires_grad_(), up.detach().requires_grad_()
    out: torch.Tensor = SwiGLU.apply(*leaves)
    return run(torch.autograd.grad, out, leaves, grad)


def exact(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """By torch, in float64."""
    gate, up = gate.double(), up.double()
    return gate * torch.sigmoid(gate) * up


def exact_gradients(gate: torch.Tensor, up: torch.Tensor, grad: torch.Tensor) -> tuple[torch.Tensor, ...]:
    leaves = gate.detach().double().requires_grad_(), up.detach().double().requires_grad_()
    return torch.autograd.grad(exact(*leaves), leaves, grad.double())


def test_what_a_gate_and_its_negative_let_through_differ_by_the_product() -> None:
    gate, up = draw(600), draw(600)
    assert_close(forward(gate, up).result - forward(-gate, up).result, gate * up)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_up_is_multiplied_by_the_silu_of_the_gate(shape: tuple[int, ...]) -> None:
    gate, up = draw(*shape), draw(*shape)
    assert_close(forward(gate, up).result, exact(gate, up), dtype=torch.float32)


def test_the_result_is_proportional_to_up_and_so_is_its_gradient() -> None:
    gate, up, grad = draw(500), draw(500), draw(500)
    d_up = backward(gate, up, grad).result[1]
    assert_close(d_up * up, forward(gate, up).result * grad)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_gradients_are_those_of_autograd_in_double_precision(shape: tuple[int, ...]) -> None:
    gate, up, grad = draw(*shape), draw(*shape), draw(*shape)
    assert_close(backward(gate, up, grad).result, exact_gradients(gate, up, grad), dtype=torch.float32)


def test_the_gradient_of_the_gate_is_the_slope_of_the_result() -> None:
    """Central differences of the kernel itself; in float32 they have an error of 1e-3 or so."""
    gate, up, ones = draw(400), draw(400), torch.ones(400, device=DEVICE)
    step = 2.0**-6
    slope = (forward(gate + step, up).result - forward(gate - step, up).result) / (2 * step)
    assert_close(backward(gate, up, ones).result[0], slope, rtol=2e-3)


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_low_precision_is_computed_in_float32_and_rounded_once(dtype: torch.dtype) -> None:
    gate, up = draw(1500, dtype=dtype), draw(1500, dtype=dtype)
    out = forward(gate, up).result
    assert out.dtype == dtype
    assert_rounded_once(out, exact(gate, up))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_gradients_of_low_precision_are_rounded_once(dtype: torch.dtype) -> None:
    gate, up, grad = (draw(1500, dtype=dtype) for _ in range(3))
    for got, expected in zip(backward(gate, up, grad).result, exact_gradients(gate, up, grad), strict=True):
        assert got.dtype == dtype
        assert_rounded_once(got, expected, name="gradient")


@pytest.mark.parametrize("dtype", [torch.float32, *LOW], ids=str)
def test_large_gates_are_shut_or_open(dtype: torch.dtype) -> None:
    gate = torch.tensor([-200.0, -80.0, 0.0, 80.0, 200.0], dtype=dtype, device=DEVICE)
    up, grad = draw(5, dtype=dtype), draw(5, dtype=dtype)
    assert_close(forward(gate, up).result, exact(gate, up), dtype=dtype)
    assert_close(backward(gate, up, grad).result, exact_gradients(gate, up, grad), dtype=dtype)


def test_forward_is_one_launch_that_moves_every_number_once() -> None:
    gate, up = draw(30, 50), draw(30, 50)
    with assert_unchanged(gate, up):
        report = forward(gate, up)
    assert_single_launch(report)
    assert_traffic(report, at_most=1.0, minimum=3 * 1500 * 4)
    assert_kernels_only(report)
    assert report.result.data_ptr() not in (gate.data_ptr(), up.data_ptr())


def test_backward_is_one_launch_that_moves_every_number_once() -> None:
    gate, up, grad = (draw(30, 50, dtype=torch.float16) for _ in range(3))
    with assert_unchanged(gate, up, grad):
        report = backward(gate, up, grad)
    assert_single_launch(report)
    assert_traffic(report, at_most=1.0, minimum=5 * 1500 * 2)
    assert_kernels_only(report)
    assert len({one.data_ptr() for one in (*report.result, gate, up, grad)}) == 5


def test_gate_and_up_are_all_that_is_kept() -> None:
    gate, up = draw(40).requires_grad_(), draw(40).requires_grad_()
    node = SwiGLU.apply(gate, up).grad_fn
    kept = [one.data_ptr() for one in node.saved_tensors]
    assert sorted(kept) == sorted([gate.data_ptr(), up.data_ptr()])
    assert not [name for name, value in vars(node).items() if isinstance(value, torch.Tensor)]


def test_halves_of_one_projection_will_do() -> None:
    gate, up = draw(7, 120).chunk(2, -1)
    grad = draw(7, 60)
    assert_close(forward(gate, up).result, exact(gate, up), dtype=torch.float32)
    assert_close(backward(gate, up, grad).result, exact_gradients(gate, up, grad), dtype=torch.float32)


def test_any_layout_will_do() -> None:
    values = draw(3, 20, 4), draw(3, 20, 4), draw(3, 20, 4)
    for (name, gate), (_, up), (_, grad) in zip(*map(layouts, values), strict=True):
        assert_close(forward(gate, values[1]).result, exact(*values[:2]), dtype=torch.float32, name=name)
        for mixed in ((values[0], up, values[2]), (gate, values[1], grad)):
            got = backward(*mixed).result
            assert_close(got, exact_gradients(*values), dtype=torch.float32, name=name)


def test_the_gradient_of_a_sum_is_one_number_expanded() -> None:
    gate, up = draw(3, 50), draw(3, 50)
    grad = torch.tensor(0.7, device=DEVICE).expand(3, 50)
    assert_close(backward(gate, up, grad).result, exact_gradients(gate, up, grad), dtype=torch.float32)


@pytest.mark.perf
def test_it_is_faster_than_the_separate_operations() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    shape = 8192, 14_336

    def swiglu(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        return SwiGLU.apply(gate, up)

    count = shape[0] * shape[1]
    assert_fast(
        swiglu,
        lambda gate, up: torch.nn.functional.silu(gate) * up,
        lambda: tuple(torch.randn(2, *shape, device=DEVICE, dtype=torch.bfloat16)),
        against="silu(gate) * up",
        work=Work(read=4 * count, written=2 * count),
        ratio=1.8,
        fraction=0.8,
    )
