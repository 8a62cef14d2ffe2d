"""The proof of a kata: everything that can be shown by running it

The stub is to do in every test; the reference passes twice, in two orders with two seeds, in time, and so
does the stub with the reference's lines added; every listed mistake and every generic spoiler is rejected.
"""

import pkgutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aire_katas import cpp
from aire_katas.catalogue import Catalogue, Entry
from aire_katas.dev.graft import graft, graft_kernels
from aire_katas.dev.mistakes import BadMistake, find_mistakes, without_mistakes
from aire_katas.dev.rules import faults
from aire_katas.dev.spoil import probed, spoilers
from aire_katas.kata import BrokenKata
from aire_katas.runner import Job, Run, run_all
from aire_katas.verdicts import State

SECONDS = 2.0  # for all tests of a kata on its reference; SLOW_SECONDS where one is marked slow
SLOW_SECONDS = 6.0
SEEDS = (1, 2)
BROKEN = (
    "NameError",
    "UnboundLocalError",
    "SyntaxError",
    "ImportError",
    "ModuleNotFoundError",
    "CompileError",
)


@dataclass
class Proof:
    """What came of proving one kata."""

    entry: Entry
    faults: list[str]
    mistakes: int = 0
    spoilers: int = 0
    seconds: float = 0.0  # what its tests take


def prove(entry: Entry, catalogue: Catalogue, *, workers: int | None = None) -> Proof:
    """Everything there is to say against a kata."""
    proof = Proof(entry, faults(entry, catalogue))
    with tempfile.TemporaryDirectory(prefix="aire-proof-") as folder:
        variants = Variants(entry, Path(folder))
        try:
            first, second = _first_jobs(variants), _second_jobs(variants, proof)
            for run in (*run_all(first, workers=workers), *run_all(second, workers=workers)):
                proof.faults += JUDGES[run.job.label.partition(":")[0]](run)
                if run.job.label == "reference":
                    proof.seconds = max(proof.seconds, seconds_of(run))
        except (OSError, SyntaxError, BadMistake) as error:
            proof.faults = proof.faults or [str(error)]  # the rules have said it, most likely
    proof.faults += _misspelt_names(entry)  # last: it imports torch, which the runner does in its own way
    return proof


def _misspelt_names(entry: Entry) -> Iterator[str]:
    """What KATA forbids and nothing is called: it would guard nothing."""
    try:
        names = entry.kata.forbids
    except BrokenKata:  # the rules have said it
        return
    for name in names:
        try:
            pkgutil.resolve_name(name)
        except ModuleNotFoundError as error:
            if error.name != name.partition(".")[0]:  # the package itself may be absent here
                yield f"forbids `{name}`, which does not exist"
        except (AttributeError, ImportError):
            yield f"forbids `{name}`, which does not exist"


def _first_jobs(variants: "Variants") -> Iterator[Job]:
    """What must be to do, and what must pass."""
    entry, source = variants.entry, variants.source
    yield Job(entry, label="stub")
    for seed in SEEDS:
        yield Job(entry, (variants.solutions,), seed, label="reference")
    yield variants.job(
        {".py": probed(source, variants.flags, variants.kernels)}, "probe", stop_at_first=False
    )
    grafted = {}
    for stub, solution in zip(entry.stubs, entry.solutions, strict=True):
        reference = without_mistakes(solution.read_text(encoding="utf-8"), solution.name)
        merge = graft_kernels if stub.suffix == cpp.SUFFIX else graft
        grafted[stub.suffix] = merge(stub.read_text(encoding="utf-8"), reference)
    yield variants.job(grafted, "graft: the stub with the reference's lines added", stop_at_first=False)


def _second_jobs(variants: "Variants", proof: Proof) -> Iterator[Job]:
    """What must be rejected; the spoilers are known once the probe has run."""
    for file in variants.entry.solutions:
        for mistake in find_mistakes(file.read_text(encoding="utf-8"), f"solutions/{file.name}"):
            proof.mistakes += 1
            label = f"mistake: {file.name}, line {mistake.line}, {mistake.text.splitlines()[0]}"
            yield variants.job({mistake.suffix: mistake.source}, label)
    for spoiler in spoilers(variants.source, variants.flags, variants.kernels):
        proof.spoilers += 1
        yield variants.job({".py": spoiler.source}, f"spoiler: {spoiler.target} returns {spoiler.kind}")


class Variants:
    """Versions of one kata's reference, each in a tree of its own below a folder."""

    def __init__(self, entry: Entry, folder: Path) -> None:
        self.entry = entry
        self.solutions = entry.root / "solutions"
        self.source, self.kernels = (*(file.read_text(encoding="utf-8") for file in entry.solutions), "")[:2]
        self.folder = folder
        self.flags = folder / "flags"
        self.flags.mkdir()
        self.count = 0

    def job(
        self, files: Mapping[str, str], label: str, *, stop_at_first: bool = True, seconds: float = 120.0
    ) -> Job:
        """A run of the kata's tests on this version, suffix -> text; all else comes from the references."""
        self.count += 1
        tree = self.folder / str(self.count)
        path = tree / self.entry.id
        path.parent.mkdir(parents=True)
        for suffix, text in files.items():
            path.with_suffix(suffix).write_text(text, encoding="utf-8")
        trees = (tree, self.solutions)
        return Job(self.entry, trees, stop_at_first=stop_at_first, label=label, seconds=seconds)


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


def _reference_faults(run: Run) -> Iterator[str]:
    yield from _pass_faults(run)
    slow = "pytest.mark.slow" in run.job.entry.tests.read_text(encoding="utf-8")
    if seconds_of(run) > (allowed := SLOW_SECONDS if slow else SECONDS):
        slowest = max(run.verdicts, key=lambda verdict: verdict.seconds)
        where = f"{slowest.seconds:.1f} s go to {slowest.test}"
        yield f"its tests take {seconds_of(run):.1f} s, more than {allowed:g}; {where}"


def seconds_of(run: Run) -> float:
    """What the tests themselves took."""
    return sum(verdict.seconds for verdict in run.verdicts)


def _rejection_faults(run: Run) -> Iterator[str]:
    if run.state in (State.PASSING, State.NOT_GRADED):
        yield f"{run.job.label}\n    is not rejected"
    elif run.state == State.CRASHED:
        yield f"{run.job.label}\n    crashes:\n{run.output[-500:]}"
    errors = {verdict.error for verdict in run.verdicts if verdict.state == State.FAILING}
    if errors & set(BROKEN):
        yield f"{run.job.label}\n    does not run at all: {', '.join(errors)}"


# By the first word of a job's label
JUDGES: dict[str, Callable[[Run], Iterator[str]]] = {
    "stub": _stub_faults,
    "reference": _reference_faults,
    "probe": _pass_faults,
    "graft": _pass_faults,
    "mistake": _rejection_faults,
    "spoiler": _rejection_faults,
}
