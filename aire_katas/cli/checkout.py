"""What every command works on: the katas here, the learner's progress, and katas named as arguments."""

import os
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from aire_katas import progress
from aire_katas.catalogue import Catalogue, Entry, find_root
from aire_katas.cli.errors import Exit, refuse


def catalogue(context: click.Context | None = None) -> Catalogue:
    """The katas of the checkout around the working directory, read once for each call of the command line."""
    top = (context or click.get_current_context()).find_root()
    if top.obj is None:
        root = find_root()
        if not (root / "katas" / "__init__.py").is_file():
            refuse(
                f"no katas in {Path.cwd()} or above: call this inside a checkout of AIRE katas", Exit.BROKEN
            )
        top.obj = Catalogue(root)
    return top.obj


def kept_progress() -> progress.Progress:
    """The learner's progress; what is wrong with it goes to stderr."""
    kept = progress.load(catalogue().root)
    if kept.problem:
        click.echo(kept.problem, err=True)
    return kept


def shown(path: Path) -> str:
    """A path as the learner would type it: relative where they stand in the checkout, else whole."""
    inside = Path.cwd().resolve().is_relative_to(catalogue().root.resolve())
    return os.path.relpath(path) if inside else str(path)


class OneKata(click.ParamType):
    """An id, a unique short name, or a path to one of the kata's files."""

    name = "ID"

    def convert(self, value: str | Entry, param: click.Parameter | None, ctx: click.Context | None) -> Entry:
        return value if isinstance(value, Entry) else catalogue(ctx).resolve(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(name) for name in names(Catalogue(find_root()), incomplete)]


class SomeKatas(click.ParamType):
    """One kata, or all those of a phase or topic."""

    name = "ID"

    def convert(
        self, value: str | list[Entry], param: click.Parameter | None, ctx: click.Context | None
    ) -> list[Entry]:
        return value if isinstance(value, list) else catalogue(ctx).select(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        here = Catalogue(find_root())
        groups = dict.fromkeys(name for entry in here.entries for name in (entry.phase, entry.topic))
        inside = [name for name in groups if name.startswith(incomplete)]
        return [CompletionItem(name) for name in [*inside, *names(here, incomplete)]]


def names(here: Catalogue, start: str) -> list[str]:
    """The names that begin so and mean one kata: short ones first, whole ids once a slash is typed."""
    unique = (name for name, entries in here.names.items() if len(entries) == 1)
    return [name for name in unique if name.startswith(start) and ("/" in name) == ("/" in start)]


kata_argument = click.argument("entry", metavar="ID", type=OneKata())
