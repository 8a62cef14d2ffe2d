"""The command `profile`: a kata's kernels with what each line costs in the margin

The tests of the kata run in a process of their own and note what each run has shown; of a kernel the largest
is printed.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from aire_katas import cpp, machine
from aire_katas.catalogue import Entry
from aire_katas.checks.cuda.build import CompileError
from aire_katas.checks.cuda.listing import NOTED, noted
from aire_katas.checks.cuda.nvcc import Resources, resources
from aire_katas.checks.cuda.report import Report
from aire_katas.cli import profile_view
from aire_katas.cli.checkout import catalogue, kata_argument
from aire_katas.cli.child import run_tests
from aire_katas.cli.errors import Exit, refuse


@click.command()
@kata_argument
@click.option(
    "--html", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a page instead."
)
@click.option("--impl", metavar="DIR", help="Profile this tree instead of your own code, say `solutions`.")
@click.option("-k", "only", metavar="TESTS", help="Only what the tests launch whose name contains this.")
def profile(entry: Entry, html: Path | None, impl: str | None, only: str | None) -> None:
    """Show what each line of a kata's CUDA kernels costs."""
    name = catalogue().short_name(entry)
    if cpp.SUFFIX not in entry.suffixes:
        katas = [catalogue().short_name(one) for one in catalogue().entries if cpp.SUFFIX in one.suffixes]
        refuse(f"{name} has no kernels in CUDA C++; these have: {', '.join(katas) or 'none'}", Exit.USAGE)
    if lacking := machine.missing("gxx"):
        refuse(f"kernels run on this machine's CPU, and that {lacking}", Exit.NOTHING_RAN)
    reports, output = reports_of(entry, impl, only)
    if not reports:
        refuse(f"no kernel of {name} was launched:\n{output.strip()[-4_000:]}", Exit.NOTHING_RAN)
    shown = [largest(reports, kernel) for kernel in dict.fromkeys(one.kernel for one in reports)]
    needs = needs_of(shown[0].report.source)
    if html:
        html.write_text(profile_view.page(entry.title, shown, needs), encoding="utf-8")
        click.echo(f"written: {html}", err=True)
    else:
        parts = [*map(profile_view.screen, shown), profile_view.legend(shown)]
        click.echo("\n\n".join([*parts, *(["\n".join(profile_view.needed(needs))] if needs else [])]))


def largest(reports: Sequence[Report], kernel: str) -> profile_view.Shown:
    """The run of a kernel that does most; one with faults before all others."""
    own = [one for one in reports if one.kernel == kernel]
    most = max(own, key=lambda one: (bool(one.findings), sum(access.requests for access in one.accesses)))
    return profile_view.Shown(most, len(own))


def needs_of(kernels: Path) -> dict[int, dict[str, Resources]]:
    """What nvcc says that the kernels need on sm_80 and sm_90; nothing without nvcc, or where it refuses."""
    if machine.missing("nvcc"):
        return {}
    try:
        return {arch: resources(kernels, arch) for arch in (80, 90)}
    except (CompileError, RuntimeError) as error:
        click.echo(f"nvcc does not compile it: {error}", err=True)
        return {}


def reports_of(entry: Entry, impl: str | None, only: str | None) -> tuple[list[Report], str]:
    """What the kata's tests ran, and what pytest printed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "reports")
        output = run_tests([entry], impl, *(["-k", only] if only else []), **{NOTED: str(file)})
        return list(noted(file)), output
