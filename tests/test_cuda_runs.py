"""What a kernel cannot do to the suite, and what is said where it cannot run at all."""

import time
from pathlib import Path

import numpy as np
import pytest

from aire_katas.checks.cuda import (
    CompileError,
    NoCompiler,
    Report,
    assert_clean,
    build,
    run_host,
    run_kernel,
    unset,
)

pytestmark = pytest.mark.gxx

FILE = Path(__file__).parent / "kernels" / "right.cu"


@pytest.fixture
def written(tmp_path: Path):
    """A .cu file with this text."""

    def write(text: str) -> Path:
        file = tmp_path / "learner.cu"
        file.write_text(text)
        return file

    return write


def x() -> np.ndarray:
    return np.random.rand(32).astype(np.float32)


def launched(grid: object, block: object, shared: int = 0) -> Report:
    return run_kernel(FILE, "copy", grid, block, (x(), unset(32), 32), shared=shared)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("grid", "block", "said"),
    [
        (1, 2048, "a block has 2048 threads: the most is 1024"),
        (1, (32, 33), "a block has 1056 threads: the most is 1024"),
        (1, (1, 1, 128), "blockDim.z is 128: the most is 64"),
        (1, 0, "a block has no threads"),
        (0, 32, "the grid has no blocks"),
        ((1, 1 << 16), 32, "gridDim.y is 65536: the most is 65535"),
        (1 << 30, 32, "too many for a CPU; a grid is counted in blocks, not in threads"),
    ],
)
def test_an_illegal_launch_is_named(grid: object, block: object, said: str) -> None:
    [finding] = launched(grid, block).findings
    assert finding.kind == "launch"
    assert said in str(finding)


def test_too_much_shared_memory_is_named() -> None:
    [finding] = launched(1, 32, shared=1 << 20).findings
    assert "1048576 bytes of dynamic shared memory: the most is 232448" in finding.text


LARGE = """\
__global__ void large(float* y) {
    extern __shared__ float all[];
    __shared__ float some[256];
    all[threadIdx.x] = some[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = some[31 - threadIdx.x];
}
extern "C" __global__ void fixed(float* y) {
    __shared__ float all[12289];
    all[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = all[31 - threadIdx.x];
}
extern "C" int start(float* y, int bytes, int asked) {
    if (asked) cudaFuncSetAttribute(large, cudaFuncAttributeMaxDynamicSharedMemorySize, asked);
    large<<<1, 32, bytes>>>(y);
    return cudaGetLastError();
}
"""


@pytest.mark.parametrize(
    ("bytes", "asked"), [(48128, 0), (48132, 48132), (231424, 231424), (128, 65536), (60000, 65536)]
)
def test_shared_memory_within_the_limit_that_holds_is_given(written, bytes: int, asked: int) -> None:
    report = run_host(written(LARGE), "start", (unset(32), bytes, asked))
    assert_clean(report)
    assert report.returned == 0


@pytest.mark.parametrize(
    ("bytes", "asked", "said"),
    [
        (48132, 0, "bytes of dynamic shared memory beside 1024 static ones and may have 48128; call"),
        (65540, 65536, "and may have 65536; call cudaFuncSetAttribute(large,"),
        (231428, 231428, "bytes of dynamic shared memory beside 1024 static ones: the most is 231424"),
    ],
)
def test_shared_memory_that_was_not_asked_for_is_named(written, bytes: int, asked: int, said: str) -> None:
    report = run_host(written(LARGE), "start", (unset(32), bytes, asked))
    [finding] = report.findings
    assert report.returned == 1
    assert (finding.kind, finding.kernel, finding.line) == ("launch", "large", 16)
    assert finding.text.startswith(f"large wants {bytes} ")
    assert said in finding.text


def test_what_to_call_for_more_shared_memory_is_said_in_full(written) -> None:
    [finding] = run_host(written(LARGE), "start", (unset(32), 65536, 0)).findings
    call = "cudaFuncSetAttribute(large, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536)"
    assert finding.text.endswith(f"; call {call} before the launch")


