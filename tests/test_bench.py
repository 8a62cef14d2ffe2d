"""The command `bench`, on a simulated GPU; pytest runs the kata's tests marked perf as its child."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aire_katas import machine
from aire_katas.cli.bench import labels, picture, table
from aire_katas.cli.roofline import Picture, Point, terminal
from aire_katas.cli.roofline_plot import figure
from tests.conftest import SOLUTION, STUB, call, refused, write_kata
from tests.test_speed_measurement import MATMUL

PERF = """\
import numpy as np
import pytest

from aire_katas import Kata
from aire_katas.checks.speed import Work, assert_fast
from katas.MODULE import answer
from tests.fake_gpu import FakeGpu

KATA = Kata(difficulty=1, minutes=5)


def test_zero_gives_one() -> None:
    assert answer(0) == 1


@pytest.mark.perf
@pytest.mark.parametrize("microseconds", [100, 400])
def test_it_keeps_up(microseconds: int) -> None:
    gpu = FakeGpu()
    answer(0)

    def fused_answer(x: np.ndarray) -> np.ndarray:
        return gpu.kernel(microseconds * 1e-6, answer)(x)

    assert_fast(
        fused_answer,
        gpu.kernel(110e-6, lambda x: 2 * x + 1),
        lambda: (np.random.standard_normal(8),),
        against="numpy.add",
        work=Work(read=40_000_000, written=40_000_000, flops=20_000_000),
        ratio=0.9,
        fraction=0.7,
        rounds=10,
        device=gpu,
        clock=gpu.clock,
    )
"""
GPU_IS_THERE = """
from aire_katas import machine
machine.missing = lambda marker: ""
"""


@pytest.fixture
def timed(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree with one kata that has a benchmark, and a machine that has a GPU, as its parts believe."""
    monkeypatch.setattr(machine, "missing", lambda marker: "")
    write_kata(tiny_tree, "phase5/triton/fused", stub=SOLUTION, test=PERF)
    with (tiny_tree / "conftest.py").open("a") as conftest:
        conftest.write(GPU_IS_THERE)
    return tiny_tree


# The command ----------------------------------------------------------------------------------------------


def test_bench_prints_a_line_a_case_and_the_roofline(timed: Path) -> None:
    result = call("bench", "fused")
    lines = result.stdout.splitlines()
    assert lines[0] == "Fake GPU: copies at 900 GB/s"
    assert [re.sub(" +", " ", line) for line in lines[2:5]] == [
        " yours baseline ratio of the roof",
        "fused_answer[100] 0.1 ms ± 0% 0.11 ms ± 0% numpy.add 1.10 (0.90) 0.89 (0.70) fast enough",
        "fused_answer[400] 0.4 ms ± 0% 0.11 ms ± 0% numpy.add 0.27 (0.90) 0.22 (0.70) too slow",
    ]
    assert "  A fused_answer[100], a numpy.add" in lines
    assert result.exit_code == 1, "one case is too slow"
    assert result.stderr.startswith(
        "test_it_keeps_up[400]: failing: fused_answer takes 0.4 ms, numpy.add 0.11 ms"
    )


def test_bench_of_another_tree_as_json(timed: Path) -> None:
    (timed / "katas/phase5/triton/fused.py").write_text(STUB)
    result = call("bench", "fused", "--impl", "solutions", "--json")
    record = json.loads(result.stdout)
    assert record["date"].endswith("+00:00")
    measurements = record["katas"].pop("phase5/triton/fused")
    assert record["katas"] == {}
    assert [one["verdict"] for one in measurements] == ["fast enough", "too slow"]
    assert measurements[0]["ratio"]["median"] == pytest.approx(1.1, rel=0.01)
    assert measurements[0]["case"] == "katas/phase5/triton/test_fused.py::test_it_keeps_up[100]"


