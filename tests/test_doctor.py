import sys
from importlib import machinery, metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from aire_katas import machine
from aire_katas.cli import doctor
from aire_katas.progress import state_file
from tests.conftest import said

pytestmark = pytest.mark.usefixtures("tiny_tree")


def fake_torch(monkeypatch: pytest.MonkeyPatch, cuda: str | None, device: str = "") -> None:
    torch = ModuleType("torch")
    torch.__spec__ = machinery.ModuleSpec("torch", None)
    torch.cuda = SimpleNamespace(is_available=lambda: bool(device), get_device_name=lambda: device)  # type: ignore
    torch.version = SimpleNamespace(cuda=cuda)  # type: ignore
    monkeypatch.setitem(sys.modules, "torch", torch)


def test_doctor_lists_versions_and_what_can_be_graded(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        machine, "missing", lambda marker: "needs a CUDA GPU" if marker in ("gpu", "perf") else ""
    )
    fake_torch(monkeypatch, None)
    lines = said("doctor").splitlines()
    assert f"Python        {sys.version.split()[0]}" in lines
    assert f"click         {metadata.version('click')}" in lines
    assert f"torch         {metadata.version('torch')}" in lines
    assert "GPU           none (torch is built without CUDA)" in lines
    assert "progress      kept" in lines
    assert f"3 katas in {tiny_tree}" in lines
    assert "graded        tests on the CPU" in lines
    assert "not graded    tests marked gpu: needs a CUDA GPU" in lines
    assert "graded        tests marked distributed" in lines


def test_doctor_says_how_to_get_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    version = metadata.version

    def without_torch(name: str) -> str:
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    machine.missing.cache_clear()
    monkeypatch.setattr(metadata, "version", without_torch)
    monkeypatch.setitem(sys.modules, "torch", None)
    lines = said("doctor", code=3).splitlines()
    machine.missing.cache_clear()
    assert "torch         missing: pip install -e ." in lines
    assert "GPU           unknown without torch" in lines
    assert "not graded    tests on the CPU: set up torch first" in lines
    assert "not graded    tests marked gpu: needs a CUDA GPU" in lines
    assert "not graded    tests marked distributed: needs torch.distributed with gloo" in lines


def test_doctor_says_which_version_does_not_fit(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    fake_torch(monkeypatch, "13.0", "NVIDIA H100")
    project = tiny_tree / "pyproject.toml"
    limits = ['requires-python = "<3"', 'dependencies = ["click>=99", "numpy; python_version < \'3\'"]']
    project.write_text("\n".join(["[project]", *limits]))
    lines = said("doctor", code=3).splitlines()
    assert f"Python        {sys.version.split()[0]}: needs <3: pip install -e ." in lines
    assert f"click         {metadata.version('click')}: needs >=99: pip install -e ." in lines
    assert not any(line.startswith("numpy") for line in lines), "its condition does not hold"
    assert "GPU           NVIDIA H100, CUDA 13.0" in lines
    assert "not graded    tests on the CPU: set up Python, click first" in lines


def test_doctor_says_which_tool_is_missing_and_whether_progress_is_kept(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    monkeypatch.setenv("PATH", "")
    fake_torch(monkeypatch, None)
    (tiny_tree / ".aire-katas").write_text("a file where the folder should be")
    lines = said("doctor").splitlines()
    assert "g++           missing: compiles CUDA katas for the CPU" in lines
    assert next(line for line in lines if line.startswith("progress")).startswith("progress      not kept: /")


def test_doctor_says_that_torch_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_marker: str) -> str:
        raise OSError("libcudart.so.13: cannot open shared object file")

    monkeypatch.setattr(machine, "missing", missing)
    monkeypatch.setattr(doctor, "find_spec", lambda _name: "found")
    monkeypatch.setitem(sys.modules, "torch", None)
    lines = said("doctor").splitlines()
    assert next(line for line in lines if line.startswith("GPU")).startswith(
        "GPU           unknown, for torch cannot be imported: "
    )
    broken = "torch cannot be imported: libcudart.so.13: cannot open shared object file"
    assert f"not graded    tests marked gpu: {broken}" in lines


def test_doctor_says_that_progress_is_corrupt(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    fake_torch(monkeypatch, None)
    state_file(tiny_tree).parent.mkdir()
    state_file(tiny_tree).write_text("not JSON")
    assert f"progress      kept: {state_file(tiny_tree)} is corrupt (" in said("doctor")


def test_tools_are_asked_for_their_version() -> None:
    assert doctor.tool_version("git").startswith("git version ")
    assert doctor.tool_version("no-such-tool") == ""


@pytest.mark.gxx
def test_doctor_tries_the_kernel_lab() -> None:
    assert doctor.kernel_lab() == ("runs CUDA C++ on this CPU", "")


def test_doctor_says_why_no_kernel_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda _marker: "")
    monkeypatch.setattr(machine, "no_compiler", lambda: "needs g++, which is not on the PATH")
    fake_torch(monkeypatch, None)
    assert "kernel lab    off: needs g++, which is not on the PATH" in said("doctor").splitlines()


@pytest.mark.gxx
def test_doctor_names_what_a_broken_lab_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TRIAL", doctor.TRIAL.replace("= threadIdx.x", "= 7"))
    state, why = doctor.kernel_lab()
    assert (state, why[:20]) == ("broken", "a kernel gives [7, 7")
    monkeypatch.setattr(doctor, "TRIAL", doctor.TRIAL.replace("= 7", "= x"))
    assert doctor.kernel_lab()[1].startswith("trial.cu:2:")
