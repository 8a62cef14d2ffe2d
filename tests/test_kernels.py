"""A kata in CUDA C++, from stub to proof: what is to do and judged, mistakes, reset, progress."""

import json
from pathlib import Path

import pytest

from aire_katas import progress
from aire_katas.catalogue import Catalogue, Entry
from aire_katas.checks.forbidden import Forbidden, check_kernels
from aire_katas.dev.graft import graft_kernels
from aire_katas.dev.mistakes import BadMistake, find_mistakes, without_mistakes
from aire_katas.dev.operators_cpp import mutants
from aire_katas.dev.proof import prove
from aire_katas.dev.rules import faults
from aire_katas.dev.strength import measure
from tests.conftest import commit_stubs, git, said, write_kata
from tests.test_plugin import run_pytest
from tests.test_rules import STATEMENT

pytestmark = pytest.mark.gxx

ID = "phase1/words/twice"
IMPORT = "from aire_katas.checks.cuda import Kernels\n\nkernels = Kernels(__file__)\n"
STUB = '"""' + STATEMENT.replace("(0, 1). The", "(0, 1).\nThe") + f'"""\n\n{IMPORT}'
STUB_CU = """\
// Twice. The statement is in twice.py.

// out[i] = 2 x[i], i < n.
__global__ void twice(int n, const float* x, float* out) {
}
"""
SOLUTION = f'"""A line through zero."""\n\nHINTS = ("A nudge.", "An idea.")\n\n{IMPORT}'
SOLUTION_CU = """\
constexpr float FACTOR = 2;

__global__ void twice(int n, const float* x, float* out) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    // wrong: out[i] = FACTOR * x[i];  // threads without an element must do nothing
    // wrong: if (i <= n) {  // the last element is n - 1
    // wrong: if (i < n)  // twice, not the square
    //            out[i] = x[i] * x[i];
    if (i < n) {
        out[i] = FACTOR * x[i];
    }
}
"""
TEST = """\
import numpy as np

from aire_katas import Kata
from aire_katas.checks.arrays import assert_close
from aire_katas.checks.cuda import unset
from katas.phase1.words.twice import kernels

KATA = Kata(difficulty=1, minutes=5, forbids_cpp={"double": "compute in float"})


def test_every_number_is_doubled() -> None:
    x, out = np.arange(40, dtype=np.float32), unset(40)
    kernels.launch("twice", 2, 32, (40, x, out))
    assert_close(out, 2 * x)
"""


@pytest.fixture
def suite(tiny_tree: Path) -> Path:
    write_kata(tiny_tree, ID, stub=STUB, test=TEST, solution=SOLUTION)
    for tree, text in (("katas", STUB_CU), ("solutions", SOLUTION_CU)):
        (tiny_tree / tree / f"{ID}.cu").write_text(text)
    return tiny_tree


@pytest.fixture
def entry(suite: Path) -> Entry:
    return Catalogue(suite).by_id[ID]


def judged(suite: Path, kernels: str, *options: str, **environment: str) -> str:
    """What pytest says once the learner has written `kernels`."""
    (suite / "katas" / f"{ID}.cu").write_text(kernels)
    return run_pytest(suite, "katas/phase1/words/test_twice.py", *options, **environment).stdout


def test_an_empty_kernel_is_to_do(suite: Path) -> None:
    said = judged(suite, STUB_CU, "--verdicts=verdicts")
    assert "1 to do" in said
    assert "Traceback" not in said
    verdict = json.loads((suite / "verdicts").read_text())
    assert verdict["message"] == "to do: twice (twice.cu:4)"


def test_a_written_kernel_passes(suite: Path, entry: Entry) -> None:
    assert "1 passed" in judged(suite, without_mistakes(SOLUTION_CU, "twice.cu"))
    assert progress.load(suite).standing(entry) == "passing"


def test_a_pass_is_stale_once_the_kernels_change(suite: Path, entry: Entry) -> None:
    judged(suite, SOLUTION_CU)
    entry.stubs[1].write_text(SOLUTION_CU + "\n")
    assert progress.load(suite).standing(entry) == "stale"


def test_a_fault_is_told_with_its_line(suite: Path) -> None:
    said = judged(suite, SOLUTION_CU.replace("if (i < n) {", "if (true) {"))
    assert "twice.cu:10: out of bounds in twice: thread (8,0,0) of block (1,0,0)" in said


