import functools

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import assert_coalesced, assert_spread, unset
from aire_katas.checks.gemm import assert_gemm
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.sgemm_coalesced import kernels

KATA = Kata(
    difficulty=2,
    minutes=30,
    needs=("phase5/cuda/tiled_matmul", "phase5/cuda_cpp/saxpy"),
    forbids_cpp={
        "double": "sum in float",
        "cublas_v2": "write the loop over k yourself",
        "cublasSgemm": "write the loop over k yourself",
        "__shared__": "tiles in shared memory are the next kata; let the lanes run along a row of C",
    },
)

both = pytest.mark.parametrize("function", ["sgemm_naive", "sgemm_coalesced"])
SHAPES = [(1, 1, 1), (2, 3, 4), (33, 17, 65), (17, 65, 33), (64, 64, 16), (1, 70, 5), (70, 1, 5)]


def draw(rows: int, cols: int) -> np.ndarray:
    return np.random.randn(rows, cols).astype(np.float32)


@both
@pytest.mark.parametrize(("M", "N", "K"), SHAPES)
def test_rows_meet_columns(function: str, M: int, N: int, K: int) -> None:
    a, b, c = draw(M, K), draw(K, N), unset((M, N))
    before = a.copy(), b.copy()
    assert kernels.call(function, (M, N, K, 1.0, a, b, 0.0, c)).returned == 0
    assert_gemm(c, a, b)
    assert_close(a, before[0], rtol=0, atol=0)
    assert_close(b, before[1], rtol=0, atol=0)


@both
@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 1.0), (-0.5, 3.0), (1.0, -1.0)])
def test_the_product_is_scaled_and_added(function: str, alpha: float, beta: float) -> None:
    a, b, c = draw(20, 9), draw(9, 35), draw(20, 35)
    before = c.copy()
    kernels.call(function, (20, 35, 9, alpha, a, b, beta, c))
    assert_gemm(c, a, b, alpha=alpha, beta=beta, c=before)


@both
def test_without_beta_it_does_not_matter_what_c_holds(function: str) -> None:
    a, b, c = draw(10, 8), draw(8, 12), np.full((10, 12), np.nan, np.float32)
    kernels.call(function, (10, 12, 8, 1.5, a, b, 0.0, c))
    assert_gemm(c, a, b, alpha=1.5)


@both
def test_every_element_of_c_has_a_thread(function: str) -> None:
    report = kernels.call(function, (40, 64, 8, 1.0, draw(40, 8), draw(8, 64), 0.0, unset((40, 64))))
    assert report.buffers["C"].stores == 40 * 64
    assert report.buffers["C"].most_writes == 1
    assert report.total(space="global", kind="write").active > 0.5
    [launch] = report.launches
    assert launch.blocks * launch.threads >= 40 * 64


def test_lanes_run_along_a_row_of_c() -> None:
    report = kernels.call("sgemm_coalesced", (40, 64, 12, 1.0, draw(40, 12), draw(12, 64), 0.5, draw(40, 64)))
    assert_coalesced(report)
    assert_spread(report)


def test_a_warp_reads_one_number_of_a_and_32_of_b() -> None:
    M, N, K = 32, 64, 16
    report = kernels.call("sgemm_coalesced", (M, N, K, 1.0, draw(M, K), draw(K, N), 0.0, unset((M, N))))
    warps = M * N // 32
    assert report.buffers["A"].bytes_read == warps * K * 32
    assert report.buffers["B"].bytes_read == warps * K * 4 * 32
    assert report.buffers["C"].bytes_written == warps * 4 * 32


def on_gpu(function: str, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty(M, N, device="cuda")
    kernels.call_on_gpu(function, (M, N, K, 1.0, a, b, 0.0, c))
    return c


@pytest.mark.gpu
@both
@pytest.mark.parametrize(("M", "N", "K"), [(1, 1, 1), (33, 17, 65), (1000, 1030, 517)])
def test_a_gpu_agrees(function: str, M: int, N: int, K: int) -> None:
    a, b = torch.randn(M, K, device="cuda"), torch.randn(K, N, device="cuda")
    assert_gemm(on_gpu(function, a, b).cpu().numpy(), a.cpu().numpy(), b.cpu().numpy())


@pytest.mark.perf
def test_lanes_along_a_row_make_it_several_times_as_fast() -> None:
    """The bound is an estimate: the reference was written without a GPU."""
    n = 4096
    assert_fast(
        functools.partial(on_gpu, "sgemm_coalesced"),
        functools.partial(on_gpu, "sgemm_naive"),
        lambda: tuple(torch.randn(2, n, n, device="cuda")),
        against="sgemm_naive",
        work=Work(read=2 * 4 * n * n, written=4 * n * n, flops=2 * n**3, matrix="float32"),
        ratio=3.0,
        rounds=20,
    )
