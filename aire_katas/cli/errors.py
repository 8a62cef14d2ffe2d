"""How a command ends that cannot do what it was asked."""

from enum import IntEnum
from typing import NoReturn

import click


class Exit(IntEnum):
    """The exit codes of every command; 0 is success."""

    FAILING = 1
    USAGE = 2
    BROKEN = 3
    NOTHING_RAN = 4


def refuse(message: str, code: Exit) -> NoReturn:
    """End the command with `message`, as it stands, on stderr."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(code)