def test_what_does_not_compile_is_told_with_its_line(suite: Path) -> None:
    said = judged(suite, SOLUTION_CU.replace("x[i];\n    }", "x[j];\n    }"))
    assert "twice.cu:10:" in said
    assert "was not declared in this scope" in said


def test_a_kernel_that_never_ends_is_named_with_its_line(suite: Path) -> None:
    said = judged(
        suite, SOLUTION_CU.replace("out[i] = FACTOR * x[i];\n    }", "while (x[i] >= 0) out[i] = 1;\n    }")
    )
    assert "twice.cu:10: timed out in twice" in said
    assert "1 failed" in said


def test_a_fault_is_reported_once(suite: Path) -> None:
    said = judged(
        suite, SOLUTION_CU.replace("if (i < n) {", "if (i <= n) {").replace("x[i];\n    }", "i;\n    }")
    )
    assert said.count("out of bounds") == 1
    assert "writes element 40 of out" in said


def test_a_forbidden_word_is_refused(suite: Path) -> None:
    said = judged(suite, SOLUTION_CU.replace("constexpr float", "constexpr double"))
    assert "build this yourself: double is not allowed here; compute in float (twice.cu:1)" in said


def test_a_missing_file_is_named_with_the_way_back(suite: Path, entry: Entry) -> None:
    entry.stubs[1].unlink()
    said = run_pytest(suite, str(entry.tests)).stdout
    assert "twice.cu is missing: aire-katas reset twice brings it back" in said


def test_without_a_compiler_it_is_not_graded(suite: Path, tmp_path: Path) -> None:
    said = judged(suite, SOLUTION_CU, PATH=str(tmp_path))
    assert "= 1 not graded in " in said
    assert "not graded: needs g++, which is not on the PATH" in said


def test_the_first_tree_that_has_the_file_is_judged(suite: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / f"{ID}.cu"
    other.parent.mkdir(parents=True)
    other.write_text(SOLUTION_CU.replace("FACTOR = 2", "FACTOR = 3"))
    options = ("--impl", str(tmp_path / "other"), "--impl", "solutions")
    assert "1 failed" in judged(suite, STUB_CU, *options)
    other.unlink()
    assert "1 passed" in judged(suite, STUB_CU, *options)


def test_an_empty_kernel_of_a_tree_is_a_failure(suite: Path) -> None:
    (suite / "solutions" / f"{ID}.cu").write_text(STUB_CU)
    assert "1 failed" in judged(suite, STUB_CU, "--impl", "solutions")


def test_the_kata_is_proved(suite: Path, entry: Entry) -> None:
    proof = prove(entry, Catalogue(suite))
    assert proof.faults == []
    assert (proof.mistakes, proof.spoilers) == (3, 4)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("if (i <= n) {", "if (i < n + 0) {", "if (i < n + 0) {\n    is not rejected"),
        ("x[i] * x[i]", "x[j] * x[j]", "does not run at all: CompileError"),
        ("// wrong: if (i <= n) {  // the last", "// wrong: if (i <= n) { // the last", "two spaces, '// '"),
        ("(int n, const", "(int  m, const", "`twice` is __global__ void twice(int n, const float* x"),
        ("void twice(int n", "void thrice(int n", "the solution lacks `twice`"),
    ],
)
def test_a_faulty_reference_is_found(suite: Path, entry: Entry, before: str, after: str, fault: str) -> None:
    entry.solutions[1].write_text(SOLUTION_CU.replace(before, after))
    assert fault in "\n".join(prove(entry, Catalogue(suite)).faults)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ("// out[i] = 2 x[i], i < n.\n", "", "has no one-line contract"),
        ("{\n}", "{\n    int i;\n}", "no function of the stub's .cu file is empty"),
    ],
)
def test_a_faulty_stub_is_found(suite: Path, entry: Entry, before: str, after: str, fault: str) -> None:
    entry.stubs[1].write_text(STUB_CU.replace(before, after))
    assert any(fault in one for one in faults(entry, Catalogue(suite)))


def test_small_changes_to_a_kernel_are_made_in_its_code_alone() -> None:
    changed = {(one.line, one.before, one.after) for one in mutants(SOLUTION_CU)}
    assert changed == {
        (4, "x", "y"),
        (4, "*", "/"),
        (4, "+", "-"),
        (9, "if (i < n)", "if (true)"),
        (9, "<", "<="),
        (9, "<", ">="),
        (10, "*", "/"),
        (10, "out[i] = FACTOR * x[i];", ";"),
    }