def test_bench_draws_the_roofline(timed: Path) -> None:
    for name, magic in (("roof.png", b"\x89PNG"), ("roof.SVG", b"<?xml")):
        result = call("bench", "fused", "--picture", name)
        assert f"drawn: {name}" in result.stderr
        assert (timed / name).read_bytes().startswith(magic)


@pytest.mark.usefixtures("timed")
def test_a_picture_that_cannot_be_drawn_is_refused_before_anything_is_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def picture_as(name: str) -> str:
        return refused("bench", "fused", "--picture", name, code=2)

    assert picture_as("roof.xyz") == "no picture is written as roof.xyz: name it .png, .svg or .pdf\n"
    assert picture_as("absent/roof.png") == "there is no folder absent\n"
    monkeypatch.setitem(sys.modules, "aire_katas.cli.roofline_plot", None)
    monkeypatch.delattr("aire_katas.cli.roofline_plot")
    assert picture_as("roof.png") == "a picture needs matplotlib: pip install -e '.[plot]'\n"


def test_bench_of_a_stub_is_to_do(timed: Path) -> None:
    (timed / "katas/phase5/triton/fused.py").write_text(STUB)
    result = call("bench", "fused")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "test_it_keeps_up[100]: to do: to do: answer (fused.py:" in result.stderr


def test_bench_of_a_wrong_kernel_says_where_it_is_wrong(timed: Path) -> None:
    (timed / "katas/phase5/triton/fused.py").write_text(SOLUTION.replace("2 * x + 1", "2 * x"))
    result = call("bench", "fused")
    assert result.exit_code == 1
    assert "call 1 of fused_answer, on inputs of its own, is wrong" in result.stderr
    assert "result is not close to what was expected" in result.stderr


def test_bench_leaves_progress_alone(timed: Path) -> None:
    call("bench", "fused")
    assert json.loads(call("status", "--json").stdout)["katas"]["phase5/triton/fused"] == "to do"


def test_a_benchmark_that_dies_is_reported(timed: Path) -> None:
    (timed / "conftest.py").write_text("raise SystemExit('no conftest today')\n")
    message = refused("bench", "fused", code=3)
    assert message.startswith("`aire-katas bench fused` did not run:\n")
    assert "no conftest today" in message


def test_without_an_id_all_benchmarks_run(timed: Path) -> None:
    write_kata(timed, "phase5/triton/other", stub=SOLUTION, test=PERF)
    result = call("bench")
    shown = [line.partition("  ")[0] for line in result.stdout.splitlines()[3:7]]
    assert shown == [
        f"{kata}: fused_answer[{time}]" for kata in ("fused", "other") for time in ("100", "400")
    ]
    assert "phase5/triton/other: test_it_keeps_up[400]: failing: " in result.stderr
    record = json.loads(call("bench", "triton", "--json").stdout)
    assert {kata: len(own) for kata, own in record["katas"].items()} == {
        "phase5/triton/fused": 2,
        "phase5/triton/other": 2,
    }


@pytest.mark.usefixtures("timed")
def test_a_kata_without_a_benchmark_names_those_that_have_one() -> None:
    assert refused("bench", "double", code=2) == "double has no benchmark; these have one: fused\n"
    assert refused("bench", "phase1", code=2) == (
        "double, step, echo have no benchmark; these have one: fused\n"
    )


@pytest.mark.usefixtures("tiny_tree")
def test_a_tree_without_benchmarks_says_so() -> None:
    assert refused("bench", code=2) == "no kata here has a benchmark\n"


@pytest.mark.usefixtures("timed")
def test_without_a_gpu_bench_says_what_to_type_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda marker: "needs a CUDA GPU")
    assert refused("bench", "fused", code=4) == (
        "no GPU here, so there is no speed to measure; `aire-katas run fused` judges what can be judged "
        "without one. On a machine with a CUDA GPU, in a checkout with your code:\n"
        "  pip install -e . && aire-katas bench fused\n"
    )
    assert "`aire-katas run` judges" in (all_of_them := refused("bench", code=4))
    assert all_of_them.endswith("aire-katas bench\n")


