"""What a launch costs, beside the lines that cost it

    axpy<<<4, 32>>>
    requests  lanes     sectors
          12    78%   4.0 (4.0)   5      if (i < n) out[i] = a * x[i] + y[i];

A report is noted by `Kernels` where the variable NOTED names a file; `lines` makes the listing, in cells, for
whoever draws it.
"""

import os
import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aire_katas import cpp
from aire_katas.checks.cuda.report import Access, Report

NOTED = "AIRE_KATAS_LAUNCHES"
COLUMNS = {
    "requests": "instructions of warps that touch memory",
    "lanes": "share of the warps' lanes that take part",
    "sectors": "of 32 bytes, a request to global memory (the least that would do)",
    "banks": "times that the banks of shared memory are gone over, at worst",
    "atomics": "lanes that wait for one another, at worst",
    "barriers": "times that a block passes",
}
MISTAKE = re.compile(r"\s*// (?:wrong: |       )")  # a reference's, which is not its code
FEW_LANES, MORE_SECTORS = 0.5, 1.25  # what is called costly


@dataclass(frozen=True)
class Cell:
    """A figure in the margin, and whether it is worse than it need be."""

    text: str
    is_costly: bool = False


@dataclass(frozen=True)
class Line:
    """A line of the source: its figures by column, and the faults found in it. Number 0: a gap."""

    number: int
    text: str = ""
    cells: dict[str, Cell] | None = None
    faults: tuple[str, ...] = ()


def note(report: Report) -> None:
    """Keep the report, if someone asked for it."""
    if file := os.environ.get(NOTED):
        with Path(file).open("ab") as out:
            pickle.dump(report, out)


def noted(file: Path) -> Iterator[Report]:
    """The reports kept in a file of this machine's own; its content is trusted."""
    if not file.exists():
        return
    with file.open("rb") as source:
        while True:
            try:
                yield pickle.load(source)
            except EOFError:
                return


def lines(report: Report) -> list[Line]:
    """The functions that the launch went through, with figures; gaps between them."""
    text = report.source.read_text(encoding="utf-8")
    cells = {number: _cells(report, number) for number in range(1, text.count("\n") + 2)}
    faults = {
        number: tuple(str(one) for one in report.findings if one.line == number) for number in (0, *cells)
    }
    source = text.splitlines()
    found = [Line(0, faults=faults[0])] if faults[0] else []
    for function in cpp.functions(text).values():
        last = function.line + text.count("\n", function.start, function.end)
        part = range(function.line, last + 1)
        if any(cells[number] or faults[number] for number in part):
            found += [Line(0)] if found else []
            found += [
                Line(number, source[number - 1], cells[number], faults[number])
                for number in part
                if not MISTAKE.match(source[number - 1])
            ]
    return found


def columns(listing: Sequence[Line]) -> list[str]:
    """Those that hold anything."""
    return [name for name in COLUMNS if any(name in (line.cells or {}) for line in listing)]


def _cells(report: Report, number: int) -> dict[str, Cell]:
    here = [one for one in report.accesses if one.line == number and one.file == report.source.name]
    cells: dict[str, Cell] = {}
    if here:
        requests, lanes = sum(one.requests for one in here), sum(one.lanes for one in here)
        active = lanes / sum(one.slots for one in here)
        cells["requests"] = Cell(f"{requests:,}")
        cells["lanes"] = Cell(f"{active:.0%}", active < FEW_LANES)
    if moved := [one for one in here if one.space == "global" and one.kind != "atomic"]:
        cells["sectors"] = _sectors(moved)
    if worst := max((one.worst for one in here if one.space == "shared" and one.kind != "atomic"), default=0):
        cells["banks"] = Cell(f"{worst}-way", worst > 1)
    if waits := max((one.worst for one in here if one.kind == "atomic"), default=0):
        cells["atomics"] = Cell(f"{waits}-way", waits > 1)
    if times := report.barriers.get(number):
        cells["barriers"] = Cell(f"{times:,}")
    return cells


def _sectors(moved: list[Access]) -> Cell:
    requests = sum(one.requests for one in moved)
    taken, least = (sum(getattr(one, name) for one in moved) for name in ("sectors", "least_sectors"))
    is_costly = any(one.sectors > MORE_SECTORS * one.least_sectors for one in moved)
    return Cell(f"{taken / requests:.1f} ({least / requests:.1f})", is_costly)
