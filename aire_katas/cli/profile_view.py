"""A kernel's source with its costs in the margin, for a terminal or as one self-contained page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import click

from aire_katas.checks.cuda.listing import COLUMNS, Line, columns, lines
from aire_katas.checks.cuda.nvcc import Resources
from aire_katas.checks.cuda.report import Report

GAP = "  "
LAUNCHES = 3  # in a heading
MARK = "!"  # behind a figure that is worse than it need be: read without colour, too

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
body { color: #1d2430; background: #fff; }
table { border-collapse: collapse; margin: 0.6rem 0 1.4rem; width: 100%; }
td, th { padding: 0 0.6rem; text-align: right; white-space: pre; }
th { font-weight: 600; border-bottom: 1px solid #b8c0cc; }
td.source, th.source { text-align: left; width: 100%; }
.listing td, .buffers td:first-child { font: 13px/1.55 ui-monospace, monospace; }
td.number { color: #667085; border-left: 1px solid #d5dae1; }
td.costly { background: #fde8c8; color: #7a3e00; font-weight: 600; }
tr.fault td { text-align: left; white-space: pre-wrap; background: #fbdcdc; color: #8c1212; }
tr.gap td { height: 0.9rem; }
.buffers { width: auto; }
dt { font-weight: 600; float: left; clear: left; width: 6rem; } dd { margin-left: 6.5rem; }
@media (prefers-color-scheme: dark) {
  body { color: #e3e7ee; background: #14181f; } td.number { color: #8b95a5; border-color: #333c49; }
  td.costly { background: #4a3210; color: #ffd9a0; } tr.fault td { background: #4a1717; color: #ffc9c9; }
}
"""


@dataclass(frozen=True)
class Shown:
    """A run, and how many its kernel had."""

    report: Report
    count: int


def screen(shown: Shown) -> str:
    """For a terminal: heading, sums by buffer, listing."""
    listing = lines(shown.report)
    names = columns(listing)
    cells = {name: [_marked(line, name) for line in listing] for name in names}
    widths = {name: max(map(len, [name, *cells[name]])) for name in names}
    head = GAP.join(f"{name:>{widths[name]}}" for name in names)
    rows = [click.style(f"{head}{GAP}line", bold=True)]
    for i, line in enumerate(listing):
        margin = GAP.join(_coloured(cells[name][i], widths[name]) for name in names)
        rows += [f"{margin}{GAP}{line.number:4}{GAP}{line.text}".rstrip() if line.number else ""]
        rows += [click.style(f"{GAP}{fault}", fg="red") for fault in line.faults]
    return "\n".join([click.style(_heading(shown), bold=True), *_sums(shown.report), "", *rows])


def legend(shown: Sequence[Shown]) -> str:
    """What the columns of these listings mean."""
    used = {name for one in shown for name in columns(lines(one.report))}
    meanings = [f"{name:<10}{text}" for name, text in COLUMNS.items() if name in used]
    return "\n".join([*meanings, f"{MARK:<10}more than it need be"])


def _marked(line: Line, name: str) -> str:
    cell = (line.cells or {}).get(name)
    return f"{cell.text}{MARK if cell.is_costly else ' '}" if cell else ""


def _coloured(text: str, width: int) -> str:
    padded = f"{text:>{width}}"
    return click.style(padded, fg="yellow") if MARK in text else padded


def _heading(shown: Shown) -> str:
    report, launches = shown.report, [str(one) for one in shown.report.launches]
    more = [f"{len(launches) - LAUNCHES} launches more"] if len(launches) > LAUNCHES else []
    did = ", ".join([*launches[:LAUNCHES], *more]) or report.kernel
    by = "" if did.startswith(f"{report.kernel}<<<") or not launches else f"{report.kernel}: "
    return f"{by}{did}" + (f", the largest of {shown.count} runs" if shown.count > 1 else "")


def _sums(report: Report) -> list[str]:
    sums = [f"{report.bytes_moved:,} bytes of global memory moved, {report.traffic:.2f} times the least"]
    for one in report.buffers.values():
        counts = {"loads": one.loads, "stores": one.stores, "atomics": one.atomics}
        if used := ", ".join(f"{count:,} {name}" for name, count in counts.items() if count):
            sums.append(f"{GAP}{one.name} ({one.space}): {used}")
    return sums


def needed(needs: Mapping[int, Mapping[str, Resources]]) -> list[str]:
    """A line for each kernel and architecture: what the compiler says that a thread and a block need."""
    return [
        f"{kernel} on sm_{arch}: {one.registers} registers, "
        f"{one.spill_stores + one.spill_loads} bytes spilled, {one.shared:,} bytes of shared memory"
        for arch, kernels in needs.items()
        for kernel, one in kernels.items()
    ]


def page(title: str, shown: Sequence[Shown], needs: Mapping[int, Mapping[str, Resources]]) -> str:
    """One HTML page that needs no other file."""
    items = "".join(f"<li>{escape(line)}</li>" for line in needed(needs))
    compiled = f"\n<h2>Compiled by nvcc</h2>\n<ul>{items}</ul>" if items else ""
    meanings = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in COLUMNS.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>{escape(title)}: profile</title>\n"
        f"<style>{STYLE}</style></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        + "\n".join(map(_section, shown))
        + f"{compiled}\n<dl>{meanings}</dl>\n</body>\n</html>\n"
    )


def _section(shown: Shown) -> str:
    listing = lines(shown.report)
    names = columns(listing)
    head = "".join(f'<th title="{escape(COLUMNS[name])}">{name}</th>' for name in names)
    moved, *buffers = _sums(shown.report)
    rows = "\n".join(_row(line, names) for line in listing)
    return (
        f"<h2><code>{escape(_heading(shown))}</code></h2>\n<p>{moved}</p>\n"
        f"<ul>{''.join(f'<li>{escape(one.strip())}</li>' for one in buffers)}</ul>\n"
        f'<table class="listing"><tr>{head}<th>line</th><th class="source">'
        f"{escape(shown.report.source.name)}</th></tr>\n{rows}\n</table>"
    )


def _row(line: Line, names: Sequence[str]) -> str:
    faults = "".join(
        f'<tr class="fault"><td colspan="{len(names) + 2}">{escape(fault)}</td></tr>' for fault in line.faults
    )
    if not line.number:
        return f'<tr class="gap"><td colspan="{len(names) + 2}"></td></tr>{faults}'
    cells = ""
    for name in names:
        cell = (line.cells or {}).get(name)
        costly = ' class="costly"' if cell and cell.is_costly else ""
        cells += f"<td{costly}>{escape(cell.text) if cell else ''}</td>"
    source = f'<td class="number">{line.number}</td><td class="source">{escape(line.text)}</td>'
    return f"<tr>{cells}{source}</tr>{faults}"
