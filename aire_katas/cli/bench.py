"""The command `bench`: how fast katas' kernels are on the GPU here, as a table and a roofline

A kata's benchmark is its tests marked `perf`; they run under pytest and leave what they measured in a file.
"""

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from aire_katas import machine
from aire_katas.catalogue import Entry
from aire_katas.checks.speed.contest import RECORD
from aire_katas.checks.speed.measurement import Estimate, Measurement
from aire_katas.cli import roofline
from aire_katas.cli.checkout import SomeKatas, catalogue
from aire_katas.cli.child import run_tests
from aire_katas.cli.errors import Exit, refuse
from aire_katas.verdicts import State, TestVerdict

MARK = "mark.perf"


@click.command()
@click.argument("chosen", metavar="[ID]...", nargs=-1, type=SomeKatas())
@click.option(
    "--picture",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the roofline as .png, .svg or .pdf; needs matplotlib: pip install -e '.[plot]'.",
)
@click.option("--impl", metavar="DIR", help="Time this tree instead of your own code, say `solutions`.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, with versions and date.")
@click.pass_context
def bench(
    context: click.Context,
    chosen: tuple[list[Entry], ...],
    file: Path | None,
    impl: str | None,
    as_json: bool,
) -> None:
    """Time kernels on this machine's GPU, beside the library's."""
    entries = timed(chosen)
    typed = " ".join(map(catalogue().short_name, entries)) if chosen else ""
    if machine.missing("perf"):
        refuse(
            f"no GPU here, so there is no speed to measure; {command('run', typed)} judges what can be "
            "judged without one. On a machine with a CUDA GPU, in a checkout with your code:\n"
            f"  pip install -e . && aire-katas bench {typed}".rstrip(),
            Exit.NOTHING_RAN,
        )
    if file and (hindrance := undrawable(file)):
        refuse(hindrance, Exit.USAGE)
    measured, verdicts, output = run_benchmarks(entries, impl)
    if not verdicts:
        refuse(f"{command('bench', typed)} did not run:\n{output[-4_000:]}", Exit.BROKEN)
    if as_json:
        click.echo(as_record(entries, measured))
    elif measured:
        click.echo(table(measured))
        click.echo(f"\n{roofline.terminal(picture(measured))}")
    if file and measured:
        from aire_katas.cli import roofline_plot

        roofline_plot.save(picture(measured), file)
        click.echo(f"drawn: {file}", err=True)
    for verdict in verdicts:
        if verdict.state is not State.PASSING:
            kata = f"{verdict.kata}: " if len(entries) > 1 else ""
            click.echo(f"{kata}{verdict.test}: {verdict.state}: {verdict.message}", err=True)
    states = {verdict.state for verdict in verdicts}
    if states == {State.NOT_GRADED}:
        context.exit(Exit.NOTHING_RAN)
    context.exit(0 if states <= {State.PASSING, State.NOT_GRADED} else Exit.FAILING)


def timed(chosen: Sequence[Sequence[Entry]]) -> list[Entry]:
    """Those of the chosen katas, by default all, that have a benchmark; refuses where none has."""
    here = catalogue()
    asked = list(dict.fromkeys(entry for group in chosen for entry in group))
    if found := [entry for entry in asked or here.entries if is_timed(entry)]:
        return found
    others = ", ".join(here.short_name(one) for one in here.entries if is_timed(one))
    if not others:
        refuse("no kata here has a benchmark", Exit.USAGE)
    names = ", ".join(map(here.short_name, asked))
    has = "has" if len(asked) == 1 else "have"
    refuse(f"{names} {has} no benchmark; these have one: {others}", Exit.USAGE)


def command(name: str, typed: str) -> str:
    return f"`aire-katas {name} {typed}`" if typed else f"`aire-katas {name}`"


def is_timed(entry: Entry) -> bool:
    """Whether a kata has a benchmark, by the text of its tests."""
    return MARK in entry.tests.read_text(encoding="utf-8")


def undrawable(file: Path) -> str:
    """Why no picture can be drawn into this file; empty if one can."""
    try:
        from aire_katas.cli import roofline_plot
    except ImportError:
        return "a picture needs matplotlib: pip install -e '.[plot]'"
    if not roofline_plot.is_known(file):
        return f"no picture is written as {file.name}: name it .png, .svg or .pdf"
    return "" if file.parent.is_dir() else f"there is no folder {file.parent}"


def run_benchmarks(
    entries: Sequence[Entry], impl: str | None
) -> tuple[list[Measurement], list[TestVerdict], str]:
    """Run the tests marked perf in a process of their own: what they measured, said, and printed."""
    with tempfile.TemporaryDirectory() as folder:
        record, verdicts = Path(folder, "record"), Path(folder, "verdicts")
        output = run_tests(entries, impl, "-m", "perf", f"--verdicts={verdicts}", **{RECORD: str(record)})
        said = [TestVerdict.from_json(line) for line in _lines(verdicts)]
        return [Measurement.from_json(line) for line in _lines(record)], said, output


def table(measured: list[Measurement]) -> str:
    """A line for each measurement; in parentheses what is asked for."""
    first, names = measured[0], labels(measured)
    rates = {one.work.matrix: one.matrix_rate for one in measured if one.matrix_rate}
    calibrated = [f"copies at {first.bandwidth / 1e9:,.0f} GB/s"]
    calibrated += [f"{dtype} matmul at {rate / 1e12:.3g} TFLOP/s" for dtype, rate in rates.items()]
    rows = [("", "yours", "baseline", "", "ratio", "of the roof", "")]
    for name, one in zip(names, measured, strict=True):
        ratio, fraction = _asked(one.ratio, one.least_ratio), _asked(one.fraction, one.least_fraction)
        row = (
            name,
            str(one.seconds),
            str(one.baseline),
            one.against,
            ratio,
            fraction,
            one.verdict.value,
        )
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([f"{first.device}: {', '.join(calibrated)}", "", *(line.rstrip() for line in lines)])


def labels(measured: Sequence[Measurement]) -> list[str]:
    """The kernel of each and, where its test has parameters, which; and the kata, where there are several."""
    files = [one.case.partition("::")[0] for one in measured]
    katas = [f"{Path(file).stem.removeprefix('test_')}: " if len(set(files)) > 1 else "" for file in files]
    kernels = [one.name + "".join(one.case.partition("[")[1:]) for one in measured]
    return [kata + kernel for kata, kernel in zip(katas, kernels, strict=True)]


def picture(measured: Sequence[Measurement]) -> roofline.Picture:
    points = [
        roofline.Point(
            name, one.against, one.work.moved, one.work.flops, one.seconds.median, one.baseline.median
        )
        for name, one in zip(labels(measured), measured, strict=True)
    ]
    plateaus = {one.work.matrix: one.matrix_rate for one in measured if one.matrix_rate}
    return roofline.Picture(measured[0].device, measured[0].bandwidth, plateaus, points)


def as_record(entries: Sequence[Entry], measured: Sequence[Measurement]) -> str:
    """JSON: {"date", "katas": {id: [measurement, ...]}}."""
    katas: dict[str, list[dict]] = {}
    for entry in entries:
        file = entry.tests.relative_to(entry.root).as_posix()
        own = [one.as_json() for one in measured if one.case.startswith(f"{file}::")]
        katas |= {entry.id: own} if own else {}
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"date": date, "katas": katas}, indent=1)


def _asked(estimate: Estimate, least: float | None) -> str:
    return f"{estimate.median:.2f}" + (f" ({least:.2f})" if least is not None else "")


def _lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
