"""How strong a kata's tests are: the share of small changes to its reference that they notice."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from aire_katas import cpp
from aire_katas.catalogue import Entry
from aire_katas.dev import operators_cpp
from aire_katas.dev.operators import Mutant, mutants
from aire_katas.dev.proof import Variants, seconds_of
from aire_katas.runner import Job, run_all
from aire_katas.verdicts import State


@dataclass(frozen=True)
class Survivor:
    """A mutant of one of the reference's files, that every test let pass."""

    file: str
    mutant: Mutant


@dataclass(frozen=True)
class Strength:
    """Of one kata: how many mutants there were, and which of them every test let pass."""

    entry: Entry
    count: int
    survivors: tuple[Survivor, ...]


def measure(entry: Entry, *, workers: int | None = None) -> Strength:
    """Run the kata's tests on every mutant of its reference; ValueError if the reference itself fails."""
    with tempfile.TemporaryDirectory(prefix="aire-strength-") as folder:
        variants = Variants(entry, Path(folder))
        [reference] = run_all([Job(entry, (variants.solutions,))], workers=workers)
        if reference.state != State.PASSING:
            raise ValueError(f"{entry.id}: the reference is {reference.state}\n{reference.output[-1000:]}")
        # A mutant that loops for ever is as good as rejected; it must not hold up the others.
        seconds = 8.0 + 5 * seconds_of(reference)
        changes = [(".py", one) for one in mutants(variants.source)]
        changes += [(cpp.SUFFIX, one) for one in operators_cpp.mutants(variants.kernels)]
        made = {f"{i}": change for i, change in enumerate(changes)}
        jobs = (
            variants.job({suffix: mutant.source}, label, seconds=seconds)
            for label, (suffix, mutant) in list(made.items())
        )
        survivors = set[str]()
        for run in run_all(jobs, workers=workers):
            if any(verdict.error == "CompileError" for verdict in run.verdicts):
                del made[run.job.label]  # no program, so nothing to notice
            elif run.state in (State.PASSING, State.NOT_GRADED):
                survivors.add(run.job.label)
    lines = [
        Survivor(entry.solution.with_suffix(suffix).name, mutant)
        for label, (suffix, mutant) in made.items()
        if label in survivors
    ]
    return Strength(entry, len(made), tuple(lines))