def test_the_strength_of_a_kata_counts_its_kernels(suite: Path, entry: Entry) -> None:
    found = measure(entry)
    assert found.count == 10  # "x" for "y" stands in three places
    assert found.survivors == ()


def test_a_mistake_is_the_file_with_its_statement_replaced() -> None:
    guardless, opening, square = find_mistakes(SOLUTION_CU, "twice.cu")
    body = "    }\n}\n"
    assert guardless.source.endswith("out[i] = x[i] * x[i];\n    out[i] = FACTOR * x[i];\n}\n")
    assert opening.source.endswith(f"    if (i <= n) {{\n        out[i] = FACTOR * x[i];\n{body}")
    assert square.source.endswith("    if (i < n)\n        out[i] = x[i] * x[i];\n}\n")
    assert (opening.line, opening.reason, opening.suffix) == (6, "the last element is n - 1", ".cu")


def test_a_mistake_above_no_statement_is_refused() -> None:
    with pytest.raises(BadMistake, match=r"twice\.cu:2: no statement begins below it"):
        list(find_mistakes("int f() { return 1 +\n    // wrong: 2;  // too much\n    1; }\n", "twice.cu"))


def test_a_graft_fills_what_is_empty_and_adds_what_is_missing() -> None:
    stub = f"constexpr int TILE = 8;\n\n{STUB_CU}\n// Given.\n__device__ int id() {{ return 1; }}\n"
    reference = f"constexpr  int TILE = 8;\n{SOLUTION_CU}__device__ int id() {{ return 2; }}\n"
    grafted = graft_kernels(stub, without_mistakes(reference, "twice.cu"))
    assert grafted.count("TILE = 8") == 1
    assert grafted.index("FACTOR = 2") < grafted.index("__global__")
    assert "out[i] = FACTOR * x[i];" in grafted
    assert "return 1;" in grafted
    assert "return 2;" not in grafted


@pytest.mark.parametrize("text", ["// double\n", 'puts("double");', "int doubled;"])
def test_only_code_is_searched_for_forbidden_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.cu"
    file.write_text(text)
    check_kernels({"double": "compute in float"}, file, ID)


def test_including_the_reference_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.cu"
    file.write_text(f'// mine\n#include "../../../solutions/{ID}.cu"\n')
    with pytest.raises(Forbidden, match=r"own\.cu:2"):
        check_kernels({}, file, ID)


@pytest.mark.usefixtures("own_git")
def test_reset_brings_both_files_back(suite: Path, entry: Entry) -> None:
    commit_stubs(suite)
    entry.stubs[1].write_text(SOLUTION_CU)
    git(suite, "commit", "-am", "solved")
    entry.stubs[1].write_text(SOLUTION_CU.replace("FACTOR = 2", "FACTOR = 4"))
    unchanged, kept, back = said("reset", "twice").splitlines()
    assert unchanged == f"katas/{ID}.py was the stub already"
    assert "FACTOR = 4" in Path(kept.removeprefix("your file is kept: ")).read_text()
    assert back == f"katas/{ID}.cu is the stub again"
    assert entry.stubs[1].read_text() == STUB_CU


def test_solution_and_diff_show_both_files(suite: Path, entry: Entry) -> None:
    shown = said("solution", "twice", "--spoil")
    assert "A line through zero." in shown
    assert "out[i] = FACTOR * x[i];" in shown
    compared = said("diff", "twice", "--spoil")
    assert f"+++ solutions/{ID}.cu" in compared
    assert "+        out[i] = FACTOR * x[i];" in compared
    assert "wrong:" not in compared
    assert said("open", "twice") == f"katas/{ID}.py\nkatas/{ID}.cu\n"


def test_new_writes_the_files_of_a_kata_in_cuda(suite: Path) -> None:
    made = said("dev", "new", "phase1/words/fresh", "--title", "A fresh kata", "--cuda").splitlines()
    assert [Path(file).name for file in made] == [
        "fresh.py",
        "test_fresh.py",
        "fresh.py",
        "fresh.cu",
        "fresh.cu",
        "README.md",
    ]
    fresh = Catalogue(suite).by_id["phase1/words/fresh"]
    assert fresh.suffixes == (".py", ".cu")
    assert "1 to do" in run_pytest(suite, str(fresh.tests)).stdout
    found = "\n".join(faults(fresh, Catalogue(suite)))
    assert "the statement has" in found
    assert "1 mistakes; at least 3 are asked for" in found
    assert "signature" not in found
    assert "does not run" not in "\n".join(prove(fresh, Catalogue(suite)).faults)
