"""A .cu file by nvcc: the library and its calls, on a machine that need not have a GPU."""

from pathlib import Path

import pytest
import torch

from aire_katas import machine
from aire_katas.checks.cuda import CompileError
from aire_katas.checks.cuda.gpu import call, launch, library, with_launchers

pytestmark = pytest.mark.nvcc

SOLUTIONS = Path(__file__).parents[1] / "solutions"
KERNELS = sorted(SOLUTIONS.rglob("*.cu"))
HOST = """\
__global__ void twice(int n, const float* __restrict__ x, float* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] = 2 * x[i];
}

template <typename T, int N>
__global__ void filled(T* __restrict__ out, T last) {
    out[threadIdx.x] = threadIdx.x + 1 < blockDim.x ? T(N) : last;
}

extern "C" int weighted(long long n, float a, const float* x, double* out, bool negate, size_t skip) {
    for (long long i = 0; i < n; i++) out[i] = (negate ? -1 : 1) * a * x[i + skip];
    return x == nullptr ? 7 : 0;
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "host.cu"
    path.write_text(HOST)
    return path


def test_a_function_of_the_host_gets_numbers_and_tensors(file: Path) -> None:
    x, out = torch.randn(6), torch.zeros(5, dtype=torch.float64)
    assert call(file, "weighted", (5, 0.5, x, out, True, 1), arch=90) == 0
    assert torch.equal(out, -0.5 * x[1:].double())


def test_none_is_a_null_pointer(file: Path) -> None:
    assert call(file, "weighted", (0, 0.5, None, None, False, 0), arch=90) == 7


def test_a_kernel_can_be_launched_from_python(file: Path) -> None:
    if machine.has_gpu():
        x = torch.randn(1000, device="cuda")
        out = torch.empty_like(x)
        assert launch(file, "twice", (4,), (256,), (1000, x, out), arch=90) == 0
        assert torch.equal(out, 2 * x)
    else:  # CUDA says that there is none, or no driver: the call has come to it
        assert launch(file, "twice", (4,), (256,), (0, None, None), arch=90) in (35, 100)


def test_kernels_get_launchers() -> None:
    text = with_launchers(HOST, "host.cu")
    assert "aire_launch_twice(unsigned int gx" in text
    assert (
        "const float* x, float* out) {\n    twice<<<dim3(gx, gy, gz), dim3(bx, by, bz), bytes>>>(n, x, out);"
        in text
    )
    assert "aire_launch_filled" not in text


def test_an_instance_of_a_template_gets_one(file: Path) -> None:
    text = with_launchers(HOST, "host.cu", "filled<double, 7>")
    assert "double* out, double last) {\n    filled<double, 7><<<" in text
    if machine.has_gpu():
        out = torch.zeros(5, dtype=torch.float64, device="cuda")
        assert launch(file, "filled<double, 7>", (1,), (5,), (out, 2.5), arch=90) == 0
        assert out.tolist() == [7, 7, 7, 7, 2.5]
    else:
        assert launch(file, "filled<double, 7>", (1,), (5,), (None, 2.5), arch=90) in (35, 100)
    with pytest.raises(LookupError, match=r"filled of host\.cu is a template: say which, as filled<float>"):
        launch(file, "filled", (1,), (5,), (None, 2.5), arch=90)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((1, 2.0), "weighted takes 6 arguments, the test gives 2"),
        ((1, 2.0, 3, None, True, 0), r"weighted takes const float\*, the test gives 3"),
        ((torch.ones(1), 2.0, None, None, True, 0), "weighted takes long long, the test gives tensor"),
        ((1, 2.0, torch.ones(4, 2)[:, 0], None, True, 0), "is not contiguous; a pointer has no strides"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(file: Path, args: tuple[object, ...], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        call(file, "weighted", args, arch=90)


def test_a_function_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(
        LookupError, match=r'host.cu has no kernel, and no extern "C" function, named missing'
    ):
        call(file, "missing", (), arch=90)


def test_the_compilers_first_error_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.cu"
    path.write_text("__global__ void k(float* x) {\n    x[0] = y;\n}\n")
    with pytest.raises(CompileError, match=r"^broken\.cu:2: error: identifier \"y\" is undefined$"):
        library(path, 90)


@pytest.mark.parametrize("arch", [80, 90])
@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.stem)
def test_every_reference_compiles_for_a_gpu(path: Path, arch: int) -> None:
    assert library(path, arch).exists()
