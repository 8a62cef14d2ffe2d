"""The command `run`: plain pytest, in a process of its own, on the katas asked for."""

import json
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import click

from aire_katas.catalogue import Entry
from aire_katas.cli.checkout import SomeKatas, catalogue
from aire_katas.cli.errors import Exit, refuse
from aire_katas.verdicts import KataVerdict, State, TestVerdict, by_kata

PYTEST_INTERNAL_ERROR, PYTEST_USAGE = 3, 4  # its exit codes, not ours


@click.command()
@click.argument("chosen", metavar="[ID]...", nargs=-1, type=SomeKatas())
@click.option(
    "--json", "as_json", is_flag=True, help="Print what every test said as JSON; pytest's words go to stderr."
)
@click.pass_context
def run(context: click.Context, chosen: tuple[list[Entry], ...], as_json: bool) -> None:
    """Judge katas with pytest: some, a phase, a topic, or all."""
    if find_spec("pytest") is None:
        refuse("pytest is missing: pip install -e .", Exit.BROKEN)
    root = catalogue().root
    entries = dict.fromkeys(entry for group in chosen for entry in group)
    targets = [str(entry.tests.relative_to(root)) for entry in entries] or ["katas"]
    with tempfile.TemporaryDirectory() as folder:
        verdict_file = Path(folder) / "verdicts"
        command = [sys.executable, "-m", "pytest", *targets, f"--verdicts={verdict_file}"]
        code = subprocess.run(command, cwd=root, stdout=2 if as_json else None, check=False).returncode
        katas = _verdicts(verdict_file)
    if as_json:
        click.echo(
            json.dumps({} if katas is None else {kata: _plain(katas[kata]) for kata in katas}, indent=1)
        )
    context.exit(exit_code(code, katas))


def _verdicts(file: Path) -> dict[str, KataVerdict] | None:
    """What the katas said; None where pytest died before its end, whatever exit code it left."""
    if not file.exists():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return by_kata(TestVerdict.from_json(json.loads(line)) for line in lines)


def exit_code(pytest_code: int, katas: dict[str, KataVerdict] | None) -> int:
    if pytest_code == PYTEST_USAGE:
        return Exit.USAGE
    if pytest_code == PYTEST_INTERNAL_ERROR:
        return Exit.BROKEN
    if katas is None:
        click.echo(
            f"pytest died before it could report (exit code {pytest_code}): run the katas one by one",
            err=True,
        )
        return Exit.FAILING
    states = {verdict.state for verdict in katas.values()}
    if not states - {State.NOT_GRADED}:
        return Exit.NOTHING_RAN
    return 0 if pytest_code == 0 and states <= {State.PASSING, State.NOT_GRADED} else Exit.FAILING


def _plain(verdict: KataVerdict) -> dict[str, object]:
    tests = [{"test": one.test, "state": one.state, "message": one.message} for one in verdict.verdicts]
    return {"state": verdict.state, "tests": tests}
