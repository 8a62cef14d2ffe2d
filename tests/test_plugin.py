"""The pytest plugin, seen from outside: pytest runs on small suites in a process of its own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aire_katas import progress
from aire_katas.catalogue import Entry
from aire_katas.verdicts import State
from tests.conftest import CHECKOUT, SOLUTION, STUB, TEST, solve, write_kata

SYNTAX_ERROR = STUB.replace("def answer(x: int)", "def answer(x: int")


def run_pytest(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def standing(root: Path, kata: str) -> str:
    return progress.load(root).standing(Entry(kata, root))


def body(text: str, *, file: str = STUB) -> str:
    """The file with `text` for the body of its function."""
    return file.replace("raise NotImplementedError", text)


# What is to do --------------------------------------------------------------------------------------------


def test_a_fresh_suite_is_to_do_in_a_line_a_file_without_tracebacks(tiny_tree: Path) -> None:
    run = run_pytest(tiny_tree)
    assert run.returncode == 1
    assert "6 to do" in run.stdout
    assert "Traceback" not in run.stdout
    assert "NotImplementedError" not in run.stdout
    assert len(run.stdout.splitlines()) < 20
    assert "phase1/numbers   0 of 2 passing, 2 to do" in run.stdout
    assert (
        "next: Double\n      katas/phase1/numbers/double.py   (stuck? aire-katas hint double)" in run.stdout
    )


def test_with_todo_ok_a_fresh_suite_exits_0(tiny_tree: Path) -> None:
    run = run_pytest(tiny_tree, "--todo-ok")
    assert run.returncode == 0
    assert "6 to do" in run.stdout


def test_with_todo_ok_a_wrong_answer_still_counts(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/wrong", stub=body("return 7"))
    run = run_pytest(tiny_tree, "--todo-ok")
    assert run.returncode == 1
    assert "2 failed, 6 to do" in run.stdout


def test_an_error_of_the_same_class_from_elsewhere_is_a_failure(tiny_tree: Path) -> None:
    (tiny_tree / "elsewhere.py").write_text(
        "def call():\n    raise NotImplementedError('not for this dtype')\n"
    )
    stub = STUB.replace("def answer", "from elsewhere import call\n\n\ndef answer")
    write_kata(tiny_tree, "phase1/words/other", stub=body("return call()", file=stub))
    run = run_pytest(tiny_tree, "katas/phase1/words/test_other.py")
    assert "2 failed" in run.stdout
    assert "not for this dtype" in run.stdout


def test_a_test_that_needs_a_gpu_is_not_graded_without_one(tiny_tree: Path) -> None:
    test = TEST.replace("def test_zero", "import pytest\n\n\n@pytest.mark.gpu\ndef test_zero")
    write_kata(tiny_tree, "phase1/words/device", test=test)
    solve(tiny_tree, "phase1/words/device")
    run = run_pytest(tiny_tree, "katas/phase1/words/test_device.py", CUDA_VISIBLE_DEVICES="")
    assert run.returncode == 0
    assert "1 passed, 1 not graded" in run.stdout
    assert "not graded: needs a CUDA GPU (1 test)" in run.stdout
    run = run_pytest(tiny_tree, "katas/phase1/words/test_device.py", "--require-gpu", CUDA_VISIBLE_DEVICES="")
    assert run.returncode == 1
    assert "needs a CUDA GPU, and --require-gpu is given" in run.stdout


def test_a_test_that_finds_out_by_itself_is_not_graded_either(tiny_tree: Path) -> None:
    test = TEST.replace("    assert answer(0) == 1", "    pytest.skip('not graded: needs a larger machine')")
    write_kata(tiny_tree, "phase1/words/huge", test=f"import pytest\n{test}")
    solve(tiny_tree, "phase1/words/huge")
    run = run_pytest(tiny_tree, "katas/phase1/words/test_huge.py")
    assert "1 passed, 1 not graded" in run.stdout
    assert "not graded: needs a larger machine (1 test)" in run.stdout


@pytest.mark.parametrize(("device", "collected"), [("cpu", ["test_every_step"]), ("cuda", [])])
def test_gpu_tests_are_also_those_of_speed_and_those_that_a_gpu_compiles(
    tiny_tree: Path, device: str, collected: list[str]
) -> None:
    test = TEST.replace("def test_zero", "@pytest.mark.perf\ndef test_zero")
    test = test.replace("from aire", f"import pytest\n\nDEVICE = {device!r}\nfrom aire", 1)
    write_kata(tiny_tree, "phase1/words/device", test=test)
    run = run_pytest(tiny_tree, "-m", "not gpu", "--collect-only", "-q", "katas/phase1/words/test_device.py")
    assert [name for name in ("test_zero", "test_every_step") if name in run.stdout] == collected
    run = run_pytest(tiny_tree, "-m", "gpu", "--collect-only", "-q", "katas/phase1/words/test_device.py")
    assert "test_zero" in run.stdout
    assert ("test_every_step" in run.stdout) == (device == "cuda")


def test_a_kata_of_a_package_that_this_machine_cannot_have_is_not_graded(tiny_tree: Path) -> None:
    (tiny_tree / "triton.py").write_text("raise ModuleNotFoundError('No module named triton', name='triton')")
    write_kata(
        tiny_tree, "phase1/words/kernel", test=TEST.replace("from aire", "import triton\nfrom aire", 1)
    )
    verdicts = tiny_tree / "verdicts"
    run = run_pytest(tiny_tree, "--impl", "solutions", "--verdicts", str(verdicts))
    assert run.returncode == 0
    assert "6 passed, 1 skipped" in run.stdout
    assert "not graded: needs triton, which is there for Linux alone (1 test)" in run.stdout
    assert "needs triton, which is there for Linux alone" in verdicts.read_text()
    assert '"not graded"' in verdicts.read_text()


# Whose code is tested -------------------------------------------------------------------------------------


def test_impl_tests_another_tree(tiny_tree: Path) -> None:
    run = run_pytest(tiny_tree, "--impl", "solutions")
    assert run.returncode == 0
    assert "6 passed" in run.stdout
    assert "testing the code in: solutions (progress is not recorded)" in run.stdout
    assert not progress.state_file(tiny_tree).exists()


def test_the_environment_chooses_as_well(tiny_tree: Path) -> None:
    assert run_pytest(tiny_tree, AIRE_KATAS_IMPL=str(tiny_tree / "solutions")).returncode == 0
    assert run_pytest(tiny_tree, AIRE_KATAS_IMPL=str(tiny_tree / "nowhere")).returncode == 4


def test_the_settings_that_importlib_mode_needs_are_there() -> None:
    options = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["consider_namespace_packages"] is True
    assert options["pythonpath"] == ["."]
    assert "--continue-on-collection-errors" in options["addopts"]


def test_a_file_that_a_tree_lacks_is_a_failure_not_to_do(tiny_tree: Path) -> None:
    (tiny_tree / "solutions/phase1/words/echo.py").unlink()
    run = run_pytest(tiny_tree, "--impl", "solutions")
    assert run.returncode == 1
    assert "2 failed, 4 passed" in run.stdout
    assert "to do" not in run.stdout


def test_the_first_tree_that_has_a_file_wins(tiny_tree: Path) -> None:
    spoilt = tiny_tree / "spoilt/phase1/words/echo.py"
    spoilt.parent.mkdir(parents=True)
    spoilt.write_text(SOLUTION.replace("2 * x + 1", "2 * x + 2"))
    run = run_pytest(tiny_tree, "--impl", "spoilt", "--impl", "solutions")
    assert "1 failed, 5 passed" in run.stdout
    assert "phase1/words     0 of 1 passing, 1 failing" in run.stdout


@pytest.mark.parametrize("tree", ["nowhere", "tests"])
def test_an_unknown_tree_is_a_usage_error(tiny_tree: Path, tree: str) -> None:
    (tiny_tree / "tests").mkdir()
    run = run_pytest(tiny_tree, "--impl", tree)
    assert run.returncode == 4
    assert f"--impl {tree}: " in run.stderr


def test_spawned_children_find_the_same_code(tiny_tree: Path) -> None:
    test = TEST.replace(
        "answer(0) == 1", "multiprocessing.get_context('spawn').Pool(1).map(answer, [0]) == [1]"
    )
    write_kata(
        tiny_tree,
        "phase1/words/child",
        test=test.replace("from aire", "import multiprocessing\nfrom aire", 1),
    )
    run = run_pytest(tiny_tree, "katas/phase1/words/test_child.py", "--impl", "solutions")
    assert "2 passed" in run.stdout, run.stdout


def test_tracebacks_show_true_paths(tiny_tree: Path) -> None:
    (tiny_tree / "solutions/phase1/words/echo.py").write_text(body("return 1 // 0"))
    run = run_pytest(tiny_tree, "--impl", "solutions")
    assert "solutions/phase1/words/echo.py:9: in answer" in run.stdout


# Progress -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_whole_run_is_recorded_once(tiny_tree: Path, workers: tuple[str, ...]) -> None:
    solve(tiny_tree, "phase1/numbers/step")
    run = run_pytest(tiny_tree, *workers)
    assert "2 passed, 4 to do" in run.stdout
    assert standing(tiny_tree, "phase1/numbers/step") == State.PASSING
    assert standing(tiny_tree, "phase1/words/echo") == State.TODO
    assert "next: Double" in run.stdout


@pytest.mark.parametrize(
    "part", [("-k", "zero"), ("katas/phase1/numbers/test_step.py::test_zero_gives_one",)]
)
def test_a_partial_run_is_not_recorded(tiny_tree: Path, part: tuple[str, ...]) -> None:
    solve(tiny_tree, "phase1/numbers/step")
    run_pytest(tiny_tree, *part)
    assert standing(tiny_tree, "phase1/numbers/step") == State.TODO


def test_an_edit_makes_a_pass_stale(tiny_tree: Path) -> None:
    solve(tiny_tree, "phase1/numbers/step")
    run_pytest(tiny_tree)
    with (tiny_tree / "katas/phase1/numbers/step.py").open("a") as stub:
        stub.write("# thinking\n")
    assert standing(tiny_tree, "phase1/numbers/step") == progress.STALE


def test_a_place_that_cannot_be_written_is_said(tiny_tree: Path) -> None:
    solve(tiny_tree, "phase1/numbers/step")
    (tiny_tree / ".aire-katas").write_text("a file where the folder should be")
    run = run_pytest(tiny_tree)
    assert "2 passed, 4 to do" in run.stdout
    assert "progress is not kept" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


# What breaks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_syntax_error_costs_its_own_kata_only(tiny_tree: Path, workers: tuple[str, ...]) -> None:
    write_kata(tiny_tree, "phase1/numbers/double", stub=SYNTAX_ERROR, listed=False)
    solve(tiny_tree, "phase1/numbers/step")
    run = run_pytest(tiny_tree, *workers)
    assert run.returncode == 1
    assert "katas/phase1/numbers/double.py:7: SyntaxError: " in run.stdout
    assert "_pytest" not in run.stdout
    assert "2 passed, 1 error, 2 to do" in run.stdout
    assert "phase1/numbers   1 of 2 passing, 1 failing" in run.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import sys; sys.exit(0)", "double.py:12: SystemExit: 0"),
        ("import nowhere", "double.py:12: ModuleNotFoundError: No module named 'nowhere'"),
        ("1 / 0", "double.py:12: ZeroDivisionError: division by zero"),
    ],
)
def test_an_error_at_import_costs_its_own_kata_only(tiny_tree: Path, line: str, said: str) -> None:
    write_kata(tiny_tree, "phase1/numbers/double", stub=f"{STUB}\n\n{line}\n", listed=False)
    run = run_pytest(tiny_tree)
    assert run.returncode == 1
    assert said in run.stdout
    assert "1 error, 4 to do" in run.stdout


def test_sys_exit_in_a_function_fails_its_own_tests(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/numbers/double", stub=body("raise SystemExit(0)"), listed=False)
    run = run_pytest(tiny_tree)
    assert run.returncode == 1
    assert "2 failed, 4 to do" in run.stdout


def test_megabytes_of_output_are_cut(tiny_tree: Path) -> None:
    stub = body("print('spam ' * 2_000_000)\n    return 7")
    write_kata(tiny_tree, "phase1/numbers/double", stub=stub, listed=False)
    run = run_pytest(tiny_tree)
    assert "(10,000,001 characters; the last 4,000 follow)" in run.stdout
    assert len(run.stdout) < 20_000


@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "while True:\n        try:\n            while True: pass\n        except: pass",
        "import time\n    while True:\n        try: time.sleep(9)\n        except: pass",
        "while True:\n        try: sorted(range(1000))\n        except BaseException: continue",
    ],
)
def test_a_loop_without_end_is_stopped_and_named(tiny_tree: Path, loop: str) -> None:
    test = TEST.replace("minutes=5)", "minutes=5, seconds=0.5)")
    write_kata(tiny_tree, "phase1/numbers/double", stub=body(loop), test=test, listed=False)
    run = run_pytest(tiny_tree)
    said = "timed out: phase1/numbers/double took more than 0.5 s: is there a loop that never ends?"
    assert run.stdout.count(said) == 2
    assert "2 failed, 4 to do" in run.stdout
    assert "phase1/numbers   0 of 2 passing, 1 to do, 1 timed out" in run.stdout


def test_a_test_on_a_gpu_has_time_to_compile(tiny_tree: Path) -> None:
    with (tiny_tree / "conftest.py").open("a") as conftest:
        conftest.write("from aire_katas import machine, tested\n")
        conftest.write("machine.missing, tested.COMPILING = lambda marker: '', 0.5\n")
    test = TEST.replace("minutes=5)", "minutes=5, seconds=0.25)")
    test = test.replace("def test_zero", "import pytest\n\n\n@pytest.mark.gpu\ndef test_zero")
    write_kata(tiny_tree, "phase1/numbers/double", stub=body("while True: pass"), test=test, listed=False)
    said = run_pytest(tiny_tree, "katas/phase1/numbers/test_double.py").stdout
    assert "double took more than 0.75 s" in said
    assert "double took more than 0.25 s" in said


def test_a_forbidden_call_is_refused_with_what_to_build(tiny_tree: Path) -> None:
    test = TEST.replace(
        "minutes=5)", "minutes=5, forbids={'math.fma': 'x', 'math.hypot': 'add the squares'})"
    )
    stub = body("import math\n    return int(math.hypot(x, 0))")
    write_kata(tiny_tree, "phase1/numbers/double", stub=stub, test=test, listed=False)
    run = run_pytest(tiny_tree)
    assert "build this yourself: math.hypot is not allowed here; add the squares (double.py:" in run.stdout


def test_a_kata_may_not_use_its_own_reference(tiny_tree: Path) -> None:
    stub = body("from solutions.phase1.numbers.double import answer as given\n    return given(x)")
    write_kata(tiny_tree, "phase1/numbers/double", stub=stub, listed=False)
    run = run_pytest(tiny_tree)
    assert "that is this kata's reference (double.py:9)" in run.stdout
    assert "2 failed, 4 to do" in run.stdout


# Random numbers -------------------------------------------------------------------------------------------

SEEDED = """\
import random

