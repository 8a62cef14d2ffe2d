"""CUDA C++ as text: functions, what is to do, and where statements end."""

import pytest

from aire_katas.cpp import blanked, functions, spans, unwritten

FILE = r"""#include <cstdio>
#define TWICE(x) \
    { (x) * 2; }

struct Pair { int first; float second; };
constexpr int TILE = 8;
__constant__ const float table[] = {1, 2};

// A helper with a brace in a comment: {
template <int N, typename T = float>
__device__ T last(const T* x = nullptr) {
    return x[N - 1];
}

__global__ void __launch_bounds__(256) first(int n, float* out) {
    // to be written: }
}

extern "C" int start(int n, float* out) {
    printf("} %d // ", last<2>(table) > 1);
    first<<<1, n>>>(n, out);
    return 0;
}
"""


def test_functions_are_told_from_macros_structs_and_tables() -> None:
    assert list(functions(FILE)) == ["last", "first", "start"]


def test_a_function_knows_its_line_and_header() -> None:
    first = functions(FILE)["first"]
    assert first.line == 15
    assert first.header == "__global__ void __launch_bounds__(256) first(int n, float* out)"


def test_kernels_and_host_functions_in_c_are_public() -> None:
    assert [name for name, one in functions(FILE).items() if one.is_public] == ["first", "start"]
    assert functions(FILE)["first"].is_kernel
    assert not functions(FILE)["start"].is_kernel


def test_a_body_of_comments_is_unwritten() -> None:
    assert [name for name, one in functions(FILE).items() if one.is_unwritten] == ["first"]


@pytest.mark.parametrize(("name", "expected"), [("first", "first"), ("start", "first"), ("last<2>", None)])
def test_what_uses_an_empty_function_is_to_do(name: str, expected: str | None) -> None:
    empty = unwritten(FILE, name)
    assert (empty.name if empty else None) == expected


def test_a_recursive_function_is_no_endless_search() -> None:
    assert (
        unwritten("int f(int n) { return n ? f(n - 1) : g(n); }\nint g(int n) { return f(n); }", "f") is None
    )


def test_blanking_keeps_every_offset() -> None:
    assert len(blanked(FILE)) == len(FILE)
    assert blanked(FILE).count("\n") == FILE.count("\n")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("x = 1;", 1),
        ("float4 v = {1,\n    2};", 2),
        ("if (a)\n    b;\nelse\n    c;\nd;", 4),
        ("if (a) {\n    b;\n} else if (c) {\n    d;\n}\ne;", 5),
        ("for (int i = 0; i < n; i++)\n    for (;;)\n        x += i;\ny;", 3),
        ("do {\n    x++;\n} while (x < 3);\ny;", 3),
        ("k<<<g,\n    b>>>(x,\n    y);\nz;", 3),
        ("__shared__ float tile[32]\n    [33];\nz;", 2),
        ("template <int N>\n__device__ int f() {\n    return N;\n}\nint g();", 4),
        ('puts("; { ;"); // }\nz;', 1),
    ],
)
def test_a_statement_ends_where_cpp_says(text: str, last: int) -> None:
    assert spans(text)[1] == last


def test_the_last_statement_of_a_block_ends_inside_it() -> None:
    assert spans("void f() {\n    return 1;\n}\n") == {1: 3, 2: 2, 3: 3}


def test_lines_inside_a_statement_begin_none() -> None:
    assert 2 not in spans("int x = 1 +\n    2;")
