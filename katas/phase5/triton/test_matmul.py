import itertools
import sys
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
import torch

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close, assert_unchanged, layouts
from aire_katas.checks.speed import Work, assert_fast
from aire_katas.checks.triton import (
    DEVICE,
    INTERPRETED,
    Report,
    assert_as_accurate,
    assert_kernels_only,
    assert_rounded_once,
    assert_single_launch,
    assert_traffic,
    chosen_config,
    observe,
    run,
)
from aire_katas.checks.triton.machine_code import CompileError, assert_no_spills, compiled
from aire_katas.checks.triton.reserved import reserved
from aire_katas.checks.triton.running import Running
from aire_katas.checks.triton.tf32 import tf32_as_on_a_gpu
from katas.phase5.triton.matmul import group_order, matmul

import triton  # isort: skip
from triton.runtime.autotuner import Autotuner  # isort: skip

KATA = Kata(
    difficulty=3,
    minutes=60,
    needs=("phase5/triton/strided_copy", "phase5/cuda/tiled_matmul"),
    forbids={
        "torch.matmul": "sum tl.dot of tiles in a kernel",
        "torch.Tensor.matmul": "sum tl.dot of tiles in a kernel",
        "torch.mm": "sum tl.dot of tiles in a kernel",
        "torch.Tensor.mm": "sum tl.dot of tiles in a kernel",
        "torch.addmm": "sum tl.dot of tiles in a kernel",
        "torch.bmm": "sum tl.dot of tiles in a kernel",
        "torch.einsum": "sum tl.dot of tiles in a kernel",
        "torch.nn.functional.linear": "sum tl.dot of tiles in a kernel",
        "torch.nn.functional.relu": "take the activation in the kernel, of the sum",
        "torch.relu": "take the activation in the kernel, of the sum",
        "torch.nn.functional.gelu": "take the activation in the kernel, of the sum",
        "torch.Tensor.contiguous": "let the kernel read the strides as they are",
    },
    seconds=60,  # where the compiler is asked, and where configurations are measured
)
SHAPES = [(1, 1, 1), (33, 65, 17), (16, 100, 16), (130, 70, 260)]  # M, K, N
LOW = [torch.float16, torch.bfloat16]
ACTIVATIONS = [None, "relu", "gelu"]
GIB = 1 << 30
only_interpreted = pytest.mark.skipif(not INTERPRETED, reason="not graded: looks into triton's interpreter")


def draw(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape).to(DEVICE, dtype)


def product(a: torch.Tensor, b: torch.Tensor, activation: str | None = None) -> Report:
    """By the first configuration: to measure all of them for every shape takes a GPU minutes."""
    __tracebackhide__ = True
    with ExitStack() as stack:
        for kernel in autotuned():
            stack.enter_context(chosen_config(kernel, 0))
        return run(matmul, a, b, activation)


def autotuned() -> list[Autotuner]:
    """The autotuned kernels of the learner's file, also below other decorators."""
    values = vars(sys.modules[matmul.__module__]).values()
    below = [getattr(one, "fn", None) for one in values]
    return [one for one in (*values, *below) if isinstance(one, Autotuner)]


def the_kernel() -> Autotuner:
    run(matmul, draw(16, 16), draw(16, 16))
    found = autotuned()
    assert found, "no kernel is decorated with triton.autotune"
    return found[0]


def tile(config: triton.Config) -> tuple[int, int, int]:
    """BLOCK_M, BLOCK_N and GROUP."""
    missing = {"BLOCK_M", "BLOCK_N", "BLOCK_K", "GROUP"} - config.kwargs.keys()
    assert not missing, f"a configuration lacks {', '.join(sorted(missing))}: {config}"
    return config.kwargs["BLOCK_M"], config.kwargs["BLOCK_N"], config.kwargs["GROUP"]


def exact(a: torch.Tensor, b: torch.Tensor, activation: str | None = None) -> torch.Tensor:
    """By torch, in float64."""
    x = a.double() @ b.double()
    return {None: x, "relu": x.clamp(min=0), "gelu": x * (1 + torch.erf(x / 2**0.5)) / 2}[activation]


def order(num_m: int, num_n: int, group: int) -> list[tuple[int, int]]:
    """All tiles as the programs visit them, by loops."""
    bands = [range(first, min(first + group, num_m)) for first in range(0, num_m, group)]
    return [(m, n) for band in bands for n in range(num_n) for m in band]


# The order of the tiles -------------------------------------------------------------------------------------


def test_nine_programs_in_a_row_share_three_rows_and_three_columns() -> None:
    """Row by row they would need one row and nine columns: ten strips instead of six."""
    for start in range(0, 81, 9):
        tiles = [group_order(pid, 9, 9, 3) for pid in range(start, start + 9)]
        rows, columns = map(set, zip(*tiles, strict=True))
        assert (len(rows), len(columns)) == (3, 3)


