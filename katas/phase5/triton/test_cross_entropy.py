from typing import Any

import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    assert_kernels_only,
    assert_single_launch,
    assert_traffic,
    run,
)
from katas.phase5.triton.cross_entropy import cross_entropy

KATA = Kata(
    difficulty=4,
    minutes=60,
    needs=("phase5/triton/fused_softmax",),
    forbids={
        "torch.nn.functional.cross_entropy": "keep a maximum and a sum while walking, in the kernel",
        "torch.nn.CrossEntropyLoss": "keep a maximum and a sum while walking, in the kernel",
        "torch.nn.functional.nll_loss": "read the target's logit in the kernel",
        "torch.nn.functional.log_softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.log_softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.Tensor.log_softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.nn.functional.softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.Tensor.softmax": "keep a maximum and a sum while walking, in the kernel",
        "torch.logsumexp": "keep a maximum and a sum while walking, in the kernel",
        "torch.Tensor.logsumexp": "keep a maximum and a sum while walking, in the kernel",
        "torch.gather": "read the target's logit in the kernel",
        "torch.Tensor.gather": "read the target's logit in the kernel",
        "torch.autograd": "store the gradient in the second walk",
        "torch.Tensor.backward": "store the gradient in the second walk",
        "triton.language.softmax": "that would need the whole row in one block",
    },
)
WIDTHS = [1, 5, 1024, 3000]
INF, NAN = float("inf"), float("nan")
Z = 0.05


def draw(*shape: int) -> torch.Tensor:
    return (3 * torch.randn(shape)).to(DEVICE)


def targets(B: int, V: int) -> torch.Tensor:
    return torch.randint(V, (B,), device=DEVICE)


def oracle(
    logits: torch.Tensor, target: torch.Tensor, ignore_index: int = -100, z_loss: float = 0.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradient by torch's autograd in float64; what is not kept does not take part."""
    kept = target != ignore_index
    x = logits[kept].double().requires_grad_()
    loss = torch.nn.functional.cross_entropy(x, target[kept], ignore_index=-1)
    loss = loss + z_loss * x.logsumexp(1).square().mean()
    gradient = torch.zeros(logits.shape, dtype=torch.float64, device=DEVICE)
    gradient[kept] = torch.autograd.grad(loss, x)[0]
    return loss.detach(), gradient


def assert_right(logits: torch.Tensor, target: torch.Tensor, **options: Any) -> None:
    """Both results; p - 1 of a likely target loses digits in float32, a few 1e-7, before it is divided."""
    __tracebackhide__ = True
    loss, gradient = oracle(logits, target, **options)
    result = run(cross_entropy, logits, target, **options).result
    assert_close(result[0], loss, rtol=1e-5, dtype=torch.float32, name="loss")
    assert_close(
        result[1], gradient, rtol=3e-5, atol=2e-6 / len(target), dtype=torch.float32, name="gradient"
    )


@pytest.mark.parametrize("V", WIDTHS)
def test_the_loss_is_the_mean_of_minus_the_log_probability(V: int) -> None:
    x, target = draw(3, V) - 2, targets(3, V)
    expected = -x.double().log_softmax(1)[torch.arange(3), target].mean()
    loss = run(cross_entropy, x, target).result[0]
    assert_close(loss, expected, rtol=1e-5, atol=1e-5, dtype=torch.float32)


@pytest.mark.parametrize("V", WIDTHS)
def test_the_logits_become_the_gradient_of_the_loss(V: int) -> None:
    x, target = draw(3, V) - 2, targets(3, V)
    gradient = oracle(x, target)[1]
    result = run(cross_entropy, x, target).result
    assert_close(x, gradient, rtol=3e-5, atol=1e-6, dtype=torch.float32)
    assert result[1] is x


@pytest.mark.parametrize("z_loss", [0.0, Z])
def test_a_row_of_the_gradient_sums_to_the_share_of_the_z_loss(z_loss: float) -> None:
    x = draw(4, 1500) + torch.tensor([[-30.0], [0.0], [5.0], [20.0]], device=DEVICE)
    lse = x.double().logsumexp(1)
    run(cross_entropy, x, targets(4, 1500), z_loss=z_loss)
    assert_close(x.double().sum(1), 2 * z_loss * lse / 4, atol=2e-5)


def test_the_z_loss_adds_the_square_of_the_logsumexp() -> None:
    x, target = draw(3, 1100), targets(3, 1100)
    x[1] -= 20
    loss = run(cross_entropy, x.clone(), target).result[0]
    more = run(cross_entropy, x.clone(), target, z_loss=Z).result[0]
    expected = Z * x.double().logsumexp(1).square().mean()
    assert_close(more.double() - loss.double(), expected, rtol=1e-4)


@pytest.mark.parametrize("V", [1, 7, 2049])
def test_the_z_loss_reaches_every_logit(V: int) -> None:
    x = draw(3, V) + torch.tensor([[-20.0], [0.0], [10.0]], device=DEVICE)
    target = targets(3, V)
    x[0, target[0]] += 15  # a likely target
    assert_right(x, target, z_loss=Z)


@pytest.mark.parametrize("V", [6, 1030])
@pytest.mark.parametrize("ignored", [-100, -1, 2, 10**6])
def test_the_mean_is_over_the_rows_that_are_kept(V: int, ignored: int) -> None:
    x, target = draw(5, V), targets(5, V)
    target[target == 2] = 3
    target[[0, 3]] = ignored
    assert_right(x, target, ignore_index=ignored, z_loss=Z)


@pytest.mark.parametrize("V", [1, 1030])
def test_one_row_is_a_batch(V: int) -> None:
    assert_right(draw(1, V), targets(1, V), z_loss=Z)


def test_what_is_ignored_may_hold_anything() -> None:
    x = draw(4, 1030)
    x[0], x[2] = NAN, -INF
    assert_right(x, torch.tensor([-100, 1029, -100, 0], device=DEVICE))


@pytest.mark.parametrize("V", [3, 1030])
def test_if_nothing_is_kept_loss_and_gradient_are_zero(V: int) -> None:
    x = draw(2, V)
    loss = run(cross_entropy, x, torch.full((2,), -100, device=DEVICE), z_loss=Z).result[0]
    assert loss == 0
    assert (x == 0).all()


def test_a_maximum_may_come_late_or_early() -> None:
    x = torch.linspace(-40, 40, 3000, device=DEVICE)
    assert_right(torch.stack([x, x.flip(0)]), torch.tensor([2900, 200], device=DEVICE))


def test_every_block_has_targets() -> None:
    assert_right(draw(4, 3000), torch.tensor([0, 1023, 1024, 2999], device=DEVICE))


@pytest.mark.parametrize("V", [6, 2100])
def test_words_that_are_masked_out_have_no_gradient(V: int) -> None:
    x = draw(3, V)
    x[0, 1::2] = -INF
    x[1, 1:] = -INF
    x[2, : V - 2] = -INF  # whole blocks of it come first
    assert_right(x, torch.tensor([V - 2, 0, V - 1], device=DEVICE), z_loss=Z)


def test_large_logits_do_not_overflow() -> None:
    """Each row's largest stands alone, or all are equal."""
    x = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1.1e4, -1.2e4], [1e4, 9e3, -1e4], [-1e4, -1e4, -1e4]])
    assert_right(x.to(DEVICE), torch.tensor([1, 0, 0, 2], device=DEVICE))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_low_precision_is_computed_in_float32(dtype: torch.dtype) -> None:
    """Each gradient is the true one rounded, or its neighbour (6e-8 is float16's smallest number)."""
    x, target = draw(3, 1100).to(dtype), targets(3, 1100)
    target[1] = -100
    loss, gradient = oracle(x, target, z_loss=Z)
    result = run(cross_entropy, x, target, z_loss=Z).result
    assert_close(result[0], loss, rtol=1e-5, dtype=torch.float32)
    assert_close(x, gradient, rtol=torch.finfo(dtype).eps, atol=5e-7, dtype=dtype)


