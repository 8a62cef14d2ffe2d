"""The compile check by nvcc, on a machine that has it and on one that has not."""

from pathlib import Path

import pytest

from aire_katas.checks.cuda import CompileError, NoCompiler
from aire_katas.checks.cuda.nvcc import assert_no_spills, resources

KERNELS = """\
template <int N> __global__ void reverse(float* x) {
    __shared__ float tile[N];
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = tile[N - 1 - threadIdx.x];
}
template __global__ void reverse<64>(float*);
template __global__ void reverse<256>(float*);

__global__ void __launch_bounds__(1024, 2) crowded(const float* x, float* y) {
    float kept[64];
#pragma unroll
    for (int i = 0; i < 64; ++i) kept[i] = x[i * 1024 + threadIdx.x];
#pragma unroll
    for (int i = 0; i < 64; ++i) {
        float sum = 0;
#pragma unroll
        for (int j = 0; j < 64; ++j) sum += kept[j] * kept[(i * j) % 64];
        y[i * 1024 + threadIdx.x] = sum;
    }
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (path := tmp_path / "kernels.cu").write_text(KERNELS)
    return path


@pytest.mark.nvcc
@pytest.mark.parametrize("arch", [80, 90])
def test_every_kernel_is_listed_with_its_shared_memory(file: Path, arch: int) -> None:
    found = resources(file, arch)
    assert set(found) == {"reverse<64>", "reverse<256>", "crowded"}
    assert (found["reverse<64>"].shared, found["reverse<256>"].shared) == (256, 1024)
    assert 0 < found["reverse<64>"].registers <= 32


@pytest.mark.nvcc
def test_what_does_not_fit_into_the_registers_is_named(file: Path) -> None:
    """1024 threads, two blocks of them at once: 32 registers a thread, and 64 values to keep."""
    assert resources(file)["crowded"].spill_stores > 0
    with pytest.raises(AssertionError, match=r"crowded spills on sm_90: \d+ bytes stored and \d+ loaded"):
        assert_no_spills(file, "crowded")


@pytest.mark.nvcc
def test_a_kernel_that_fits_passes_and_a_lower_limit_refuses_it(file: Path) -> None:
    assert_no_spills(file, "reverse<64>")
    with pytest.raises(AssertionError, match="registers a thread on sm_90, expected at most 1"):
        assert_no_spills(file, "reverse<64>", registers=1)


@pytest.mark.nvcc
def test_a_kernel_that_is_not_there_is_asked_for_by_name(file: Path) -> None:
    with pytest.raises(ValueError, match=r"kernels\.cu has no kernel reverse: .*reverse<64>"):
        assert_no_spills(file, "reverse")


@pytest.mark.nvcc
def test_an_error_names_file_and_line(tmp_path: Path) -> None:
    (file := tmp_path / "learner.cu").write_text("__global__ void f(float* y) {\n    y[0] = z;\n}\n")
    with pytest.raises(CompileError) as failure:
        resources(file)
    assert str(failure.value) == 'learner.cu:2: error: identifier "z" is undefined'


def test_without_nvcc_it_says_what_is_missing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(file.parent))
    with pytest.raises(NoCompiler, match="needs nvcc, which is not on the PATH"):
        resources(file)