def test_every_tile_has_exactly_one_program() -> None:
    for num_m, num_n, group in itertools.product(range(1, 10), range(1, 10), range(1, 6)):
        tiles = [group_order(pid, num_m, num_n, group) for pid in range(num_m * num_n)]
        assert sorted(tiles) == list(itertools.product(range(num_m), range(num_n)))


def test_bands_go_down_their_columns_one_after_another() -> None:
    assert [group_order(pid, 3, 2, 2) for pid in range(6)] == [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
    for num_m, num_n, group in itertools.product(range(1, 10), range(1, 10), (1, 2, 3, 5, 12)):
        tiles = [group_order(pid, num_m, num_n, group) for pid in range(num_m * num_n)]
        assert tiles == order(num_m, num_n, group)


# The product ------------------------------------------------------------------------------------------------


def test_the_identity_changes_nothing() -> None:
    a, one = draw(70, 40), torch.eye(40, device=DEVICE)
    assert_close(product(a, one).result, a, rtol=0, atol=0)
    assert_close(product(one, a.T).result, a.T, rtol=0, atol=0)


def test_the_transpose_of_a_product_is_the_product_of_the_transposes() -> None:
    a, b = draw(50, 70), draw(70, 40)
    assert_close(product(b.T, a.T).result.T, product(a, b).result)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_entries_are_sums_of_products(shape: tuple[int, int, int]) -> None:
    M, K, N = shape
    a, b = draw(M, K), draw(K, N)
    assert_close(product(a, b).result, exact(a, b), dtype=torch.float32)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_an_activation_is_taken_of_the_whole_sum(activation: str) -> None:
    a, b = draw(20, 300), draw(300, 40) / 10
    a[0] = 0
    assert_close(product(a, b, activation).result, exact(a, b, activation), dtype=torch.float32)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_low_precision_is_summed_in_float32_and_rounded_once(
    dtype: torch.dtype, activation: str | None
) -> None:
    a, b = draw(40, 200, dtype=dtype), draw(200, 50, dtype=dtype) / 8
    assert_rounded_once(product(a, b, activation).result, exact(a, b, activation))


@pytest.mark.slow  # all tests together: about 2 s of interpretation
@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_a_long_sum_is_as_accurate_as_that_of_torch(dtype: torch.dtype) -> None:
    a, b = draw(8, 2048).abs().to(dtype), draw(2048, 8).abs().to(dtype)
    assert_as_accurate(product(a, b).result, a @ b, exact(a, b))


def test_a_partial_sum_may_be_beyond_half_precision() -> None:
    left, right = (torch.randint(1, 200, shape) for shape in ((5, 96), (96, 7)))
    less = right - torch.randint(-1, 2, (96, 7))
    a = torch.cat([left, left], 1).to(DEVICE, torch.float16)
    b = torch.cat([right, -less]).to(DEVICE, torch.float16)
    assert_close(
        product(a, b).result, exact(a, b).half(), rtol=0, atol=0
    )  # all sums are integers below 2**24


@only_interpreted
def test_float32_is_multiplied_in_full() -> None:
    """A GPU cuts float32 to the 10 bits of TF32 unless tl.dot is told otherwise."""
    a, b = draw(20, 100), draw(100, 20)
    with tf32_as_on_a_gpu():
        result = product(a, b).result
    assert_close(result, exact(a, b), dtype=torch.float32)


def test_any_layout_will_do() -> None:
    a, b = draw(40, 50), draw(50, 70)
    for (name, one), (_, other) in zip(layouts(a), layouts(b), strict=True):
        assert_close(product(one, b).result, exact(a, b), dtype=torch.float32, name=name)
        assert_close(product(a, other).result, exact(a, b), dtype=torch.float32, name=name)
    row = draw(1, 50).expand(40, 50)
    assert_close(product(row, b).result, exact(row, b), dtype=torch.float32)


def test_rows_of_a_and_columns_of_b_may_be_far_apart() -> None:
    """3 of them, 2**30 elements apart: addresses are reserved, and a few pages of memory used."""
    far = reserved(2 * GIB + 4096, torch.float16).as_strided((3, 40), (GIB, 1))
    near, values = draw(3, 40, dtype=torch.float16), draw(3, 40, dtype=torch.float16)
    far.copy_(values)
    assert_rounded_once(product(far, near.T).result, exact(values, near.T))
    assert_rounded_once(product(near, far.T).result, exact(near, values.T))


# The kernel -------------------------------------------------------------------------------------------------


def test_one_kernel_does_it_all() -> None:
    a, b = draw(33, 50, dtype=torch.float16), draw(50, 40, dtype=torch.float16)
    with assert_unchanged(a, b):
        report = product(a, b, "gelu")
    assert report.result.dtype == torch.float16
    assert report.result.is_contiguous()
    assert_single_launch(report)
    assert_kernels_only(report)


@only_interpreted
@pytest.mark.parametrize("number", [0, -1], ids=["the first configuration", "the last"])
def test_every_tile_loads_its_rows_and_its_columns_once(number: int) -> None:
    with chosen_config(the_kernel(), number) as config:
        BLOCK_M, BLOCK_N, _ = tile(config)
        M, K, N = 2 * BLOCK_M, 70, 3 * BLOCK_N
        report = run(matmul, draw(M, K), draw(K, N))
    assert_single_launch(report, programs=6)
    assert report.launches[0].grid == (6, 1, 1), "the grid has one axis"
    assert_traffic(report, at_most=1.0, minimum=4 * (3 * M * K + 2 * K * N + M * N))


@only_interpreted
def test_programs_compute_the_tiles_of_their_place_in_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each runs alone, and what it leaves unwritten is nan."""
    BLOCK_M, BLOCK_N, GROUP = tile(the_kernel().configs[0])
    a, b = draw(GROUP * BLOCK_M + 5, 16), draw(16, BLOCK_N + 3)
    tiles = order(GROUP + 1, 2, GROUP)
    everyone = Running.programs
    for pid in (1, GROUP, 2 * GROUP - 1, 2 * GROUP, 2 * GROUP + 1):
        alone = lambda self, pid=pid: (one for one in everyone(self) if one[0] == pid)  # noqa: E731
        monkeypatch.setattr(Running, "programs", alone)
        written = ~observe(matmul, a, b).result.isnan()
        m, n = tiles[pid]
        expected = torch.zeros_like(written)
        expected[m * BLOCK_M :, n * BLOCK_N :][:BLOCK_M, :BLOCK_N] = True
        assert written.any(), f"program {pid} of {len(tiles)} writes nothing"
        seen = [int(one) // size for one, size in zip(written.nonzero()[0], (BLOCK_M, BLOCK_N), strict=True)]
        assert torch.equal(written, expected), (
            f"program {pid} writes to tile {seen}, expected all of [{m}, {n}]"
        )


# The configurations -----------------------------------------------------------------------------------------


def test_there_are_four_configurations_and_each_is_right() -> None:
    kernel = the_kernel()
    assert len(set(map(str, kernel.configs))) >= 4
    for number in range(len(kernel.configs)):
        with chosen_config(kernel, number) as config:
            BLOCK_M, BLOCK_N, _ = tile(config)
            M, K, N = BLOCK_M + 5, 150, BLOCK_N + 7
            a, b = draw(M, K, dtype=torch.float16), draw(K, N, dtype=torch.float16)
            assert_rounded_once(run(matmul, a, b).result, exact(a, b), name=f"result by {config}")


def test_tiles_and_bands_have_sizes_worth_measuring() -> None:
    for config in the_kernel().configs:
        BLOCK_M, BLOCK_N, GROUP = tile(config)
        assert {BLOCK_M, BLOCK_N} <= {32, 64, 128, 256}, str(config)
        assert config.kwargs["BLOCK_K"] in {16, 32, 64, 128}, str(config)
        assert 2 <= GROUP <= 16, str(config)


def test_other_sizes_are_measured_anew() -> None:
    cache = the_kernel().cache
    for name, (M, K, N) in {"M": (48, 16, 16), "K": (16, 48, 16), "N": (16, 16, 48)}.items():
        known = len(cache)
        run(matmul, draw(M, K), draw(K, N))
        assert len(cache) > known, f"the key of the autotuned kernel lacks {name}"


@only_interpreted
@pytest.mark.slow
def test_the_largest_tile_compiles_to_tensor_cores_without_spills() -> None:
    kernel = the_kernel()
    sizes = [BLOCK_M * BLOCK_N for BLOCK_M, BLOCK_N, _ in map(tile, kernel.configs)]
    a, b = draw(64, 64, dtype=torch.bfloat16), draw(64, 64, dtype=torch.bfloat16)
    with chosen_config(kernel, int(np.argmax(sizes))):
        report = run(matmul, a, b)
    try:
        code = compiled(report.launches[0])
    except CompileError as error:
        pytest.fail(f"the interpreter runs the kernel, but it does not compile for a GPU:\n{error}")
    assert_no_spills(code)
    assert code.count("wgmma") + code.count("mma"), "no tensor core is used: multiply tiles by tl.dot"


@pytest.mark.perf
@pytest.mark.parametrize("n", [4096, 8192])
def test_it_keeps_up_with_the_library(n: int) -> None:
    """The bounds are estimates: the reference was written without a GPU."""
    assert_fast(
        matmul,
        torch.matmul,
        lambda: tuple(torch.randn(2, n, n, device=DEVICE, dtype=torch.bfloat16)),
        against="torch.matmul",
        work=Work(read=2 * 2 * n * n, written=2 * n * n, flops=2 * n**3, matrix="bfloat16"),
        ratio=0.75,
        fraction=0.75,
    )
