"""The command line: one group whose commands are loaded when they are called

What answers a learner's quick question (`hint`, `list`, `next`, `status`, `path`) imports neither numpy nor
torch.
"""

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper

import click

from aire_katas.catalogue import UnknownKata
from aire_katas.cli.errors import Exit, refuse
from aire_katas.kata import BrokenKata

COMMANDS = {
    "next": "aire_katas.cli.browse:next_kata",
    "open": "aire_katas.cli.learn:open_stub",
    "run": "aire_katas.cli.run:run",
    "profile": "aire_katas.cli.profile:profile",
    "bench": "aire_katas.cli.bench:bench",
    "hint": "aire_katas.cli.learn:hint",
    "status": "aire_katas.cli.browse:status",
    "list": "aire_katas.cli.browse:list_katas",
    "path": "aire_katas.cli.browse:path",
    "solution": "aire_katas.cli.learn:solution",
    "diff": "aire_katas.cli.learn:diff",
    "reset": "aire_katas.cli.learn:reset",
    "doctor": "aire_katas.cli.doctor:doctor",
    "dev": "aire_katas.dev.commands:dev",
}


class Commands(click.Group):
    """Loads a command by name, and ends what goes wrong in the catalogue with its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            close = get_close_matches(args[0], COMMANDS, n=1, cutoff=0.5)
            meant = f"did you mean `{close[0]}`?" if close else "`aire-katas --help` shows all"
            refuse(f"no command `{args[0]}`, {meant}", Exit.USAGE)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except UnknownKata as error:
            refuse(str(error), Exit.USAGE)
        except BrokenKata as error:
            refuse(str(error), Exit.BROKEN)


@click.group(
    cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="aire-katas", message="%(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """Katas for the AI research engineer: open a stub, write ten lines, turn its tests green.

    Without a command: where you are and what comes next.

    ID is a kata's path (phase4/attention/rope), its name where no other kata has it (rope), or one of its
    files.

    \b
    Exit codes: 0 all pass, 1 something fails or is to do, 2 usage,
    3 broken set-up, 4 nothing ran.

    \b
    Commands and ids complete after a tab once this is in your ~/.bashrc
    (zsh: zsh_source; fish: fish_source):
      eval "$(_AIRE_KATAS_COMPLETE=bash_source aire-katas)"
    """
    if os.environ.get("NO_COLOR"):
        context.color = False
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(
            errors="replace"
        )  # a theta in a title must not end a command on a Latin-1 terminal
    if context.invoked_subcommand is None:
        from aire_katas.cli.browse import welcome

        welcome()