def test_static_shared_memory_beyond_48_kb_is_refused_as_nvcc_does(written) -> None:
    [finding] = run_kernel(written(LARGE), "fixed", 1, 32, (unset(32),)).findings
    assert "fixed has 49156 bytes of static shared memory, and nvcc allows 49152" in finding.text


def test_a_fault_in_a_kernel_that_the_host_launches_bears_the_kernels_name(written) -> None:
    file = written(
        "__global__ void past(float* y) { y[threadIdx.x] = 1; }\n"
        'extern "C" void go(float* y) { past<<<1, 32>>>(y); }\n'
    )
    [finding] = run_host(file, "go", (unset(31),)).findings
    assert "learner.cu:1: out of bounds in past: thread (31,0,0)" in str(finding)


def test_an_illegal_launch_by_the_host_is_an_error_code_and_a_finding_in_its_line() -> None:
    report = run_host(FILE, "too_large", (unset(4),))
    line = next(i for i, one in enumerate(FILE.read_text().splitlines(), 1) if "copy<<<1, 2048>>>" in one)
    assert report.returned == 9
    assert [(one.kind, one.line) for one in report.findings] == [("launch", line)]


def test_a_report_reads_as_a_sentence(written) -> None:
    file = written("__global__ void twice(float* y) {\n    y[threadIdx.x] = 2;\n}\n")
    report = run_kernel(file, "twice", (2, 1), (8, 4), (unset(5),))
    with pytest.raises(AssertionError) as failure:
        assert_clean(report)
    first, _, rest = str(failure.value).partition("; ")
    assert "learner.cu:2: out of bounds in twice: thread (" in first
    assert "of block (" in first
    assert "of y, which has 5" in first
    assert "guard the threads that have no element" in rest


def test_a_race_names_both_lines(written) -> None:
    file = written(
        "__global__ void swap(int* y) {\n"
        "    __shared__ int s[64];\n"
        "    s[threadIdx.x] = 1;\n"
        "    y[threadIdx.x] = s[63 - threadIdx.x];\n"
        "}\n"
    )
    texts = [str(one) for one in run_kernel(file, "swap", 1, 64, (unset(64, np.int32),)).findings]
    assert any("learner.cu:3: race in swap" in one and "read in line 4" in one for one in texts)
    assert any("learner.cu:4: race in swap" in one and "wrote in line 3" in one for one in texts)
    assert all("put __syncthreads() there" in one for one in texts if "race" in one)


@pytest.mark.parametrize("judge", [True, False])
def test_a_kernel_that_never_ends_is_stopped_and_named(written, judge: bool) -> None:
    file = written("__global__ void spin(volatile int* y) {\n    while (y[0] == 0) {\n    }\n}\n")
    start = time.perf_counter()
    report = run_kernel(file, "spin", 1, 32, (np.zeros(1, np.int32),), seconds=0.5, judge=judge)
    assert time.perf_counter() - start < 20  # a compilation included
    [finding] = report.findings
    assert (finding.kind, finding.kernel, finding.line) == ("timeout", "spin", 2)
    assert "of block (0,0,0) has not come to an end" in finding.text


@pytest.mark.parametrize("judge", [True, False])
def test_a_wild_address_takes_down_its_own_process_alone(written, judge: bool) -> None:
    file = written("__global__ void wild(float* y, long long far) {\n    y[far] = 1;\n}\n")
    report = run_kernel(file, "wild", 1, 1, (unset(4), 1 << 45), judge=judge)
    assert [(one.kind, one.line) for one in report.findings] == [("bounds" if judge else "crash", 2)]


def test_a_program_that_ends_itself_is_named(written) -> None:
    file = written('#include <stdlib.h>\nextern "C" void quit() {\n    exit(3);\n}\n')
    [finding] = run_host(file, "quit", ()).findings
    assert finding.kind == "crash"
    assert "ended with status 3" in str(finding)