@pytest.mark.parametrize("V", [20, 1030])
def test_rows_may_be_far_apart_and_what_is_between_them_stays(V: int) -> None:
    wide, target = draw(3, V + 13), targets(3, V)
    target[2] = -100
    before = wide.clone()
    assert_right(wide[:, :V], target)
    assert_close(wide[:, V:], before[:, V:], rtol=0, atol=0)


def test_targets_may_have_a_stride() -> None:
    both = targets(6, 9).view(3, 2)
    with assert_unchanged(both):
        assert_right(draw(3, 9), both[:, 0])


def test_a_logit_is_loaded_twice_and_stored_once() -> None:
    report = run(cross_entropy, draw(4, 3000), targets(4, 3000), z_loss=Z)
    assert_single_launch(report, programs=4)
    assert_traffic(report, at_most=1.51, minimum=2 * 4 * 3000 * 4)


def test_only_kernels_touch_the_logits() -> None:
    x = draw(4, 2000)
    report = run(cross_entropy, x, targets(4, 2000))
    assert_single_launch(report, programs=4)
    assert_kernels_only(report, elements=4)
    assert report.launches[0].loaded >= 2 * x.numel() * x.element_size()  # both walks are the kernel's own


def assert_alike(actual: tuple[torch.Tensor, ...], expected: tuple[torch.Tensor, ...]) -> None:
    """torch rounds log-probabilities of -12 to bfloat16, so its small probabilities are 3 % off."""
    __tracebackhide__ = True
    assert_close(actual[0], expected[0], rtol=1e-2, name="loss")
    alike = torch.isclose(actual[1].float(), expected[1].float(), rtol=0.1, atol=0)
    assert alike.all(), f"{int((~alike).sum())} of the gradients differ from torch's"


@pytest.mark.perf
def test_it_is_faster_than_loss_and_gradient_by_torch() -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    B, V = 4096, 128_256

    def torchs(logits: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits.requires_grad_()
        loss = torch.nn.functional.cross_entropy(logits, target)
        return loss.detach().float(), torch.autograd.grad(loss, logits)[0]

    assert_fast(
        cross_entropy,
        torchs,
        lambda: (torch.randn(B, V, device=DEVICE, dtype=torch.bfloat16), targets(B, V)),
        against="torch's cross_entropy and its gradient",
        work=Work(read=2 * B * V, written=2 * B * V),
        ratio=1.8,
        check=assert_alike,
        rounds=30,
    )
