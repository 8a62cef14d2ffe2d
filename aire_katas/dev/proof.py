"""The proof of a kata: everything that can be shown by running it

The stub is to do in every test; the reference passes twice, in two orders with two seeds, in time, and so
does the stub with the reference's lines added; every listed mistake and every generic spoiler is rejected.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aire_katas.catalogue import Catalogue, Entry
from aire_katas.dev.graft import graft
from aire_katas.dev.mistakes import BadMistake, find_mistakes, without_mistakes
from aire_katas.dev.rules import faults
from aire_katas.dev.spoil import Spoiler, spoilers
from aire_katas.runner import Job, Run, run_all
from aire_katas.verdicts import State

SECONDS = 2.0  # for all tests of a kata on its reference; SLOW_SECONDS where one is marked slow
SLOW_SECONDS = 6.0
SEEDS = (1, 2)
BROKEN = ("NameError", "UnboundLocalError", "SyntaxError", "ImportError", "ModuleNotFoundError")


@dataclass
class Proof:
    """What came of proving one kata."""

    entry: Entry
    faults: list[str]
    mistakes: int = 0
    spoilers: int = 0
    seconds: float = 0.0
    open_jobs: int = 0
    idle: list[str] = field(default_factory=list)  # spoilers that changed nothing, so prove nothing


def prove(entries: Iterable[Entry], catalogue: Catalogue, *, workers: int | None = None) -> Iterator[Proof]:
    """Prove katas, several at a time; each Proof comes when its last run is in."""
    with tempfile.TemporaryDirectory(prefix="aire-proof-") as folder:
        bench = _Bench(Path(folder), catalogue)
        for run in run_all(bench.jobs(entries), workers=workers):
            if (proof := bench.take(run)) is not None:
                yield proof
        yield from bench.unrunnable


class _Bench:
    """Lays out the variants of katas in `folder` and reads what came of them."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self.proofs: dict[str, Proof] = {}
        self.spoilers: dict[Path, Spoiler] = {}
        self.unrunnable: list[Proof] = []
        self.count = 0

    def jobs(self, entries: Iterable[Entry]) -> Iterator[Job]:
        for entry in entries:
            proof = Proof(entry, faults(entry, self.catalogue))
            try:
                jobs = list(self._jobs_of(proof))
            except (OSError, SyntaxError, BadMistake):  # said by the rules already
                self.unrunnable.append(proof)
                continue
            self.proofs[entry.id] = proof
            proof.open_jobs = len(jobs)
            yield from jobs

    def _jobs_of(self, proof: Proof) -> Iterator[Job]:
        entry = proof.entry
        solutions = entry.root / "solutions"
        source = entry.solution.read_text(encoding="utf-8")
        yield Job(entry, label="stub")
        for seed in SEEDS:
            yield Job(entry, (solutions,), seed, label="reference")
        grafted = graft(entry.stub.read_text(encoding="utf-8"), without_mistakes(source))
        yield Job(
            entry, (self._tree(entry, grafted), solutions), label="stub with the reference's lines added"
        )
        for mistake in find_mistakes(source, f"solutions/{entry.id}.py"):
            tree = self._tree(entry, mistake.source)
            proof.mistakes += 1
            label = f"mistake in line {mistake.line}: {mistake.text.splitlines()[0]}"
            yield Job(entry, (tree, solutions), stop_at_first=True, label=label)
        for spoiler in spoilers(source, self.folder / "flags"):
            tree = self._tree(entry, spoiler.source)
            flag = tree / "flag"
            self.spoilers[tree] = spoiler
            (tree / f"{entry.id}.py").write_text(spoiler.source.replace(str(spoiler.flag), str(flag)))
            label = f"spoiler: {spoiler.target} returns {spoiler.kind}"
            yield Job(entry, (tree, solutions), stop_at_first=True, label=label)

    def _tree(self, entry: Entry, source: str) -> Path:
        """A new tree that holds nothing but this version of the kata."""
        self.count += 1
        tree = self.folder / str(self.count)
        path = tree / f"{entry.id}.py"
        path.parent.mkdir(parents=True)
        path.write_text(source, encoding="utf-8")
        return tree

    def take(self, run: Run) -> Proof | None:
        """Read one run; the proof, if this was its last."""
        proof = self.proofs[run.job.entry.id]
        label = run.job.label
        if label == "stub":
            proof.faults += _stub_faults(run)
        elif label == "reference":
            proof.faults += _pass_faults(run)
            proof.faults += _time_faults(run)
            seconds = sum(verdict.seconds for verdict in run.verdicts)
            proof.seconds = max(proof.seconds, seconds)
        elif label.startswith("stub with"):
            proof.faults += _pass_faults(run)
        elif label.startswith("mistake"):
            proof.faults += _mistake_faults(run)
        elif not (run.job.trees[0] / "flag").exists():
            proof.idle.append(label)
        else:
            proof.spoilers += 1
            if run.state == State.PASSING:
                proof.faults.append(f"{label}, and every test passes")
        proof.open_jobs -= 1
        return proof if proof.open_jobs == 0 else None


def _stub_faults(run: Run) -> Iterator[str]:
    if run.state == State.CRASHED:
        yield f"the stub cannot be run:\n{run.output[-1000:]}"
    for verdict in run.verdicts:
        if verdict.state not in (State.TODO, State.NOT_GRADED):
            yield f"on the stub, {verdict.test} is {verdict.state}, not to do: {verdict.message[:300]}"


def _pass_faults(run: Run) -> Iterator[str]:
    if run.state in (State.CRASHED, State.TIMED_OUT):
        yield f"{run.job.label}: {run.state}\n{run.output[-1000:]}"
    for verdict in run.verdicts:
        if verdict.state not in (State.PASSING, State.NOT_GRADED):
            where = f"{run.job.label}, seed {run.job.seed}: {verdict.test}"
            yield f"{where} is {verdict.state}: {verdict.message[:800]}"


def _time_faults(run: Run) -> Iterator[str]:
    seconds = sum(verdict.seconds for verdict in run.verdicts)
    slow = "pytest.mark.slow" in run.job.entry.tests.read_text(encoding="utf-8")
    if seconds > (allowed := SLOW_SECONDS if slow else SECONDS):
        slowest = max(run.verdicts, key=lambda verdict: verdict.seconds)
        where = f"{slowest.seconds:.1f} s go to {slowest.test}"
        yield f"its tests take {seconds:.1f} s, more than {allowed:g}; {where}"


def _mistake_faults(run: Run) -> Iterator[str]:
    if run.state in (State.PASSING, State.NOT_GRADED):
        yield f"{run.job.label}\n    is not rejected"
    elif run.state == State.CRASHED:
        yield f"{run.job.label}\n    crashes:\n{run.output[-500:]}"
    errors = {verdict.error for verdict in run.verdicts if verdict.state == State.FAILING}
    if errors & set(BROKEN):
        yield f"{run.job.label}\n    does not run at all: {', '.join(errors)}"