def test_what_a_program_said_before_it_ended_itself_is_told(written) -> None:
    text = (
        '#include <stdlib.h>\nextern "C" void quit() {\n    fputs("no luck\\n", stderr);\n    exit(3);\n}\n'
    )
    [finding] = run_host(written(text), "quit", ()).findings
    assert finding.text == "the program ended with status 3; it said: no luck"


def test_what_a_program_that_goes_on_says_is_passed_on(written, capsys: pytest.CaptureFixture[str]) -> None:
    file = written('extern "C" void warn() {\n    fputs("take care\\n", stderr);\n}\n')
    assert_clean(run_host(file, "warn", ()))
    assert capsys.readouterr().err == "take care\n"


def test_a_failed_assert_is_named(written) -> None:
    file = written("#include <cassert>\n__global__ void fails(float* y) {\n    assert(y[0] < 0);\n}\n")
    [finding] = run_kernel(file, "fails", 1, 1, (np.ones(1, np.float32),)).findings
    assert (finding.kind, finding.line) == ("crash", 3)
    assert "thread (0,0,0) of block (0,0,0) calls abort, or an assert fails" in finding.text
    assert "Assertion `y[0] < 0' failed" in finding.text


def test_a_kernel_that_prints_without_end_fills_no_disk(written) -> None:
    file = written(
        '__global__ void talk() {\n    while (true) printf("and so on, and so on, and so on");\n}\n'
    )
    report = run_kernel(file, "talk", 1, 1, (), seconds=0.5)
    assert [one.kind for one in report.findings] == ["timeout"]
    assert 0 < len(report.output) <= 16 << 20


def test_writes_outside_are_found_without_judging_too(written) -> None:
    file = written("__global__ void past(float* y) {\n    y[threadIdx.x] = 1;\n}\n")
    [finding] = run_kernel(file, "past", 1, 32, (unset(20),), judge=False).findings
    assert finding.kind == "bounds"
    assert "writes element 20 of y, which has 20" in finding.text


def test_host_code_may_not_use_device_memory(written) -> None:
    file = written('extern "C" float peek(const float* x) {\n    return x[0];\n}\n')
    [finding] = run_host(file, "peek", (x(),)).findings
    assert (finding.kind, finding.line) == ("host", 2)
    assert "host code uses a device pointer; copy with cudaMemcpy" in finding.text


def test_a_copy_beyond_the_end_is_named(written) -> None:
    file = written(
        'extern "C" int fetch(const float* x) {\n'
        "    float own[8];\n"
        "    return cudaMemcpy(own, x, 8 * sizeof(float), cudaMemcpyDeviceToHost);\n"
        "}\n"
    )
    report = run_host(file, "fetch", (x()[:7].copy(),))
    [finding] = report.findings
    assert (report.returned, finding.kind, finding.line) == (1, "bounds", 3)
    assert "the host's cudaMemcpy reads 32 bytes from element 0 of x, which has 7" in finding.text


def test_a_compile_error_is_the_compilers_first_in_the_learners_line(written) -> None:
    file = written(
        "#include <cuda_runtime.h>\n\n"
        "__global__ void broken(float* y) {\n    y[0] = undeclared;\n    z = 1;\n}\n"
    )
    with pytest.raises(CompileError) as failure:
        run_kernel(file, "broken", 1, 1, (unset(1),))
    assert str(failure.value).startswith("learner.cu:4:12: error: ")
    assert "undeclared" in str(failure.value)
    assert "    4 |     y[0] = undeclared;" in str(failure.value)
    assert "z = 1" not in str(failure.value)
    assert len(str(failure.value).splitlines()) <= 4


def test_a_launch_with_too_few_arguments_is_an_error_in_its_line(written) -> None:
    file = written(
        '__global__ void k(float* y, int n) {}\nextern "C" void go(float* y) {\n    k<<<1, 1>>>(y);\n}\n'
    )
    with pytest.raises(
        CompileError, match=r"^learner.cu:3:\d+: error: .*the kernel takes another number of arguments"
    ):
        run_host(file, "go", (unset(1),))