from aire_katas import Kata
from katas.MODULE import answer

KATA = Kata(difficulty=1, minutes=5)


def test_one() -> None:
    print("one", random.random())
    assert answer(0) == 0


def test_two() -> None:
    print("two", random.random())
    assert answer(0) == 0
"""


def drawn(stdout: str) -> dict[str, str]:
    pairs = (line.split() for line in stdout.splitlines())
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] in ("one", "two")}


def test_every_test_has_random_numbers_of_its_own(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/dice", test=SEEDED)
    file = "katas/phase1/words/test_dice.py"
    first = drawn(run_pytest(tiny_tree, file, "--impl", "solutions").stdout)
    assert set(first) == {"one", "two"}
    assert first["one"] != first["two"]
    assert (
        drawn(run_pytest(tiny_tree, file, "--impl", "solutions", "-k", "two").stdout)["two"] == first["two"]
    )
    assert drawn(run_pytest(tiny_tree, file, "--impl", "solutions", "--seed=1").stdout)["two"] != first["two"]


def test_a_seed_shuffles_the_tests(tiny_tree: Path) -> None:
    def order(seed: int) -> list[str]:
        lines = run_pytest(tiny_tree, "--co", "-q", f"--seed={seed}").stdout.splitlines()
        return [line for line in lines if "::" in line]

    orders = [order(seed) for seed in (0, 1, 1, 2)]
    assert orders[1] == orders[2]
    assert orders[0] != orders[1] != orders[3]
    assert sorted(orders[0]) == sorted(orders[1])


EXAMPLES = """\
from hypothesis import given, settings, strategies as st

