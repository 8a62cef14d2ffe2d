"""The same on a real GPU: kernels of torch against each other, and the tricks."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from aire_katas.checks.speed import Work, assert_fast

pytestmark = pytest.mark.gpu

ROWS, COLUMNS = 8192, 4096
BYTES = ROWS * COLUMNS * 4
WORK = Work(read=BYTES, written=BYTES, flops=5 * ROWS * COLUMNS)


def draw() -> tuple[torch.Tensor]:
    return (torch.randn(ROWS, COLUMNS, device="cuda"),)


def softmax(x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(x, -1)


def in_pieces(x: torch.Tensor) -> torch.Tensor:
    exponentials = (x - x.amax(-1, keepdim=True)).exp()
    return exponentials / exponentials.sum(-1, keepdim=True)


def judge(candidate: Callable[..., Any], **changed: Any) -> None:
    options = {"against": "torch.softmax", "work": WORK, "ratio": 0.9, "rounds": 40} | changed
    assert_fast(candidate, softmax, draw, **options)


def test_torch_is_as_fast_as_itself() -> None:
    judge(softmax)


def test_a_copy_reaches_the_copys_bandwidth() -> None:
    assert_fast(
        torch.clone,
        lambda x: x.clone(),
        draw,
        against="clone",
        work=Work(read=BYTES, written=BYTES),
        fraction=0.9,
    )


def test_a_matrix_product_reaches_the_matrix_rate() -> None:
    def pair() -> tuple[torch.Tensor, torch.Tensor]:
        a, b = torch.randn(2, 4096, 4096, device="cuda", dtype=torch.bfloat16)
        return a, b

    each = 4096 * 4096 * 2
    work = Work(read=2 * each, written=each, flops=2 * 4096**3, matrix="bfloat16")
    assert_fast(torch.mm, torch.mm, pair, against="torch.mm", work=work, fraction=0.9)


def test_four_kernels_are_slower_than_one() -> None:
    with pytest.raises(AssertionError, match=r"in_pieces takes .* where 0\.90 is asked for"):
        judge(in_pieces)


def test_a_kept_result_is_wrong() -> None:
    kept: list[torch.Tensor] = []
    with pytest.raises(AssertionError, match=r"call 2 of .* on inputs of its own, is wrong"):
        judge(lambda x: kept[0] if kept else kept.append(softmax(x)) or kept[0])


@pytest.mark.parametrize("waits", [False, True])
def test_another_stream_does_not_hide_work(waits: bool) -> None:
    side = torch.cuda.Stream()

    def aside(x: torch.Tensor) -> torch.Tensor:
        if waits:
            side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            return softmax(x)

    with pytest.raises(AssertionError, match=r"is wrong|before its result was there|leaves the device busy"):
        judge(aside)


def test_a_stream_that_is_waited_for_is_fair() -> None:
    side = torch.cuda.Stream()

    def aside(x: torch.Tensor) -> torch.Tensor:
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            out = softmax(x)
        torch.cuda.current_stream().wait_stream(side)
        return out

    judge(aside, ratio=0.8)
