import functools

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import Report, assert_coalesced, assert_no_bank_conflicts, assert_spread, unset
from aire_katas.checks.gemm import assert_gemm
from aire_katas.checks.speed import Work, assert_fast
from katas.phase5.cuda_cpp.sgemm_shared import kernels

KATA = Kata(
    difficulty=3,
    minutes=40,
    needs=("phase5/cuda_cpp/sgemm_coalesced",),
    forbids_cpp={
        "double": "sum in float",
        "cublas_v2": "write the loop over tiles yourself",
        "cublasSgemm": "write the loop over tiles yourself",
        "wmma": "multiply the tiles with ordinary arithmetic",
    },
)


def draw(rows: int, cols: int) -> np.ndarray:
    return np.random.randn(rows, cols).astype(np.float32)


def multiplied(M: int, N: int, K: int) -> Report:
    a, b, c = draw(M, K), draw(K, N), unset((M, N))
    before = a.copy(), b.copy()
    report = kernels.call("sgemm_shared", (M, N, K, 1.0, a, b, 0.0, c))
    assert report.returned == 0
    assert_gemm(c, a, b)
    assert_close(a, before[0], rtol=0, atol=0)
    assert_close(b, before[1], rtol=0, atol=0)
    return report


@pytest.mark.parametrize(("M", "N", "K"), [(32, 32, 32), (64, 32, 32), (32, 96, 32), (32, 32, 96)])
def test_whole_tiles(M: int, N: int, K: int) -> None:
    multiplied(M, N, K)


@pytest.mark.parametrize(
    ("M", "N", "K"), [(1, 1, 1), (31, 33, 5), (33, 17, 65), (40, 7, 31), (1, 70, 33), (70, 1, 3)]
)
def test_tiles_stick_out_over_the_edges(M: int, N: int, K: int) -> None:
    multiplied(M, N, K)


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 1.0), (-0.5, 3.0)])
def test_the_product_is_scaled_and_added(alpha: float, beta: float) -> None:
    a, b, c = draw(20, 40), draw(40, 35), draw(20, 35)
    before = c.copy()
    kernels.call("sgemm_shared", (20, 35, 40, alpha, a, b, beta, c))
    assert_gemm(c, a, b, alpha=alpha, beta=beta, c=before)


def test_without_beta_it_does_not_matter_what_c_holds() -> None:
    a, b, c = draw(10, 8), draw(8, 12), np.full((10, 12), np.nan, np.float32)
    kernels.call("sgemm_shared", (10, 12, 8, 1.5, a, b, 0.0, c))
    assert_gemm(c, a, b, alpha=1.5)


@pytest.mark.parametrize(("M", "N", "K"), [(64, 32, 64), (33, 65, 40), (20, 100, 10)])
def test_what_is_fetched_is_used_by_the_whole_tile(M: int, N: int, K: int) -> None:
    report = multiplied(M, N, K)
    assert report.buffers["A"].loads == M * K * -(-N // 32)
    assert report.buffers["B"].loads == K * N * -(-M // 32)
    assert report.buffers["C"].stores == M * N


def test_no_step_goes_beyond_k() -> None:
    """A step of zeros changes no sum: it is seen where every product needs two numbers of the tiles."""
    reads = multiplied(32, 64, 96).total(space="shared", kind="read")
    assert reads.lanes <= 2 * 32 * 64 * 96


def test_each_tile_of_c_has_a_block() -> None:
    report = multiplied(60, 90, 20)
    assert_spread(report)
    [launch] = report.launches
    assert launch.blocks >= 2 * 3


def test_global_memory_is_read_along_rows() -> None:
    assert_coalesced(multiplied(64, 64, 64))


def test_shared_memory_is_read_without_conflicts() -> None:
    assert_no_bank_conflicts(multiplied(32, 64, 64))


def test_two_orders_of_the_threads_agree_to_the_bit() -> None:
    a, b, one, other = draw(40, 50), draw(50, 35), unset((40, 35)), unset((40, 35))
    for seed, c in ((1, one), (2, other)):
        kernels.call("sgemm_shared", (40, 35, 50, 1.0, a, b, 0.0, c), seed=seed)
    assert_close(np.array(one), np.array(other), rtol=0, atol=0)


def on_gpu(function: str, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    (M, K), N = a.shape, b.shape[1]
    c = torch.empty(M, N, device="cuda")
    kernels.call_on_gpu(function, (M, N, K, 1.0, a, b, 0.0, c))
    return c


@pytest.mark.gpu
@pytest.mark.parametrize(("M", "N", "K"), [(1, 1, 1), (33, 17, 65), (1000, 1030, 517)])
def test_a_gpu_agrees(M: int, N: int, K: int) -> None:
    a, b = torch.randn(M, K, device="cuda"), torch.randn(K, N, device="cuda")
    assert_gemm(on_gpu("sgemm_shared", a, b).cpu().numpy(), a.cpu().numpy(), b.cpu().numpy())


@pytest.mark.perf
def test_it_reaches_a_share_of_the_library() -> None:
    """The bound is an estimate: the reference was written without a GPU."""
    n = 4096
    assert_fast(
        functools.partial(on_gpu, "sgemm_shared"),
        torch.matmul,
        lambda: tuple(torch.randn(2, n, n, device="cuda")),
        against="torch.matmul",
        work=Work(read=2 * 4 * n * n, written=4 * n * n, flops=2 * n**3, matrix="float32"),
        ratio=0.08,
        rounds=50,
    )