from aire_katas import Kata
from katas.MODULE import answer

KATA = Kata(difficulty=1, minutes=5)


@settings(max_examples=5)
@given(st.integers())
def test_numbers(x: int) -> None:
    print("drawn", x)
    answer(x)


def test_settings() -> None:
    answer(1)
    assert settings.default.deadline is None
"""


def test_what_is_to_do_is_not_simplified(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/examples", test=EXAMPLES)
    run = run_pytest(tiny_tree, "katas/phase1/words/test_examples.py", "-s")
    assert run.stdout.count("drawn") == 1
    assert "2 to do" in run.stdout


def test_under_ci_hypothesis_draws_the_same_examples(tiny_tree: Path) -> None:
    write_kata(tiny_tree, "phase1/words/examples", test=EXAMPLES)

    def examples(**environment: str) -> list[str]:
        run = run_pytest(
            tiny_tree, "katas/phase1/words/test_examples.py", "--impl", "solutions", "-s", **environment
        )
        assert run.returncode == 0, run.stdout
        return [line for line in run.stdout.splitlines() if "drawn" in line]

    assert examples(CI="true") == examples(CI="true")
    assert not (tiny_tree / ".hypothesis").exists()


# Lightness ------------------------------------------------------------------------------------------------


def test_loading_the_plugin_imports_nothing_heavy(tiny_tree: Path) -> None:
    code = (
        "import sys, pytest; pytest.main(['--help']); "
        "print('HEAVY', sorted({'numpy', 'torch', 'sympy', 'hypothesis'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tiny_tree, capture_output=True, text=True, check=False
    )
    assert "HEAVY []" in run.stdout
    assert "--impl" in run.stdout


def test_an_unknown_marker_is_an_error(tiny_tree: Path) -> None:
    test = TEST.replace("def test_zero", "import pytest\n\n\n@pytest.mark.gpuu\ndef test_zero")
    write_kata(tiny_tree, "phase1/words/marker", test=test)
    assert "'gpuu' not found in `markers`" in run_pytest(tiny_tree).stdout
