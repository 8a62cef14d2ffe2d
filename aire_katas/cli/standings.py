"""How far the learner is, as text: states, counts and bars that read without colour."""

from collections import Counter
from collections.abc import Iterable

import click

from aire_katas.catalogue import Entry
from aire_katas.progress import STALE, Progress
from aire_katas.verdicts import State

ORDER = (State.PASSING, STALE, State.FAILING, State.TIMED_OUT, State.CRASHED, State.TODO, State.NOT_GRADED)
COLOURS = {State.PASSING: "green", STALE: "yellow", State.TODO: None, State.NOT_GRADED: None}
BAR = 24
STATE_WIDTH = max(map(len, ORDER))


def standings(entries: Iterable[Entry], progress: Progress) -> dict[Entry, str]:
    """Each kata's state as of its files now."""
    return {entry: progress.standing(entry) for entry in entries}


def grouped(states: dict[Entry, str], part: str) -> dict[str, Counter[str]]:
    """States counted by `part` of an entry: "phase" or "topic"."""
    groups: dict[str, Counter[str]] = {}
    for entry, state in states.items():
        groups.setdefault(getattr(entry, part), Counter())[state] += 1
    return groups


def counted(counts: Counter[str], leave_out: tuple[str, ...] = ()) -> str:
    """4 passing, 1 stale, 15 to do."""
    return ", ".join(
        f"{counts[state]} {state}" for state in ORDER if counts[state] and state not in leave_out
    )


def bar(counts: Counter[str], total: Counter[str]) -> str:
    """[######......]  4 of 9: full when all that is graded here passes, empty when nothing does.

    Bars of parts of one `total` stand in a column.
    """
    passing, graded = counts[State.PASSING], counts.total() - counts[State.NOT_GRADED]
    filled = max(BAR * passing // graded, passing > 0) if graded else 0
    inside = click.style("#" * filled, fg="green") + "." * (BAR - filled)
    digits = len(str(total.total()))
    return f"[{inside}] {passing:>{digits}} of {graded:>{digits}}"


def coloured(state: str, width: int = 0) -> str:
    return click.style(f"{state:<{width}}", fg=COLOURS.get(state, "red"))
