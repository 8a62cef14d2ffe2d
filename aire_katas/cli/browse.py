"""Commands that show what there is and where the learner stands: next, list, path, status, bare screen."""

import json
import shutil
import sys
from collections import Counter
from itertools import groupby
from typing import Any

import click

from aire_katas.catalogue import Entry
from aire_katas.cli.checkout import catalogue, kata_argument, kept_progress, shown
from aire_katas.cli.errors import Exit, refuse
from aire_katas.cli.standings import STATE_WIDTH, bar, coloured, counted, grouped, standings
from aire_katas.progress import STALE
from aire_katas.verdicts import State

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("next")
def next_kata() -> None:
    """Name the first kata of the curriculum that does not pass."""
    kept = kept_progress()
    entry = kept.next_entry(catalogue().entries)
    if entry is None:
        click.echo("all katas pass")
        return
    click.echo(click.style(entry.title, bold=True))
    click.echo(f"  id       {entry.id}")
    for file in entry.stubs:
        click.echo(f"  file     {shown(file)}")
    click.echo(f"  minutes  {entry.kata.minutes}")
    click.echo(f"  state    {kept.standing(entry)}")
    for need in entry.kata.needs:
        known = catalogue().by_id.get(need)
        click.echo(f"  needs    {need} ({kept.standing(known) if known else 'there is no such kata'})")


@click.command("list")
@click.argument("pattern", default="")
@as_json
def list_katas(pattern: str, as_json: bool) -> None:
    """List the katas, or those with PATTERN in id or title."""
    kept = kept_progress()
    states = standings(catalogue().matching(pattern), kept)
    if as_json:
        click.echo(_json([{**_facts(entry), "state": state} for entry, state in states.items()]))
        return
    if not states:
        refuse(f"no kata has `{pattern}` in its id or title", Exit.NOTHING_RAN)
    width = max(len(entry.name) for entry in states)
    facts = {entry: f"{'*' * entry.kata.difficulty:<5} {entry.kata.minutes:>3} min" for entry in states}
    for topic, entries in groupby(states, key=lambda entry: entry.topic):
        click.echo(click.style(topic, bold=True))
        for entry in entries:
            start = f"  {entry.name:<{width}}  {facts[entry]}  "
            click.echo(f"{start}{_state_and_title(entry, states[entry], len(start))}")


@click.command()
@kata_argument
def path(entry: Entry) -> None:
    """Show the chain of prerequisites that leads to a kata."""
    states = standings(catalogue().prerequisites(entry), kept_progress())
    width = max(len(one.id) for one in states) + 2
    for one, state in states.items():
        click.echo(f"{one.id:<{width}}{_state_and_title(one, state, width)}")
    minutes = sum(one.kata.minutes for one, state in states.items() if state != State.PASSING)
    click.echo(f"about {minutes} minutes to go" if minutes else "all of it passes")


@click.command()
@as_json
def status(as_json: bool) -> None:
    """Show how far you are, by phase and topic."""
    kept = kept_progress()
    states = standings(catalogue().entries, kept)
    phases, topics, total = grouped(states, "phase"), grouped(states, "topic"), Counter(states.values())
    if as_json:
        katas = {entry.id: state for entry, state in states.items()}
        click.echo(_json({"total": total, "phases": phases, "topics": topics, "katas": katas}))
        return
    width = max((len(topic.partition("/")[2]) for topic in topics), default=0) + 2
    for phase, counts in phases.items():
        click.echo(f"{click.style(f'{phase:<{width}}', bold=True)}  {bar(counts, total)}")
        for topic in (topic for topic in topics if topic.startswith(f"{phase}/")):
            rest = counted(topics[topic], leave_out=(State.PASSING, State.TODO))
            name = f"  {topic.partition('/')[2]}"
            click.echo(f"{name:<{width}}  {bar(topics[topic], total)}  {rest}".rstrip())
    click.echo(f"\n{total.total()} katas: {counted(total) or 'none'}")
    if stale := [entry for entry, state in states.items() if state == STALE]:
        click.echo("stale: changed since they passed, so run them again")
        for entry in stale:
            click.echo(f"  aire-katas run {catalogue().short_name(entry)}")


def welcome() -> None:
    """The screen of the bare command: where you are, what comes next, what to type."""
    kept = kept_progress()
    states = standings(catalogue().entries, kept)
    phases, total = grouped(states, "phase"), Counter(states.values())
    click.echo(f"{click.style('AIRE katas', bold=True)}  {counted(total) or 'none here'}\n")
    for phase, counts in phases.items():
        click.echo(f"  {phase}  {bar(counts, total)}")
    if (entry := kept.next_entry(states)) is None:
        return
    name = catalogue().short_name(entry)
    click.echo(f"\nnext: {click.style(entry.title, bold=True)}\n      {shown(entry.stub)}\n")
    for command, use in (
        (f"open {name}", "read the statement, write the code"),
        (f"run {name}", "judge it"),
        (f"hint {name}", "when stuck, as often as it takes"),
        ("status", "how far you are, by topic"),
        ("--help", "the other commands"),
    ):
        click.echo(f"  aire-katas {command:<{len(name) + 5}}   {use}")


def _state_and_title(entry: Entry, state: str, column: int) -> str:
    """The rest of a line whose first `column` characters are taken; a terminal's width cuts the title."""
    title = entry.title
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - column - STATE_WIDTH - 2
        title = title if len(title) <= room else f"{title[: max(room - 3, 0)]}..."
    return f"{coloured(state, STATE_WIDTH)}  {title}"


def _facts(entry: Entry) -> dict[str, Any]:
    kata = entry.kata
    return {
        "id": entry.id,
        "title": entry.title,
        "difficulty": kata.difficulty,
        "minutes": kata.minutes,
        "needs": kata.needs,
        "file": str(entry.stub),
    }


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False)
