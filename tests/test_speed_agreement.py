"""The quick look on the device passes nothing that assert_close would not."""

from typing import Any

import pytest
import torch

from aire_katas.checks import arrays
from aire_katas.checks.speed import agreement
from aire_katas.checks.speed.agreement import agree
from aire_katas.checks.speed.cuda import CudaDevice

X = torch.linspace(-3, 3, 1000)
DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_that_agree_are_not_moved_to_the_host(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    def moved(*_: Any) -> None:
        raise RuntimeError("asked the host")

    monkeypatch.setattr(agreement, "assert_close", moved)
    x = X.to(dtype)
    agree(x, x.clone())
    agree((x, x * (1 + arrays.PRECISION[str(dtype)[6:]] / 2)), (x, x))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "spoilt",
    [
        lambda x: 2 * x,
        lambda x: x.index_fill(0, torch.tensor([7]), 0.5),
        lambda x: x.index_fill(0, torch.tensor([7]), float("nan")),
        lambda x: x.index_fill(0, torch.tensor([7]), float("inf")),
        lambda x: x[1:],
        lambda x: x.to(torch.float32 if x.dtype != torch.float32 else torch.float64),
        torch.zeros_like,
        lambda x: (x, x),
        lambda x: None,
    ],
)
def test_what_is_off_is_refused_by_assert_close(dtype: torch.dtype, spoilt: Any) -> None:
    with pytest.raises(AssertionError, match=r"^result "):
        agree(spoilt(X.to(dtype)), X.to(dtype))


def test_whole_numbers_zeros_and_infinities_are_left_to_assert_close() -> None:
    for x in (torch.arange(9), torch.zeros(3), torch.tensor([1.0, float("inf")])):
        agree(x, x.clone())
    with pytest.raises(AssertionError):
        agree(torch.arange(9) + 1, torch.arange(9))
    with pytest.raises(AssertionError):
        agree(torch.tensor([1.0, 2.0]), torch.tensor([1.0, float("inf")]))


def test_a_copy_is_new_memory_outside_the_graph() -> None:
    device = object.__new__(CudaDevice)
    device.stream = None  # type: ignore[assignment]  # no stream: torch.cuda.stream does nothing
    x = torch.ones(3, requires_grad=True)
    same, (doubled,), number = device.copy((x, [2 * x], 7))
    assert same.is_leaf
    assert same.requires_grad
    assert doubled.is_leaf
    assert same.data_ptr() != x.data_ptr()
    assert number == 7