def test_arguments_of_a_template_are_written_as_in_the_source(written) -> None:
    file = written("template <class T, int N> __global__ void is(T* y) {\n    y[0] = N;\n}\n")
    for kernel, dtype in {"is<unsigned int, 3>": np.uint32, "is<float,3>": np.float32}.items():
        y = unset(1, dtype)
        assert_clean(run_kernel(file, kernel, 1, 1, (y,)))
        assert y == 3


def test_a_header_beside_the_file_is_part_of_it(written, tmp_path: Path) -> None:
    file = written('#include "factor.h"\n__global__ void scale(float* y) {\n    y[0] = FACTOR;\n}\n')
    for factor in (2, 3):
        (tmp_path / "factor.h").write_text(f"#define FACTOR {factor}\n")
        y = unset(1)
        assert_clean(run_kernel(file, "scale", 1, 1, (y,)))
        assert y[0] == factor


def test_an_unknown_kernel_is_told_from_those_that_are_there(written) -> None:
    file = written("template <int N> __global__ void many(float* y) {}\n__global__ void one(float* y) {}\n")
    with pytest.raises(LookupError, match="no function named none; the file has: many, one"):
        run_kernel(file, "none", 1, 1, (None,))
    with pytest.raises(LookupError, match="many is a template: name one of its kernels, say 'many<32>'"):
        run_kernel(file, "many", 1, 1, (None,))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((1, 2), "copy takes 3 arguments, the test gives 2"),
        ((x().astype(np.float64), x(), 4), "x of copy points to float32, the test gives float64"),
        ((x()[::2], x(), 4), "x of copy: the array is not contiguous"),
        ((x(), 3.0, 4), "y of copy is a pointer: give a numpy array or None, not 3.0"),
        ((x(), x(), 4.5), "n of copy is int32, the test gives 4.5"),
        ((x(), x(), 1 << 40), "n of copy is int32, the test gives 1099511627776"),
    ],
)
def test_arguments_of_another_type_are_refused(args: tuple, said: str) -> None:
    with pytest.raises(TypeError) as failure:
        run_kernel(FILE, "copy", 1, 32, args)
    assert said in str(failure.value)


def test_without_a_compiler_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    build.compiler.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        NoCompiler, match="needs g\\+\\+, which is not on the PATH: install it with 'apt install g\\+\\+'"
    ):
        launched(1, 32)
    build.compiler.cache_clear()


def test_the_same_source_is_compiled_once(written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = written(
        "__global__ void one(float* y) { y[0] = 1; }\n__global__ void two(float* y) { y[0] = 2; }\n"
    )
    programs = [build.build(file, kernel, judge=True).folder for kernel in ("one", "two", "one")]
    assert len(set(programs)) == 1
    assert build.build(file, "one", judge=False).folder not in programs


def test_launches_are_told_in_their_order_with_their_shapes(written) -> None:
    file = written(
        "template <int N> __global__ void fill(float* y) { y[threadIdx.x] = N; }\n"
        "__global__ void stop() {}\n"
        'extern "C" void go(float* y) {\n'
        "    fill<3><<<1, 8>>>(y);\n"
        "    stop<<<dim3(2, 3), dim3(4, 5, 6), 64>>>();\n"
        "}\n"
    )
    first, last = run_host(file, "go", (unset(8),)).launches
    assert (str(first), str(last)) == ("fill<3><<<1, 8>>>", "stop<<<(2, 3), (4, 5, 6), 64>>>")
    assert (last.grid, last.block, last.blocks, last.threads) == ((2, 3, 1), (4, 5, 6), 6, 120)
    [launch] = run_kernel(file, "stop", (2, 2), 32, (), judge=False).launches
    assert str(launch) == "stop<<<(2, 2), 32>>>"


def test_what_is_refused_is_no_launch(written) -> None:
    assert run_kernel(written("__global__ void stop() {}\n"), "stop", 0, 32, ()).launches == ()


def test_a_compiler_that_finds_no_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "COMPILING", 0.1)
    with pytest.raises(build.CompileError, match=r"^sleep has not come to an end in 0\.1 s$"):
        build.run_compiler(("sleep", "9"), tmp_path)
