import re
from pathlib import Path

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_clean, assert_coalesced, assert_owner, run_host, run_kernel
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.saxpy import kernels

KATA = Kata(
    difficulty=1,
    minutes=25,
    needs=("phase5/cuda/grid_stride_loop",),
    forbids_cpp={
        "thrust": "write the loop over the elements yourself, in saxpy_kernel",
        "cub": "write the loop over the elements yourself, in saxpy_kernel",
        "cublasSaxpy": "write the loop over the elements yourself, in saxpy_kernel",
        "cublas_v2": "write the loop over the elements yourself, in saxpy_kernel",
    },
)


def draw(n: int) -> np.ndarray:
    return np.random.randn(n).astype(np.float32)


def changed(tmp_path: Path, before: str, *swaps: tuple[str, str]) -> Path:
    """The learner's file behind `before`, with patterns replaced."""
    text = kernels.path.read_text(encoding="utf-8")
    for pattern, replacement in swaps:
        text = re.sub(pattern, replacement, text)
    file = tmp_path / "saxpy.cu"
    file.write_text(before + text, encoding="utf-8")
    return file


def test_the_kernel_adds_to_what_is_there() -> None:
    x, y = draw(64), draw(64)
    expected = y + np.float32(2.5) * x
    kernels.launch("saxpy_kernel", 2, 32, (64, 2.5, x, y))
    assert_close(y, expected)


@pytest.mark.parametrize("n", [0, 1, 255, 256, 257, 3000])
def test_two_blocks_do_any_number_of_elements(n: int) -> None:
    x, y = draw(n), draw(n)
    before, expected = x.copy(), y - np.float32(1.5) * x
    report = kernels.launch("saxpy_kernel", 2, 256, (n, -1.5, x, y))
    assert_close(y, expected)
    assert_close(x, before)
    assert report.buffers["y"].stores == n


@pytest.mark.parametrize("n", [1, 255, 256, 257, 10_000])
def test_the_launcher_does_it_with_a_grid_of_its_own(n: int) -> None:
    x, y = draw(n), draw(n)
    expected = y + np.float32(0.25) * x
    report = kernels.call("saxpy", (n, 0.25, x, y))
    assert report.returned == 0
    assert_close(y, expected)


def test_every_element_has_a_thread_and_neighbours_are_together() -> None:
    report = kernels.call("saxpy", (4096, 2.0, draw(4096), draw(4096)))
    assert_coalesced(report)
    total = report.total(space="global")
    assert (total.requests, total.active) == (3 * 4096 // 32, 1.0)


@pytest.mark.parametrize("n", [1, 256, 257, 4096])
def test_a_block_for_every_256_elements_begun(n: int) -> None:
    [launch] = kernels.call("saxpy", (n, 2.0, draw(n), draw(n))).launches
    assert (launch.kernel, launch.blocks, launch.threads) == ("saxpy_kernel", -(-n // 256), 256)


@pytest.mark.slow  # 16,776,960 threads
def test_there_are_at_most_65535_blocks() -> None:
    n = 65_535 * 256 + 1000
    x, y = np.full(n, 2, np.float32), np.full(n, 3, np.float32)
    [launch] = kernels.call("saxpy", (n, 0.5, x, y), judge=False).launches
    assert launch.blocks == 65_535
    assert (y == 4).all()


@pytest.mark.parametrize(("n", "last"), [(4096, 15), (100, 0), (600, 2)])
def test_thread_i_comes_for_element_i(n: int, last: int) -> None:
    """y is one element too short, and the fault says which thread came for it."""
    args = n, 2.0, draw(n), draw(n - 1)
    assert_owner(lambda: kernels.call("saxpy", args), n - 1, "y", thread=(n - 1) % 256, block=last)


def test_of_nothing_nothing_is_launched() -> None:
    report = kernels.call("saxpy", (0, 2.0, draw(1), draw(1)))
    assert report.returned == 0
    assert report.launches == ()


@pytest.mark.parametrize("n", [1, 300])
def test_an_error_of_the_launch_is_returned(n: int, tmp_path: Path) -> None:
    kernels.call("saxpy", (n, 2.0, draw(n), draw(n)))
    failing = "static cudaError_t failing() { return static_cast<cudaError_t>(77); }\n"
    file = changed(tmp_path, failing, (r"\bcuda(GetLast|PeekAtLast)Error\b", "failing"))
    assert run_host(file, "saxpy", (n, 2.0, draw(n), draw(n))).returned == 77


def test_an_index_is_wider_than_an_int(tmp_path: Path) -> None:
    """On a machine whose int has 16 bits; 32 threads make many trips through 40,000 elements."""
    kernels.launch("saxpy_kernel", 1, 32, (64, 2.0, draw(64), draw(64)))
    file = changed(tmp_path, "", (r"(?<!long )\b(int|int32_t)\b", "short"))
    x, y = draw(40_000), draw(40_000)
    expected = y + 2 * x
    assert_clean(run_kernel(file, "saxpy_kernel", 1, 32, (40_000, 2.0, x, y)))
    assert_close(y, expected)


@pytest.mark.gpu
@pytest.mark.parametrize("n", [1, 1000, 2**26 + 3])
def test_a_gpu_agrees(n: int) -> None:
    x, y = torch.randn(2, n, device="cuda")
    expected = y + 2 * x
    kernels.call_on_gpu("saxpy", (n, 2.0, x, y))
    assert_close(y, expected)


@pytest.mark.gpu
def test_on_a_gpu_the_arrays_may_pass_two_to_the_31() -> None:
    if torch.cuda.mem_get_info()[0] < 20 << 30:
        pytest.skip("not graded: needs 20 GiB of free memory on the GPU")
    n = 2**31 + 5
    x, y = torch.ones(n, device="cuda"), torch.zeros(n, device="cuda")
    kernels.call_on_gpu("saxpy", (n, 2.0, x, y))
    assert bool((y == 2).all())


@pytest.mark.perf
def test_it_is_as_fast_as_memory() -> None:
    """The bound is an estimate: the reference was written without a GPU."""
    n = 2**26

    def saxpy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        kernels.call_on_gpu("saxpy", (n, 2.0, x, y))
        return y

    assert_fast(
        saxpy,
        lambda x, y: y.add_(x, alpha=2),
        lambda: (torch.randn(n, device="cuda"), torch.randn(n, device="cuda")),
        against="torch's add_",
        work=Work(read=8 * n, written=4 * n),
        fraction=0.7,
    )
