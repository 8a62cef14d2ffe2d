"""`aire-katas dev ...`: for those who write katas."""

import subprocess
import time
from pathlib import Path

import click

from aire_katas.catalogue import Entry, id_of
from aire_katas.cli.checkout import SomeKatas, catalogue


@click.group()
def dev() -> None:
    """Write katas and prove them."""


@dev.command()
@click.argument("chosen", metavar="[ID]...", nargs=-1, type=SomeKatas())
@click.option("--changed", is_flag=True, help="Only katas with changes since --base, committed or not.")
@click.option(
    "--base", default="origin/main", show_default=True, help="The commit that --changed compares with."
)
@click.option("--minutes", type=float, help="Prove the changed katas, then others while this time lasts.")
def check(chosen: tuple[list[Entry], ...], changed: bool, base: str, minutes: float | None) -> None:
    """Prove katas: the stub is to do, the reference passes, every mistake and spoiler is rejected."""
    from aire_katas.dev.proof import prove

    here = catalogue()
    entries = _flat(chosen) or list(here.entries)
    touched = set(changed_katas(here.root, base)) if changed or minutes else set()
    first = [entry for entry in entries if entry.id in touched]
    rest = [] if changed else [entry for entry in entries if entry.id not in touched]
    started, bad, proved = time.monotonic(), 0, 0
    for entry in (*first, *rest):
        if minutes is not None and entry not in first and time.monotonic() - started > 60 * minutes:
            break
        proof = prove(entry, here)
        proved += 1
        bad += bool(proof.faults)
        figures = f"{proof.mistakes} mistakes, {proof.spoilers} spoilers, {proof.seconds:.1f} s"
        click.echo(f"{'FAULTY' if proof.faults else 'ok    '}  {entry.id}  ({figures})")
        for fault in proof.faults:
            click.echo(f"        {fault}".replace("\n", "\n        "))
    left = len(first) + len(rest) - proved
    click.echo(
        f"{proved - bad} katas proved, {bad} faulty, {left} left out, {time.monotonic() - started:.0f} s"
    )
    raise SystemExit(1 if bad else 0 if proved or changed else 4)


@dev.command()
@click.argument("chosen", metavar="[ID]...", nargs=-1, type=SomeKatas())
def strength(chosen: tuple[list[Entry], ...]) -> None:
    """Change references in small ways, and list the changes that no test notices."""
    from aire_katas.dev.strength import measure

    entries = _flat(chosen) or list(catalogue().entries)
    count, survived = 0, 0
    for entry in entries:
        found = measure(entry)
        count += found.count
        survived += len(found.survivors)
        click.echo(f"{entry.id}  {found.count - len(found.survivors)} of {found.count} rejected")
        for one in found.survivors:
            where = f"solutions/{entry.topic}/{one.file}:{one.mutant.line}"
            click.echo(f"    {where}  {_one_line(one.mutant.before)}  ->  {_one_line(one.mutant.after)}")
    click.echo(f"{survived} of {count} survive: {survived / max(count, 1):.1%}")


@dev.command()
@click.argument("kata_id")
@click.option("--title", required=True, help="First line of the statement, and the link's text.")
@click.option("--cuda", is_flag=True, help="Its functions are kernels in a .cu file.")
def new(kata_id: str, title: str, cuda: bool) -> None:
    """Write the files of a new kata, phaseN/topic/name, and link it from its phase's README."""
    from aire_katas.dev.new import NotNew, write_kata

    try:
        for path in write_kata(catalogue().root, kata_id, title, cuda=cuda):
            click.echo(path)
    except NotNew as error:
        raise click.UsageError(str(error)) from None


def _flat(chosen: tuple[list[Entry], ...]) -> list[Entry]:
    return list(dict.fromkeys(entry for group in chosen for entry in group))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def changed_katas(root: Path, base: str) -> list[str]:
    """Ids of the katas of which a file differs from the merge base with `base`, or is new.

    Where `base` does not exist, or is HEAD itself, the last commit is compared with its parent.
    """

    def git(*arguments: str) -> list[str]:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        return done.stdout.split() if done.returncode == 0 else []

    fork = git("merge-base", "HEAD", base)
    if not fork or fork == git("rev-parse", "HEAD"):
        fork = git("rev-parse", "HEAD~1")
    files = git("diff", "--name-only", *fork) if fork else git("ls-files")
    files += git("ls-files", "--others", "--exclude-standard")
    ids = (id_of(root / file, root) for file in files)
    return sorted({one for one in ids if one})
