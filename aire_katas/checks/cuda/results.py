"""What the program leaves in its result file, as a report; the rows are those of main.cpp"""

import re
import sys
from dataclasses import replace
from pathlib import Path

from aire_katas.checks.cuda.build import Program
from aire_katas.checks.cuda.report import Access, Buffer, Finding, Grid, Report, merged

SPACES = ("global", "shared", "constant")  # as in state.h
COMPLAINT = 500  # characters
ACCESS_KINDS = ("read", "write", "atomic", "read", "write")


def read(
    program: Program, path: Path, kernel: str, rows: list[list[str]], output: str, *, judge: bool
) -> Report:
    """The report of a run of `kernel` from the file `path`."""
    pcs = {int(row[1]) for row in rows if row[0] == "site"} | {
        int(row[2]) for row in rows if row[0] == "finding"
    }
    pcs |= {int(pc, 16) for row in rows if row[0] == "finding" for pc in re.findall(r"@([0-9a-f]+)", row[8])}
    places = program.lines(sorted(pcs - {0}))
    places[0] = (path.name, 0)
    launches, findings, accesses, buffers, barriers, returned = [], [], [], {}, {}, None
    for tag, *row in rows:
        if tag == "launch":
            launches.append(_grid(row))
        elif tag == "finding":
            findings.append(_finding(row, places, path.name))
        elif tag == "site":
            accesses.append(_access(row, places))
        elif tag == "barrier":
            barriers[int(row[0])] = int(row[1])
        elif tag == "buffer":
            buffers[row[0]] = _buffer(row)
        elif tag == "result":
            returned = _returned(program.signatures[kernel][0], int(row[0], 16))
    return Report(
        source=path,
        kernel=kernel,
        launches=tuple(launches),
        findings=tuple(_distinct(findings)),
        accesses=merged(accesses),
        buffers=buffers,
        barriers=barriers,
        output=output,
        returned=returned,
        judged=judge,
    )


def _grid(row: list[str]) -> Grid:
    gx, gy, gz, bx, by, bz, shared, requests, of_busiest = map(int, row[1:])
    return Grid(row[0], (gx, gy, gz), (bx, by, bz), shared, requests, of_busiest)


def _finding(row: list[str], places: dict[int, tuple[str, int]], file: str) -> Finding:
    kind, pc, line, kernel, block, thread, count, text = row
    where = places[int(pc)] if int(pc) else (file, int(line))
    seen = re.search(r"last seen in @([0-9a-f]+)", text)
    if not where[1] and seen:  # the clock rang in the runtime
        where = places[int(seen[1], 16)]
    text = re.sub(r"@([0-9a-f]+)", lambda match: f"line {places[int(match[1], 16)][1]}", text)
    return Finding(
        kind=kind,
        kernel=kernel,
        file=where[0],
        line=where[1],
        block=block,
        thread=thread,
        count=int(count),
        text=text,
    )


def _distinct(findings: list[Finding]) -> list[Finding]:
    """The first of each kind and line: two nets may have caught the same.

    That of the guards around buffers knows no line, and is needed only where the other has caught nothing.
    """
    first: dict[tuple[str, str, int], Finding] = {}
    for one in findings:
        first.setdefault((one.kind, one.file, one.line), one)
    placed = {kind for kind, _, line in first if line}
    return [one for (kind, _, line), one in first.items() if line or kind not in placed]


def _access(row: list[str], places: dict[int, tuple[str, int]]) -> Access:
    pc, _, kind, space, *counts = map(int, row)
    file, line = places[pc]
    names = ("requests", "lanes", "slots", "bytes", "sectors", "least_sectors", "passes", "worst")
    counted = dict(zip(names, counts, strict=True))
    return Access(file=file, line=line, space=SPACES[space], kind=ACCESS_KINDS[kind], **counted)


def _buffer(row: list[str]) -> Buffer:
    space, loads, stores, atomics, read, written, once_read, once_written, fewest, most = map(int, row[1:])
    return Buffer(
        name=row[0],
        space=SPACES[space],
        loads=loads,
        stores=stores,
        atomics=atomics,
        bytes_read=32 * read,
        bytes_written=32 * written,
        least_bytes=32 * (once_read + once_written),
        fewest_writes=fewest,
        most_writes=most,
    )


def _returned(type: str, bits: int) -> int | None:
    size = int(type[1:])
    if type[0] not in "iub" or not size:
        return None
    return int.from_bytes(bits.to_bytes(8, "little")[:size], "little", signed=type[0] == "i")


def failed(report: Report, kind: str, text: str) -> Report:
    """The report with one more finding, of no line."""
    fault = Finding(
        kind=kind,
        kernel=report.kernel,
        file=report.source.name,
        line=0,
        block="-",
        thread="-",
        count=1,
        text=text,
    )
    return replace(report, findings=(*report.findings, fault))


def explained(report: Report, complaint: str) -> Report:
    """The report, its crash with what was written to stderr; without a crash that is passed on."""
    ends = [one for one in report.findings if one.kind in ("crash", "timeout")]
    if not ends or not complaint.strip():
        sys.stderr.write(complaint)
        return report
    text = f"{ends[0].text}; it said: {complaint.strip()[-COMPLAINT:]}"
    told = replace(ends[0], text=text)
    return replace(report, findings=tuple(told if one is ends[0] else one for one in report.findings))
