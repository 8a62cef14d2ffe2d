"""Commands about one kata: hint, open, solution, diff, reset."""

import ast
import os
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from textwrap import TextWrapper

import click

from aire_katas import cpp, progress
from aire_katas.catalogue import Entry
from aire_katas.cli.checkout import catalogue, kata_argument, kept_progress, shown
from aire_katas.cli.errors import Exit, refuse
from aire_katas.dev.mistakes import without_mistakes
from aire_katas.verdicts import State

spoil = click.option("--spoil", is_flag=True, help="Show it although your own code does not pass.")


@click.command()
@kata_argument
@click.option("-n", "number", type=click.IntRange(min=1), metavar="N", help="Show hint N, and count nothing.")
def hint(entry: Entry, number: int | None) -> None:
    """Show the next hint: a nudge, then an idea, then nearly the code."""
    hints, name = entry.hints, catalogue().short_name(entry)
    if not hints:
        refuse(f"{entry.id} has no hints", Exit.NOTHING_RAN)
    if number is None:
        number = _next_rung(entry, len(hints))
    elif number > len(hints):
        refuse(f"{name} has {len(hints)} hints, and no hint {number}", Exit.USAGE)
    if number <= len(hints):
        click.echo(click.style(f"hint {number} of {len(hints)}", bold=True))
        click.echo(wrapped(hints[number - 1]))
    if number >= len(hints):
        click.echo(f"no more hints: all {len(hints)} are shown")
        click.echo(f"  aire-katas hint {name} -n 1           shows the first one again")
        click.echo(f"  aire-katas solution {name} --spoil    shows the reference")


@click.command("open")
@kata_argument
def open_stub(entry: Entry) -> None:
    """Open a kata in $VISUAL or $EDITOR, or print its path."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        click.echo("\n".join(map(shown, entry.stubs)))
        return
    try:
        code = subprocess.run([*shlex.split(editor), *map(str, entry.stubs)], check=False).returncode
    except (OSError, ValueError) as error:
        refuse(f"cannot start the editor `{editor}`: {error}", Exit.BROKEN)
    if code:
        refuse(f"`{editor}` ended with exit code {code}", Exit.BROKEN)


@click.command()
@kata_argument
@spoil
def solution(entry: Entry, spoil: bool) -> None:
    """Show the reference of a kata that you have solved."""
    _refuse_to_spoil(entry, spoil)
    for file in entry.solutions:
        source = _read(file)
        if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
            from rich.console import Console
            from rich.syntax import Syntax

            lexer = "cuda" if file.suffix == cpp.SUFFIX else "python"
            Console().print(
                Syntax(source.rstrip(), lexer, theme="ansi_dark", background_color="default", word_wrap=True)
            )
        else:
            click.echo(source, nl=False)


@click.command()
@kata_argument
@spoil
def diff(entry: Entry, spoil: bool) -> None:
    """Compare your code with the reference, once you have solved it."""
    from difflib import unified_diff

    _refuse_to_spoil(entry, spoil)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    lines: list[str] = []
    for files in zip(entry.stubs, entry.solutions, strict=True):
        own, reference = (code_lines(_read(file), file.name) for file in files)
        lines += unified_diff(own, reference, shown(files[0]), shown(files[1]), lineterm="")
    if not lines:
        click.echo("your code is the reference, line by line")
    for line in lines:
        click.echo(click.style(line, fg=colours.get(line[:1])))


@click.command()
@kata_argument
def reset(entry: Entry) -> None:
    """Bring a stub back from git's history, and back up your file."""
    from aire_katas.pristine import NoStub, pristine_stub

    try:
        stubs = {
            file: pristine_stub(entry.root, file, may_be_complete=len(entry.stubs) > 1 and file == entry.stub)
            for file in entry.stubs
        }
        for file, stub in stubs.items():
            own = file.read_bytes() if file.exists() else None
            if own == stub:
                click.echo(f"{shown(file)} was the stub already")
                continue
            if own is not None:
                click.echo(f"your file is kept: {shown(_back_up(entry, own, file.suffix))}")
            file.write_bytes(stub)
            click.echo(f"{shown(file)} is the stub again")
    except (NoStub, OSError) as error:
        refuse(f"cannot reset {entry.id}: {error}", Exit.BROKEN)
    try:
        with progress.update(entry.root) as kept:
            kept.katas.pop(entry.id, None)
            kept.hints.pop(entry.id, None)
    except progress.NotKept as error:
        click.echo(str(error), err=True)


def code_lines(source: str, file: str = "stub.py") -> list[str]:
    """What a diff is about: the lines without module docstring, HINTS and listed mistakes."""
    source = without_mistakes(source, file)
    if file.endswith(cpp.SUFFIX):
        return source.strip().splitlines()
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return source.splitlines()
    lines = source.splitlines()
    for statement in filter(_is_prose, reversed(body)):
        start = statement.lineno - 1
        while start and not lines[start - 1]:
            start -= 1
        del lines[start : statement.end_lineno]
    return "\n".join(lines).strip().splitlines()


def _is_prose(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        return ast.unparse(statement.targets[0]) == "HINTS"
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _next_rung(entry: Entry, rungs: int) -> int:
    """The number of the hint to show now; one more than there are once all have been shown."""
    try:
        with progress.update(entry.root) as kept:
            number = min(kept.hints.get(entry.id, 0), rungs) + 1
            kept.hints[entry.id] = min(number, rungs)
            if kept.problem:
                click.echo(kept.problem, err=True)
            return number
    except progress.NotKept as error:
        click.echo(f"{error}; ask for the later hints with -n", err=True)
        return 1


def wrapped(text: str) -> str:
    """Text with its long lines broken where the terminal ends; a formula on a line of its own stays there."""
    width = min(shutil.get_terminal_size().columns, 88)
    fill = TextWrapper(width, break_long_words=False, break_on_hyphens=False).fill
    return "\n".join(fill(line) for line in text.splitlines())


def _refuse_to_spoil(entry: Entry, spoil: bool) -> None:
    state = kept_progress().standing(entry)
    if state != State.PASSING and not spoil:
        name = catalogue().short_name(entry)
        refuse(
            f"{name} is {state}, not passing: solve it first (aire-katas run {name}), or add --spoil",
            Exit.FAILING,
        )


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        refuse(f"{shown(file)} cannot be read: {error.strerror}", Exit.BROKEN)


def _back_up(entry: Entry, content: bytes, suffix: str) -> Path:
    """Keep the learner's file under .aire-katas/backups/<id>/, one for each moment."""
    name = f"{datetime.now():%Y%m%d-%H%M%S-%f}{suffix}"
    backup = entry.root / ".aire-katas" / "backups" / entry.id / name
    backup.parent.mkdir(parents=True, exist_ok=True)
    backup.write_bytes(content)
    return backup
