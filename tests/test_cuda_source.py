"""The text that g++ sees: the learner's program, each statement in the learner's line."""

import pytest

from aire_katas.checks.cuda.source import entries, kernels, parameters, to_cpp

pytestmark = pytest.mark.gxx

KERNELS = """\
template <typename T, int N>
__global__ void tiled(T* x) {}
// __global__ void gone(int* x) {}
extern "C" __global__ void __launch_bounds__(256, 2) plain(const float* __restrict__ x, float *y, int n) {
}
static __global__ void hidden(int* x) {}
extern "C" int start(const float* x, int n) { return 0; }
"""


def test_a_launch_becomes_an_expression() -> None:
    assert to_cpp("k<<<g, b>>>(x, n);") == '::aire::Launch("k", k, ::aire::Shape(g, b))(x, n);'


@pytest.mark.parametrize(
    "kernel",
    ["k", "lab::k<T, 3>", "k <f<2>(1, 2), (N > 4)>", "k<a<b<c<int>>>>", "table[i % 2]", "(*k)", "set.k"],
)
@pytest.mark.parametrize("before", ["", "return ", "if (n)", "else{", "case 1:", "x = ", "for (;;) "])
def test_what_is_launched_may_be_any_expression(kernel: str, before: str) -> None:
    launched = to_cpp(f"{before}{kernel} <<<1, 2>>> (x);")
    assert launched == f'{before}::aire::Launch("{kernel}", {kernel} , ::aire::Shape(1, 2))(x);'


def test_a_template_may_leave_its_arguments_to_the_call() -> None:
    text = "template <class T> __global__ void k(T* x);\n"
    call = "[](auto... given) { lab::k(given...); }"
    assert to_cpp(text + "lab::k<<<1, 2>>>(x);") == (
        text + f'::aire::Launch("lab::k", {call}, ::aire::Shape(1, 2))(x);'
    )
    assert "auto" not in to_cpp(text + "lab::k<int><<<1, 2>>>(x);")


def test_three_templates_that_close_at_once_are_no_launch() -> None:
    text = "auto x = vector<vector<vector<int>>>(3);"
    assert to_cpp(text + "k<<<1, 2>>>(x);").startswith(text)


@pytest.mark.parametrize("written", ["__noinline__ float f();", "__attribute__((__noinline__)) float f();"])
def test_noinline_is_an_attribute(written: str) -> None:
    assert to_cpp(written).replace("__noinline__", "noinline") == "__attribute__((noinline)) float f();"


def test_a_launch_of_a_template_over_several_lines_keeps_them() -> None:
    text = "k<float, 32><<<\n    dim3(1, 2), 32, 4 * n>>>\n    (x);\n"
    assert to_cpp(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text", ["// k<<<1, 2>>>(x)", '"k<<<1, 2>>>(x)"', "/* k<<<1, 2>>>(x) */", "x << 3 >> 2"]
)
def test_comments_strings_and_shifts_stay(text: str) -> None:
    assert to_cpp(text) == text


@pytest.mark.parametrize(
    "declared", ["float tile", "__align__(16) float tile", "alignas(16) float tile", "float  tile "]
)
def test_dynamic_shared_memory_becomes_a_pointer(declared: str) -> None:
    expected = "float* const tile = reinterpret_cast<float*>(aire_dynamic);"
    assert to_cpp(f"extern __shared__ {declared}[];") == expected


def test_a_static_shared_variable_is_a_shared_one() -> None:
    assert to_cpp("static __shared__ int s;").split() == ["__shared__", "int", "s;"]


def test_kernels_are_found_templates_told_apart() -> None:
    assert kernels(KERNELS) == {"tiled": True, "plain": False, "hidden": False}


def test_everything_that_has_a_name_can_be_called() -> None:
    calls = {"plain": "AIRE_KERNEL", "hidden": "AIRE_KERNEL", "start": "AIRE_HOST"}
    assert entries(KERNELS, "plain") == calls
    assert entries(KERNELS, "tiled<float, 32>") == {**calls, "tiled<float, 32>": "AIRE_KERNEL"}


def test_parameters_are_named() -> None:
    assert parameters(KERNELS, "plain") == ["x", "y", "n"]
    assert parameters(KERNELS, "tiled<float, 32>") == ["x"]
