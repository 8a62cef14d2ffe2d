"""Running katas in children, many after another

A parent that has imported the heavy packages once forks a child for every run (Linux; elsewhere a new
process), so that a run costs what its tests cost. The child leads a session of its own: at the deadline the
parent kills all of it. What the tests said comes back in a file; exit codes and printed text are not trusted.
"""

import contextlib
import functools
import gc
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aire_katas import impl
from aire_katas.catalogue import Entry
from aire_katas.verdicts import State, TestVerdict, combine

HEAVY = ("numpy", "torch", "sympy", "hypothesis")
MEMORY = 12 << 30  # bytes of address space that a child may take


@dataclass(frozen=True)
class Job:
    """One run of a kata's tests: on the code of `trees`, or on the learner's own where there are none."""

    entry: Entry
    trees: tuple[Path, ...] = ()
    seed: int = 0
    stop_at_first: bool = False
    seconds: float = 120.0  # for the whole run
    label: str = ""


@dataclass(frozen=True)
class Run:
    """What came of a job."""

    job: Job
    verdicts: tuple[TestVerdict, ...]
    output: str
    timed_out: bool = False

    @property
    def state(self) -> State:
        if self.timed_out:
            return State.TIMED_OUT
        return combine(verdict.state for verdict in self.verdicts) if self.verdicts else State.CRASHED


@dataclass
class _Child:
    job: Job
    pid: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    deadline: float = field(default=0.0)

    def ended(self) -> bool:
        if self.process is not None:
            return self.process.poll() is not None
        return os.waitpid(self.pid, os.WNOHANG)[0] != 0

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL) if hasattr(os, "killpg") else os.kill(
                self.pid, signal.SIGTERM
            )
        if self.process is not None:
            self.process.wait()
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)


def run_all(jobs: Iterable[Job], *, workers: int | None = None) -> Iterator[Run]:
    """Run the jobs, `workers` at a time (default: one a core), and yield each as it ends."""
    forks = sys.platform == "linux"
    if forks:
        _warm_up()
    waiting = iter(jobs)
    running: list[_Child] = []
    with tempfile.TemporaryDirectory(prefix="aire-katas-") as folder:
        try:
            for number, job in enumerate(waiting):
                running.append(_start(job, Path(folder, str(number)), forks))
                while len(running) >= (workers or os.cpu_count() or 1):
                    yield from _reap(running)
            while running:
                yield from _reap(running)
        finally:
            for child in running:
                child.kill()


@functools.cache
def _warm_up() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError), contextlib.redirect_stdout(io.StringIO()):
        import pytest

        pytest.main(["--help", "-c", os.devnull])  # loads the modules of pytest's own plugins, too
    gc.freeze()  # children need not look through what the parent has imported


def _start(job: Job, folder: Path, forks: bool) -> _Child:
    folder.mkdir()
    root = job.entry.root
    settings = (
        "-c",
        f"{root / 'pyproject.toml'}",
        "--rootdir",
        f"{root}",
        "-o",
        f"cache_dir={folder / 'cache'}",
    )
    quiet = ("-q", "-p", "no:xdist", "-W", "ignore::pytest.PytestAssertRewriteWarning")
    said = ("--no-record", "--verdicts", f"{folder / 'verdicts'}")
    seeds = (f"--seed={job.seed}", f"--hypothesis-seed={job.seed}")
    arguments = [
        str(job.entry.tests),
        *settings,
        *quiet,
        *said,
        *seeds,
        *(["-x"] if job.stop_at_first else []),
    ]
    environment = {impl.VARIABLE: os.pathsep.join(map(str, job.trees)), "COLUMNS": "110"}
    deadline = time.monotonic() + job.seconds
    if not forks:
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=root,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return _Child(job, process.pid, folder, process, deadline)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _be_child(root, arguments, environment, folder / "output")
    return _Child(job, pid, folder, None, deadline)


def _be_child(root: Path, arguments: list[str], environment: dict[str, str], output: Path) -> None:
    """Run pytest in this forked process; never returns."""
    code = 70
    try:
        os.setsid()
        os.chdir(root)
        os.environ.update(environment)
        for name in [name for name in sys.modules if name.partition(".")[0] in ("katas", "solutions")]:
            del sys.modules[name]  # whatever tree the parent has them from
        with open(os.devnull, "rb") as nothing, output.open("wb") as file:
            os.dup2(nothing.fileno(), 0)
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        import pytest

        code = int(pytest.main(arguments))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _reap(running: list[_Child]) -> Iterator[Run]:
    """Wait a moment; yield what has ended, and end what is past its deadline."""
    time.sleep(0.005)
    for child in list(running):
        late = time.monotonic() > child.deadline
        if not late and not child.ended():
            continue
        if late:
            child.kill()
        running.remove(child)
        yield Run(child.job, tuple(_verdicts(child.folder)), _output(child.folder), timed_out=late)


def _verdicts(folder: Path) -> Iterator[TestVerdict]:
    with contextlib.suppress(FileNotFoundError):
        for line in (folder / "verdicts").read_text(encoding="utf-8").splitlines():
            yield TestVerdict.from_json(json.loads(line))


def _output(folder: Path) -> str:
    try:
        return (folder / "output").read_bytes()[-20_000:].decode(errors="replace")
    except FileNotFoundError:
        return ""
