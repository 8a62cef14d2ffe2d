"""What was seen while kernels ran: launches, traffic, faults"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHOWN = 5  # faults in a message


@dataclass(frozen=True)
class Place:
    """A line of a kernel, or of the function that launched it."""

    file: str
    line: int

    def __str__(self) -> str:
        path = Path(self.file)
        return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{self.line}"


@dataclass
class Fault:
    """Something a kernel may not do, where it first happened."""

    kind: str  # "out of bounds", "race" or "unwritten"
    kernel: str
    place: Place | None
    program: tuple[int, ...] | None
    text: str
    programs: int = 1  # how many did it, at this line

    def __str__(self) -> str:
        where = ", ".join(
            filter(
                None, (self.kernel, str(self.place or ""), f"program {self.program}" if self.program else "")
            )
        )
        again = f" ({self.programs} programs do)" if self.programs > 1 else ""
        return f"{self.kind}: {where}\n    {self.text}{again}"


@dataclass
class Launch:
    """One launch of one kernel."""

    kernel: str
    function: Any  # what @triton.jit decorated
    arguments: dict[str, Any]  # by parameter name, with the launch's options such as num_warps
    grid: tuple[int, int, int]
    loaded: int = 0  # bytes; an address that several lanes of one tl.load share counts once
    stored: int = 0
    atomics: int = 0  # bytes read and written by atomic operations
    loads: Counter[str] = field(default_factory=Counter)  # elements loaded, by parameter name
    stores: Counter[str] = field(default_factory=Counter)

    @property
    def programs(self) -> int:
        x, y, z = self.grid
        return x * y * z

    @property
    def moved(self) -> int:
        return self.loaded + self.stored + self.atomics


@dataclass
class Report:
    """All launches within a `watch`, what was wrong with them, and what torch computed meanwhile."""

    launches: list[Launch] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    torch_calls: list[tuple[str, int, Place]] = field(
        default_factory=list
    )  # (operator, elements, who called)
    watched: bool = True  # False where kernels are compiled, and nobody can look over their shoulder
    minimum: int = 0  # bytes: every element of inputs and outputs that was touched, once
    result: Any = None  # what the function given to `run` returned

    @property
    def moved(self) -> int:
        """Bytes that all launches loaded and stored."""
        return sum(launch.moved for launch in self.launches)

    def add(self, fault: Fault) -> None:
        """Keep it, or count it where the same line has done the same before."""
        for known in self.faults:
            if (known.kind, known.kernel, known.place) == (fault.kind, fault.kernel, fault.place):
                known.programs += 1
                return
        self.faults.append(fault)


class KernelFault(AssertionError):
    """A kernel did what would go wrong on a GPU; the message lists what and where."""


def assert_no_faults(report: Report) -> None:
    """The kernels kept to their tensors and to their own elements."""
    __tracebackhide__ = True
    if report.faults:
        more = len(report.faults) - SHOWN
        shown = "\n".join(map(str, report.faults[:SHOWN]))
        raise KernelFault(shown + (f"\n... and {more} more" if more > 0 else ""))


def assert_single_launch(report: Report, *, programs: int | None = None) -> None:
    """Exactly one kernel was launched: the work is fused. Where given, so many programs ran."""
    __tracebackhide__ = True
    assert_launches(report, 1)
    launch = report.launches[0]
    if programs is not None and launch.programs != programs:
        grid = f"{launch.kernel}{list(launch.grid)}"
        raise AssertionError(f"{launch.programs} programs were launched ({grid}), expected {programs}")


def assert_launches(report: Report, count: int) -> None:
    """Exactly `count` kernels were launched."""
    __tracebackhide__ = True
    _skip_unless_watched(report)
    if len(report.launches) != count:
        names = ", ".join(f"{launch.kernel}{list(launch.grid)}" for launch in report.launches) or "none"
        raise AssertionError(f"{len(report.launches)} kernel launches ({names}), expected {count}")


def assert_traffic(report: Report, *, at_most: float, minimum: int | None = None) -> None:
    """The kernels moved at most `at_most` times the bytes that have to be moved.

    `minimum` in bytes; by default every element that was touched of the inputs and the outputs counts once.
    Tensors that the function allocated and did not return are scratch: they are traffic, and no part of it.
    """
    __tracebackhide__ = True
    _skip_unless_watched(report)
    minimum = report.minimum if minimum is None else minimum
    if not report.launches or minimum <= 0:
        raise AssertionError("no kernel moved anything: is the kernel launched?")
    ratio = report.moved / minimum
    if ratio > at_most:
        parts = [
            f"  {launch.kernel}{list(launch.grid)}: loaded {launch.loaded:,} bytes, stored {launch.stored:,}"
            + (f", atomics {launch.atomics:,}" if launch.atomics else "")
            for launch in report.launches
        ]
        raise AssertionError(
            f"the kernels moved {report.moved:,} bytes, {ratio:.2f} x the {minimum:,} that have to be moved;"
            f" expected at most {at_most:g} x\n" + "\n".join(parts) + "\n  what is loaded twice can be kept"
        )


def assert_kernels_only(report: Report, *, allow: tuple[str, ...] = (), elements: int = 1) -> None:
    """torch computed nothing on more than `elements` numbers, but for operators in `allow`: ("zeros",)."""
    __tracebackhide__ = True
    _skip_unless_watched(report)
    for operator, size, place in report.torch_calls:
        if size > elements and operator not in allow:
            raise AssertionError(
                f"{place} has torch compute {operator} on {size} elements: do that in the kernel"
            )


def _skip_unless_watched(report: Report) -> None:
    __tracebackhide__ = True
    if not report.watched:
        import pytest

        pytest.skip(
            "not graded: compiled kernels cannot be watched; set TRITON_INTERPRET=1 to interpret them"
        )
