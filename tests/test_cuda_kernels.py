"""Right kernels: no report, the right values, whatever the order of blocks and lanes."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import (
    Report,
    assert_clean,
    assert_no_bank_conflicts,
    run_host,
    run_kernel,
    unset,
)

FILE = Path(__file__).parent / "kernels" / "right.cu"
STYLES = FILE.with_name("right_styles.cu")

pytestmark = [pytest.mark.gxx, pytest.mark.parametrize("seed", [0, 1])]


def floats(*shape: int) -> np.ndarray:
    return np.random.rand(*shape).astype(np.float32)


def run(kernel: str, grid: object, block: object, args: tuple, **options: int) -> Report:
    report = run_kernel(FILE, kernel, grid, block, args, **options)  # type: ignore[arg-type]
    assert_clean(report)
    assert not run_kernel(FILE, kernel, grid, block, args, judge=False, **options).findings  # type: ignore[arg-type]
    return report


@pytest.mark.parametrize(("kernel", "n"), [("copy", 100), ("copy_strided", 1000), ("copy_float4", 128)])
def test_copies(kernel: str, n: int, seed: int) -> None:
    x, y = floats(n), unset(n)
    run(kernel, 4, 32, (x, y, n), seed=seed)
    assert_close(y.view(np.ndarray), x)


@pytest.mark.parametrize(("rows", "cols"), [(32, 32), (40, 5), (17, 70)])
def test_a_transpose_through_shared_memory(rows: int, cols: int, seed: int) -> None:
    x, y = floats(rows, cols), unset((cols, rows))
    run("transpose<1>", (3, 2), (32, 8), (x, y, rows, cols), seed=seed)
    assert_close(y.view(np.ndarray), x.T)


def test_dynamic_shared_memory(seed: int) -> None:
    x, y = floats(64), unset(64)
    run("reverse_dynamic", 1, 64, (x, y, 64), shared=256, seed=seed)
    assert_close(y.view(np.ndarray), x[::-1])


@pytest.mark.parametrize(
    ("kernel", "grid", "block", "n"),
    [("reduce_tree", 1, 128, 200), ("reduce_shuffle", 3, 96, 1000), ("reduce_syncwarp", 1, 32, 32)],
)
def test_reductions(kernel: str, grid: int, block: int, n: int, seed: int) -> None:
    x, y = floats(n), np.zeros(1, np.float32)
    report = run_kernel(FILE, kernel, grid, block, (x, y, n), seed=seed)
    assert_clean(report)
    assert_close(float(y[0]), math.fsum(x), rtol=1e-5)


def test_the_last_block_sees_what_the_others_published(seed: int) -> None:
    x, y = floats(500), unset(1)
    run("reduce_last_block", 5, 32, (x, unset(5), y, 500), seed=seed)
    assert_close(float(y[0]), math.fsum(x), rtol=1e-5)


def test_a_scan(seed: int) -> None:
    x, y = floats(50), unset(50)
    run("scan_two_buffers", 1, 64, (x, y, 50), seed=seed)
    assert_close(y.view(np.ndarray), np.cumsum(x), rtol=1e-5)


def test_a_histogram_by_atomics(seed: int) -> None:
    ids, counts = np.random.randint(0, 8, 1000).astype(np.int32), np.zeros(8, np.int32)
    assert_clean(run_kernel(FILE, "histogram", 3, 64, (ids, counts, 1000), seed=seed))
    assert (counts == np.bincount(ids, minlength=8)).all()


def test_constant_memory(seed: int) -> None:
    x, y = floats(70), unset(70)
    run("stencil", 3, 32, (x, y, 70), seed=seed)
    assert_close(y.view(np.ndarray), np.convolve(x, [0.25, 0.5, 0.25], "same"), rtol=1e-5, dtype=np.float32)


@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (16, 32, 48), (33, 17, 9)])
def test_a_tiled_matmul(m: int, n: int, k: int, seed: int) -> None:
    A, B, C = floats(m, k), floats(k, n), unset((m, n))
    run("matmul", ((n + 15) // 16, (m + 15) // 16), (16, 16), (A, B, C, m, n, k), seed=seed)
    assert_close(C.view(np.ndarray), A @ B, rtol=1e-5)


@pytest.mark.parametrize("kernel", ["softmax_one_pass", "softmax_three_passes"])
def test_softmax(kernel: str, seed: int) -> None:
    x, y = floats(3, 100), unset((3, 100))
    run(kernel, 3, 32, (x, y, 100), shared=400, seed=seed)
    expected = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    assert_close(y.view(np.ndarray), expected, rtol=1e-5)


def test_votes(seed: int) -> None:
    x, y = np.random.randint(-1, 2, 32).astype(np.int32), unset((5, 32), np.int32)
    run("votes", 1, 32, (x, y, 32), seed=seed)
    yes = x > 0
    ballot = np.packbits(yes, bitorder="little").view(np.int32)[0]
    combined = int(yes.all()) | int(yes.any()) << 1
    assert (y[0] == yes.sum()).all()
    assert (y[1] == combined).all()
    assert (y[2] == ballot).all()
    assert (y[3] == combined).all()
    same = [sum(1 << j for j in range(0, 32, 2) if x[j] == x[i]) for i in range(0, 32, 2)]
    assert (y[4, ::2].view(np.uint32) == same).all()
    assert (y[4, 1::2].view(np.uint32) == 0xAAAAAAAA).all()


def test_atomics(seed: int) -> None:
    x = np.random.randint(0, 1000, 64).astype(np.int32)
    y = np.zeros(7 + 2 * 64, np.int32)
    y[2], y[4] = 5000, -1
    assert_clean(run_kernel(FILE, "atomics", 1, 64, (x, y, 64), seed=seed))
    folds = [np.add, np.bitwise_and, np.bitwise_or, np.bitwise_xor]
    assert [y[0], y[4], y[5], y[6]] == [fold.reduce(x) for fold in folds]
    assert [y[1], y[2], y[3]] == [-x.sum(), x.min(), x.max()]
    assert (y[7:71] == x).all()
    assert (y[71:] == x).all()


def awkward_floats() -> np.ndarray:
    """Of every size, and the halves between two neighbours of the narrow formats."""
    bits = np.random.randint(0, 2**32, 4000, dtype=np.uint32)
    ties = (np.random.randint(0, 2**16, 1000).astype(np.uint32) << 16) | 0x8000
    halves = np.random.randint(0, 2**16, 1000).astype(np.uint16).view(np.float16).astype(np.float32)
    between = (halves.view(np.uint32) + 0x1000).view(np.float32)
    special = np.array(
        [0.0, -0.0, np.inf, -np.inf, np.nan, 65504, 65519.99, 65520, 2**-24, 2**-25, 6e-8], np.float32
    )
    return np.concatenate([bits.view(np.float32), ties.view(np.float32), halves, between, special])


def equal(ours: np.ndarray, theirs: torch.Tensor) -> bool:
    a = torch.from_numpy(ours.copy())
    return bool(((a == theirs.view(torch.int16)) | (a.view(theirs.dtype).isnan() & theirs.isnan())).all())


def test_half_and_bfloat16_round_as_torch_does(seed: int) -> None:
    x = awkward_floats()
    z = np.random.permutation(x)
    n = len(x)
    h, b = unset((3, n), np.float16), unset((2, n), np.int16)
    run("narrow", (n + 255) // 256, 256, (x, z, h, b, n), seed=seed)
    tx, tz = torch.from_numpy(x), torch.from_numpy(z)
    hx, hz = tx.half(), tz.half()
    bits = h.view(np.ndarray).view(np.int16)
    assert equal(bits[0], hx)
    exact = hx.double() * hz.double() + hx.double()
    with np.errstate(over="ignore"):
        assert equal(bits[1], torch.from_numpy(exact.numpy().astype(np.float16)))
    assert equal(bits[2], hx * hz + hz)
    assert equal(b.view(np.ndarray)[0], tx.bfloat16())
    assert equal(b.view(np.ndarray)[1], tx.bfloat16() + tz.bfloat16())


def test_printf(seed: int) -> None:
    report = run("says_hello", 2, 32, (3,), seed=seed)
    assert sorted(report.output.splitlines()) == [
        f"hello from {t} of {b}" for t in range(3) for b in range(2)
    ]


def test_indices_in_three_dimensions(seed: int) -> None:
    out = unset((24, 30), np.int32)
    run("where", (2, 3, 4), (5, 2, 3), (out,), seed=seed)
    assert (out == 100 * np.arange(24)[:, None] + np.arange(30)).all()


@pytest.mark.parametrize("n", [0, 1, 255, 2000])
def test_a_host_function_that_launches(n: int, seed: int) -> None:
    x, y = floats(n), floats(n)
    expected = y + np.float32(2) * x
    report = run_host(FILE, "axpy", (n, 2.0, x, y), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert np.allclose(y, expected)


def test_the_hosts_own_memory(seed: int) -> None:
    x, y = floats(32), unset(32)
    report = run_host(FILE, "round_trip", (x, y, 32), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert_close(y.view(np.ndarray), 2 * x)


# In other styles ----------------------------------------------------------------------------------------


def test_templates_and_namespaces(seed: int) -> None:
    x, y = floats(100), unset(100)
    report = run_host(STYLES, "go", (x, y, 100), seed=seed)
    assert_clean(report)
    assert report.returned == 3
    assert (y[:10] == 2).all()
    assert_close(y.view(np.ndarray)[10:], 3 * x[10:])
    assert_clean(run_kernel(STYLES, "lab::fill_it", 2, 64, (y, 100, 2.5), seed=seed))
    assert (y == 2.5).all()


def test_device_variables(seed: int) -> None:
    out = unset(4, np.int32)
    assert_clean(run_kernel(STYLES, "count_all", 1, 32, (out, 20), seed=seed))
    assert list(out) == [1, 2, 3, 4]


def test_neighbouring_bytes_are_different_memory(seed: int) -> None:
    x, y = np.arange(100).astype(np.int8), unset(100, np.int8)
    assert_clean(run_kernel(STYLES, "bytes", 4, 32, (x, y, 100), seed=seed))
    assert (y == x ^ 1).all()


def test_shared_pairs_of_halves(seed: int) -> None:
    x, y = np.random.rand(64).astype(np.float16), unset(64, np.float16)
    assert_clean(run_kernel(STYLES, "halves", 1, 32, (x, y, 64), seed=seed))
    pairs = x.reshape(32, 2)[::-1]
    assert (y[::2] == pairs.sum(1)).all()
    assert (y[1::2] == pairs[:, 0] * np.float16(2)).all()


def test_a_histogram_of_an_image(seed: int) -> None:
    image, counts = np.random.randint(0, 256, (37, 50)).astype(np.uint8), np.zeros(256, np.uint32)
    assert_clean(run_kernel(STYLES, "hist2d", (4, 3), (16, 16), (image, counts, 50, 37), seed=seed))
    assert (counts == np.bincount(image.ravel(), minlength=256)).all()


def test_a_matmul_with_tiles_of_registers(seed: int) -> None:
    A, B, C = floats(128, 128), floats(128, 128), unset((128, 128))
    assert_clean(run_kernel(STYLES, "sgemm_reg", (2, 2), 256, (A, B, C, 128), seed=seed))
    assert_close(C.view(np.ndarray), A @ B, rtol=1e-5)


def test_a_lock(seed: int) -> None:
    lock, total = np.zeros(1, np.int32), np.zeros(1, np.int32)
    assert_clean(run_kernel(STYLES, "lock_sum", 2, 64, (lock, total), seed=seed))
    assert total == 128


def test_a_thread_that_waits_for_a_flag_of_another_warp(seed: int) -> None:
    y = unset(2)
    assert_clean(run_kernel(STYLES, "producer_consumer", 1, 64, (np.zeros(1, np.int32), y), seed=seed))
    assert list(y) == [5, 6]


def test_memory_may_be_allocated_between_launches(seed: int) -> None:
    x, y = np.arange(70, dtype=np.int32), unset(70, np.int32)
    report = run_host(STYLES, "many_allocations", (70, x, y), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert (y == x + 21).all()
    assert report.buffers["x"].loads == 70


def test_a_vector_is_one_access_also_where_its_parts_are_used_apart(seed: int) -> None:
    x, y = floats(32, 4), unset(32)
    report = run_kernel(STYLES, "sums_of_four", 1, 32, (x, y), seed=seed)
    assert_clean(report)
    assert_close(y.view(np.ndarray), x.sum(1))
    read = report.total(space="global", kind="read")
    assert (read.requests, read.bytes, read.sectors) == (1, 512, 16)
    assert_no_bank_conflicts(report)


def test_memcpy_memset_and_whole_structures(seed: int) -> None:
    particle = np.dtype([("position", "f4", 3), ("mass", "f4"), ("kind", "i4")])
    x = np.arange(5 * 50, dtype=np.int32).view(particle)
    y = unset(5 * 50, np.int32)
    assert_clean(run_kernel(STYLES, "moves_particles", 2, 32, (x, y, 50), seed=seed))
    assert (y.reshape(50, 5) == np.arange(250).reshape(50, 5) + np.array([0, 0, 0, 0, 1])).all()


def test_a_string_may_be_copied(seed: int) -> None:
    y = unset(8, np.int8)
    assert_clean(run_kernel(STYLES, "names", 1, 32, (y,), seed=seed))
    assert y.tobytes() == b"literal\0"


def test_launches_with_braces_over_several_lines_and_through_pointers(seed: int) -> None:
    x, y = floats(50), np.zeros(50, np.float32)
    report = run_host(STYLES, "three_launches", (x, y, 50), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert_close(y, 6 * x + 3, rtol=1e-5)


def test_streams_events_and_the_device(seed: int) -> None:
    x, y = floats(50), unset(50)
    report = run_host(STYLES, "asks_the_device", (x, y, 50), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert_close(y.view(np.ndarray), 2 * x + 1, rtol=1e-5)


def test_shared_memory_beyond_48_kb_that_the_host_asks_for(seed: int) -> None:
    n = 25600  # 100 KB: two of them fit into 228
    x, y = floats(n), unset(n)
    report = run_host(STYLES, "reversed", (x, y, n), seed=seed)
    assert_clean(report)
    assert report.returned == 2
    assert_close(y.view(np.ndarray), x[::-1])


def test_a_launch_from_python_may_have_227_kb(seed: int) -> None:
    n = 227 * 256 - 32
    x, y = floats(n), unset(n)
    assert_clean(run_kernel(STYLES, "reverses<32>", 1, 256, (x, y, n), shared=4 * n, seed=seed))
    assert_close(y.view(np.ndarray), x[::-1])


def test_barriers_of_some_lanes_order_the_others_through_them(seed: int) -> None:
    x, y = floats(1), unset(1)
    assert_clean(run_kernel(STYLES, "through_a_third", 1, 32, (x, y), seed=seed))
    assert y == x + 1


def test_a_launch_may_deduce_the_arguments_of_a_template(seed: int) -> None:
    x, y = floats(20), np.zeros(20, np.float32)
    report = run_host(STYLES, "deduced", (x, y, 20), seed=seed)
    assert_clean(report)
    assert report.returned == 0
    assert_close(y, 2 * x + 2.5, rtol=1e-5, dtype=np.float32)
