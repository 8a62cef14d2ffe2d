"""`aire-katas profile`: the figures beside the lines that they belong to, in text and on a page."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aire_katas import machine
from aire_katas.checks.cuda.listing import columns, lines
from aire_katas.checks.cuda.report import Report
from aire_katas.cli import profile_view
from tests.conftest import refused, said
from tests.test_kernels import SOLUTION_CU, STUB_CU, suite

__all__ = ["suite"]  # a fixture
pytestmark = pytest.mark.gxx

ID = "phase1/words/twice"
COSTLY = """\
__global__ void twice(int n, const float* x, float* out) {
    __shared__ float tile[32][32];
    tile[threadIdx.x][0] = 2;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        out[i] = tile[threadIdx.x][0] * x[i * 7 % n];
    }
}
"""


def profiled(suite: Path, kernels: str, *options: str) -> str:
    (suite / "katas" / f"{ID}.cu").write_text(kernels)
    return said("profile", "twice", *options)


def row(text: str, code: str) -> list[str]:
    """The margin of the line of code."""
    [line] = [line for line in text.splitlines() if line.endswith(code)]
    return line.removesuffix(code).split()


def test_a_line_has_its_requests_lanes_and_sectors(suite: Path) -> None:
    text = profiled(suite, SOLUTION_CU)
    assert "twice<<<2, 32>>>" in text
    assert "320 bytes of global memory moved, 1.00 times the least" in text
    assert "x (global): 40 loads" in text
    # Two warps, of which the second has 8 lanes: 4 + 1 sectors read, as many written, in 4 requests
    assert row(text, "out[i] = FACTOR * x[i];") == ["4", "62%", "2.5", "(2.5)", "10"]


def test_mistakes_of_a_reference_are_not_listed(suite: Path) -> None:
    text = profiled(suite, STUB_CU, "--impl", "solutions")
    assert "int i = blockIdx.x" in text
    assert "wrong" not in text
    assert "x[i] * x[i]" not in text


def test_what_costs_more_than_it_need_is_marked(suite: Path) -> None:
    text = profiled(suite, COSTLY)
    assert row(text, "tile[threadIdx.x][0] = 2;") == ["2", "100%", "32-way!", "3"]
    assert row(text, "__syncthreads();") == ["2", "4"]
    assert "!" in "".join(row(text, "out[i] = tile[threadIdx.x][0] * x[i * 7 % n];"))
    assert "banks     times that the banks of shared memory are gone over, at worst" in text


def test_a_fault_stands_below_its_line(suite: Path) -> None:
    shown = profiled(suite, SOLUTION_CU.replace("if (i < n) {", "if (true) {")).splitlines()
    at = next(i for i, line in enumerate(shown) if line.endswith("out[i] = FACTOR * x[i];"))
    assert shown[at + 1].strip().startswith("twice.cu:10: out of bounds in twice: thread (8,0,0)")


@pytest.mark.nvcc
def test_with_nvcc_it_says_what_a_kernel_needs(suite: Path) -> None:
    text = profiled(suite, COSTLY)
    for arch in (80, 90):
        assert re.search(
            rf"^twice on sm_{arch}: \d+ registers, 0 bytes spilled, 4,096 bytes of shared memory$", text, re.M
        )


def test_without_nvcc_it_says_nothing_of_that(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda marker: "no nvcc" if marker == "nvcc" else "")
    assert "registers" not in profiled(suite, SOLUTION_CU)


class Checked(HTMLParser):
    """Every tag is closed, in order, and nothing is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"


def test_the_page_stands_alone(suite: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    (suite / "katas" / f"{ID}.cu").write_text(COSTLY)
    said_nothing = refused("profile", "twice", "--html", str(page), code=0)
    assert said_nothing == f"written: {page}\n"
    text = page.read_text()
    parser = Checked()
    parser.feed(text)
    assert parser.open == []
    assert '<td class="costly">32-way</td>' in text
    assert "twice&lt;&lt;&lt;2, 32&gt;&gt;&gt;" in text
    assert "if (i &lt; n) {" in text


def test_what_is_not_launched_has_no_profile(suite: Path) -> None:
    (suite / "katas" / f"{ID}.cu").write_text(STUB_CU)
    assert refused("profile", "twice", code=4).startswith("no kernel of twice was launched:\n")


def test_a_kata_in_python_has_no_kernels(suite: Path) -> None:
    expected = "double has no kernels in CUDA C++; these have: twice\n"
    assert refused("profile", "double", code=2) == expected


def test_functions_are_parted_by_gaps(tmp_path: Path) -> None:
    source = tmp_path / "two.cu"
    source.write_text("__device__ void a() {\n    f();\n}\nint unused() {\n}\n__global__ void b() {\n}\n")
    report = Report(
        source=source,
        kernel="b",
        launches=(),
        findings=(),
        accesses=(),
        buffers={},
        barriers={2: 3, 6: 1},
        output="",
    )
    listing = lines(report)
    assert [line.number for line in listing] == [1, 2, 3, 0, 6, 7]
    assert columns(listing) == ["barriers"]
    assert "b" in profile_view.screen(profile_view.Shown(report, 1))