def test_bench_loads_neither_numpy_nor_torch() -> None:
    program = "import sys, aire_katas.cli.bench; print({'numpy', 'torch', 'pytest'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# Table and picture ----------------------------------------------------------------------------------------


def test_the_table_names_device_calibration_and_what_is_asked_for() -> None:
    head, _, _, row = table([MATMUL]).splitlines()
    assert head == "NVIDIA H100: copies at 2,900 GB/s, bfloat16 matmul at 700 TFLOP/s"
    assert row.startswith("matmul[4096]  0.25 ms ±  2%  0.2 ms ±  2%  torch.matmul  0.80 ")
    assert row.endswith(" 0.79 (0.75)  fast enough")


def test_a_case_is_named_by_kernel_and_parameters() -> None:
    assert labels([MATMUL, MATMUL]) == ["matmul[4096]"] * 2
    other = replace(MATMUL, case="katas/phase5/triton/test_softmax.py::test_speed", name="online")
    assert labels([MATMUL, other]) == ["matmul: matmul[4096]", "softmax: online"]


COPY = Point("copy", "torch.clone", 2 * 10**8, 0, 90e-6, 70e-6)
SOFTMAX = Point("softmax", "torch.softmax", 2 * 10**8, 10**9, 80e-6, 160e-6)
BOTH = Picture("H100", 2.9e12, {"bfloat16": 7e14}, [*picture([MATMUL]).points, SOFTMAX])


def test_a_kernel_lies_on_the_roof_where_it_reaches_what_the_device_can_do() -> None:
    best = Point("best", "x", 10**8, 10**8, 10**8 / 2.9e12, 1e-3)
    assert best.rate(best.seconds) == pytest.approx(2.9e12 * best.intensity)


def test_the_terminals_picture_has_a_slope_a_plateau_and_a_letter_a_kernel() -> None:
    lines = terminal(BOTH).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "FLOP/s"
    assert lines[-2:] == ["  A matmul[4096], a torch.matmul", "  B softmax, b torch.softmax"]
    grid = [line[10:] for line in lines[1:17]]
    rows = {mark: next(n for n, row in enumerate(grid) if mark in row) for mark in "-AB"}
    columns = {mark: next(row.index(mark) for row in grid if mark in row) for mark in "AB"}
    assert rows["-"] < rows["B"]
    assert columns["B"] < columns["A"], "softmax has the lower intensity"
    assert rows["A"] < rows["B"], "and the lower rate"


def test_what_computes_nothing_has_a_place_at_the_left() -> None:
    lines = terminal(Picture("H100", 2.9e12, {}, [COPY])).splitlines()
    assert lines[-1] == "  A copy, a torch.clone (moves data only: at the left edge)"


def test_kernels_beyond_the_alphabet_are_counted() -> None:
    lines = terminal(Picture("H100", 2.9e12, {}, [SOFTMAX] * 28)).splitlines()
    assert lines[-2] == "  and 2 more, for which there is no letter left"
    assert lines[-3] == "  Z softmax, z torch.softmax"


@pytest.mark.parametrize("points", [[COPY], [SOFTMAX, COPY]])
@pytest.mark.parametrize("plateaus", [{}, {"float16": 7e14, "float32": 5e13}], ids=["copy", "two"])
def test_what_is_drawn_lies_within_the_frame(points: list[Point], plateaus: dict[str, float]) -> None:
    (axes,) = figure(Picture("H100", 2.9e12, plateaus, points)).axes
    marks = np.concatenate([np.asarray(one.get_offsets()) for one in axes.collections])
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert marks.shape == (2 * len(points), 2)
    assert len(axes.lines) == max(1, len(plateaus))
    assert (np.array([left, bottom]) < marks).all()
    assert (marks < np.array([right, top])).all()
    assert {point.name for point in points} <= {text.get_text() for text in axes.texts}
